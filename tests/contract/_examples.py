"""What the contract tests run: every plug-in of every catalogue, and runs that put it to work.

A new plug-in file is picked up with its default values. Only a plug-in without defaults, or with options
that take its kernel another way, needs a line in OPTIONS.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, Trajectory, load, simulate
from greedylr_theory.checks._subject import evaluated as evaluated
from greedylr_theory.checks._subject import field_of as field_of
from greedylr_theory.checks._subject import sample as sample
from greedylr_theory.contracts import Plugin, ScheduleWarning
from greedylr_theory.params import Choice, Parameter
from greedylr_theory.schedulers import Cosine, Exponential, GreedyBest, GreedyPrevious, Linear, Step, Warmup

FOLDERS = ("objectives", "optimizers", "schedulers", "perturbations")
CATALOGUES: dict[str, dict[str, Any]] = {folder: load(f"greedylr_theory.{folder}") for folder in FOLDERS}

_COUNTING: list[dict[str, Any]] = [
    {"patience": 0, "factor": 0.5},
    {"patience": 1, "cooldown": 2, "warmup": 3, "threshold": 0.01, "threshold_mode": "rel", "max_lr": 0.5},
    {"patience": 0, "smooth": True, "window_size": 4, "reset_start": 3, "min_lr": 1e-2, "eps": 1e-4},
    {"patience": 1, "mode": "max", "threshold": 1e-3, "threshold_mode": "abs", "min_lr": 1e-4},
]

# small enough for sympy to differentiate
TWO_CLASSES, THREE_CLASSES = (str(Path(__file__).parent / f"{name}.csv") for name in ("two_classes", "three_classes"))

_POINTS: dict[str, Any] = {
    "features": ((1.0, 0.5, -1.0), (0.0, 2.0, 1.0), (1.5, -1.0, 0.25), (-0.5, 1.0, 1.0), (2.0, 0.0, -0.75)),
    "targets": (1.0, -2.0, 0.5, 3.0, 0.0),
}

# no point of the tests is so close to a kink of a ReLU that a finite difference would step across it
_NETWORK: dict[str, Any] = {"inputs": 2, "samples": 5, "hidden": (3.0, 2.0), "seed": 5}

#: {folder/file: keyword arguments of each example}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "objectives/ackley": [{}, {"dimension": 8}, {"dimension": 3, "height": 2.0, "decay": 1.5, "frequency": 0.3}],
    "objectives/quadratic": [
        {"eigenvalues": (1.0, 10.0)},
        {"eigenvalues": (0.0, 0.3, 7.0), "target": (0.5, -1.0, 2.0)},
    ],
    "objectives/expression": [
        {
            "text": "x0**2 + 0.5*sqrt(1 + x1**2) + log(1 + exp(-x0)) + 0.25*x1**2",
            "dimension": 2,
            "declared_smoothness": 2.25,
            "declared_strong_convexity": 0.5,
            "declared_minimum": 1.1375789538303829,
        },
        {"text": "sum((1-x[i])**2 + 100*(x[i+1]-x[i]**2)**2, i, 0, 1) + sin(x0)*cos(3*x1) - 1e-3*tanh(x2/x[0]**2)/5"},
        {"text": "max(x0**2, x1 - 30)**1.5 + min(exp(x1), 1e9)**-2 + abs(x0-9)**2.5 + cosh(x1)*sinh(x0)/8 + tan(x1/9)"},
        {
            "text": "log(1+exp(-x0)) + x0**2",
            "declared_minimum": 0.6375789538303829,
            "declared_minimiser": (0.22232347127832914,),
            "declared_convex": True,
        },
        {"text": "sqrt(2+x0**2)**(1+x1**2/(9+x1**4)) - -x0*(x1 - 3) + x0*x0/(1+x0*x0)", "dimension": 3},
    ],
    "objectives/huber": [{"dimension": 3, "radius": 0.5, "curvature": 2.0}],
    "objectives/logistic": [
        {"dataset": TWO_CLASSES, "l2": 1e-3, "batch": 5, "largest_batch": 7},
        {"dataset": TWO_CLASSES, "l2": 0.1},
        {"dataset": THREE_CLASSES, "l2": 0.01},
        {"dataset": THREE_CLASSES, "l2": 0.1, "batch": 4},
        {"dataset": THREE_CLASSES, "l2": 0.1, "batch": 3, "largest_batch": 6},
    ],
    "objectives/least_squares": [{**_POINTS, "batch": 2, "largest_batch": 4}, {**_POINTS, "batch": 2}, _POINTS],
    "objectives/perceptron": [
        {**_NETWORK, "batch": 2, "largest_batch": 4},
        {**_NETWORK, "activation": "tanh", "hidden": (3.0,)},
        {"dataset": TWO_CLASSES, "hidden": (2.0,), "loss": "logistic", "activation": "tanh", "batch": 9},
    ],
    "objectives/log_cosh": [{}, {"dimension": 3, "radius": 0.05, "curvature": 2.0}],
    "objectives/rastrigin": [
        {},
        {"dimension": 10},
        {"dimension": 3, "amplitude": 0.04, "scale": 5.0},
        {"dimension": 1, "amplitude": 0.0},
    ],
    "objectives/resisting": [{"slopes": (1.0, 1.0), "depth": 0.5}, {"slopes": (2.0, 0.5, 3.0)}],
    "objectives/rotated_quadratic": [
        {"eigenvalues": (1.0, 10.0)},
        {"eigenvalues": (0.0, 0.3, 7.0, 2.0), "target": (0.5, -1.0, 2.0, 0.0), "seed": 3},
        {"eigenvalues": (4.0, 1.0, 1.0), "reflections": 1, "seed": 8},
        {"eigenvalues": (4.0, 1.0), "reflections": 0},
    ],
    "objectives/squared_hinges": [
        {"features": ((1.0, 0.0), (0.0, 1.0), (-1.0, -1.0)), "thresholds": (-1.0, 0.5, -2.0)},
        {
            "features": tuple((math.cos(i), math.sin(3 * i), 0.1 * i) for i in range(19)),
            "thresholds": tuple(0.2 * (i % 5) - 0.4 for i in range(19)),
            "weights": tuple(float(i % 3) for i in range(19)),
        },
    ],
    "objectives/two_sample": [{}, {"curvature": 3.0, "separation": 0.5, "offset": 100.0}],
    "objectives/rosenbrock": [{}, {"dimension": 4, "scale": 0.5}],
    "optimizers/adam": [{}, {"beta1": 0.0, "beta2": 0.5, "eps": 1e-3}],
    "optimizers/adam_s": [{"weight_decay": 0.1}, {"beta1": 0.0, "beta2": 0.5, "eps": 1e-3}],
    "optimizers/adam_w": [{"weight_decay": 0.1}, {"beta1": 0.0, "beta2": 0.5, "eps": 1e-3, "weight_decay": 0.0}],
    "optimizers/adaptive_heavy_ball": [{}, {"delta": 0.5}],
    "optimizers/momentum": [
        {},
        {"momentum": 0.5, "nesterov": True, "weight_decay": 0.3},
        {"momentum": 0.8, "dampening": 0.25, "weight_decay": 0.1},
        {"momentum": 0.0, "weight_decay": 1.0},
    ],
    "perturbations/corrupted_batches": [{"probability": 0.4}],
    "perturbations/label_noise": [{"probability": 0.3}, {"probability": 1.0}],
    "perturbations/gaussian": [{"channel": "gradient"}, {"strength": 0.1, "channel": "observed_loss"}],
    "perturbations/periodic_spike": [
        {"channel": "observed_loss"},
        {"strength": 0.01, "channel": "objective", "period": 7, "stretch": 150.0, "duration": 4},
    ],
    "perturbations/random_spike": [
        {"channel": "observed_loss", "probability": 0.3},
        {"strength": 0.1, "channel": "iterate", "probability": 0.5},
    ],
    "perturbations/kick": [
        {"channel": "iterate", "first": 3},
        {"strength": 0.1, "channel": "gradient", "first": 2, "duration": 5},
        {"channel": "observed_loss", "first": 0, "duration": 2},
    ],
    "perturbations/plateau": [
        {"channel": "iterate"},
        {"channel": "gradient", "period": 9, "duration": 3, "scale": 1.0},
    ],
    "perturbations/oscillatory": [{"channel": "objective"}, {"strength": 1.0, "channel": "observed_loss"}],
    "perturbations/drift": [{"channel": "objective", "rate": 0.1}, {}],
    "perturbations/burst": [
        {"channel": "observed_loss"},
        {"strength": 0.01, "channel": "gradient", "period": 11, "duration": 4},
    ],
    "perturbations/adversarial": [{"channel": "observed_loss"}, {"strength": 0.1, "channel": "gradient"}],
    "schedulers/armijo": [
        {},
        {"decrease": 0.4, "shrink": 0.7, "growth": 1.0, "trials": 3},
        {"decrease": 0.5, "start": "initial"},
    ],
    "schedulers/barzilai_borwein": [{}, {"variant": 2, "min_lr": 0.12, "max_lr": 0.5}],
    "schedulers/chebyshev": [{"condition": 10.0}, {"condition": 12.5, "total": 6}],
    "schedulers/chained": [
        {"schedules": (Linear(start_factor=0.1, end_factor=1.0, total=5), Cosine(), Step(9, 0.5))},
        {"schedules": (Warmup(Exponential(0.9), length=7, start=0.2), Exponential(0.97))},
        {"schedules": (Warmup(Cosine(), length=4), Cosine(t_max=12))},
    ],
    "schedulers/cosine": [{}, {"t_max": 7, "eta_min": 1e-3}],
    "schedulers/cosine_restarts": [{}, {"t_0": 3, "t_mult": 2, "eta_min": 1e-3}],
    "schedulers/cyclic": [
        {"max_lr": 0.1, "up": 5},
        {"max_lr": 0.2, "up": 3, "down": 7, "mode": "triangular2"},
        {"max_lr": 0.1, "up": 4, "down": 2, "mode": "exp_range", "gamma": 0.97},
    ],
    "schedulers/linear": [{}, {"start_factor": 0.25, "end_factor": 1.0, "total": 9}],
    "schedulers/multi_step": [{"milestones": (3.0, 7.0, 7.0, 20.0), "factor": 0.5}],
    "schedulers/one_cycle": [
        {},
        {"total": 70, "climb": 0.4, "three_phases": True, "anneal": "linear"},
        {"three_phases": True, "climb": 0.25},
    ],
    "schedulers/one_cycle_momentum": [{}, {"total": 70, "three_phases": True, "anneal": "linear"}],
    "schedulers/piecewise": [{"milestones": (4.0, 9.0), "factors": (1.0, 0.5, 2.0)}],
    "schedulers/polynomial": [{}, {"total": 17, "power": 2.5}],
    "schedulers/polyak": [{}, {"minimum": -0.5, "factor": 1.5, "max_lr": 0.4}],
    "schedulers/reduce_on_plateau": [
        {},
        {"patience": 0, "factor": 0.5, "threshold": 0.0, "min_lr": 1e-3},
        {"patience": 1, "cooldown": 2, "threshold": 0.01, "threshold_mode": "abs", "eps": 1e-4},
        {"patience": 1, "mode": "max", "threshold": 0.05, "factor": 0.0, "min_lr": 0.01},
        {"patience": 0, "mode": "max", "threshold": 1e-3, "threshold_mode": "abs", "cooldown": 1},
    ],
    "schedulers/sequential": [
        {"stages": (Exponential(0.9), GreedyBest(patience=0, factor=0.7)), "milestones": (5.0,)},
        {"stages": (GreedyPrevious(factor=0.8), Cosine(), Step(3)), "milestones": (7.0, 21.0)},
    ],
    "schedulers/step": [{"period": 6, "factor": 0.3}],
    "schedulers/table": [{"factors": (1.0, 0.5, 0.75, 0.1)}],
    "schedulers/warmup": [
        {"after": GreedyBest(patience=1), "length": 6},
        {"after": Cosine(), "length": 4, "start": 0.1},
        {"after": GreedyPrevious(factor=0.8), "length": 1, "start": 0.5},
    ],
    "schedulers/warmup_cosine": [{}, {"warmup": 5, "total": 30, "cycles": 1.25, "floor": 0.1}],
    "schedulers/warmup_hard_restarts": [{"warmup": 4, "cycles": 3}],
    "schedulers/warmup_inverse_sqrt": [{"warmup": 6}, {"warmup": 0, "timescale": 7}],
    "schedulers/warmup_polynomial": [{}, {"warmup": 3, "total": 25, "end": 1e-4, "power": 2.0}],
    "schedulers/warmup_stable_decay": [
        {},
        {"warmup": 7, "decay": 9, "stable": 11, "warmup_shape": "cosine", "decay_shape": "1-sqrt", "floor": 0.1},
        {"warmup": 5, "decay": 8, "warmup_shape": "1-sqrt", "decay_shape": "linear"},
    ],
    "schedulers/greedy_previous": [{"factor": 0.5}, {"factor": 0.9, "first": "none", "min_lr": 0.01, "max_lr": 0.3}],
    "schedulers/greedy_best": [{}, *_COUNTING],
    "schedulers/greedy_library": [{}, *_COUNTING],
    "schedulers/greedy_study": [
        {"factor": 0.9, "patience": 1},
        {"patience": 0, "smooth": False, "max_lr": 0.1},
        {"patience": 2, "adaptive_patience": True, "window_size": 3, "spike_detection": False},
    ],
}


def made(folder: str) -> list[tuple[str, Any]]:
    """(label, plug-in) for every example of a folder; a plug-in that cannot be made is left out."""
    found: list[tuple[str, Any]] = []
    for name, plugin in CATALOGUES[folder].items():
        for number, options in enumerate(OPTIONS.get(f"{folder}/{name}", [{}])):
            try:
                found.append((f"{name}-{number}", plugin(**options)))
            except TypeError:
                continue  # test_specifications names the plug-in that has no example
    return found


def examples(folder: str, only: Callable[[Any], bool] = lambda plugin: True) -> pytest.MarkDecorator:
    """Parametrise a test over the examples of one folder."""
    pairs = [(name, plugin) for name, plugin in made(folder) if only(plugin)]
    return pytest.mark.parametrize("plugin", [pytest.param(plugin, id=name) for name, plugin in pairs])


def every_example() -> pytest.MarkDecorator:
    """Parametrise a test over the examples of all four folders."""
    pairs = [(f"{folder}/{name}", plugin) for folder in FOLDERS for name, plugin in made(folder)]
    return pytest.mark.parametrize("plugin", [pytest.param(plugin, id=name) for name, plugin in pairs])


def from_metrics(plugin: Any) -> bool:
    """Whether a scheduler follows from metrics alone, so that logged ones can be replayed."""
    return not any(phase.scheduler.needs_gradient or phase.scheduler.search for phase in plugin.phases())


def working_run(plugin: Plugin | None = None, **fields: Any) -> Run:
    """A run in which a plug-in has something to do: noise on the loss, rates that rise and fall."""
    from greedylr_theory.objectives import LeastSquares, Quadratic
    from greedylr_theory.perturbations import LossNoise
    from greedylr_theory.schedulers import GreedyPrevious

    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(1.0, 10.0)),
        "scheduler": GreedyPrevious(factor=0.8, max_lr=0.15),
        "perturbation": LossNoise(scale=0.2),
        "steps": 40,
    }
    if plugin is not None:
        usual[field_of(plugin)] = plugin
    if usual["perturbation"].relabels:
        usual["objective"] = LeastSquares(**_POINTS, batch=2)
    usual["lr0"] = 0.5 / (usual["objective"].smoothness or 1000.0)
    return Run(**usual | fields)


def several(run: Run, count: int = 11) -> list[Run]:
    """Replicates of a run with different rates; the fourth has one that makes gradient descent overflow."""
    lr0: Any = run.lr0
    rates = [lr0 * (1e40 if r == 3 else 0.7**r) for r in range(count)]
    return [dataclasses.replace(run, lr0=rate, replicate=7 * r) for r, rate in enumerate(rates)]


def simulated(runs: Sequence[Run], **options: Any) -> Trajectory:
    """simulate() with everything recorded, for configurations that are odd on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return simulate(runs, **{"stride": 1} | options)


def assert_same_bits(actual: Any, desired: Any, what: str = "") -> None:
    """Equal to the bit, the sign of zero included; one NaN is like another."""
    actual, desired = np.asarray(actual), np.asarray(desired)
    np.testing.assert_array_equal(actual, desired, err_msg=what, strict=True)
    numbers = ~np.isnan(actual)
    np.testing.assert_array_equal(np.signbit(actual)[numbers], np.signbit(desired)[numbers], err_msg=what)


def assert_same_trajectory(actual: Trajectory, desired: Trajectory, rows: Any = slice(None)) -> None:
    """Every array of `actual` equals the given rows of `desired`, to the bit."""
    for entry in dataclasses.fields(Trajectory):
        assert_same_bits(getattr(actual, entry.name), getattr(desired, entry.name)[rows], entry.name)


def another_value(owner: Any, name: str, declared: Parameter) -> Any:
    """A copy of `owner` with another legal value of one parameter, or None when no candidate is legal."""
    value = getattr(owner, name)
    candidates: list[Any] = {
        "bool": [not value],
        "choice": list(declared.domain.options) if isinstance(declared.domain, Choice) else [],
        "int": [3, 5, 1, 2, 0, 50],
        "text": [THREE_CLASSES, "b"],
        "plugin": [Exponential(0.5)],
        "plugins": [(Exponential(0.5), *value[1:])] if isinstance(value, tuple) else [],
    }.get(declared.kind, [0.25, 0.75, 0.5, 2.0, 1.0])
    if declared.kind == "vector":
        candidates = [(candidate, *(value or (0.0, 0.0))[1:]) for candidate in candidates]
    for candidate in candidates:
        if candidate != value:
            try:
                return dataclasses.replace(owner, **{name: candidate})
            except ValueError:
                continue
    return None
