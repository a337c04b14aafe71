"""The refined schedule guarantees D / sqrt(sum_t G_t^-2), and its weights are the only minimiser of the published
bound.

Let f be convex, norm(g_t) <= G_t at x_1 .. x_T for known numbers G_t > 0, norm(x_1 - x*) <= D. For weights w_t > 0 let
z_1 = x_1, z_{t+1} = z_t - w_t g_t: the x_t of claim `regret_to_last_iterate` are x_{t+1} = x_t - eta_t g_t with

    eta_t = w_t w_{t+1:T} / w_{1:T},  t = 1 .. T - 1  (eta_T = 0, an empty sum),

and expanding norm(z_{t+1} - x*)^2 bounds the regret: f(x_T) - f* <= B(w) = (D^2 + sum_t w_t^2 G_t^2) / (2 w_{1:T}).

Write P = sum_t G_t^-2, V = D / sqrt(P) and w*_t = V / G_t^2 = D G_t^-2 / sqrt(P). As V G_t^2 w*_t = V^2 and
sum_t V^2 G_t^-2 = D^2,

    B(w) - V = sum_t G_t^2 (w_t - w*_t)^2 / (2 w_{1:T}):

each G_t^2 (w_t - w*_t)^2 = w_t^2 G_t^2 - 2 V w_t + V^2 G_t^-2, and summing gives w_{1:T} times twice the left side. So
B(w) >= V, with equality for w = w* only. All T norms enter P, also G_T, at whose point no step is taken.

The schedule does not determine the weights: w and w' can give the same eta_1 .. eta_{T-1} (one parameter is free, see
claim `general_step_bound` for another bound). With equal norms the refined schedule is linear decay, V = D G / sqrt(T).

For stochastic subgradients with E norm(g_t)^2 <= G_t^2 and G_t known beforehand the same holds in expectation. Weights
computed from gradients of the same run are not covered (claim `regret_needs_fixed_weights`).

The checker verifies the guarantee for all T with V and P as symbols, the identity term by term, and by induction over T
that B(w) >= V. Control: the value V moved to 0.999 V.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import INDUCTION, Chain, Enumeration, Identity, Induction, Relation, Square
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._last_iterate import MaxOfPlanes, conversion, descent, guaranteed, tail_sums
from proofs._symbols import ONE

V, P, G, w, total, spent, squared = sympy.symbols("V P G w total spent squared")
unit = Vector.named("e")  # a square of numbers is that of their multiple of a unit vector


def term() -> Identity:
    """G^2 (w - V/G^2)^2, one term of what B(w) exceeds V by."""
    return Identity(
        left=G**2 * (w - V / G**2) ** 2,
        right=w**2 * G**2 - 2 * V * w + V**2 / G**2,
        domain=Domain(positive=(G,)),
    )


def least() -> Induction:
    """D^2 + sum w_t^2 G_t^2 - 2 V w_{1:T} >= 0 for D^2 = V^2 sum G_t^-2, times norm(e)^2, for every T and every w."""
    return Induction(
        statement=(squared + spent - 2 * V * total) * (unit @ unit),
        start={squared: 0 * ONE, spent: 0 * ONE, total: 0 * ONE},
        advance={squared: squared + V**2 / G**2, spent: spent + w**2 * G**2, total: total + w},
        terms=((ONE, INDUCTION), (G**2, Square(unit * (w - V / G**2)))),
        domain=Domain(positive=(G, V)),
    )


Case = tuple[list[Fraction], Fraction]


def schedule(case: Case) -> Mapping[str, Relation]:
    """Weights and steps of the refined schedule in fractions: the same x_t by z_t and by eta_t, and B(w*) = V."""
    norms, value = case
    weights = [value / norm**2 for norm in norms]
    tails = tail_sums(weights)
    steps = [weight * tail / tails[0] for weight, tail in zip(weights[:-1], tails[1:], strict=True)]
    f = MaxOfPlanes(tuple((Fraction(0), (norm, -norm / 2)) for norm in (Fraction(1, 3), Fraction(-2, 5))))
    x = z = (Fraction(1), Fraction(2))
    apart = Fraction(0)
    for t, step in enumerate(steps):
        slope = f(x)[1]
        moved = tuple(a - weights[t] * b for a, b in zip(z, slope, strict=True))
        share = tails[t + 1] / tails[0]
        by_conversion = tuple(a + share * (c - b) for a, b, c in zip(x, z, moved, strict=True))
        x, z = tuple(a - step * b for a, b in zip(x, slope, strict=True)), moved
        apart += sum((abs(a - b) for a, b in zip(x, by_conversion, strict=True)), Fraction(0))
    distance_squared = value**2 * sum((norm**-2 for norm in norms), Fraction(0))
    paid = sum((weight**2 * norm**2 for weight, norm in zip(weights, norms, strict=True)), Fraction(0))
    return {
        "T - 1 steps move as the conversion asks": (apart, "==", 0),
        "B(w*) = V": ((distance_squared + paid) / (2 * tails[0]), "==", value),
    }


def cases() -> dict[str, Case]:
    lists = ([1], [1, 2], [2, 1, 1], [1, 1, 2], [3, 1, 4, 1, 5], [1, 7, 2, 2, 1, 1, 9, 1])
    return {f"norms {norms}": ([Fraction(n, 3) for n in norms], Fraction(4, 9)) for norms in lists}


def argument(constant: Expr = ONE) -> Chain:
    """The certificate; `constant` times V is claimed."""
    return Chain(
        {
            **conversion(),
            "descent": descent(),
            "guarantee": guaranteed(V * P, V**2 * P, V**2 * P, constant * V),
            "excess of B, one term": term(),
            "B is least at w*": least(),
            "schedule": Enumeration(cases(), schedule),
        }
    )


def published_bound(weights: np.ndarray, norms: np.ndarray, distance: float) -> float:
    return float((distance**2 + np.sum((weights * norms) ** 2)) / (2 * np.sum(weights)))


def check(rng: np.random.Generator) -> Check:
    """Runs on random functions whose norms are known beforehand; random weights against the value."""
    excess, off = [], 0.0
    for _ in range(200):
        horizon = int(rng.integers(2, 12))
        norms, distance = np.exp(rng.normal(size=horizon)), float(np.exp(rng.normal()))
        value, weights = theory.refined_value(norms, distance), np.exp(rng.normal(size=horizon))
        best = distance * norms**-2 / np.sqrt(np.sum(norms**-2))
        excess.append(published_bound(weights, norms, distance) / value - 1)
        identity = np.sum(norms**2 * (weights - best) ** 2) / (2 * np.sum(weights)) / value
        off = max(off, abs(excess[-1] - identity) / (1 + identity))
    ratios = [ratio for ratio in (_ratio(rng) for _ in range(200)) if ratio is not None]
    tolerance = 1e-12  # sums of at most twelve terms
    return Check(
        margin=min(1 - max(ratios), min(excess)) if off <= tolerance else -off,
        instances=len(ratios) + len(excess),
        sentence=(
            f"largest ratio to the value {max(ratios):.3f} over {len(ratios)} runs whose norms came out as they were "
            f"known beforehand; {len(excess)} random weights have a bound larger by {min(excess):.2g} at least, "
            f"relatively, as the identity says within {off:.0e}"
        ),
    )


def _ratio(rng: np.random.Generator) -> float | None:
    """(f(x_T) - f(y)) / value for the best y found within D of the start, on a random maximum of planes.

    The norms G_t are those of the run itself: the run is repeated with the norms of the run before until they agree.
    None if they never do, which is no run of the statement.
    """
    horizon, dimension, distance = int(rng.integers(2, 9)), int(rng.integers(1, 5)), float(np.exp(rng.normal()))
    planes = rng.normal(size=(int(rng.integers(2, 7)), dimension)) * np.exp(rng.normal(size=(1, dimension)))
    offsets = rng.normal(size=len(planes))
    norms = np.full(horizon, np.linalg.norm(planes, axis=1).max())
    for _ in range(30):
        x, seen = np.zeros(dimension), []
        for step in [*theory.refined_steps(norms, distance), 0.0]:
            slope = planes[np.argmax(offsets + planes @ x)]
            seen.append(np.linalg.norm(slope))
            x = x - step * slope
        if np.allclose(seen, norms, rtol=1e-12, atol=0.0):
            lowest = np.min(np.max(offsets + distance * _directions(dimension) @ planes.T, axis=1))
            return float((np.max(offsets + planes @ x) - lowest) / theory.refined_value(norms, distance))
        norms = np.array(seen)
    return None


def _directions(dimension: int) -> np.ndarray:
    directions = np.random.default_rng(dimension).normal(size=(500, dimension))
    return directions / np.linalg.norm(directions, axis=1)[:, None]


CLAIM = Claim(
    statement=(
        "f convex, norm(g_t) <= G_t for t <= T, norm(x_1 - x*) <= D, w_t = D G_t^-2 / sqrt(sum_s G_s^-2), eta_t = w_t "
        "w_{t+1:T} / w_{1:T} for t < T: f(x_T) - f* <= D / sqrt(sum_t G_t^-2); and (D^2 + sum_t w_t^2 G_t^2) / (2 "
        "w_{1:T}) exceeds it by sum_t G_t^2 (w_t - w*_t)^2 / (2 w_{1:T}) for other weights: w* is the only minimiser."
    ),
    source="arXiv 2310.07831",
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at the earlier iterates.",
        "minimiser: the same at x*.",
        "norms: norm(g_t) <= G_t for t = 1 .. T, with G_t known before the run.",
        "distance: norm(z_{T+1} - x*)^2 >= 0.",
        "w_t > 0 for all t.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(999, 1000)),
    short="The refined schedule's value; its weights alone minimise the bound.",
    topic="schedules",
    finding=(
        "With bounds G_t on the gradient norms that are known beforehand, the refined schedule eta_t = w_t w_{t+1:T} / "
        "w_{1:T}, w_t proportional to G_t^-2, guarantees f(x_T) - f* <= D / sqrt(sum G_t^-2). Its weights are the only "
        "minimiser of the bound from which they come, and the excess of any other weights is an explicit sum of "
        "squares. Equal weights, which give linear decay, have the bound D sqrt(sum G_t^2) / T at their best scale, "
        "larger by the factor sqrt(mean of G_t^2 times mean of G_t^-2): that is what knowing the norms gains in this "
        "bound."
    ),
    advice={
        "schedule": (
            "If the gradient norms of a run are known in advance, weights proportional to their inverse squares give a "
            "better guarantee than linear decay."
        )
    },
)
