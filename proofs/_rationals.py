"""The part of the checker that compares rational numbers: counterexamples, and lists gone through one by one."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

from proofs._certificates import Counterexample, Enumeration, Relation
from proofs._exact import IllFormed, Rejected

_COMPARE = {"<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt}


def require_counterexample(certificate: Counterexample) -> str:
    """The consequences that fail; Rejected or IllFormed is raised when it is no counterexample."""
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
    return sentence + (f"; and {more} more" if more > 0 else "")


def require_enumeration(certificate: Enumeration) -> str:
    """A sentence about what was found; Rejected or IllFormed is raised when a relation fails."""
    count = 0
    for case, member in certificate.cases.items():
        relations = certificate.relations(member)
        if not relations:
            raise IllFormed(f"{case}: no relation, so nothing is said of it")
        for sentence, relation in relations.items():
            if not _holds(f"{case}: {sentence}", relation):
                raise Rejected(f"{case}: {sentence} fails, {_text(relation)} is false")
        count += len(relations)
    if not certificate.cases:
        raise IllFormed("an empty list: there is nothing to prove")
    return f"{count} relations hold over {len(certificate.cases)} cases"


def _holds(sentence: str, relation: Relation) -> bool:
    left, comparison, right = relation
    _require_rational(sentence, left)
    _require_rational(sentence, right)
    return _COMPARE[comparison](left, right)


def _require_rational(what: str, value: Any) -> None:
    if type(value) not in (int, Fraction):  # a subclass may compare as it likes; bool is one of int
        raise IllFormed(f"{what}: {value!r} is not an exact rational")


def _text(relation: Relation) -> str:
    return " ".join(map(str, relation))
