"""The part of the checker that verifies sums of nonnegative terms: inequalities, inductions, and their hypotheses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from sympy import Expr, Symbol

from proofs._certificates import INDUCTION, Earlier, Hypothesis, Induction, Inequality, Mean, Square, Term
from proofs._exact import (
    Domain,
    IllFormed,
    Region,
    Rejected,
    exact,
    gram_names,
    require_equal,
    require_square,
    substitute,
    symbols_of,
    value_at,
)

WITNESSES = 2000  #: points tried to show that hypotheses do not contradict each other

Conclusion = tuple[Expr, Domain]  #: what is >= 0, and where


def require_inequality(
    certificate: Inequality, earlier: Mapping[str, Conclusion]
) -> tuple[tuple[str, ...], Conclusion]:
    """Names of the hypotheses it rests on, and its conclusion; Rejected or IllFormed is raised when it fails."""
    region = Region(certificate.domain)
    goal = exact(certificate.right) - exact(certificate.left)
    if not certificate.terms or sympy.expand(goal) == 0:
        raise IllFormed("no term, or both sides are equal by construction: there is no inequality to prove")
    known = {name: _resolved(hypothesis, earlier, region) for name, hypothesis in certificate.hypotheses.items()}
    for name in _given(certificate.hypotheses, known):
        _require_other_than(name, known[name], goal)
    used = _require_sum(goal, certificate.terms, known, region)
    return _given(certificate.hypotheses, used), (goal, certificate.domain)


def require_induction(certificate: Induction, earlier: Mapping[str, Conclusion]) -> tuple[tuple[str, ...], Conclusion]:
    """Names of the hypotheses it rests on, and its conclusion; Rejected or IllFormed is raised when it fails."""
    region, statement = Region(certificate.domain), exact(certificate.statement)
    start = {symbol: exact(value) for symbol, value in certificate.start.items()}
    advance = {symbol: exact(value) for symbol, value in certificate.advance.items()}
    if set(start) != set(advance) or not set(start) <= statement.free_symbols:
        raise IllFormed("start and advance must name the same symbols, all of them in the statement")
    if sympy.expand(substitute(statement, advance) - statement) == 0:
        raise IllFormed("the statement is the same at t and t + 1: there is nothing to induct on")
    for condition, strict in certificate.domain.conditions():
        for moment, change in (("at the start", start), ("from t to t + 1", advance)):
            if condition.free_symbols & set(start) and not region.shows(substitute(condition, change), strict):
                raise Rejected(f"the condition on {condition} is not shown to hold {moment}")
    known = {name: _resolved(hypothesis, earlier, region) for name, hypothesis in certificate.hypotheses.items()}
    for name in _given(certificate.hypotheses, known):
        _require_other_than(name, known[name], substitute(statement, advance))
    for _, term in (*certificate.base, *certificate.terms):
        if isinstance(term, Square) and symbols_of(exact(term.vector @ term.vector)) & set(start):
            raise IllFormed("an inner product that changes with t cannot be part of a square: it may leave its bounds")
    _require_sum(substitute(statement, start), certificate.base, {}, region, "base: ")
    used = _require_sum(
        substitute(statement, advance), certificate.terms, {**known, INDUCTION: statement}, region, "step: "
    )
    return _given(certificate.hypotheses, used), (statement, certificate.domain)


def _given(hypotheses: Mapping[str, Hypothesis], names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are assumed rather than taken from an earlier step.

    An earlier step with another symbol in place of an inner product is assumed: that the symbol is that of vectors.
    """
    wanted = set(names)
    return tuple(n for n, h in hypotheses.items() if n in wanted and not _is_taken(h))


def _is_taken(hypothesis: Hypothesis) -> bool:
    if isinstance(hypothesis, Earlier):
        return not any(isinstance(key, Symbol) and gram_names(key) for key in hypothesis.rename)
    return isinstance(hypothesis, Mean)


def _require_other_than(name: str, hypothesis: Expr, goal: Expr) -> None:
    if hypothesis == 0:
        return
    symbols = sorted(goal.free_symbols | hypothesis.free_symbols, key=str)
    quotients: list[Expr] = []
    for first in (3, 5):  # two places where the quotient differs show that it is no number, and spare the cancelling
        place = {symbol: sympy.Rational(first + 2 * k * first + k, 7 + k) for k, symbol in enumerate(symbols)}
        below = substitute(hypothesis, place)
        quotients.append(substitute(goal, place) / below if below.is_Rational and below != 0 else sympy.nan)
    if all(quotient.is_Rational for quotient in quotients) and quotients[0] != quotients[1]:
        return
    if isinstance(sympy.cancel(goal / hypothesis), sympy.Rational):
        raise IllFormed(f"the conclusion is the hypothesis {name!r}: nothing is proved")


def _resolved(hypothesis: Hypothesis, earlier: Mapping[str, Conclusion], region: Region) -> Expr:
    """The expression that a hypothesis says is >= 0."""
    if not isinstance(hypothesis, Earlier | Mean):
        return exact(hypothesis)
    if hypothesis.step not in earlier:
        raise IllFormed(f"there is no earlier step {hypothesis.step!r} with a conclusion to use")
    conclusion, domain = earlier[hypothesis.step]
    replaced = hypothesis.averages if isinstance(hypothesis, Mean) else hypothesis.rename
    replaced = {symbol: exact(value) for symbol, value in replaced.items()}
    for condition, strict in domain.conditions():
        # a mean is taken over places of the earlier domain; only a renaming moves the conditions with it
        moved = condition if isinstance(hypothesis, Mean) else substitute(condition, replaced)
        if not region.shows(moved, strict):
            raise Rejected(f"step {hypothesis.step!r} is used where its condition on {condition} is not shown")
    if isinstance(hypothesis, Mean):
        polynomial = sympy.Poly(sympy.expand(conclusion), *replaced)
        if any(sum(powers) != 1 for powers in polynomial.monoms()):
            raise Rejected(f"step {hypothesis.step!r} is not linear in what is averaged")
        others = set().union(*(c.free_symbols for c in polynomial.coeffs())) - set(hypothesis.constants)
        if others:
            raise Rejected(f"step {hypothesis.step!r} has {sorted(map(str, others))}, neither averaged nor constant")
    return substitute(conclusion, replaced)


def _require_sum(
    goal: Expr, terms: Iterable[tuple[Expr, Term]], known: Mapping[str, Expr], region: Region, where: str = ""
) -> set[str]:
    """Raise unless goal = sum of multiplier * term with all multipliers and terms >= 0; the hypotheses used."""
    total: Expr = sympy.Integer(0)
    used: set[str] = set()
    for multiplier, term in terms:
        if not region.shows(exact(multiplier), strict=False):
            raise Rejected(f"{where}the multiplier {multiplier} is not shown to be nonnegative on the domain")
        if isinstance(term, Square):
            expanded = exact(term.vector @ term.vector)
            require_square(term.vector, expanded, region)
        elif isinstance(term, str) and term in known:
            used.add(term)
            expanded = known[term]
        elif isinstance(term, str):
            raise IllFormed(f"{where}the hypothesis {term!r} is not among those declared")
        elif term == 1:
            expanded = sympy.Integer(1)
        else:
            raise IllFormed(f"{where}{term!r} is not a term: use Square(vector), the name of a hypothesis, or 1")
        total += exact(multiplier) * expanded
    require_equal(goal, total, region, f"{where}the difference and the sum of terms")
    _require_consistent(list(known.values()), region)
    return used


def _require_consistent(hypotheses: list[Expr], region: Region) -> None:
    points = region.points(symbols_of(*hypotheses))
    for _ in range(WITNESSES):
        values = next(points).values
        if all(value_at(hypothesis, values) >= 0 for hypothesis in hypotheses):
            return
    raise Rejected(f"none of {WITNESSES} points satisfies all hypotheses: they may contradict each other")
