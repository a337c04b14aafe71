"""Where two samples leave the average iterate: closed forms against exact stationary equations, ends included."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from greedylr_theory.theory import ordering

FACTORS = (1e-300, 1e-8, 0.25, 0.5, 0.99, 1 - 1e-8, 1 - 2.0**-53)
CAPS = (0.0, 1e-300, 1e-8, 0.25, 0.9, 1 - 1e-8)


def stationary(F: Fraction, g: Fraction, lag: int) -> Fraction:
    """Mean of x by Gaussian elimination on the means given the last two samples (0 is the one with the offset).

    The step from sample a to b is short, g F, when a = 1 and b = 0; it is used by b itself (lag 0), or by the next (1).
    """
    pairs = [(a, b) for a in (0, 1) for b in (0, 1)]
    target = (Fraction(1), Fraction(-1))
    rows = [[Fraction(i == j) for j in range(4)] + [Fraction(0)] for i in range(4)]
    for i, (b, c) in enumerate(pairs):  # E[x_{t+1} | samples b, c at t-1, t], from E[x_t | a, b]
        for a in (0, 1):
            seen = (b, c) if lag == 0 else (a, b)
            rate = g * F if seen == (1, 0) else g
            rows[i][pairs.index((a, b))] -= (1 - rate) / 2
            rows[i][4] += rate * target[c] / 2
    for i in range(4):
        rows[i] = [entry / rows[i][i] for entry in rows[i]]
        for k in range(4):
            if k != i:
                rows[k] = [p - rows[k][i] * q for p, q in zip(rows[k], rows[i], strict=True)]
    return sum((row[4] for row in rows), Fraction(0)) / 4


@pytest.mark.parametrize("F", FACTORS)
@pytest.mark.parametrize("g", CAPS[1:])
def test_closed_forms_solve_the_stationary_equations(F: float, g: float) -> None:
    exact = stationary(Fraction(F), Fraction(g), lag=0)
    assert ordering.limit_point(F, g) == pytest.approx(float(exact), rel=1e-14)
    assert ordering.suboptimality_floor(F, g) == pytest.approx(float(exact * exact / 2), rel=1e-14)
    assert ordering.predictable_bias(F, g) == pytest.approx(
        float(stationary(Fraction(F), Fraction(g), lag=1)), rel=1e-14
    )


@pytest.mark.parametrize("F", FACTORS)
def test_small_steps_leave_the_bias_of_one_ordering_only(F: float) -> None:
    assert ordering.limit_point(F) == pytest.approx(float(-(1 - Fraction(F)) / (3 + Fraction(F))), rel=1e-14)
    assert ordering.limit_point(F, 1e-12) == pytest.approx(ordering.limit_point(F), rel=1e-11)
    assert ordering.predictable_bias(F, 0.0) == 0


@pytest.mark.parametrize("value", [0.0, 1.0, -0.5, math.nan, math.inf])
def test_a_factor_outside_its_domain_is_named(value: float) -> None:
    for function in (ordering.limit_point, ordering.suboptimality_floor, ordering.predictable_bias):
        with pytest.raises(ValueError, match=r"^F must lie in \(0, 1\), got "):
            function(value, 0.5)


@pytest.mark.parametrize("value", [1.0, -0.1, math.nan])
def test_a_cap_outside_its_domain_is_named(value: float) -> None:
    """At g = 1 a step lands on the minimiser of its sample and equal losses tie: another chain."""
    for function in (ordering.limit_point, ordering.suboptimality_floor, ordering.predictable_bias):
        with pytest.raises(ValueError, match=r"^g = gamma_max L must lie in \[0, 1\), got "):
            function(0.5, value)
