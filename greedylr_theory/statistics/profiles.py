"""Many contenders on many problems: performance profiles, the area under them, average ranks.

Costs are at least 0 and smaller is better; +inf is a failure, as bad as any other failure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from greedylr_theory.statistics.estimates import Floats, numbers


def performance_ratios(costs: ArrayLike, *, floor: float = 0.0, best: ArrayLike | None = None) -> Floats:
    """Ratio of each cost to the best on its problem; +inf for a failure.

    Args:
        costs: (contenders, problems).
        floor: costs below it count as this much, so that differences of rounding decide nothing. Without it a cost of
            0 is 1 times the best and every other cost infinitely worse.
        best: (problems,), what is compared with; the smallest cost on each problem when None. Costs below it have
            the ratio 1.

    Raises:
        ValueError: a cost is NaN or negative.

    >>> performance_ratios([[1.0, np.inf], [2.0, np.inf]])
    array([[ 1., inf],
           [ 2., inf]])
    """
    found = numbers(costs)
    if np.any(found < 0) or not floor >= 0:
        raise ValueError("costs and their floor must be at least 0")
    raised = np.maximum(found, floor)
    least = np.min(raised, axis=0) if best is None else np.maximum(numbers(best), floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.maximum(raised / least, 1.0)
    return np.where(np.isinf(raised), np.inf, np.where(raised <= least, 1.0, ratio))


def performance_profile(ratios: ArrayLike, tau: ArrayLike) -> Floats:
    """Share of the problems on which each contender is within the factors tau of the best (Dolan and More 2002).

    Args:
        ratios: (..., problems) as `performance_ratios` gives them.
        tau: (k,), at least 1.

    Returns:
        (..., k), not decreasing along tau; a failure counts at no tau.

    Source: Dolan and More, Benchmarking optimization software with performance profiles, Math. Program. 91, 2002.

    >>> performance_profile([1.0, 2.0, np.inf, 8.0], [1.0, 2.0, 10.0])
    array([0.25, 0.5 , 0.75])
    """
    values, factors = numbers(ratios), np.asarray(tau, dtype=np.float64)
    reached = (values[..., None, :] <= factors[:, None]) & np.isfinite(values[..., None, :])
    return np.mean(reached, axis=-1)


def profile_area(ratios: ArrayLike, largest: float) -> Floats:
    """Area under the performance profile over ln tau from 1 to `largest`, as a share of the whole: 1 is best.

    It is the mean of max(0, 1 - ln ratio / ln largest), along the last axis. Taken over a grid of initial rates, with
    the ratios to one best cost, it says how much of the grid is how good: 1 when every rate does as well as the best,
    near 0 when only a rate that is known exactly does.

    Args:
        ratios: (..., n).
        largest: above 1; ratios beyond it count nothing.

    Raises:
        ValueError: largest does not exceed 1.

    >>> float(profile_area([1.0, 10.0, 100.0, np.inf], largest=100.0))
    0.375
    """
    if not 1.0 < largest < np.inf:
        raise ValueError(f"largest must lie in (1, inf), got {largest!r}")
    return np.mean(np.maximum(0.0, 1.0 - np.log(numbers(ratios)) / np.log(largest)), axis=-1)


def average_ranks(costs: ArrayLike) -> Floats:
    """Mean over the problems of each contender's rank, 1 for the smallest cost; ties, failures included, share theirs.

    Args:
        costs: (contenders, problems).

    >>> average_ranks([[1.0, 5.0], [2.0, np.inf], [2.0, np.inf]])
    array([1. , 2.5, 2.5])
    """
    return np.mean(stats.rankdata(numbers(costs), axis=0), axis=-1)
