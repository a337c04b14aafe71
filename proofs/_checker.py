"""The exact checker: it turns a certificate into a verdict, and nothing else does.

Every identity is decided twice, by sympy and by exact evaluation at random rationals; a sign is accepted only where
coefficients show it; relations between other real numbers are decided by balls that contain them; floating point
decides nothing. Whatever does not pass is `open`, with the reason. The trust base is this file with `_certificates`,
`_exact`, `_sums`, `_equivariance`, `_rationals`, `_enclosure`, `_positivity`, `_dual` and `_forms`; it imports sympy,
python-flint and the standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sympy
from sympy import Expr
from sympy.polys.polyerrors import BasePolynomialError

from proofs._certificates import (
    Certificate,
    Chain,
    Counterexample,
    Dual,
    Enclosure,
    Enumeration,
    Equivalence,
    Equivariance,
    Evidence,
    Hypothesis,
    Identity,
    Induction,
    Inequality,
    Positivity,
    Throughout,
)
from proofs._dual import require_dual
from proofs._enclosure import require_enclosed, require_throughout
from proofs._equivariance import require_equivalent, require_equivariant
from proofs._exact import IllFormed, Region, Rejected, exact, require_equal
from proofs._positivity import require_positive
from proofs._rationals import require_counterexample, require_enumeration
from proofs._sums import Conclusion, require_induction, require_inequality

Verdict = Literal["proved", "refuted", "supported", "open"]


_UNEVALUATED = (
    *(ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError),
    *(sympy.SympifyError, BasePolynomialError),
)


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
    except _UNEVALUATED as error:
        return Finding("open", f"the certificate cannot be evaluated: {type(error).__name__}: {error}", (), True)


def _examine(certificate: Certificate, earlier: Mapping[str, Conclusion]) -> tuple[Finding, Conclusion | None]:
    match certificate:
        case Identity(left, right, domain):
            return _identity(exact(left), exact(right), Region(domain)), None
        case Inequality():
            given, conclusion = require_inequality(certificate, earlier)
            return Finding("proved", "the difference is a sum of nonnegative terms", given), conclusion
        case Induction():
            given, conclusion = require_induction(certificate, earlier)
            return Finding("proved", "base and step of the induction hold", given), conclusion
        case Equivariance():
            return Finding("proved", require_equivariant(certificate)), None
        case Equivalence():
            return Finding("proved", require_equivalent(certificate)), None
        case Counterexample():
            return Finding("refuted", require_counterexample(certificate)), None
        case Enumeration():
            return Finding("proved", require_enumeration(certificate)), None
        case Positivity():
            return Finding("proved", require_positive(certificate)), None
        case Enclosure(_, refutes):
            return Finding("refuted" if refutes else "proved", require_enclosed(certificate)), None
        case Throughout():
            return Finding("proved", require_throughout(certificate)), None
        case Dual():
            sentence, given = require_dual(certificate)
            return Finding("proved", sentence, given), None
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


def _evidence(margin: float, sentence: str) -> Finding:
    if not margin >= 0:
        raise Rejected(f"the numbers contradict the statement: margin {margin:g}; {sentence}")
    return Finding("supported", f"numerical evidence only: {sentence}")


def _chain(steps: Mapping[str, Certificate]) -> Finding:
    proven: dict[str, Conclusion] = {}
    assumed: dict[str, Hypothesis | None] = {}
    findings: list[Finding] = []
    for name, step in steps.items():
        if isinstance(step, Chain | Evidence):
            raise IllFormed(f"step {name!r} is a {type(step).__name__}; a chain takes exact steps only")
        try:
            finding, conclusion = _examine(step, proven)
        except Rejected as rejection:
            raise type(rejection)(f"step {name!r}: {rejection}") from None
        # the inequalities of a family differ from step to step: a Dual says which family, not which of them
        hypotheses = step.hypotheses if isinstance(step, Inequality | Induction) else dict.fromkeys(finding.given, None)
        for given in finding.given:
            meaning = hypotheses[given]
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
