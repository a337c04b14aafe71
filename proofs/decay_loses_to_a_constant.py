"""Smooth convex f, no noise, peak at most 1/L: a decay to zero has a worse worst case than that constant step.

Units L = R = 1, steps h_t in units of 1/L with peak p = max h_t, S their sum, f any convex 1-smooth function.

Peak at most 1. The worst f(x_N) - f* is exactly 1/(4S + 2) (claim `capped_worst_case`): S < N p unless all steps are
p, and the constant has 1/(4Np + 2). Linear decay h_t = p (1 - t/N), t = 0 .. N - 1, has S = p (N + 1)/2 and 1/(2p(N +
1) + 2): its worst case is (2Np + 1)/(Np + p + 1) times that of the constant, which tends to 2. Up to the best constant
step the constant still has 1/(4Np + 2) (claim `constant_step_smooth`), and the decay, whatever its order, no less than
1/(4S + 2) (claim `lower_bound_smooth`). Only beyond, where the constant overshoots, can a decay with the same peak be
better: at p = 9/5, N = 3 the constant has (4/5)^6/2 = 0.131, linear decay 0.0696 by a solver.

Peak first, and large. Let the first step be p > 1, S' the sum of the others, delta = (p - 1)/(2S' + 1). On f(x) =
x^2/2 for x <= delta, delta x - delta^2/2 beyond, from -1, the first step leads to p - 1 >= delta, from where the slope
is delta to the end: f(x_N) = delta (p - 1 - S' delta) - delta^2/2 = (p - 1)^2 / (2 (2S' + 1)). A decay from p = 9/5 in
three steps has at least 0.0695 against 5/82 = 0.0610, the least that any order of its steps could have. For linear
decay the overshoot counts once (p - 1)^2 (1 + p (N + 1)) > 1 + p (N - 1): p > 1.75 for N = 3, p > 2 as N grows.

What warmup repairs is this: it takes the overshoot of the first step away. With (3/5, 6/5, 9/5) the worst case is
exactly 5/82, with (9/10, 9/5, 6/5, 3/5) exactly 1/20, with (11/10, 11/5, 33/20, 11/10, 11/20) exactly 5/142 although
one step exceeds 2/L, all 1/(4S + 2): dual certificates as in claim `constant_step_smooth`. It repairs no more: 1/(4S +
2) binds any order, so that the sum of the steps decides, and a constant with the same sum that does not overshoot is
as good.

But for that one number all of it is exact; how far it goes for longer runs is shown by a solver in the figure. With
noise, or in the Lipschitz class, a decay is what helps: which schedule is best depends on the class.

Control: the dual of the warmup in four steps, for a bound smaller by one part in a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy

from greedylr_theory.theory import capped, smooth
from proofs._certificates import Chain, Enumeration, Identity, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._functions import Piecewise, Separable
from proofs._smooth_multipliers import exact_dual, warmup_cases

p, N, S, short = sympy.symbols("p N S short")
_beyond = sympy.Symbol("beyond")

#: peak first, then down to zero
DECAYS = (
    ("9/5", "6/5", "3/5"),
    ("19/10", "57/40", "19/20", "19/40"),
    ("11/5", "44/25", "33/25", "22/25", "11/25"),
    ("2", "1/2"),
    ("3", "2", "1"),
)


def smaller_sum() -> Inequality:
    """1/(4Np + 2) <= 1/(4S + 2) for S = Np - short."""
    total = S + short
    return Inequality(
        left=1 / (4 * total + 2),
        right=1 / (4 * S + 2),
        terms=((4 * short / ((4 * total + 2) * (4 * S + 2)), 1),),
        domain=Domain(nonnegative=(S, short)),
    )


def linear_decay() -> Identity:
    """Its worst case over that of the constant, for a peak of at most 1."""
    decay = 1 / (4 * p * (N + 1) / 2 + 2)
    return Identity(decay * (4 * N * p + 2), (2 * N * p + 1) / (N * p + p + 1), Domain(positive=(p, N)))


def overshoot() -> Identity:
    """f(x_N) on the function that the first step overshoots."""
    slope = (p - 1) / (2 * S + 1)
    domain = Domain(positive=(p - 1,), nonnegative=(S,), where={p: 1 + _beyond}, inverse={_beyond: p - 1})
    return Identity(slope * (p - 1 - S * slope) - slope**2 / 2, (p - 1) ** 2 / (2 * (2 * S + 1)), domain)


def overshot(steps: tuple[Fraction, ...]) -> Mapping[str, Relation]:
    """The decay run on that function, in fractions."""
    zero, one, peak, rest = Fraction(0), Fraction(1), steps[0], sum(steps[1:], Fraction(0))
    slope = (peak - 1) / (2 * rest + 1)
    f = Separable((Piecewise((slope,), ((zero, zero, one), (-slope * slope / 2, slope, zero))),))
    x = -one
    for step in steps:
        x -= step * f((x,))[1][0]
    least = 1 / (4 * (peak + rest) + 2)
    return {
        **f.facts(one, (zero,)),
        "f(x_N) - f*": (f((x,))[0], "==", (peak - 1) ** 2 / (2 * (2 * rest + 1))),
        "more than any order must have": (f((x,))[0], ">", least),
    }


def argument(smaller: Fraction = Fraction(1)) -> Chain:
    """The certificate; `smaller` times the bound is claimed for the warmup in four steps."""
    duals = {
        f"warmup {', '.join(map(str, steps))}": exact_dual(steps, smaller if len(steps) == 4 else Fraction(1))
        for steps in warmup_cases()
    }
    decays = {", ".join(steps): tuple(map(Fraction, steps)) for steps in DECAYS}
    return Chain(
        {
            "smaller sum": smaller_sum(),
            "linear decay": linear_decay(),
            "overshoot": overshoot(),
            "decays from a large peak": Enumeration(decays, overshot),
            **duals,
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Random runs of the warmups on random one-dimensional functions, and decays against constants for 1000 peaks."""
    worst, runs = 0.0, 0
    for steps in warmup_cases():
        sizes, bound = [float(h) for h in steps], 1 / (4 * float(sum(steps)) + 2)
        for _ in range(300):
            left, right = rng.uniform(0.01, 1.2, 2)
            x = float(rng.choice((-1.0, 1.0)))
            for h in sizes:
                x -= h * float(np.clip(x, -left, right))
            worst = max(worst, _two_sided(x, left, right) / bound)
            runs += 1
    closest = np.inf
    for _ in range(1000):
        peak, steps = float(rng.uniform(0.01, 1.0)), int(rng.integers(2, 200))
        decay = peak * (1 - np.arange(steps) / steps)
        ratio = capped.worst_case(decay.tolist(), 1.0, 1.0) / smooth.constant_step_value(peak, steps)
        closest = min(closest, ratio - 1)
    return Check(
        margin=min(1 - worst + 1e-12, closest),
        instances=runs + 1000,
        sentence=(
            f"{runs} runs of the warmups reach at most {worst:.6f} of their worst case; for 1000 peaks below 1 and "
            f"lengths up to 200 linear decay is worse than the constant by at least {100 * closest:.2f} %"
        ),
    )


def _two_sided(x: float, left: float, right: float) -> float:
    """Curvature 1 between -left and right, linear outside."""
    side = left if x < 0 else right
    return x * x / 2 if abs(x) <= side else side * (abs(x) - side / 2)


CLAIM = Claim(
    statement=(
        "f convex and L-smooth, no noise, peak p/L. p <= 1: the worst f(x_N) - f* of linear decay is (2Np + 1)/(Np + "
        "p + 1) times that of N constant steps p/L, and any N steps of peak p/L, not all equal, are worse. First step "
        "p > 1: at least (p - 1)^2 L R^2 / (2 (2 S' + 1)), S' the sum of the others; three warmups with peaks 9/5 and "
        "11/5 have exactly L R^2 / (4 S + 2)."
    ),
    source="ours",
    assumptions=(
        "interpolation: f_a >= f_b + <g_b, x_a - x_b> + norm(g_a - g_b)^2 / (2L) at two points (Nesterov 2004, "
        "Theorem 2.1.5).",
        "start: norm(x_0 - x*) <= R.",
        "Exact gradients, no noise; linear decay is h_t = p (1 - t/N), t = 0 .. N - 1.",
        "p <= 1 rests on claim capped_worst_case, that no order of the steps has less than 1/(4S + 2) on "
        "lower_bound_smooth.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(999, 1000)),
    figure="smooth_worst_case",
    short="Smooth class: up to 1/L decay loses to a constant.",
    topic="schedules",
    finding=(
        "On smooth convex functions without noise and up to a peak of 1/L the worst case of a decay to zero is that of "
        "a constant step with the same sum, so linear decay loses to the constant of the same peak by a factor that "
        "tends to 2. It loses up to the best constant step, between 1.5/L and 2/L; beyond, the constant overshoots at "
        "every step, and a decay of the same peak can be better. But a large peak at the first step, beyond 1.75/L in "
        "three steps and 2/L in many, makes linear decay worse than the sum of its steps demands. In the three "
        "schedules solved exactly a short first step, a warmup, removes this and no more. What decay is good for is "
        "noise and kinks."
    ),
    advice={
        "initial rate": "Without noise, start below a peak near or beyond 2/L: a first overshoot is not undone.",
        "cap": "Without noise and below 1/L only the sum of the steps counts: decaying gives it away.",
    },
    unsettled="For peaks between 1/L and 2/L the orders of given steps are compared exactly only for the steps listed.",
)
