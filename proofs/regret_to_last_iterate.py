"""Regret becomes a bound on the last iterate: an identity whose remainders are all nonnegative, for every T.

T iterates x_1 .. x_T, weights w_1 .. w_T >= 0 with w_T > 0, any points z_1 .. z_T; w_{a:b} = w_a + .. + w_b. Let x_1 =
z_1,

    x_{t+1} = x_t + (w_{t+1:T} / w_{1:T}) (z_{t+1} - z_t),    t = 1 .. T - 1:

T - 1 moves; at t = T the factor would be 0, an empty sum over w_{1:T}. (By summation by parts x_T is the average of the
z_t with the weights w_t.) Let g_t be a subgradient of f at x_t, B_t(y) = f(y) - f(x_t) - <g_t, y - x_t> >= 0, and
c_k = w_{1:T} (1/w_{k+1:T} - 1/w_{k:T}) >= 0 for k < T. Then for every x*

    w_{1:T} (f(x_T) - f(x*)) = sum_t w_t <g_t, z_t - x*> - sum_t w_t B_t(x*) - sum_{k<t} w_t c_k B_t(x_k),

so that f(x_T) - f(x*) <= sum_t w_t <g_t, z_t - x*> / w_{1:T}, with equality for linear f.

Proof. Put C_t, X_t, Phi_t = sum of c_k, c_k x_k, c_k f(x_k) over k < t; C_t = w_{1:T}/w_{t:T} - 1 telescopes. First,
z_t = (w_{1:T}/w_{t:T}) x_t - X_t: true for t = 1, and both sides move by z_{t+1} - z_t. Hence sum_{k<t} c_k B_t(x_k) =
Phi_t - C_t f(x_t) - <g_t, X_t - C_t x_t>, and with B_t(x*) added it is f(x*) + Phi_t - (w_{1:T}/w_{t:T}) f(x_t) +
<g_t, z_t - x*>. Multiply by w_t and sum. What remains is sum_{s<=t} w_s (Phi_s - (w_{1:T}/w_{s:T}) f(x_s)) =
-w_{t+1:T} Phi_{t+1} for t < T, by induction, as w_{t+1:T} c_t = w_t w_{1:T}/w_{t:T}; the term t = T turns it into
-w_{1:T} f(x_T), because w_{T:T} = w_T.

The checker verifies this for all T by three inductions (over k < t, over t, and z_t), and for T = 2, 3, 4 the whole
identity with everything written out in inner products.

Stochastic gradients. Let x_t and z_t be determined before g_t is drawn, E[g_t | past] a subgradient at x_t, and the
weights fixed, or independent of all draws. Given the weights, every term w_t c_k <g_t, x_t - x_k> and w_t <g_t, x_t -
x*> has the expectation that the proof uses, so E f(x_T) - f(x*) <= E sum_t w_t <g_t, z_t - x*> / w_{1:T}. That w_t be
independent of g_t alone is not enough: see `regret_needs_fixed_weights`.

Control: the weights c_k moved by one part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import sympy
from sympy import Expr

from proofs._certificates import Chain, Identity
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._last_iterate import MaxOfPlanes, conversion, fractions, tail_sums
from proofs._symbols import ONE

Point = tuple[Fraction, ...]


def written_out(horizon: int) -> Identity:
    """The identity for one T, with inner products of z_1 .. z_T, x* and the subgradients."""
    weights = sympy.symbols(f"w_1:{horizon + 1}")
    tails = [sum(weights[t:], 0 * ONE) for t in range(horizon)]
    values, least = sympy.symbols(f"f_1:{horizon + 1}"), sympy.Symbol("f*")
    slopes = [Vector.named(f"g_{t}") for t in range(horizon)]
    moving = [Vector.named(f"z_{t}") for t in range(horizon)]
    minimiser = Vector.named("x*")
    points = [moving[0]]
    for t in range(horizon - 1):
        points.append(points[-1] + (moving[t + 1] - moving[t]) * (tails[t + 1] / tails[0]))
    earlier = [tails[0] * (1 / after - 1 / before) for before, after in pairwise(tails)]
    right = 0 * ONE
    for t, weight in enumerate(weights):
        right += weight * (slopes[t] @ (moving[t] - minimiser))
        right -= weight * (least - values[t] - slopes[t] @ (minimiser - points[t]))
        for k in range(t):
            right -= weight * earlier[k] * (values[k] - values[t] - slopes[t] @ (points[k] - points[t]))
    return Identity(left=tails[0] * (values[-1] - least), right=right, domain=Domain(positive=weights))


def argument(weight: Expr = ONE) -> Chain:
    """The certificate; `weight` multiplies the c_k in the induction over t."""
    again = {f"T = {horizon}, written out": written_out(horizon) for horizon in (2, 3, 4)}
    return Chain({**conversion(weight), **again})


def moved(moving: list[Point], weights: list[Fraction]) -> list[Point]:
    """x_1 .. x_T from z_1 .. z_T."""
    tails, points = tail_sums(weights), [moving[0]]
    for t, (before, after) in enumerate(pairwise(moving)):
        share = tails[t + 1] / tails[0]
        points.append(tuple(x + share * (b - a) for x, a, b in zip(points[-1], before, after, strict=True)))
    return points


def slack(f: MaxOfPlanes, moving: list[Point], weights: list[Fraction], target: Point) -> tuple[Fraction, Fraction]:
    """(regret - w_{1:T} (f(x_T) - f(x*)), the sum of remainders that it should be)."""
    tails, points = tail_sums(weights), moved(moving, weights)
    values, slopes = zip(*(f(point) for point in points), strict=True)
    remainders = regret = Fraction(0)
    for t, weight in enumerate(weights):
        regret += weight * _product(slopes[t], moving[t], target)
        remainders += weight * (f(target)[0] - values[t] - _product(slopes[t], target, points[t]))
        for k in range(t):
            c = tails[0] * (1 / tails[k + 1] - 1 / tails[k])
            remainders += weight * c * (values[k] - values[t] - _product(slopes[t], points[k], points[t]))
    return regret - tails[0] * (values[-1] - f(target)[0]), remainders


def _product(slope: Point, a: Point, b: Point) -> Fraction:
    return sum((g * (p - q) for g, p, q in zip(slope, a, b, strict=True)), Fraction(0))


def stochastic_slack(rng: np.random.Generator) -> Fraction:
    """E regret - w_{1:T} (E f(x_T) - f*) for subgradient steps on |x| with gradient noise, over all 2^T samples."""
    horizon, noise = int(rng.integers(2, 6)), fractions(rng, 1)[0]
    weights = [abs(w) for w in fractions(rng, horizon - 1)] + [Fraction(1)]
    tails, start, total = tail_sums(weights), fractions(rng, 1)[0], Fraction(0)
    for signs in product((-1, 1), repeat=horizon):
        x = z = start
        regret = Fraction(0)
        for t, sign in enumerate(signs):
            slope = (1 if x >= 0 else -1) + sign * noise
            regret += weights[t] * slope * z
            z -= weights[t] * slope
            if t < horizon - 1:
                x -= tails[t + 1] / tails[0] * weights[t] * slope
        total += regret - tails[0] * abs(x)
    return total / 2**horizon / tails[0]


def check(rng: np.random.Generator) -> Check:
    """A search for violations in fractions: random convex functions, arbitrary points z_t, weights that may be 0."""
    slacks, stochastic, equalities = [], [stochastic_slack(rng) for _ in range(30)], 0
    for _ in range(150):
        dimension, horizon = int(rng.integers(1, 4)), int(rng.integers(1, 7))
        f = MaxOfPlanes.random(rng, int(rng.integers(1, 5)), dimension)
        weights = [max(w, Fraction(0)) for w in fractions(rng, horizon - 1)] + [Fraction(1, 2)]
        moving = [tuple(fractions(rng, dimension)) for _ in range(horizon)]
        found, remainders = slack(f, moving, weights, tuple(fractions(rng, dimension)))
        equalities += found == remainders
        slacks.append(found / sum(weights))
    worst = min(*slacks, *stochastic)
    exact = equalities == len(slacks)
    return Check(
        margin=float(worst) if exact else -1.0,
        instances=len(slacks) + len(stochastic),
        sentence=(
            f"smallest slack {float(min(slacks)):.3g} over {len(slacks)} random convex functions with arbitrary z_t, "
            f"in fractions, equal to the sum of remainders in {equalities}; {len(stochastic)} stochastic runs, all "
            f"sample paths enumerated, smallest mean slack {float(min(stochastic)):.3g}"
        ),
    )


CLAIM = Claim(
    statement=(
        "f convex, w_t >= 0, w_T > 0 fixed, x_1 = z_1, x_{t+1} = x_t + (w_{t+1:T}/w_{1:T}) (z_{t+1} - z_t) for t < T: "
        "w_{1:T} (f(x_T) - f(x*)) = sum_{t<=T} w_t <g_t, z_t - x*> - sum_t w_t B_t(x*) - sum_{k<t} w_t c_k B_t(x_k), "
        "c_k = w_{1:T} (1/w_{k+1:T} - 1/w_{k:T}), B_t(y) = f(y) - f(x_t) - <g_t, y - x_t>; so f(x_T) - f(x*) <= "
        "sum_t w_t <g_t, z_t - x*> / w_{1:T}, and the same in expectation for weights independent of the samples."
    ),
    source="arXiv 2310.07831 (the inequality); the remainders ours",
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at the earlier iterates, B_t(x_k) >= 0.",
        "minimiser: the same at x*, B_t(x*) >= 0; x* may be any point.",
        "w_t >= 0 and w_T > 0; the z_t are arbitrary. If the last weights are 0, x_t stands still: drop them.",
        "In expectation: x_t, z_t determined before g_t is drawn, E[g_t | past] a subgradient of f at x_t, and all "
        "weights, also later ones, independent of the samples. The checker verifies the identity, not the expectation.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1001, 1000)),
    short="Regret bounds the last iterate: an identity, every T.",
    topic="schedules",
    finding=(
        "Whatever is known about the regret of a sequence z_t carries over to the last of T iterates x_t that follow "
        "z_t with the factor w_{t+1:T}/w_{1:T}: the difference is a sum of Bregman remainders, exactly, so that the "
        "bound is an equality for linear functions and can be loose by whatever curvature contributes. It needs T "
        "subgradients but only T - 1 moves, and weights that are fixed before the run."
    ),
)
