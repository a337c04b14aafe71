"""The bound for any positive steps holds, its two forms are equal, and it has a last step that is never taken.

Let f be convex, x_{t+1} = x_t - eta_t g_t, norm(g_t) <= G_t for t = 1 .. T, norm(x_1 - x*) <= D. T - 1 steps produce
x_T; eta_T > 0 is one more number, not a step: the bound holds for whatever it is. With S_k = eta_k + .. + eta_T and Q_k
= sum_{t>=k} eta_t^2 G_t^2,

    first form    D^2/(2 S_1) + Q_1/(2 S_1) + 1/2 sum_{k<T} (eta_k / S_{k+1}) (Q_k / S_k),
    second form   D^2/(2 S_1) + 1/2 sum_{t<=T} eta_t^2 G_t^2 / S_{min(t+1, T)}.

Equal. eta_k / (S_k S_{k+1}) = 1/S_{k+1} - 1/S_k. With F_k = Q_k/S_k + sum_{k<=j<T} eta_j Q_j / (S_j S_{j+1}) therefore
F_k - F_{k+1} = (Q_k - Q_{k+1})/S_{k+1} = eta_k^2 G_k^2 / S_{k+1}, and F_T = Q_T/S_T = eta_T G_T^2: the terms of the
second form. The first form costs two passes of sums, the second one.

Valid. For k < T, expanding norm(x_{t+1} - x_k)^2 and summing over t >= k, sum_{t>=k} eta_t (f(x_t) - f(x_k)) <= Q_k/2,
x_{T+1} being the point where the step eta_T would lead. Let M_k = sum_{t>=k} eta_t f(x_t) and
E_k = 1/2 sum_{k<=j<T} (1/S_{j+1} - 1/S_j) Q_j. Then f(x_T) <= M_k/S_k + E_k: an equality for k = T, and from k + 1 to k
the right side changes by (1/S_{k+1} - 1/S_k) (Q_k/2 - sum_{t>=k} eta_t (f(x_t) - f(x_k))) >= 0. For k = 1,
M_1/S_1 <= f* + (D^2 + Q_1)/(2 S_1) by the same expansion about x*.

So schedules that end in a step of 0, as linear decay does when it is written with T steps, must leave that step out:
with eta_T = 0 both forms are infinite (unless eta_{T-1} = 0 too). What may be called the bound of T - 1 steps is the
least over eta_T > 0; the second form is convex in eta_T.

The checker verifies all of it by inductions, for all T. Control: the second form with sum_{s>=t} in place of
sum_{s>=t+1}, which is smaller, is not the first.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy

from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import INDUCTION, Chain, Earlier, Induction, Inequality
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._last_iterate import MaxOfPlanes, fractions, tail_sums
from proofs._symbols import ONE

S, Q, eta, G, last = sympy.symbols("S Q eta G last")
tail, second = sympy.symbols("tail second")
excess, moved, squares, start = sympy.symbols("excess moved squares start")
slope, along, value, target = sympy.symbols("slope along f_t f_y")
M, E, end, value_k, paid = sympy.symbols("M E f_T f_k paid")
least, squared = sympy.symbols("f* squared")

#: S is S_{k+1} before, S_k after a step of the inductions that run backwards from k = T
BACKWARDS = Domain(positive=(S, G, last), nonnegative=(eta,))


def equal(sign: int, *, own: bool = False) -> Induction:
    """sign * (first form - second form) >= 0; `own` divides by S_t, which includes the step itself, for t < T."""
    here = Q + eta**2 * G**2
    return Induction(
        statement=sign * (Q / S + tail - second),
        start={Q: last**2 * G**2, S: last, tail: 0 * ONE, second: last * G**2},
        advance={
            Q: here,
            S: S + eta,
            tail: tail + eta * here / (S * (S + eta)),
            second: second + eta**2 * G**2 / (S + eta if own else S),
        },
        terms=((ONE, INDUCTION),),
        domain=BACKWARDS,
    )


def regret() -> Induction:
    """2 sum eta_t (f(x_t) - f(y)) <= norm(x_k - y)^2 + sum eta_t^2 G_t^2 - norm(x_{t+1} - y)^2 over any steps."""
    return Induction(
        statement=start + squares - 2 * excess - moved,
        start={excess: 0 * ONE, squares: 0 * ONE, moved: start},
        advance={
            excess: excess + eta * (value - target),
            squares: squares + eta**2 * G**2,
            moved: moved - 2 * eta * along + eta**2 * slope,
        },
        terms=((ONE, INDUCTION), (eta**2, "norms"), (2 * eta, "convexity")),
        hypotheses={"norms": G**2 - slope, "convexity": along - (value - target)},
        domain=Domain(nonnegative=(eta,)),
    )


def backwards() -> Induction:
    """f(x_T) <= M_k / S_k + E_k for k = T, T - 1, .., 1."""
    following = 1 / S - 1 / (S + eta)
    return Induction(
        statement=M / S + E - end,
        start={M: last * end, S: last, E: 0 * ONE},
        advance={M: M + eta * value_k, S: S + eta, E: E + following * paid / 2},
        terms=((ONE, INDUCTION), (following / 2, "from x_k"), (following / 2, "distance")),
        hypotheses={
            "from x_k": Earlier("regret", {start: 0 * ONE, squares: paid, excess: M - S * value_k, eta: ONE}),
            "distance": moved,
        },
        domain=Domain(positive=(S, last), nonnegative=(eta,)),
    )


def bounded() -> Inequality:
    """f(x_T) - f* <= (D^2 + Q_1) / (2 S_1) + E_1."""
    return Inequality(
        left=end - least,
        right=(squared + paid) / (2 * S) + E,
        terms=((ONE, "to the last"), (1 / (2 * S), "from x*"), (1 / (2 * S), "distance")),
        hypotheses={
            "to the last": Earlier("to the last", {last: ONE, eta: ONE}),
            "from x*": Earlier("regret", {start: squared, squares: paid, excess: M - S * least, eta: ONE}),
            "distance": moved,
        },
        domain=Domain(positive=(S,)),
    )


def argument(*, own: bool = False) -> Chain:
    """The certificate; `own` is the slip of an index in the second form."""
    return Chain(
        {
            "first form >= second": equal(1, own=own),
            "first form <= second": equal(-1, own=own),
            "regret": regret(),
            "to the last": backwards(),
            "bound": bounded(),
        }
    )


def forms(steps: list[Fraction], norms: list[Fraction], squared_distance: Fraction) -> tuple[Fraction, Fraction]:
    """Both forms from their definitions."""
    tails, count = tail_sums(steps), len(steps)
    costs = [(step * norm) ** 2 for step, norm in zip(steps, norms, strict=True)]
    sums = tail_sums(costs)
    opening = squared_distance / (2 * tails[0])
    double = sum((steps[k] / tails[k + 1] * sums[k] / tails[k] for k in range(count - 1)), Fraction(0))
    single = sum((costs[t] / tails[min(t + 1, count - 1)] for t in range(count)), Fraction(0))
    return opening + sums[0] / (2 * tails[0]) + double / 2, opening + single / 2


def check(rng: np.random.Generator) -> Check:
    """Both forms in fractions, and the bound on random functions with arbitrary steps, in fractions."""
    ratios, alike, off = [], 0, 0.0
    for _ in range(200):
        dimension, horizon = int(rng.integers(1, 4)), int(rng.integers(1, 8))
        f = MaxOfPlanes.random(rng, int(rng.integers(2, 6)), dimension)
        steps = [abs(step) for step in fractions(rng, horizon - 1)] + [Fraction(int(rng.integers(1, 9)), 4)]
        x, target = tuple(fractions(rng, dimension)), tuple(fractions(rng, dimension))
        squared_distance, slopes, value_at_end = _squared(x, target), [], Fraction(0)
        for step in steps:
            value_at_end, slope_here = f(x)
            slopes.append(slope_here)
            x = tuple(a - step * b for a, b in zip(x, slope_here, strict=True))
        # norms squared are rational, norms are not: an upper bound that is
        norms = [
            Fraction(float(_squared(s, s_zero)) ** 0.5) * (1 + Fraction(1, 10**9)) + Fraction(1, 10**9)
            for s, s_zero in ((s, (Fraction(0),) * dimension) for s in slopes)
        ]
        one, other = forms(steps, norms, squared_distance)
        alike += one == other
        ratios.append((value_at_end - f(target)[0]) / one if one else Fraction(0))
        distance = float(squared_distance) ** 0.5
        if distance > 0:
            computed = theory.general_bound([float(s) for s in steps], [float(n) for n in norms], distance)
            off = max(off, abs(computed / float(one) - 1))
    tolerance = 1e-12  # the root of D^2 and a few sums are rounded
    agreed = alike == len(ratios) and off <= tolerance
    return Check(
        margin=float(1 - max(ratios)) if agreed else -1.0,
        instances=len(ratios),
        sentence=(
            f"the forms agree in {alike} of {len(ratios)} random cases in fractions, the numerical function within "
            f"{off:.0e}; largest ratio of f(x_T) - f(y) to the bound {float(max(ratios)):.3f}, any y, any eta_T"
        ),
    )


def _squared(a: tuple[Fraction, ...], b: tuple[Fraction, ...]) -> Fraction:
    return sum(((p - q) ** 2 for p, q in zip(a, b, strict=True)), Fraction(0))


CLAIM = Claim(
    statement=(
        "f convex, norm(g_t) <= G_t for t <= T, eta_t >= 0 for t < T and any eta_T > 0, S_k = sum_{t>=k} eta_t, Q_k = "
        "sum_{t>=k} eta_t^2 G_t^2: f(x_T) - f* <= (D^2 + Q_1)/(2 S_1) + 1/2 sum_{k<T} eta_k Q_k/(S_k S_{k+1}) = "
        "D^2/(2 S_1) + 1/2 sum_{t<=T} eta_t^2 G_t^2 / S_{min(t+1,T)}, for every T."
    ),
    source="arXiv 2310.07831, Theorem 10 (first form, as coded for arXiv 2501.18965); second form ours",
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at x* and at the earlier iterates.",
        "norms: norm(g_t) <= G_t for t = 1 .. T.",
        "distance: squared norms are >= 0.",
        "eta_T > 0 is free: x_T does not depend on it.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(own=True),
    short="Any steps: two equal forms, one step never taken.",
    topic="schedules",
    finding=(
        "The published bound for arbitrary steps, a double sum, equals D^2/(2 sum eta) + 1/2 sum_t eta_t^2 G_t^2 / "
        "sum_{s>t} eta_s, a single one. It contains one step more than the T - 1 that produce x_T; that number may be "
        "chosen freely, and a schedule that ends in 0 makes the bound infinite unless the 0 is left out."
    ),
)
