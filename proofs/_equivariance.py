"""The part of the checker that runs programs: on symbols along every branch path, and on fractions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr

from proofs._certificates import Equivalence, Equivariance, Program
from proofs._exact import SAMPLES, IllFormed, Region, Rejected, exact, require_equal, symbols_of, value_at

PATHS = 4096  #: most branch paths a program may have
TIES = 48  #: exact runs at small numbers, where values coincide


def require_equivariant(certificate: Equivariance) -> str:
    """A sentence about what was found.

    Raises:
        Rejected: some comparison may turn out differently, or some output is not the multiple it should be.
        IllFormed: there is nothing to prove, or too many branch paths.
    """
    region = Region(certificate.domain)
    units = {name: exact(unit) for name, unit in certificate.units.items()}
    if all(unit == 1 for unit in units.values()) or not certificate.programs:
        raise IllFormed("all units are 1, or there is no program: there is nothing to prove")
    known = _Decided(set(), set())
    pairs = {name: (program, program) for name, program in certificate.programs.items()}
    count = sum(_require_correspondence(name, *pairs[name], certificate.inputs, units, region, known) for name in pairs)
    return f"all {count} branch paths correspond, comparison by comparison"


def require_equivalent(certificate: Equivalence) -> str:
    """A sentence about what was found.

    Raises:
        Rejected: some comparison may turn out differently, or some output differs.
        IllFormed: there is nothing to prove, or too many branch paths.
    """
    region = Region(certificate.domain)
    if not certificate.programs or any(first is second for first, second in certificate.programs.values()):
        raise IllFormed("no program, or one program compared with itself: there is nothing to prove")
    inputs, known = certificate.inputs, _Decided(set(), set())
    count = sum(
        _require_correspondence(name, *pair, inputs, None, region, known) for name, pair in certificate.programs.items()
    )
    return f"all {count} branch paths of both programs agree, comparison by comparison"


@dataclass(frozen=True)
class _Decided:
    """Paths share most of their comparisons and outputs: each pair is decided once."""

    same_outcome: set[tuple[Expr, Expr]]
    equal: set[tuple[Expr, Expr]]


def _require_correspondence(
    name: str,
    first: Program,
    second: Program,
    inputs: Mapping[str, Any],
    units: Mapping[str, Expr] | None,
    region: Region,
    known: _Decided,
) -> int:
    """Number of branch paths; the second program runs on the inputs times their units (1 when there are none)."""
    one: Expr = sympy.Integer(1)
    scaled = {key: symbol if units is None else units[key] * symbol for key, symbol in inputs.items()}
    paths, other_paths = list(_paths(first, inputs)), list(_paths(second, scaled))
    other = "the second program" if units is None else "the scaled run"
    if [path.shape() for path in paths] != [path.shape() for path in other_paths]:
        raise Rejected(f"{name}: {other} compares or returns other things")
    if not all(path.outputs for path in paths):
        raise IllFormed(f"{name}: a program that returns nothing says nothing")
    for before, after in zip(paths, other_paths, strict=True):
        for (a, b), (other_a, other_b) in zip(before.guards, after.guards, strict=True):
            gaps = exact(a - b), exact(other_a - other_b)
            if gaps not in known.same_outcome:
                _require_same_outcome(sympy.cancel(gaps[0]), sympy.cancel(gaps[1]), region, f"{name}: {a} < {b}", other)
                known.same_outcome.add(gaps)
        for output, value in before.outputs.items():
            sides = exact(after.outputs[output]), (one if units is None else units[output]) * exact(value)
            if sides not in known.equal:
                require_equal(*sides, region, f"{name}: {output} {'in both' if units is None else 'and its multiple'}")
                known.equal.add(sides)
    _require_corresponding_runs(name, first, second, inputs, units, region)
    return len(paths)


def _require_same_outcome(gap: Expr, other_gap: Expr, region: Region, what: str, other: str) -> None:
    ratio = sympy.Integer(1) if gap == 0 else sympy.cancel(other_gap / gap)
    if not region.shows(ratio, strict=True):
        raise Rejected(f"{what} may turn out otherwise in {other}: the sides differ by a factor {ratio}")
    require_equal(other_gap, ratio * gap, region, f"the sides of {what}")


def _require_corresponding_runs(
    name: str,
    first: Program,
    second: Program,
    inputs: Mapping[str, Any],
    units: Mapping[str, Expr] | None,
    region: Region,
) -> None:
    """Both in fractions, branching by themselves, at random points; most of them are full of ties and zeros.

    Ties are where a program shows that looks at values without `less`: on symbols ``a == b`` is merely false.
    """
    symbols = set(inputs.values()) | symbols_of(*(units or {}).values())
    points = [(most, region.points(symbols, most)) for most in (60, 2, 1)]
    for values in (next(source).values for most, source in points for _ in range(SAMPLES if most > 2 else TIES)):
        factors = {key: value_at(unit, values) for key, unit in (units or {}).items()}
        plain = {key: values[symbol] for key, symbol in inputs.items()}
        outputs = first(plain, operator.lt)
        others = second({key: factors.get(key, 1) * value for key, value in plain.items()}, operator.lt)
        if any(others[key] != factors.get(key, 1) * value for key, value in outputs.items()):
            raise Rejected(f"{name}: an exact run {'differs' if units is None else 'is not equivariant'}")


@dataclass(frozen=True)
class _Path:
    answers: tuple[bool, ...]
    guards: tuple[tuple[Any, Any], ...]
    outputs: Mapping[str, Any]

    def shape(self) -> tuple[tuple[bool, ...], list[str]]:
        return self.answers, list(self.outputs)


def _paths(program: Callable[..., Mapping[str, Any]], inputs: Mapping[str, Any]) -> Iterator[_Path]:
    """Run a program once per sequence of answers to its comparisons."""
    scripts: list[tuple[bool, ...]] = [()]
    for _ in range(PATHS):
        if not scripts:
            return
        script = scripts.pop()
        guards: list[tuple[Any, Any]] = []

        def less(a: Any, b: Any, script: tuple[bool, ...] = script, guards: list[Any] = guards) -> bool:
            guards.append((a, b))
            return script[len(guards) - 1] if len(guards) <= len(script) else False

        outputs = program(inputs, less)
        answers = script + (False,) * (len(guards) - len(script))
        scripts += [(*answers[:i], True) for i in range(len(script), len(answers))]
        yield _Path(answers, tuple(guards), outputs)
    if scripts:
        raise IllFormed(f"the program has more than {PATHS} branch paths")
