"""Exact arithmetic of the checker: rational functions, their equality and sign, vectors, domains.

Part of the trust base. Imports sympy only; admits no floating point, no roots, no symbol whose sign sympy was told
behind the checker's back.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import sympy
from sympy import Expr, Symbol

SAMPLES = 24  #: exact evaluations per identity, beside the symbolic decision

_GRAM = re.compile(r"^<([^<>,]+),([^<>,]+)>$")


class Rejected(Exception):
    """The argument is wrong, or does not show what it should."""


class IllFormed(Rejected):
    """The certificate is not one: its form is wrong, whatever its mathematics."""


@dataclass(frozen=True)
class Vector:
    """Linear combination of named vectors; ``u @ v`` is its inner product in the Gram symbols <a,b>.

    >>> d, g = Vector.named("d"), Vector.named("g")
    >>> (d - 2 * g) @ d
    <d,d> - 2*<d,g>
    """

    parts: Mapping[str, Expr]

    @classmethod
    def named(cls, name: str) -> Vector:
        return cls({name: sympy.Integer(1)})

    def __add__(self, other: Vector) -> Vector:
        names = {**self.parts, **other.parts}
        zero = sympy.Integer(0)
        return Vector({name: self.parts.get(name, zero) + other.parts.get(name, zero) for name in names})

    def __sub__(self, other: Vector) -> Vector:
        return self + other * -1

    def __mul__(self, scalar: Any) -> Vector:
        return Vector({name: part * scalar for name, part in self.parts.items()})

    __rmul__ = __mul__

    def __truediv__(self, scalar: Any) -> Vector:
        return self * (sympy.Integer(1) / scalar)

    def __matmul__(self, other: Vector) -> Expr:
        pairs = ((a, b, p * q) for a, p in self.parts.items() for b, q in other.parts.items())
        return sympy.Add(*(weight * Symbol("<{},{}>".format(*sorted((a, b)))) for a, b, weight in pairs))


@dataclass(frozen=True)
class Domain:
    """Where a statement is claimed: all of `positive` > 0 and all of `nonnegative` >= 0.

    Signs are read off coefficients after substituting `where` (variable -> expression in parameters >= 0).
    `inverse` (parameter -> expression in the variables) shows that nothing is left out: each must be a product or
    quotient of declared conditions, and together they must undo `where`. A condition that is a bare symbol is its
    own parameter. `Region` verifies all this, so that a parametrisation cannot narrow the statement.

    >>> a, b, s = sympy.symbols("a b s")
    >>> below = Domain(positive=(a, b - a), where={b: a + s}, inverse={s: b - a})  # 0 < a < b
    >>> Region(below).shows(b**2 - a**2, strict=True), Region(below).shows(2 * a - b, strict=False)
    (True, False)
    """

    positive: tuple[Expr, ...] = ()
    nonnegative: tuple[Expr, ...] = ()
    where: Mapping[Symbol, Expr] = field(default_factory=dict)
    inverse: Mapping[Symbol, Expr] = field(default_factory=dict)

    def conditions(self) -> Iterator[tuple[Expr, bool]]:
        """Each condition with whether it is strict."""
        yield from ((condition, True) for condition in self.positive)
        yield from ((condition, False) for condition in self.nonnegative)


EVERYWHERE = Domain()  #: no condition on any symbol


@dataclass(frozen=True)
class Point:
    """Rational values of symbols; those of Gram symbols are inner products of the `vectors`."""

    values: Mapping[Symbol, Fraction]
    vectors: Mapping[str, tuple[Fraction, ...]]


class Region:
    """A domain whose parametrisation has been verified: it decides signs and draws rational points.

    Raises:
        Rejected: the parametrisation does not cover the domain, or leaves it.
        IllFormed: a condition or substitution is not a rational function.
    """

    def __init__(self, domain: Domain) -> None:
        conditions = [(exact(condition), strict) for condition, strict in domain.conditions()]
        self.where = {symbol: exact(value) for symbol, value in domain.where.items()}
        inverse = {symbol: exact(value) for symbol, value in domain.inverse.items()}
        #: parameter -> whether it is > 0 rather than only >= 0
        self.parameters = {c: strict for c, strict in conditions if isinstance(c, Symbol) and c not in self.where}
        for parameter, value in inverse.items():
            if parameter in {s for c, _ in conditions for s in c.free_symbols} or parameter in self.where:
                raise IllFormed(f"the parameter {parameter} is also a variable of the domain")
            strict = _product_of_conditions(value, conditions)
            if strict is None:
                raise Rejected(f"{parameter} = {value} is not a product or quotient of the domain's conditions")
            self.parameters[parameter] = strict
        self.hidden = set(inverse)
        for variable, value in self.where.items():
            if not value.free_symbols <= set(self.parameters):
                raise IllFormed(f"{variable} = {value} contains symbols that are not parameters of the domain")
            if any(not (self._sign(base) or (0, False))[1] for base in _denominators(value)):
                raise Rejected(f"{variable} = {value} is not shown to be defined for all parameters")
            if not _vanishes(substitute(value, inverse) - variable):
                raise Rejected(f"the parametrisation of {variable} is not undone by its inverse")
        for condition, strict in conditions:
            if not self.shows(condition, strict):
                raise Rejected(f"the parametrisation does not keep {condition} {'positive' if strict else '>= 0'}")

    def sign(self, expression: Expr) -> tuple[int, bool] | None:
        """(sign, strict): +1 or -1 and whether zero is excluded; None when the coefficients do not show it."""
        if clash := exact(expression).free_symbols & self.hidden:
            raise IllFormed(f"{sorted(map(str, clash))} are parameters of the domain and may not occur outside it")
        return self._sign(substitute(expression, self.where))

    def _sign(self, expression: Expr) -> tuple[int, bool] | None:
        top, bottom = sympy.fraction(sympy.cancel(expression))
        signs = self._coefficients(top), self._coefficients(bottom)
        if signs[0] is None or signs[1] is None or not signs[1][1]:
            return None
        return signs[0][0] * signs[1][0], signs[0][1]

    def shows(self, expression: Expr, strict: bool) -> bool:
        """Whether the expression is > 0 (strict) or >= 0 on the whole domain, as its coefficients show."""
        if exact(expression) == 0:
            return not strict
        sign = self.sign(expression)
        return sign is not None and sign[0] > 0 and (sign[1] or not strict)

    def _coefficients(self, polynomial: Expr) -> tuple[int, bool] | None:
        symbols = sorted(symbols_of(polynomial), key=str)
        if not set(symbols) <= set(self.parameters):
            return None
        if not symbols:
            return (1 if polynomial > 0 else -1), polynomial != 0
        terms = sympy.Poly(polynomial, *symbols, domain="QQ").terms()
        sign = 1 if terms[0][1] > 0 else -1
        if any(sign * coefficient < 0 for _, coefficient in terms):
            return None
        weak = [not self.parameters[symbol] for symbol in symbols]
        strict = any(not any(w and power for w, power in zip(weak, powers, strict=True)) for powers, _ in terms)
        return sign, strict

    def points(self, symbols: Iterable[Symbol], most: int = 60) -> Iterator[Point]:
        """Random rational points of the domain, the same on every call; other symbols take either sign.

        Numerators and denominators are at most `most`: where it is small, values are often equal or zero.
        """
        source = random.Random(20251214)  # any fixed seed: the verdict must not change between runs
        ordered = sorted(symbols, key=str)
        names = sorted({name for symbol in ordered for name in gram_names(symbol)})
        while True:
            values = {p: Fraction(source.randint(1, most), source.randint(1, most)) for p in self.parameters}
            values |= {variable: value_at(value, values) for variable, value in self.where.items()}
            vectors = {name: tuple(_either_sign(source, most) for _ in names) for name in names}
            for symbol in ordered:
                if pair := gram_names(symbol):
                    first, second = (vectors[name] for name in pair)
                    values[symbol] = sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))
                elif symbol not in values:
                    values[symbol] = _either_sign(source, most)
            yield Point(values, vectors)


def exact(value: Any) -> Expr:
    """The value as a rational function with rational coefficients.

    Raises:
        IllFormed: it contains a float, a function, a root, or a symbol with an assumption.

    >>> exact(sympy.Symbol("x") / 2 + 0.25)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    proofs._exact.IllFormed: 0.25... is not exact: a certificate takes integers, fractions and rational functions
    """
    expression = sympy.sympify(value, strict=True)
    for node in sympy.preorder_traversal(expression):
        power = isinstance(node, sympy.Pow) and isinstance(node.exp, sympy.Integer)
        if not (power or isinstance(node, sympy.Add | sympy.Mul | sympy.Rational | Symbol)):
            raise IllFormed(f"{node} is not exact: a certificate takes integers, fractions and rational functions")
        if isinstance(node, Symbol) and node.assumptions0 != {"commutative": True}:
            raise IllFormed(f"{node} carries an assumption of sympy; declare it in the domain, where it is checked")
    return expression


def substitute(expression: Expr, values: Mapping[Any, Expr]) -> Expr:
    """The expression with its symbols replaced, all at once."""
    return cast(Expr, expression.xreplace(dict(values)))


def symbols_of(*expressions: Expr) -> set[Symbol]:
    """All symbols that occur."""
    return cast(set[Symbol], set().union(*(expression.free_symbols for expression in expressions)))


def value_at(expression: Expr, values: Mapping[Symbol, Fraction]) -> Fraction:
    """Value at a rational point, in Python's fractions: it shares no code with sympy's simplification."""
    if isinstance(expression, Symbol):
        return values[expression]
    if isinstance(expression, sympy.Rational):
        return Fraction(int(expression.p), int(expression.q))
    operands = [value_at(cast(Expr, argument), values) for argument in expression.args]
    if isinstance(expression, sympy.Pow):
        return operands[0] ** operands[1].numerator
    result = Fraction(0 if isinstance(expression, sympy.Add) else 1)
    for operand in operands:
        result = result + operand if isinstance(expression, sympy.Add) else result * operand
    return result


def require_equal(left: Expr, right: Expr, region: Region, what: str) -> None:
    """Raise Rejected unless both rational functions are equal on the region, where no denominator vanishes."""
    for side in (left, right):
        for base in _denominators(side):
            if not (region.sign(base) or (0, False))[1]:
                raise Rejected(f"the denominator {base} is not shown to be nonzero on the domain")
    if not _vanishes(left - right):
        raise Rejected(f"{what} differ by {sympy.factor(left - right)}")
    symbols = symbols_of(left, right)
    if clash := symbols & region.hidden:
        raise IllFormed(f"{sorted(map(str, clash))} are parameters of the domain and may not occur outside it")
    points = region.points(symbols)
    for _ in range(SAMPLES):
        values = next(points).values
        if value_at(left, values) != value_at(right, values):
            raise Rejected(f"{what} differ in exact evaluation, against sympy")


def require_square(vector: Vector, expanded: Expr, region: Region) -> None:
    """Raise Rejected unless the expansion is the squared norm at random rational vectors."""
    points = region.points(symbols_of(expanded, *map(exact, vector.parts.values())))
    for _ in range(SAMPLES):
        point = next(points)
        parts = [(value_at(exact(part), point.values), name) for name, part in vector.parts.items()]
        moved = [[weight * entry for entry in point.vectors[name]] for weight, name in parts if weight]
        norm = sum((sum(entries) ** 2 for entries in zip(*moved, strict=True)), Fraction(0))
        if norm != value_at(expanded, point.values):
            raise Rejected("a square is not the squared norm of its vector")


def _denominators(expression: Expr) -> Iterator[Expr]:
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Pow) and node.exp.is_negative:
            yield node.base


def _vanishes(expression: Expr) -> bool:
    return sympy.expand(sympy.fraction(sympy.together(expression))[0]) == 0


def _product_of_conditions(expression: Expr, conditions: list[tuple[Expr, bool]]) -> bool | None:
    """Whether a product or quotient of conditions is > 0 (True) or only >= 0 (False); None if it is neither."""
    sign, all_strict = 1, True
    for part, numerator in zip(sympy.fraction(sympy.cancel(expression)), (True, False), strict=True):
        constant, factors = sympy.factor_list(part)
        sign *= 1 if constant > 0 else -1
        for factor, power in factors:
            matches = ((sympy.cancel(factor / condition), strict) for condition, strict in conditions)
            match = next(((ratio, strict) for ratio, strict in matches if isinstance(ratio, sympy.Rational)), None)
            if match is None or not (match[1] or numerator):
                return None
            sign *= (1 if match[0] > 0 else -1) ** power
            all_strict = all_strict and match[1]
    return all_strict if sign > 0 else None


def _either_sign(source: random.Random, most: int) -> Fraction:
    return Fraction(source.randint(-most, most), source.randint(1, most))


def gram_names(symbol: Symbol) -> tuple[str, ...]:
    """The two vectors whose inner product the symbol is; () for any other symbol."""
    found = _GRAM.match(symbol.name)
    return found.groups() if found else ()
