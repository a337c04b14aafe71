"""Attacks on the trust base: broken proofs, false counterexamples and vacuous statements must all come out `open`."""

from __future__ import annotations

import ast
import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol

import proofs
from proofs import _exact
from proofs._certificates import (
    INDUCTION,
    Chain,
    Counterexample,
    Earlier,
    Equivariance,
    Evidence,
    Identity,
    Induction,
    Inequality,
    Mean,
    Square,
    kinds,
)
from proofs._checker import Finding, examine
from proofs._exact import Domain, Region, Rejected, Vector, exact, value_at

a, b, c, s, t, x, y = sympy.symbols("a b c s t x y")
gamma, L = sympy.symbols("gamma L")
d, g = Vector.named("d"), Vector.named("g")
ONE = sympy.Integer(1)

#: 0 < gamma < 1/L
BELOW = Domain(
    positive=(gamma, L, 1 - gamma * L), where={gamma: s / (L * (1 + s))}, inverse={s: gamma * L / (1 - gamma * L)}
)


def rejected(certificate, reason: str, *, ill_formed: bool = False) -> None:
    finding = examine(certificate)
    assert finding.verdict == "open", finding
    assert reason in finding.sentence, finding.sentence
    assert finding.ill_formed == ill_formed


# identities


def test_an_identity_is_proved_and_its_mutations_are_not():
    assert examine(Identity((a + b) ** 3, a**3 + 3 * a**2 * b + 3 * a * b**2 + b**3)).verdict == "proved"
    for wrong in (
        a**3 + 3 * a**2 * b + 3 * a * b**2 - b**3,  # a sign
        a**3 + 3 * a**2 * b + 3 * a * b**2,  # a term missing
        a**3 + 3 * a**2 * b + sympy.Rational(3001, 1000) * a * b**2 + b**3,  # one part in a thousand
        a**3 + 3 * a**2 * b + 3 * a * b**2 + b**3 + sympy.Rational(1, 10**30),
    ):
        rejected(Identity((a + b) ** 3, wrong), "differ")


def test_nothing_is_proved_by_writing_the_same_thing_twice():
    rejected(Identity((a + b) ** 2, (a + b) ** 2), "nothing to prove", ill_formed=True)
    rejected(Identity(a + b - a, b), "nothing to prove", ill_formed=True)


def test_denominators_must_not_vanish_on_the_domain():
    left, right = (a**2 - b**2) / (a - b), a + b
    rejected(Identity(left, right), "denominator")
    apart = Domain(positive=(b, a - b), where={a: b + s}, inverse={s: a - b})
    assert examine(Identity(left, right, apart)).verdict == "proved"


@pytest.mark.parametrize(
    "inexact",
    [0.5 * a, sympy.Float("0.5") + a, math.pi, sympy.pi * a, sympy.sqrt(2) * a, sympy.sqrt(a), sympy.exp(a), a**b],
    ids=str,
)
def test_what_is_not_a_rational_function_decides_nothing(inexact):
    rejected(Identity(inexact, 2 * b), "not exact", ill_formed=True)
    rejected(Inequality(0 * ONE, a, ((ONE, "h"),), {"h": inexact}), "not exact", ill_formed=True)
    rejected(Inequality(0 * ONE, a, ((inexact, "h"),), {"h": b}), "", ill_formed=True)


def test_a_sign_told_to_sympy_is_not_a_sign_shown_to_the_checker():
    p = sympy.Symbol("p", positive=True)
    rejected(Identity(sympy.sqrt(p**2) + a, p + b), "assumption", ill_formed=True)  # sympy already dropped the root
    rejected(Inequality(0 * ONE, p * a, ((p, "h"),), {"h": a}), "assumption", ill_formed=True)


@pytest.mark.parametrize("deciding", ["sympy", "fractions"])
def test_each_of_the_two_decisions_suffices_alone(monkeypatch, deciding):
    if deciding == "sympy":
        monkeypatch.setattr(_exact, "SAMPLES", 0)
    else:
        monkeypatch.setattr(_exact, "_vanishes", lambda expression: True)
    assert examine(Identity(a * (b + 1), a * b + a)).verdict == "proved"
    rejected(Identity(a * (b + 1), a * b + a + b / 10**9), "differ")


def test_an_expansion_that_is_not_the_square_is_noticed():
    with pytest.raises(Rejected, match="not the squared norm"):
        _exact.require_square(d - g, exact(d @ d - d @ g + g @ g), Region(Domain()))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5))
def test_random_polynomials_equal_their_factored_form_and_nothing_else(terms):
    polynomial = sympy.Add(*(k * a**m * b**n for k, m, n in terms))
    squared = sympy.expand(polynomial**2)
    if squared != polynomial**2:
        assert examine(Identity(polynomial**2, squared)).verdict == "proved"
        assert examine(Identity(polynomial**2, squared + a)).verdict == "open"


# inequalities


def cauchy_schwarz(**changed):
    """2 <d,g> <= norm(d)^2 + norm(g)^2."""
    fields = {"left": 2 * (d @ g), "right": d @ d + g @ g, "terms": ((ONE, Square(d - g)),)}
    return Inequality(**{**fields, **changed})


def test_squares_prove_an_inequality_and_its_mutations_fail():
    assert examine(cauchy_schwarz()).verdict == "proved"
    rejected(cauchy_schwarz(terms=((ONE, Square(d + g)),)), "differ")  # sign
    rejected(cauchy_schwarz(right=d @ d), "differ")  # missing term
    rejected(cauchy_schwarz(left=sympy.Rational(2001, 1000) * (d @ g)), "differ")
    rejected(cauchy_schwarz(terms=((ONE, Square(2 * d)), (-ONE, Square(d + g)))), "not shown to be nonnegative")


def test_multipliers_need_a_sign_on_the_whole_domain():
    def scaled(multiplier, domain=BELOW):
        return Inequality(0 * ONE, multiplier * (d @ d), ((multiplier, Square(d)),), domain=domain)

    assert examine(scaled(gamma / L * (1 - gamma * L))).verdict == "proved"
    rejected(scaled(gamma / L * (1 - gamma * L * sympy.Rational(1001, 1000))), "not shown")
    rejected(scaled(gamma / L * (1 - gamma * L), Domain(positive=(gamma, L))), "not shown")
    rejected(scaled(x), "not shown")  # a symbol without any condition
    rejected(scaled(d @ d), "not shown")  # a Gram symbol, though it is a square here


def test_hypotheses_must_be_declared_and_are_reported():
    proof = Inequality(0 * ONE, a + 2 * b, ((ONE, "a"), (2 * ONE, "b")), {"a": a, "b": b, "unused": x})
    assert examine(proof) == Finding("proved", "the difference is a sum of nonnegative terms", ("a", "b"))
    rejected(Inequality(0 * ONE, a + 2 * b, ((ONE, "a"), (2 * ONE, "b")), {"a": a}), "'b'", ill_formed=True)
    rejected(Inequality(0 * ONE, a - 2 * b, ((ONE, "a"), (-2 * ONE, "b")), {"a": a, "b": b}), "multiplier")


def test_vacuous_inequalities_are_open():
    rejected(Inequality(a, a, ()), "no term", ill_formed=True)
    rejected(Inequality((a + b) ** 2, a**2 + 2 * a * b + b**2, ((0 * ONE, Square(d)),)), "equal", ill_formed=True)
    rejected(Inequality(a, 3 * b, ((3 * ONE, "h"),), {"h": b - a / 3}), "nothing is proved", ill_formed=True)
    # hypotheses that exclude each other prove anything
    rejected(Inequality(ONE, 0 * ONE, ((ONE, "p"), (ONE, "q")), {"p": x - 1, "q": -x}), "contradict")


def test_terms_are_squares_hypotheses_or_one():
    rejected(Inequality(0 * ONE, a, ((ONE, a),)), "is not a term", ill_formed=True)
    rejected(Inequality(0 * ONE, a, ((a, 1),)), "not shown")
    assert examine(Inequality(0 * ONE, a, ((a, 1),), domain=Domain(nonnegative=(a,)))).verdict == "proved"


# domains


def test_a_parametrisation_must_cover_the_domain_and_stay_in_it():
    with pytest.raises(Rejected, match="not undone"):  # only gamma < 1/(2 L)
        Region(Domain((gamma, L, 1 - gamma * L), where={gamma: s / (L * (1 + 2 * s))}, inverse=BELOW.inverse))
    with pytest.raises(Rejected, match="not a product"):  # s may be negative, since gamma L < 1 is not asked for
        Region(Domain((gamma, L), where=BELOW.where, inverse=BELOW.inverse))
    with pytest.raises(Rejected, match="does not keep"):  # reaches gamma >= 1/L
        Region(Domain((gamma, L, 1 - gamma * L)))
    with pytest.raises(Rejected, match="does not keep"):  # empty
        Region(Domain((a, -a)))
    with pytest.raises(Rejected, match="not parameters"):
        Region(Domain((a, b - a), where={b: a + s + x}, inverse={s: b - a}))
    with pytest.raises(Rejected, match="not a product"):  # s = a - b is negative there
        Region(Domain((a, b - a), where={b: a - s}, inverse={s: a - b}))
    with pytest.raises(Rejected, match="not a product"):  # b / a leaves out a = 0
        Region(Domain((b,), (a,), where={b: s * a}, inverse={s: b / a}))
    with pytest.raises(Rejected, match="defined for all"):  # t / s leaves out a = 0
        Region(Domain((), (a, b), where={a: s, b: t / s}, inverse={s: a, t: a * b}))
    with pytest.raises(Rejected, match="also a variable"):
        Region(Domain((a, b - a), where={b: a + s}, inverse={s: b - a, a: a}))


def test_a_weak_condition_is_not_a_strict_one():
    region = Region(Domain(positive=(a,), nonnegative=(b,)))
    assert region.shows(a + b, strict=True)
    assert region.shows(a * b, strict=False)
    assert not region.shows(a * b, strict=True)
    assert not region.shows(a / b, strict=False)  # b may be 0
    assert not region.shows(a - b, strict=False)
    assert region.shows(0 * ONE, strict=False)
    assert not region.shows(0 * ONE, strict=True)


def test_parameters_of_a_domain_cannot_be_used_as_variables():
    # s is >= 0 inside the parametrisation; outside it nobody said so
    rejected(Inequality(0 * ONE, s * a, ((s, "h"),), {"h": a}, BELOW), "parameters", ill_formed=True)
    rejected(Identity(s * (a + 1), s * a + s, BELOW), "parameters", ill_formed=True)
    with pytest.raises(Rejected, match="parameters"):
        Region(BELOW).shows(s, strict=True)


def test_points_satisfy_the_conditions_and_gram_symbols_come_from_vectors():
    region = Region(BELOW)
    points = region.points(_exact.symbols_of(gamma, L, d @ g, d @ d, g @ g))
    for _ in range(20):
        point = next(points)
        assert point.values[gamma] > 0
        assert point.values[gamma] * point.values[L] < 1
        dd, dg, gg = (value_at(exact(u @ v), point.values) for u, v in ((d, d), (d, g), (g, g)))
        assert dg**2 <= dd * gg
        assert dd == sum(entry**2 for entry in point.vectors["d"])


# induction and chains


def geometric(**changed):
    """v_{t+1} <= q v_t + b with 0 <= q gives v_t <= q^t v_0 + b (1 - q^t) / (1 - q); p is q^t, r is 1 - q > 0."""
    p, q, v, v_0, v_next = sympy.symbols("p q v v_0 v_next")
    limit = b / (1 - q)
    fields = {
        "statement": p * v_0 + limit * (1 - p) - v,
        "start": {p: ONE, v: v_0},
        "advance": {p: q * p, v: v_next},
        "terms": ((q, INDUCTION), (ONE, "step")),
        "hypotheses": {"step": q * v + b - v_next},
        "domain": Domain(nonnegative=(q,), positive=(1 - q,), where={q: x / (1 + x)}, inverse={x: q / (1 - q)}),
    }
    return Induction(**{**fields, **changed}), (p, q, v, v_0, v_next)


def test_induction_needs_its_base_its_step_and_its_conditions():
    proof, (p, q, v, v_0, v_next) = geometric()
    assert examine(proof).verdict == "proved"
    rejected(geometric(start={p: ONE, v: v_0 + 1})[0], "base")
    rejected(geometric(terms=((q, INDUCTION),))[0], "step: ")
    rejected(geometric(terms=((ONE, INDUCTION), (ONE, "step")))[0], "step: ")  # q forgotten
    rejected(geometric(advance={p: q**2 * p, v: v_next})[0], "step: ")  # off by one
    rejected(geometric(domain=Domain(positive=(1 - q,), where={q: 1 - x}, inverse={x: 1 - q}))[0], "multiplier")
    rejected(geometric(hypotheses={})[0], "not among those declared", ill_formed=True)
    rejected(geometric(start={p: ONE})[0], "same symbols", ill_formed=True)
    rejected(geometric(start={p: ONE, v: v_0}, advance={p: p, v: v})[0], "nothing to induct", ill_formed=True)


def test_conditions_on_what_changes_are_part_of_the_induction():
    def growing(first, change):
        fields: Any = {"terms": ((ONE, 1), (change, 1)), "base": ((ONE + first, 1),)}
        return Induction(a + 1, {a: first}, {a: change}, **fields, domain=Domain(nonnegative=(a,)))

    assert examine(growing(0 * ONE, a + 1)).verdict == "proved"
    rejected(growing(-ONE / 2, a + 1), "at the start")
    rejected(growing(0 * ONE, a - 1), "from t to t + 1")


def test_an_earlier_conclusion_holds_only_where_it_was_proved():
    below = Inequality(0 * ONE, gamma * (1 - gamma * L), ((gamma * (1 - gamma * L), 1),), domain=BELOW)

    def chain(value):
        later = Inequality(
            0 * ONE,
            2 * value * (1 - value * L),
            ((2 * ONE, "earlier"),),
            {"earlier": Earlier("first", {gamma: value})},
            Domain(positive=(L,)),
        )
        return Chain({"first": below, "second": later})

    assert examine(chain(1 / (2 * L))).verdict == "proved"
    rejected(chain(sympy.Rational(1001, 1000) / L), "its condition on")
    rejected(chain(2 / L), "its condition on")
    rejected(
        Chain({"only": Inequality(0 * ONE, a, ((ONE, "e"),), {"e": Earlier("later")})}),
        "no earlier step",
        ill_formed=True,
    )


def test_multipliers_that_are_off_by_one_step_are_rejected():
    # sum over t < T of d_t, where each d_t is at most 1: at most T, and neither T - 1 nor (T - 1) / T of it
    T, total, next_total = sympy.symbols("T total next_total")

    def bound(rate: Any = ONE, offset: Any = 0 * ONE, term: Any = ONE):
        return Induction(
            statement=rate * T + offset - total,
            start={T: 0 * ONE, total: 0 * ONE},
            advance={T: T + 1, total: next_total},
            terms=((ONE, INDUCTION), (term, "each is at most 1")),
            hypotheses={"each is at most 1": total + 1 - next_total},
        )

    assert examine(bound()).verdict == "proved"
    rejected(bound(offset=-ONE), "base")
    rejected(bound(rate=sympy.Rational(999, 1000)), "step: ")
    rejected(bound(term=sympy.Rational(1001, 1000)), "step: ")


def test_an_earlier_step_proved_on_part_of_the_domain_does_not_serve_the_whole():
    half = Domain(  # 0 < gamma < 1/(2 L)
        positive=(gamma, L, 1 - 2 * gamma * L),
        where={gamma: s / (2 * L * (1 + s))},
        inverse={s: 2 * gamma * L / (1 - 2 * gamma * L)},
    )

    def chain(domain):
        first = Inequality(0 * ONE, gamma * (1 - gamma * L), ((gamma * (1 - gamma * L), 1),), domain=domain)
        second = Inequality(
            0 * ONE, 3 * gamma * (1 - gamma * L), ((3 * ONE, "e"),), {"e": Earlier("first")}, domain=BELOW
        )
        return Chain({"first": first, "second": second})

    assert examine(chain(BELOW)).verdict == "proved"
    rejected(chain(half), "its condition on")


def test_a_hypothesis_that_is_stronger_than_the_named_one_shows_among_those_given():
    # the sum needs a - 1 >= 0; under the name of "a" alone it does not come out
    rejected(Inequality(ONE, a + b, ((ONE, "a"), (ONE, "b")), {"a": a, "b": b}), "differ")
    stronger = Inequality(ONE, a + b, ((ONE, "a is at least 1"), (ONE, "b")), {"a is at least 1": a - 1, "b": b})
    assert examine(stronger).given == ("a is at least 1", "b")


def test_what_replaces_an_inner_product_is_assumed_to_be_one():
    dd, dg, gg = d @ d, d @ g, g @ g
    square = Inequality(0 * ONE, dd - 2 * dg + gg, ((ONE, Square(d - g)),))
    at_most_one = Inequality(x, ONE, ((ONE / 2, "e"),), {"e": Earlier("square", {dd: ONE, gg: ONE, dg: x})})
    rejected(Chain({"square": square, "x <= 1 for every x": at_most_one}), "is the hypothesis", ill_formed=True)
    weaker = Inequality(x, 2 * ONE, ((ONE / 2, "e"), (ONE, 1)), {"e": Earlier("square", {dd: ONE, gg: ONE, dg: x})})
    finding = examine(Chain({"square": square, "x <= 2": weaker}))
    assert (finding.verdict, finding.given) == ("proved", ("e",))


def test_an_inner_product_that_changes_is_in_no_square_of_the_induction():
    squared = Symbol("<d,d>")  # 1, -2, 4, ... is none from t = 1 on, and the statement fails at t = 4
    terms = ((ONE, INDUCTION), (ONE, Square(d)))
    false = Induction(
        x + squared, {x: 0 * ONE, squared: ONE}, {x: x + 4 * squared, squared: -2 * squared}, terms, base=((ONE, 1),)
    )
    rejected(false, "changes with t", ill_formed=True)


def test_an_induction_does_not_assume_its_conclusion():
    circular = Induction(1 - x, {x: 0 * ONE}, {x: y}, ((ONE, "h"),), base=((ONE, 1),), hypotheses={"h": 1 - y})
    rejected(circular, "is the hypothesis", ill_formed=True)


def test_a_mean_is_taken_of_what_is_linear_with_constant_coefficients():
    mean_x, mean_y = sympy.symbols("mean_x mean_y")

    def chain(conclusion, terms, hypotheses, averages, constants):
        first = Inequality(0 * ONE, conclusion, terms, hypotheses)
        mean = {"m": Mean("first", averages, constants)}
        second = Inequality(0 * ONE, 2 * conclusion.xreplace(averages), ((2 * ONE, "m"),), mean)
        return Chain({"first": first, "second": second})

    linear = (a * x + y, ((ONE, "p"), (ONE, "q")), {"p": a * x, "q": y}, {x: mean_x, y: mean_y})
    assert examine(chain(*linear, (a,))).verdict == "proved"
    rejected(chain(*linear, ()), "neither averaged nor constant")  # a may depend on x
    product = (x * y + y, ((ONE, "p"), (ONE, "q")), {"p": x * y, "q": y}, {x: mean_x, y: mean_y})
    rejected(chain(*product, ()), "not linear")
    offset = (x + 1, ((ONE, "p"), (ONE, 1)), {"p": x}, {x: mean_x})
    rejected(chain(*offset, ()), "not linear")


def test_a_chain_is_as_strong_as_its_weakest_step():
    good, bad = Identity((a + b) ** 2, a**2 + 2 * a * b + b**2), Identity(a, b)
    assert examine(Chain({"one": good})).verdict == "proved"
    rejected(Chain({"one": good, "two": bad}), "step 'two'")
    rejected(Chain({}), "without steps", ill_formed=True)
    evidence: Any = Evidence(lambda: (1.0, ""))
    rejected(Chain({"one": evidence}), "exact steps only", ill_formed=True)
    assert kinds(Chain({"one": good, "two": bad, "three": cauchy_schwarz()})) == "identity, inequality"


def test_a_hypothesis_keeps_its_meaning_through_a_chain():
    def using(expression):
        return Inequality(0 * ONE, expression + b**2, ((ONE, "h"), (b**2, 1)), {"h": expression}, Domain((), (b,)))

    assert examine(Chain({"one": using(a), "two": using(a)})).verdict == "proved"
    rejected(Chain({"one": using(a), "two": using(2 * a - 1)}), "meant something else", ill_formed=True)


# counterexamples


def square_below_itself(at: Any, hypotheses=None) -> Counterexample:
    """Against "x^2 <= x for x > 0"."""
    return Counterexample(
        {"x": at},
        hypotheses or (lambda i: {"x is positive": (i["x"], ">", Fraction(0))}),
        lambda i: {"x^2 <= x": (i["x"] ** 2, "<=", i["x"])},
    )


def test_a_counterexample_must_satisfy_the_hypotheses_and_break_the_conclusion():
    assert examine(square_below_itself(Fraction(3, 2))).verdict == "refuted"
    assert "9/4 <= 3/2 is false" in examine(square_below_itself(Fraction(3, 2))).sentence
    rejected(square_below_itself(Fraction(1)), "no counterexample")  # by a hair: equality
    rejected(square_below_itself(Fraction(999, 1000)), "no counterexample")
    rejected(square_below_itself(Fraction(-2)), "outside the statement")
    rejected(square_below_itself(Fraction(2), lambda i: {}), "needs hypotheses", ill_formed=True)


def test_counterexamples_are_evaluated_in_fractions_only():
    rejected(square_below_itself(1.5), "not an exact rational", ill_formed=True)
    rejected(square_below_itself(True), "not an exact rational", ill_formed=True)
    inexact = Counterexample(
        {"x": Fraction(2)}, lambda i: {"h": (i["x"], ">", 0)}, lambda i: {"c": (math.sqrt(i["x"]), "<=", 1)}
    )
    rejected(inexact, "not an exact rational", ill_formed=True)
    failing = Counterexample({"x": Fraction(0)}, lambda i: {"h": (1 / i["x"], ">", 0)}, lambda i: {"c": (1, "<=", 0)})
    rejected(failing, "ZeroDivisionError", ill_formed=True)


def test_a_refutation_in_a_chain_makes_it_refuted_only_if_all_else_holds():
    good, wrong = square_below_itself(Fraction(2)), square_below_itself(Fraction(1, 2))
    assert examine(Chain({"inequality": cauchy_schwarz(), "x": good})).verdict == "refuted"
    rejected(Chain({"x": good, "y": wrong}), "no counterexample")
    rejected(Chain({"x": good, "identity": Identity(a, b)}), "differ")


# equivariance


def clipped(inputs, less):
    value = inputs["value"] * 2
    return {"value": inputs["limit"] if less(inputs["limit"], value) else value}


def equivariance(program=clipped, domain=None, **units):
    symbols = {"value": x, "limit": y}
    return Equivariance({"clip": program}, symbols, {"value": c, "limit": c, **units}, domain or Domain(positive=(c,)))


def test_equivariance_is_checked_on_every_branch():
    assert examine(equivariance()).sentence.startswith("all 2 branch paths")
    rejected(equivariance(limit=ONE), "may turn out otherwise")
    rejected(equivariance(value=c**2, limit=c**2, domain=Domain()), "may turn out otherwise")  # c^2 > 0 is not shown
    rejected(equivariance(value=-c, limit=-c), "may turn out otherwise")
    rejected(equivariance(value=ONE, limit=ONE), "nothing to prove", ill_formed=True)
    rejected(equivariance(lambda inputs, less: {}), "returns nothing", ill_formed=True)

    def rare(inputs, less):  # wrong on one branch only
        value = clipped(inputs, less)["value"]
        return {"value": value + 1 if less(inputs["limit"], inputs["value"]) else value}

    rejected(equivariance(rare), "differ")


def test_a_program_that_compares_behind_the_oracle_is_rejected():
    def hidden(inputs, less):
        return {"value": inputs["limit"] if inputs["limit"] < inputs["value"] else inputs["value"]}

    rejected(equivariance(hidden), "TypeError", ill_formed=True)


def test_a_program_that_treats_the_scaled_run_or_fractions_differently_is_rejected():
    def curious(inputs, less):  # compares in the scaled run only
        scaled = not isinstance(inputs["value"], sympy.Symbol)
        return {"value": inputs["limit"] if scaled and less(x, y) else inputs["value"]}

    def inexact(inputs, less):
        return {"value": inputs["value"] + int(isinstance(inputs["value"], Fraction))}

    rejected(equivariance(curious), "compares or returns other things")
    rejected(equivariance(inexact), "an exact run is not equivariant")


def test_a_program_with_endless_branches_is_rejected():
    def endless(inputs, less):
        for _ in range(20):
            less(inputs["value"], inputs["limit"])
        return {"value": inputs["value"]}

    rejected(equivariance(endless), "branch paths", ill_formed=True)


# evidence, and the rest


def test_evidence_is_never_proof():
    assert examine(Evidence(lambda: (0.1, "1000 runs"))).verdict == "supported"
    rejected(Evidence(lambda: (-0.1, "1000 runs")), "contradict")
    rejected(Evidence(lambda: (math.nan, "1000 runs")), "contradict")


def test_what_is_no_certificate_is_open():
    rejected("proved", "not a certificate", ill_formed=True)
    rejected(None, "not a certificate", ill_formed=True)


def test_the_trust_base_imports_the_standard_library_sympy_and_flint_only():
    base = (
        *("_certificates", "_checker", "_dual", "_enclosure", "_equivariance", "_exact", "_forms"),
        *("_positivity", "_rationals", "_sums"),
    )
    for name in base:
        tree = ast.parse((Path(proofs.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                root, _, rest = module.partition(".")
                assert (
                    root in sys.stdlib_module_names
                    or root in ("sympy", "flint")
                    or (root, rest) in {("proofs", other) for other in base}
                ), f"{name} imports {module}"
