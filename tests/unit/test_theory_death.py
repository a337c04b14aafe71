"""theory.death: thresholds against enclosures, windows against the product, ends of the domain, the compiled rule."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx

from greedylr_theory import replay
from greedylr_theory.schedulers import GreedyBest
from greedylr_theory.theory import death
from proofs._best_rule import Best, Standing, run
from proofs.death_threshold import THRESHOLDS


def excess(F: float, p: float, v: float):
    """ln of the product over p + 1, by summation in 40 digits: a second route, without balls."""
    with mpmath.workdps(40):
        F, v = mpmath.mpf(F), mpmath.mpf(v)
        repeats = 2 if p == 0 else 1 if math.isinf(p) else mpmath.mpf(p + 2) / (p + 1)
        total = repeats * mpmath.log(v / F - 1) + (mpmath.log(v / F**2 - 1) if p == 0 else 0)
        level = v
        while level > mpmath.mpf(10) ** -42:
            total += mpmath.log(abs(1 - level))
            level *= F
        return total


@pytest.mark.parametrize("p", THRESHOLDS)
def test_a_threshold_lies_in_its_enclosure(p):
    digits, _ = THRESHOLDS[p]
    # half a unit of the last of 13 digits, and one rounding
    assert abs(death.threshold(math.inf if p is None else p) - float(digits)) < 0.6e-13


def test_thresholds_fall_with_patience_to_their_limit():
    values = [death.threshold(p) for p in (4, 5, 7, 100, 10**6, math.inf)]
    assert values == sorted(values, reverse=True)
    assert values[-2] - values[-1] < 1e-6


@pytest.mark.parametrize("F", [1e-8, 1e-3, 0.1, 0.25, 0.3445, 0.392, 0.5, 0.5085])
@pytest.mark.parametrize("p", [0, 1, 10, math.inf])
def test_windows_end_where_the_product_is_one_and_hold_what_is_dead(F, p):
    windows, share = death.dead_windows(F, p), 0.0
    for low, high in windows:
        for end in (low, high):
            if end not in (2 * F, 2.0, 1.0):
                nearby = [excess(F, p, end * (1 + side * 1e-14)) for side in (-1, 1)]
                assert nearby[0] * nearby[1] < 0
        share += math.log(high / low) / math.log(1 / F)
    # ends near 1 are rounded: their logarithms hold to 1e-16 of 1
    np.testing.assert_allclose(death.dead_fraction(F, p), share, rtol=1e-10)
    for place in np.linspace(0.01, 0.99, 12):
        v = 2.0 * F ** (1.0 - place)
        inside = any(low <= v <= high for low, high in windows)
        assert death.is_dead(F, p, v) == inside == (excess(F, p, v) >= 0)


@pytest.mark.parametrize("p", [0, 2, 3, math.inf])
def test_just_below_the_threshold_the_share_follows_the_nearest_zeros(p):
    F = death.threshold(p) * (1 - 1e-13)
    ((low, high),) = death.dead_windows(F, p)
    # at the tangent it falls like a square root, at v = 2 linearly
    assert (1e-8 if p < 3 else 1e-14) < death.dead_fraction(F, p) < (1e-5 if p < 3 else 1e-10)
    assert low < high
    assert death.dead_windows(death.threshold(p) * (1 + 1e-13), p) == ()


def test_the_ends_of_the_domain():
    assert death.dead_fraction(1e-300, 0) == 1.0
    assert death.dead_fraction(1 - 1e-8, 0) == 0.0
    assert not death.is_dead(1 - 1e-8, 0, 2 - 2e-8)
    assert death.is_dead(1e-8, 3, 1.5)
    assert not death.is_dead(Fraction(1, 4), 0, 1)  # hits the minimiser
    assert not death.is_dead(Fraction(1, 2), 0, 1)
    assert not death.is_dead(0.25, 5, 0.5)  # v = 2F: the level above is a tie
    assert death.is_dead(Fraction(1, 4), 5, Fraction(199, 100))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: death.threshold(-1), "the patience p must be an integer >= 0 or math.inf, got -1"),
        (lambda: death.threshold(1.5), "the patience p must be an integer >= 0 or math.inf, got 1.5"),
        (lambda: death.threshold(math.nan), "the patience p must be an integer"),
        (lambda: death.threshold(True), "the patience p must be an integer"),
        (lambda: death.dead_fraction(1.0, 0), r"the factor F must lie in \(0, 1\), got 1.0"),
        (lambda: death.dead_windows(0.0, 0), r"the factor F must lie in \(0, 1\), got 0.0"),
        (lambda: death.is_dead(0.5, 0, 2.0), r"the phase v must lie in \[2F, 2\), got 2.0"),
        (lambda: death.is_dead(0.5, 0, 0.99), r"the phase v must lie in \[2F, 2\) = \[1.0, 2\), got 0.99"),
    ],
)
def test_a_value_outside_its_domain_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_the_exact_rule_is_the_compiled_one(patience):
    # dyadic losses and F = 1/2: no rounding, so equality is exact; ties and long runs of both kinds occur
    rng = np.random.default_rng(3)
    losses = np.concatenate([rng.integers(0, 40, 60) / 8.0, np.arange(20, 0, -1) / 64.0, np.full(9, 0.0)])
    compiled = replay(GreedyBest(factor=0.5, patience=patience), losses, lr0=1.0)
    rule, standing, rates = Best(Fraction(1, 2), patience), Standing(Fraction(1)), []
    for loss in losses:
        standing = rule.step(standing, Fraction(loss))
        rates.append(float(standing.rate))
    assert compiled.tolist() == rates


def test_an_exact_run_dies_where_the_function_says_so():
    for F, p, v in (
        (Fraction(1, 4), 1, Fraction(5, 4)),
        (Fraction(1, 4), 1, Fraction(6, 5)),
        (Fraction(1, 2), 0, Fraction(7, 4)),
    ):
        found = run(F, p, v, 60)
        assert death.is_dead(F, p, v) == (len(found.last_records) == 1)


@pytest.mark.parametrize("terms", [3, 5, 40])
@pytest.mark.parametrize("p", [0, 2, math.inf])
def test_a_ball_contains_the_product_however_few_levels_are_used(monkeypatch, terms, p):
    monkeypatch.setattr(death, "_terms", lambda F: terms)
    patience = None if math.isinf(p) else p
    for F, v in ((0.125, 0.75), (0.3125, 1.25), (0.5, 1.75)):
        with ctx.workprec(60):
            value, slope = death.excess(arb(F), patience, arb(v)), death.slope(arb(F), patience, arb(v))
            assert value.contains(arb(mpmath.nstr(excess(F, p, v), 35)))
            with mpmath.workdps(40):
                steps = mpmath.mpf(10) ** -12
                derivative = (excess(F, p, v + steps) - excess(F, p, v - steps)) / (2 * steps)
            # the quotient of differences is exact to the square of its step
            assert slope.overlaps(arb(mpmath.nstr(derivative, 35), 1e-15))
