"""Any nonnegative steps: some convex L-smooth f has f(x_N) - f* >= (L R^2/2) max{1/(1 + 2 sum h), prod (1 - h_t)^2}.

Units L = R = 1, steps h_t >= 0 in units of 1/L, x_0 = 1 on the line, x* = 0, S_t = h_0 + .. + h_{t-1}, S = S_N.

First function. Huber's: x^2/2 for abs(x) <= delta, then delta (abs(x) - delta/2), with delta = 1/(2S + 1). It is
convex with a 1-Lipschitz slope. By induction x_t = 1 - S_t delta >= (S + 1) delta >= delta, as S_t <= S, so that the
slope at x_t is delta and x_{t+1} = x_t - h_t delta. Hence f(x_N) = delta (1 - S delta) - delta^2/2 = 1/(2 (2S + 1)).

Second function. x^2/2: x_{t+1} = (1 - h_t) x_t, so f(x_N) = prod (1 - h_t)^2 / 2.

No analysis of the same steps can promise less than the larger of the two. For steps of at most 1/L it is the worst
case (claim `capped_worst_case`), for constant steps (claim `constant_step_smooth`) and for silver steps (claim
`silver_steps_smooth`) as well; for others it need not be: after steps 2 and 1/2 the worst case is at least twice
as large (claim `decay_loses_to_a_constant`, which shows steps of the kind).

The checker verifies x_t >= delta and the value at x_N with the sums as symbols, and runs both functions in fractions,
with all that makes them convex and smooth, for ten lists of steps up to 4. Control: the constant 2 moved to 1.999,
where the first function is no witness.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod

import numpy as np
import sympy

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, Quadratic
from greedylr_theory.schedulers import Table
from greedylr_theory.theory import smooth
from proofs._certificates import Chain, Enumeration, Identity, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._functions import Separable, huber, square
from proofs._symbols import ONE

S = sympy.Symbol("S")  #: sum of the steps
remaining, travelled = sympy.symbols("remaining travelled")  #: S - S_t and S_t

STEPS: dict[str, tuple[str, ...]] = {
    "none": (),
    "one of 1": ("1",),
    "one of 3/2": ("3/2",),
    "constant 19/10": ("19/10",) * 5,
    "constant 2": ("2",) * 4,
    "decay": ("1", "3/4", "1/2", "1/4"),
    "decay from 3": ("3", "9/4", "3/2", "3/4"),
    "warmup": ("1/4", "1/2", "3/4", "1"),
    "like silver": ("7/5", "2", "7/5", "17/5", "7/5", "2", "7/5"),
    "a step of 4": ("1/10", "4", "1/10"),
}


def stays_beyond() -> Inequality:
    """delta <= x_t = 1 - S_t delta while S_t <= S: with S_t = `travelled` and S - S_t = `remaining`, both >= 0."""
    radius = 1 / (2 * (travelled + remaining) + 1)
    return Inequality(
        left=radius,
        right=1 - travelled * radius,
        terms=(((travelled + 2 * remaining) * radius, 1),),
        domain=Domain(nonnegative=(travelled, remaining)),
    )


def reached(constant: sympy.Expr = 2 * ONE) -> Identity:
    """The value of Huber's function at x_N = 1 - S delta."""
    slope = 1 / (constant * S + 1)
    return Identity(slope * (1 - S * slope) - slope**2 / 2, 1 / (2 * (constant * S + 1)), Domain(nonnegative=(S,)))


def run_both(steps: tuple[Fraction, ...]) -> Mapping[str, Relation]:
    """Both functions, their constants, and where the steps end."""
    one, zero = Fraction(1), Fraction(0)
    radius = 1 / (2 * sum(steps, zero) + 1)
    slow, fast = Separable((huber(one, radius),)), Separable((square(one),))
    ends: list[Fraction] = []
    for f in (slow, fast):
        x = one
        for step in steps:
            x -= step * f((x,))[1][0]
        ends.append(f((x,))[0])
    return {
        **{f"Huber's function, {name}": fact for name, fact in slow.facts(one, (zero,)).items()},
        **{f"the quadratic, {name}": fact for name, fact in fast.facts(one, (zero,)).items()},
        "Huber's function ends at 1/(2 (1 + 2 sum h))": (ends[0], "==", radius / 2),
        "the quadratic ends at prod (1 - h)^2 / 2": (
            ends[1],
            "==",
            prod((1 - step) ** 2 for step in steps) / Fraction(2),
        ),
    }


def argument(constant: sympy.Expr = 2 * ONE) -> Chain:
    """The certificate; `constant` replaces the 2 in 1 + 2 sum h."""
    cases = {name: tuple(map(Fraction, steps)) for name, steps in STEPS.items()}
    return Chain(
        {
            "slope all along": stays_beyond(),
            "value on Huber's function": reached(constant),
            "both functions": Enumeration(cases, run_both),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The simulator on both functions, for random steps up to 3: where it ends is the bound."""
    off, runs = 0.0, 0
    for high in (0.5, 1.0, 2.0, 3.0):
        for _ in range(5):
            steps = rng.uniform(0, high, 12)
            radius = 1 / (1 + 2 * float(np.sum(steps)))
            functions = (Huber(dimension=1, radius=radius, curvature=1.0), Quadratic(eigenvalues=(1.0,)))
            scheduler = Table(factors=(*steps.tolist(), 1.0))
            ends = [
                float(simulate([Run(objective=f, scheduler=scheduler, start=(1.0,), lr0=1.0, steps=12)]).end_loss[0])
                for f in functions
            ]
            off = max(off, abs(max(ends) / smooth.lower_bound(steps) - 1))
            runs += 2
    tolerance = 1e-12  # twelve steps, each rounded a few times
    return Check(
        margin=tolerance - off,
        instances=runs,
        sentence=f"the larger of both ends is the bound within {off:.1e}, relatively, for 20 lists of 12 random steps",
    )


CLAIM = Claim(
    statement=(
        "For any nonnegative steps h_t / L, t < N, there is a convex L-smooth f with f(x_N) - f* = (L R^2 / 2) "
        "max{1 / (1 + 2 sum h_t), prod (1 - h_t)^2}, norm(x_0 - x*) = R."
    ),
    source="ours; the two functions are those of Drori and Teboulle, Mathematical Programming 145 (2014)",
    assumptions=(
        "Exact gradients, no noise, h_t >= 0 fixed in advance.",
        "The checker verifies that x_t stays beyond delta, the value at the end, and both runs for ten lists of steps.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1999, 1000)),
    figure="smooth_worst_case",
    short="Smooth class: what no steps of given sizes can beat.",
    topic="schedules",
    finding=(
        "On smooth convex functions a schedule is held back in two ways: on a long gentle slope only the sum of its "
        "steps counts, 1 / (2 + 4 sum h) in units of L R^2, and on a parabola only the product of (1 - h). Both are "
        "exact, so every schedule can be judged against them without a solver."
    ),
    advice={"cap": "Without noise long steps help on gentle slopes and hurt on the steepest parabola; both are exact."},
)
