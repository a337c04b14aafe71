"""A plug-in at work: runs that exercise it, its kernel called directly, and two results compared to the bit."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from greedylr_theory.checks._check import Violation
from greedylr_theory.contracts import Objective, Perturbation, Plugin, ScheduleWarning
from greedylr_theory.objectives.least_squares import LeastSquares
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.perturbations.loss_noise import LossNoise
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.draws import even
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import Trajectory, simulate

#: for perturbations that replace labels, which a quadratic has none of
_WITH_LABELS = LeastSquares(
    features=((1.0, 0.5), (0.0, 2.0), (1.5, -1.0), (-0.5, 1.0), (2.0, 0.0)), targets=(1.0, -2.0, 0.5, 3.0, 0.0), batch=2
)


def field_of(plugin: Plugin) -> str:
    """The field of Run that a plug-in goes into."""
    return next(base.__name__.lower() for base in type(plugin).__mro__ if base.__base__ is Plugin)


def several_runs(plugin: Plugin, count: int = 11, **fields: Any) -> list[Run]:
    """Replicates in which the plug-in has something to do: noise on the loss, rates that rise and fall."""
    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(1.0, 10.0)),
        "scheduler": GreedyPrevious(factor=0.8, max_lr=0.15),
        "perturbation": LossNoise(scale=0.2),
        "steps": 40,
    }
    usual[field_of(plugin)] = plugin
    if isinstance(plugin, Perturbation) and plugin.relabels:
        usual["objective"] = _WITH_LABELS
    usual |= fields
    rate = 0.5 / (usual["objective"].smoothness or 1000.0)
    return [Run(**usual, lr0=rate * 0.7**r, replicate=7 * r) for r in range(count)]


def simulated(runs: Sequence[Run], **options: Any) -> Trajectory:
    """simulate() with everything recorded, for configurations that are odd on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return simulate(runs, **{"stride": 1} | options)


def require_same(actual: Any, desired: Any, when: str) -> None:
    """Equal to the bit, the sign of zero included; one NaN is like another."""
    actual, desired = np.asarray(actual), np.asarray(desired)
    same = (actual == desired) & (np.signbit(actual) == np.signbit(desired)) | (actual != actual) & (desired != desired)
    if not np.all(same):
        place = tuple(int(i) for i in np.argwhere(~same)[0])
        raise Violation(
            f"{when}: {np.count_nonzero(~same)} of {same.size} numbers differ, "
            f"first {float(actual[place])!r} and {float(desired[place])!r} at {place}"
        )


def require_same_trajectory(actual: Trajectory, desired: Trajectory, rows: Any, when: str) -> int:
    """Every array of `actual` equals the given rows of `desired`; returns how many numbers were compared."""
    count = 0
    for entry in dataclasses.fields(Trajectory):
        found = getattr(actual, entry.name)
        require_same(found, getattr(desired, entry.name)[rows], f"{entry.name} {when}")
        count += found.size
    return count


def evaluated(objective: Objective, points: Any, *, full: bool = False) -> tuple[Any, Any]:
    """Losses (B,) and gradients (d, B) of the compiled kernel at points (d, B), on one fixed sample."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    dim, lanes = points.shape
    gradient, loss = np.full((dim, lanes), np.nan), np.full(lanes, np.nan)
    workspace = np.zeros((objective.workspace_rows, lanes))
    kernel = objective.full_kernel if full and objective.full_kernel else objective.kernel
    params = np.ascontiguousarray(np.repeat(objective.pack()[:, None], lanes, axis=1))
    data = np.ascontiguousarray(objective.data)
    kernel(points, params, data, np.repeat(sample(objective)[:, None], lanes, axis=1), workspace, gradient, loss)
    if workspace.any():
        raise Violation("a kernel must leave its workspace at zero")
    return loss, gradient


def sample(objective: Objective) -> Any:
    """One fixed set of draws for a sampled objective."""
    return np.random.default_rng(5).random(even(objective.uniforms))
