"""Signed ranks, Holm's correction, Cliff's delta, profiles and ranks: against scipy, brute force and known laws."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from greedylr_theory.statistics import (
    average_ranks,
    cliffs_delta,
    holm,
    performance_profile,
    performance_ratios,
    profile_area,
    wilcoxon,
)

#: few different values, so that ties, zeros and infinities are common
COARSE = st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.0, math.inf])
PAIRS = st.lists(st.tuples(COARSE, COARSE), min_size=2, max_size=12)


def signed_ranks(pairs):
    """Midranks of abs(a - b), by counting; an infinite difference is larger than any other."""
    differences = [0.0 if a == b else a - b for a, b in pairs]
    sizes = [abs(d) for d in differences]
    ranks = [sum(y < x for y in sizes) + (sum(y == x for y in sizes) + 1) / 2 for x in sizes]
    return differences, ranks


@given(PAIRS)
def test_rank_sums_equal_counting(pairs):
    differences, ranks = signed_ranks(pairs)
    found = wilcoxon(*np.array(pairs).T)
    assert found.above == sum(r for r, d in zip(ranks, differences, strict=True) if d > 0)
    assert found.below == sum(r for r, d in zip(ranks, differences, strict=True) if d < 0)
    assert found.pairs == sum(d != 0 for d in differences)
    assert 0.0 <= found.p <= 1.0


@pytest.mark.parametrize("n", [3, 8, 13])
def test_small_samples_without_ties_have_the_enumerated_law(n):
    difference = np.random.default_rng(n).normal(0.4, 1.0, n)
    ranks = np.argsort(np.argsort(np.abs(difference))) + 1
    low = min(ranks[difference > 0].sum(), ranks[difference < 0].sum())
    sums = [np.dot(ranks, signs) for signs in itertools.product((0, 1), repeat=n)]
    expected = min(1.0, 2.0 * np.mean([total <= low for total in sums]))
    # a quotient of whole numbers on both sides
    assert wilcoxon(difference, 0.0).p == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0, 5.0]), st.sampled_from([0.0, 1.0, 2.0, 5.0])), min_size=9))
def test_finite_values_have_the_p_value_of_scipy(pairs):
    a, b = np.array(pairs).T
    if np.all(a == b):
        assert wilcoxon(a, b).p == 1.0
    elif np.any(a == b) or len(set(np.abs(a - b))) < len(a):
        expected: Any = stats.wilcoxon(a, b, zero_method="pratt", method="asymptotic")
        assert wilcoxon(a, b).p == expected.pvalue


def test_rows_do_not_see_each_other_whatever_the_method():
    rng = np.random.default_rng(4)
    a, b = rng.exponential(size=(4, 20)), rng.exponential(size=(4, 20))
    b[1, 3:9], a[2], b[3, 0], a[3, 1] = a[1, 3:9], b[2], math.inf, math.inf
    together = wilcoxon(a, b)
    assert together.p.tolist() == [float(wilcoxon(x, y).p) for x, y in zip(a, b, strict=True)]
    assert together.p[2] == 1.0
    assert together.pairs.tolist() == [20, 14, 0, 20]


def test_a_diverged_run_is_worst_and_two_of_them_tie():
    a, b = [1.0, 2.0, 3.0, math.inf], [2.0, math.inf, 2.5, math.inf]
    found = wilcoxon(a, b)
    # differences -1, -inf, 0.5, 0 have the ranks 3, 4, 2, 1; the tie keeps its rank to itself
    assert (found.below, found.above, found.pairs) == (7.0, 2.0, 3)
    assert wilcoxon([math.inf] * 5, [math.inf] * 5).p == 1.0
    # whatever a finite stand-in that exceeds all differences
    large = np.where(np.isinf([a, b]), 1e9, [a, b])
    assert wilcoxon(*large).p == found.p
    two = wilcoxon([math.inf, math.inf, 0.0], [1.0, 5.0, 2.0])
    assert (two.above, two.below) == (5.0, 1.0)  # both infinite differences share rank 2.5


def test_ratios_are_compared_by_their_logarithm():
    a, b = np.array([1.0, 100.0, 0.0, 0.0]), np.array([8.0, 200.0, 0.0, 3.0])
    found = wilcoxon(a, b, ratios=True)
    # abs(ln(a / b)): ln 8, ln 2, 0 (a tie), infinite
    assert (found.below, found.above, found.pairs) == (3.0 + 2.0 + 4.0, 0.0, 3)
    assert wilcoxon(4.0 * a, 4.0 * b, ratios=True).p == found.p
    with pytest.raises(ValueError, match="ratios needs values of at least 0"):
        wilcoxon([-1.0], [1.0], ratios=True)
    with pytest.raises(ValueError, match="not NaN"):
        wilcoxon([math.nan], [1.0])


@pytest.mark.parametrize("n", [12, 120])
def test_the_p_value_is_uniform_under_no_difference(n):
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 4000, n))
    a[:, :3] = b[:, :3] = math.inf  # pairs where both have diverged
    p = wilcoxon(a, b).p
    for alpha in (0.01, 0.05, 0.2):
        # four standard deviations of a share of 4,000
        assert abs(np.mean(p <= alpha) - alpha) < 4.0 * math.sqrt(alpha / 4000) + 1.0 / 2 ** (n - 4)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_as_the_step_down_procedure_does(p):
    adjusted = holm(p)
    for alpha in (0.01, 0.05, 0.3, 0.9):
        rejected, order = set(), sorted(range(len(p)), key=lambda i: p[i])
        for k, i in enumerate(order):
            if p[i] * (len(p) - k) > alpha:
                break
            rejected.add(i)
        assert {i for i in range(len(p)) if adjusted[i] <= alpha} == rejected


def test_holm_keeps_shape_and_refuses_what_is_no_chance():
    assert holm([[0.01, 0.02], [0.5, 0.03]]).tolist() == [[0.04, 0.06], [0.5, 0.06]]
    for wrong in ([1.5], [-0.1], [math.nan]):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            holm(wrong)


@given(PAIRS)
def test_cliffs_delta_equals_counting(pairs):
    a, b = np.array(pairs).T
    expected = np.mean([int(x > y) - int(x < y) for x in a for y in b])
    found, mirrored = cliffs_delta(a, b), cliffs_delta(b, a)
    # sums of the same whole numbers in another order, over n^2
    assert found.value == pytest.approx(expected, abs=1e-14)
    assert found.low <= found.value + 1e-14
    assert found.value <= found.high + 1e-14
    for x, y in ((found.low, -mirrored.high), (found.high, -mirrored.low), (found.value, -mirrored.value)):
        assert x == pytest.approx(y, abs=1e-12)


def test_cliffs_delta_of_samples_that_do_not_overlap_has_the_interval_of_wilson():
    a = np.arange(20.0)
    found = cliffs_delta(a, a + 100.0)
    wilson = stats.binomtest(20, 20).proportion_ci(method="wilson")
    assert (found.value, found.low) == (-1.0, -1.0)
    assert found.high == pytest.approx(1.0 - 2.0 * wilson.low, rel=1e-12)
    assert cliffs_delta(a + 100.0, a).low == pytest.approx(-found.high, rel=1e-12)
    assert (cliffs_delta([math.inf] * 3, [math.inf] * 3).value, cliffs_delta([1.0] * 3, [1.0] * 3).high) == (0.0, 0.0)


@pytest.mark.parametrize("paired", [True, False])
def test_the_interval_of_cliffs_delta_covers_it_about_as_often_as_it_says(paired):
    rng = np.random.default_rng(6)
    n, m, shift, samples = 40, 40 if paired else 30, 0.8, 1500
    common = rng.normal(size=(samples, n))
    a, noise = rng.normal(size=(samples, n)), rng.normal(size=(samples, m))
    b = noise + shift
    if paired:  # correlated: the unpaired variance would be too large
        a, b = 0.6 * a + 0.8 * common, 0.6 * noise + 0.8 * common + shift
    delta = 2.0 * stats.norm.cdf(-shift / math.sqrt(2.0)) - 1.0
    found = cliffs_delta(a, b, paired=paired)
    covered = np.mean((found.low <= delta) & (delta <= found.high))
    assert 0.93 <= covered <= 0.97
    if paired:
        wide = cliffs_delta(a, b, paired=False)
        assert np.mean((wide.low <= delta) & (delta <= wide.high)) > 0.97


def test_cliffs_delta_of_settings_is_the_mean_and_starts_count_once():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(3, 4, 30)), rng.normal(0.4, 1.0, size=(3, 4, 30))
    found = cliffs_delta(a, b, settings=True)
    assert found.value.shape == (3,)
    np.testing.assert_allclose(found.value, cliffs_delta(a, b).value.mean(axis=-1), rtol=1e-12)
    # the same setting twice is no more evidence than once
    once, twice = cliffs_delta(a[:, 0], b[:, 0]), cliffs_delta(a[:, [0, 0]], b[:, [0, 0]], settings=True)
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(getattr(twice, name), getattr(once, name), rtol=1e-12)


def test_cliffs_delta_refuses_what_it_cannot_pair():
    for a, b in (([1.0], [2.0]), ([1.0, 2.0], [1.0, 2.0, 3.0])):
        with pytest.raises(ValueError, match="at least 2 values"):
            cliffs_delta(a, b)
    assert cliffs_delta([1.0, 2.0], [1.0, 2.0, 3.0], paired=False).value == pytest.approx(-1.0 / 3.0)


COSTS = st.lists(st.lists(COARSE, min_size=3, max_size=3), min_size=1, max_size=6).map(lambda rows: np.array(rows).T)


@given(COSTS)
def test_profiles_equal_their_definition(costs):
    taus = [1.0, 1.5, 2.0, 3.5, math.inf]
    found = performance_profile(performance_ratios(costs), taus)
    for s, tau in itertools.product(range(3), range(len(taus))):
        within = [
            cost < math.inf and (cost == least or cost <= taus[tau] * least)
            for cost, least in zip(costs[s].tolist(), costs.min(axis=0).tolist(), strict=True)
        ]
        assert found[s, tau] == np.mean(within)


def test_ratios_with_a_floor_and_to_a_given_best():
    assert performance_ratios([[1e-30, 2.0], [1e-20, 1.0]], floor=1e-12).tolist() == [[1.0, 2.0], [1.0, 1.0]]
    assert performance_ratios([[1e-30], [1e-20]]).tolist() == [[1.0], [pytest.approx(1e10)]]
    assert performance_ratios([[0.5, 4.0]], best=[1.0, 2.0]).tolist() == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="at least 0"):
        performance_ratios([[-1.0]])


@given(st.lists(st.floats(1.0, 1e6) | st.just(math.inf), min_size=1, max_size=7))
def test_the_area_is_the_integral_of_the_profile(ratios):
    steps = 2_000
    logs = (np.arange(steps) + 0.5) / steps * math.log(50.0)
    # the profile jumps: each of the entries moves a midpoint sum by at most one cell
    expected = performance_profile(ratios, np.exp(logs)).mean()
    assert profile_area(ratios, 50.0) == pytest.approx(expected, abs=1.0 / steps)
    with pytest.raises(ValueError, match=r"\(1, inf\)"):
        profile_area(ratios, 1.0)


@given(COSTS)
def test_average_ranks_equal_counting(costs):
    for s, found in enumerate(average_ranks(costs)):
        ranks = [np.sum(c < c[s]) + (np.sum(c == c[s]) + 1) / 2 for c in costs.T]
        assert found == pytest.approx(np.mean(ranks), rel=1e-14)
