"""Theorem A.2 says F = 1 - 1/L_max is optimal. It cannot be: the optimum would change with the unit of loss.

Take f = x^2 (L = 2) and g = 2 x^2 (L = 4), and for g half the step sizes: by scale invariance both runs are the same
for every F. Yet the formula wants F = 1/2 for the one and F = 3/4 for the other; from gamma_0 L = 5/8 these two
factors leave different losses, so for one of the two problems the formula is not optimal. In fact it is optimal for
neither, whatever "convergence rate" means: Algorithm 1 starts with a climb, so that on f = L x^2 / 2, gamma_0 L = u,

    x_1 = (1 - u / F) x_0,

and F = u = 5/8 is at the minimiser after one step and stays there, while F = 1/2 and F = 3/4 never arrive
(gamma_t L is 5/8 times a power of F, never 1). For every L, and u < 1 other than 1 - 1/L, F = u beats the formula after
one step in the same way; with the other conventions for the first loss and the ordering it is one or two steps later.
With all step sizes capped at 9/(10 L) the formula loses as well: the rule only climbs there, and F = 1/4 reaches the
cap in one climb. Lastly, for L <= 1 the formula gives F <= 0, outside (0, 1): it names no factor.

The checker runs the published rule in fractions for all of this. What an optimal F can depend on is settled in
`optimal_factor_is_dimensionless`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import Chain, Counterexample, Relation
from proofs._claim import Check, Claim
from proofs._functions import Separable, square
from proofs._rules import First, Greedy, Ordering, run

Instance = Mapping[str, Fraction]

ORIGIN = (Fraction(0),)
PUBLISHED: tuple[tuple[First, Ordering], ...] = (("infinity", "before_update"),)
CONVENTIONS: tuple[tuple[First, Ordering], ...] = tuple(
    itertools.product(("infinity", "none"), ("before_update", "after_update"))
)


def formula(smoothness: Fraction) -> Fraction:
    """Theorem A.2."""
    return 1 - 1 / smoothness


def suboptimality(at: Instance, smoothness: Fraction, factor: Fraction, convention: tuple[First, Ordering]) -> Fraction:
    """(f(x_T) - f*) / (f(x_0) - f*) of an exact run on f = L x^2 / 2 with gamma_0 and clips measured in 1/L."""
    first, ordering = convention
    f = Separable((square(smoothness),))
    low, high = (at[name] / smoothness if name in at else None for name in ("low", "high"))
    rule = Greedy(factor, low, high, first)
    end = run((at["x_0"],), at["rate"] / smoothness, [f] * int(at["T"]), rule, ordering).points[-1]
    return f(end)[0] / f((at["x_0"],))[0]


def is_admissible(at: Instance, smoothness: Fraction) -> dict[str, Relation]:
    """The hypotheses of the theorem, and that the formula names a factor."""
    low, high = at.get("low", Fraction(0)), at.get("high", at["rate"])
    facts = {
        **Separable((square(smoothness),)).facts(smoothness, ORIGIN),
        "F = 1 - 1/L is positive": (formula(smoothness), ">", Fraction(0)),
        "F = 1 - 1/L is below 1": (formula(smoothness), "<", Fraction(1)),
        "gamma_0 is positive": (at["rate"], ">", Fraction(0)),
        "gamma_0 is at least the lower clip": (at["rate"], ">=", low),
        "gamma_0 is at most the upper clip": (at["rate"], "<=", high),
        "the upper clip is below 1/L": (high, "<", Fraction(1)),
        "T is a number of steps": (Fraction(int(at["T"])), "==", at["T"]),
    }
    return {f"L = {smoothness}: {sentence}": relation for sentence, relation in facts.items()}


def two_prescriptions(rate: Fraction, steps: int) -> Counterexample:
    """The same run in two units of loss, for which the formula wants two different factors."""
    two, four = Fraction(2), Fraction(4)

    def hypotheses(at: Instance) -> dict[str, Relation]:
        same: dict[str, Relation] = {
            f"same run for L = 2 and L = 4 with F = {factor}": (
                suboptimality(at, two, factor, PUBLISHED[0]),
                "==",
                suboptimality(at, four, factor, PUBLISHED[0]),
            )
            for factor in (formula(two), formula(four))
        }
        return {**is_admissible(at, two), **is_admissible(at, four), **same}

    def consequences(at: Instance) -> dict[str, Relation]:
        values = [suboptimality(at, two, formula(smoothness), PUBLISHED[0]) for smoothness in (two, four)]
        return {"F = 1/2 and F = 3/4, both optimal for the same run, leave the same loss": (values[0], "==", values[1])}

    return Counterexample({"x_0": Fraction(1), "rate": rate, "T": Fraction(steps)}, hypotheses, consequences)


def beaten(
    smoothness: int,
    rival: Fraction,
    steps: int,
    rate: Fraction,
    clips: Mapping[str, Fraction] | None = None,
    conventions: tuple[tuple[First, Ordering], ...] = CONVENTIONS,
) -> Counterexample:
    """A factor in (0, 1) that leaves a smaller loss than the formula's."""

    def hypotheses(at: Instance) -> dict[str, Relation]:
        admissible = is_admissible(at, at["L"])
        return {
            **admissible,
            "the rival is positive": (at["F"], ">", Fraction(0)),
            "... below 1": (at["F"], "<", Fraction(1)),
        }

    def consequences(at: Instance) -> dict[str, Relation]:
        published = formula(at["L"])
        return {
            f"L = {at['L']}, T = {at['T']}, {', '.join(convention)}: F = {published} is no worse than F = {at['F']}": (
                suboptimality(at, at["L"], published, convention),
                "<=",
                suboptimality(at, at["L"], at["F"], convention),
            )
            for convention in conventions
        }

    instance = {"L": Fraction(smoothness), "F": rival, "x_0": Fraction(1), "rate": rate, "T": Fraction(steps)}
    return Counterexample({**instance, **(clips or {})}, hypotheses, consequences)


def no_factor(smoothness: Fraction) -> Counterexample:
    """For L <= 1 the formula lies outside (0, 1)."""
    return Counterexample(
        {"L": smoothness},
        lambda at: Separable((square(at["L"]),)).facts(at["L"], ORIGIN),
        lambda at: {f"L = {at['L']}: F = 1 - 1/L is positive": (formula(at["L"]), ">", Fraction(0))},
    )


def argument() -> Chain:
    """The certificate: every step is an exact run of the rule."""
    rate, capped = Fraction(5, 8), {"low": Fraction(1, 100), "high": Fraction(9, 10)}
    steps: dict[str, Counterexample] = {"one run, two prescriptions": two_prescriptions(rate, steps=1)}
    for smoothness in (2, 4):
        steps[f"L = {smoothness}, one step"] = beaten(smoothness, rate, 1, rate, conventions=PUBLISHED)
        for length in (3, 6, 12):
            steps[f"L = {smoothness}, {length} steps"] = beaten(smoothness, rate, length, rate)
        steps[f"L = {smoothness}, capped"] = beaten(smoothness, Fraction(1, 4), 4, Fraction(1, 4), capped)
    steps |= {
        f"L = {smoothness}, outside (0, 1)": no_factor(smoothness) for smoothness in (Fraction(1), Fraction(1, 2))
    }
    return Chain(steps)


def check(rng: np.random.Generator) -> Check:
    """For random L the factor gamma_0 L beats the formula in the simulator; L = 2 and L = 4 give the same bits."""
    # dyadic, so that gamma_0 / F is 1/L exactly and the rival lands exactly on the minimiser
    products = [5 / 8, *(float(rng.integers(8, 63)) / 64 for _ in range(30))]
    pairs = [(product, 2.0**power) for product in products for power in (1, 2, 3, int(rng.integers(4, 12)))]
    pairs = [(product, smoothness) for product, smoothness in pairs if product != 1 - 1 / smoothness]
    published = simulate([_simulated(L, product, 1 - 1 / L) for product, L in pairs]).x_end[:, 0] ** 2
    rival = simulate([_simulated(L, product, product) for product, L in pairs]).x_end[:, 0] ** 2
    two, four = (simulate([_simulated(L, 5 / 8, F, steps=40) for F in (0.5, 0.75)]).x_end for L in (2.0, 4.0))
    same = np.array_equal(two, four)
    return Check(
        margin=float(np.min(published - rival)) if same else -1.0,
        instances=len(pairs) + 2,
        sentence=(
            f"after one step F = gamma_0 L leaves relative suboptimality at most {np.max(rival):.3g}, the formula at "
            f"least {np.min(published):.3g} and up to {np.max(published):.3g}; the runs with L = 2 and L = 4 "
            f"{'agree in every bit' if same else 'DIFFER'} over 40 steps"
        ),
    )


def _simulated(smoothness: float, product: float, factor: float, steps: int = 1) -> Run:
    return Run(
        objective=Quadratic(eigenvalues=(smoothness,)),
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=factor),
        perturbation=NoPerturbation(),
        start=(1.0,),
        lr0=product / smoothness,
        steps=steps,
        ordering="before_update",
        replicate=0,
    )


CLAIM = Claim(
    statement=(
        "False. F = 1 - 1/L changes with the unit of loss and the optimum does not: on L x^2 / 2 with gamma_0 L = 5/8, "
        "L = 2 and L = 4 give one run and two prescriptions, and F = 5/8 beats both for every T >= 1. For L <= 1 the "
        "formula names no factor in (0, 1)."
    ),
    published="The optimal value of F that maximises the convergence rate is F = 1 - 1/L_max.",
    source="arXiv 2512.14527, Theorem A.2",
    assumptions=(
        "f is convex and L_max-smooth with the smallest possible L_max, one sample (n = 1).",
        "Algorithm 1; one step or more under its own conventions, three or more under the others.",
    ),
    certificate=argument,
    check=check,
    # 417/500 is worse than the formula by a hair: no counterexample (5/6 would tie)
    control=lambda: beaten(2, Fraction(417, 500), 1, Fraction(5, 8), conventions=PUBLISHED),
    corrected="optimal_factor_is_dimensionless",
    figure="f_sensitivity",
    short="The best F is not 1 - 1/L_max.",
    topic="units",
    finding=(
        "The recommendation F = 1 - 1/L_max (Theorem A.2) is false. L_max changes with the unit of loss and the "
        "runs do not: on L x^2 / 2 with gamma_0 L = 5/8 the cases L = 2 and L = 4 are one run with two "
        "prescriptions, 1/2 and 3/4, and F = 5/8 beats both after every number of steps. For L_max <= 1 the formula "
        "names no factor between 0 and 1."
    ),
    advice={"F": "Do not compute F from the smoothness constant."},
)
