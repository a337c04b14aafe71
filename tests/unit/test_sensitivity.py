"""Sensitivity: the estimator against known indices, outcomes against single runs and a closed form, ranges, files."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from greedylr_theory import Run, catalog, plotting, sensitivity, simulate
from greedylr_theory.objectives import Expression, Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import Gaussian
from greedylr_theory.schedulers import Constant, GreedyBest, GreedyLibrary, GreedyStudy
from greedylr_theory.sensitivity import Outcome, Range

RUN = Run(objective=Quadratic(eigenvalues=(1.0, 4.0)), scheduler=GreedyBest(), lr0=0.05, steps=60)
NOISY = dataclasses.replace(RUN, perturbation=Gaussian(channel="gradient", strength=0.3))
LINE = Run(objective=Quadratic(eigenvalues=(2.0,)), scheduler=Constant(), lr0=0.1, steps=7, start=(1.5,))


def test_the_estimator_finds_the_indices_of_the_ishigami_function():
    # sin x + 7 sin^2 y + 0.1 z^4 sin x on [-pi, pi]^3: variances of its parts in closed form
    a, b = 7.0, 0.1
    alone = (0.5 * (1.0 + b * math.pi**4 / 5.0) ** 2, a * a / 8.0, 0.0)
    both = b * b * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    whole = sum(alone) + both

    def ishigami(share: np.ndarray) -> np.ndarray:
        x, y, z = (2.0 * share - 1.0) * math.pi
        return (np.sin(x) + a * np.sin(y) ** 2 + b * z**4 * np.sin(x))[None]

    found = sensitivity.estimate(ishigami, 3, 4096, resamples=100)
    # the error of these estimators at n = 4096 is below 0.01; a wrong page of the design moves them by 0.2 and more
    np.testing.assert_allclose(found.first[0], np.array(alone) / whole, atol=0.02)
    np.testing.assert_allclose(found.total[0], np.add(alone, (both, 0.0, both)) / whole, atol=0.02)
    np.testing.assert_allclose(found.variance, whole, rtol=0.02)
    assert np.all(found.first_low <= found.first)
    assert np.all(found.first <= found.first_high)
    assert np.all(found.first_high - found.first_low < 0.15)


def test_the_indices_of_several_outputs_are_those_of_each():
    weights = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, 0.0]])
    found = sensitivity.estimate(lambda u: weights @ u, 3, 256, resamples=20)
    shares = weights**2 / np.sum(weights**2, axis=1, keepdims=True)
    np.testing.assert_allclose(found.first, shares, atol=0.02)
    np.testing.assert_allclose(found.total, shares, atol=0.02)
    for index in (found.first, found.first_low, found.first_high, found.total, found.total_low, found.total_high):
        assert np.all(index[weights == 0.0] == 0.0)  # not small: nothing changes, so the terms vanish bit by bit


@pytest.mark.parametrize("samples", [0, 4, 100])
def test_a_design_has_a_power_of_two_rows(samples: int):
    with pytest.raises(ValueError, match="power of two"):
        sensitivity.estimate(lambda u: u, 1, samples)


def test_a_parameter_without_effect_has_both_indices_exactly_zero():
    run = dataclasses.replace(NOISY, scheduler=GreedyStudy(patience=1), optimizer=Adam())
    ranges = [f"scheduler.{text}" for text in ("momentum_factor=0:1", "factor=0.3:0.99", "patience=0:10")]
    found = sensitivity.study(run, ranges=ranges, only=True, replicates=2, samples=32, points=5)
    assert found.ranges[0].path == "scheduler.momentum_factor"
    for bound in ("first", "first_low", "first_high", "total", "total_low", "total_high"):
        assert getattr(found.indices, bound)[0, 0] == 0.0
    assert np.all(found.indices.total[0, 1:] > 0.05)
    assert np.unique(found.curves[0].median).size == 1


def test_each_outcome_is_that_of_its_own_run_on_matched_replicates():
    factors, patiences = np.array([0.5, 0.9, 0.99]), np.array([0.0, 3.0, 12.0])
    outcome = Outcome()
    found = sensitivity.respond(NOISY, {"scheduler.factor": factors, "scheduler.patience": patiences}, 3, outcome)
    for row, (factor, patience) in enumerate(zip(factors, patiences, strict=True)):
        rule = GreedyBest(factor=factor, patience=int(patience))
        for r in range(3):
            alone = simulate([dataclasses.replace(NOISY, scheduler=rule, replicate=r)], stride=1)
            ratio = np.clip(alone.end_loss[0] / alone.loss[0, 0], outcome.floor, outcome.ceiling)
            assert found.outcome[row, r] == np.log10(ratio)
            assert found.diverged[row, r] == alone.diverged[0]
    assert np.unique(found.outcome[1]).size == 3


def test_curves_and_indices_are_those_of_the_closed_form():
    # f(x_T) / f(x_0) = (1 - lambda gamma)^(2 T)
    entry = sensitivity.parsed(LINE, "lr0=0.01:0.9:uniform")
    outcome = Outcome(floor=1e-30)

    def exact(rate: np.ndarray) -> np.ndarray:
        return np.log10(np.clip((1.0 - 2.0 * rate) ** 14, 1e-30, 10.0))

    (curve,) = sensitivity.curves(LINE, [entry], 2, outcome, 8)
    # rounding of 7 products near a factor 0 is what remains
    np.testing.assert_allclose(curve.median, exact(curve.values), rtol=1e-9)
    np.testing.assert_array_equal(curve.low, curve.high)  # no noise and one start: both replicates are the same
    found = sensitivity.study(
        LINE, ranges=["lr0=0.01:0.9:uniform"], only=True, replicates=1, samples=64, outcome=outcome
    )
    expected = sensitivity.estimate(lambda u: exact(entry.at(u[0]))[None], 1, 64)
    np.testing.assert_allclose(found.indices.first[0], expected.first[0], rtol=1e-9)
    np.testing.assert_allclose(found.indices.variance[0], expected.variance[0], rtol=1e-9)
    assert found.base_median == pytest.approx(exact(np.array(0.1)))


def test_diverged_runs_are_at_the_ceiling_and_counted():
    run = dataclasses.replace(LINE, lr0=3.0, steps=800)
    found = sensitivity.respond(run, {"lr0": np.array([0.4, 3.0, 1.01])}, 2, Outcome(ceiling=100.0))
    assert found.diverged.tolist() == [[False] * 2, [True] * 2, [False] * 2]
    assert found.clipped.tolist() == [[False] * 2, [True] * 2, [True] * 2]  # the last one grew without overflowing
    np.testing.assert_array_equal(found.outcome[1:], np.log10(100.0))


def test_without_a_declared_minimum_the_loss_must_not_be_negative():
    values = {"lr0": np.array([0.1])}
    shifted = dataclasses.replace(LINE, objective=Expression("x0**2 + 1"), start=(1.0,))
    assert "f* is not known" in Outcome().words(shifted)
    found = sensitivity.respond(shifted, values, 1, Outcome()).outcome[0, 0]
    assert found == pytest.approx(math.log10((0.8**14 + 1.0) / 2.0))
    found = sensitivity.respond(shifted, values, 1, Outcome(minimum=1.0)).outcome[0, 0]
    assert found == pytest.approx(14 * math.log10(0.8))
    negative = dataclasses.replace(shifted, objective=Expression("x0**2 - 1"))
    with pytest.raises(ValueError, match="Expression declares no minimum"):
        sensitivity.respond(negative, values, 1, Outcome())


def test_integers_are_sampled_alike_and_rates_in_the_logarithm():
    share = (np.arange(4000) + 0.5) / 4000
    patience = sensitivity.parsed(RUN, "scheduler.patience=0:3")
    values, counts = np.unique(patience.at(share), return_counts=True)
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert counts.tolist() == [1000] * 4
    assert patience.grid(25).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert str(patience) == "integers 0 to 3, alike"
    rate = sensitivity.parsed(RUN, "lr0=1e-3:0.1")
    assert (rate.log, str(rate)) == (True, "log-uniform on [0.001, 0.1]")
    np.testing.assert_allclose(np.quantile(rate.at(share), (0.0, 0.5, 1.0)), (1e-3, 1e-2, 0.1), rtol=2e-3)
    factor = sensitivity.parsed(RUN, "scheduler.factor=0.3:0.99")
    assert (factor.log, factor.at(np.array([0.0, 0.5])).tolist()) == (False, [0.3, pytest.approx(0.645)])
    assert sensitivity.parsed(RUN, "scheduler.max_lr=0.1:1:uniform").log is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("factor", "must look like"),
        ("scheduler.factor=0.3", "must look like"),
        ("scheduler.factor=a:b", "must look like"),
        ("scheduler.factor=0.3:0.9:square", "must look like"),
        ("scheduler.factor=0.3:1", r"\(F\) needs numbers in \(0, 1\)"),
        ("scheduler.factor=0.9:0.3", "rising order"),
        ("scheduler.patience=0.5:3", "needs integers"),
        ("scheduler.patience=1:3:log", "that are no integers"),
        ("scheduler.max_lr=1:inf", "two finite ends"),
        ("scheduler.threshold=0:1:log", "above 0"),
        ("scheduler.speed=0:1", "no parameter 'speed'"),
        ("scheduler.smooth=0:1", "must be lr0 or a number"),
        ("steps=1:2", "must be lr0 or a number"),
        ("replicate=1:2", "must be lr0 or a number"),
        ("objective.eigenvalues=1:2", "must be lr0 or a number"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(text: str, said: str):
    with pytest.raises(ValueError, match=said):
        sensitivity.parsed(RUN, text)


def test_usual_ranges_follow_the_declarations():
    found, held = sensitivity.usual(RUN)
    assert {entry.path: (entry.low, entry.high, entry.log) for entry in found} == {
        "lr0": (0.005, 0.5, True),
        "scheduler.factor": (0.3, 0.99, False),
        "scheduler.patience": (0, 30, False),
        "scheduler.threshold": (1e-6, 0.1, True),
        "scheduler.max_lr": (0.05, 5.0, True),  # infinite by default
    }
    assert held["scheduler.window_size"] == "smooth is off"
    assert held["scheduler.cooldown"] == "0"
    smoothed, _ = sensitivity.usual(dataclasses.replace(RUN, scheduler=GreedyBest(smooth=True)))
    assert "scheduler.window_size" in [entry.path for entry in smoothed]


@pytest.mark.parametrize("name", catalog.names("greedylr_theory.schedulers"))
def test_every_scheduler_has_usual_ranges_that_it_accepts(name: str):
    scheduler = catalog.instance("greedylr_theory.schedulers", name)
    if any(entry.default is dataclasses.MISSING for entry in dataclasses.fields(scheduler)):
        pytest.skip("needs an argument")
    run = dataclasses.replace(RUN, scheduler=scheduler(), ordering=None)
    found, held = sensitivity.usual(run)
    assert not any("refused" in reason for reason in held.values())
    values = {entry.path: entry.grid(4)[:3] for entry in found}
    rows = min(column.size for column in values.values())
    responses = sensitivity.respond(run, {path: column[:rows] for path, column in values.items()}, 1, Outcome())
    assert np.all(np.isfinite(responses.outcome))


def test_what_cannot_be_varied_together_is_said():
    run = dataclasses.replace(RUN, scheduler=GreedyLibrary())
    with pytest.raises(ValueError, match="min_lr"):
        sensitivity.study(run, ranges=["scheduler.min_lr=0.1:0.9", "scheduler.max_lr=0.2:0.8"], only=True, samples=8)


def test_a_study_is_reproducible_and_its_files_carry_their_origin(tmp_path: Path):
    ranges = ["lr0=0.005:0.5", "scheduler.factor=0.5:0.9"]
    options = {"ranges": ranges, "only": True, "replicates": 2, "samples": 8, "points": 4}
    made = sensitivity.study(NOISY, pair="lr0,scheduler.factor", **options)
    again = sensitivity.study(NOISY, pair="lr0,scheduler.factor", **options)
    content = sensitivity.as_dict(made)
    assert content == sensitivity.as_dict(again)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    paths = sensitivity.write(made, tmp_path)
    name = sensitivity.name_of(made)
    assert re.fullmatch(r"greedy_best_on_quadratic_gaussian_[0-9a-f]{10}", name)
    assert name == sensitivity.name_of(again)
    assert sorted(path.name for path in paths) == sorted(
        [f"{name}.json"] + [f"{name}_{kind}.{end}" for kind in ("curves", "indices", "heat") for end in ("pdf", "png")]
    )
    found = plotting.origin(tmp_path / f"{name}_curves.png")
    assert found is not None
    assert found["provenance"]["run"] == NOISY.key
    assert found["provenance"]["varied"]["scheduler.factor"] == "uniform on [0.5, 0.9]"
    assert made.heat is not None
    for column, rate in enumerate(made.heat.across_values):
        alone = sensitivity.respond(NOISY, {"lr0": np.array([rate]), "scheduler.factor": np.array([0.5])}, 2, Outcome())
        assert made.heat.median[0, column] == alone.median[0]


def test_studies_that_differ_in_anything_have_names_that_differ():
    options = {"ranges": ["lr0=0.01:0.1"], "only": True, "replicates": 1, "samples": 8, "points": 3}
    run = dataclasses.replace(LINE, steps=3)
    changed = (
        {}, {"seed": 1}, {"replicates": 2}, {"samples": 16}, {"points": 4}, {"outcome": Outcome(floor=1e-9)},
        {"outcome": Outcome(minimum=-1.0)}, {"ranges": ["lr0=0.01:0.1:uniform"]}, {"ranges": ["lr0=0.01:0.2"]},
    )  # fmt: skip
    names = [sensitivity.name_of(sensitivity.study(run, **{**options, **each})) for each in changed]
    others = (
        dataclasses.replace(run, optimizer=Adam()), dataclasses.replace(run, optimizer=Adam(beta1=0.5)),
        dataclasses.replace(run, steps=4), dataclasses.replace(run, start=(2.0,)),
        dataclasses.replace(run, perturbation=Gaussian(channel="gradient", strength=0.3)),
    )  # fmt: skip
    names += [sensitivity.name_of(sensitivity.study(other, **options)) for other in others]
    assert len(set(names)) == len(names)
    assert [name.rpartition("_")[0] for name in names[-5:]] == [
        "constant_on_quadratic_adam", "constant_on_quadratic_adam", "constant_on_quadratic", "constant_on_quadratic",
        "constant_on_quadratic_gaussian",
    ]  # fmt: skip


@pytest.mark.parametrize("pair", ["lr0", "lr0,lr0", "lr0,scheduler.eps"])
def test_a_heat_map_takes_two_of_what_is_varied(pair: str):
    with pytest.raises(ValueError, match="a heat map needs two of lr0"):
        sensitivity.study(RUN, pair=pair)


def test_a_range_is_validated_when_it_is_made():
    declared = RUN.declared("scheduler.factor")
    with pytest.raises(ValueError, match="rising order"):
        Range("scheduler.factor", declared, 0.5, 0.5, log=False)


@pytest.mark.parametrize(("floor", "ceiling"), [(0.0, 1.0), (1.0, 1.0), (1.0, math.inf)])
def test_floor_and_ceiling_are_ordered(floor: float, ceiling: float):
    with pytest.raises(ValueError, match="floor < ceiling"):
        Outcome(floor=floor, ceiling=ceiling)


def test_the_time_of_a_study_is_foreseen_in_proportion_to_its_runs():
    options = {"replicates": 2, "samples": 8, "points": 5}
    short = sensitivity.seconds(RUN, 2, pair=False, **options)
    assert 0 < short < 1
    longer = sensitivity.seconds(dataclasses.replace(RUN, steps=600), 2, pair=True, **options)
    assert longer / short == pytest.approx(10 * (8 * 4 + 10 + 25 + 1) / (8 * 4 + 10 + 1))
