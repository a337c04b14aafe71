"""Numbers of a performance estimate: linear in function values and in inner products of vectors, over the rationals.

Part of the trust base. Plain fractions, no sympy: forms with hundreds of terms are compared in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Key = tuple[str, ...]  #: () the constant, ("f_1",) a value, ("d", "g_0") an inner product, names in order


@dataclass(frozen=True)
class Combination:
    """Linear combination of named vectors; ``u @ v`` is their inner product, as a form.

    >>> d, g = Combination.named("d"), Combination.named("g")
    >>> (d - g * Fraction(1, 2)) @ g
    Form({('d', 'g'): Fraction(1, 1), ('g', 'g'): Fraction(-1, 2)})
    """

    parts: Mapping[str, Fraction]

    @classmethod
    def named(cls, name: str) -> Combination:
        return cls({name: Fraction(1)})

    def __add__(self, other: Combination) -> Combination:
        return Combination(_sum(self.parts, other.parts))

    def __sub__(self, other: Combination) -> Combination:
        return self + other * -1

    def __mul__(self, scalar: Any) -> Combination:
        return Combination({name: part * scalar for name, part in self.parts.items()})

    def __matmul__(self, other: Combination) -> Form:
        found: dict[Key, Fraction] = {}
        for a, p in self.parts.items():
            for b, q in other.parts.items():
                key = (a, b) if a <= b else (b, a)
                found[key] = found.get(key, Fraction(0)) + p * q
        return Form(found)


@dataclass(frozen=True)
class Form:
    """A constant, values and inner products, each with its coefficient.

    >>> Form.value("f_1") - Form.constant(2)
    Form({('f_1',): Fraction(1, 1), (): Fraction(-2, 1)})
    """

    parts: Mapping[Key, Fraction]

    @classmethod
    def constant(cls, number: Any) -> Form:
        return cls({(): Fraction(number)})

    @classmethod
    def value(cls, name: str) -> Form:
        return cls({(name,): Fraction(1)})

    def __add__(self, other: Form) -> Form:
        return Form(_sum(self.parts, other.parts))

    def __sub__(self, other: Form) -> Form:
        return self + other * -1

    def __mul__(self, scalar: Any) -> Form:
        return Form({key: part * scalar for key, part in self.parts.items()})

    def __repr__(self) -> str:
        return f"Form({dict(self.parts)})"


def _sum(left: Mapping[Any, Fraction], right: Mapping[Any, Fraction]) -> dict[Any, Fraction]:
    found = dict(left)
    for key, part in right.items():
        found[key] = found.get(key, Fraction(0)) + part
    return {key: part for key, part in found.items() if part}
