"""Attacks on certificates by multipliers: whatever is wrong by a little must be open, and for its mathematics."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from proofs import _dual
from proofs._certificates import Dual, kinds
from proofs._checker import examine
from proofs._dual import decomposed
from proofs._exact import Rejected
from proofs._forms import Combination, Form
from proofs._performance import CONVEX, SMOOTH, STAR, START, Descent
from proofs._smooth_multipliers import exact_dual, rounded, worst

HALF, ONE = Fraction(1, 2), Fraction(1)
STEP = Fraction(7, 5)
TINY = Fraction(1, 10**30)


def one_step() -> Dual:
    """One step of 7/5: 5/38."""
    return exact_dual((STEP,))


def rejected(certificate: Dual, reason: str, *, ill_formed: bool = False) -> None:
    finding = examine(certificate)
    assert finding.verdict == "open", finding
    assert reason in finding.sentence, finding.sentence
    assert finding.ill_formed == ill_formed


def test_an_exact_bound_is_proved_and_a_smaller_one_is_not():
    finding = examine(one_step())
    assert finding.verdict == "proved"
    assert set(finding.given) == {START, SMOOTH}
    assert kinds(one_step()) == "dual"
    certificate = one_step()
    rejected(Dual(certificate.measured, certificate.bound - TINY, certificate.terms), "larger than the one claimed")
    assert examine(Dual(certificate.measured, certificate.bound + TINY, certificate.terms)).verdict == "proved"


def test_every_multiplier_matters():
    certificate = one_step()
    for index, (weight, family, form) in enumerate(certificate.terms):
        for changed in (weight + TINY, weight - TINY, weight * Fraction(1001, 1000), -weight):
            terms = list(certificate.terms)
            terms[index] = (changed, family, form)
            finding = examine(Dual(certificate.measured, certificate.bound, tuple(terms)))
            assert finding.verdict == "open", (index, changed)
            assert not finding.ill_formed


def test_an_inequality_that_is_a_little_too_strong_proves_nothing_here():
    certificate = one_step()
    for index, (weight, family, form) in enumerate(certificate.terms):
        terms = list(certificate.terms)
        terms[index] = (weight, family, form + Form({("g_0", "g_0"): -TINY}))
        finding = examine(Dual(certificate.measured, certificate.bound, tuple(terms)))
        weaker = [*certificate.terms]
        weaker[index] = (weight, family, form + Form({("g_0", "g_0"): TINY}))
        other = examine(Dual(certificate.measured, certificate.bound, tuple(weaker)))
        # the form that is left is singular on the worst function: one of the two directions leaves a negative square
        assert "open" in (finding.verdict, other.verdict)


@pytest.mark.parametrize("inexact", [0.5, np.float64(0.5), True])
def test_only_exact_rationals_are_taken(inexact: Any):
    certificate = one_step()
    (weight, family, form), *rest = certificate.terms
    for changed in (
        Dual(certificate.measured, inexact, certificate.terms),
        Dual(certificate.measured, certificate.bound, ((inexact, family, form), *rest)),
        Dual(certificate.measured, certificate.bound, ((weight, family, Form({("d", "d"): inexact})), *rest)),
        Dual(Form({("f_1",): inexact}), certificate.bound, certificate.terms),
    ):
        rejected(changed, "not an exact rational", ill_formed=True)


def test_nothing_is_proved_from_nothing_or_from_a_contradiction():
    d = Combination.named("d")
    rejected(Dual(Form.value("f"), 1, ()), "no inequality is used", ill_formed=True)
    rejected(Dual(Form.value("f"), 1, ((0, "start", Form.constant(1) - d @ d),)), "no inequality", ill_formed=True)
    impossible = Form.constant(-1) - d @ d
    rejected(Dual(d @ d, 0, ((ONE, "impossible", impossible),)), "fails where all vectors", ill_formed=True)


def test_a_value_that_is_left_over_is_named():
    run = Descent((STEP,))
    rejected(Dual(run.value(1), 1, ((ONE, SMOOTH, run.interpolation(STAR, 0)),)), "of the value f_")


@pytest.mark.parametrize(
    "entries",
    [
        {("a", "a"): -TINY},
        {("a", "b"): TINY},  # indefinite, with zeros on the diagonal
        {("a", "a"): ONE, ("a", "b"): Fraction(2), ("b", "b"): ONE - TINY},
        {("a", "a"): ONE, ("b", "b"): ONE, ("c", "c"): ONE, ("a", "b"): Fraction(2), ("a", "c"): TINY},
    ],
)
def test_forms_that_are_negative_somewhere_are_found_out(entries: dict[tuple[str, ...], Fraction]):
    with pytest.raises(Rejected, match="not a sum of squares"):
        decomposed(Form(entries))


def test_squares_add_up_on_random_singular_forms():
    rng = np.random.default_rng(0)
    for _ in range(30):
        names = "abcd"
        rows = [
            Combination({n: Fraction(int(k)) for n, k in zip(names, rng.integers(-5, 6, 4), strict=True)})
            for _ in range(2)
        ]
        form = rows[0] @ rows[0] + rows[1] @ rows[1]
        squares = decomposed(form)
        assert len(squares) <= 2
        total = Form({})
        for size, square in squares:
            total = total + (Combination(square) @ Combination(square)) * size
        assert dict((total - form).parts) == {}


def test_evaluation_alone_would_catch_a_wrong_comparison(monkeypatch):
    certificate = one_step()
    monkeypatch.setattr(_dual, "decomposed", lambda form: [])
    rejected(certificate, "differs in exact evaluation")


def test_inequalities_hold_on_real_functions():
    """Huber functions of all radii and slopes on both sides, convex and 1-smooth, in fractions."""
    rng = np.random.default_rng(1)
    for _ in range(40):
        steps = tuple(Fraction(int(n), 10) for n in rng.integers(0, 25, 4))
        left, right = (Fraction(int(n), 20) for n in rng.integers(1, 30, 2))
        run, x = Descent(steps), Fraction(int(rng.choice((-1, 1))))
        slopes, values = [], []
        for step in (*steps, Fraction(0)):
            slope = max(-left, min(right, x))
            slopes.append(slope)
            values.append(slope * x - slope * slope / 2)
            if len(slopes) == 1:
                start = x
            x -= step * slope

        def at(form: Form, slopes=slopes, values=values, start=start) -> Fraction:
            number = {"d": start, **{f"g_{k}": g for k, g in enumerate(slopes)}}
            found = Fraction(0)
            for key, part in form.parts.items():
                if len(key) == 2:
                    found += part * number[key[0]] * number[key[1]]
                else:
                    found += part * (values[int(key[0].removeprefix("f_"))] if key else 1)
            return found

        assert at(run.start()) >= 0
        for a, b in run.pairs():
            assert at(run.interpolation(a, b)) >= 0
            assert at(run.subgradient(a, b)) >= at(run.interpolation(a, b))


def test_rounded_multipliers_are_short_and_their_cases_complete():
    for steps, weights in rounded().items():
        value, kernel = worst(steps)
        assert len(kernel) == len(steps) + 2
        assert value > 0
        assert all(weight.denominator <= 10**9 for weight in weights.values())
    assert CONVEX != SMOOTH


def test_a_negative_multiplier_is_refused_even_where_the_rest_would_fit():
    d = Combination.named("d")
    rejected(Dual((d @ d) * Fraction(1, 4), 0, ((-HALF, "norm", d @ d),)), "is negative")
