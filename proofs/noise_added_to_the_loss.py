"""As published, the disturbances of the robustness study change nothing: not one bit of one iterate.

Appendix A.6 adds a number eta(t) that does not depend on the parameters to the loss before back-propagation and calls
this a valid proxy for perturbed training. In the study the scheduler is stepped with the clean loss. One step is then:
compute l_t = f(x_t); differentiate l_t + eta_t; give l_t to the scheduler; update. By the sum rule

    grad (f + eta_t)(x) = grad f(x) + grad eta_t = grad f(x) + 0,

because eta_t is a number. It may be computed from earlier losses (spikes, oscillations and the adversarial kind are),
but what is differentiated is l_t + eta_t with eta_t held fixed. So gradient, observed loss, step size and iterate are
those of the undisturbed step, for every scheduler, optimizer and strength, and by induction the whole run is the same;
only the number that was back-propagated, which nothing reads, is different. Every difference between schedulers in the
disturbed runs of the study is thus a difference without disturbance.

If the scheduler were given l_t + eta_t instead, its comparisons could turn out differently: that is the channel
`observed_loss`, and the control of this claim.

The checker executes a step of Algorithm 1 twice on symbols, with and without eta, on every branch path, in both
orderings and with both conventions for the first loss; the gradient is taken by dual numbers (value, derivative), in
which eta has derivative 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from greedylr_theory.schedulers import Cosine, GreedyPrevious, GreedyStudy
from proofs._certificates import Equivalence, Less, Program
from proofs._claim import Check, Claim
from proofs._disturbed import KINDS, STRENGTHS, clean, differing, disturbed, problem
from proofs._exact import Domain
from proofs._rules import First, Greedy, Ordering, State, advance
from proofs._symbols import F

NAMES = ("x", "rate", "previous", "loss", "slope", "low", "high", "eta")
SYMBOLS = {name: sympy.Symbol(name) for name in NAMES} | {"factor": F}


@dataclass(frozen=True)
class Dual:
    """A value with its derivative: what back-propagation does to a sum."""

    value: Any
    slope: Any

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)


def one_step(first: First, ordering: Ordering, moment: str, added: bool, seen: bool = False) -> Program:
    """One step in which eta is added to what is differentiated, or not, and to what the scheduler sees, or not."""

    def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        loss, eta = Dual(inputs["loss"], inputs["slope"]), Dual(inputs["eta"], 0)
        differentiated = loss + eta if added else loss
        observed = loss + eta if seen else loss
        rule = Greedy(inputs["factor"], inputs["low"], inputs["high"], first, less)
        state = State((inputs["x"],), inputs["rate"], None if moment == "first" else inputs["previous"])
        after, _, used = advance(state, lambda x: (observed.value, (differentiated.slope,)), rule, ordering)
        return {"x": after.x[0], "rate": after.rate, "used": used, "previous": after.previous}

    return program


def argument(seen: bool = False) -> Equivalence:
    """The certificate; with `seen` the scheduler is given the disturbed loss."""
    firsts: tuple[First, ...] = ("infinity", "none")
    orderings: tuple[Ordering, ...] = ("before_update", "after_update")
    cases = itertools.product(firsts, orderings, ("first", "later"))
    return Equivalence(
        {", ".join(case): (one_step(*case, added=False), one_step(*case, added=True, seen=seen)) for case in cases},
        SYMBOLS,
        Domain(positive=(F,)),
    )


def check(rng: np.random.Generator) -> Check:
    """All kinds and strengths through the simulator, as published and, as a positive control, as observed losses."""
    schedulers = (
        GreedyStudy(factor=0.9, patience=1), GreedyStudy(factor=0.9), GreedyPrevious(factor=0.9), Cosine(),
    )  # fmt: skip
    changed, runs, moved, could_move = 0, 0, 0, 0
    for scheduler in schedulers:
        setting = problem(rng)
        reference = clean(setting, scheduler)
        for kind in KINDS:
            changed += sum(differing(disturbed(setting, scheduler, kind, "as_published"), reference).values())
            runs += len(STRENGTHS)
            if not isinstance(scheduler, Cosine):
                moved += differing(disturbed(setting, scheduler, kind, "observed_loss"), reference)["lr"]
                could_move += len(STRENGTHS)
    return Check(
        margin=0.0 - changed if moved > 0 else -1.0,
        instances=runs,
        sentence=(
            f"{changed} arrays of {runs} disturbed runs differ by any bit from the clean ones; given the disturbed "
            f"loss, {moved} of {could_move} runs of GreedyLR take other step sizes"
        ),
    )


CLAIM = Claim(
    statement=(
        "Add to the loss, before back-propagation, a number that does not depend on the parameters, and step the "
        "scheduler with the clean loss: losses, gradients, step sizes and iterates are those of the run without it, "
        "for every scheduler and strength. The study's disturbances change nothing at all."
    ),
    published="Noise eta(t) added to the loss before back-propagation is a valid proxy for perturbed training.",
    source="arXiv 2512.14527, Appendix A.6, and the code of its robustness study",
    assumptions=(
        "The added number is not differentiated, even where it was computed from earlier losses.",
        "The scheduler sees the clean loss, as in the study.",
        "Random amounts are drawn apart: drawing them shifts no other random draw of the run.",
        "The certificate executes Algorithm 1; any other rule is given the same inputs in both runs.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(seen=True),
    corrected="perturbation_channels",
    short="The robustness study's noise changes nothing at all.",
    topic="perturbations",
    finding=(
        "The disturbances of the 8,100-run robustness study do nothing. They are numbers added to the loss before "
        "back-propagation; a number has no gradient, and the scheduler is stepped with the clean loss. In the "
        "simulator the disturbed runs equal the undisturbed ones in every bit, for all eight kinds and three "
        "strengths. What the study compares under the names of its disturbances are clean runs."
    ),
)
