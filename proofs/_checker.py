"""The exact checker: it turns a certificate into a verdict, and nothing else does.

Every identity is decided twice, by sympy and by exact evaluation at random rationals; a sign is accepted only where
coefficients show it; floating point decides nothing. Whatever does not pass is `open`, with the reason. The trust
base is this file with `_exact`, `_equivariance` and `_certificates`; it imports sympy and the standard library only.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy
from sympy import Expr
from sympy.polys.polyerrors import BasePolynomialError

from proofs._certificates import (
    INDUCTION,
    Certificate,
    Chain,
    Counterexample,
    Earlier,
    Equivariance,
    Evidence,
    Hypothesis,
    Identity,
    Induction,
    Inequality,
    Mean,
    Relation,
    Square,
    Term,
)
from proofs._equivariance import require_equivariant
from proofs._exact import (
    Domain,
    IllFormed,
    Region,
    Rejected,
    exact,
    require_equal,
    require_square,
    substitute,
    symbols_of,
    value_at,
)

Verdict = Literal["proved", "refuted", "supported", "open"]

WITNESSES = 2000  #: points tried to show that hypotheses do not contradict each other

_COMPARE = {"<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt}


@dataclass(frozen=True)
class Finding:
    """What the checker found.

    Args:
        verdict: proved, refuted, supported or open.
        sentence: the reason; for `open`, what is wrong.
        given: names of the hypotheses that the argument rests on.
        ill_formed: the certificate was rejected for its form (a float, nothing to prove, an unknown name), not
            for its mathematics.
    """

    verdict: Verdict
    sentence: str
    given: tuple[str, ...] = ()
    ill_formed: bool = False


def examine(certificate: Certificate) -> Finding:
    """Decide a certificate.

    Returns:
        Finding; `open` with the reason whenever anything fails. Nothing is raised for a wrong certificate.

    >>> a, b = sympy.symbols("a b")
    >>> examine(Identity((a + b) ** 2, a**2 + 2 * a * b + b**2)).verdict
    'proved'
    >>> examine(Identity((a + b) ** 2, a**2 + b**2)).sentence
    'left and right differ by 2*a*b'
    """
    try:
        return _examine(certificate, {})[0]
    except Rejected as rejection:
        return Finding("open", str(rejection), ill_formed=isinstance(rejection, IllFormed))
    except (ArithmeticError, LookupError, TypeError, ValueError, sympy.SympifyError, BasePolynomialError) as error:
        return Finding("open", f"the certificate cannot be evaluated: {type(error).__name__}: {error}", (), True)


_Conclusion = tuple[Expr, Domain]


def _examine(certificate: Certificate, earlier: Mapping[str, _Conclusion]) -> tuple[Finding, _Conclusion | None]:
    match certificate:
        case Identity(left, right, domain):
            return _identity(exact(left), exact(right), Region(domain)), None
        case Inequality():
            return _inequality(certificate, earlier)
        case Induction():
            return _induction(certificate, earlier)
        case Equivariance():
            return Finding("proved", require_equivariant(certificate)), None
        case Counterexample():
            return _counterexample(certificate), None
        case Evidence(measure):
            return _evidence(*measure()), None
        case Chain(steps):
            return _chain(steps), None
        case _:
            raise IllFormed(f"{type(certificate).__name__} is not a certificate")


def _identity(left: Expr, right: Expr, region: Region) -> Finding:
    if left == right:
        raise IllFormed("both sides are the same expression: there is nothing to prove")
    require_equal(left, right, region, "left and right")
    return Finding("proved", "the identity holds symbolically and at random rationals")


def _inequality(certificate: Inequality, earlier: Mapping[str, _Conclusion]) -> tuple[Finding, _Conclusion]:
    region = Region(certificate.domain)
    goal = exact(certificate.right) - exact(certificate.left)
    if not certificate.terms or sympy.expand(goal) == 0:
        raise IllFormed("no term, or both sides are equal by construction: there is no inequality to prove")
    known = {name: _resolved(hypothesis, earlier, region) for name, hypothesis in certificate.hypotheses.items()}
    for name in _given(certificate.hypotheses, known):
        if known[name] != 0 and isinstance(sympy.cancel(goal / known[name]), sympy.Rational):
            raise IllFormed(f"the conclusion is the hypothesis {name!r}: nothing is proved")
    used = _require_sum(goal, certificate.terms, known, region)
    given = _given(certificate.hypotheses, used)
    return Finding("proved", "the difference is a sum of nonnegative terms", given), (goal, certificate.domain)


def _induction(certificate: Induction, earlier: Mapping[str, _Conclusion]) -> tuple[Finding, _Conclusion]:
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
    _require_sum(substitute(statement, start), certificate.base, {}, region, "base: ")
    used = _require_sum(
        substitute(statement, advance), certificate.terms, {**known, INDUCTION: statement}, region, "step: "
    )
    given = _given(certificate.hypotheses, used)
    return Finding("proved", "base and step of the induction hold", given), (statement, certificate.domain)


def _hypotheses(step: Certificate) -> Mapping[str, Hypothesis]:
    return step.hypotheses if isinstance(step, Inequality | Induction) else {}


def _given(hypotheses: Mapping[str, Hypothesis], names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are assumed rather than taken from an earlier step."""
    wanted = set(names)
    return tuple(n for n, h in hypotheses.items() if n in wanted and not isinstance(h, Earlier | Mean))


def _resolved(hypothesis: Hypothesis, earlier: Mapping[str, _Conclusion], region: Region) -> Expr:
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


def _counterexample(certificate: Counterexample) -> Finding:
    for name, value in certificate.instance.items():
        _require_rational(name, value)
    hypotheses = certificate.hypotheses(certificate.instance)
    consequences = certificate.consequences(certificate.instance)
    if not hypotheses or not consequences:
        raise IllFormed("a counterexample needs hypotheses that hold and consequences that fail")
    for sentence, relation in hypotheses.items():
        if not _holds(sentence, relation):
            raise Rejected(f"outside the statement: {sentence} fails, {_text(relation)} is false")
    for sentence, relation in consequences.items():
        if _holds(sentence, relation):
            raise Rejected(f"no counterexample: {sentence} holds, {_text(relation)}")
    shown, more = list(consequences.items())[:2], len(consequences) - 2
    sentence = "; ".join(f"{sentence}: {_text(relation)} is false" for sentence, relation in shown)
    return Finding("refuted", sentence + (f"; and {more} more" if more > 0 else ""))


def _holds(sentence: str, relation: Relation) -> bool:
    left, comparison, right = relation
    _require_rational(sentence, left)
    _require_rational(sentence, right)
    return _COMPARE[comparison](left, right)


def _require_rational(what: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise IllFormed(f"{what}: {value!r} is not an exact rational")


def _text(relation: Relation) -> str:
    return " ".join(map(str, relation))


def _evidence(margin: float, sentence: str) -> Finding:
    if not margin >= 0:
        raise Rejected(f"the numbers contradict the statement: margin {margin:g}; {sentence}")
    return Finding("supported", f"numerical evidence only: {sentence}")


def _chain(steps: Mapping[str, Certificate]) -> Finding:
    proven: dict[str, _Conclusion] = {}
    assumed: dict[str, Hypothesis] = {}
    findings: list[Finding] = []
    for name, step in steps.items():
        if isinstance(step, Chain | Evidence):
            raise IllFormed(f"step {name!r} is a {type(step).__name__}; a chain takes exact steps only")
        try:
            finding, conclusion = _examine(step, proven)
        except Rejected as rejection:
            raise type(rejection)(f"step {name!r}: {rejection}") from None
        for given in finding.given:
            meaning = _hypotheses(step)[given]
            if assumed.setdefault(given, meaning) != meaning:
                raise IllFormed(f"step {name!r}: the hypothesis {given!r} meant something else in an earlier step")
        findings.append(finding)
        if conclusion is not None:
            proven[name] = conclusion
    if not findings:
        raise IllFormed("a chain without steps")
    given = tuple(dict.fromkeys(name for finding in findings for name in finding.given))
    refutations = [finding.sentence for finding in findings if finding.verdict == "refuted"]
    if refutations:
        more = f" (the first of {len(refutations)} counterexamples)" if len(refutations) > 1 else ""
        return Finding("refuted", refutations[0] + more, given)
    return Finding("proved", f"all {len(findings)} steps hold", given)
