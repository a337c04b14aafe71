"""At the declared minimiser f has the declared minimum and no slope."""

from __future__ import annotations

from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check, Violation
from greedylr_theory.checks._subject import evaluated
from greedylr_theory.contracts import Objective


def measure(plugin: Any) -> str:
    loss, gradient = evaluated(plugin, np.array(plugin.minimiser)[:, None], full=True)
    slope = float(np.sqrt((gradient**2).sum()))
    if plugin.minimum is not None and not abs(loss[0] - plugin.minimum) <= 1e-15 + 1e-12 * abs(plugin.minimum):
        raise Violation(f"f is {float(loss[0])!r} at the minimiser, and the declared minimum {plugin.minimum!r}")
    if plugin.smoothness is not None and plugin.minimum is not None:
        # f(x) - f* <= 1e-12 f* and smoothness bound the slope: |g|^2 <= 2 L (f - f*)
        bound = np.sqrt(2 * plugin.smoothness * 1e-12 * max(plugin.minimum, 1e-12))
        if not slope <= bound:
            raise Violation(f"the gradient has norm {slope:.3g} at the minimiser, above {bound:.3g}")
    return f"f = {loss[0]:.6g}, gradient of norm {slope:.3g}"


def _skipped(plugin: Any) -> str:
    if not isinstance(plugin, Objective):
        return "for objectives"
    return "no minimiser is declared" if plugin.minimiser is None else ""


CHECK = Check("the minimiser is one", measure, _skipped)
