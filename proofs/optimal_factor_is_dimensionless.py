"""An optimal F can depend on dimensionless quantities only; in particular it is no function of L.

Change the units of loss and length: for c, s > 0 let f'(x) = c f(x / s), x'_0 = s x_0, and multiply the initial step
size and the clips by s^2 / c. Then, for every F, the run on f' is x'_t = s x_t with gamma'_t = (s^2 / c) gamma_t and
losses l'_t = c l_t.

Proof, by induction on t, as for the unit of loss alone. At x' = s x the gradient of f' is (c / s) grad f(x) and the
update is s x - (s^2 / c) gamma (c / s) g = s (x - gamma g). The comparisons of the rule are multiplied by c (losses)
and by s^2 / c (clips), both positive, so both runs branch alike. The checker executes the rule on every branch path.

Consequences. (i) The ratios l'_t / l'_0 and, as f'* = c f*, (f'(x'_T) - f'*) / (f'(x'_0) - f'*) are those of the old
run, for every F: so the set of optimal F is the same for every criterion built from such ratios, from numbers of
steps, or from distances relative to the first. (ii) f' has smoothness (c / s^2) L and strong convexity (c / s^2) mu,
so that gamma_0 L, gamma_min L, gamma_max L, kappa = L / mu and T are the same as before, and so is the shape of the
problem (f and x_0 up to units). An optimal F can depend on nothing else. (iii) Let F = phi(L) be
claimed optimal for every problem with smoothness L. Given L and L', take s = 1 and c = L' / L: the problems f and c f
have the same optimal factors, so phi(L) and phi(L') are both optimal for f. Where the optimum is unique, phi(L) =
phi(L'): a formula in L alone is constant or wrong. A constant is wrong too, since the optimum depends on gamma_0 L:
on f = L x^2 / 2 with gamma_0 L = u < 1 Algorithm 1 takes x_1 = (1 - u / F) x_0, so F = u, and no other factor, is at
the minimiser after one step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import simulate
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import Equivariance, Less
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._symbols import ONE, F, L
from proofs.scale_invariance import INPUTS, ORDERINGS, Program, differing_runs, in_other_units, programs, random_runs

c, s = sympy.symbols("c s")  #: units: the new loss is c times the old one, the new length s times; 1

UNITS: dict[str, Expr] = {
    "x": s,
    **dict.fromkeys(("rate", "used", "low", "high"), s**2 / c),
    **dict.fromkeys(("loss", "previous", "initial_loss"), c),
    "gradient": c / s,
    "factor": ONE,
    "smoothness": c / s**2,
    **dict.fromkeys(("loss ratio", "rate times smoothness", "clip times smoothness"), ONE),
}


def with_ratios(program: Program) -> Program:
    """The same step, which also reports the dimensionless quantities."""

    def extended(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        return {
            **program(inputs, less),
            "loss ratio": inputs["loss"] / inputs["initial_loss"],
            "rate times smoothness": inputs["rate"] * inputs["smoothness"],
            "clip times smoothness": inputs["high"] * inputs["smoothness"],
        }

    return extended


def argument(**changed: Expr) -> Equivariance:
    """The certificate; `changed` replaces units, to state something else."""
    initial_loss = sympy.Symbol("initial_loss")
    return Equivariance(
        programs={name: with_ratios(program) for name, program in programs().items()},
        inputs={**INPUTS, "initial_loss": initial_loss, "smoothness": L},
        units={**UNITS, **changed},
        domain=Domain(positive=(c, s, F, initial_loss)),
    )


def check(rng: np.random.Generator) -> Check:
    """Powers of two through the simulator, bit for bit; the best F of a grid is then the same in all units."""
    units = ((2.0**-7, 8.0), (0.5, 2.0**-4), (16.0, 0.25), (2.0**9, 1.0), (1.0, 2.0**6))
    different, instances = 0, 0
    for ordering in ORDERINGS:
        runs = random_runs(rng, 40, ordering)
        different += sum(differing_runs(runs, loss, length) for loss, length in units)
        instances += len(runs) * len(units)
    moved, problems = 0, random_runs(rng, 20, "before_update")
    factors = [float(factor) for factor in np.linspace(0.1, 0.95, 18)]
    for problem in problems:
        scheduler = problem.scheduler
        assert isinstance(scheduler, GreedyPrevious)
        runs = [
            dataclasses.replace(problem, scheduler=dataclasses.replace(scheduler, factor=factor)) for factor in factors
        ]
        best = [
            int(np.argmin(simulate([in_other_units(run, *unit) for run in runs], stride=1).loss[:, -1]))
            for unit in ((1.0, 1.0), *units)
        ]
        moved += len(set(best)) > 1
    return Check(
        margin=0.0 - different - moved,
        instances=instances + len(problems),
        sentence=(
            f"{instances} pairs of runs in other units (powers of 2): {different} differ by any bit; best F of "
            f"{len(factors)} on {len(problems)} problems: {moved} change with the units"
        ),
    )


CLAIM = Claim(
    statement=(
        "With f'(x) = c f(x / s), start s x_0 and step sizes multiplied by s^2 / c, Algorithm 1 gives x'_t = s x_t "
        "and l'_t = c l_t for every F. So an optimal F depends only on gamma_0 L, gamma_min L, gamma_max L, kappa, "
        "T and the shape of the problem up to units: it is no function of L alone."
    ),
    published="The optimal value of F that maximises the convergence rate is F = 1 - 1/L_max.",
    source="repairs arXiv 2512.14527, Theorem A.2; dimensional analysis of Algorithm 1 (Appendix A.3)",
    assumptions=(
        "The criterion is built from ratios of losses or suboptimalities, relative distances and numbers of steps.",
        "The same samples are drawn in both runs.",
        "Plain (stochastic) gradient descent; both orderings, both conventions for the first loss, clips or none.",
    ),
    certificate=argument,
    check=check,
    # the step size scaled like a length per loss rather than a squared length per loss
    control=lambda: argument(rate=s / c, used=s / c, low=s / c, high=s / c, smoothness=c / s),
    figure="f_sensitivity",
    short="An optimal F depends on dimensionless quantities only.",
    topic="units",
    finding=(
        "What an optimal F can depend on: gamma_0 L, gamma_min L, gamma_max L, the condition number, the number of "
        "steps and the shape of the problem up to units. A formula in L alone is excluded, and so is one value for "
        "all problems."
    ),
    advice={
        "F": (
            "A value of F tuned on one problem carries over when gamma_0 L and the bounds times L are the same, not "
            "when the rates are."
        )
    },
    unsettled=(
        "Which F is best for given gamma_0 L, bounds and condition number is not settled by dimensional analysis."
    ),
)
