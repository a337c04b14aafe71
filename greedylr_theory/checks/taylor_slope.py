"""f(x + h v) - f(x) - h g.v is O(h^2): ten times smaller h, a hundred times smaller remainder."""

from __future__ import annotations

from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check, Violation, only
from greedylr_theory.checks._subject import evaluated
from greedylr_theory.contracts import Objective


def measure(plugin: Any) -> str:
    worst = max(_worst(plugin, full) for full in (False, True))
    return f"remainders shrink to {worst:.3g} or less of what they were (0.01 is exact, 0.1 is wrong)"


def _worst(plugin: Any, full: bool) -> float:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(plugin.dim, 40))
    v = rng.normal(size=x.shape)
    loss, gradient = evaluated(plugin, x, full=full)

    def remainder(h: float) -> Any:
        return np.abs(evaluated(plugin, x + h * v, full=full)[0] - loss - h * (gradient * v).sum(axis=0))

    coarse, fine = remainder(1e-3), remainder(1e-4)
    rounding = 1e-14 * (1.0 + np.abs(loss))  # some tens of units in the last place of f
    defined = np.isfinite(loss)  # outside its domain a function has no slope
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((fine <= rounding) | ~defined, 0.0, fine / coarse)
    lane = int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio)))
    if not ratio[lane] <= 0.02:  # an exact gradient gives 0.01, a wrong one 0.1
        point = ", ".join(f"{value:.6g}" for value in x[:8, lane])
        raise Violation(f"the remainder shrinks to {ratio[lane]:.3g} of itself, not to 0.01, at x = ({point})")
    if not np.max(coarse[defined], initial=0.0) > 0 and plugin.smoothness != 0 and np.any(defined):
        raise Violation("f is the same linear function everywhere that was tried, but smoothness is not declared as 0")
    if not np.any(defined):
        raise Violation("f is finite at none of 40 points of a standard normal distribution")
    return float(ratio[lane])


CHECK = Check("the gradient is the slope of f", measure, only(Objective))
