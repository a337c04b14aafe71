"""Linear decay guarantees D G / sqrt(T) for the last of T iterates, and the constant 1 cannot be improved.

Let f be convex with subgradients of norm at most G at x_1 .. x_T, norm(x_1 - x*) <= D, and

    x_{t+1} = x_t - eta_t g_t,  eta_t = D / (G sqrt T) (1 - t/T),  t = 1 .. T - 1.

T iterates, T - 1 steps: eta_T = 0, so a step at t = T would change nothing.

Upper bound. Take w_t = w = D / (G sqrt T) for t = 1 .. T and z_1 = x_1, z_{t+1} = z_t - w g_t. Then w_{t+1:T}/w_{1:T} =
1 - t/T, so the x_t are those of claim `regret_to_last_iterate`, and w_{1:T} (f(x_T) - f*) <= sum_t w <g_t, z_t - x*>.
Expanding norm(z_{t+1} - x*)^2 and summing over t = 1 .. T, 2 sum_t w <g_t, z_t - x*> <= D^2 + T w^2 G^2 = 2 D^2. Divide
by 2 w_{1:T} = 2 D sqrt(T) / G. In expectation the same holds for stochastic subgradients with E norm(g_t)^2 <= G^2.

Lower bound. On f(x) = max(-v, G x_1, .., G x_T) in T dimensions, v = D G / sqrt(T), from x_1 = 0, subgradients may be G
e_1, G e_2, ..: coordinates stepped along become negative, the others stay at the maximum 0. T - 1 steps leave the last
one, so f(x_T) = 0 whatever the steps, while f* = -v is attained at all x_i = -v/G, at the distance v sqrt(T)/G = D. So
f(x_T) - f* = D G / sqrt(T), exactly, for linear decay and for every other choice of nonnegative steps.

In fractions D and G sqrt(T) need not both be rational; v is taken rational and D^2 = v^2 T / G^2. The checker verifies
the upper bound for all T (the inductions of `regret_to_last_iterate`, one for the squares, one division), and runs the
method on the resisting function for T = 1 .. 16. Control: the constant 999/1000.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import simulate
from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._last_iterate import Resistance, conversion, descent, guaranteed
from proofs._symbols import ONE, T

v, G = sympy.symbols("v G")


def resisted(at: tuple[int, Fraction, Fraction]) -> Mapping[str, Relation]:
    """The method with linear decay on the resisting function, in fractions: eta_t = (v / G^2) (1 - t/T)."""
    horizon, slope, depth = at
    steps = [depth / slope**2 * Fraction(horizon - t, horizon) for t in range(1, horizon)]
    run = Resistance.run([slope] * horizon, depth, steps)
    distance_squared = depth**2 * horizon / slope**2
    peak_squared = distance_squared / (slope**2 * horizon)  # (D / (G sqrt T))^2
    return {
        **run.facts(),
        **{
            f"step {t} is that of linear decay": (step**2, "==", peak_squared * (1 - Fraction(t, horizon)) ** 2)
            for t, step in enumerate(steps, 1)
        },
        "f(x_T) - f* = v": (run.gap, "==", depth),
        "v^2 T = D^2 G^2": (depth**2 * horizon, "==", distance_squared * slope**2),
    }


def cases() -> dict[str, tuple[int, Fraction, Fraction]]:
    return {f"T = {horizon}": (horizon, Fraction(3, 2), Fraction(5, 7)) for horizon in range(1, 17)}


def argument(constant: Expr = ONE) -> Chain:
    """The certificate; `constant` times D G / sqrt(T) is claimed."""
    total = T * v / G**2  # w_{1:T} with w = D / (G sqrt T) = v / G^2
    squared = T * v**2 / G**2  # D^2, and T w^2 G^2
    return Chain(
        {
            **conversion(),
            "descent": descent(),
            "guarantee": guaranteed(total, squared, squared, constant * v),
            "attained": Enumeration(cases(), resisted),
        }
    )


def random_ratio(rng: np.random.Generator) -> float:
    """(f(x_T) - f*) / (D G / sqrt T) for linear decay on a random maximum of planes through a known minimiser."""
    horizon, dimension = int(rng.integers(2, 60)), int(rng.integers(1, 40))
    planes = rng.normal(size=(int(rng.integers(2, 60)), dimension))
    planes -= planes.mean(axis=0)  # 0 lies in their hull, so the origin minimises the maximum
    planes /= np.linalg.norm(planes, axis=1).max()
    x = rng.normal(size=dimension)
    x *= 1.0 / np.linalg.norm(x)
    for step in theory.linear_decay_steps(1.0, 1.0, horizon):
        x = x - step * planes[np.argmax(planes @ x)]
    return float(np.max(planes @ x)) * math.sqrt(horizon)


def check(rng: np.random.Generator) -> Check:
    """The simulator on the resisting function, with linear decay and with other steps; random functions elsewhere."""
    off, runs = 0.0, 0
    for horizon in (2, 3, 10, 100, 1000):
        slope, distance = np.exp(rng.normal(size=2)).tolist()
        resisting = theory.resisting_function([slope] * horizon, distance)
        value = resisting.objective.distance * slope / math.sqrt(horizon)  # D measured, not the one asked for
        for steps in (theory.linear_decay_steps(distance, slope, horizon), rng.exponential(size=horizon - 1)):
            gap = float(simulate([resisting.run(steps)]).end_loss[0]) - resisting.objective.minimum
            off, runs = max(off, abs(gap / value - 1)), runs + 1
    ratios = [random_ratio(rng) for _ in range(300)]
    tolerance = 1e-13  # a few roundings in the value: f(x_t) = 0 is exact
    return Check(
        margin=1 - max(ratios) if off <= tolerance else -off,
        instances=runs + len(ratios),
        sentence=(
            f"{runs} simulated runs on the resisting function, T up to 1000, end within {off:.1e} of D G / sqrt(T), "
            f"relatively; largest ratio to it over {len(ratios)} random maxima of planes {max(ratios):.3f}"
        ),
    )


CLAIM = Claim(
    statement=(
        "f convex, subgradients of norm <= G, norm(x_1 - x*) <= D, eta_t = D/(G sqrt T) (1 - t/T) for t = 1 .. T - 1: "
        "f(x_T) - f* <= D G / sqrt(T) for every T >= 1; on max(-v, G max_{i<=T} x_i) with v = D G / sqrt(T), from 0, "
        "it is an equality for these and for all other nonnegative steps."
    ),
    source=(
        "arXiv 2310.07831; Zamani and Glineur, arXiv 2307.11134 (N = T - 1 steps, D G / sqrt(N + 1)); the lower bound "
        "Drori and Teboulle, arXiv 1409.2636"
    ),
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at the earlier iterates.",
        "minimiser: the same at x*.",
        "norms: norm(g_t) <= G for all T subgradients, g_T included.",
        "distance: norm(z_{T+1} - x*)^2 >= 0.",
        "Lower bound: dimension at least T, and where several subgradients exist, one of norm G chosen against us.",
        "The checker verifies the lower bound for T = 1 .. 16 in fractions; for every T it is the argument above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(999, 1000)),
    short="Linear decay guarantees D G / sqrt(T), and no less.",
    topic="schedules",
    finding=(
        "With T iterates, linear decay from D/(G sqrt T) to 0 guarantees f(x_T) - f* <= D G / sqrt(T) for every convex "
        "function whose subgradients have norm at most G. No nonnegative steps guarantee less: a function with as many "
        "coordinates as iterates gives every schedule exactly this value, to the last digit in the simulator. "
        "Averaging the iterates of a constant step D/(G sqrt T) has the same guarantee, so decay to zero replaces "
        "averaging and no more."
    ),
    figure="last_iterate_bounds",
    advice={
        "schedule": (
            "For a fixed number of steps and nothing known but D and G, linear decay to zero is minimax optimal for "
            "the last iterate; its first step needs D, G and T."
        )
    },
    unsettled=(
        "The resisting function needs as many dimensions as iterates; how much better linear decay is in few "
        "dimensions is not settled here."
    ),
)
