"""No nonnegative steps guarantee less than D / sqrt(sum_t G_t^-2): the refined schedule is exactly minimax.

The class: convex f, subgradients with norm(g_t) <= G_t at x_1 .. x_T, norm(x_1 - x*) <= D; G_t > 0 known. The refined
schedule guarantees V = D / sqrt(P), P = sum_t G_t^-2 (claim `refined_schedule`). Nothing does better among the methods

    x_{t+1} = x_1 - sum_{s<=t} h_{t,s} g_s,   h_{t,s} >= 0,   t = 1 .. T - 1:

steps of every kind, fixed or chosen on the way, also 0, momentum with nonnegative coefficients, averages.

Proof. In T dimensions let f(x) = max(-V, max_i G_i x_i), convex, and x_1 = 0. Suppose that at x_1 .. x_t the
subgradients were G_1 e_1 .. G_t e_t. Coordinate s <= t of x_{t+1} is then -h_{t,s} G_s <= 0, and the coordinates beyond
t are 0. So the maximum over i of G_i x_i is 0 > -V, attained by coordinate t + 1, and G_{t+1} e_{t+1}, of norm G_{t+1},
is a subgradient at x_{t+1}. By induction f(x_1) = .. = f(x_T) = 0; as all coordinates of every x_t are <= 0 and the
last is 0, the same is true of every average of the iterates. And f* = -V, attained where all G_i x_i <= -V, nearest to
0 at x_i = -V / G_i, at the distance V sqrt(P) = D. Hence f(x_T) - f* = V.

Where the T-th coordinate is needed: with T - 1 coordinates, the last step would leave the maximum. The norm of the last
subgradient, at x_T, counts: without G_T in P the value would be larger than the truth.

The checker verifies the guarantee of the refined schedule for every T, one coordinate of this argument in symbols, that
no minimiser is nearer, for every T, and in fractions the runs for twelve lists of norms and steps, zeros, ties and
large steps among them; the induction over t is above. Control: a value larger by one part in a thousand, at the same
distance D."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy

from greedylr_theory import simulate
from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import INDUCTION, Chain, Enumeration, Induction, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._last_iterate import Resistance, conversion, descent, guaranteed
from proofs._symbols import ONE

V, G, h, squared, inverse, extra, P = sympy.symbols("V G h squared inverse extra P")

Case = tuple[list[Fraction], list[Fraction], Fraction]


def stepped() -> Inequality:
    """G_s times coordinate s = -h_{t,s} G_s of a stepped point is at most 0, the value of a coordinate that was not."""
    return Inequality(left=G * (-h * G), right=0 * ONE, terms=((h * G**2, 1),), domain=Domain((G,), (h,)))


def nearest() -> Induction:
    """norm(x)^2 >= V^2 P for every x with G_i x_i = -(V + extra_i) <= -V, in any number of dimensions."""
    return Induction(
        statement=squared - V**2 * inverse,
        start={inverse: 0 * ONE, squared: 0 * ONE},
        advance={inverse: inverse + 1 / G**2, squared: squared + ((V + extra) / G) ** 2},
        terms=((ONE, INDUCTION), ((2 * V * extra + extra**2) / G**2, 1)),
        domain=Domain(positive=(V, G), nonnegative=(extra,)),
    )


def resisted(case: Case) -> Mapping[str, Relation]:
    """A run on the resisting function: legal in every respect, and no point of it below f(x_1)."""
    norms, steps, value = case
    run = Resistance.run(norms, value, steps)
    average = [sum(column, Fraction(0)) / len(run.points) for column in zip(*run.points, strict=True)]
    distance_squared = _depth(norms) ** 2 * sum((norm**-2 for norm in norms), Fraction(0))
    return {
        **run.facts(),
        "steps are nonnegative": (min(steps, default=Fraction(0)), ">=", 0),
        "f(x_T) - f* = v": (run.gap, "==", value),
        "nor is the average lower": (run.value(average), "==", 0),
        "v^2 P = D^2": (value**2 * sum((norm**-2 for norm in norms), Fraction(0)), "==", distance_squared),
    }


def _depth(norms: list[Fraction]) -> Fraction:
    """V for some D: any number will do, D^2 = V^2 P."""
    return sum(norms, Fraction(0)) / (len(norms) + 1)


def cases(constant: Fraction) -> dict[str, Case]:
    """Norms, steps, and the claimed value: `constant` times the right one."""
    found: dict[str, Case] = {}
    for name, norms in {
        "one iterate": [2],
        "equal norms": [1] * 5,
        "falling norms": [5, 3, 2, 1],
        "rising norms": [1, 2, 3, 7, 20],
        "mixed norms": [2, 1, 1, 9, 1, 3, 8],
        "two norms": [1, 6],
    }.items():
        slopes = [Fraction(norm, 3) for norm in norms]
        count = len(slopes) - 1
        for kind, steps in {
            "refined steps": _refined(slopes, _depth(slopes)),
            "zeros and large steps": [Fraction(0) if t % 2 else Fraction(1000) for t in range(count)],
        }.items():
            found[f"{name}, {kind}"] = (slopes, steps, constant * _depth(slopes))
    return found


def _refined(norms: list[Fraction], value: Fraction) -> list[Fraction]:
    weights = [value / norm**2 for norm in norms]
    return [weights[t] * sum(weights[t + 1 :], Fraction(0)) / sum(weights) for t in range(len(norms) - 1)]


def argument(constant: Fraction = Fraction(1)) -> Chain:
    """The certificate; `constant` times V is claimed."""
    return Chain(
        {
            **conversion(),
            "descent": descent(),
            "guarantee of the refined schedule": guaranteed(V * P, V**2 * P, V**2 * P, V),
            "a coordinate that was stepped along": stepped(),
            "no minimiser is nearer": nearest(),
            "runs": Enumeration(cases(constant), resisted),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The simulator with many kinds of steps; and methods with memory, in floating point."""
    off, runs = 0.0, 0
    for horizon in (2, 3, 17, 200):
        norms, distance = np.exp(rng.normal(size=horizon)), float(np.exp(rng.normal()))
        resisting = theory.resisting_function(norms, distance)
        value = resisting.objective.distance / np.sqrt(np.sum(norms**-2))
        for steps in (
            theory.refined_steps(norms, distance),
            rng.exponential(size=horizon - 1),
            np.full(horizon - 1, 1e-6),
            1e6 * np.arange(1.0, horizon),
        ):
            gap = float(simulate([resisting.run(steps)]).end_loss[0]) - resisting.objective.minimum
            off, runs = max(off, abs(gap / value - 1)), runs + 1
    unmoved = {_with_memory(rng) for _ in range(50)} == {0.0}
    tolerance = 1e-13  # roundings in V; f(x_t) = 0 is exact
    return Check(
        margin=tolerance - off if unmoved else -1.0,
        instances=runs + 50,
        sentence=(
            f"{runs} simulated runs, T up to 200, steps from 1e-6 to 2e8: f(x_T) - f* is V within {off:.1e}, "
            "relatively; 50 methods with random nonnegative memory end at f(x_T) = f(x_1) exactly"
        ),
    )


def _with_memory(rng: np.random.Generator) -> float:
    """f(x_T) for x_{t+1} = -sum_s h_{t,s} g_s with random h >= 0, subgradients chosen as in the proof."""
    horizon = int(rng.integers(2, 20))
    norms = np.exp(rng.normal(size=horizon))
    depth = theory.refined_value(norms, 1.0)
    x, value = np.zeros(horizon), 0.0
    for t in range(1, horizon):
        x = np.zeros(horizon)
        x[:t] = -rng.exponential(size=t) * (rng.random(t) > 0.3) * norms[:t]
        value = max(-depth, float(np.max(norms * x)))
        if norms[t] * x[t] != value:  # then G_{t+1} e_{t+1} would be no subgradient here
            return float("nan")
    return value


CLAIM = Claim(
    statement=(
        "For every x_{t+1} = x_1 - sum_{s<=t} h_{t,s} g_s with h >= 0, t < T, and all G_t, D > 0 there is a convex f "
        "with subgradients of norm G_t at x_t and norm(x_1 - x*) = D such that f(x_T) - f* = D / sqrt(sum_t G_t^-2), "
        "which is what the refined schedule guarantees; averages of the iterates are no better."
    ),
    source=(
        "ours; construction after Nemirovski and Yudin (1983); for equal norms and any first-order method the value is "
        "that of Drori and Teboulle, arXiv 1409.2636"
    ),
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at the earlier iterates, for the guarantee.",
        "minimiser: the same at x*.",
        "norms: norm(g_t) <= G_t for t = 1 .. T, with G_t known before the run.",
        "distance: norm(z_{T+1} - x*)^2 >= 0.",
        "Dimension at least T; the G_t and the method are fixed first.",
        "At points where f has several subgradients the one along the next coordinate is given.",
        "h_{t,s} >= 0; steps may be chosen on the way. Negative steps are not covered.",
        "The checker verifies one coordinate, the distance, and twelve runs; the induction over t is above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(1001, 1000)),
    short="No nonnegative steps guarantee less than the refined schedule.",
    topic="schedules",
    finding=(
        "If all that is known are bounds G_t on the gradient norms and the distance D, no nonnegative steps, momentum "
        "or averaging guarantee less than D / sqrt(sum G_t^-2), so the refined schedule, and linear decay for equal "
        "norms, cannot be improved in the worst case. On the function that shows it every schedule ends exactly where "
        "it began."
    ),
    unsettled=(
        "That function tells nothing about which of two schedules is better on an easier one: a worst case cannot rank "
        "schedules that share it."
    ),
)
