"""Between trees and sympy: an expression that a user built there, and the reference that tests differentiate."""

from __future__ import annotations

import math
from typing import Any

from greedylr_theory.expressions.text import DEEPEST, MOST_COORDINATES
from greedylr_theory.expressions.tree import (
    FUNCTIONS,
    Affine,
    Call,
    Chain,
    Coordinate,
    Index,
    Negation,
    Number,
    Power,
    Sum,
    Tree,
)


def from_sympy(expression: Any, depth: int = 0) -> Tree:
    """The tree of a sympy expression in symbols x0, x1, ..., `depth` levels down in a larger one.

    Raises:
        ValueError: it holds anything but numbers, such symbols, + - * / ** and the functions of FUNCTIONS, or is nested
            too deeply.
    """
    import sympy

    name = type(expression).__name__
    if depth > DEEPEST:
        raise ValueError(f"Expression.text must be nested at most {DEEPEST} levels deep, got {name} below that")
    if isinstance(expression, sympy.Symbol):
        digits = expression.name[1:]
        plain = digits.isascii() and digits.isdecimal() and str(int(digits)) == digits and len(digits) < 6
        if not (expression.name.startswith("x") and plain and int(digits) < MOST_COORDINATES):
            raise ValueError(f"Expression.text must have symbols named x0, x1, ..., got {expression.name!r}")
        return Coordinate(Affine(int(digits)))
    if expression is sympy.pi or expression is sympy.E:
        return Number(math.pi) if expression is sympy.pi else Call("exp", (Number(1.0),))
    if isinstance(expression, sympy.Rational | sympy.Float):
        return _number(expression)
    parts = tuple(from_sympy(part, depth + 1) for part in expression.args)
    if isinstance(expression, sympy.Add):
        return Chain(("+",) * (len(parts) - 1), parts)
    if isinstance(expression, sympy.Mul):
        return Chain(("*",) * (len(parts) - 1), parts)
    if isinstance(expression, sympy.Pow):
        return Power(*parts)
    function = {"Abs": "abs", "Max": "max", "Min": "min"}.get(name, name)
    if function not in FUNCTIONS or not isinstance(expression, sympy.Function | sympy.Max | sympy.Min):
        raise ValueError(
            f"Expression.text must be made of numbers, x0, x1, ... and {', '.join(FUNCTIONS)}, got {name} in "
            f"{str(expression)[:60]!r}"
        )
    return Call(function, parts)


def _number(value: Any) -> Tree:
    import sympy

    try:
        if isinstance(value, sympy.Rational) and value.q != 1:
            size: Tree = Chain(("/",), (Number(float(abs(value.p))), Number(float(value.q))))
        else:
            size = Number(float(abs(value)))
            if not math.isfinite(size.value):
                raise OverflowError
    except OverflowError:
        raise ValueError(f"Expression.text must hold finite numbers, got {str(value)[:30]}") from None
    return Negation(size) if value < 0 else size


def to_sympy(tree: Tree, x: list[Any], indices: dict[str, int] | None = None) -> Any:
    """The expression in sympy, numbers as exact rationals; x are the d symbols."""
    import sympy

    known = indices or {}

    def inner(part: Tree) -> Any:
        return to_sympy(part, x, known)

    match tree:
        case Number(value):
            return sympy.pi if value == math.pi else sympy.Rational(value)
        case Index(name):
            return sympy.Integer(known[name])
        case Coordinate(index):
            return x[index.at(known)]
        case Negation(operand):
            return -inner(operand)
        case Power(base, exponent):
            return inner(base) ** inner(exponent)
        case Call(name, arguments):
            function = {"abs": "Abs", "max": "Max", "min": "Min"}.get(name, name)
            return getattr(sympy, function)(*[inner(part) for part in arguments])
        case Sum(body, index, low, high):
            terms = [to_sympy(body, x, {**known, index: i}) for i in range(low, high + 1)]
            return sympy.Add(*terms)
        case Chain(operators, parts):
            total = inner(parts[0])
            for operator, part in zip(operators, parts[1:], strict=True):
                other = inner(part)
                total = {
                    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
                }[operator](total, other)  # fmt: skip
            return total
