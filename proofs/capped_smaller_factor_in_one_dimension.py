"""Capped at 1/L, a smaller F is never worse at any step, on the line and on quadratics in any dimension.

Let f on the line be convex and L-smooth with a minimiser, gamma_0 <= gamma_max <= 1/L, full batches without noise,
Algorithm 1. By the descent lemma f(x) - f(x - gamma f'(x)) >= gamma f'(x)^2 / 2, so that the loss falls at every step
until f'(x) = 0: the rule only climbs, gamma_t = min(gamma_0 / F^(t+1), gamma_max), and gamma_t does not increase with
F.

Compare the runs x_t with F and y_t with a larger factor, steps gamma >= gamma' at time t, from the same start, say with
f'(x_0) >= 0; let x* be the minimiser nearest to it. Claim: x* <= x_t <= y_t for all t. From t to t + 1, with slopes
f'(x) >= 0 and f'(y), and f'(y) - f'(x) <= L (y - x), f'(x) <= L (x - x*):

    (y - gamma' f'(y)) - (x - gamma f'(x)) >= (1 - gamma' L) (y - x) + (gamma - gamma') f'(x) >= 0,
    (x - gamma f'(x)) - x* >= (1 - gamma L) (x - x*) >= 0.

Since f does not decrease right of x*, f(x_t) <= f(y_t), at every t. If a run reaches a minimiser exactly, its ties
shrink the step from then on, but it has the value f* for good; and if y_t is a minimiser, so is x_t, which lies between
x* and it.

In d dimensions the same holds for f(x) = sum_i phi_i(<q_i, x>) with orthonormal q_i and every phi_i convex and
L-smooth, since gradient descent then moves each coordinate <q_i, x> by itself, with the common step sizes: all
quadratics among them. For general f in two dimensions it is false: `capped_smaller_factor_can_be_worse`. Control: a cap
of 1.001 / L, where it is false already on x^2 / 2: a step of 1 ends at the minimiser and a step of 1.001 beyond it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import Chain, Inequality
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._functions import Piecewise, Separable, square
from proofs._rules import Greedy, run
from proofs._symbols import ONE, L, gamma

gamma_slow = sympy.Symbol("gamma_slow")  #: step size of the larger factor
ahead, behind = sympy.symbols("ahead behind")  #: x_t - x* and y_t - x_t
slope, slope_slow = sympy.symbols("slope slope_slow")  #: f'(x_t), f'(y_t)
value, value_next = sympy.symbols("value value_next")  #: f(x_t) and f(x_{t+1}), or f(y_t) where said
_more, _room = sympy.symbols("more room")


def domain(cap: Expr = ONE) -> Domain:
    """0 < gamma_slow <= gamma <= cap / L and x* <= x <= y, f'(x) >= 0."""
    return Domain(
        positive=(L, gamma_slow),
        nonnegative=(gamma - gamma_slow, cap - gamma * L, ahead, behind, slope),
        where={gamma: gamma_slow + _more, L: cap / (gamma_slow + _more + _room)},
        inverse={_more: gamma - gamma_slow, _room: (cap - gamma * L) / L},
    )


def argument(cap: Expr = ONE) -> Chain:
    """The certificate for step sizes up to cap / L."""
    region = domain(cap)
    return Chain(
        {
            "the loss falls": Inequality(
                left=gamma / 2 * slope**2,
                right=value - value_next,
                terms=((ONE, "descent lemma"), (gamma * (1 - gamma * L) / 2 * slope**2, 1)),
                hypotheses={"descent lemma": value - gamma * (1 - gamma * L / 2) * slope**2 - value_next},
                domain=region,
            ),
            "the order is kept": Inequality(
                left=0 * ONE,
                right=behind - gamma_slow * slope_slow + gamma * slope,
                terms=(
                    (gamma_slow, "smooth between them"),
                    ((1 - gamma_slow * L) * behind, 1),
                    ((gamma - gamma_slow) * slope, 1),
                ),
                hypotheses={"smooth between them": L * behind - (slope_slow - slope)},
                domain=region,
            ),
            "the minimiser is not crossed": Inequality(
                left=0 * ONE,
                right=ahead - gamma * slope,
                terms=((gamma, "smooth from the minimiser"), ((1 - gamma * L) * ahead, 1)),
                hypotheses={"smooth from the minimiser": L * ahead - slope},
                domain=region,
            ),
            "so is the order of the losses": Inequality(
                left=value,
                right=value_next,
                terms=((ONE, "convexity"), (slope * behind, 1)),
                hypotheses={"convexity": value_next - value - slope * behind},
                domain=region,
            ),
        }
    )


def random_function(rng: np.random.Generator) -> Piecewise:
    """Convex, 1-smooth, five quadratic pieces, curved at both ends so that it has a minimiser."""
    breaks = sorted({Fraction(int(n), 4) for n in rng.integers(-12, 13, size=4)})
    curvatures = [Fraction(1, 3), *(Fraction(int(n), 3) for n in rng.integers(0, 4, size=len(breaks) - 1)), Fraction(1)]
    level, tilt = Fraction(0), Fraction(int(rng.integers(-9, 1)), 6)
    pieces = [_piece(level, tilt, curvatures[0], breaks[0])]
    for (at, following), h in zip(pairwise([*breaks, breaks[-1]]), curvatures[1:], strict=True):
        pieces.append(_piece(level, tilt, h, at))
        width = following - at
        level, tilt = level + tilt * width + h * width * width / 2, tilt + h * width
    return Piecewise(tuple(breaks), tuple(pieces))


def _piece(level: Fraction, tilt: Fraction, h: Fraction, at: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """The quadratic with the given value, slope and curvature at a point."""
    return level - tilt * at + h * at * at / 2, tilt - h * at, h


def check(rng: np.random.Generator) -> Check:
    """Exact runs of the rule for six factors on random functions; simulated runs on a quadratic in ten dimensions."""
    factors = [Fraction(n, 100) for n in (1, 10, 30, 50, 80, 97)]
    worse = compared = 0
    for index in range(24):
        pieces = random_function(rng)
        f = Separable((pieces, square(Fraction(1, 2))) if index % 2 else (pieces,))
        start = tuple(Fraction(int(n), 2) for n in rng.integers(-9, 10, size=len(f.coordinates)))
        cap, first = Fraction(int(rng.integers(5, 11)), 10), Fraction(int(rng.integers(1, 5)), 50)
        losses = [
            [f(x)[0] for x in run(start, first, [f] * 6, Greedy(F, high=cap), "before_update").points] for F in factors
        ]
        for small, large in pairwise(losses):
            compared += len(small)
            worse += sum(a > b for a, b in zip(small, large, strict=True))
    runs = [
        Run(
            objective=Quadratic(eigenvalues=tuple(np.geomspace(0.01, 1.0, 10).tolist())),
            scheduler=GreedyPrevious(factor=float(F), max_lr=0.9),
            start=(1.0,) * 10,
            lr0=0.001,
            steps=200,
            ordering="before_update",
        )
        for F in factors
    ]
    losses = simulate(runs, stride=1).loss
    excess = float(np.max(losses[:-1] / losses[1:])) - 1
    return Check(
        margin=1e-12 - excess if worse == 0 else -1.0,  # 200 steps, each rounded a few times
        instances=compared + losses[1:].size,
        sentence=(
            f"{worse} of {compared} comparisons of exact runs on random functions are in favour of the larger factor; "
            f"in simulated runs on a quadratic the loss exceeds that of the next larger factor by at most "
            f"{excess:.1e}, relatively"
        ),
    )


CLAIM = Claim(
    statement=(
        "f convex and L-smooth on the line, or a sum of such functions of orthogonal coordinates (every convex "
        "quadratic), gamma_0 <= gamma_max <= 1/L, no noise: for factors F <= F', f(x_t) with F is at most f(x_t) with "
        "F', at every t."
    ),
    source="ours; on Algorithm 1 of arXiv 2512.14527, appendix A.3",
    assumptions=(
        "descent lemma: f(x - gamma g) <= f(x) - gamma (1 - gamma L / 2) norm(g)^2, as f is L-smooth.",
        "smooth between them: f'(y) - f'(x) <= L (y - x) for x <= y.",
        "smooth from the minimiser: f'(x) <= L (x - x*) for x >= x*.",
        "convexity: f(y) >= f(x) + f'(x) (y - x).",
        "A minimiser exists; full batches, no noise; the same start and gamma_0 <= gamma_max <= 1/L for both factors.",
        "Either ordering, with first='infinity': gamma_t does not increase with F, which is all that is used of the "
        "rule.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1001, 1000)),
    figure=None,
    short="Capped at 1/L on quadratics, smaller F never loses.",
    topic="cap",
    finding=(
        "With full batches and a cap of at most 1/L, the smaller of two factors F is never behind, at any step, on any "
        "convex smooth function of one variable and on any convex quadratic: it reaches the cap sooner, and longer "
        "steps below 1/L cannot overshoot in any coordinate."
    ),
    advice={"F": "On a convex quadratic with full batches and a cap of at most 1/L, take F as small as you like."},
)
