"""Paired tests and effect sizes: Wilcoxon's signed ranks, Holm's correction, Cliff's delta.

Infinite values are diverged runs: worse than every finite one, and equal to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from greedylr_theory.statistics.estimates import Estimate, Floats, numbers

#: up to this many pairs, without ties, the law of the signed ranks is enumerated
_EXACT = 50


@dataclass(frozen=True, eq=False)
class SignedRanks:
    """Wilcoxon's signed-rank test, rows as in the arguments.

    p: two-sided p-value; 1 where no pair differs.
    above, below: sums of the ranks of the pairs with a > b and with a < b.
    pairs: numbers of pairs that differ.
    """

    p: Floats
    above: Floats
    below: Floats
    pairs: NDArray[np.int64]


def wilcoxon(a: ArrayLike, b: ArrayLike, *, ratios: bool = False) -> SignedRanks:
    """Wilcoxon signed-rank test of paired values along the last axis, as scipy computes it from the signed ranks.

    What is ranked is abs(a - b), or with `ratios` abs(ln(a / b)), which does not let the pairs of the largest values
    decide alone. A pair of equal values, two infinities or two zeros included, has difference 0: it is ranked among the
    others and then left out (Pratt 1959). Where one value of a pair is infinite (with `ratios` also where one is 0) the
    difference is infinite, the largest rank, shared by all such pairs. Up to 50 pairs without any tie, of values or of
    ranks, the p-value is exact, otherwise that of the normal law, corrected for ties and not for continuity.

    Args:
        a, b: (..., n), broadcast against each other; at least 0 with `ratios`.

    Raises:
        ValueError: a value is NaN, or negative with `ratios`.

    >>> found = wilcoxon([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 8.0, np.inf])
    >>> float(found.p), float(found.above), float(found.below)
    (0.0625, 0.0, 15.0)
    """
    left, right = np.broadcast_arrays(numbers(a), numbers(b))
    if ratios:
        if np.any(left < 0) or np.any(right < 0):
            raise ValueError("a test of ratios needs values of at least 0")
        with np.errstate(divide="ignore"):
            left, right = np.log(left), np.log(right)
    shape, n = left.shape[:-1], left.shape[-1]
    with np.errstate(invalid="ignore"):
        difference = np.where(left == right, 0.0, left - right).reshape(-1, n)
    ranks = stats.rankdata(np.abs(difference), axis=-1)
    # signed ranks have the ranks and ties of the differences, and are finite
    signed = np.sign(difference) * ranks
    differing = np.sum(difference != 0.0, axis=-1)
    exact = (differing == n) & np.all(np.sort(ranks, axis=-1) == np.arange(1.0, n + 1.0), axis=-1) & (n <= _EXACT)
    p = np.ones(signed.shape[0])
    for method, rows in (("exact", exact), ("asymptotic", ~exact & (differing > 0))):
        if np.any(rows):
            found: Any = stats.wilcoxon(signed[rows], zero_method="pratt", method=method, axis=-1)
            p[rows] = found.pvalue
    return SignedRanks(
        p=p.reshape(shape),
        above=np.sum(signed, axis=-1, where=signed > 0.0).reshape(shape),
        below=-np.sum(signed, axis=-1, where=signed < 0.0).reshape(shape),
        pairs=differing.reshape(shape),
    )


def holm(p: ArrayLike) -> Floats:
    """Holm's adjusted p-values of one family of tests (Holm, Scand. J. Statist. 6, 1979); the shape is that of p.

    Rejecting where the adjusted value is at most alpha keeps the chance of any false rejection at or below alpha,
    whatever the dependence of the tests.

    Raises:
        ValueError: a value lies outside [0, 1].

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    values = np.asarray(p, dtype=np.float64)
    if not np.all((values >= 0.0) & (values <= 1.0)):
        raise ValueError(f"p-values must lie in [0, 1], got {p!r}")
    flat = values.reshape(-1)
    order = np.argsort(flat, kind="stable")
    adjusted = np.empty_like(flat)
    adjusted[order] = np.minimum(np.maximum.accumulate(flat[order] * np.arange(flat.size, 0, -1.0)), 1.0)
    return adjusted.reshape(values.shape)


def cliffs_delta(
    a: ArrayLike, b: ArrayLike, *, paired: bool = True, settings: bool = False, level: float = 0.95
) -> Estimate:
    """Cliff's delta along the last axis, P(a > b) - P(a < b) over all n m pairs, with an interval.

    Negative when a is smaller, which is better; -1 and 1 when the samples do not overlap.

    The interval is the asymmetric one of Feng and Cliff (J. Mod. Appl. Stat. Methods 3, 2004) with the variance of
    the projection of the U-statistic: of the sum of both samples' parts where entry i of a and of b belong together
    (`paired`: matched starts), else of each sample apart. At -1 and 1, where that variance is 0, the other end is
    Wilson's: 1 - 2 z^2 / (n + z^2) in size.

    Args:
        a, b: (..., n) and (..., m), at least 2 entries each; n = m when paired.
        settings: the axis before the last one holds settings that share their entries, such as one start under several
            disturbances: values are compared within a setting, and delta is the mean over them.

    Raises:
        ValueError: NaN, fewer than 2 entries, or pairs of different numbers.

    >>> found = cliffs_delta([1.0, 2.0, np.inf], [3.0, 4.0, np.inf])
    >>> round(float(found.value), 4)
    -0.4444
    """
    left, right = numbers(a), numbers(b)
    n, m = left.shape[-1], right.shape[-1]
    if min(n, m) < 2 or (paired and n != m):
        raise ValueError(f"Cliff's delta needs at least 2 values of each, and as many when paired, got {n} and {m}")
    shape = np.broadcast_shapes(left.shape[:-1], right.shape[:-1])
    rows = np.broadcast_to(left, (*shape, n)).reshape(-1, n)
    others = np.broadcast_to(right, (*shape, m)).reshape(-1, m)
    of_a, of_b = _dominance(rows, others), -_dominance(others, rows)
    if settings:
        of_a, of_b = (part.reshape(-1, shape[-1], part.shape[-1]).mean(axis=1) for part in (of_a, of_b))
        shape = shape[:-1]
    delta = np.mean(of_a, axis=-1)
    if paired:
        variance = np.var(of_a + of_b, axis=-1, ddof=1) / n
    else:
        variance = np.var(of_a, axis=-1, ddof=1) / n + np.var(of_b, axis=-1, ddof=1) / m
    z = float(special.ndtri(0.5 + 0.5 * level))
    spread = z * z * variance
    half = np.sqrt(spread) * np.sqrt((1.0 - delta**2) ** 2 + spread)
    with np.errstate(invalid="ignore"):
        scale = 1.0 - delta**2 + spread
        low, high = (delta - delta**3 - half) / scale, (delta - delta**3 + half) / scale
    # all pairs agree: Wilson's interval for a share of n out of n
    certain, least = min(n, m), z * z
    inner = (certain - least) / (certain + least)
    low = np.where(delta >= 1.0, inner, np.where(delta <= -1.0, -1.0, low))
    high = np.where(delta >= 1.0, 1.0, np.where(delta <= -1.0, -inner, high))
    low, high = np.clip(low, -1.0, 1.0), np.clip(high, -1.0, 1.0)
    return Estimate(delta.reshape(shape), low.reshape(shape), high.reshape(shape))


def _dominance(rows: Floats, others: Floats) -> Floats:
    """Of every entry of rows (R, n), the share of others (R, m) below it minus the share above it."""
    m = others.shape[-1]
    found = np.empty(rows.shape)
    for r, ordered in enumerate(np.sort(others, axis=-1)):
        below = np.searchsorted(ordered, rows[r], side="left")
        found[r] = (below - (m - np.searchsorted(ordered, rows[r], side="right"))) / m
    return found
