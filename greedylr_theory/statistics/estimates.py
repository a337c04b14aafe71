"""Medians, shares and paired comparisons with intervals.

A diverged run has the value +inf: it takes part in every median and comparison and is never dropped. NaN has
no place among the values and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates and the ends of their intervals, arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Comparison:
    """Paired comparison of a with b, smaller is better.

    log_ratio: median of ln(a / b) with its bootstrap interval; negative when a is better.
    wins, ties, losses: numbers of pairs with a < b, a = b and a > b.
    win_rate: share of pairs with a < b, with its Wilson interval.
    """

    log_ratio: Estimate
    wins: NDArray[np.int64]
    ties: NDArray[np.int64]
    losses: NDArray[np.int64]
    win_rate: Estimate


def suboptimality(end_loss: ArrayLike, minimum: ArrayLike, diverged: ArrayLike) -> Floats:
    """f(x_T) - f*, +inf for a diverged run and 0 where rounding makes it negative.

    >>> suboptimality([3.0, np.nan], 1.0, [False, True])
    array([ 2., inf])

    Raises:
        ValueError: a run that has not diverged has no end loss, or f* is not known.
    """
    lost = np.asarray(diverged, dtype=bool)
    gap = np.maximum(np.asarray(end_loss, dtype=np.float64) - np.asarray(minimum, dtype=np.float64), 0.0)
    return numbers(np.where(lost, np.inf, gap))


def median(values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Estimate:
    """Median along the last axis with its bootstrap percentile interval.

    The ends are order statistics of the resampled medians, rounded outwards: with infinities nothing can be
    interpolated. Equal arguments give equal bits.

    Args:
        values: (..., n), infinities allowed.

    Returns:
        Arrays of shape (...).

    >>> estimate = median([[1.0, 2.0, 3.0], [1.0, np.inf, np.inf]])
    >>> estimate.value
    array([ 2., inf])
    """
    ordered = np.sort(numbers(values), axis=-1)
    n = ordered.shape[-1]
    # the median of a resample of sorted values sits at the median of the resampled positions
    positions = np.sort(np.random.default_rng(seed).integers(0, n, size=(resamples, n)), axis=-1)
    resampled = _middle(ordered[..., positions[:, (n - 1) // 2]], ordered[..., positions[:, n // 2]])
    tail = 0.5 * (1.0 - level)
    return Estimate(
        value=_middle(ordered[..., (n - 1) // 2], ordered[..., n // 2]),
        low=np.quantile(resampled, tail, axis=-1, method="lower"),
        high=np.quantile(resampled, 1.0 - tail, axis=-1, method="higher"),
    )


def share(count: ArrayLike, total: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Share count / total with its Wilson score interval (Wilson, J. Am. Stat. Assoc. 22, 1927).

    >>> estimate = share(0, 50)
    >>> float(estimate.low), round(float(estimate.high), 3)
    (0.0, 0.071)
    """
    hits, n = np.asarray(count, dtype=np.float64), np.asarray(total, dtype=np.float64)
    if np.any(hits < 0) or np.any(hits > n) or np.any(n < 1):
        raise ValueError(f"a share needs 0 <= count <= total and total >= 1, got {count!r} of {total!r}")
    z = float(special.ndtri(0.5 + 0.5 * level))
    p = hits / n
    centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z * np.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)) / (1.0 + z * z / n)
    # at the ends the interval starts at 0 or stops at 1 exactly; rounding must not move it inside
    low = np.where(hits == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(hits == n, 1.0, np.minimum(centre + half, 1.0))
    return Estimate(p, low, high)


def compare(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Comparison:
    """Compare a with b pair by pair along the last axis; values at least 0, smaller is better.

    Equal values are ties, two infinities or two zeros included: their ratio counts as 1.

    >>> comparison = compare([1.0, 2.0, np.inf], [2.0, 2.0, np.inf])
    >>> int(comparison.wins), int(comparison.ties), int(comparison.losses)
    (1, 2, 0)
    """
    left, right = np.broadcast_arrays(numbers(a), numbers(b))
    if np.any(left < 0) or np.any(right < 0):
        raise ValueError("a paired comparison by ratios needs values of at least 0")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(left == right, 0.0, np.log(left) - np.log(right))
    wins, losses = np.sum(left < right, axis=-1), np.sum(left > right, axis=-1)
    return Comparison(
        log_ratio=median(ratio, level=level, resamples=resamples, seed=seed),
        wins=wins,
        ties=left.shape[-1] - wins - losses,
        losses=losses,
        win_rate=share(wins, left.shape[-1], level=level),
    )


def _middle(low: Any, high: Any) -> Floats:
    # opposite values, infinite ones included, have the middle 0
    with np.errstate(invalid="ignore"):
        return np.where(low == -high, 0.0, 0.5 * low + 0.5 * high)


def numbers(values: ArrayLike) -> Floats:
    """Values as an array; ValueError where there are none, or a NaN."""
    found = np.asarray(values, dtype=np.float64)
    if found.shape[-1:] == (0,) or np.any(np.isnan(found)):
        raise ValueError("values must be numbers, at least one per row, and not NaN; a diverged run counts as +inf")
    return found
