"""Value and gradient equal the sympy expression that the objective gives of itself, differentiated there."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np

from greedylr_theory.checks._check import Check, Violation
from greedylr_theory.checks._subject import evaluated
from greedylr_theory.contracts import Objective


def measure(plugin: Any) -> str:
    import sympy

    symbols = sympy.symbols(f"x:{plugin.dim}", real=True)
    expression = sympy.sympify(plugin.expression(list(symbols)), strict=True)  # an object, never text to be evaluated
    slopes = [sympy.diff(expression, symbol) for symbol in symbols]
    exact = sympy.lambdify(symbols, [expression, *slopes], "mpmath", cse=True)
    x = np.random.default_rng(11).normal(size=(plugin.dim, 5))
    loss, gradient = evaluated(plugin, x, full=True)
    worst = 0.0
    for lane in range(x.shape[1]):
        with mpmath.workdps(40):
            numbers = [complex(number) for number in exact(*[mpmath.mpf(float(entry)) for entry in x[:, lane]])]
        if any(number.imag for number in numbers):
            continue  # outside the domain
        value, *wanted = (number.real for number in numbers)
        # each sum rounds a few times per term; the largest slope sets the scale where terms cancel
        scale = max(map(abs, wanted))
        pairs = [(loss[lane], value, 1e-13 * abs(value))]
        pairs += [(g, w, 1e-12 * abs(w) + 1e-14 * scale) for g, w in zip(gradient[:, lane], wanted, strict=True)]
        for found, right, allowed in pairs:
            if not abs(found - right) <= allowed:
                raise Violation(f"the kernel gives {float(found)!r} and the expression {right!r} at x = {x[:8, lane]}")
            worst = max(worst, abs(found - right) / (abs(right) + 0.01 * scale) if right or scale else 0.0)
    return f"largest relative difference {worst:.2g}"


def _skipped(plugin: Any) -> str:
    if not isinstance(plugin, Objective):
        return "for objectives"
    return "no expression(x) is given" if type(plugin).expression is Objective.expression else ""


CHECK = Check("value and gradient equal the sympy expression", measure, _skipped)
