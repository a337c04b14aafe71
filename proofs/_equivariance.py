"""The part of the checker that runs programs: on symbols along every branch path, and on fractions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr

from proofs._certificates import Equivariance
from proofs._exact import SAMPLES, IllFormed, Region, Rejected, exact, require_equal, symbols_of, value_at

PATHS = 4096  #: most branch paths a program may have


def require_equivariant(certificate: Equivariance) -> str:
    """A sentence about what was found.

    Raises:
        Rejected: some comparison may turn out differently, or some output is not the multiple it should be.
        IllFormed: there is nothing to prove, or too many branch paths.
    """
    region = Region(certificate.domain)
    units = {name: exact(unit) for name, unit in certificate.units.items()}
    scaled = {name: units[name] * symbol for name, symbol in certificate.inputs.items()}
    if all(unit == 1 for unit in units.values()) or not certificate.programs:
        raise IllFormed("all units are 1, or there is no program: there is nothing to prove")
    count = 0
    # paths share most of their comparisons and outputs: each pair is decided once
    same_outcome: set[tuple[Expr, Expr]] = set()
    equal: set[tuple[Expr, Expr]] = set()
    for name, program in certificate.programs.items():
        paths, scaled_paths = list(_paths(program, certificate.inputs)), list(_paths(program, scaled))
        if [path.shape() for path in paths] != [path.shape() for path in scaled_paths]:
            raise Rejected(f"{name}: the scaled run compares or returns other things")
        if not all(path.outputs for path in paths):
            raise IllFormed(f"{name}: a program that returns nothing says nothing")
        count += len(paths)
        for before, after in zip(paths, scaled_paths, strict=True):
            for (a, b), (scaled_a, scaled_b) in zip(before.guards, after.guards, strict=True):
                gaps = exact(a - b), exact(scaled_a - scaled_b)
                if gaps not in same_outcome:
                    _require_same_outcome(sympy.cancel(gaps[0]), sympy.cancel(gaps[1]), region, f"{name}: {a} < {b}")
                    same_outcome.add(gaps)
            for output, value in before.outputs.items():
                sides = exact(after.outputs[output]), units[output] * exact(value)
                if sides not in equal:
                    require_equal(*sides, region, f"{name}: {output} and its multiple")
                    equal.add(sides)
        _require_equivariant_runs(certificate, name, units, region)
    return f"all {count} branch paths correspond, comparison by comparison"


def _require_same_outcome(gap: Expr, scaled_gap: Expr, region: Region, what: str) -> None:
    ratio = sympy.Integer(1) if gap == 0 else sympy.cancel(scaled_gap / gap)
    if not region.shows(ratio, strict=True):
        raise Rejected(f"{what} may turn out otherwise in the scaled run: the sides differ by a factor {ratio}")
    require_equal(scaled_gap, ratio * gap, region, f"the sides of {what}")


def _require_equivariant_runs(certificate: Equivariance, name: str, units: Mapping[str, Expr], region: Region) -> None:
    """The same program in fractions, branching by itself, at random points."""
    program, symbols = certificate.programs[name], set(certificate.inputs.values())
    points = region.points(symbols | symbols_of(*units.values()))
    for _ in range(SAMPLES):
        values = next(points).values
        factors = {key: value_at(unit, values) for key, unit in units.items()}
        plain = {key: values[symbol] for key, symbol in certificate.inputs.items()}
        outputs = program(plain, operator.lt)
        scaled = program({key: factors[key] * value for key, value in plain.items()}, operator.lt)
        if any(scaled[key] != factors[key] * value for key, value in outputs.items()):
            raise Rejected(f"{name}: an exact run is not equivariant")


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
