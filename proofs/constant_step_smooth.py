"""Constant step h/L on convex L-smooth f: the worst f(x_N) - f* is (L R^2 / 2) max{1/(2Nh + 1), (1 - h)^(2N)}.

Units L = R = 1. No f can be missed from below: Huber's function and x^2/2 attain the two (claim `lower_bound_smooth`).
What remains is that nothing is worse, in four parts.

h <= 1, every N: claim `capped_worst_case`.

h >= 2, every N: if the gradient changes by u along a change v of the point, norm(u)^2 <= <u, v>, and

    norm(v - h u)^2 = (h - 1)^2 norm(v)^2 - h (h - 2) norm(v - u)^2 - 2 h (h - 1) (<u, v> - norm(u)^2),

so norm(x_N - x*) <= (h - 1)^N, and f(x_N) - f* is at most half its square.

1 < h < 2, N = 1, .., 4: at h = 5/4, 7/5, a value near the best step (1.6, 1.605, 1.67, 1.713; the best is 1.5, 1.6058,
1.6703, 1.7145), 7/4 and 19/10 by a dual certificate: with d = x_0 - x*, g_k = grad f(x_k), weights w >= 0 and the bound
B,

    B - (f_N - f*) = B (1 - norm(d)^2) + sum w_ab (f_a - f_b - <g_b, x_a - x_b> - norm(g_a - g_b)^2 / 2) + squares,

over all ordered pairs of the iterates and the minimiser. The weights come from a solver, rounded to nine decimals; a
few of them are then moved so that all values cancel and the squares vanish on the worst function, in fractions. The
checker multiplies out, and decomposes what is left into squares in fractions: B is the exact value, not one near it.

1 < h < 2, all else: Kim (arXiv 2412.04427) proved it for all N, after Drori and Teboulle's conjecture of 2014; that
proof is not repeated here. The best constant step makes both equal: N = 1: h = 3/2 and 1/8. The closer of the
certificates for N = 2, 3, 4 prove that at 321/200, 167/100 and 1713/1000 the worst case is 0.06739, 0.04537 and
0.03400, while no constant step is better than 0.06735, 0.04536 and 0.03397 (claim `lower_bound_smooth`).

Control: the same weights for a bound smaller by one part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, LogCosh, Quadratic
from greedylr_theory.schedulers import Constant
from greedylr_theory.theory import smooth
from proofs._certificates import Chain, Inequality, Square
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._smooth_multipliers import constant_cases, exact_dual

h = sympy.Symbol("h")
u, v = Vector.named("u"), Vector.named("v")  #: changes of the gradient and of the point
_beyond = sympy.Symbol("beyond")


def expansion() -> Inequality:
    """norm(v - h u) <= (h - 1) norm(v) for h >= 2, if norm(u)^2 <= <u, v>."""
    moved = v - u * h
    return Inequality(
        left=moved @ moved,
        right=(h - 1) ** 2 * (v @ v),
        terms=((h**2 - 2 * h, Square(v - u)), (2 * h * (h - 1), "cocoercivity")),
        hypotheses={"cocoercivity": u @ v - u @ u},
        domain=Domain(nonnegative=(h - 2,), where={h: 2 + _beyond}, inverse={_beyond: h - 2}),
    )


def argument(smaller: Fraction = Fraction(1)) -> Chain:
    """The certificate; all bounds of the duals are multiplied by `smaller`."""
    duals = {f"N = {N}, h = {step}": exact_dual((step,) * N, smaller) for N, step in constant_cases()}
    return Chain({"h >= 2": expansion(), **duals})


def check(rng: np.random.Generator) -> Check:
    """The simulator: random functions of three kinds, steps in (0, 2.2), up to 40 of them; and both worst functions."""
    ratios: list[float] = []
    off, runs = 0.0, 0
    for steps in (1, 2, 4, 10, 40):
        for size in (*rng.uniform(0, 2.2, 6), smooth.best_constant_step(steps)[0]):
            value = smooth.constant_step_value(float(size), steps)
            radius = 1 / (2 * steps * float(size) + 1)
            worst = (Huber(dimension=1, radius=radius, curvature=1.0), Quadratic(eigenvalues=(1.0,)))
            scales = rng.uniform(0.01, 1.0, 2)
            others = (Huber(dimension=1, radius=float(scales[0]), curvature=1.0), LogCosh(dimension=1))
            ends = [float(simulate([_run(f, float(size), steps)]).end_loss[0]) for f in (*worst, *others)]
            off = max(off, abs(max(ends[:2]) / value - 1))
            ratios += [end / value for end in ends]
            runs += len(ends)
    tolerance = 1e-11  # forty steps, and a power of 80 on numbers rounded once
    return Check(
        margin=1 + tolerance - max(ratios) if off <= tolerance else -off,
        instances=runs,
        sentence=(
            f"tightest ratio to the formula {max(ratios):.12f} over {runs} simulated runs; on the worse of its two "
            f"functions within {off:.1e} of it, relatively"
        ),
    )


def _run(objective: Huber | Quadratic | LogCosh, size: float, steps: int) -> Run:
    return Run(objective=objective, scheduler=Constant(), start=(1.0,), lr0=size, steps=steps)


CLAIM = Claim(
    statement=(
        "f convex and L-smooth, norm(x_0 - x*) <= R, N steps h/L: the largest f(x_N) - f* is exactly (L R^2 / 2) "
        "max{1/(2Nh + 1), (1 - h)^(2N)} for every N if h <= 1 or h >= 2, and for N = 1, 2, 3, 4 at five values of h "
        "in (1, 2) each."
    ),
    source="Drori and Teboulle, Mathematical Programming 145 (2014); Kim, arXiv 2412.04427, for all h < 2",
    assumptions=(
        "cocoercivity: <u, v> >= norm(u)^2 / L (Nesterov 2004, Theorem 2.1.5).",
        "interpolation: f_a >= f_b + <g_b, x_a - x_b> + norm(g_a - g_b)^2 / (2L) at two points (the same theorem).",
        "start: norm(x_0 - x*) <= R.",
        "Exact gradients, no noise. h <= 1 is claim capped_worst_case, and the value is attained by "
        "lower_bound_smooth.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(999, 1000)),
    figure="smooth_worst_case",
    short="Constant steps: the exact worst case on smooth functions.",
    topic="schedules",
    finding=(
        "On smooth convex functions without noise the worst case of N constant steps h/L is (1/2) max{1/(2Nh + 1), "
        "(1 - h)^(2N)} in units of L R^2. The best constant step is 3/2 for one step, 1.606 for two, 1.670 for three "
        "and tends to 2; beyond it the parabola is overshot, and at 2/L nothing is gained at all."
    ),
    advice={
        "initial rate": "Without noise the best constant step is between 1.5/L and 2/L, nearer to 2/L for longer runs."
    },
    unsettled=(
        "For 1 < h < 2 the checker verified N = 1 to 4 at five values of h each; for all others the formula rests on "
        "the published proof."
    ),
)
