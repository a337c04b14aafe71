"""Rules made of others, bound to an objective, or searching along trial steps, against plain formulas."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.contracts import Floats, Objective, OpenLoop, Scheduler, search_kernel
from greedylr_theory.objectives import Huber, Quadratic, Rosenbrock
from greedylr_theory.params import POSITIVE, Interval, param
from greedylr_theory.schedulers import Exponential, GreedyBest, Sequential, Warmup
from greedylr_theory.sweeps.shard import keys
from tests.contract._examples import assert_same_bits, assert_same_trajectory, simulated

FACTORS = [0.5, 0.7, 0.95]
IN_TURN = Sequential(stages=(Exponential(0.9), GreedyBest(patience=0)), milestones=(4.0,))


@pytest.mark.parametrize(
    ("scheduler", "path"),
    [
        (Warmup(after=GreedyBest(patience=0), length=3), "scheduler.after.factor"),
        (IN_TURN, "scheduler.stages.1.factor"),
        (IN_TURN, "scheduler.stages.0.factor"),
    ],
)
def test_a_batch_can_vary_a_nested_number(scheduler: Scheduler, path: str) -> None:
    run = Run(Quadratic(eigenvalues=(1.0, 10.0)), scheduler=scheduler, lr0=0.01, steps=30)
    batch = Batch(run, {path: FACTORS})
    each = [run.replaced(path, factor) for factor in FACTORS]
    assert list(batch) == each
    assert len({tuple(row) for row in simulated(each).lr.tolist()}) == len(FACTORS)
    assert_same_trajectory(simulated(batch), simulated(each))
    assert keys(batch) == [one.key for one in each]


def test_a_path_into_nothing_is_named() -> None:
    run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=Warmup(after=GreedyBest()), lr0=0.1, steps=3)
    with pytest.raises(ValueError, match=r"GreedyBest has no parameter 'facto'; its parameters are: .*factor"):
        run.replaced("scheduler.after.facto", 0.5)
    with pytest.raises(ValueError, match=r"Warmup has no parameter 'before\.factor'"):
        run.replaced("scheduler.before.factor", 0.5)


@dataclass(frozen=True)
class OverSmoothness(OpenLoop):
    """gamma_t = h / L."""

    share: float = param(0.5, symbol="h", domain=POSITIVE, doc="step size times L")
    smoothness: float | None = param(None, symbol="L", domain=POSITIVE, doc="from the objective", optional=True)

    def bound(self, objective: Objective) -> OverSmoothness:
        if self.smoothness is not None:
            return self
        if objective.smoothness is None:
            raise ValueError(f"OverSmoothness.smoothness (L) must be given, {type(objective).__name__} has none")
        return dataclasses.replace(self, smoothness=objective.smoothness)

    def rates(self, lr0: float, steps: int) -> Floats:
        assert self.smoothness is not None
        return np.full(steps + 1, self.share / self.smoothness)


def test_an_open_constant_is_taken_from_each_objective() -> None:
    run = Run(Huber(dimension=2), scheduler=OverSmoothness(), lr0=1.0, steps=4)
    batch = Batch(run, {"objective.curvature": [1.0, 2.0, 8.0]})
    found = simulated(batch)
    np.testing.assert_array_equal(found.lr, np.repeat([[0.5], [0.25], [0.0625]], 4, axis=1))
    assert_same_trajectory(found, simulated(list(batch)))
    nested = run.replaced("scheduler", Warmup(after=OverSmoothness(), length=2))
    np.testing.assert_array_equal(simulated([nested]).lr, [[0.0, 0.5, 0.5, 0.5]])


def test_a_constant_that_the_objective_lacks_is_one_sentence() -> None:
    run = Run(Rosenbrock(dimension=2), scheduler=OverSmoothness(), lr0=1.0, steps=4)
    with pytest.raises(ValueError, match=r"OverSmoothness\.smoothness \(L\) must be given, Rosenbrock has none"):
        simulate([run])


@search_kernel
def halve_until_enough(
    objective, step, loss, gradient, objective_params, data, draws, workspace, trial, trial_gradient, trial_loss,
    params, state, x, lr,
):  # fmt: skip
    """Per lane: start from state[0] and halve until f(x - lr g) <= f(x) - params[0] lr |g|^2, at most 40 times."""
    for lane in range(lr.size):
        lr[lane] = state[0, lane]
    for _ in range(40):
        for i in range(x.shape[0]):
            for lane in range(lr.size):
                trial[i, lane] = x[i, lane] - lr[lane] * gradient[i, lane]
        objective(trial, objective_params, data, draws, workspace, trial_gradient, trial_loss)
        for lane in range(lr.size):
            slope = 0.0
            for i in range(x.shape[0]):
                slope += gradient[i, lane] * gradient[i, lane]
            if trial_loss[lane] > loss[lane] - params[0, lane] * lr[lane] * slope:
                lr[lane] *= 0.5


@dataclass(frozen=True)
class Halving(Scheduler):
    """Backtracking from the initial rate at every step."""

    decrease: float = param(0.3, symbol="c", domain=Interval.open(0, 1), doc="share of the predicted decrease")

    ordering: ClassVar[str | None] = "before_update"
    needs_gradient: ClassVar[bool] = True
    search: ClassVar[Any] = halve_until_enough

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        return lr0[None, :].copy()


def plain_halving(eigenvalues: list[float], x: list[float], lr0: float, steps: int) -> list[float]:
    """The same with lists."""

    def value(point: list[float]) -> float:
        total = 0.0
        for h, z in zip(eigenvalues, point, strict=True):
            total += 0.5 * (h * z) * z
        return total

    rates: list[float] = []
    for _ in range(steps):
        gradient, lr, slope = [h * z for h, z in zip(eigenvalues, x, strict=True)], lr0, 0.0
        for g in gradient:
            slope += g * g
        for _ in range(40):
            moved = [z - lr * g for z, g in zip(x, gradient, strict=True)]
            if not value(moved) > value(x) - 0.3 * lr * slope:
                break
            lr *= 0.5
        rates.append(lr)
        x = [z - lr * g for z, g in zip(x, gradient, strict=True)]
    return rates


def test_a_search_evaluates_the_objective_at_trial_points() -> None:
    eigenvalues, start = [1.0, 3.0, 10.0], (1.0, -2.0, 0.5)
    run = Run(Quadratic(eigenvalues=tuple(eigenvalues)), scheduler=Halving(), start=start, lr0=2.0, steps=25)
    assert run.ordering == "before_update"
    runs = [run, *(run.replaced("start", (0.3 * r, 1.0, -1.0)) for r in range(1, 9))]
    found = simulated(runs)
    assert len(set(found.lr[0].tolist())) > 1, "a search that never moves tests nothing"
    assert_same_bits(found.lr[0], np.array(plain_halving(eigenvalues, list(start), 2.0, 25)))
    assert_same_trajectory(simulated(runs, chunk=3, lanes=1), found)


def test_a_search_keeps_to_its_ordering() -> None:
    with pytest.raises(ValueError, match=r"Run\.ordering must be 'before_update' for Halving"):
        Run(Quadratic(eigenvalues=(1.0,)), scheduler=Halving(), lr0=1.0, steps=3, ordering="after_update")
