"""Bounds on stochastic gradient descent under a predictable step size, as the claims of the same names prove them.

The setting of both: f = (1/n) sum f_i, every f_i convex and L-smooth, x* a minimiser of f, sigma^2 the mean of
norm(grad f_i(x*))^2, R the distance of x_0 from x*; one sample per step, and a step size in [gamma_min, gamma_max] that
does not depend on the sample of its own step (ordering "after_update"), gamma_max < 1/L.

Numbers are computed in ball arithmetic and rounded once. A float stands for the binary number it is.
"""

from __future__ import annotations

import math
import numbers
from fractions import Fraction
from typing import Any

from flint import arb

from greedylr_theory.theory._balls import ball, nearest

Number = float | Fraction


def predictable(R: Number, sigma: Number, L: Number, gamma_min: Number, gamma_max: Number, T: int) -> float:
    """R^2 / (2 T gamma_min) + gamma_max^2 sigma^2 / (2 gamma_min (1 - gamma_max L)), in units of loss.

    Bounds E f(xbar_T) - f*, xbar_T the mean of x_0 ... x_{T-1}, and the mean of E f(x_t) - f* over t < T.

    Args:
        R: norm(x_0 - x*), at least 0, in length.
        sigma: root of the mean square of the gradients at x*, at least 0, in loss / length.
        L: smoothness of every f_i, positive, in loss / length^2.
        gamma_min, gamma_max: 0 < gamma_min <= gamma_max < 1/L, in length^2 / loss.
        T: number of steps, at least 1.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claim convergence_predictable.

    >>> predictable(R=1.0, sigma=0.5, L=1.0, gamma_min=0.25, gamma_max=0.5, T=100)
    0.27
    """
    distance, noise, smoothness, low, high = _checked(R, sigma, L, gamma_min, gamma_max)
    steps = _steps(T, 1)
    start = distance**2 / (2 * steps * low)
    return nearest(lambda: ball(start) + _floor(noise, smoothness, high) / (2 * ball(low)))


def strongly_convex(
    R: Number, sigma: Number, L: Number, mu: Number, gamma_min: Number, gamma_max: Number, T: int
) -> float:
    """(1 - gamma_min mu)^T R^2 + gamma_max^2 sigma^2 / (gamma_min mu (1 - gamma_max L)), in units of length^2.

    Bounds E norm(x_T - x*)^2 where f(x) - f* >= (mu/2) norm(x - x*)^2 for all x.

    Args:
        R, sigma, L, gamma_min, gamma_max, T: as for `predictable`; T may be 0.
        mu: 0 < mu <= L, in loss / length^2.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claim convergence_strongly_convex.

    >>> strongly_convex(R=2.0, sigma=0.0, L=1.0, mu=0.5, gamma_min=0.5, gamma_max=0.5, T=2)
    2.25
    >>> strongly_convex(R=2.0, sigma=0.5, L=1.0, mu=0.5, gamma_min=0.5, gamma_max=0.5, T=2)
    2.75
    """
    distance, noise, smoothness, low, high = _checked(R, sigma, L, gamma_min, gamma_max)
    steps, convexity = _steps(T, 0), _number(mu)
    if convexity is None or not 0 < convexity <= smoothness:
        raise ValueError(f"the strong convexity mu must lie in (0, L] = (0, {L!r}], got {mu!r}")
    return nearest(
        lambda: (
            ball(1 - low * convexity) ** steps * ball(distance**2)
            + _floor(noise, smoothness, high) / ball(low * convexity)
        )
    )


def _floor(noise: Fraction, smoothness: Fraction, rate: Fraction) -> arb:
    """What the noise adds to the squared distance in one step."""
    return ball((rate * noise) ** 2 / (1 - rate * smoothness))


def _checked(R: Number, sigma: Number, L: Number, low: Number, high: Number) -> tuple[Fraction, ...]:
    distance, noise, smoothness, least, most = (_number(value) for value in (R, sigma, L, low, high))
    if distance is None or distance < 0:
        raise ValueError(f"the distance R must be a finite number >= 0, got {R!r}")
    if noise is None or noise < 0:
        raise ValueError(f"the noise sigma must be a finite number >= 0, got {sigma!r}")
    if smoothness is None or smoothness <= 0:
        raise ValueError(f"the smoothness L must be a finite number > 0, got {L!r}")
    if least is None or least <= 0:
        raise ValueError(f"the smallest step size gamma_min must be a finite number > 0, got {low!r}")
    if most is None or most < least or most * smoothness >= 1:
        raise ValueError(
            f"the largest step size gamma_max must lie in [gamma_min, 1/L) = [{low!r}, 1/{L!r}), got {high!r}"
        )
    return distance, noise, smoothness, least, most


def _steps(T: int, least: int) -> int:
    if not isinstance(T, numbers.Integral) or isinstance(T, bool) or least > T:
        raise ValueError(f"the number of steps T must be an integer >= {least}, got {T!r}")
    return int(T)


def _number(value: Any) -> Fraction | None:
    """The number as an exact fraction; None for what is not one."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        return None
    return Fraction(value) if isinstance(value, numbers.Rational) else Fraction(float(value))
