"""From exact rationals to floats on a stated side of them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any


def rounded_up(value: Fraction) -> float:
    """The smallest float64 that is not below a rational; infinity beyond the largest."""
    found = nearest(value)
    below = found == -math.inf or (found < math.inf and Fraction(found) < value)
    return math.nextafter(found, math.inf) if below else found


def rounded_down(value: Fraction) -> float:
    """The largest float64 that is not above a rational."""
    return -rounded_up(-value)


def nearest(value: Any) -> float:
    """The float64 nearest to a Fraction or to a rational of python-flint; infinite beyond the largest."""
    numerator, denominator = (
        (value.numerator, value.denominator) if isinstance(value, Fraction) else (int(value.p), int(value.q))
    )
    try:
        return numerator / denominator  # Python's division of integers rounds correctly whatever their size
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf
