"""Indices: whole numbers, names of indices, + - and *."""

from __future__ import annotations

from greedylr_theory.expressions.tree import Affine, Chain, Index, Negation, Number, Tree

#: whole numbers in indices stay below this
LARGEST_INDEX = 10**6


def affine(tree: Tree) -> Affine | None:
    """The whole number that an index is, or None when it is made of anything else or grows too large."""
    match tree:
        case Number(value):
            return Affine(int(value)) if value.is_integer() and value <= LARGEST_INDEX else None
        case Index(name):
            return Affine(0, ((name, 1),))
        case Negation(operand):
            found = affine(operand)
            return None if found is None else _combined(Affine(0), found, -1)
        case Chain(operators, parts):
            total = affine(parts[0])
            for operator, part in zip(operators, parts[1:], strict=True):
                other = affine(part)
                if total is None or other is None or operator == "/":
                    return None
                if operator == "*":
                    if total.factors and other.factors:
                        return None
                    total, factor = (total, other.offset) if total.factors else (other, total.offset)
                    total = _combined(Affine(0), total, factor)
                else:
                    total = _combined(total, other, 1 if operator == "+" else -1)
                if abs(total.offset) > LARGEST_INDEX**2:
                    return None
            return total
        case _:
            return None


def _combined(first: Affine, second: Affine, factor: int) -> Affine:
    """first + factor * second."""
    factors = dict(first.factors)
    for name, value in second.factors:
        factors[name] = factors.get(name, 0) + factor * value
    kept = tuple(sorted((name, value) for name, value in factors.items() if value))
    return Affine(first.offset + factor * second.offset, kept)
