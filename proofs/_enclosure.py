"""The part of the checker that decides relations between real numbers by ball arithmetic.

A ball contains the number it stands for, so a relation that holds between all members of two balls is proved. What
balls cannot say of themselves is checked here: that they are finite, that both sides are not merely exact binary
numbers, that twice the precision tells the same story, and that no float stands in the code that made them.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from flint import arb, ctx, fmpq

from proofs._certificates import BallRelation, Enclosure, Throughout
from proofs._exact import IllFormed, Rejected

PRECISIONS = (64, 128, 256, 512, 1024, 2048)  #: bits tried; twice as many confirm
PIECES = 4096  #: most pieces of an interval
BITS = 192  #: precision on the pieces of an interval

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_NOT_OURS = sys.stdlib_module_names | {"sympy", "flint", "numpy"}

Sides = tuple[arb, str, arb]


def require_enclosed(certificate: Enclosure) -> str:
    """A sentence about what was found.

    Raises:
        Rejected: a relation is false, is not decided at the highest precision, or two precisions contradict each other.
        IllFormed: there is no relation, a float, a ball that is not finite, or a relation between exact binary numbers.
    """
    _refuse_floats(certificate.relations)
    current: dict[str, list[Sides]] = {}
    undecided: list[tuple[str, Sides]] = []
    for bits in PRECISIONS:
        current = _relations_at(certificate, bits)
        undecided = [(name, side) for name, sides in current.items() for side in sides if not _holds(name, *side)]
        if not undecided:
            _require_same_story(current, _relations_at(certificate, 2 * bits))
            return f"{len(current)} relation{'s' * (len(current) > 1)} decided by balls of {bits} bits"
    name, (left, comparison, right) = undecided[0]
    if not (left.is_finite() and right.is_finite()):
        raise IllFormed(f"{name}: a side is not finite, {left} {comparison} {right}")
    raise Rejected(f"{name}: not decided at {PRECISIONS[-1]} bits, the sides may be equal")


def require_throughout(certificate: Throughout) -> str:
    """A sentence about what was found.

    Raises:
        Rejected: the function is not positive somewhere, or more pieces are needed than are allowed.
        IllFormed: the interval is none, a float, or something that is not a ball.
    """
    low, high = certificate.low, certificate.high
    if not all(isinstance(end, int | Fraction) for end in (low, high)) or not low < high:
        raise IllFormed(f"an interval has rational ends, the lower one first, got {low!r} and {high!r}")
    _refuse_floats(certificate.function)
    # breadth first: a negative value is met before the neighbourhood of a zero is halved for ever
    pending, pieces = deque([(Fraction(low), Fraction(high))]), 0
    with _precision(BITS):
        while pending:
            left, right = pending.popleft()
            pieces += 1
            value = certificate.function(_ball(left).union(_ball(right)))
            if not isinstance(value, arb):
                raise IllFormed(f"the function returns {value!r}, which is not a ball")
            if value.is_finite() and value > 0:
                if not all(certificate.function(_ball(end)).overlaps(value) for end in (left, right)):
                    raise Rejected(f"between {left} and {right} the ball does not contain the values at the ends")
                continue
            if value.is_finite() and value <= 0:
                raise Rejected(f"the function is not positive between {float(left):.12g} and {float(right):.12g}")
            if pieces + len(pending) > PIECES:
                raise Rejected(
                    f"not shown between {float(left):.12g} and {float(right):.12g}: the function may vanish there"
                )
            middle = (left + right) / 2
            pending += [(left, middle), (middle, right)]
    return f"positive on {pieces} pieces that cover [{low}, {high}]"


def _relations_at(certificate: Enclosure, bits: int) -> dict[str, list[Sides]]:
    with _precision(bits):
        relations = certificate.relations(bits)
        if not relations:
            raise IllFormed("no relation: there is nothing to prove")
        return {name: list(_sides(name, relation)) for name, relation in relations.items()}


def _sides(name: str, relation: BallRelation) -> Iterator[Sides]:
    left, comparison, right = relation
    if comparison == "in":
        low, high = right
        yield from ((_ball(low), "<=", _ball(left)), (_ball(left), "<=", _ball(high)))
    elif comparison == "rounds to":
        # half a unit of the last digit to either side
        exponent = Decimal(right).as_tuple().exponent
        half, digits = Fraction(10) ** int(exponent) / 2, Fraction(right)
        yield from ((_ball(digits - half), "<=", _ball(left)), (_ball(left), "<=", _ball(digits + half)))
    elif comparison in _OPPOSITE:
        yield _ball(left), comparison, _ball(right)
    else:
        raise IllFormed(f"{name}: {comparison!r} is no relation that balls decide")


def _ball(value: Any) -> arb:
    if isinstance(value, arb):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Fraction | str):
        raise IllFormed(f"{value!r} is neither a ball nor an exact rational")
    number = Fraction(value)
    return arb(fmpq(number.numerator, number.denominator))


def _compare(left: arb, comparison: str, right: arb) -> bool:
    """Whether the relation holds between all members of the balls."""
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[comparison]


def _holds(name: str, left: arb, comparison: str, right: arb) -> bool:
    """True when certain, False when undecided or not finite.

    Raises:
        Rejected: certainly false.
        IllFormed: nothing that needs balls.
    """
    if not (left.is_finite() and right.is_finite()):
        return False
    if left.is_exact() and right.is_exact():
        raise IllFormed(f"{name}: both sides are exact binary numbers; state it in fractions")
    if _compare(left, _OPPOSITE[comparison], right):
        raise Rejected(f"{name}: {left.str(12)} {comparison} {right.str(12)} is false")
    return _compare(left, comparison, right)


def _require_same_story(coarse: Mapping[str, list[Sides]], fine: Mapping[str, list[Sides]]) -> None:
    """Twice the precision names the same relations, meets every ball, and decides alike."""
    if list(coarse) != list(fine):
        raise IllFormed("the relations depend on the precision")
    for name, sides in fine.items():
        for (left, _, right), (finer_left, comparison, finer_right) in zip(coarse[name], sides, strict=True):
            if not (left.overlaps(finer_left) and right.overlaps(finer_right)):
                raise Rejected(f"{name}: the balls at two precisions do not meet: they enclose no common number")
            if not _holds(name, finer_left, comparison, finer_right):
                raise Rejected(f"{name}: decided at one precision and not at twice as many bits")


@contextmanager
def _precision(bits: int) -> Iterator[None]:
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


def _refuse_floats(function: Callable[..., Any]) -> None:
    for source, number in _floats(function, set()):
        raise IllFormed(f"{source} contains the float {number!r}: balls are made from fractions or decimal text")


def _floats(value: Any, seen: set[int]) -> Iterator[tuple[str, float | complex]]:
    """Floats in constants, closures, defaults and globals of a function, and of functions and classes of ours that it
    names."""
    while hasattr(value, "__wrapped__"):  # functools.cache and the like
        value = value.__wrapped__
    if isinstance(value, partial):
        value = [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, MethodType):
        value = [value.__func__, value.__self__]
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__.partition(".")[0] not in _NOT_OURS and id(value) not in seen:
        seen.add(id(value))
        parts = [*vars(kind).values(), *(() if value is kind else getattr(value, "__dict__", {}).values())]
        value = [part.fget if isinstance(part, property) else part for part in parts]
    if isinstance(value, list | tuple | set | frozenset | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from [("a collection", item)] if isinstance(item, float | complex) else _floats(item, seen)
    if not isinstance(value, FunctionType) or id(value) in seen or value.__module__.partition(".")[0] in _NOT_OURS:
        return
    seen.add(id(value))
    reached: list[Any] = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    reached += [cell.cell_contents for cell in value.__closure__ or ()]
    codes = [value.__code__]
    for code in codes:  # grows: nested functions and comprehensions have code of their own
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        named = [value.__globals__.get(name) for name in code.co_names]
        modules = [item for item in named if isinstance(item, ModuleType) and item.__name__ not in _NOT_OURS]
        named += [vars(module).get(name) for module in modules for name in code.co_names]
        reached += [*code.co_consts, *named]
    for item in reached:
        if isinstance(item, float | complex):
            yield value.__qualname__, item
        yield from _floats(item, seen)
