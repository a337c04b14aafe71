"""AutoLRS: forecasts of series that are known, a search that leaves no trace, and rates near the best ones."""

from __future__ import annotations

import dataclasses
import math
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.autolrs import AutoLRS, Outcome, fit
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import GradientNoise, LossNoise
from greedylr_theory.schedulers import Constant, GreedyBest, ReduceOnPlateau
from greedylr_theory.simulation.session import Session
from tests.contract._examples import assert_same_bits, assert_same_trajectory

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs scikit-learn")


def noisy_run(**fields: Any) -> Run:
    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(1.0, 10.0)),
        "optimizer": Adam(),
        "perturbation": LossNoise(scale=0.05),
        "scheduler": Constant(),
        "lr0": 1.0,
        "steps": 150,
    }
    return Run(**usual | fields)


SEARCH = AutoLRS(low=1e-3, high=1.0, candidates=4, stage=40, longest=80)


def assert_same_outcome(one: Outcome, two: Outcome) -> None:
    assert one.stages == two.stages
    assert one.steps_spent == two.steps_spent
    assert_same_trajectory(one.trajectory, two.trajectory)


@pytest.mark.parametrize("b", [-0.5, -0.05, -0.01, -0.002])
@pytest.mark.parametrize(("a", "c"), [(3.0, 0.7), (1.0, 0.0), (-2.0, 5.0), (1e-9, 1e6), (1e12, -3.0)])
def test_an_exact_exponential_is_recovered(a: float, b: float, c: float) -> None:
    t = np.arange(100)
    found = fit(a * np.exp(b * t) + c)
    # the values themselves are rounded to 2^-53 of the largest; ten times beyond their end a slow decay, which they
    # show a fifth of, magnifies that about a thousand times
    rounding = 2.0**-53 * max(abs(a), abs(c))
    assert found.b < 0
    assert found.at(1000) == pytest.approx(a * math.exp(1000 * b) + c, abs=1e-6 * abs(a) + 1e4 * rounding)


def test_early_outliers_hardly_matter_and_a_late_explosion_does() -> None:
    source = np.random.default_rng(0)
    clean = 2.0 * np.exp(-0.03 * np.arange(100)) + 0.5 + 0.001 * source.normal(size=100)
    spoiled = clean.copy()
    spoiled[[3, 11, 12, 30, 41]] += (4.0, -2.0, 3.0, 5.0, 1.0)
    assert abs(fit(spoiled).at(1000) - fit(clean).at(1000)) < 0.02
    exploding = clean.copy()
    exploding[-15:] *= 1.3 ** np.arange(1, 16)
    assert fit(exploding).at(1000) > 2.0 * clean[0]


def test_a_floor_keeps_a_straight_series_from_falling_through() -> None:
    straight = 1.0 - 0.01 * np.arange(20)
    assert fit(straight).at(200) < -0.5
    assert 0.0 <= fit(straight, floor=0.0).at(200) < 0.3
    assert fit([2.0] * 5).at(50) == 2.0


@pytest.mark.parametrize("losses", [[1.0, 0.5, 0.2], [1.0, 0.5, math.nan, 0.1], [[1.0] * 5], [1.0, 2.0, 3.0, math.inf]])
def test_what_cannot_be_fitted_is_one_sentence(losses: Any) -> None:
    with pytest.raises(ValueError, match="losses must be at least 4 finite numbers, got"):
        fit(losses)


@pytest.mark.parametrize("seed", [0, 1])
def test_on_a_quadratic_the_rate_is_near_the_best_constant_one(seed: int) -> None:
    run = Run(Quadratic(eigenvalues=(1.0, 10.0)), scheduler=Constant(), start=(1.0, 1.0), lr0=1.0, steps=200)
    grid = np.geomspace(1e-3, 3.0, 301)
    best = grid[np.nanargmin(simulate(Batch(run, {"lr0": grid})).final_loss)]
    assert best == pytest.approx(2.0 / 11.0, rel=0.03)
    outcome = AutoLRS(low=1e-3, high=3.0, stage=200, floor=0.0, seed=seed).drive(run)
    # ten rates over 3.5 decades lie a factor 2.4 apart, and rates far above 2/L diverge
    assert 1.0 / 1.6 < outcome.rates[0] / best < 1.6
    assert outcome.trajectory.end_loss[0] < 1e-12 * outcome.trajectory.loss[0, 0]


def test_same_seed_same_bits_and_another_seed_other_candidates() -> None:
    first, again = SEARCH.drive(noisy_run()), SEARCH.drive(noisy_run())
    assert_same_outcome(first, again)
    other = dataclasses.replace(SEARCH, seed=1).drive(noisy_run())
    assert other.stages[0].candidates != first.stages[0].candidates


@pytest.mark.parametrize("perturbation", [LossNoise(scale=0.05), GradientNoise(scale=0.5)])
def test_what_was_tried_leaves_no_trace(perturbation: Any) -> None:
    """The run is what the chosen rates alone give: iterate, moments of Adam, noise and summaries rolled back."""
    run = noisy_run(perturbation=perturbation)
    outcome = SEARCH.drive(run)
    session = Session([run.replaced("scheduler", ReduceOnPlateau(patience=run.steps))], stride=1)
    for stage in outcome.stages:
        session.rates = stage.rate
        session.advance(stage.last - stage.first)
    assert_same_trajectory(outcome.trajectory, session.trajectory())
    assert len(set(outcome.rates)) > 1


def test_a_candidate_is_judged_by_the_steps_that_follow_the_checkpoint() -> None:
    run = noisy_run()
    stage = SEARCH.drive(run).stages[0]
    alone = simulate(Batch(run, {"lr0": np.array(stage.candidates)}), stride=1)
    wanted = [fit(observed[: stage.looked_ahead]).at(40) for observed in alone.observed]
    assert_same_bits(stage.forecasts, wanted)
    assert stage.rate == stage.candidates[int(np.argmin(wanted))]
    assert stage.looked_ahead == 4
    assert all(1e-3 <= rate <= 1.0 for rate in stage.candidates)
    assert len(set(stage.candidates)) == 4


@pytest.mark.parametrize(
    ("steps", "ends", "spent"),
    [
        (40, [40], 40 + 4 * 4),
        (120, [40, 120], 120 + 4 * (4 + 8)),
        (230, [40, 120, 200, 230], 230 + 4 * (4 + 8 + 8)),
        (250, [40, 120, 200, 250], 250 + 4 * (4 + 8 + 8 + 5)),
    ],
)
def test_stages_double_up_to_the_longest_and_a_short_rest_keeps_its_rate(
    steps: int, ends: list[int], spent: int
) -> None:
    outcome = SEARCH.drive(noisy_run(steps=steps))
    assert [stage.last for stage in outcome.stages] == ends
    assert [stage.first for stage in outcome.stages] == [0, *ends[:-1]]
    assert outcome.steps_spent == spent
    if steps == 230:
        assert outcome.rates[-1] == outcome.rates[-2]
        assert outcome.stages[-1].candidates == ()
    assert_same_bits(outcome.trajectory.lr[0], np.repeat(outcome.rates, [s.last - s.first for s in outcome.stages]))


def test_rates_that_diverge_are_not_chosen_and_of_such_the_smallest() -> None:
    run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=Constant(), start=(1.0,), lr0=1.0, steps=400)
    wide = AutoLRS(low=0.5, high=1e60, candidates=5, stage=400).drive(run)
    assert math.inf in wide.stages[0].forecasts
    assert not wide.trajectory.diverged[0]
    all_wrong = AutoLRS(low=1e50, high=1e60, candidates=3, stage=100).drive(run)
    first, *later = all_wrong.stages
    assert first.rate == min(first.candidates)
    assert first.forecasts == (math.inf,) * 3
    assert [(stage.rate, stage.candidates) for stage in later] == [(first.rate, ())] * len(later)
    assert all_wrong.trajectory.diverged[0]


def test_a_stage_that_begins_where_the_run_ends_is_no_error() -> None:
    """The last update of the first stage overflows, so that the next loss is not finite."""
    run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=Constant(), start=(1.0,), lr0=1.0, steps=90)
    outcome = AutoLRS(low=8000.0, high=8000.1, candidates=2, stage=40, look_ahead=5).drive(run)
    assert outcome.trajectory.steps[0] == outcome.stages[0].last == 40
    assert outcome.stages[1].forecasts == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AutoLRS(low=1.0, high=1.0), r"AutoLRS\.low must be below high, got 1\.0 and 1\.0"),
        (lambda: AutoLRS(low=0.1, high=1.0, stage=39), r"AutoLRS\.stage must be at least 40 steps for 4 losses"),
        (lambda: AutoLRS(low=0.0, high=1.0), r"AutoLRS\.low \(.*\) must lie in \(0, inf\), got 0\.0"),
        (lambda: SEARCH.drive(noisy_run(scheduler=GreedyBest())), "Run.scheduler must be Constant"),
        (lambda: SEARCH.drive(noisy_run(steps=39)), r"Run\.steps must be at least 40 for AutoLRS, got 39"),
    ],
)
def test_what_cannot_be_driven_is_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"^AutoLRS needs scikit-learn: pip install 'greedylr-theory\[data\]'"
    ):
        SEARCH.drive(noisy_run())


def test_the_weight_of_the_deviation_decides_where_it_looks() -> None:
    run = noisy_run(perturbation=LossNoise(scale=0.0), steps=40)
    even, greedy = (dataclasses.replace(SEARCH, exploration=weight, candidates=6).drive(run) for weight in (1e6, 0.0))
    spread = [np.diff(np.sort(np.log(found.stages[0].candidates))) for found in (even, greedy)]
    # six points cover three decades evenly (to a factor 2 of 1.38), or crowd where the forecast is best
    assert spread[0].min() > 0.69
    assert 0.0 < spread[1].min() < 0.2
