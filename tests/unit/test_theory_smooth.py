"""Closed forms for convex L-smooth functions: against exact fractions, balls and the simulator, at the ends as well."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, Quadratic
from greedylr_theory.schedulers import Silver, Table
from greedylr_theory.theory import smooth

ACCURACY = 1e-13  # of doubles, a few roundings; the functions promise 1e-10
TEXT: Any = "1"
HALF: Any = 1.5
NESTED: Any = [[1.0]]
TINY, NEAR_TWO = 1e-300, 2 - 2.0**-51


def ball(value: float | Fraction) -> arb:
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


@pytest.mark.parametrize("N", [0, 1, 2, 7, 10**6, 10**12])
@pytest.mark.parametrize("h", [0.0, TINY, 1e-8, 0.5, 1.0, 1 + 1e-8, 1.5, 2 - 1e-8, NEAR_TWO, 2.0])
def test_constant_steps_against_balls(h, N):
    with ctx.workprec(300):
        slow = 1 / (4 * N * ball(h) + 2)
        fast = (1 - ball(h)) ** (2 * N) / 2
        expected = float(max(slow, fast, key=lambda x: float(x.mid())).mid())
    assert smooth.constant_step_value(h, N) == pytest.approx(expected, rel=ACCURACY, abs=0)


@pytest.mark.parametrize(("h", "N"), [(2.5, 10), (7.3, 3), (1e17, 9), (2.0000001, 10**6)])
def test_constant_steps_above_two_grow(h, N):
    with ctx.workprec(300):
        expected = float(((1 - ball(h)) ** (2 * N) / 2).mid())
    assert smooth.constant_step_value(h, N) == pytest.approx(expected, rel=ACCURACY, abs=0)
    assert smooth.constant_step_value(1e200, N) == math.inf


@pytest.mark.parametrize("N", [1, 2, 3, 10, 1000, 10**9, 2**52])
def test_the_best_constant_step_balances_both_functions(N):
    h, value = smooth.best_constant_step(N)
    assert 1 < h < 2
    with ctx.workprec(300):

        def excess(step: Fraction) -> arb:
            return (2 * N * ball(step) + 1) * (1 - ball(step)) ** (2 * N) - 1

        # the root lies within 4 units in the last place of h: every digit but the last is right
        assert excess(Fraction(h) - Fraction(1, 2**50)) < 0 < excess(Fraction(h) + Fraction(1, 2**50))
        assert value == pytest.approx(float((1 / (4 * N * ball(h) + 2)).mid()), rel=ACCURACY, abs=0)
    for other in (h - 1e-6, h + 1e-6):
        assert smooth.constant_step_value(other, N) > value


def test_silver_steps_are_those_of_the_scheduler_and_sum_to_a_power_of_rho():
    rho = 1 + math.sqrt(2)
    for k in range(8):
        steps = smooth.silver_steps(k)
        np.testing.assert_allclose(steps, Silver().rates(1.0, 2**k)[: 2**k - 1], rtol=1e-14)
        assert math.fsum(steps) == pytest.approx(rho**k - 1, rel=1e-14, abs=0)
        assert smooth.silver_value(k) == pytest.approx(smooth.lower_bound(steps), rel=ACCURACY, abs=0)


@pytest.mark.parametrize("k", [0, 1, 30, 800])
def test_silver_value_against_balls(k):
    with ctx.workprec(3000):
        expected = float((1 / (4 * (1 + arb(2).sqrt()) ** k - 2)).mid())
    assert smooth.silver_value(k) == pytest.approx(expected, rel=1e-12, abs=0)  # 800 factors, each half a unit off


def test_lower_bound_against_fractions():
    rng = np.random.default_rng(0)
    cases = [rng.uniform(0, 2, 30), rng.uniform(1.9, 2.1, 50), [1e-9] * 40, [3.0, 0.01], [0.0], [1.0, 5.0], [2.0] * 9]
    for steps in cases:
        exact = [Fraction(float(h)) for h in steps]
        product = math.prod((1 - h) ** 2 for h in exact)
        expected = max(1 / (1 + 2 * sum(exact)), product) / 2
        assert smooth.lower_bound(steps) == pytest.approx(float(expected), rel=ACCURACY, abs=0)
    assert smooth.lower_bound([1e300] * 3) == math.inf
    assert smooth.lower_bound([1.0, *[1.7e308] * 3]) == 0.0  # 1 / (2 * 5.1e308 + 1) is no double


def test_lower_bound_of_a_million_steps_is_quick_and_right():
    h = 2 - 1e-7  # (1 - h)^(2e6) is about 0.8187
    expected = smooth.constant_step_value(h, 10**6)
    assert smooth.lower_bound(np.full(10**6, h)) == pytest.approx(expected, rel=1e-12, abs=0)


def test_the_simulator_reaches_the_lower_bound_on_both_functions():
    rng = np.random.default_rng(1)
    for high in (1.0, 1.9, 3.0):
        steps = rng.uniform(0, high, 12)
        radius = 1 / (1 + 2 * float(np.sum(steps)))
        ends = [
            simulate([Run(objective=f, scheduler=Table(factors=(*steps, 1.0)), start=(1.0,), lr0=1.0, steps=12)])
            for f in (Huber(dimension=1, radius=radius, curvature=1.0), Quadratic(eigenvalues=(1.0,)))
        ]
        reached = max(float(end.end_loss[0]) for end in ends)
        assert reached == pytest.approx(smooth.lower_bound(steps), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: smooth.constant_step_value(-0.1, 3), r"h must lie in \[0, inf\), got -0.1"),
        (lambda: smooth.constant_step_value(math.nan, 3), "h must lie"),
        (lambda: smooth.constant_step_value(TEXT, 3), "h must lie"),
        (lambda: smooth.constant_step_value(1.0, -1), "N must be from 0 to 4503599627370496, got -1"),
        (lambda: smooth.constant_step_value(1.0, HALF), "N must be a whole number, got 1.5"),
        (lambda: smooth.best_constant_step(0), "N must be from 1 to"),
        (lambda: smooth.best_constant_step(True), "N must be a whole number"),
        (lambda: smooth.silver_steps(31), "k must be from 0 to 30, got 31"),
        (lambda: smooth.silver_value(-1), "k must be from 0 to 800, got -1"),
        (lambda: smooth.lower_bound([1.0, -1e-9]), r"steps must lie in \[0, inf\), got -1e-09"),
        (lambda: smooth.lower_bound([1.0, math.nan]), r"steps must lie in \[0, inf\), got nan"),
        (lambda: smooth.lower_bound([math.inf]), "steps must lie"),
        (lambda: smooth.lower_bound([TEXT]), "steps must be a sequence of numbers"),
        (lambda: smooth.lower_bound(NESTED), "steps must be a sequence of numbers"),
        (lambda: smooth.lower_bound(HALF), "steps must be a sequence of numbers"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
