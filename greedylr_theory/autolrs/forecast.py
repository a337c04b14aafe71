"""Where a loss is going: a robust fit of a exp(b t) + c with b < 0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

#: fewer losses than this determine nothing
SHORTEST = 4
#: speeds that are tried first, from a decay within one step to one that is a straight line over the series
_SPEEDS = 60
_FASTEST, _SLOWEST = 5.0, 1e-3
#: standard deviation of a normal law over its median absolute deviation
_NORMAL = 1.4826


@dataclass(frozen=True)
class Exponential:
    """l(t) = a exp(b t) + c with b < 0; t counts from the first loss of the series that was fitted."""

    a: float
    b: float
    c: float

    def at(self, t: float) -> float:
        """Loss at t, in steps."""
        return self.a * math.exp(self.b * t) + self.c


def fit(losses: ArrayLike, floor: float | None = None) -> Exponential:
    """Least squares for a and c at every b, the best b, then all three with early outliers counting linearly.

    The published code smooths the series by a quadratic spline ten times, leaving out each time the 3 % that lie
    farthest from it unless they are in its second half, and fits plain least squares. Here no loss is removed:
    residuals of the first half beyond the usual ones (median absolute deviation) count linearly. Those of the second
    half never do, or a loss that begins to explode would be taken for an outlier.

    Args:
        losses: at least 4 finite losses at t = 0, 1, ...
        floor: c is not below it, where the loss is known not to be; a short, nearly straight series says little of c.

    Raises:
        ValueError: fewer, or one is not finite.
    """
    y = np.asarray(losses, dtype=np.float64)
    if y.ndim != 1 or y.size < SHORTEST or not np.all(np.isfinite(y)):
        raise ValueError(f"losses must be at least {SHORTEST} finite numbers, got {losses!r}")
    scale = float(np.max(np.abs(y - y[0])))
    if scale == 0.0:
        return Exponential(0.0, -1.0, float(y[0]))
    found = _fit_scaled((y - y[0]) / scale, -np.inf if floor is None else (floor - float(y[0])) / scale)
    return Exponential(found.a * scale, found.b, found.c * scale + float(y[0]))


def _fit_scaled(y: NDArray[np.float64], floor: float) -> Exponential:
    t = np.arange(y.size, dtype=np.float64)

    def best_line(log_speed: float) -> tuple[float, float, float]:
        """a, c and the sum of squares for one b."""
        curve = np.exp(-math.exp(log_speed) * t)
        centred, mean = curve - curve.mean(), y.mean()
        a = float(centred @ (y - mean) / (centred @ centred))
        c = float(mean - a * curve.mean())
        if c < floor:
            a, c = float(curve @ (y - floor) / (curve @ curve)), floor
        return a, c, float(np.sum((a * curve + c - y) ** 2))

    grid = np.linspace(math.log(_SLOWEST / y.size), math.log(_FASTEST), _SPEEDS)
    k = int(np.argmin([best_line(q)[2] for q in grid]))
    bracket = (grid[max(k - 1, 0)], grid[min(k + 1, _SPEEDS - 1)])
    close: Any = optimize.minimize_scalar(lambda q: best_line(q)[2], bounds=bracket, method="bounded")
    a, c, _ = best_line(float(close.x))

    def residuals(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[0] * np.exp(-np.exp(values[1]) * t) + values[2] - y

    start = np.array([a, float(close.x), c])
    usual = max(_NORMAL * float(np.median(np.abs(residuals(start)))), 1e-12)

    def tamed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Residuals whose squares grow linearly, where they are large and early (pseudo-Huber)."""
        found = residuals(values)
        early = found[: y.size // 2] / usual
        found[: y.size // 2] = usual * np.sign(early) * np.sqrt(2.0 * (np.hypot(1.0, early) - 1.0))
        return found

    limits = ([-np.inf, grid[0] - 1e-9, floor - 1e-15], [np.inf, grid[-1] + 1e-9, np.inf])
    polished: Any = optimize.least_squares(tamed, start, bounds=limits, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    a, log_speed, c = (float(value) for value in polished.x)
    return Exponential(a, -math.exp(log_speed), max(c, floor))
