"""Real numbers by ball arithmetic: the precision is raised until the ball is no wider than a rounding."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import acb, arb, ctx, fmpq

BITS = 128  #: first precision; it doubles
_MOST = 2**15
_RELATIVE = 2.0**-60  #: radius of a ball relative to its centre
_SMALLEST = 2.0**-1080  #: below what a double can tell from 0


def rational(value: Any, what: str, domain: str, low: int, high: int | None = None) -> Fraction:
    """The number as an exact fraction; a float is the binary number it is.

    Raises:
        ValueError: it does not lie strictly between low and high (None for no upper end).
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{what} must lie in {domain}, got {value!r}")
    number = Fraction(value) if isinstance(value, numbers.Rational) else Fraction(float(value))
    if number <= low or (high is not None and number >= high):
        raise ValueError(f"{what} must lie in {domain}, got {value!r}")
    return number


def ball(value: Fraction) -> arb:
    """The fraction at the precision in force."""
    return arb(fmpq(value.numerator, value.denominator))


def dilogarithm(x: arb) -> arb:
    """Re Li_2(x) for every real x."""
    return acb(x).polylog(2).real


def nearest(function: Callable[[], arb]) -> float:
    """The double nearest to a real number, up to one rounding.

    Args:
        function: encloses the number at the precision in force when it is called.
    """
    bits = BITS
    while bits <= _MOST:
        with ctx.workprec(bits):
            value = function()
            radius = float(value.rad())
            if value.is_finite() and radius <= max(_RELATIVE * float(abs(value.mid())), _SMALLEST):
                return float(value.mid())
        bits *= 2
    raise ArithmeticError(f"no precision up to {_MOST} bits decides {function!r}")


def sign(function: Callable[[], arb], vanishes: bool) -> int:
    """-1, 0 or 1; whether the number is exactly 0 has been decided by other means."""
    bits = BITS
    while not vanishes and bits <= _MOST:
        with ctx.workprec(bits):
            value = function()
            if value.is_finite() and not value.contains(0):
                return 1 if value > 0 else -1
        bits *= 2
    if not vanishes:
        raise ArithmeticError(f"no precision up to {_MOST} bits decides the sign of {function!r}")
    return 0


def root(function: Callable[[arb], arb], low: Fraction, high: Fraction) -> float:
    """The zero of a function that is negative at low and positive at high, by bisection with certain signs."""
    while high - low > Fraction(1, 2**60) * abs(high):
        middle = (low + high) / 2
        if sign(lambda at=middle: function(ball(at)), vanishes=False) < 0:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)
