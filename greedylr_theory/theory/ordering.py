"""Algorithm 1 on two samples: where the iterates settle when the step size has seen the sample of its own step.

f_1(x) = (x - 1)^2 / 2 + c and f_2(x) = (x + 1)^2 / 2, each drawn with probability 1/2, c >= 2, a start strictly between
-1 and 1, a cap g = gamma_max < 1 and gamma_min <= g F. Lengths are in units of half the distance of the two minimisers
and g in units of 1/L: for f_i = h/2 (x -+ s)^2 and an offset of at least 2 h s^2, multiply points by s, losses by
h s^2, and pass g = gamma_max h. With c <= -2 all points change sign.
"""

from __future__ import annotations

import math


def limit_point(F: float, g: float = 0.0) -> float:
    """Mean of the stationary law of x, which is where the average iterate tends: -(1-F)(1+g) / (3 + F + g(1-F)).

    The minimiser is 0. The mean is not the point that a single iterate tends to: x keeps moving unless g -> 0.

    Args:
        F: scaling factor, in (0, 1).
        g: cap of the step size over 1/L, in [0, 1); 0 for the limit of small steps.

    Returns:
        The mean, in (-1/2, 0), in units of half the distance of the minimisers.

    Raises:
        ValueError: F or g lies outside its domain.

    Source: claim ordering_bias.

    >>> limit_point(0.5)  # -1/7, however small the steps
    -0.14285714285714285
    >>> round(limit_point(0.5, 0.25), 12)  # -5/29
    -0.172413793103
    """
    _require(F, g)
    return -(1 - F) * (1 + g) / (3 + F + g * (1 - F))


def suboptimality_floor(F: float, g: float = 0.0) -> float:
    """f at the limit of the average iterate, minus f*: limit_point(F, g)^2 / 2.

    Args:
        F: scaling factor, in (0, 1).
        g: cap of the step size over 1/L, in [0, 1); 0 for the limit of small steps.

    Returns:
        Limit of E f(xbar_T) - f* as T grows, in units of h s^2 (see above).

    Raises:
        ValueError: F or g lies outside its domain.

    Source: claim ordering_bias.

    >>> round(1 / suboptimality_floor(0.5), 9)
    98.0
    """
    return limit_point(F, g) ** 2 / 2


def predictable_bias(F: float, g: float) -> float:
    """The same mean when the step size is set from earlier samples only: g (1-F)(1-F + g(3+F)) / (4 (3 + F + g(1-F))).

    Of the order of the step size, and on the other side of the minimiser.

    Args:
        F: scaling factor, in (0, 1).
        g: cap of the step size over 1/L, in [0, 1).

    Returns:
        Mean of the stationary law of x, in units of half the distance of the minimisers.

    Raises:
        ValueError: F or g lies outside its domain.

    Source: claim ordering_predictable_bias.

    >>> round(predictable_bias(0.5, 0.25), 12)  # 11/928
    0.011853448276
    """
    _require(F, g)
    return g * (1 - F) * (1 - F + g * (3 + F)) / (4 * (3 + F + g * (1 - F)))


def _require(F: float, g: float) -> None:
    if not (0 < F < 1):
        raise ValueError(f"F must lie in (0, 1), got {F!r}")
    if not (0 <= g < 1) or math.isnan(g):
        raise ValueError(f"g = gamma_max L must lie in [0, 1), got {g!r}")
