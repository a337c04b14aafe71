"""What an objective declares (L, mu, f*, convexity) is not violated at random pairs of points, near and far."""

from __future__ import annotations

from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check, Violation
from greedylr_theory.checks._subject import evaluated
from greedylr_theory.contracts import Objective

_DECLARED = ("smoothness", "strong_convexity", "minimum", "convex")


def points(dim: int, count: int, seed: int) -> Any:
    """(d, B) at scales from a hundredth to ten: near the minimum and far from it."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(dim, count)) * 10.0 ** rng.uniform(-2, 1, size=count)


def measure(plugin: Any) -> str:
    x, y = points(plugin.dim, 400, 1), points(plugin.dim, 400, 2)
    y[:, 200:] = x[:, 200:] + 1e-3 * (y[:, 200:] - x[:, 200:])  # local as well as global
    (fx, gx), (fy, gy) = evaluated(plugin, x, full=True), evaluated(plugin, y, full=True)
    defined = np.isfinite(fx) & np.isfinite(fy)
    x, y, gx, gy, fx, fy = (array[..., defined] for array in (x, y, gx, gy, fx, fy))
    distance = np.sqrt(((x - y) ** 2).sum(axis=0))
    change = np.sqrt(((gx - gy) ** 2).sum(axis=0))
    # the gradients were rounded before they were subtracted
    rounding = 1e-13 * (np.abs(gx).max(axis=0) + np.abs(gy).max(axis=0)) + 1e-15
    inner = ((gx - gy) * (x - y)).sum(axis=0)
    seen: list[str] = []
    if plugin.smoothness is not None:
        seen.append(f"L {plugin.smoothness:.6g}, largest seen {np.max(change / distance):.6g}")
        _require(change <= plugin.smoothness * distance + rounding, seen[-1], "smoothness (L)")
    if plugin.strong_convexity is not None:
        seen.append(f"mu {plugin.strong_convexity:.6g}, smallest seen {np.min(inner / distance**2):.6g}")
        _require(
            inner >= plugin.strong_convexity * distance**2 - rounding * distance, seen[-1], "strong_convexity (mu)"
        )
    if plugin.convex:
        above = fy - (fx + (gx * (y - x)).sum(axis=0))
        seen.append(f"convex, least height above a tangent {np.min(above):.3g}")
        _require(above >= -1e-12 * (1.0 + np.abs(fx) + np.abs(fy)), seen[-1], "convexity")
    if plugin.minimum is not None:
        seen.append(f"f* {plugin.minimum:.6g}, smallest seen {np.min(fx):.6g}")
        _require(fx >= plugin.minimum - 1e-14 * (1.0 + abs(plugin.minimum)), seen[-1], "minimum (f*)")
    return "; ".join(seen)


def _require(held: Any, seen: str, what: str) -> None:
    if not np.all(held):
        raise Violation(f"{what} is violated at {np.count_nonzero(~held)} of {held.size} pairs of points: {seen}")


def _skipped(plugin: Any) -> str:
    if not isinstance(plugin, Objective):
        return "for objectives"
    return "" if any(getattr(plugin, name) is not None for name in _DECLARED) else "nothing is declared"


CHECK = Check("declared constants hold", measure, _skipped)
