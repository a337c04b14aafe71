"""Schedules from gradient norms: against the slow twin, against the published pipeline, and what they must satisfy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import median_filter

from greedylr_theory import Run, refinement, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.recorded_norms import recorded_sequences
from greedylr_theory.refinement import Fit, RefinementWarning, refine
from greedylr_theory.schedulers import Linear
from greedylr_theory.theory import last_iterate
from tests.naive import refinement as naive

NORMS = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=40)
KINDS = st.sampled_from(["l2", "l1"])
#: products of a few roundings, and sums of at most 40 positive terms in another order
ROUNDING = 1e-13


@given(NORMS, KINDS, st.floats(0.0, 1.0))
def test_equals_the_slow_twin(norms: list[float], kind: Any, smoothing: float) -> None:
    found = refine(norms, kind=kind, smoothing=smoothing)
    assert found.window == 2 * (math.floor(smoothing * len(norms)) // 2) + 1
    assert found.smoothed.tolist() == naive.running_median(norms, found.window)  # a selection, so no rounding
    wanted = naive.refined(norms, 2 if kind == "l2" else 1, found.window)
    np.testing.assert_allclose(found.schedule, wanted, rtol=ROUNDING, atol=0)


@given(st.integers(2, 300), st.floats(1e-300, 1e300), KINDS, st.floats(0, 1))
def test_constant_norms_give_linear_decay_exactly(count: int, norm: float, kind: Any, smoothing: float) -> None:
    schedule = refine([norm] * count, kind=kind, smoothing=smoothing).schedule
    assert schedule.tolist() == [(count - 1 - t) / (count - 1) for t in range(count)]


@given(NORMS, KINDS, st.integers(-40, 40), st.floats(1e-6, 1e6))
def test_the_unit_of_the_norms_does_not_matter(norms: list[float], kind: Any, power: int, scale: float) -> None:
    """To the bit for powers of two, to rounding otherwise; the bound is a norm, and so is the inverse of the peak."""
    found = refine(norms, kind=kind)
    doubled = refine(np.array(norms) * 2.0**power, kind=kind)
    assert doubled.schedule.tolist() == found.schedule.tolist()
    scaled = refine(np.array(norms) * scale, kind=kind)
    np.testing.assert_allclose(scaled.schedule, found.schedule, rtol=ROUNDING)
    if kind == "l2":
        assert scaled.bound is not None
        assert scaled.peak is not None
        assert scaled.bound / scale == pytest.approx(found.bound, rel=ROUNDING)
        assert scaled.peak * scale == pytest.approx(found.peak, rel=ROUNDING)


@given(NORMS, KINDS, st.integers(2, 9))
def test_repeating_every_norm_refines_the_time_axis(norms: list[float], kind: Any, times: int) -> None:
    """Without smoothing, each norm k times has the sums of weights k times over: exact at the first of the k."""
    weights = np.array([norm ** (-2.0 if kind == "l2" else -1.0) for norm in norms])
    after = times * (np.sum(weights) - np.cumsum(weights)) + (times - 1) * weights
    found = refine(np.repeat(norms, times), kind=kind, smoothing=0)
    wanted = weights * after
    # the sums of the test itself are differences, hence an absolute tolerance in units of the peak
    np.testing.assert_allclose(found.schedule[::times], wanted / np.max(wanted), rtol=1e-12, atol=1e-12)


@given(NORMS, KINDS)
def test_the_peak_is_one_and_the_end_is_zero(norms: list[float], kind: Any) -> None:
    """Zero at the end and nowhere else; argmax is the first step with the peak rate; weights sum to 1."""
    found = refine(norms, kind=kind)
    assert found.schedule[-1] == 0.0
    assert np.all(found.schedule[:-1] > 0.0)
    assert found.schedule[found.argmax] == 1.0 == np.max(found.schedule)
    assert np.all(found.schedule[: found.argmax] < 1.0)
    assert np.sum(found.weights) == pytest.approx(1.0, rel=ROUNDING)


def test_bound_and_peak_are_those_of_the_closed_form() -> None:
    """w_t = D G_t^-2 / sqrt(sum G^-2), eta_t = w_t w_{t+1:T} / w_{1:T}, value D / sqrt(sum G^-2); D = 1."""
    norms = [4.0, 2.0, 1.0, 2.0]
    total = 1 / 16 + 1 / 4 + 1 + 1 / 4
    w = [g**-2 / math.sqrt(total) for g in norms]
    steps = [w[t] * sum(w[t + 1 :]) / sum(w) for t in range(4)]
    found = refine(norms, smoothing=0)
    assert found.bound == pytest.approx(1 / math.sqrt(total), rel=ROUNDING)
    assert found.peak == pytest.approx(max(steps), rel=ROUNDING)
    np.testing.assert_allclose(found.schedule, np.array(steps) / max(steps), rtol=ROUNDING)
    linear = refine([5.0] * 100)
    assert linear.bound == pytest.approx(5 / 10, rel=ROUNDING)
    assert linear.peak == pytest.approx(1 / (5 * 10) * (1 - 1 / 100), rel=ROUNDING)
    adam = refine(norms, kind="l1")
    assert adam.bound is None
    assert adam.peak is None


@pytest.mark.parametrize("kind", ["l2", "l1"])
@pytest.mark.parametrize("count", [7, 60, 173])
def test_published_basis_equals_the_twin_of_the_published_code(
    count: int, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 60 points in place of 10,000: shorter series are interpolated first, longer ones last."""
    monkeypatch.setattr(refinement, "PUBLISHED_POINTS", 60)
    norms = np.exp(np.random.default_rng(count).normal(size=count))
    found = refine(norms, kind=kind, window_basis="published", smoothing=0.2)
    assert found.window == 13
    wanted = naive.published(norms.tolist(), 2 if kind == "l2" else 1, 0.2, 60)
    np.testing.assert_allclose(found.schedule, wanted, rtol=1e-12)  # places of interpolation are rounded differently


def test_published_basis_at_its_real_size_pads_and_cuts_as_published() -> None:
    norms = np.exp(np.random.default_rng(5).normal(size=12_345))
    left = norms[2:-2]
    smoothed = median_filter(np.pad(left, (0, 2002), mode="reflect"), size=1001, mode="nearest")[:-2002]
    smoothed = np.interp(np.linspace(0, 1, 10_000), np.linspace(0, 1, left.size), smoothed)
    found = refine(norms, window_basis="published")
    assert found.window == 1001
    assert found.smoothed.tolist() == smoothed.tolist()


def test_published_basis_drops_infinities_and_says_so() -> None:
    norms = np.linspace(1.0, 2.0, 50)
    with_infinities = np.insert(norms, [0, 7, 30], np.inf)
    with pytest.warns(RefinementWarning, match=r"^3 infinite norms are left out, as the published code does"):
        found = refine(with_infinities, window_basis="published")
    assert found.dropped == 3
    assert found.schedule.tolist() == refine(norms, window_basis="published").schedule.tolist()
    assert found.schedule.size == 10_000


@given(NORMS, st.floats(0.0, 1.0))
def test_smoothing_begins_with_the_first_norm_itself(norms: list[float], smoothing: float) -> None:
    """It and its copies to the left are more than half of the first window; the last window is reflected instead."""
    assert refine(norms, smoothing=smoothing).smoothed[0] == norms[0]


def test_steps_are_those_of_the_theory() -> None:
    """Peak times schedule against the closed form that is written down elsewhere; no smoothing."""
    norms = np.exp(np.random.default_rng(3).normal(size=500))
    found = refine(norms, smoothing=0)
    assert found.peak is not None
    np.testing.assert_allclose(
        2.0 * found.peak * found.schedule[:-1], last_iterate.refined_steps(norms, 2.0), rtol=1e-12
    )
    assert found.bound is not None
    assert 2.0 * found.bound == pytest.approx(last_iterate.refined_value(norms, 2.0), rel=1e-12)


def test_the_number_of_points_can_be_chosen() -> None:
    norms = [4.0, 2.0, 1.0]
    found = refine(norms, smoothing=0, points=5)
    assert found.smoothed.tolist() == [4.0, 3.0, 2.0, 1.5, 1.0]
    np.testing.assert_allclose(found.schedule, naive.refined([4.0, 3.0, 2.0, 1.5, 1.0], 2, 1), rtol=ROUNDING)
    assert refine(norms * 9, window_basis="published", points=77).schedule.size == 77


def test_values_at_shares_of_the_run_are_interpolated() -> None:
    found = refine([1.0] * 11)
    np.testing.assert_allclose(found.at([0.0, 0.25, 1.0]), [1.0, 0.75, 0.0], rtol=ROUNDING)
    assert found.at(0.5) == 0.5


@pytest.mark.parametrize(
    ("norms", "options", "sentence"),
    [
        ([1.0, math.nan], {}, "norms must be positive and finite, got nan at step 1"),
        ([0.0, 1.0, -1.0], {}, "norms must be positive and finite, got 0.0 at step 0, and 1 more like it"),
        ([1.0, math.inf, 1.0], {}, "norms must be positive and finite, got inf at step 1"),
        ([1.0] * 9 + [-math.inf], {}, "norms must be positive and finite, got -inf at step 9"),
        ([1.0], {}, "norms must hold at least 2 usable numbers, got 1"),
        ([], {}, "norms must hold at least 2 usable numbers, got 0"),
        ([1.0] * 5, {"window_basis": "published"}, "norms must hold at least 2 usable numbers, got 1"),
        ([math.nan] * 9, {"window_basis": "published"}, "norms must be positive and finite, got nan at step 2, .*"),
        ([[1.0, 2.0]], {}, r"norms must be one sequence \(T,\) of numbers, got an array of shape \(1, 2\)"),
        (["a", "b"], {}, "norms must be a sequence of numbers, got list"),
        (
            [1e-200, 1e-200, 1e200],
            {"smoothing": 0},
            "norms must lie within a factor of 1e150 of each other, got 1e-200 and 1e.200",
        ),
        ([1.0, 2.0], {"kind": "l3"}, "kind must be 'l2' or 'l1', got 'l3'"),
        ([1.0, 2.0], {"smoothing": 1.5}, r"smoothing \(tau\) must lie in \[0, 1\], got 1.5"),
        ([1.0, 2.0], {"smoothing": math.nan}, r"smoothing \(tau\) must lie in \[0, 1\], got nan"),
        ([1.0, 2.0], {"window_basis": "paper"}, "window_basis must be 'fraction' or 'published', got 'paper'"),
        ([1.0, 2.0], {"points": 1}, "points must be an integer of at least 2, or None, got 1"),
    ],
)
def test_what_cannot_be_refined_is_refused_in_one_sentence(norms: Any, options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        refine(norms, **options)


@pytest.mark.parametrize(("warmup", "exponent"), [(0.0, 1.0), (0.0, 3.0), (0.2, 1.0), (0.45, 0.8), (0.01, 2.0)])
def test_fit_finds_the_schedule_it_is_given(warmup: float, exponent: float) -> None:
    """Norms whose refined schedule is nearly s: w_t = s_t / w_{t+1:T} backwards, from a last weight that s asks for."""
    points = 4001
    shape = Fit(warmup, exponent, 0.0).schedule(points)
    shape[0] = max(shape[0], shape[1])
    weights, after = np.zeros(points), 1e-3
    weights[-1] = after
    for t in range(points - 2, -1, -1):
        weights[t] = shape[t] / after
        after += weights[t]
    found = refine(weights**-0.5, smoothing=0).fit
    assert found.deviation < 1e-3
    assert found.warmup == pytest.approx(warmup, abs=2e-3)
    assert found.exponent == pytest.approx(exponent, rel=5e-3)


def test_fit_of_linear_decay_is_exact_and_repeatable() -> None:
    found = refine([1.0] * 1001)
    assert (found.fit.warmup, found.fit.exponent) == (0.0, 1.0)
    assert found.fit.deviation < 1e-15
    assert refine([1.0] * 1001).fit == found.fit


def test_the_simulator_follows_a_refined_schedule() -> None:
    run = Run(Quadratic((1.0, 3.0)), scheduler=refine([1.0] * 21).table(), lr0=0.1, steps=20)
    linear = Run(Quadratic((1.0, 3.0)), scheduler=Linear(start_factor=1.0, end_factor=0.0, total=20), lr0=0.1, steps=20)
    np.testing.assert_allclose(simulate([run], stride=1).lr, simulate([linear], stride=1).lr, rtol=1e-13)


@pytest.mark.skipif(not recorded_sequences(), reason="GREEDYLR_DATA names no folder with gradient norms")
def test_recorded_norms_of_published_runs() -> None:
    """Both conventions against a few lines of NumPy, and where the peak lies."""
    peaks: dict[str, float] = {}
    for name, (kind, norms) in recorded_sequences().items():
        left = norms.values[2:-2]
        if left.size < 10_000:
            left = np.interp(np.linspace(0, 1, 10_000), np.linspace(0, 1, left.size), left)
        smoothed = median_filter(np.pad(left, (0, 2002), mode="reflect"), size=1001, mode="nearest")[:-2002]
        smoothed = np.interp(np.linspace(0, 1, 10_000), np.linspace(0, 1, left.size), smoothed)
        width = 2 * (int(0.1 * norms.values.size) // 2) + 1
        padded = np.pad(norms.values, (0, 2 * width), mode="reflect")
        own = median_filter(padded, size=width, mode="nearest")[: norms.values.size]
        for basis, medians in (("published", smoothed), ("fraction", own)):
            weights = medians ** (-2.0 if kind == "l2" else -1.0)
            rates = weights * (np.cumsum(weights[::-1])[::-1] - weights)
            found = refine(norms.values, kind=kind, window_basis=basis)  # pyright: ignore[reportArgumentType]
            # the last rates are differences of sums of up to 50,000 weights
            np.testing.assert_allclose(found.schedule, rates / np.max(rates), rtol=1e-9, atol=1e-9)
            peaks[f"{name.partition('_')[0]} {basis}"] = found.argmax / (found.schedule.size - 1)
    assert peaks["rcnn fraction"] == peaks["rcnn published"] == 0.0
    assert 0.01 < peaks["imagenet fraction"] < 0.011
    assert 0.003 < peaks["imagenet published"] < 0.004
    assert 0.44 < peaks["roberta published"] < peaks["roberta fraction"] < 0.46
    assert 0.0323 < peaks["vit published"] < peaks["vit fraction"] < 0.0324
