"""With steps of at most 1/L the worst f(x_N) - f* is exactly L R^2 / (4 sum_t gamma_t L + 2): small F are optimal.

Let f be convex and L-smooth, norm(x_0 - x*) <= R, x_{k+1} = x_k - gamma_k grad f(x_k), h_k = gamma_k L in (0, 1] for
k < N, s_k = h_0 + .. + h_{k-1}, S = s_N, h_N = 0. Write g_k = grad f(x_k) / L, phi_k = (f(x_k) - f*) / L, d = x_0 - x*,
D_k = h_0 g_0 + .. + h_{k-1} g_{k-1}, so x_k - x* = d - D_k. Convexity and smoothness give (Nesterov, Theorem 2.1.5)

    phi_{k-1} >= phi_k + h_{k-1} <g_k, g_{k-1}> + norm(g_{k-1} - g_k)^2 / 2,
    0 >= phi_k - <g_k, d - D_k> + norm(g_k)^2 / 2.

Add the first, k = 1 .. N, with weight lambda_k = s_k / (2S - s_{k-1}), and the second, k = 0 .. N, with weight
tau_k = lambda_{k+1} - lambda_k >= 0, where lambda_0 = 0 and lambda_{N+1} = 1. All phi but phi_N cancel, and

    phi_N <= norm(d)^2 / (4S+2) - norm(d - (2S+1) P)^2 / (4S+2) - 1/2 sum_{j<i} w_ij norm(g_i - g_j)^2,
    P = sum_k tau_k g_k,  w_ij = tau_i a_j + [j = i-1] lambda_i (1 - h_j),  a_j = (2S+1) tau_j - h_j >= 0:

both sides are quadratic forms with the same mixed terms <g_i, g_j>, and those in <d, g_i>; that the terms norm(g_i)^2
agree too is (2S - s_k) tau_k = lambda_k h_{k-1} + h_k, which also shows tau_k >= 0 and a_j >= 0. For the checker the
sum is taken step by step: with P_k, A_k, C_k the sums of tau_i g_i (i <= k), of a_j and of a_j norm(g_j)^2 (j < k),

    Psi_k = <d, P_k> - (2S+1)/2 norm(P_k)^2 - lambda_{k+1} (phi_k - h_k norm(g_k)^2/2) - (1 - lambda_{k+1}) C_{k+1}/2

is >= 0 for k = 0 by the second inequality, grows from k to k + 1 by the two inequalities and the squares of row k + 1
("spread": sum_j a_j norm(y - g_j)^2 >= 0 for every y), and is <d, P> - (2S+1)/2 norm(P)^2 - phi_N at the end. So the
proof holds for all N; N = 1, 2, 3 are verified once more with the multipliers written out.

Equality: Huber's function of curvature L and radius R/(2S+1) from x_0 = R has gradient L R/(2S+1) all along the run.

Below 1/L the loss of GreedyLR falls until it is f*, so that gamma_t = min(gamma_0 / F^(t+1), gamma_max) for
gamma_0 <= gamma_max <= 1/L. Each of these falls, or stays, as F grows, and the first is gamma_max just for
F <= gamma_0 / gamma_max: these F, and no others, have the smallest worst case, for every N >= 1. For constant steps the
bound is that of Drori and Teboulle (2014). Control: the constant 2 moved to 2.002.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import numpy as np
import sympy
from sympy import Expr, Symbol

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber
from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.theory import capped
from proofs._certificates import (
    INDUCTION,
    Chain,
    Earlier,
    Enumeration,
    Identity,
    Induction,
    Inequality,
    Relation,
    Square,
)
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._functions import Separable, huber
from proofs._rules import Greedy, run
from proofs._symbols import ONE

y, B, g = (Vector.named(name) for name in ("y", "B", "g"))  #: any vector, the sum of a_j g_j over j <= k, and g_k
# inner products, as plain numbers, as no square is needed to combine them: dP is <d, P_k>, n stands for g_{k+1}
dP, PP, dg, gg, dn, gn, nn, Pn, Dn = sympy.symbols("dP PP dg gg dn gn nn Pn Dn")
travelled, h, remaining, share = sympy.symbols("s h remaining share")  #: s_{k+1}, h_k, S - s_{k+1}, h_{k+1} / remaining
phi, phi_next, slack_start = sympy.symbols("phi phi_next slack_start")
A, C, a = sympy.symbols("A C a")  #: sums of a_j and of a_j norm(g_j)^2; a_j
_rest = Symbol("rest")

DOMAIN = Domain(
    positive=(travelled, share),
    nonnegative=(h, remaining, 1 - share, slack_start),
    where={share: 1 / (1 + _rest)},
    inverse={_rest: (1 - share) / share},
)

S = travelled + remaining
h_next = share * remaining
weight = travelled / (2 * S - travelled + h)  #: lambda_{k+1}
weight_next = (travelled + h_next) / (2 * S - travelled)  #: lambda_{k+2}
tau_next = weight_next - weight


def spread() -> Induction:
    """sum_j a_j norm(y - g_j)^2 >= 0, in terms of the sums A, B, C, for every y."""
    product = cast(Symbol, B @ y)
    return Induction(
        statement=A * (y @ y) - 2 * product + C,
        start={A: 0 * ONE, product: 0 * ONE, C: 0 * ONE},
        advance={A: A + a, product: product + a * (g @ y), C: C + a * (g @ g)},
        terms=((ONE, INDUCTION), (a, Square(y - g))),
        domain=Domain(nonnegative=(a,)),
    )


def descent(constant: Expr = ONE) -> Induction:
    """Psi_k >= 0 for all k; `constant` replaces the 1 in 2S + 1, to state something else."""
    tau_start = (travelled / (2 * S - travelled + h)).subs(h, travelled)  # k = 0: s_1 = h_0, lambda_0 = 0
    double, a_next = 2 * S + constant, (2 * S + constant) * tau_next - h_next
    change = gg - 2 * gn + nn  # norm(g_{k+1} - g_k)^2
    return Induction(
        statement=dP - double / 2 * PP - weight * (phi - h / 2 * gg) - (1 - weight) / 2 * C,
        start={
            travelled: travelled,
            remaining: remaining,
            h: travelled,
            dP: tau_start * dg,
            PP: tau_start**2 * gg,
            gg: gg,
            phi: dg - gg / 2 - slack_start,  # the second inequality for k = 0, which holds with some slack
            C: (double * tau_start - travelled) * gg,
        },
        advance={
            travelled: travelled + h_next,
            remaining: (1 - share) * remaining,
            h: h_next,
            dP: dP + tau_next * dn,
            PP: PP + 2 * tau_next * Pn + tau_next**2 * nn,
            gg: nn,
            phi: phi_next,
            C: C + a_next * nn,
        },
        base=((tau_start * slack_start, 1),),
        terms=(
            (ONE, INDUCTION),
            (weight, "consecutive"),
            (tau_next, "minimiser"),
            (tau_next / 2, "spread"),
            (weight / 2, "short"),
        ),
        hypotheses={
            "consecutive": phi - phi_next - h * gn - change / 2,
            "minimiser": dn - Dn - nn / 2 - phi_next,
            "short": (1 - h) * change,
            "spread": Earlier(
                "spread",
                {
                    A: double * weight - travelled,
                    B @ y: double * Pn - Dn,
                    y @ y: nn,
                    a: a_next,
                },
            ),
        },
        domain=DOMAIN,
    )


def last(constant: Expr = ONE) -> Inequality:
    """k = N, where h_N = 0 and S is travelled: phi_N <= norm(d)^2 / (4S + 2)."""
    d, P = Vector.named("d"), Vector.named("P")
    double = 2 * travelled + constant
    end = {h: 0 * ONE, remaining: 0 * ONE, share: ONE, slack_start: 0 * ONE, dP: d @ P, PP: P @ P}
    return Inequality(
        left=phi,
        right=d @ d / (2 * double),
        terms=((ONE, "sum over steps"), (1 / (2 * double), Square(d - double * P))),
        hypotheses={"sum over steps": Earlier("sum over steps", end)},
        domain=Domain(positive=(travelled,)),
    )


def written_out(steps: int) -> Identity:
    """The whole sum for a given N, every multiplier and every square written out, as a second route to the first."""
    sizes = sympy.symbols(f"h_0:{steps}")
    after = [*sizes, 0 * ONE]
    at = [sum(sizes[:k], 0 * ONE) for k in range(steps + 1)]
    double = 2 * at[-1] + 1
    lam = [0 * ONE, *(at[k] / (2 * at[-1] - at[k - 1]) for k in range(1, steps + 1)), ONE]
    tau = [lam[k + 1] - lam[k] for k in range(steps + 1)]
    slope, value = [Vector.named(f"g_{k}") for k in range(steps + 1)], sympy.symbols(f"phi_0:{steps + 1}")
    point = [Vector.named("d")]
    for size, g_k in zip(sizes, slope, strict=False):
        point.append(point[-1] - size * g_k)
    average = Vector({})
    total = 0 * ONE
    for k in range(steps + 1):
        average += slope[k] * tau[k]
        total += tau[k] * (slope[k] @ point[k] - slope[k] @ slope[k] / 2 - value[k])
        for j in range(k):
            change = slope[k] - slope[j]
            pair = tau[k] * (double * tau[j] - after[j])
            if j == k - 1:
                pair += lam[k] * (1 - after[j])
                total += lam[k] * (value[j] - value[k] + slope[k] @ (point[k] - point[j]) - change @ change / 2)
            total += pair / 2 * (change @ change)
    left = point[0] - average * double
    return Identity(
        left=point[0] @ point[0] / (2 * double) - value[-1],
        right=total + left @ left / (2 * double),
        domain=Domain(positive=sizes),
    )


Instance = Mapping[str, Fraction]


def attained(at: Instance) -> dict[str, Relation]:
    """The published rule on Huber's function whose radius fits its step sizes: the bound is reached, exactly."""
    steps, cap = int(at["N"]), at["gamma_max"]
    sizes = [min(at["gamma_0"] / at["F"] ** (t + 1), cap) for t in range(steps)]
    radius = at["R"] / (2 * at["L"] * sum(sizes) + 1)
    f = Separable((huber(at["L"], radius),))
    result = run((at["R"],), at["gamma_0"], [f] * steps, Greedy(at["F"], high=cap), "before_update")
    value, best = f(result.points[-1])[0], at["L"] * at["R"] ** 2 / (4 * steps * cap * at["L"] + 2)
    optimal = at["F"] <= at["gamma_0"] / cap
    return {
        **f.facts(at["L"], (Fraction(0),)),
        "gamma_max <= 1/L": (cap * at["L"], "<=", Fraction(1)),
        "the rule only climbs": (int(result.rates == tuple(sizes)), "==", 1),
        "f(x_N) - f* is the bound": (value, "==", at["L"] * at["R"] ** 2 / (4 * at["L"] * sum(sizes) + 2)),
        "F <= gamma_0 / gamma_max is optimal, larger F are not": (value, "==" if optimal else ">", best),
    }


def cases() -> dict[str, Instance]:
    """Factors on both sides of gamma_0 / gamma_max = 1/4 and at it, with 1, 2 and 6 steps, and two caps."""
    found: dict[str, Instance] = {}
    for factor in (Fraction(1, 8), Fraction(1, 4), Fraction(251, 1000), Fraction(1, 2), Fraction(9, 10)):
        for steps in (1, 2, 6):
            for cap in (Fraction(1, 2), Fraction(1, 3)):
                names = ("F", "N", "gamma_max", "gamma_0", "L", "R")
                numbers = (factor, Fraction(steps), cap, cap / 4, Fraction(2), Fraction(3))
                found[f"F = {factor}, N = {steps}, cap = {cap}"] = dict(zip(names, numbers, strict=True))
    return found


def argument(constant: Expr = ONE) -> Chain:
    """The certificate; `constant` replaces the 1 in 2S + 1, half the constant of the statement."""
    upper = {"spread": spread(), "sum over steps": descent(constant), "last iterate": last(constant)}
    again = {f"N = {steps}, written out": written_out(steps) for steps in (1, 2)}
    return Chain({**upper, **again, "attained": Enumeration(cases(), attained)})


def check(rng: np.random.Generator) -> Check:
    """Exact runs on random functions, and the simulator on Huber's function, where the bound is attained."""
    ratios = [_exact_ratio(rng) for _ in range(60)]
    off, runs = 0.0, 0
    for steps in (1, 3, 10, 100):
        for factor in (0.125, 0.5, 0.9, 0.99):
            smoothness, distance = float(np.exp(rng.normal())), float(np.exp(rng.normal()))
            cap = float(rng.uniform(0.2, 1.0)) / smoothness
            first = cap * float(rng.uniform(0.01, 1.0))
            sizes = [min(first / factor ** (t + 1), cap) for t in range(steps)]
            radius = distance / (2 * smoothness * sum(sizes) + 1)
            simulated = simulate([_simulated(smoothness, radius, distance, factor, first, cap, steps)], stride=1)
            off = max(off, abs(float(simulated.end_loss[0]) / capped.worst_case(sizes, smoothness, distance) - 1))
            runs += 1
    tolerance = 1e-11  # a hundred steps, each rounded a few times
    return Check(
        margin=float(1 - max(ratios)) if off <= tolerance else -off,
        instances=len(ratios) + runs,
        sentence=(
            f"tightest ratio to the bound {float(max(ratios)):.4f} over {len(ratios)} exact runs with random steps in "
            f"(0, 1/L] on sums of Huber functions; {runs} simulated runs on the worst function end within {off:.1e} of "
            "the bound, relatively"
        ),
    )


def _exact_ratio(rng: np.random.Generator) -> Fraction:
    curvature, start = (Fraction(int(n), int(m)) for n, m in rng.integers(1, 9, size=(2, 2)))
    small = Separable((huber(curvature, start / int(rng.integers(1, 30))), huber(curvature / int(rng.integers(1, 9)))))
    x, travelled_so_far, worst = (start, start / int(rng.integers(1, 9))), Fraction(0), Fraction(0)
    squared = x[0] ** 2 + x[1] ** 2
    for _ in range(8):
        step = Fraction(int(rng.integers(1, 21)), 20)
        slope = small(x)[1]
        x = (x[0] - step / curvature * slope[0], x[1] - step / curvature * slope[1])
        travelled_so_far += step
        worst = max(worst, small(x)[0] * (4 * travelled_so_far + 2) / (curvature * squared))
    return worst


def _simulated(L: float, radius: float, start: float, factor: float, first: float, cap: float, steps: int) -> Run:
    return Run(
        objective=Huber(dimension=1, radius=radius, curvature=L),
        scheduler=GreedyPrevious(factor=factor, max_lr=cap),
        start=(start,),
        lr0=first,
        steps=steps,
        ordering="before_update",
    )


CLAIM = Claim(
    statement=(
        "f convex and L-smooth, h_t = gamma_t L in (0, 1], norm(x_0 - x*) <= R: f(x_N) - f* <= L R^2 / (4 sum h_t + "
        "2), and Huber's function of radius R / (2 sum h_t + 1) attains it. For GreedyLR (Algorithm 1, one sample) "
        "with gamma_0 < gamma_max <= 1/L the worst case is smallest just for F in (0, gamma_0 / gamma_max], for all N."
    ),
    source="ours; for constant steps Drori and Teboulle, Mathematical Programming 145 (2014)",
    assumptions=(
        "consecutive: f is convex and L-smooth, between x_k and x_{k+1} (Nesterov 2004, Theorem 2.1.5).",
        "minimiser: the same between x* and x_{k+1}; for x_0 it is a condition on where the induction starts.",
        "short: h_k <= 1, so (1 - h_k) norm(g_k - g_{k+1})^2 >= 0.",
        "spread: its symbols stand for the inner products of y = g_{k+1} with itself and with sum_j a_j g_j.",
        "h_k > 0; full batches, no noise; ordering before_update, first='infinity', so that gamma_0 / F comes first.",
        "N >= 1 and gamma_0 < gamma_max; for gamma_0 = gamma_max every F gives the same steps.",
        "A run that reaches f* exactly may shrink its step from then on, with f(x_N) = f*.",
        "The checker verifies the sums and the attained values; that no sum of steps exceeds that of small F is above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1001, 1000)),
    figure=None,
    short="Steps of at most 1/L: the exact worst case.",
    topic="cap",
    finding=(
        "Without noise and with the cap at or below 1/L the step size of GreedyLR only climbs, and the worst value of "
        "f(x_N) - f* over all convex L-smooth functions is exactly L R^2 / (4 sum h_t + 2), h_t = gamma_t L. Only the "
        "sum of the steps matters, so every F up to gamma_0 / gamma_max, which reaches the cap at once, has the same "
        "and smallest worst case, L R^2 / (4 N gamma_max L + 2), and every larger F a larger one."
    ),
    advice={
        "F": "With a cap below 1/L and no noise, no F has a better worst case than one that reaches the cap at once.",
        "initial rate": "Below the cap and without noise, starting at the cap has the smallest worst case.",
        "cap": "With no noise the worst case improves with the cap all the way up to 1/L.",
    },
    unsettled="The worst case for caps between 1/L and 2/L, where long steps can overshoot, is not covered.",
)
