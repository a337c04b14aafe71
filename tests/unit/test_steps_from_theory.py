"""Step sizes from theory together: units, turns with others, samples, noise, and the order in which they arrive."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.contracts import Scheduler
from greedylr_theory.objectives import LeastSquares, Quadratic
from greedylr_theory.perturbations import GradientNoise
from greedylr_theory.schedulers import (
    AdGD,
    Armijo,
    BarzilaiBorwein,
    Chebyshev,
    Constant,
    Exponential,
    GreedyPrevious,
    Polyak,
    Sequential,
    Silver,
    Warmup,
)
from tests.contract._examples import (
    assert_same_bits,
    assert_same_trajectory,
    several,
    simulated,
    working_run,
)
from tests.contract.test_twins import assert_equals_twin
from tests.unit.test_adaptive_steps import runs
from tests.unit.test_silver_and_chebyshev import residual_bound

EVERY: dict[str, Scheduler] = {
    "Polyak": Polyak(),
    "Polyak with a cap": Polyak(factor=1.5, max_lr=0.125),
    "Barzilai-Borwein 1": BarzilaiBorwein(),
    "Barzilai-Borwein 2": BarzilaiBorwein(2),
    "AdGD": AdGD(),
    "Armijo": Armijo(),
    "Armijo from the start": Armijo(start="initial", decrease=0.3, shrink=0.75),
    "silver": Silver(),
    "Chebyshev": Chebyshev(total=8),
}
every = pytest.mark.parametrize("scheduler", [pytest.param(rule, id=name) for name, rule in EVERY.items()])


@every
@pytest.mark.parametrize("c", [2.0**-30, 0.5, 8.0])
def test_a_change_of_the_unit_of_loss_changes_no_iterate(scheduler: Any, c: float) -> None:
    """c f with gamma_0 and the clips over c: the same iterates to the bit, for c a power of two."""
    other = scheduler
    if math.isfinite(getattr(scheduler, "max_lr", math.inf)):
        other = scheduler.with_value("max_lr", scheduler.max_lr / c)
    objective = Quadratic(eigenvalues=(1.0, 3.0, 40.0))
    scaled = Quadratic(eigenvalues=(c, 3.0 * c, 40.0 * c))
    expected = simulate(runs(objective, scheduler, lr0=0.03), stride=1)
    found = simulate(runs(scaled, other, lr0=0.03 / c), stride=1)
    assert_same_bits(found.x_end, expected.x_end)
    assert_same_bits(found.lr * c, expected.lr)
    assert_same_bits(found.loss / c, expected.loss)


@every
def test_a_change_of_the_unit_of_length_changes_no_rate(scheduler: Any) -> None:
    """A start that is 16 times as far away from the minimiser of a quadratic: the same rates, to the bit."""
    objective = Quadratic(eigenvalues=(1.0, 3.0, 40.0))
    near = Run(objective, scheduler=scheduler, start=(1.0, -2.0, 0.5), lr0=0.03, steps=40)
    expected, found = simulate([near], stride=1), simulate([near.replaced("start", (16.0, -32.0, 8.0))], stride=1)
    assert_same_bits(found.lr, expected.lr)
    assert_same_bits(found.x_end, 16.0 * expected.x_end)


IN_TURN: dict[str, Scheduler] = {
    "a search after a warmup": Warmup(after=Armijo(), length=5),
    "a search between others": Sequential((GreedyPrevious(factor=0.8), Armijo(trials=4), AdGD()), (6.0, 20.0)),
    "differences after a schedule": Sequential((Exponential(0.9), BarzilaiBorwein(2), Polyak()), (4.0, 17.0)),
}


@pytest.mark.parametrize("name", IN_TURN)
def test_they_take_turns_with_others(name: str) -> None:
    run = working_run(IN_TURN[name], perturbation=GradientNoise(scale=0.05), ordering="before_update")
    assert_equals_twin(several(run, 5))
    expected = simulated(several(run))
    assert_same_trajectory(simulated(several(run), lanes=1, chunk=7), expected)


@pytest.mark.parametrize("batch", [1, 3])
@every
def test_on_sampled_objectives_they_read_the_sample(scheduler: Any, batch: int) -> None:
    features: Any = ((1.0, 0.5, -1.0), (0.0, 2.0, 1.0), (1.5, -1.0, 0.25), (-0.5, 1.0, 1.0), (2.0, 0.0, -0.75))
    objective = LeastSquares(features, (1.0, -2.0, 0.5, 3.0, 0.0), batch=batch)
    assert_equals_twin([run.replaced("replicate", r) for r, run in enumerate(runs(objective, scheduler)[:3])])


def test_noise_on_the_gradient_drives_some_rates_to_nothing_and_others_not() -> None:
    """As the docstrings say: AdGD and the second Barzilai-Borwein step die out, the first does not."""
    objective = Quadratic(eigenvalues=tuple(np.geomspace(1.0, 10.0, 10)))

    def last(scheduler: Scheduler) -> Any:
        found = simulate(runs(objective, scheduler, steps=200, perturbation=GradientNoise(scale=1.0)), stride=1)
        return found.lr[:, -1]

    for scheduler in (AdGD(), BarzilaiBorwein(2)):
        assert np.all(last(scheduler) < 1e-6)
    assert np.median(last(BarzilaiBorwein())) > 1e-3


def test_from_the_same_starts_they_come_in_the_order_that_is_known() -> None:
    """Steps to 1e-10 of the first gap on kappa = 100, start by start: Chebyshev before 2 / (L + mu) before 1 / L; the
    others, which do not know mu, between the first and the last of these."""
    kappa, starts = 100.0, 16
    objective = Quadratic(eigenvalues=tuple(np.geomspace(1.0, kappa, 40)))

    def steps(scheduler: Scheduler, lr0: float = 1.0 / kappa) -> Any:
        run = Run(objective, scheduler=scheduler, lr0=lr0, steps=1150)
        found = simulate(Batch(run, {"replicate": np.arange(starts)}), tolerance=1e-10)
        assert np.all(found.steps_to_tolerance > 0)
        return found.steps_to_tolerance

    slowest, slow = steps(Constant()), steps(Constant(), 2.0 / (kappa + 1.0))
    fastest = steps(Chebyshev(total=64))
    assert np.all(fastest < slow)
    assert np.all(slow < slowest)
    # what is guaranteed: gaps fall by these factors at least, whatever the start
    assert slowest.max() <= math.log(1e10) / -math.log((1.0 - 1.0 / kappa) ** 2) + 1.0
    assert fastest.max() <= 64
    assert residual_bound(kappa, 64) ** 2 < 1e-10
    for scheduler in (Polyak(), AdGD(), Armijo(), BarzilaiBorwein(), BarzilaiBorwein(2)):
        found = steps(scheduler)
        assert np.all(found < slowest)
        assert found.mean() > 0.9 * fastest.mean()
    for variant in (1, 2):
        assert np.all(4 * steps(BarzilaiBorwein(variant)) < slow)
