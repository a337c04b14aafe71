"""Medians, shares and comparisons against brute force and scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from greedylr_theory.statistics import compare, median, share, suboptimality

VALUES = st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=1, max_size=9)


@given(VALUES, st.integers(0, 3))
def test_median_and_interval_equal_brute_force(values, seed):
    n = len(values)
    found = median(values, resamples=50, seed=seed)
    draws = np.random.default_rng(seed).integers(0, n, size=(50, n))

    def middle(sample):
        ordered = sorted(sample)
        low, high = ordered[(n - 1) // 2], ordered[n // 2]
        return 0.5 * low + 0.5 * high

    ordered = sorted(values)
    medians = sorted(middle([ordered[i] for i in row]) for row in draws)
    assert found.value == middle(values)
    # 2.5 % and 97.5 % of 49 steps, rounded outwards
    assert (found.low, found.high) == (medians[math.floor(0.025 * 49)], medians[math.ceil(0.975 * 49)])


def test_rows_do_not_see_each_other():
    values = np.random.default_rng(1).exponential(size=(3, 4, 21))
    together, alone = median(values), median(values[1, 2])
    assert together.value.shape == together.low.shape == together.high.shape == (3, 4)
    assert (together.value[1, 2], together.low[1, 2], together.high[1, 2]) == (alone.value, alone.low, alone.high)


def test_interval_covers_the_median_about_as_often_as_it_says():
    samples = np.random.default_rng(2).normal(size=(2000, 41))
    found = median(samples, resamples=400)
    covered = np.mean((found.low <= 0.0) & (found.high >= 0.0))
    # the percentile interval of a median is known to be a little wide; 0.93 .. 0.98 is far from broken
    assert 0.93 <= covered <= 0.98


def test_half_of_the_runs_diverged():
    assert median([1.0, 2.0, math.inf, math.inf]).value == math.inf
    assert median([1.0, 2.0, 3.0, math.inf]).value == 2.5
    assert median([1.0, 1.0, 1.0, math.inf, math.inf]).high == math.inf


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [[1.0], [math.nan]]])
def test_nan_and_nothing_are_refused(values):
    with pytest.raises(ValueError, match="not NaN"):
        median(values)


def test_suboptimality_counts_the_diverged_and_refuses_the_unknown():
    found = suboptimality([3.0, math.nan, 0.5, math.inf], [1.0, 1.0, 1.0, 1.0], [False, True, False, True])
    assert found.tolist() == [2.0, math.inf, 0.0, math.inf]
    with pytest.raises(ValueError, match="not NaN"):
        suboptimality([math.nan], [0.0], [False])
    with pytest.raises(ValueError, match="not NaN"):
        suboptimality([1.0], [math.nan], [False])


@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_wilson_interval_is_that_of_scipy(level):
    for n in (1, 7, 50):
        for hits in range(n + 1):
            expected = stats.binomtest(hits, n).proportion_ci(level, method="wilson")
            found = share(hits, n, level=level)
            # two ways to write one formula: a few roundings
            np.testing.assert_allclose([found.low, found.high], [expected.low, expected.high], rtol=1e-12, atol=1e-15)
    assert share(0, 9).low == 0.0
    assert share(9, 9).high == 1.0


def test_an_impossible_share_is_refused():
    for hits, n in ((3, 2), (-1, 2), (0, 0)):
        with pytest.raises(ValueError, match="0 <= count <= total"):
            share(hits, n)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=9))
def test_comparison_equals_brute_force(pairs):
    a, b = np.array(pairs).T
    found = compare(a, b, resamples=10)
    assert (found.wins, found.ties, found.losses) == (
        sum(x < y for x, y in pairs), sum(x == y for x, y in pairs), sum(x > y for x, y in pairs),
    )  # fmt: skip
    ratios = [
        0.0 if x == y else -math.inf if x == 0 else math.inf if y == 0 else math.log(x) - math.log(y) for x, y in pairs
    ]
    middle = sorted(ratios)[(len(pairs) - 1) // 2 : len(pairs) // 2 + 1]
    if not (len(set(middle)) == 2 and math.inf in middle and -math.inf in middle):
        # numpy's logarithm differs from the C library's by at most an ulp
        np.testing.assert_allclose(found.log_ratio.value, np.mean(middle), rtol=1e-14, atol=1e-14)
    assert found.win_rate.value == found.wins / len(pairs)


def test_diverged_pairs():
    found = compare([math.inf, 1.0, math.inf], [math.inf, math.inf, 1.0])
    assert (found.wins, found.ties, found.losses, found.log_ratio.value) == (1, 1, 1, 0.0)
    with pytest.raises(ValueError, match="at least 0"):
        compare([-1.0], [1.0])
