"""Algorithm 1 does not see the unit of the loss.

Let c > 0, and let S_c multiply losses and gradients by c and step sizes by 1/c, and leave points, F and samples
alone. Run the rule on f from (x_0, gamma_0) with clips [gamma_min, gamma_max], and on c f from (x_0, gamma_0 / c)
with clips [gamma_min / c, gamma_max / c], with the same samples. Then x_t is the same in both runs and
gamma^c_t = gamma_t / c, for all t.

Proof, by induction on t. At the start the two states (x_0, gamma_0) and (x_0, gamma_0 / c) are related by S_c, by
assumption. Suppose the states before step t are: the same point x_t, step sizes gamma and gamma / c, previous losses
l and c l. The same sample at the same point gives loss and gradient (l_t, g_t) and (c l_t, c g_t). The rule compares
three times, and each difference is multiplied by a positive number:

    c l_t - c l_{t-1} = c (l_t - l_{t-1}),
    gamma'/c - gamma_max/c = (1/c) (gamma' - gamma_max),    gamma'/c - gamma_min/c = (1/c) (gamma' - gamma_min),

where gamma' is gamma / F or gamma F. So both runs branch alike, ties included, and every branch is linear in the step
size: the new step sizes are related by S_c again. The update x - (gamma/c) (c g) = x - gamma g is the same, and so
are the states after it.

The checker executes the rule itself on symbols, once per branch path, for f and for c f: first step and later steps,
both conventions for the first loss, both orderings, with and without clips. In floating point the identity is exact
when c is a power of two (scaling commutes with rounding, short of overflow and subnormal numbers); for other c it
holds in exact arithmetic only, and a comparison that is nearly a tie may then go the other way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import Equivariance, Less
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._functions import Separable, square
from proofs._rules import First, Greedy, Ordering, State, advance
from proofs._rules import run as exact_run
from proofs._symbols import F

Program = Callable[[Mapping[str, Any], Less], Mapping[str, Any]]

c = sympy.Symbol("c")  #: the new loss is c times the old one, 1

INPUTS = {name: sympy.Symbol(name) for name in ("x", "rate", "previous", "loss", "gradient", "low", "high")}
INPUTS["factor"] = F

#: what each input and output is multiplied by when f becomes c f; `used` is the step size the step took
UNITS: dict[str, Expr] = {
    "x": sympy.Integer(1),
    "rate": 1 / c,
    "used": 1 / c,
    "previous": c,
    "loss": c,
    "gradient": c,
    "low": 1 / c,
    "high": 1 / c,
    "factor": sympy.Integer(1),
}
ORDERINGS: tuple[Ordering, ...] = ("before_update", "after_update")
FIRST: tuple[First, ...] = ("infinity", "none")


def programs() -> dict[str, Program]:
    """One step of the rule: first and later, for both conventions and orderings, with and without clips."""

    def step(moment: str, first: First, ordering: Ordering, clips: str) -> Program:
        def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
            low, high = (inputs["low"], inputs["high"]) if clips == "clipped" else (None, None)
            rule = Greedy(inputs["factor"], low, high, first, less)
            previous = None if moment == "first step" else inputs["previous"]
            state = State((inputs["x"],), inputs["rate"], previous)
            # one coordinate stands for all: the update treats each alike, and comparisons see the loss only
            after, _, used = advance(state, lambda x: (inputs["loss"], (inputs["gradient"],)), rule, ordering)
            return {"x": after.x[0], "rate": after.rate, "used": used, "previous": after.previous}

        return program

    kinds = itertools.product(("first step", "later step"), FIRST, ORDERINGS, ("clipped", "unclipped"))
    return {", ".join(kind): step(*kind) for kind in kinds}


def argument(**changed: Expr) -> Equivariance:
    """The certificate; `changed` replaces units, to state something else."""
    return Equivariance(programs(), INPUTS, {**UNITS, **changed}, Domain(positive=(c, F)))


def random_runs(rng: np.random.Generator, count: int, ordering: Ordering) -> list[Run]:
    """Quadratics with random spectra, starts, factors, clips and initial rates from timid to divergent."""
    runs: list[Run] = []
    for index in range(count):
        eigenvalues = tuple(float(h) for h in np.exp(rng.uniform(-3, 3, 4)))
        lr0 = float(np.exp(rng.uniform(-4, 0.7))) / max(eigenvalues)
        scheduler = GreedyPrevious(
            factor=float(rng.uniform(0.2, 0.95)),
            min_lr=lr0 / 16 if index % 2 else 0.0,
            max_lr=lr0 * 4 if index % 3 else np.inf,
            first=FIRST[index % 2],
        )
        runs.append(
            Run(
                objective=Quadratic(eigenvalues=eigenvalues, target=tuple(map(float, rng.normal(size=4)))),
                optimizer=GradientDescent(),
                scheduler=scheduler,
                perturbation=NoPerturbation(),
                start=tuple(map(float, rng.normal(size=4))),
                lr0=lr0,
                steps=40,
                ordering=ordering,
                replicate=0,
            )
        )
    return runs


def in_other_units(run: Run, loss: float, length: float = 1.0) -> Run:
    """The same run with the loss multiplied by `loss` and all lengths by `length`."""
    unit = length * length / loss
    # the fields of a Run are typed by what all plug-ins share
    scheduler: Any = run.scheduler
    objective: Any = run.objective
    start: Any = run.start
    lr0: Any = run.lr0
    return replace(
        run,
        objective=Quadratic(
            eigenvalues=tuple(h * loss / (length * length) for h in objective.eigenvalues),
            target=tuple(x * length for x in objective.target),
        ),
        scheduler=replace(scheduler, min_lr=scheduler.min_lr * unit, max_lr=scheduler.max_lr * unit),
        start=tuple(x * length for x in start),
        lr0=lr0 * unit,
    )


def differing_runs(runs: list[Run], loss: float, length: float = 1.0) -> int:
    """How many runs differ by a bit, in iterates, step sizes or losses, once brought back to the old units."""
    plain = simulate(runs, stride=1)
    scaled = simulate([in_other_units(run, loss, length) for run in runs], stride=1)
    pairs = (
        (scaled.x_end / length, plain.x_end),
        (scaled.lr * (loss / (length * length)), plain.lr),
        (scaled.loss / loss, plain.loss),
    )
    # a run that diverges does so at the same step: NaN where there is NaN
    same = [np.all((new == old) | (np.isnan(new) & np.isnan(old)), axis=1) for new, old in pairs]
    return int(np.sum(~np.logical_and.reduce(same)))


def check(rng: np.random.Generator) -> Check:
    """Bit for bit through the simulator for powers of two; exactly, in fractions, for other factors."""
    powers, different, awkward, instances = (2.0**-12, 0.5, 4.0, 2.0**9), 0, 0, 0
    for ordering in ORDERINGS:
        runs = random_runs(rng, 60, ordering)
        different += sum(differing_runs(runs, power) for power in powers)
        awkward += differing_runs(runs, 3.0)
        instances += len(runs) * len(powers)
    exact = [_exact_difference(rng, ordering) for ordering in ORDERINGS for _ in range(10)]
    return Check(
        margin=0.0 - different - sum(exact),
        instances=instances + len(exact),
        sentence=(
            f"{instances} pairs of simulated runs with c in 2^-12, 1/2, 4, 2^9: {different} differ by any bit; "
            f"{len(exact)} exact runs with other rational c: {sum(exact)} differ (in floating point {awkward} of "
            f"{2 * 60} runs differ for c = 3, by rounding)"
        ),
    )


def _exact_difference(rng: np.random.Generator, ordering: Ordering) -> int:
    scale, rate, start, curvature = (Fraction(int(n), int(m)) for n, m in rng.integers(1, 12, size=(4, 2)))
    factor, low, high = Fraction(int(rng.integers(1, 8)), 9), rate / 3, rate * 5

    def points(unit: Fraction) -> list[Fraction]:
        f = Separable((square(curvature * unit),))
        rule = Greedy(factor, low / unit, high / unit)
        return [x for (x,) in exact_run((start,), rate / unit, [f] * 8, rule, ordering).points]

    return int(points(Fraction(1)) != points(scale))


CLAIM = Claim(
    statement=(
        "For every c > 0, Algorithm 1 on c f with (gamma_0, gamma_min, gamma_max) / c takes the same iterates as on f "
        "with (gamma_0, gamma_min, gamma_max), and gamma^c_t = gamma_t / c for all t; bit for bit if c is a power of 2."
    ),
    source="arXiv 2512.14527, Appendix A.3, Algorithm 1 (the rule); the statement is ours",
    assumptions=(
        "The same samples are drawn in both runs.",
        "Plain (stochastic) gradient descent; both orderings, both conventions for the first loss, clips or none.",
        "Bit for bit: no overflow and no subnormal numbers.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(low=sympy.Integer(1), high=sympy.Integer(1)),  # clips left as they were
    figure="f_sensitivity",
    short="Scaling the loss, rates inversely: the same iterates.",
    topic="units",
    finding=(
        "Multiplying the loss by a constant c and dividing the initial rate and both bounds by c leaves every "
        "iterate of GreedyLR (Algorithm 1) as it was, for every F. In floating point this holds bit for bit when c "
        "is a power of two."
    ),
    advice={
        "initial rate": (
            "Rescaling the loss (a sum instead of a mean, another unit) calls for rescaling the initial rate and "
            "both bounds by the inverse factor; F stays as it is."
        )
    },
)
