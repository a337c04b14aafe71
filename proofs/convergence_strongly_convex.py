"""With strong convexity the predictable rule converges linearly in mean square, again to a noise floor.

Under the hypotheses of `convergence_predictable`, let in addition f(x) - f* >= (mu/2) norm(x - x*)^2 for all x, as it
is for mu-strongly convex f. Then

    E norm(x_T - x*)^2 <= (1 - gamma_min mu)^T R^2 + gamma_max^2 sigma*^2 / (gamma_min mu (1 - gamma_max L)).

Proof. The one-step identity of `convergence_predictable`, averaged over the sample, reads

    E[norm(x_{t+1} - x*)^2 | past] <= norm(x_t - x*)^2 - 2 gamma (f(x_t) - f*) + gamma^2 sigma*^2 / (1 - gamma L).

Put 2 (f(x_t) - f*) >= mu norm(x_t - x*)^2 and the worst step sizes in: with q = 1 - gamma_min mu and
b = gamma_max^2 sigma*^2 / (1 - gamma_max L), D_t = E norm(x_t - x*)^2 satisfies D_{t+1} <= q D_t + b. Here q > 0, since
mu <= L < 1/gamma_min. By induction D_T <= q^T R^2 + b (1 - q^T) / (1 - q): the step is q times the statement at T plus
the recursion. Drop the term with -q^T; 1 - q = gamma_min mu.

The control claims the rate 1 - 2 gamma_min mu. That is false, though barely: f = mu x^2 / 2 with one sample and a
constant step gives (1 - gamma mu)^2 = 1 - 2 gamma mu + (gamma mu)^2.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from proofs._certificates import INDUCTION, Chain, Earlier, Induction, Inequality
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._finite_sums import SAMPLING, Number, exact_ratios, random_sums, simulated_ratio
from proofs._functions import MeanOfSquares
from proofs._rules import Run as ExactRun
from proofs._symbols import ONE, L, gamma, gamma_max, gamma_min, mu, with_conditions
from proofs.convergence_predictable import DOMAIN as WEAKLY_CONVEX
from proofs.convergence_predictable import (
    R_squared,
    distance,
    distance_next,
    floor,
    gap,
    mean_distance,
    mean_distance_next,
    mean_over_past,
    mean_over_sample,
    one_step,
)

power = sympy.Symbol("power")  #: (1 - gamma_min mu)^T, 1

_excess = sympy.Symbol("excess")  # 1/mu - 1/L


def _with_strong_convexity(domain: Domain) -> Domain:
    return dataclasses.replace(
        with_conditions(domain, positive=(mu,), nonnegative=(L - mu, distance, power)),
        where={**domain.where, mu: 1 / (1 / domain.where[L] + _excess)},
        inverse={**domain.inverse, _excess: (L - mu) / (L * mu)},
    )


#: 0 < gamma_min <= gamma <= gamma_max < 1/L, 0 < mu <= L; a squared distance and a power of q are >= 0
DOMAIN = _with_strong_convexity(WEAKLY_CONVEX)


def argument(speed: Expr = ONE) -> Chain:
    """The certificate for the rate 1 - speed * gamma_min mu."""
    q = 1 - speed * gamma_min * mu
    limit = floor(gamma_max) / (speed * gamma_min * mu)
    past = Inequality(
        left=distance_next,
        right=q * distance + floor(gamma_max),
        terms=(
            (ONE, "one step, averaged"),
            (2 * gamma, "strong convexity"),
            ((gamma - gamma_min) * mu * distance, 1),
            (floor(gamma_max) - floor(gamma), 1),
        ),
        hypotheses={
            "one step, averaged": mean_over_sample("one step"),
            "strong convexity": gap - mu / 2 * distance,
        },
        domain=DOMAIN,
    )
    recursion = Induction(
        statement=power * R_squared + limit * (1 - power) - mean_distance,
        start={power: ONE, mean_distance: R_squared},
        advance={power: q * power, mean_distance: mean_distance_next},
        terms=((q, INDUCTION), (ONE, "given the past, averaged")),
        hypotheses={"given the past, averaged": mean_over_past("given the past", gamma_min, gamma_max, L, mu)},
        domain=DOMAIN,
    )
    conclusion = Inequality(
        left=mean_distance,
        right=power * R_squared + limit,
        terms=((ONE, "recursion"), (limit * power, 1)),
        hypotheses={"recursion": Earlier("recursion")},
        domain=DOMAIN,
    )
    return Chain(
        {"one step": one_step(), "given the past": past, "recursion": recursion, "without the last power": conclusion}
    )


def bound(R_squared: Number, noise: Number, L: Number, mu: Number, low: Number, high: Number, steps: int) -> Number:
    """The bound on E norm(x_T - x*)^2."""
    return (1 - low * mu) ** steps * R_squared + high**2 * noise / (low * mu * (1 - high * L))


def check(rng: np.random.Generator) -> Check:
    """All sample paths of tiny sums in fractions; least squares in the simulator."""

    def ratio(problem: MeanOfSquares, start: Fraction, low: Fraction, high: Fraction, runs: list[ExactRun]) -> Fraction:
        steps, offset = len(runs[0].rates), start - problem.minimiser
        squares = sum(((path.points[-1][0] - problem.minimiser) ** 2 for path in runs), Fraction(0))
        constants = problem.noise, problem.smoothness, problem.strong_convexity
        return squares / len(runs) / bound(offset * offset, *constants, low, high, steps)

    exact = exact_ratios(rng, ratio, count=24)
    sampled = [
        simulated_ratio(
            problem,
            lambda trajectory, p: np.sum((trajectory.x_end - p.minimiser) ** 2, axis=1),
            lambda p: bound(p.R_squared, p.noise, p.L, p.mu, p.low, p.high, p.steps),
        )
        for problem in random_sums(rng, count=8)
    ]
    worst = max(float(max(exact)), *sampled)
    return Check(
        margin=1 - worst,
        instances=len(exact) + len(sampled),
        sentence=(
            f"tightest ratio to the bound {worst:.4f}: {float(max(exact)):.3f} over {len(exact)} exact expectations "
            f"(all 2^6 sample paths), {max(sampled):.3f} over {len(sampled)} least-squares problems ({SAMPLING})"
        ),
    )


CLAIM = Claim(
    statement=(
        "As in convergence_predictable, and f(x) - f* >= (mu/2) norm(x - x*)^2: E norm(x_T - x*)^2 <= "
        "(1 - gamma_min mu)^T R^2 + gamma_max^2 sigma*^2 / (gamma_min mu (1 - gamma_max L))."
    ),
    published="f convex, every f_i L_max-smooth, min_lr <= gamma_t <= max_lr: E f(xbar_T) - f* = O(1/T).",
    source="extends the repair of arXiv 2512.14527, Theorem A.1",
    assumptions=(
        "interpolation: every f_i is convex and L-smooth (Nesterov 2004, Theorem 2.1.5).",
        "strong convexity: f(x) - f* >= (mu/2) norm(x - x*)^2 with 0 < mu (then mu <= L).",
        "gamma_t is predictable: independent of the sample of its own step given the past (ordering after_update).",
        "0 < gamma_min <= gamma_t <= gamma_max < 1/L, the initial step size included.",
        "Samples are independent, with E f_i = f; sigma*^2 = E norm(grad f_i(x*))^2 is finite.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(speed=sympy.Integer(2)),
    figure="bound_against_simulation",
    short="Strongly convex: linear rate to a noise floor.",
    topic="convergence",
    finding=(
        "Under the same conditions and strong convexity with mu, E norm(x_T - x*)^2 <= (1 - gamma_min mu)^T R^2 + "
        "gamma_max^2 sigma*^2 / (gamma_min mu (1 - gamma_max L)): linear convergence to a floor set by the noise at "
        "the solution."
    ),
)
