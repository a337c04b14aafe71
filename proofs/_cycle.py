"""What the claims about the cycle of Algorithm 1 share: symbols, the rule as a program, balls, and simulated runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import acb, arb
from numpy.typing import NDArray
from sympy import Expr

from greedylr_theory import Run, Trajectory, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.simulation.batch import Batch
from proofs._certificates import Identity, Inequality, Term
from proofs._exact import Domain
from proofs._functions import Separable, square
from proofs._rules import Greedy, Less
from proofs._rules import Run as ExactRun
from proofs._rules import run as exact_run
from proofs._symbols import ONE, F

Floats = NDArray[np.float64]

v = sympy.Symbol("v")  #: phase, the step size times the eigenvalue at the lower point of the cycle, 1
r = sympy.Symbol("r")  #: lower end of the second window, 1
two_steps = (1 - v) * (1 - v / F)  #: q, what the two steps of the cycle multiply x by, 1
quadratic = v**2 - (1 + F) * v + 2 * F  #: q < -1 where it is negative

#: F for which r is the lower end of the second window, and the upper end
factor_of_window = r * (1 - r) / (2 - r)
upper_end = 2 * (1 - r) / (2 - r)

_odds = sympy.Symbol("odds")
#: 0 < r < 1
UNIT_INTERVAL = Domain(positive=(r, 1 - r), where={r: _odds / (1 + _odds)}, inverse={_odds: r / (1 - r)})


def factorisation(shift: Expr = F) -> Identity:
    """1 - q^2 as a product whose signs can be read off; `shift` stands for F in the factor 1 + F - v."""
    return Identity(1 - two_steps**2, v * (1 + shift - v) * quadratic / F**2, Domain(positive=(F,)))


own, growth, rho = sympy.symbols("own growth rho")
larger, larger_next, smaller, smaller_next = sympy.symbols("larger larger_next smaller smaller_next")
_more = sympy.Symbol("more")


def payment(with_larger: bool = True) -> Inequality:
    """A mode that grows while the loss falls is small: own (rho^2 - 1) <= smaller.

    own is lambda_i x_i^2, growth its factor, at least rho^2; larger and smaller are the sums of the same over the
    larger and the smaller eigenvalues, before and after the step.

    Args:
        with_larger: whether the larger eigenvalues are known to grow.
    """
    hypotheses = {"the loss fell": own + larger + smaller - (growth * own + larger_next + smaller_next)}
    terms: list[tuple[Expr, Term]] = [(ONE, "the loss fell"), (own * (growth - rho**2), 1), (smaller_next, 1)]
    if with_larger:
        hypotheses["larger eigenvalues grow"] = larger_next - larger
        terms.append((ONE, "larger eigenvalues grow"))
    return Inequality(
        left=own * (rho**2 - 1),
        right=smaller,
        terms=tuple(terms),
        hypotheses=hypotheses,
        domain=Domain(
            nonnegative=(own, rho, smaller_next, growth - rho**2),
            where={growth: rho**2 + _more},
            inverse={_more: growth - rho**2},
        ),
    )


def climbs_by_the_rule(cap: bool = False) -> Any:
    """The published rule, given the losses before and after a step on lambda x^2 / 2."""

    def program(inputs: Mapping[str, Any], less: Less) -> dict[str, Any]:
        x, rate, curvature = inputs["x"], inputs["rate"], inputs["curvature"]
        moved = x - rate * curvature * x
        rule = Greedy(inputs["F"], high=inputs["cap"] if cap else None, less=less)
        return {"rate": rule.next_rate(rate, curvature * moved**2 / 2, curvature * x**2 / 2)}

    return program


def climbs_below(threshold: Expr, cap: bool = False) -> Any:
    """The rule that climbs where the dimensionless step gamma lambda is below a threshold."""

    def program(inputs: Mapping[str, Any], less: Less) -> dict[str, Any]:
        rate = inputs["rate"]
        rate = rate / inputs["F"] if less(rate * inputs["curvature"], threshold) else rate * inputs["F"]
        if cap and less(inputs["cap"], rate):
            rate = inputs["cap"]
        return {"rate": rate}

    return program


def dilogarithm(x: arb) -> arb:
    """Re Li_2(x)."""
    return acb(x).polylog(2).real


def exact(
    F: Fraction, rate: Fraction, steps: int, eigenvalues: Sequence[Fraction] = (Fraction(1),), **more
) -> ExactRun:
    """The published rule in fractions on sum lambda_i x_i^2 / 2 from x_0 = (1, ..., 1) or `start`."""
    start = more.pop("start", tuple(Fraction(1) for _ in eigenvalues))
    f = Separable(tuple(square(h) for h in eigenvalues))
    return exact_run(start, rate, [f] * steps, Greedy(F, **more), "before_update")


def simulated(
    values: Mapping[str, Any],
    steps: int,
    eigenvalues: Sequence[float] = (1.0,),
    start: tuple[float, ...] | None = None,
    stride: int = 1,
) -> Trajectory:
    """Runs of the compiled rule that differ in `values`; from (1, ..., 1) or `start`."""
    base = Run(
        objective=Quadratic(eigenvalues=tuple(eigenvalues)),
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=0.5),
        perturbation=NoPerturbation(),
        start=tuple(1.0 for _ in eigenvalues) if start is None else start,
        lr0=1.0,
        steps=steps,
        ordering="before_update",
        replicate=0,
    )
    return simulate(Batch(base, values), stride=stride)


def phase(F: Floats, rate: Floats) -> Floats:
    """The point of the lattice rate F^k in [2F, 2)."""
    power = np.floor(np.log(2.0 / rate) / np.log(F)) + 1.0
    found = rate * F**power
    # rounding may leave a phase at an end of the interval on its wrong side
    return np.where(found >= 2.0, found * F, np.where(found < 2.0 * F, found / F, found))


def log_factor(F: Floats | float, v: Floats) -> Floats:
    """ln |q|."""
    return np.log(np.abs((1.0 - v) * (1.0 - v / F)))
