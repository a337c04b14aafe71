"""Closed forms of worst cases with their worst functions, in units where R = 1 and L = 1 or G = 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.theory import last_iterate, smooth

Floats = NDArray[np.float64]
Points = tuple[str, Floats, Floats, Floats]  #: name, points, gradients, values

_SAME = 1e-12  #: relative difference up to which steps count as those of a closed form


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """A worst case, what it rests on, and a function of one dimension that attains it."""

    value: float
    source: str
    function: Points | None


def closed_form(steps: Floats, problem: str, measure: str, mu: float) -> ClosedForm | None:
    """The worst case where it is known, else None."""
    known: dict[tuple[str, str], Callable[[Floats, float], ClosedForm | None]] = {
        ("smooth-convex", "last"): _smooth_last,
        ("smooth-strongly-convex", "last"): _strongly_last,
        ("lipschitz-convex", "last"): _lipschitz_last,
        ("lipschitz-convex", "average"): _lipschitz_average,
    }
    rule = known.get((problem, measure))
    return None if rule is None else rule(steps, mu)


def _smooth_last(steps: Floats, mu: float) -> ClosedForm | None:
    bound = smooth.lower_bound(steps)
    total = math.fsum(steps)
    function = huber(1 / (1 + 2 * total), steps) if bound * (2 + 4 * total) < 1 + _SAME else quadratic(1.0, steps)
    if np.all(steps <= 1):
        return ClosedForm(bound, "claim capped_worst_case", function)
    if _constant(steps):
        source = "claim constant_step_smooth; Kim, arXiv 2412.04427"
        return ClosedForm(smooth.constant_step_value(float(steps[0]), steps.size), source, function)
    k = (steps.size + 1).bit_length() - 1
    if steps.size == 2**k - 1 and np.allclose(steps, smooth.silver_steps(k), rtol=_SAME, atol=0):
        source = "claim silver_steps_smooth; Grimmer, Shu and Wang, arXiv 2410.16249"
        return ClosedForm(smooth.silver_value(k), source, function)
    return None


def _strongly_last(steps: Floats, mu: float) -> ClosedForm | None:
    if not _constant(steps) or (steps.size and steps[0] >= 2):
        return None
    h, N = (float(steps[0]) if steps.size else 0.0), steps.size
    grown = -2 * N * math.log1p(-mu * h) if mu * h < 1 else math.inf  # (1 - mu h)^(-2N) = exp of this
    slow = mu / (mu + math.expm1(grown)) if grown < 700 else 0.0
    fast = (1 - h) ** (2 * N)
    function = quadratic(1.0, steps) if fast >= slow else None
    return ClosedForm(max(slow, fast) / 2, "Kim, arXiv 2412.04427", function)


def _lipschitz_last(steps: Floats, mu: float) -> ClosedForm | None:
    N = steps.size
    if _constant(steps):
        eta = float(steps[0]) if N else 0.0
        value = last_iterate.constant_step_value(eta, N, 1.0, 1.0) if eta > 0 else 1.0
        function = absolute_value(steps)
        attained = abs(function[3][-1] - value) <= _SAME * value
        return ClosedForm(value, "claim constant_step_lipschitz", function if attained else None)
    T = N + 1
    if np.allclose(steps, (1 - np.arange(1, T) / T) / math.sqrt(T), rtol=_SAME, atol=0):
        return ClosedForm(1 / math.sqrt(T), "claim linear_decay; arXiv 2310.07831", None)
    return ClosedForm(last_iterate.worst_case_value(steps, 1.0, 1.0), "claim any_steps_worst_case", None)


def _lipschitz_average(steps: Floats, mu: float) -> ClosedForm | None:
    if not _constant(steps):
        return None
    T, eta = steps.size + 1, float(steps[0]) if steps.size else 0.0
    if T * eta <= 1:
        name, points, slopes, values = absolute_value(steps)
        points, slopes, values = (np.append(a, [np.mean(a, axis=0)], axis=0) for a in (points, slopes, values))
        function = name, points, slopes, values
        return ClosedForm(1 - steps.size * eta / 2, "claim averaging_lipschitz", function)
    return ClosedForm(eta / 2 + 1 / (2 * T * eta), "claim averaging_lipschitz", None)


def attaining(steps: Floats, problem: str, measure: str, value: float) -> Points | None:
    """A function of one dimension, of a few that are known, on which the value is attained within a millionth."""
    if problem == "lipschitz-convex":
        candidates = [absolute_value(steps)] if measure == "last" else []
    else:
        total = math.fsum(steps)
        candidates = [quadratic(1.0, steps)] if measure != "average" else []
        if problem == "smooth-convex" and measure != "average":
            candidates.append(huber(1 / (1 + (2 if measure == "last" else 1) * total), steps))
            if measure == "last" and steps.size and steps[0] > 1:
                candidates.append(overshot(steps))
    for found in candidates:
        attained = found[3][-1] if measure == "last" else found[2][-1, 0] ** 2
        if abs(attained - value) <= 1e-6 * value:
            return found
    return None


def huber(radius: float, steps: Floats) -> Points:
    """The run of x^2/2 for |x| <= radius, continued linearly, from 1."""
    name = f"Huber's function: curvature L, linear beyond {radius:.6g} R"
    return _run(name, steps, lambda x: max(-radius, min(radius, x)), lambda x: _huber_value(radius, x))


def overshot(steps: Floats) -> Points:
    """The run from -1 of x^2/2, continued linearly beyond the radius that is worst after a first step above 1."""
    radius = (float(steps[0]) - 1) / (1 + 2 * math.fsum(steps[1:]))
    name = f"curvature L, linear beyond {radius:.6g} R on the side that the first step leads to"

    def value(x: float) -> float:
        return x * x / 2 if x <= radius else radius * (x - radius / 2)

    return _run(name, steps, lambda x: min(x, radius), value, -1.0)


def quadratic(curvature: float, steps: Floats) -> Points:
    """The run of curvature x^2/2 from 1."""
    name = "L x^2 / 2" if curvature == 1 else "mu x^2 / 2"
    return _run(name, steps, lambda x: curvature * x, lambda x: curvature * x * x / 2)


def absolute_value(steps: Floats) -> Points:
    """The run of |x| from 1."""
    return _run("G |x|", steps, lambda x: math.copysign(1.0, x), abs)


def _huber_value(radius: float, x: float) -> float:
    return x * x / 2 if abs(x) <= radius else radius * (abs(x) - radius / 2)


def _run(
    name: str, steps: Floats, slope: Callable[[float], float], value: Callable[[float], float], start: float = 1.0
) -> Points:
    points = [start]
    for h in steps:
        points.append(points[-1] - float(h) * slope(points[-1]))
    column: Any = np.array(points)[:, None]
    return name, column, np.array([[slope(x)] for x in points]), np.array([value(x) for x in points])


def _constant(steps: Floats) -> bool:
    return bool(np.all(steps == steps[:1]))
