"""Any steps come from weights: a bound for every schedule, of linear cost, that never exceeds the published one.

Let eta_1 .. eta_{T-1} >= 0 be any steps, f convex, norm(g_t) <= G_t for t <= T, norm(x_1 - x*) <= D. Take any y_T > 0
and

    y_t = y_{t+1} + 2 eta_t + eta_t^2 / y_{t+1},   t = T - 1, .., 1     (y_t = u_t^2, u_t = u_{t+1} + eta_t / u_{t+1}).

    f(x_T) - f* <= B(y_T) = D^2 / (2 y_1) + (y_T G_T^2 + sum_{t<T} eta_t^2 G_t^2 / y_{t+1}) / 2.

Proof. Put w_T = u_1 u_T and w_t = u_1 eta_t / u_{t+1} for t < T. As u_t - u_{t+1} = eta_t / u_{t+1}, w_{t:T} = u_1 u_t
by summation, w_{1:T} = y_1, and w_t w_{t+1:T} / w_{1:T} = eta_t: the given steps are those of these weights. The bound
(D^2 + sum_t w_t^2 G_t^2) / (2 w_{1:T}) of claim `refined_schedule` is B.

One number is free because T - 1 steps cannot determine T weights. B is at its best: - the value D / sqrt(sum G_t^-2)
for the refined schedule, so D G / sqrt(T) for linear decay, since it is that claim's bound; - for equal norms, as y_1 =
y_T + 2 sum eta_t + sum eta_t^2 / y_{t+1}, B = D^2/(2 y_1) + G^2 (y_1/2 - sum_t eta_t), which   depends on y_1 only: it
is G D - G^2 sum_t eta_t if y_1 = D/G can be had, and else y_1 should be as small as possible; - never above the bound
of claim `general_step_bound`, whatever its eta_T: with y_T = eta_T and S_t = eta_t + .. + eta_T,   y_t >= S_t for all
t, and term by term D^2/(2 y_1) <= D^2/(2 S_1), eta_t^2 G_t^2 / y_{t+1} <= eta_t^2 G_t^2 / S_{t+1}. For   long schedules
y_t is about 2 S_t, which is where the factor two of `general_step_bound_is_loose` goes.

The checker verifies the weights and the comparison by inductions, for all T. Control: y_t without the term eta_t^2 /
y_{t+1} does not belong to the steps."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import INDUCTION, Chain, Earlier, Enumeration, Identity, Induction, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._last_iterate import MaxOfPlanes, conversion, descent, fractions, guaranteed, tail_sums
from proofs._symbols import ONE
from proofs.general_step_bound import forms

eta, u, first, G, last = sympy.symbols("eta u first G last")  #: eta_t, u_{t+1}, u_1
y, S, paid, published, squared = sympy.symbols("y S paid published squared")

RISING = Domain(positive=(y, S, G, last), nonnegative=(eta,))


def tails(extra: Expr = ONE) -> Identity:
    """w_{t:T} = u_1 u_t from w_{t+1:T} = u_1 u_{t+1}; squared, y_t has `extra` times eta_t^2 / y_{t+1}."""
    weight = first * eta / u
    return Identity(
        left=(first * u + weight) ** 2,
        right=first**2 * (u**2 + 2 * eta + extra * eta**2 / u**2),
        domain=Domain(positive=(u, first), nonnegative=(eta,)),
    )


def weighed(case: tuple[list[Fraction], list[Fraction], Fraction]) -> Mapping[str, Relation]:
    """The weights for given steps, norms and u_T: they sum to y_1, lead back to the steps, and their bound is B."""
    sizes, norms, root = case
    roots = [root]
    for size in reversed(sizes):
        roots.append(roots[-1] + size / roots[-1])
    roots.reverse()
    weights = [roots[0] * size / after for size, after in zip(sizes, roots[1:], strict=True)] + [roots[0] * root]
    sums = tail_sums(weights)
    distance_squared = Fraction(7, 3)
    costs = sum((weight**2 * norm**2 for weight, norm in zip(weights, norms, strict=True)), distance_squared)
    found: dict[str, Relation] = {
        f"step {t}": (weights[t] * sums[t + 1] / sums[0], "==", size) for t, size in enumerate(sizes)
    }
    return {
        **found,
        "w_{1:T} = y_1": (sums[0], "==", roots[0] ** 2),
        "the bound of the weights is B": (
            costs / (2 * sums[0]),
            "==",
            bound(sizes, [norm**2 for norm in norms], distance_squared, root**2),
        ),
        "B for equal norms": (
            bound(sizes, [Fraction(1)] * len(norms), distance_squared, root**2),
            "==",
            distance_squared / (2 * sums[0]) + sums[0] / 2 - sum(sizes, Fraction(0)),
        ),
    }


def weighed_cases() -> dict[str, tuple[list[Fraction], list[Fraction], Fraction]]:
    lists = {"one step": [2], "falling": [4, 3, 2, 1], "rising": [1, 2, 7], "with zeros": [0, 5, 0, 1, 0], "none": []}
    return {
        name: ([Fraction(n, 5) for n in sizes], [Fraction(1 + t % 3, 2) for t in range(len(sizes) + 1)], Fraction(2, 3))
        for name, sizes in lists.items()
    }


def above() -> Induction:
    """y_t >= S_t for y_T = S_T = eta_T."""
    return Induction(
        statement=y - S,
        start={y: last, S: last},
        advance={y: y + 2 * eta + eta**2 / y, S: S + eta},
        terms=((ONE, INDUCTION), (eta + eta**2 / y, 1)),
        domain=RISING,
    )


def cheaper() -> Induction:
    """The penalties of B are at most those of the published bound."""
    return Induction(
        statement=published - paid,
        start={published: last * G**2, paid: last * G**2},
        advance={published: published + eta**2 * G**2 / S, paid: paid + eta**2 * G**2 / y},
        terms=((ONE, INDUCTION), (eta**2 * G**2 / (S * y), "above")),
        hypotheses={"above": Earlier("y_t >= S_t")},
        domain=RISING,
    )


def compared() -> Inequality:
    """B <= the published bound."""
    return Inequality(
        left=squared / (2 * y) + paid / 2,
        right=squared / (2 * S) + published / 2,
        terms=((squared / (2 * S * y), "above"), (ONE / 2, "penalties")),
        hypotheses={
            "above": Earlier("y_t >= S_t", {eta: ONE, G: ONE, last: ONE}),
            "penalties": Earlier("penalties", {eta: ONE, G: ONE, last: ONE}),
        },
        domain=Domain(positive=(y, S, squared)),
    )


def argument(extra: Expr = ONE) -> Chain:
    """The certificate; `extra` multiplies the term eta_t^2 / y_{t+1}."""
    return Chain(
        {
            **conversion(),
            "descent": descent(),
            "tails of the weights": tails(extra),
            "weights, steps and bound": Enumeration(weighed_cases(), weighed),
            "bound": guaranteed(y, y * paid, squared, squared / (2 * y) + paid / 2),
            "y_t >= S_t": above(),
            "penalties": cheaper(),
            "comparison": compared(),
        }
    )


def bound(sizes: list[Fraction], norms: list[Fraction], squared_distance: Fraction, weight: Fraction) -> Fraction:
    """B(y_T), the norms given as squares."""
    here, total = weight, weight * norms[-1]
    for size, norm in zip(reversed(sizes), reversed(norms[:-1]), strict=True):
        total += size**2 * norm / here
        here += 2 * size + size**2 / here
    return squared_distance / (2 * here) + total / 2


def least(sizes: np.ndarray, norms: np.ndarray) -> float:
    """The smallest B over a fine grid of y_T, D = 1."""
    here = np.exp(np.linspace(-12.0, 8.0, 4001)) * (np.max(sizes) if len(sizes) else 1.0)
    total = here * norms[-1] ** 2
    for size, norm in zip(sizes[::-1], norms[-2::-1], strict=True):
        total = total + (size * norm) ** 2 / here
        here = here + 2 * size + size**2 / here
    return float(np.min(1 / (2 * here) + total / 2))


def check(rng: np.random.Generator) -> Check:
    """Runs in fractions with any steps; the published bound; closed forms of linear, refined and constant steps."""
    ratios, gains, off = [], [], 0.0
    for _ in range(150):
        dimension, horizon = int(rng.integers(1, 4)), int(rng.integers(1, 8))
        f = MaxOfPlanes.random(rng, int(rng.integers(2, 6)), dimension)
        sizes = [abs(size) for size in fractions(rng, horizon - 1)]
        start, target, weight = (
            fractions(rng, dimension),
            fractions(rng, dimension),
            Fraction(int(rng.integers(1, 20)), 8),
        )
        x, slopes, value = tuple(start), [], Fraction(0)
        for size in [*sizes, Fraction(0)]:
            value, slope = f(x)
            slopes.append(sum((entry**2 for entry in slope), Fraction(0)))
            x = tuple(a - size * b for a, b in zip(x, slope, strict=True))
        squared_distance = sum(((a - b) ** 2 for a, b in zip(start, target, strict=True)), Fraction(0))
        allowed = bound(sizes, slopes, squared_distance, weight)
        ratios.append((value - f(target)[0]) / allowed if allowed else Fraction(0))
        unit = [Fraction(1)] * horizon
        one, own = forms([*sizes, weight], unit, squared_distance)[1], bound(sizes, unit, squared_distance, weight)
        gains.append(1 - own / one)
    for horizon in (2, 5, 50):
        norms = np.exp(rng.normal(size=horizon) / 2)
        cases = (
            (theory.refined_steps(norms, 1.0), norms, theory.refined_value(norms, 1.0)),
            (
                theory.linear_decay_steps(1.0, 1.0, horizon),
                np.ones(horizon),
                theory.linear_decay_value(1.0, 1.0, horizon),
            ),
            *(
                (np.full(horizon - 1, eta_), np.ones(horizon), theory.constant_step_value(eta_, horizon - 1, 1.0, 1.0))
                for eta_ in (1e-3, 0.1, 1.0)
            ),
        )
        off = max(off, *(abs(least(sizes, sizes_norms) / value - 1) for sizes, sizes_norms, value in cases))
    tolerance = 1e-4  # the grid: neighbours differ by half a percent, and B is flat at its minimum
    return Check(
        margin=float(min(1 - max(ratios), min(gains))) if off <= tolerance else -off,
        instances=len(ratios) + len(gains) + 15,
        sentence=(
            f"largest ratio of f(x_T) - f(y) to B {float(max(ratios)):.3f} over {len(ratios)} runs in fractions with "
            f"any steps and y_T; below the published bound by {100 * float(min(gains)):.1f} to "
            f"{100 * float(max(gains)):.0f} % with eta_T = y_T; least B is the value of refined, linear and constant "
            f"steps within {off:.0e} on a grid"
        ),
    )


CLAIM = Claim(
    statement=(
        "f convex, norm(g_t) <= G_t, any eta_t >= 0 (t < T) and y_T > 0, y_t = y_{t+1} + 2 eta_t + eta_t^2/y_{t+1}: "
        "f(x_T) - f* <= D^2/(2 y_1) + (y_T G_T^2 + sum_{t<T} eta_t^2 G_t^2/y_{t+1})/2. With y_T = eta_T this is at "
        "most the bound of general_step_bound; for equal norms G it is D^2/(2 y_1) + G^2 (y_1/2 - sum_t eta_t)."
    ),
    source="ours, from the conversion of arXiv 2310.07831; for constant steps Zamani and Glineur, arXiv 2307.11134",
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at the earlier iterates.",
        "minimiser: the same at x*.",
        "norms: norm(g_t) <= G_t for t = 1 .. T, with G_t and the steps known before the run.",
        "distance: norm(z_{T+1} - x*)^2 >= 0.",
        "y_T > 0 is free. The checker verifies the weights step by step; their sums telescope as said above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(0 * ONE),
    short="A bound for any steps that beats the published one.",
    topic="schedules",
    finding=(
        "Every schedule is the schedule of some weights, and one number remains free. The bound that follows holds for "
        "any steps and any norms, costs one pass, and is never above the published bound for arbitrary steps. At the "
        "best free number it is, for equal norms, the exact worst case, of which the published bound is about twice "
        "for linear decay, and for the refined schedule the exact value for any norms."
    ),
    advice={
        "schedule": (
            "To compare the guarantees of schedules use the bound of weights_for_any_steps rather than the published "
            "one for arbitrary steps: it is never larger, and exact for equal norms and for the refined schedule."
        )
    },
    unsettled="Whether the bound is attained for unequal norms; for equal ones see claim any_steps_worst_case.",
)
