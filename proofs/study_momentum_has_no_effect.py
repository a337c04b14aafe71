"""The momentum term of the study's rule has no effect: it multiplies a variable that is zero from first to last.

The study's class has a parameter `momentum_factor` m (0.9) and a variable v that starts at 0. Nothing but v itself is
ever assigned to it, so v_{t+1} is a multiple of v_t, and v_t = 0 for all t by induction; m v_t = 0 is added to whatever
it is added to. Here the worst case is taken: the term is added to every new rate, before the clips.

Proof that two programs are the same program. State of both: rate, best value, counts, pauses, window, raw losses; of
the one with momentum also v. Suppose that both are in the same state and v = 0. They meet the same comparisons, since m
v = 0 does not change what is compared, so they take the same branch; on every branch the new rate, the new best value
and the new sum agree, and the new v = m v = 0. So after one step both are in the same state with v = 0 again, and by
induction over the losses the rates agree for ever, for every m. In floating point too: x + m 0.0 = x for every finite x
other than -0.0, and rates are positive.

The checker executes both programs on symbols, on every branch path of a step: spike or not, threshold from the spread
or not, improvement or not, clipped or not, from states about to rise, about to fall, in a pause, and at rest. It adds v
itself to the outputs that must agree (0 in the rule without momentum).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from greedylr_theory import replay
from greedylr_theory.schedulers import GreedyStudy
from proofs._certificates import Equivalence, Less, Program
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._study_rule import LOSSES, State, Study

NAMES = ("loss", "rate", "best", "total", "oldest", "raw", "low", "high", "factor", "smallest", "spread", "m")

#: good, bad, cooling, warming with p = 1
COUNTS = {
    "at rest": (0, 0, 0, 0),
    "about to rise": (1, 0, 0, 0),
    "about to fall": (0, 1, 0, 0),
    "in a pause after a fall": (0, 1, 2, 0),
    "in a pause after a rise": (1, 0, 0, 2),
}


def one_step(counts: tuple[int, int, int, int], momentum: bool, fed: Any = 0) -> Program:
    """One step from a state with the given counts; `fed` is the part of the rate's change that v receives."""

    def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        rule = Study(
            factor=inputs["factor"], patience=1, low=inputs["low"], high=inputs["high"], window_size=2,
            smallest=inputs["smallest"], spread=lambda losses: inputs["spread"], less=less,
            momentum=inputs["m"] if momentum else None,
        )  # fmt: skip
        raw = tuple(inputs["raw"] * (k + 1) for k in range(LOSSES))
        window = (inputs["oldest"], inputs["total"] - inputs["oldest"])
        state = State(inputs["rate"], inputs["best"], *counts, window, inputs["total"], raw, LOSSES)
        after = rule.step(state, inputs["loss"])
        velocity = after.velocity + fed * (after.rate - state.rate)
        return {"rate": after.rate, "best": after.best, "total": after.total, "velocity": velocity}

    return program


def argument(fed: Any = 0) -> Equivalence:
    """The certificate; with `fed` the variable receives that part of each change of the rate."""
    return Equivalence(
        {name: (one_step(counts, False), one_step(counts, True, fed)) for name, counts in COUNTS.items()},
        {name: sympy.Symbol(name) for name in NAMES},
        Domain(positive=(sympy.Symbol("factor"),)),
    )


def check(rng: np.random.Generator) -> Check:
    """The rule with its momentum term in plain Python against the compiled rule, bit for bit, for any m."""
    different, changes, instances, length = 0, 0, 60, 200
    for _ in range(instances):
        patience, window = int(rng.integers(0, 12)), int(rng.integers(1, 15))
        losses = np.exp(np.cumsum(rng.normal(-0.02, 0.1, length)) + (rng.random(length) < 0.03))
        factor, m = float(rng.uniform(0.3, 0.97)), float(rng.uniform(0, 1))
        rule = Study(factor, patience, 1e-5, 1.0, window, momentum=m)
        compiled = GreedyStudy(factor=factor, patience=patience, window_size=window, momentum_factor=m)
        found = replay(compiled, losses, lr0=0.01)
        different += int(np.sum(found != np.array(list(rule.rates(0.01, [float(loss) for loss in losses])))))
        changes += int(np.sum(np.diff(found) != 0))
    return Check(
        margin=0.0 - different,
        instances=instances,
        sentence=f"{different} of {instances * length} rates differ by any bit; the rates change {changes} times",
    )


CLAIM = Claim(
    statement=(
        "The rule of the robustness study with its momentum term is, step for step and for every momentum factor, "
        "the rule without it: the term multiplies a variable that is 0 at the start and only ever multiplied."
    ),
    published="The scheduler has a momentum_factor (0.9).",
    source="class behind the robustness study of arXiv 2512.14527; the statement is ours",
    assumptions=(
        "The variable starts at 0 and is assigned multiples of itself only, as in the source.",
        "Counts enter comparisons among integers only, so p = 1 stands for every p; adaptive patience off.",
        "The spread of the last ten losses is any number: it is the same in both programs.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(1, 1000)),  # the variable receives a thousandth of each change
    short="The study rule's momentum term does nothing.",
    topic="perturbations",
    finding=(
        "The momentum of the scheduler used in the robustness study does nothing: it multiplies a variable that is "
        "zero at the start and never becomes anything else. Every result of the study is one of the rule without "
        "momentum, whatever its momentum factor."
    ),
)
