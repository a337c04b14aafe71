"""The part of the checker that shows a polynomial positive on an interval, twice, in exact rationals."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb

import sympy

from proofs._certificates import Positivity
from proofs._exact import IllFormed, Rejected, exact, symbols_of

PIECES = 4096  #: most pieces of the interval


def require_positive(certificate: Positivity) -> str:
    """A sentence about what was found.

    Raises:
        Rejected: there is a zero or a negative value in the interval.
        IllFormed: not a polynomial in one variable, or no interval.
    """
    expression, low, high = exact(certificate.polynomial), certificate.low, certificate.high
    if not isinstance(low, int | Fraction) or not (high is None or (isinstance(high, int | Fraction) and low < high)):
        raise IllFormed(f"an interval has rational ends, the lower one first, got {low!r} and {high!r}")
    if len(symbols := symbols_of(expression)) != 1 or not expression.is_polynomial(*symbols):
        raise IllFormed(f"{expression} is not a polynomial in one variable")
    polynomial = sympy.Poly(expression, *symbols, domain="QQ")
    ends = [None if end is None else sympy.Rational(end) for end in (low, high)]
    coefficients = [Fraction(int(c.p), int(c.q)) for c in reversed(polynomial.all_coeffs())]
    value = sum((c * Fraction(low) ** k for k, c in enumerate(coefficients)), Fraction(0))
    if value <= 0 or (zeros := polynomial.count_roots(*ends)):
        raise Rejected(f"the polynomial is {value} at {low}" if value <= 0 else f"{zeros} zeros in the interval")
    pieces = _bernstein_pieces(_bernstein(coefficients, Fraction(low), high))
    return f"no zero in the interval (Sturm) and positive Bernstein coefficients on {pieces} pieces"


def _bernstein(coefficients: list[Fraction], low: Fraction, high: Fraction | None) -> list[Fraction]:
    """Bernstein coefficients on [low, high]; without upper end those of p(low + t / (1 - t)) (1 - t)^n on [0, 1]."""
    n = len(coefficients) - 1
    # powers of the distance s from the lower end, then s = (high - low) t or t / (1 - t)
    shifted = [
        sum((coefficients[j] * comb(j, k) * low ** (j - k) for j in range(k, n + 1)), Fraction(0)) for k in range(n + 1)
    ]
    if high is None:
        return [shifted[k] / comb(n, k) for k in range(n + 1)]
    scaled = [coefficient * (high - low) ** k for k, coefficient in enumerate(shifted)]
    return [
        sum((Fraction(comb(i, k), comb(n, k)) * scaled[k] for k in range(i + 1)), Fraction(0)) for i in range(n + 1)
    ]


def _bernstein_pieces(coefficients: list[Fraction]) -> int:
    """Pieces needed until all coefficients are positive; the polynomial lies between the least and the largest."""
    pending, pieces = [coefficients], 0
    while pending:
        current = pending.pop()
        pieces += 1
        if min(current) > 0:
            continue
        if current[0] <= 0 or current[-1] <= 0 or pieces + len(pending) > PIECES:
            raise Rejected("Bernstein coefficients do not show it, against the count of zeros")
        left, row = [current[0]], current
        right = [current[-1]]
        while len(row) > 1:  # de Casteljau, at the middle
            row = [(a + b) / 2 for a, b in pairwise(row)]
            left.append(row[0])
            right.append(row[-1])
        pending += [left, right[::-1]]
    return pieces
