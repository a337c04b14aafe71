"""Constant steps, mean of the iterates, convex G-Lipschitz f: the exact worst case, which is as good as linear decay's.

T = N + 1 iterates x_0 .. x_N, x_{k+1} = x_k - eta g_k, norm(g_k) <= G, norm(x_0 - x*) <= D, and xbar their mean. The
largest f(xbar) - f* over all convex f is

    G^2 eta / 2 + D^2 / (2 T eta)  if eta >= D / (G T),  and  G D - N G^2 eta / 2  below.

Above. With s = g_0 + .. + g_N and d = x_0 - x*, sum_k (f(x_k) - f*) <= sum_k <g_k, x_k - x*> = <s, d> - (eta/2)
(norm(s)^2 - sum norm(g_k)^2), as x_k - x* = d - eta (g_0 + .. + g_{k-1}). The last sum is at most T G^2. For the rest,
<s, d> - (eta/2) norm(s)^2 <= D^2 / (2 eta) always; and as norm(s) <= T G, it is at most T G D - eta T^2 G^2 / 2 if
D >= eta T G. Divide by T: f(xbar) is at most the mean of the f(x_k).

Below. Short steps: f = G abs(x) from D, all iterates on one side. Else let G = D = 1, unit vectors g_0 .. g_N with
equal products c = (1/eta^2 - T) / (T (T - 1)), which is at most 1 and at least -1/N, so that they exist, with norm(s)
= 1/eta; d = eta s, and f(x) = max{0, max_k <g_k, x - x*>}. As <g_k, d> = 1/(eta T) and <g_k, x_j - x_0> = -eta (j c +
(1 - c) [k < j]), g_j attains the maximum at x_j, and at the mean the last plane does: f(xbar) = 1/(eta T) - eta c N /
2, which is the first formula. f >= 0 = f(x*), and f(x_j) = 1/(eta T) - eta j c >= 0.

At eta = D / (G sqrt T) the value is G D / sqrt T, which no steps can beat, for the mean or the last iterate (claim
`linear_decay`): averaging constant steps is as good as the last iterate under linear decay. The best constant step for
the last iterate is worse than both (claim `constant_step_lipschitz`).

The checker verifies the upper bound for all T, and the function in fractions for T = 2 .. 7 at five steps each.
Control: the constant 1/2 of the first term at 0.4995.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import numpy as np
import sympy
from sympy import Expr, Symbol

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
from proofs._symbols import ONE, T
from proofs._tangents import Tangents

eta, D, G = sympy.symbols("eta D G")
total, gap, Q, average = sympy.symbols("total gap Q average")  #: sums of f(x_k) - f* and of norm(g_k)^2; f(xbar) - f*
sigma, less = sympy.symbols("sigma less")  #: norm(s), and T G - norm(s)
d, s, g = (Vector.named(name) for name in ("d", "s", "g"))
sd, ss, gd, sg, gg = (cast(Symbol, product) for product in (d @ s, s @ s, d @ g, s @ g, g @ g))
HALF = sympy.Rational(1, 2)
MULTIPLES = tuple(Fraction(text) for text in ("1", "6/5", "2", "7", "100"))


def regret() -> Induction:
    """total <= <s, d> - (eta/2) (norm(s)^2 - Q), step by step; d and s change as symbols, not as vectors."""
    return Induction(
        statement=sd - eta / 2 * (ss - Q) - total,
        start={sd: 0 * ONE, ss: 0 * ONE, Q: 0 * ONE, total: 0 * ONE},
        advance={sd: sd + gd, ss: ss + 2 * sg + gg, Q: Q + gg, total: total + gap},
        terms=((ONE, INDUCTION), (ONE, "convexity")),
        hypotheses={"convexity": gd - eta * sg - gap},
        domain=Domain(positive=(eta,)),
    )


def any_steps(constant: Expr = HALF) -> Inequality:
    """average <= constant G^2 eta + D^2 / (2 T eta)."""
    return Inequality(
        left=average,
        right=constant * G**2 * eta + D**2 / (2 * T * eta),
        terms=(
            (ONE, "mean"),
            (1 / T, "regret"),
            (eta / (2 * T), "slopes"),
            (1 / (2 * T * eta), "start"),
            (1 / (2 * T * eta), Square(d - s * eta)),
        ),
        hypotheses={
            "mean": total / T - average,
            "regret": Earlier("regret"),
            "slopes": T * G**2 - Q,
            "start": D**2 - d @ d,
        },
        domain=Domain(positive=(eta, T, G, D)),
    )


def short_steps() -> Inequality:
    """sigma D - (eta/2) sigma^2 with sigma = T G - less is largest at less = 0, if D = eta T G + rest."""
    rest = Symbol("rest")
    distance, length = eta * T * G + rest, T * G - less
    return Inequality(
        left=length * distance - eta / 2 * length**2,
        right=T * G * distance - eta / 2 * (T * G) ** 2,
        terms=((less * rest + eta / 2 * less**2, 1),),
        domain=Domain(positive=(eta, T, G), nonnegative=(rest, less)),
    )


def short_value() -> Identity:
    """(T G D - eta T^2 G^2 / 2 + eta T G^2 / 2) / T."""
    return Identity(
        (T * G * D - eta / 2 * (T * G) ** 2 + eta / 2 * T * G**2) / T,
        G * D - (T - 1) * G**2 * eta / 2,
        Domain(positive=(T,)),
    )


def resisting(horizon: int, step: Fraction) -> Tangents:
    c = (1 / step**2 - horizon) / (horizon * (horizon - 1))
    gram = [[Fraction(1) if j == k else c for j in range(horizon)] for k in range(horizon)]
    values = [1 / (step * horizon) - step * k * c for k in range(horizon)]
    return Tangents(gram, [step] * horizon, step, values)


def reached(case: tuple[int, Fraction]) -> Mapping[str, Relation]:
    horizon, step = case
    run = resisting(horizon, step)
    value = run.at([Fraction(1, horizon)] * horizon)
    return {**run.facts(), "f at the mean is the formula": (value, "==", step / 2 + 1 / (2 * horizon * step))}


def argument(constant: Expr = HALF) -> Chain:
    """The certificate; `constant` replaces 1/2 in front of G^2 eta."""
    cases = [(horizon, m / horizon) for horizon in range(2, 8) for m in MULTIPLES]
    return Chain(
        {
            "regret": regret(),
            "upper bound": any_steps(constant),
            "short steps": short_steps(),
            "value for short steps": short_value(),
            "attained": Enumeration({f"T = {n}, eta = {e}": (n, e) for n, e in cases}, reached),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Random maxima of planes, and the worst function in floating point for T up to 120."""
    worst, off = 0.0, 0.0
    for horizon in (5, 40, 120):
        for multiple in (1.1, 4.0, 30.0):
            step = multiple / horizon
            off = float(np.maximum(off, abs(end_in_floats(horizon, step) / _formula(step, horizon) - 1)))
    for _ in range(300):
        steps, step = int(rng.integers(1, 12)), float(rng.uniform(0.02, 1.5))
        planes = rng.normal(size=(steps + 3, 4))
        planes /= np.linalg.norm(planes, axis=1, keepdims=True)
        point = rng.normal(size=4)
        points = [point / np.linalg.norm(point)]
        for _ in range(steps):
            best = int(np.argmax(planes @ points[-1]))
            points.append(points[-1] - step * (planes[best] if planes[best] @ points[-1] > 0 else 0.0))
        end = max(0.0, float(np.max(planes @ np.mean(points, axis=0))))
        worst = max(worst, end / _formula(step, steps + 1))
    tolerance = 1e-10  # two hundred steps from a factorisation of a matrix with one eigenvalue apart
    return Check(
        margin=1 - worst if off <= tolerance else -1.0,
        instances=309,
        sentence=(
            f"runs on the worst function for T up to 120 end within {off:.1e} of the formula, relatively; the "
            f"tightest of 300 random maxima of planes reaches {worst:.4f} of it"
        ),
    )


def _formula(step: float, horizon: int) -> float:
    return step / 2 + 1 / (2 * horizon * step) if step * horizon >= 1 else 1 - (horizon - 1) * step / 2


def end_in_floats(horizon: int, step: float) -> float:
    c = (1 / step**2 - horizon) / (horizon * (horizon - 1))
    values, vectors = np.linalg.eigh(np.full((horizon, horizon), c) + (1 - c) * np.eye(horizon))
    planes = vectors * np.sqrt(np.maximum(values, 0.0))
    points = [step * np.sum(planes, axis=0)]
    for k in range(horizon - 1):
        if abs(planes[k] @ points[-1] - np.max(planes @ points[-1])) > 1e-12:
            return float("nan")  # not a subgradient
        points.append(points[-1] - step * planes[k])
    return float(np.max(planes @ np.mean(points, axis=0)))


CLAIM = Claim(
    statement=(
        "f convex with subgradients of norm at most G, norm(x_0 - x*) <= D, T - 1 steps eta > 0, xbar the mean of "
        "the T iterates: the largest f(xbar) - f* is exactly G^2 eta / 2 + D^2 / (2 T eta) if eta >= D / (G T), and "
        "G D - (T - 1) G^2 eta / 2 else. At eta = D / (G sqrt T) it is G D / sqrt T, as for the last iterate under "
        "linear decay."
    ),
    source="upper bound: textbook (Nesterov 2004, Section 3.2.3); that it is attained for every eta: ours",
    assumptions=(
        "convexity: f(x_k) - f* <= <g_k, x_k - x*>, where x_k - x* = d - eta s.",
        "mean: f at the mean is at most the mean of f (Jensen).",
        "slopes: sum of norm(g_k)^2 is at most T G^2.",
        "start: norm(x_0 - x*) <= D.",
        "Any subgradient may be returned at a kink; no projection, no noise. The mean has T iterates, x_0 included.",
        "The checker verifies that the bound is attained for T = 2 to 7 at five steps each; for all T it is the "
        "argument above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(999, 2000)),
    figure="last_iterate_bounds",
    short="Averaged constant steps: exact, as good as linear decay.",
    topic="schedules",
    finding=(
        "On convex Lipschitz functions the mean of the iterates of a constant rate D / (G sqrt T) is exactly as good "
        "in the worst case as the last iterate under linear decay, G D / sqrt T, and no nonnegative steps are better. "
        "A decay to zero does for the last iterate what averaging does for a constant rate; a constant rate without "
        "averaging does neither."
    ),
    advice={
        "initial rate": "If the iterates are averaged, a constant rate has the same worst case as a decay to zero."
    },
)
