"""After 2^k - 1 silver steps the worst f(x_N) - f* over convex L-smooth f is exactly L R^2 / (4 rho^k - 2), for all k.

Units L = 1. rho = 1 + sqrt 2, r = rho^k, N = 2^k - 1. Silver steps: none for k = 0, and for k + 1 those of k, then the
one step 1 + r/rho, then those of k again. They sum to r - 1: 2 (r - 1) + 1 + r/rho = rho r - 1.

Write g_i = grad f(x_i), y_i = x_i - g_i, e_i = f(x_i) - norm(g_i)^2 / 2. A *mark* is a point z with a number zeta with

    zeta >= f(x_i) + <g_i, z - x_i> + norm(g_i)^2 / 2        for every iterate x_i.                               (1)

For convex 1-smooth f (Nesterov, Theorem 2.1.5) the minimiser with f* is a mark, and so is every (y_j, e_j). Claim:
after the silver steps of k from a start s, with x, g, y, f those of the last iterate, every mark has

    r (f - zeta) + (r^2 - r)/2 norm(g)^2 + norm(y - z)^2 / 2 <= norm(s - z)^2 / 2.                                (2)

k = 0 is (1) itself. From k to k + 1: let n be the last iterate of the first half, N that of the second, which starts
at x_n - (1 + r/rho) g_n, and use (2) for the first half with the mark (z, zeta); for the second half with the marks
(z, zeta), rho times (y_n, e_n) and rho times (y_N, e_N); r/rho times (1) for n; and r times (1) for n with the mark
(y_N, e_N). The sum is (2) for k + 1, term by term and with nothing left, as rho^2 = 2 rho + 1.

With the minimiser as mark, (r - 1) times (1) for N and one square turn (2) into (2r - 1)(f(x_N) - f*) <= R^2 / 2.
Huber's function of radius R/(2r - 1) attains it: its slope is R/(2r - 1) all along, as the steps sum to r - 1.

The checker works with rational functions: rho is a positive symbol and each identity holds up to an explicit multiple
of rho^2 - 2 rho - 1, which is 0. That the steps of k repeat is the induction over k, made here and not by the checker.
Altschuler and Parrilo proved 1/(1 + sqrt(4 r^2 - 3)), about twice this. Control: 2r - 0.999 in place of 2r - 1.
"""

from __future__ import annotations

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, Quadratic
from greedylr_theory.schedulers import Silver
from greedylr_theory.theory import smooth
from proofs._certificates import Chain, Identity, Inequality, Square
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._symbols import ONE

r, rho = sympy.symbols("r rho")
f, f_n, f_N = sympy.symbols("f f_n f_N")  #: f(x_i) - zeta, with z = 0 and zeta = 0: only differences enter
s, g, g_n, g_N = (Vector.named(name) for name in ("s", "g", "g_n", "g_N"))
y_n, y_N = Vector.named("y_n"), Vector.named("y_N")
HALF = sympy.Rational(1, 2)
NOWHERE = Vector({})
RELATION = rho**2 - 2 * rho - 1  #: 0
BOTH = Domain(positive=(r, rho))
_beyond = sympy.Symbol("beyond")
ABOVE_ONE = Domain(nonnegative=(r - 1,), where={r: 1 + _beyond}, inverse={_beyond: r - 1})

Mark = tuple[Vector, Expr]
STAR: Mark = (NOWHERE, 0 * ONE)


def slack_of_mark(mark: Mark, value: Expr, slope: Vector, y: Vector) -> Expr:
    """(1): zeta - f(x) - <g, z - x> - norm(g)^2 / 2 with x = y + g."""
    z, zeta = mark
    return zeta - value - slope @ (z - y - slope) - HALF * (slope @ slope)


def slack_of_run(size: Expr, start: Vector, value: Expr, slope: Vector, y: Vector, mark: Mark = STAR) -> Expr:
    """(2) for r = size: its right side minus its left."""
    z, zeta = mark
    spent = size * (value - zeta) + (size**2 - size) / 2 * (slope @ slope)
    return HALF * ((start - z) @ (start - z)) - spent - HALF * ((y - z) @ (y - z))


def no_step() -> Identity:
    """With no step, (2) for any r differs from (1) by multiples of r - 1: for r = 1, which is k = 0, it is (1)."""
    y, mark = Vector.named("y"), (Vector.named("z"), sympy.Symbol("zeta"))
    rest = (r - 1) * (f - mark[1] + r / 2 * (g @ g))
    return Identity(slack_of_run(r, y + g, f, g, y, mark), slack_of_mark(mark, f, g, y) - rest)


def length() -> Identity:
    """The steps of k + 1 sum to rho r - 1."""
    return Identity(2 * (r - 1) + 1 + r / rho + r / rho * RELATION, rho * r - 1, BOTH)


def twice() -> Inequality:
    """From k to k + 1; what multiplies RELATION is 0."""
    long = ONE + r / rho
    middle = y_n + g_n - g_n * long
    of_n, of_N = (y_n, f_n - HALF * (g_n @ g_n)), (y_N, f_N - HALF * (g_N @ g_N))
    cofactor = r * (g_N @ g_N * r * rho**2 - g_n @ g_n * (r + rho) + 2 * f_n * rho) / (2 * rho**2)
    goal = slack_of_run(rho * r, s, f_N, g_N, y_N)
    spent = HALF * (s @ s) - goal
    return Inequality(
        left=spent,
        right=HALF * (s @ s) + RELATION * cofactor,
        terms=(
            (ONE, "first half"),
            (ONE, "second half"),
            (rho, "second half and n"),
            (rho, "second half and N"),
            (r / rho, "mark and n"),
            (r, "N and n"),
        ),
        hypotheses={
            "first half": slack_of_run(r, s, f_n, g_n, y_n),
            "second half": slack_of_run(r, middle, f_N, g_N, y_N),
            "second half and n": slack_of_run(r, middle, f_N, g_N, y_N, of_n),
            "second half and N": slack_of_run(r, middle, f_N, g_N, y_N, of_N),
            "mark and n": slack_of_mark(STAR, f_n, g_n, y_n),
            "N and n": slack_of_mark(of_N, f_n, g_n, y_n),
        },
        domain=BOTH,
    )


def last(constant: Expr = ONE) -> Inequality:
    """(2r - constant) (f(x_N) - f*) <= R^2 / 2, from (2) with the minimiser as mark."""
    y = Vector.named("y")
    return Inequality(
        left=(2 * r - constant) * f,
        right=HALF * (s @ s),
        terms=((ONE, "run"), (r - 1, "minimiser and N"), (HALF, Square(y - g * (r - 1)))),
        hypotheses={"run": slack_of_run(r, s, f, g, y), "minimiser and N": slack_of_mark(STAR, f, g, y)},
        domain=ABOVE_ONE,
    )


def attained() -> Identity:
    """Huber's function of radius 1/(2r - 1) after steps that sum to r - 1 from 1."""
    slope = 1 / (2 * r - 1)
    end = 1 - (r - 1) * slope
    return Identity(slope * end - slope**2 / 2, 1 / (4 * r - 2), ABOVE_ONE)


def argument(constant: Expr = ONE) -> Chain:
    """The certificate; `constant` replaces the 1 in 2r - 1."""
    return Chain(
        {
            "no step": no_step(),
            "sum of the steps": length(),
            "from k to k + 1": twice(),
            "last iterate": last(constant),
            "attained": attained(),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The simulator: silver steps on Huber functions and quadratics, the bound and where it is attained."""
    ratios: list[float] = []
    off, runs = 0.0, 0
    for k in range(1, 8):
        steps, bound = 2**k - 1, smooth.silver_value(k)
        radius = 1 / (2 * (1 + np.sqrt(2.0)) ** k - 1)
        objectives = [
            Huber(dimension=1, radius=radius * float(size), curvature=1.0) for size in (1.0, *rng.uniform(0, 9, 6))
        ]
        objectives += [Quadratic(eigenvalues=(float(h),)) for h in (1.0, *rng.uniform(0, 1, 6))]
        ends = simulate([Run(objective=objectives[0], scheduler=Silver(), start=(1.0,), lr0=1.0, steps=steps)]).end_loss
        off = max(off, abs(float(ends[0]) / bound - 1))
        for kind in (Huber, Quadratic):
            batch = [
                Run(objective=each, scheduler=Silver(), start=(1.0,), lr0=1.0, steps=steps)
                for each in objectives
                if isinstance(each, kind)
            ]
            ratios += (simulate(batch).end_loss / bound).tolist()
            runs += len(batch)
    tolerance = 1e-11  # 127 steps, each rounded a few times
    return Check(
        margin=1 + tolerance - max(ratios) if off <= tolerance else -off,
        instances=runs,
        sentence=(
            f"tightest ratio to the bound {max(ratios):.12f} over {runs} simulated runs on Huber functions and "
            f"quadratics, k = 1 .. 7; on the worst function within {off:.1e} of it, relatively"
        ),
    )


CLAIM = Claim(
    statement=(
        "f convex and L-smooth, N = 2^k - 1 silver steps, norm(x_0 - x*) <= R: the largest f(x_N) - f* is exactly L "
        "R^2 / (4 rho^k - 2), rho = 1 + sqrt 2, for every k >= 0; Huber's function of radius R/(2 rho^k - 1) attains "
        "it."
    ),
    source="Altschuler and Parrilo, arXiv 2309.16530; the constant as in Grimmer, Shu and Wang, arXiv 2410.16249",
    assumptions=(
        "mark and n: (1) for the last iterate of the first half; holds for the minimiser (Nesterov 2004, Theorem "
        "2.1.5).",
        "N and n: (1) for it with the mark (y_N, e_N), which is the same theorem for x_N and x_n.",
        "minimiser and N: (1) for the last iterate.",
        "first half: (2) for k, the hypothesis of the induction, from x_0 with the mark of the conclusion.",
        "second half: (2) for k from x_n - (1 + r/rho) g_n, with the same mark.",
        "second half and n: the same with the mark (y_n, e_n).",
        "second half and N: the same with the mark (y_N, e_N).",
        "run: (2) for the k of the conclusion.",
        "rho^2 = 2 rho + 1; exact gradients, no noise, and a run of exactly 2^k - 1 steps.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(999, 1000)),
    figure="smooth_worst_case",
    short="Silver steps: the exact worst case, for every k.",
    topic="schedules",
    finding=(
        "On smooth convex functions without noise the silver steps, some of which are far beyond 2/L, have the worst "
        "case L R^2 / (4 rho^k - 2) after 2^k - 1 steps: 0.1306, 0.0469 and 0.0184 after 1, 3 and 7, in units of L "
        "R^2, against 0.125, 0.0454 and 0.0192 for the best constant step. It falls like N^-1.27, and needs no "
        "momentum."
    ),
    advice={"cap": "Without noise, single steps far beyond 2/L can be part of a schedule that converges faster."},
    unsettled=(
        "For N = 1 and 3 the best constant step is better, and Grimmer, Shu and Wang give better steps for other N; "
        "which steps are best is not settled here."
    ),
)
