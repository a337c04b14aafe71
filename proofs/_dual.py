"""The part of the checker that verifies multipliers of inequalities and the quadratic form that they leave."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

from proofs._certificates import Dual
from proofs._exact import IllFormed, Rejected
from proofs._forms import Form, Key

SAMPLES = 8  #: exact evaluations of the whole sum, beside the comparison of coefficients

Row = dict[str, Fraction]


def require_dual(certificate: Dual) -> tuple[str, tuple[str, ...]]:
    """A sentence, and the families of inequalities used; Rejected or IllFormed is raised when it fails."""
    used = [(weight, family, form) for weight, family, form in certificate.terms if weight != 0]
    if not used:
        raise IllFormed("no inequality is used: there is nothing to prove")
    _require_exact(certificate.bound, certificate.measured)
    total = Form.constant(certificate.bound) - certificate.measured
    for weight, family, form in certificate.terms:
        _require_exact(weight, form)
        if weight < 0:
            raise Rejected(f"the multiplier {weight} of {family!r} is negative")
        if form.parts.get((), 0) < 0:
            raise IllFormed(f"an inequality of {family!r} fails where all vectors and values are 0")
        total = total - form * weight
    for key, part in total.parts.items():
        if len(key) == 1 and part:
            raise Rejected(f"the multipliers leave {part} of the value {key[0]}")
    if total.parts.get((), Fraction(0)) < 0:
        raise Rejected(f"the multipliers give a bound that is {-total.parts[()]} larger than the one claimed")
    squares = decomposed(total)
    _require_sum(certificate, squares, total.parts.get((), Fraction(0)))
    families = tuple(dict.fromkeys(family for _, family, _ in used))
    return f"{len(used)} multipliers and {len(squares)} squares prove the bound {_short(certificate.bound)}", families


def decomposed(form: Form) -> list[tuple[Fraction, Row]]:
    """The quadratic part as a sum of positive multiples of squares, by symmetric elimination.

    Raises:
        Rejected: the form is negative somewhere.
    """
    entries: dict[Key, Fraction] = {key: part for key, part in form.parts.items() if len(key) == 2 and part}
    names = sorted({name for key in entries for name in key})
    rows = {a: {b: _entry(entries, a, b) for b in names} for a in names}
    squares: list[tuple[Fraction, Row]] = []
    while names:
        pivot = max(names, key=lambda name: rows[name][name])
        size = rows[pivot][pivot]
        if size <= 0:
            if any(rows[a][b] for a in names for b in names):
                raise Rejected(
                    f"what the multipliers leave is not a sum of squares: the pivot of {pivot} is {_short(size)}"
                )
            break
        square = {name: rows[pivot][name] / size for name in names}
        names = [name for name in names if name != pivot]
        for a in names:
            for b in names:
                rows[a][b] -= size * square[a] * square[b]
        squares.append((size, square))
    return squares


def _entry(entries: Mapping[Key, Fraction], a: str, b: str) -> Fraction:
    part = entries.get((a, b) if a <= b else (b, a), Fraction(0))
    return part if a == b else part / 2


def _require_sum(certificate: Dual, squares: Sequence[tuple[Fraction, Row]], rest: Fraction) -> None:
    """Evaluate bound - measured = sum of multiplier * inequality + squares at random rational vectors and values."""
    source = random.Random(20151001)  # any fixed seed: the verdict must not change between runs
    keys = {key for form in (certificate.measured, *(term[2] for term in certificate.terms)) for key in form.parts}
    names = sorted({name for key in keys if len(key) == 2 for name in key})
    for _ in range(SAMPLES):
        vectors = {name: [Fraction(source.randint(-9, 9), source.randint(1, 9)) for _ in range(3)] for name in names}
        values = {
            key[0]: Fraction(source.randint(-9, 9), source.randint(1, 9)) for key in sorted(keys) if len(key) == 1
        }

        def at(form: Form, values: Mapping[str, Fraction] = values, vectors: Mapping[str, list[Fraction]] = vectors):
            found = Fraction(0)
            for key, part in form.parts.items():
                if len(key) == 2:
                    found += part * sum(p * q for p, q in zip(vectors[key[0]], vectors[key[1]], strict=True))
                else:
                    found += part * (values[key[0]] if key else 1)
            return found

        total = sum((weight * at(form) for weight, _, form in certificate.terms), rest)
        for size, square in squares:
            moved = [sum(part * vectors[name][k] for name, part in square.items()) for k in range(3)]
            total += size * sum(entry * entry for entry in moved)
        if certificate.bound - at(certificate.measured) != total:
            raise Rejected("the sum differs in exact evaluation, against its coefficients")


def _require_exact(weight: object, form: Form) -> None:
    for number in (weight, *form.parts.values()):
        if type(number) not in (int, Fraction):
            raise IllFormed(f"{number!r} is not an exact rational")


def _short(number: Fraction | int) -> str:
    text = str(number)
    return text if len(text) < 30 else f"{float(number):.12g}"
