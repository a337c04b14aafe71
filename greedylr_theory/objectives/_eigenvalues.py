"""Spectra named by a rule, each entry the nearest float64: the same on every machine, unlike a pow of its own."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from greedylr_theory.objectives._rationals import nearest
from greedylr_theory.params import NONNEGATIVE, POSITIVE, Interval

_CONDITION = Interval.left_closed(1, math.inf)


def log_spaced(dimension: int, condition: float, smallest: float = 1.0) -> tuple[float, ...]:
    """h_i = h_min kappa^(i / (d - 1)), i = 0 .. d - 1; see Quadratic.log_spaced."""
    _check("dimension (d)", dimension, Interval.left_closed(1, math.inf))
    _check("condition (kappa)", condition, _CONDITION)
    _check("smallest (h_min)", smallest, POSITIVE)
    if dimension == 1:
        if condition != 1.0:
            raise ValueError(f"condition (kappa) must be 1 for a single eigenvalue, got {condition!r}")
        return (float(smallest),)
    with decimal.localcontext(prec=50):
        log = Decimal(condition).ln()
        inner = [float(Decimal(smallest) * (log * i / (dimension - 1)).exp()) for i in range(1, dimension - 1)]
    return (float(smallest), *inner, nearest(Fraction(smallest) * Fraction(condition)))


def power_law(dimension: int, exponent: float, largest: float = 1.0) -> tuple[float, ...]:
    """h_i = h_max i^(-alpha), i = 1 .. d; see Quadratic.power_law."""
    _check("dimension (d)", dimension, Interval.left_closed(1, math.inf))
    _check("exponent (alpha)", exponent, NONNEGATIVE)
    _check("largest (h_max)", largest, POSITIVE)
    with decimal.localcontext(prec=50):
        rest = [float(Decimal(largest) * (-Decimal(exponent) * Decimal(i).ln()).exp()) for i in range(2, dimension + 1)]
    return (float(largest), *rest)


def parsed(text: str) -> tuple[float, ...] | None:
    """Eigenvalues from "log_spaced:d:kappa[:h_min]" or "power_law:d:alpha[:h_max]"; None for other texts.

    Raises:
        ValueError: the text begins so and does not go on so, or a number lies outside its domain.
    """
    rule, *given = text.strip().split(":")
    if rule not in ("log_spaced", "power_law"):
        return None
    try:
        dimension, *numbers = int(given[0]), *map(float, given[1:])
    except (IndexError, ValueError):
        dimension, numbers = 0, []
    if len(numbers) not in (1, 2):
        what = "log_spaced:d:kappa[:h_min]" if rule == "log_spaced" else "power_law:d:alpha[:h_max]"
        raise ValueError(f"eigenvalues (h) must be numbers joined by commas or {what}, got {text!r}")
    return (log_spaced if rule == "log_spaced" else power_law)(dimension, *numbers)


def _check(what: str, value: Any, domain: Interval) -> None:
    if isinstance(value, bool) or value not in domain:
        raise ValueError(f"{what} must lie in {domain}, got {value!r}")
    if what.startswith("dimension") and value != int(value):
        raise ValueError(f"{what} must be an integer, got {value!r}")
