"""Gradient descent on convex L-smooth functions: worst cases of f(x_N) - f* for constant, silver and any other steps.

Values are in units of L R^2, R the distance of the start from a minimiser; steps h = gamma L in units of 1/L. N counts
steps, so that x_N is the last of N + 1 iterates.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST_SILVER = 30  #: largest k of `silver_steps`: a billion steps
_SMALLEST_SILVER = 800  #: largest k of `silver_value`: about 1e-307
_MOST_STEPS = 2**52  #: twice as many are a double
_SILVER = 1 + math.sqrt(2)


def constant_step_value(h: float, N: int) -> float:
    """Largest f(x_N) - f* with N equal steps: (1/2) max{1 / (2 N h + 1), (1 - h)^(2N)}.

    The first is Huber's function of radius 1 / (2 N h + 1), the second x^2 / 2; both start at 1.

    Args:
        h: step size, in [0, inf), in units of 1/L; above 2 the value exceeds that of the start.
        N: number of steps, 0 <= N <= 2^52.

    Returns:
        The worst case, in units of L R^2; inf where it exceeds the largest double.

    Raises:
        ValueError: h or N lies outside its domain.

    Source: claim constant_step_smooth, which says for which h and N this is proved and by whom.

    >>> constant_step_value(1.5, 3)  # 1 / (2 (2 * 3 * 1.5 + 1))
    0.05
    >>> constant_step_value(2.0, 7)  # no progress
    0.5
    """
    step, count = _step(h, "h"), _count(N, "N", 0, _MOST_STEPS)
    slow = 1 / (2 * count * step + 1)
    if step <= 1:  # (1 - h)^(2N) <= exp(-2Nh) <= 1 / (1 + 2Nh)
        return slow / 2
    try:
        fast = (step - 1) ** (2 * count)  # h - 1 is exact here wherever a rounding could matter
    except OverflowError:
        return math.inf
    return max(slow, fast) / 2


def best_constant_step(N: int) -> tuple[float, float]:
    """The constant step with the smallest worst case after N steps: 1 / (2 N h + 1) = (h - 1)^(2N), h in (1, 2).

    Args:
        N: number of steps, 1 <= N <= 2^52.

    Returns:
        (h, worst case) in units of 1/L and of L R^2.

    Raises:
        ValueError: N lies outside its domain.

    Source: claim constant_step_smooth.

    >>> best_constant_step(1)  # 3/2 and 1/8
    (1.5, 0.125)
    >>> [round(best_constant_step(N)[0], 6) for N in (2, 3, 7, 1000)]
    [1.60583, 1.670332, 1.792178, 1.995862]
    """
    count = _count(N, "N", 1, _MOST_STEPS)
    double = 2 * count

    def excess(short: float) -> float:  # ln of the ratio of both sides at h = 2 - short
        return math.log1p(double * (2 - short)) + double * math.log1p(-short)

    # the excess falls in `short` and is concave: Newton's steps from the right of the root stay there
    short = min(0.5, math.log(4 * count + 1) / double)
    for _ in range(100):
        slope = -double / (1 + double * (2 - short)) - double / (1 - short)
        moved = short - excess(short) / slope
        if not moved < short:
            break
        short = moved
    h = 2 - short
    return h, 1 / (2 * (double * h + 1))


def silver_steps(k: int) -> NDArray[np.float64]:
    """The 2^k - 1 silver steps: h_t = 1 + rho^(nu(t) - 1) for t = 1, 2, ..., rho = 1 + sqrt 2.

    nu(t) is the number of times that 2 divides t. They sum to rho^k - 1.

    Args:
        k: 0 <= k <= 30.

    Returns:
        Steps (2^k - 1,), in units of 1/L.

    Raises:
        ValueError: k lies outside its domain.

    Source: Altschuler and Parrilo, arXiv 2309.16530, Section 1.

    >>> silver_steps(2)  # sqrt 2, 2, sqrt 2
    array([1.41421356, 2.        , 1.41421356])
    """
    times = _count(k, "k", 0, LONGEST_SILVER)
    steps = np.empty(2**times - 1)
    for power in range(times):  # the first step of every power of 2, then every second one after it
        steps[2**power - 1 :: 2 ** (power + 1)] = 1 + _SILVER ** (power - 1) if power else math.sqrt(2)
    return steps


def silver_value(k: int) -> float:
    """Largest f(x_N) - f* after the N = 2^k - 1 silver steps: 1 / (4 rho^k - 2), rho = 1 + sqrt 2.

    Args:
        k: 0 <= k <= 800.

    Returns:
        The worst case, in units of L R^2. It falls like N^(-log2 rho), about N^-1.27.

    Raises:
        ValueError: k lies outside its domain.

    Source: claim silver_steps_smooth.

    >>> [round(silver_value(k), 12) for k in (0, 1, 2, 3)]  # N = 0, 1, 3, 7
    [0.5, 0.130601937482, 0.046918160678, 0.018421542318]
    """
    power = _SILVER ** -_count(k, "k", 0, _SMALLEST_SILVER)
    return power / (4 - 2 * power)


def lower_bound(steps: Sequence[float] | NDArray[Any]) -> float:
    """What no analysis of these steps can beat: (1/2) max{1 / (1 + 2 sum h_t), prod (1 - h_t)^2}.

    The first is attained by Huber's function of radius 1 / (1 + 2 sum h_t), the second by x^2 / 2, both from 1. It is
    the worst case for steps of at most 1/L, for constant steps and for the silver steps, and not always.

    Args:
        steps: h_0 .. h_{N-1}, nonnegative and finite, in units of 1/L.

    Returns:
        The bound, in units of L R^2; inf where it exceeds the largest double.

    Raises:
        ValueError: a step lies outside its domain.

    Source: claim lower_bound_smooth.

    >>> lower_bound([1.5])
    0.125
    >>> lower_bound([])  # f(x_0) - f*
    0.5
    """
    given = np.asarray(steps)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iuf"):
        raise ValueError(f"steps must be a sequence of numbers in [0, inf), got {steps!r}")
    taken = given.astype(np.float64)
    outside = ~((taken >= 0) & (taken < math.inf))
    if np.any(outside):
        raise ValueError(f"steps must lie in [0, inf), got {given[outside][0].item()!r}")
    if np.any(taken == 1):
        product = 0.0
    else:
        near = taken < 0.5  # beyond, 1 - h is exact or its rounding harmless
        logs = np.where(near, np.log1p(-np.where(near, taken, 0.0)), np.log(np.abs(1 - np.where(near, 0.0, taken))))
        exponent = 2 * math.fsum(logs)
        product = math.exp(exponent) if exponent < 709.7 else math.inf
    try:
        slow = 1 / (1 + 2 * math.fsum(taken))
    except OverflowError:
        slow = 0.0
    return max(slow, product) / 2


def _step(value: Any, name: str) -> float:
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf:
        return float(value)
    raise ValueError(f"{name} must lie in [0, inf), got {value!r}")


def _count(value: Any, name: str, low: int, high: int) -> int:
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    if not low <= int(value) <= high:
        raise ValueError(f"{name} must be from {low} to {high}, got {value!r}")
    return int(value)
