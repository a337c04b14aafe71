"""The few kinds of node that an expression can have, and the one way to write each."""

from __future__ import annotations

from dataclasses import dataclass

#: number of arguments of every function there is; those of two or more take any number from two on
FUNCTIONS = {
    "abs": 1, "cos": 1, "cosh": 1, "exp": 1, "log": 1, "max": 2, "min": 2, "sin": 1, "sinh": 1, "sqrt": 1, "tan": 1,
    "tanh": 1,
}  # fmt: skip
#: names of the indices of sums, from the outermost inwards, in canonical text
INDICES = ("i", "j", "k", "l", "m", "n")


@dataclass(frozen=True)
class Affine:
    """A whole number offset + sum of factor * index: what stands in x[...]."""

    offset: int
    factors: tuple[tuple[str, int], ...] = ()

    def at(self, indices: dict[str, int]) -> int:
        return self.offset + sum(factor * indices[name] for name, factor in self.factors)


@dataclass(frozen=True)
class Number:
    """A finite number, at least 0."""

    value: float


@dataclass(frozen=True)
class Coordinate:
    """x_i."""

    index: Affine


@dataclass(frozen=True)
class Index:
    """The index of a sum, used as a number."""

    name: str


@dataclass(frozen=True)
class Chain:
    """first op_1 second op_2 third ..., from left to right; the operators are all of "+-" or all of "*/"."""

    operators: tuple[str, ...]
    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Power:
    """base ** exponent."""

    base: Tree
    exponent: Tree


@dataclass(frozen=True)
class Negation:
    """-operand."""

    operand: Tree


@dataclass(frozen=True)
class Call:
    """A function of FUNCTIONS."""

    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Sum:
    """sum(body, index, low, high): both ends are included, terms are added from left to right."""

    body: Tree
    index: str
    low: int
    high: int


Tree = Number | Coordinate | Index | Chain | Power | Negation | Call | Sum

_ADDITIVE, _MULTIPLICATIVE, _UNARY, _POWER, _ATOM = range(5)


def written(tree: Tree) -> str:
    """Canonical text: no blanks, brackets only where needed, one spelling of each number and coordinate.

    >>> written(Chain(("-", "*"), (Number(1.0), Coordinate(Affine(0)), Number(0.5))))
    '1-x0*0.5'
    """
    return _written(tree, {}, 0)[0]


def _written(tree: Tree, names: dict[str, str], least: int) -> tuple[str, int]:
    text, strength = _spelled(tree, names)
    return (f"({text})", _ATOM) if strength < least else (text, strength)


def _spelled(tree: Tree, names: dict[str, str]) -> tuple[str, int]:
    match tree:
        case Number(value):
            return (str(int(value)) if value < 1e15 and value.is_integer() else repr(value)), _ATOM
        case Index(name):
            return names[name], _ATOM
        case Coordinate(index):
            return (f"x{index.offset}" if not index.factors else f"x[{_affine(index, names)}]"), _ATOM
        case Negation(operand):
            return "-" + _written(operand, names, _POWER)[0], _UNARY
        case Power(base, exponent):
            return f"{_written(base, names, _ATOM)[0]}**{_written(exponent, names, _ATOM)[0]}", _POWER
        case Call(name, arguments):
            return f"{name}({','.join(_written(part, names, 0)[0] for part in arguments)})", _ATOM
        case Sum(body, index, low, high):
            inner = {**names, index: INDICES[len(names)]}
            return f"sum({_written(body, inner, 0)[0]},{inner[index]},{low},{high})", _ATOM
        case Chain(operators, parts):
            strength = _ADDITIVE if operators[0] in "+-" else _MULTIPLICATIVE
            text = _written(parts[0], names, strength)[0]
            for operator, part in zip(operators, parts[1:], strict=True):
                text += operator + _written(part, names, _POWER if strength else _MULTIPLICATIVE)[0]
            return text, strength


def _affine(index: Affine, names: dict[str, str]) -> str:
    text = ""
    for name, factor in sorted((names[name], factor) for name, factor in index.factors):
        sign = "-" if factor < 0 else "+" if text else ""
        text += sign + (f"{abs(factor)}*" if abs(factor) != 1 else "") + name
    return text + (f"{index.offset:+d}" if index.offset else "")


def coordinate_range(tree: Tree) -> tuple[int, int] | None:
    """Smallest and largest i of the x_i in an expression, sums spelled out; None when there is none."""
    found = _coordinates(tree, {})
    return (min(found), max(found)) if found else None


def _coordinates(tree: Tree, ranges: dict[str, tuple[int, int]]) -> list[int]:
    """Smallest and largest index that each mention of a coordinate can have."""
    match tree:
        case Coordinate(index):
            ends = [sorted(factor * end for end in ranges[name]) for name, factor in index.factors]
            return [index.offset + sum(low for low, _ in ends), index.offset + sum(high for _, high in ends)]
        case Sum(body, index, low, high):
            return _coordinates(body, {**ranges, index: (low, high)})
        case Number() | Index():
            return []
        case Power(base, exponent):
            parts: tuple[Tree, ...] = (base, exponent)
        case Negation(operand):
            parts = (operand,)
        case Chain(_, parts) | Call(_, parts):
            pass
    return [found for part in parts for found in _coordinates(part, ranges)]
