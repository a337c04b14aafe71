"""refine(norms) -> the learning-rate schedule that the gradient norms of a run recommend.

Norms G_1 .. G_T are smoothed by a running median. With w_t = G_t^-2 (l2 norms: the bound D / sqrt(sum_t G_t^-2) on the
last iterate of SGD) or w_t = 1 / G_t (l1 norms: Adam, a heuristic without a bound) the rates are
eta_t = w_t (w_{t+1} + ... + w_T), divided by the largest. T norms belong to T iterates, and eta_T = 0.

Source: arXiv 2310.07831 (2023), refinement of linear decay, and the code published with it.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

if TYPE_CHECKING:
    from greedylr_theory.schedulers.table import Table

Floats = NDArray[np.float64]
Kind = Literal["l2", "l1"]
Basis = Literal["fraction", "published"]

EXPONENTS = {"l2": -2.0, "l1": -1.0}
#: the published code resamples to this many points, and counts its window in them
PUBLISHED_POINTS = 10_000
#: samples that the published code leaves out at either end
PUBLISHED_TRIM = 2


class RefinementWarning(UserWarning):
    """What the published code does without a word; the text says what was done."""


@dataclass(frozen=True)
class Fit:
    """s(x) = x / f for x < f, else ((1 - x) / (1 - f))^p, at the share x = t / (T - 1) of a run.

    warmup: f, 0 or in [0.001, 0.99]. exponent: p in [0.05, 20]. deviation: root mean square distance from the schedule.
    """

    warmup: float
    exponent: float
    deviation: float

    def schedule(self, points: int) -> Floats:
        """Factors (points,) at equally spaced x from 0 to 1."""
        return _warmup_polynomial(np.linspace(0.0, 1.0, points), self.warmup, np.array([self.exponent]))[0]


@dataclass(frozen=True, eq=False)
class Refined:
    """A refined schedule for T steps, as long as the norms unless `points` were asked for.

    schedule: (T,) factors of the peak rate, the largest 1, the last 0.
    weights: (T,) w_t over their sum.
    smoothed: (T,) the smoothed norms, in the unit of the norms.
    kind: "l2" or "l1". window: samples under the running median. dropped: infinite norms left out ("published" only).
    """

    schedule: Floats
    weights: Floats
    smoothed: Floats
    kind: Kind
    window: int
    dropped: int

    @property
    def argmax(self) -> int:
        """First step t, counted from 0, with the peak rate."""
        return int(np.argmax(self.schedule))

    @property
    def bound(self) -> float | None:
        """1 / sqrt(sum_t G_t^-2) of the smoothed norms: times D it bounds E f(x_T) - f*; None for l1.

        It holds for convex f and weights fixed before the run. Weights from the norms of that very run, or of another,
        are outside of the theorem.
        """
        return None if self.kind == "l1" else self._root * float(np.min(self.smoothed))

    @property
    def peak(self) -> float | None:
        """Largest rate over D, in length / loss, of the steps that attain the bound; None for l1."""
        if self.kind == "l1":
            return None
        largest = self.weights[self.argmax] * np.sum(self.weights[self.argmax + 1 :])
        return float(largest / (self._root * np.min(self.smoothed)))

    @property
    def _root(self) -> float:
        # the smallest norm taken out, so that no square over- or underflows
        return 1.0 / math.sqrt(float(np.sum((self.smoothed / np.min(self.smoothed)) ** -2.0)))

    def at(self, fractions: Any) -> Floats:
        """The schedule at shares of the run in [0, 1], interpolated linearly; share t / (T - 1) is step t."""
        return np.interp(fractions, np.linspace(0.0, 1.0, self.schedule.size), self.schedule)

    def table(self) -> Table:
        """The scheduler of the simulator that follows this schedule; `lr0` of the run is the peak rate."""
        from greedylr_theory.schedulers.table import Table

        return Table(tuple(self.schedule.tolist()))

    @cached_property
    def fit(self) -> Fit:
        """Warmup and polynomial decay with the least mean squared distance from the schedule.

        Over 1001 equally spaced shares of the run; the best of a grid of f and ln p, searched again around the best,
        nine times. Deterministic; the distance is no convex function, so a grid comes first.
        """
        x = np.linspace(0.0, 1.0, 1001)
        wanted = self.at(x)
        centre, best = (0.5, 0.0), Fit(0.0, 1.0, math.inf)
        widths = (0.5, math.log(20.0))
        for _ in range(10):
            shares = np.clip(centre[0] + widths[0] * np.linspace(-1, 1, 21), 0.0, 0.99)
            # a warmup shorter than the spacing is none; a tie goes to the shortest
            shares = np.unique(np.where(shares < x[1], 0.0, shares))
            logs = np.unique(np.clip(centre[1] + widths[1] * np.linspace(-1, 1, 21), -math.log(20.0), math.log(20.0)))
            for share in shares:
                deviations = np.mean((_warmup_polynomial(x, share, np.exp(logs)) - wanted) ** 2, axis=1)
                k = int(np.argmin(deviations))
                if deviations[k] < best.deviation:
                    best = Fit(float(share), math.exp(logs[k]), float(deviations[k]))
            centre = (best.warmup, math.log(best.exponent))
            widths = (widths[0] / 5, widths[1] / 5)
        return dataclasses.replace(best, deviation=math.sqrt(best.deviation))


def refine(
    norms: Any,
    *,
    kind: Kind = "l2",
    smoothing: float = 0.1,
    window_basis: Basis = "fraction",
    points: int | None = None,
) -> Refined:
    """The schedule that gradient norms recommend.

    Args:
        norms: (T,) norms of the gradients of a run, in its order; at least two.
        kind: "l2" (weights G^-2, for SGD) or "l1" (weights 1 / G, for Adam).
        smoothing: tau in [0, 1]. The window of the running median has 2 floor(floor(tau n) / 2) + 1 samples, an odd
            number: the window is centred on its sample. Beyond the first sample the series is continued by that sample,
            beyond the last one by reflection (the last one itself is not repeated).
        window_basis: "fraction": n = T, so the window is tau of the run. "published": what the published code does. It
            leaves out infinite norms, then two samples at either end; interpolates to 10,000 points if there are
            fewer; smooths with n = 10,000, so with 1001 samples for tau = 0.1, however many there are; and interpolates
            the smoothed norms to 10,000 points.
        points: length of the schedule; the smoothed norms are interpolated linearly to that many before the weights are
            formed. Default: T, or 10,000 for "published".

    Raises:
        ValueError: fewer than two norms are left, one is zero, negative, NaN or (except for "published") infinite,
            they span more than a factor of 1e150 after smoothing, or an option is out of range.

    Time is O(T log(window)), memory O(T).

    >>> refine([3.0, 3.0, 3.0, 3.0, 3.0]).schedule
    array([1.  , 0.75, 0.5 , 0.25, 0.  ])
    >>> refine([2.0, 2.0, 1.0, 1.0, 1.0], smoothing=0).schedule.round(4)
    array([0.4062, 0.375 , 1.    , 0.5   , 0.    ])
    """
    if kind not in EXPONENTS:
        raise ValueError(f"kind must be 'l2' or 'l1', got {kind!r}")
    if window_basis not in ("fraction", "published"):
        raise ValueError(f"window_basis must be 'fraction' or 'published', got {window_basis!r}")
    if isinstance(smoothing, bool) or not isinstance(smoothing, int | float | np.number) or not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing (tau) must lie in [0, 1], got {smoothing!r}")
    if points is not None and (not isinstance(points, int | np.integer) or points < 2):
        raise ValueError(f"points must be an integer of at least 2, or None, got {points!r}")
    values, dropped = _numbers(norms), 0
    if window_basis == "published":
        kept = np.flatnonzero(~np.isinf(values))
        dropped = values.size - kept.size
        _require_positive(values, kept[PUBLISHED_TRIM:-PUBLISHED_TRIM])
        values = values[kept[PUBLISHED_TRIM:-PUBLISHED_TRIM]]
    else:
        _require_positive(values, np.arange(values.size))
    if dropped:
        text = (
            f"{dropped} infinite norms are left out, as the published code does, and the steps between them forgotten"
        )
        warnings.warn(text, RefinementWarning, stacklevel=2)
    if window_basis == "published" and values.size < PUBLISHED_POINTS:
        values = _resampled(values, PUBLISHED_POINTS)
    window = _window(smoothing, PUBLISHED_POINTS if window_basis == "published" else values.size)
    smoothed = _running_median(values, window)
    smoothed = _resampled(smoothed, points or (PUBLISHED_POINTS if window_basis == "published" else values.size))
    low, high = float(np.min(smoothed)), float(np.max(smoothed))
    if high * 1e-150 > low:
        raise ValueError(f"norms must lie within a factor of 1e150 of each other, got {low!r} and {high!r}")
    # relative to the smallest norm: no power over- or underflows to more than a weight of 0, and equal norms have
    # weights of 1, whose sums are exact
    weights = (smoothed / low) ** EXPONENTS[kind]
    after = np.append(np.cumsum(weights[:0:-1])[::-1], 0.0)
    rates = weights * after
    return Refined(rates / np.max(rates), weights / np.sum(weights), smoothed, kind, window, dropped)


def _numbers(norms: Any) -> Floats:
    try:
        values = np.asarray(norms, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"norms must be a sequence of numbers, got {type(norms).__name__}") from None
    if values.ndim != 1:
        raise ValueError(f"norms must be one sequence (T,) of numbers, got an array of shape {values.shape}")
    return values


def _require_positive(values: Floats, used: NDArray[np.int64]) -> None:
    if used.size < 2:
        raise ValueError(f"norms must hold at least 2 usable numbers, got {used.size}")
    wrong = used[~((values[used] > 0.0) & (values[used] < np.inf))]
    if wrong.size:
        more = f", and {wrong.size - 1} more like it" if wrong.size > 1 else ""
        raise ValueError(f"norms must be positive and finite, got {float(values[wrong[0]])!r} at step {wrong[0]}{more}")


def _window(smoothing: float, samples: int) -> int:
    return 2 * (int(smoothing * samples) // 2) + 1


def _running_median(values: Floats, window: int) -> Floats:
    """Median of an odd number of samples; the first repeated to the left, reflection at the last."""
    half = window // 2
    if half == 0:
        return values
    padded = np.concatenate([np.full(half, values[0]), np.pad(values, (0, half), mode="reflect")])
    return median_filter(padded, size=window, mode="nearest")[half : half + values.size]


def _resampled(values: Floats, points: int) -> Floats:
    if points == values.size:
        return values
    return np.interp(np.linspace(0.0, 1.0, points), np.linspace(0.0, 1.0, values.size), values)


def _warmup_polynomial(x: Floats, warmup: float, exponents: Floats) -> Floats:
    """s(x) of `Fit`, (exponents, x)."""
    with np.errstate(divide="ignore"):  # at the end of the run
        logs = np.log((1.0 - np.maximum(x, warmup)) / (1.0 - warmup))
    found = np.exp(exponents[:, None] * logs)
    rising = x < warmup
    found[:, rising] = x[rising] / max(warmup, 1e-300)
    return found
