"""Kinds of certificate: what an author writes down, and what `_checker` decides. Data only.

All expressions are sympy expressions in plain symbols; integers and fractions are welcome, floats are not. Balls are
those of python-flint, and how their constants must be made is said at `Enclosure`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from flint import arb
from sympy import Expr, Symbol

from proofs._exact import EVERYWHERE, Domain, Vector
from proofs._forms import Form

Less = Callable[[Any, Any], bool]
Relation = tuple[Any, Literal["<", "<=", "==", ">=", ">"], Any]
Program = Callable[[Mapping[str, Any], Less], Mapping[str, Any]]
BallRelation = tuple[Any, Literal["<", "<=", ">=", ">", "in", "rounds to"], Any]

INDUCTION = "induction hypothesis"  #: what the step of an `Induction` calls the statement at t


@dataclass(frozen=True)
class Square:
    """The squared norm of a vector: a term that is >= 0 because of what it is. The checker expands it.

    >>> d, g = Vector.named("d"), Vector.named("g")
    >>> term = Square(d - g / 2)
    """

    vector: Vector


@dataclass(frozen=True)
class Earlier:
    """The conclusion of an earlier step of a `Chain`, with other names or special values for its symbols.

    The earlier step's domain must be shown to contain the place where it is used. Where an inner product <a,b> is
    replaced, the step counts among the assumptions: that what replaces it is an inner product of vectors.
    """

    step: str
    rename: Mapping[Any, Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class Mean:
    """The expectation of an earlier conclusion: allowed where that is linear in the averaged quantities.

    Args:
        step: name of the earlier step.
        averages: each random symbol -> its (conditional) mean.
        constants: the symbols that may occur in coefficients: those the expectation treats as known.
    """

    step: str
    averages: Mapping[Any, Expr]
    constants: tuple[Symbol, ...]


Hypothesis = Expr | Earlier | Mean
Term = Square | str | Literal[1]


@dataclass(frozen=True)
class Identity:
    """left = right, as rational functions, wherever the domain's conditions hold."""

    left: Expr
    right: Expr
    domain: Domain = EVERYWHERE


@dataclass(frozen=True)
class Inequality:
    """left <= right, because right - left = sum of multiplier * term over `terms`.

    A term is a `Square`, the name of a hypothesis (an expression assumed >= 0, or an earlier conclusion), or 1.
    """

    left: Expr
    right: Expr
    terms: tuple[tuple[Expr, Term], ...]
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)
    domain: Domain = EVERYWHERE


@dataclass(frozen=True)
class Induction:
    """statement >= 0 for every t = 0, 1, 2, ...

    At t = 0 its symbols have the values `start` and the statement is the sum `base` (() where it is 0). From t
    to t + 1 they change as in `advance`, and the statement at t + 1 is the sum `terms`, whose hypotheses
    include the statement at t under the name `INDUCTION`. Conditions of the domain on symbols that change are
    part of the induction: they must hold at the start and be kept. An inner product that changes may not be part of
    a `Square`.
    """

    statement: Expr
    start: Mapping[Symbol, Expr]
    advance: Mapping[Symbol, Expr]
    terms: tuple[tuple[Expr, Term], ...]
    base: tuple[tuple[Expr, Term], ...] = ()
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)
    domain: Domain = EVERYWHERE


@dataclass(frozen=True)
class Equivariance:
    """Multiplying the inputs of each program by their units multiplies its outputs by theirs.

    A program maps named inputs to named outputs and compares only through ``less(a, b)``; it is run on every
    branch path. Where both versions of a comparison differ by a positive factor they have the same outcome, so
    both runs take the same path. One program per kind of step: the whole run follows by induction over steps.
    """

    programs: Mapping[str, Program]
    inputs: Mapping[str, Symbol]
    units: Mapping[str, Expr]
    domain: Domain


@dataclass(frozen=True)
class Counterexample:
    """An instance in exact rationals where all hypotheses hold and each listed consequence fails.

    Both functions get `instance` and return relations, (left, "<=", right) and the like, by the sentence they
    express; the checker compares. Fractions and integers only.
    """

    instance: Mapping[str, Fraction]
    hypotheses: Callable[[Mapping[str, Fraction]], Mapping[str, Relation]]
    consequences: Callable[[Mapping[str, Fraction]], Mapping[str, Relation]]


@dataclass(frozen=True)
class Equivalence:
    """Two programs make the same comparisons, with the same outcome, and return the same, on every branch path.

    As in `Equivariance` a program compares only through ``less(a, b)``. One pair per kind of step: that two whole runs
    are equal follows by induction over steps, where the inputs that a pair shares are the state both are in.
    """

    programs: Mapping[str, tuple[Program, Program]]
    inputs: Mapping[str, Symbol]
    domain: Domain = EVERYWHERE


@dataclass(frozen=True)
class Enumeration:
    """Every relation holds for every member of a finite list, in exact rationals.

    Args:
        cases: the list, by the name of each member.
        relations: member -> relations, by the sentence they express; Fractions and integers only.
    """

    cases: Mapping[str, Any]
    relations: Callable[[Any], Mapping[str, Relation]]


@dataclass(frozen=True)
class Positivity:
    """The polynomial is > 0 on the whole of [low, high], ends included; high = None for no upper end.

    One variable, rational coefficients. Divide out a factor that vanishes at an end, and say so.
    """

    polynomial: Expr
    low: Fraction
    high: Fraction | None


@dataclass(frozen=True)
class Enclosure:
    """Relations between real numbers, decided by ball arithmetic (python-flint).

    Args:
        relations: working precision in bits -> relations by the sentence they express: (left, "<", right) and the
            like, (ball, "in", (low, high)), or (ball, "rounds to", "0.1716"), which is meant to the last digit given.
            flint's precision is set to that many bits when it is called; it is called again at higher precision
            until everything is decided. A side is an `arb`, an integer, a fraction, or a decimal as text. Equality
            cannot be decided by balls: it is undecided, hence `open`.
        refutes: whether the relations contradict `published` rather than prove `statement`.

    Constants of a ball are integers, fractions (``arb(fmpq(p, q))``), decimal text (``arb("0.95")``) or functions of
    these. ``arb(0.95)`` is the binary number nearest to 0.95, exactly: a ball does not remember that it began as a
    float. Floats in the code and closures of `relations`, and in functions of ours that it calls, are refused; those
    computed elsewhere cannot be seen. Series need their remainder as a radius.

    >>> from flint import arb, fmpq
    >>> silver = Enclosure(lambda bits: {"3 - 2 sqrt 2": (3 - 2 * arb(2).sqrt(), "rounds to", "0.171572875254")})
    """

    relations: Callable[[int], Mapping[str, BallRelation]]
    refutes: bool = False


@dataclass(frozen=True)
class Throughout:
    """function(x) > 0 for every x in [low, high]: shown by ball arithmetic on pieces, which the checker chooses.

    Args:
        function: ball around x -> ball around the value. It must be an enclosure for balls of every width: branches
            on ``x < 1`` and the like are true only where certain. The checker tries the ends of each piece: the ball
            must contain their values. Same rules for constants as in `Enclosure`.
        low, high: ends, included.
    """

    function: Callable[[arb], arb]
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Dual:
    """measured <= bound, by multipliers: bound - measured = sum of multiplier * inequality + a form that is >= 0.

    A certificate of a performance estimate. The checker computes the form that the multipliers leave, and decomposes
    it into squares in fractions.

    Args:
        measured: what is bounded.
        bound: an integer or fraction.
        terms: (multiplier >= 0, name of the family of inequalities, form that is assumed to be >= 0).
    """

    measured: Form
    bound: Fraction | int
    terms: tuple[tuple[Fraction | int, str, Form], ...]


@dataclass(frozen=True)
class Evidence:
    """No exact argument: `measure()` gives a margin and a sentence. The best verdict it can earn is `supported`."""

    measure: Callable[[], tuple[float, str]]


@dataclass(frozen=True)
class Chain:
    """Steps in order; a later one may use the conclusion of an earlier `Inequality` or `Induction`."""

    steps: Mapping[str, Exact]


Exact = (
    Identity
    | Inequality
    | Induction
    | Equivariance
    | Equivalence
    | Counterexample
    | Enumeration
    | Positivity
    | Enclosure
    | Throughout
    | Dual
)
Certificate = Exact | Evidence | Chain


def kinds(certificate: Certificate) -> str:
    """The kinds of certificate used, e.g. "inequality, induction"."""
    parts = certificate.steps.values() if isinstance(certificate, Chain) else (certificate,)
    return ", ".join(dict.fromkeys(type(part).__name__.lower() for part in parts))
