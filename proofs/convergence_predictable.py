"""Theorem A.1 repaired: predictable step sizes below 1/L and convex samples; the average converges, to a noise floor.

Let every f_i be convex and L-smooth, x* a minimiser of f = E f_i, sigma*^2 = E norm(grad f_i(x*))^2, and
x_{t+1} = x_t - gamma_t grad f_i(x_t), where gamma_t does not depend on the sample i of its own step (the
ordering "after_update"). If 0 < gamma_min <= gamma_t <= gamma_max < 1/L, the average xbar_T of x_0 .. x_{T-1} satisfies

    E f(xbar_T) - f* <= R^2 / (2 T gamma_min) + gamma_max^2 sigma*^2 / (2 gamma_min (1 - gamma_max L)).

Proof. Write d = x_t - x*, g = grad f_i(x_t), h = grad f_i(x*), phi = f_i(x_t) - f_i(x*). As f_i is convex and L-smooth,
S = <g, d> - phi - norm(g - h)^2 / (2 L) >= 0 (Nesterov, Introductory Lectures on Convex Optimization, Theorem 2.1.5).
Expanding both sides gives the identity

    norm(d - gamma g)^2 = norm(d)^2 - 2 gamma phi + gamma^2 norm(h)^2 / (1 - gamma L)
                          - 2 gamma S - (gamma/L) (1 - gamma L) norm(g - h - gamma L h / (1 - gamma L))^2,

whose last two terms are <= 0: "one step". Take the mean over i given the past: gamma_t is a constant there, and this
is where predictability is needed, since E[gamma_t phi] = gamma_t (f(x_t) - f*) fails when gamma_t depends on i. As
f(x_t) >= f*, and gamma^2 / (1 - gamma L) increases, gamma_t may be replaced by gamma_min before f(x_t) - f* and by
gamma_max before sigma*^2. Take the mean over the past, sum over t (induction on T), drop E norm(x_T - x*)^2 >= 0,
divide by 2 T gamma_min, and use Jensen's inequality. The checker follows each of these steps; in a mean it insists that
what is averaged occurs linearly, with coefficients that are constants.

Hypotheses that Theorem A.1 lacks: every f_i convex (it asks only for f), gamma_t independent of its sample, a cap below
1/L, gamma_min > 0. And its conclusion O(1/T) holds only up to the noise floor, which is zero only if sigma* is. The
constant in "one step" is sharp: f_i = L/2 (x - x* + h/L)^2 with d = gamma h / (1 - gamma L) makes both remainders 0.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr, Symbol

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import INDUCTION, Chain, Earlier, Induction, Inequality, Mean, Square
from proofs._claim import Check, Claim
from proofs._finite_sums import SAMPLING, Number, exact_ratios, random_sums, simulated_ratio
from proofs._functions import MeanOfSquares
from proofs._rules import Run as ExactRun
from proofs._symbols import (
    BELOW_INVERSE_SMOOTHNESS,
    ONE,
    L,
    T,
    d,
    d_next,
    gamma,
    gamma_max,
    gamma_min,
    h,
    noise,
    with_conditions,
)

phi = Symbol("phi")  #: f_i(x_t) - f_i(x*), loss
gap, mean_gap = sympy.symbols("gap mean_gap")  #: f(x_t) - f*, and its mean over the past; loss
distance, distance_next = sympy.symbols("distance distance_next")  #: norm(x_t - x*)^2, and the next given the past
mean_distance, mean_distance_next = sympy.symbols("mean_distance mean_distance_next")  #: their means over the past
gap_sum, gap_of_average = sympy.symbols("gap_sum gap_of_average")  #: sum over t of mean_gap; E f(xbar_T) - f*
R_squared = Symbol("R_squared")  #: norm(x_0 - x*)^2, length^2

DOMAIN = with_conditions(BELOW_INVERSE_SMOOTHNESS, nonnegative=(noise,))


def one_step(rate_in_noise: Expr = gamma) -> Inequality:
    """The identity of the proof: norm(d - gamma g)^2 <= norm(d)^2 - 2 gamma phi + gamma^2 norm(h)^2 / (1 - gamma L).

    `rate_in_noise` replaces gamma in the last denominator, to state something else.
    """
    g = (d - d_next) / gamma  # the update x_{t+1} = x_t - gamma g, read backwards
    e = g - h
    return Inequality(
        left=d_next @ d_next,
        right=d @ d - 2 * gamma * phi + gamma**2 / (1 - rate_in_noise * L) * (h @ h),
        terms=(
            (2 * gamma, "interpolation"),
            (gamma / L * (1 - gamma * L), Square(e - gamma * L / (1 - gamma * L) * h)),
        ),
        hypotheses={"interpolation": g @ d - phi - e @ e / (2 * L)},
        domain=DOMAIN,
    )


def mean_over_sample(step: str, constants: tuple[Symbol, ...] = (gamma, L)) -> Mean:
    """`one_step` averaged over the sample: gamma is among the constants because it does not depend on the sample."""
    averages = {d_next @ d_next: distance_next, d @ d: distance, phi: gap, h @ h: noise}
    return Mean(step, averages, constants)


def mean_over_past(step: str, *constants: Symbol) -> Mean:
    """A step given the past, averaged over the past."""
    averages = {distance_next: mean_distance_next, distance: mean_distance, gap: mean_gap, noise: noise}
    return Mean(step, averages, constants)


def floor(rate: Expr) -> Expr:
    """What the noise adds to the squared distance in one step of the given size."""
    return rate**2 * noise / (1 - rate * L)


def argument(rate_in_noise: Expr = gamma, constants: tuple[Symbol, ...] = (gamma, L)) -> Chain:
    """The certificate; the arguments change one place each, to state something else."""
    past = Inequality(
        left=distance_next,
        right=distance - 2 * gamma_min * gap + floor(gamma_max),
        terms=(
            (ONE, "one step, averaged"),
            (2 * (gamma - gamma_min), "minimum"),
            (floor(gamma_max) - floor(gamma), 1),
        ),
        hypotheses={"one step, averaged": mean_over_sample("one step", constants), "minimum": gap},
        domain=DOMAIN,
    )
    total = Induction(
        statement=R_squared + T * floor(gamma_max) - 2 * gamma_min * gap_sum - mean_distance,
        start={T: 0 * ONE, gap_sum: 0 * ONE, mean_distance: R_squared},
        advance={T: T + 1, gap_sum: gap_sum + mean_gap, mean_distance: mean_distance_next},
        terms=((ONE, INDUCTION), (ONE, "given the past, averaged")),
        hypotheses={"given the past, averaged": mean_over_past("given the past", gamma_min, gamma_max, L)},
        domain=DOMAIN,
    )
    average = Inequality(
        left=gap_of_average,
        right=R_squared / (2 * T * gamma_min) + floor(gamma_max) / (2 * gamma_min),
        terms=((ONE, "Jensen"), (1 / (2 * T * gamma_min), "sum"), (mean_distance / (2 * T * gamma_min), 1)),
        hypotheses={"Jensen": gap_sum / T - gap_of_average, "sum": Earlier("sum over steps")},
        domain=with_conditions(DOMAIN, positive=(T,), nonnegative=(mean_distance,)),
    )
    return Chain(
        {"one step": one_step(rate_in_noise), "given the past": past, "sum over steps": total, "average": average}
    )


def bound(R_squared: Number, noise: Number, L: Number, low: Number, high: Number, steps: int) -> Number:
    """The bound on E f(xbar_T) - f*; also on the mean of E f(x_t) - f* over t < T."""
    return R_squared / (2 * steps * low) + high**2 * noise / (2 * low * (1 - high * L))


def check(rng: np.random.Generator) -> Check:
    """All sample paths of tiny sums in fractions; least squares in the simulator; Huber's function, nearly tight."""

    def ratio(problem: MeanOfSquares, start: Fraction, low: Fraction, high: Fraction, runs: list[ExactRun]) -> Fraction:
        steps, offset = len(runs[0].rates), start - problem.minimiser
        gaps = sum((problem.suboptimality(x) for path in runs for (x,) in path.points[:-1]), Fraction(0))
        allowed = bound(offset * offset, problem.noise, problem.smoothness, low, high, steps)
        return gaps / (steps * len(runs)) / allowed

    exact = exact_ratios(rng, ratio, count=24)
    sampled = [
        simulated_ratio(
            problem,
            lambda trajectory, p: np.mean(trajectory.full_loss, axis=1) - p.minimum,
            lambda p: bound(p.R_squared, p.noise, p.L, p.low, p.high, p.steps),
        )
        for problem in random_sums(rng, count=8)
    ]
    tight = _huber_ratio(steps=2000)
    worst = max(float(max(exact)), max(sampled), tight)
    return Check(
        margin=1 - worst,
        instances=len(exact) + len(sampled) + 1,
        sentence=(
            f"tightest ratio to the bound {worst:.4f}: {tight:.4f} for Huber's function (T = 2000, one sample), "
            f"{float(max(exact)):.3f} over {len(exact)} exact expectations (all 2^6 sample paths), "
            f"{max(sampled):.3f} over {len(sampled)} least-squares problems ({SAMPLING})"
        ),
    )


def _huber_ratio(steps: int) -> float:
    """Slope R / (gamma T): the run stays on the linear part, and the first term of the bound is nearly attained."""
    gamma, distance = 0.5, 1.0
    slope = distance / (gamma * steps)
    run = Run(
        objective=Huber(dimension=1, radius=slope, curvature=1.0),
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=0.5, min_lr=gamma, max_lr=gamma),
        perturbation=NoPerturbation(),
        start=(distance,),
        lr0=gamma,
        steps=steps,
        ordering="after_update",
        replicate=0,
    )
    return float(np.mean(simulate([run], stride=1).loss)) / bound(distance**2, 0.0, 1.0, gamma, gamma, steps)


CLAIM = Claim(
    statement=(
        "Predictable gamma_t in [gamma_min, gamma_max], 0 < gamma_min, gamma_max < 1/L, every f_i convex and L-smooth: "
        "E f(xbar_T) - f* <= R^2 / (2 T gamma_min) + gamma_max^2 sigma*^2 / (2 gamma_min (1 - gamma_max L))."
    ),
    published="f convex, every f_i L_max-smooth, min_lr <= gamma_t <= max_lr: E f(xbar_T) - f* = O(1/T).",
    source="repairs arXiv 2512.14527, Theorem A.1",
    assumptions=(
        "interpolation: every f_i is convex and L-smooth (Nesterov 2004, Theorem 2.1.5); A.1 asks for convex f only.",
        "minimum: x* minimises f, so f(x_t) >= f*.",
        "Jensen: f is convex, so f(xbar_T) is at most the mean of the f(x_t), t < T.",
        "gamma_t is predictable: independent of the sample of its own step given the past (ordering after_update).",
        "0 < gamma_min <= gamma_t <= gamma_max < 1/L, the initial step size included.",
        "Samples are independent, with E f_i = f; sigma*^2 = E norm(grad f_i(x*))^2 is finite.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(rate_in_noise=sympy.Rational(999, 1000) * gamma),
    figure="bound_against_simulation",
    short="Repaired Theorem A.1: predictable steps below 1/L reach a floor.",
    topic="convergence",
    finding=(
        "A theorem that holds in place of A.1: if the step size is fixed before the sample is drawn, stays in "
        "[gamma_min, gamma_max] with gamma_max < 1/L, and every sample is convex and L-smooth, then E f(xbar_T) - "
        "f* <= R^2 / (2 T gamma_min) + gamma_max^2 sigma*^2 / (2 gamma_min (1 - gamma_max L)). The second term is a "
        "floor: without noise at the solution (sigma* = 0) it vanishes and the rate is 1/T."
    ),
    advice={
        "cap": (
            "Keep max_lr below 1/L and the ratio max_lr / min_lr small: the floor of the guarantee grows with "
            "max_lr^2 / min_lr."
        ),
        "min_lr": "The guarantee needs min_lr > 0.",
    },
)
