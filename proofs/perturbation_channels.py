"""What a disturbance a_t of the robustness study does through each of the channels in which it could act.

- as_published: nothing (`noise_added_to_the_loss`).
- observed_loss: the scheduler sees l_t + a_t. Gradients are untouched, so iterates change through the step size only,
  and not at all under a schedule that does not read the loss. The comparison of Algorithm 1 becomes l_t - l_{t-1} <
  a_{t-1} - a_t. So a constant a does nothing after the first step, and drift, a_t = rho t with rho = 0.001 s, is
  Algorithm 1 with the absolute threshold rho: l_t < l_{t-1} - rho.
- gradient: g_t + a_t z / sqrt(d), z standard normal: mean g_t, E norm(noise)^2 = d (a_t / sqrt d)^2 = a_t^2; the loss
  at x_t is the clean one.
- iterate: x_{t+1} = x_t - gamma_t g_t + a_t z / sqrt(d): a kick of mean square a_t^2, whatever the step size.
- objective: f + a_t <e, x - x_0> is minimised: gradient g_t + a_t e, observed loss l_t + a_t <e, x_t - x_0>, at x_0 the
  clean one.

The amounts, with s the strength, l' the loss before (1 at t = 0), z normal, U and V uniform:

| kind | a_t | unit | zero at |
|---|---|---|---|
| none | 0 | - | always |
| gaussian | s z | absolute | never |
| periodic spike | s l' | relative | t mod (50 + int(50 s)) >= 3 |
| random spike | s l' (0.5 + 1.5 U) if V < 0.02 | relative | 98 % of steps |
| plateau | 0.05 s z | absolute | t mod 100 >= int(20 + 30 s) |
| oscillatory | s l' sin(t (0.1 + s)) | relative | t = 0 |
| drift | 0.001 s t | absolute | t = 0 |
| burst | 3 s z in the first 20 of 200 steps, then 0.1 s z | absolute | never |
| adversarial | s l' / 2 if the last loss fell | relative | otherwise |

Relative amounts scale with the loss and vanish with it; absolute ones do not, and put a floor under what the scheduler
can see. Only gaussian, plateau and burst have mean zero; spikes and the adversarial kind can only raise the observed
loss, and drift raises it for ever.

Verified by the checker: the equivalences for observed losses on all branch paths, and the derivative of the tilt. The
simulator shows for every kind and channel which arrays of a run change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from greedylr_theory.schedulers import Constant, GreedyPrevious
from proofs._certificates import Chain, Equivalence, Less, Program
from proofs._claim import Check, Claim
from proofs._disturbed import KINDS, STRENGTHS, clean, differing, disturbed, problem
from proofs._exact import Domain
from proofs._symbols import F
from proofs.noise_added_to_the_loss import Dual

NAMES = ("loss", "previous", "rate", "x", "slope", "amount", "rho", "t", "e", "x_0")
SYMBOLS = {name: sympy.Symbol(name) for name in NAMES} | {"factor": F}


def greedy(now: str, before: str, margin: str = "0") -> Program:
    """Algorithm 1 with amounts added to both losses, compared with a margin; all three in terms of the inputs."""
    amounts = {
        "0": lambda inputs: 0,
        "constant": lambda inputs: inputs["amount"],
        "drift": lambda inputs: inputs["rho"] * inputs["t"],
        "drift before": lambda inputs: inputs["rho"] * (inputs["t"] - 1),
        "rho": lambda inputs: inputs["rho"],
        "rho, one in a thousand more": lambda inputs: inputs["rho"] * sympy.Rational(1001, 1000),
    }

    def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        seen = inputs["loss"] + amounts[now](inputs)
        last = inputs["previous"] + amounts[before](inputs) - amounts[margin](inputs)
        better = less(seen, last)
        rate = inputs["rate"] / inputs["factor"] if better else inputs["rate"] * inputs["factor"]
        return {"rate": rate, "x": inputs["x"] - rate * inputs["slope"]}

    return program


def open_loop(disturbed_loss: bool) -> Program:
    """A schedule that does not read the loss."""

    def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        seen = inputs["loss"] + (inputs["amount"] if disturbed_loss else 0)
        del seen  # nobody reads it
        return {"rate": inputs["rate"], "x": inputs["x"] - inputs["rate"] * inputs["slope"]}

    return program


def drift(margin: str = "rho") -> Equivalence:
    """Drift seen by the scheduler and a threshold of rho: the same program."""
    pair = (greedy("0", "0", margin), greedy("drift", "drift before"))
    return Equivalence({"later steps": pair}, SYMBOLS, Domain(positive=(F,)))


def tilted(differentiate: bool) -> Program:
    """A step on f + a e (x - x_0), in one coordinate: by differentiating the sum, or by adding a e to the gradient."""

    def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        moved = inputs["x"] - inputs["x_0"]
        loss, tilt = Dual(inputs["loss"], inputs["slope"]), Dual(inputs["amount"] * inputs["e"] * moved, None)
        if differentiate:  # d/dx of e times (x - x_0), by the product rule on dual numbers
            distance = Dual(inputs["x"], 1) + Dual(-1 * inputs["x_0"], 0)
            tilt = Dual(
                inputs["amount"] * inputs["e"] * distance.value, inputs["amount"] * inputs["e"] * distance.slope
            )
        slope = (loss + tilt).slope if differentiate else inputs["slope"] + inputs["amount"] * inputs["e"]
        seen = loss.value + tilt.value
        return {"x": inputs["x"] - inputs["rate"] * slope, "seen": seen}

    return program


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "open loop, observed loss": Equivalence({"step": (open_loop(False), open_loop(True))}, SYMBOLS),
            "constant, observed loss": Equivalence(
                {"later steps": (greedy("0", "0"), greedy("constant", "constant"))}, SYMBOLS, Domain(positive=(F,))
            ),
            "drift, observed loss": drift(),
            "objective": Equivalence({"step": (tilted(False), tilted(True))}, SYMBOLS),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Which arrays change in simulated runs, by channel, for a constant rate and for Algorithm 1; drift as a margin."""
    setting, greedy_rule = problem(rng), GreedyPrevious(factor=0.9)
    fixed = clean(setting, Constant())
    wrong, instances = 0, 0
    for kind in KINDS:
        seen = differing(disturbed(setting, Constant(), kind, "observed_loss"), fixed)
        wrong += seen["loss"] + seen["lr"] + seen["x_end"]
        wrong += seen["observed"] == 0
        for channel in ("gradient", "iterate", "objective"):
            runs = disturbed(setting, Constant(), kind, channel)
            # kicks relative to the loss can run away; a run that has diverged has no step size
            wrong += int(np.sum((runs.lr != fixed.lr) & np.isfinite(runs.lr)))
            wrong += differing(runs, fixed)["x_end"] == 0
            wrong += int(np.sum(runs.loss[:, 0] != fixed.loss[:, 0]))  # the loss at x_0 is clean in all of them
            instances += len(STRENGTHS)
        instances += len(STRENGTHS)
    moved, threshold = disturbed(setting, greedy_rule, KINDS[2], "observed_loss"), 0
    for row, s in enumerate(STRENGTHS):
        fell = moved.loss[row, 1:] < moved.loss[row, :-1] - 0.001 * s
        climbed = moved.lr[row, 2:] > moved.lr[row, 1:-1]
        threshold += int(np.sum(climbed != fell[:-1]))
    return Check(
        margin=0.0 - wrong - threshold,
        instances=instances + len(STRENGTHS),
        sentence=(
            f"{wrong} arrays of {instances} runs change where they should not, or stay where they should not; under "
            f"drift {threshold} step sizes do not follow the threshold 0.001 s"
        ),
    )


CLAIM = Claim(
    statement=(
        "Of the channels of a disturbance a_t: as published none acts; as an observed loss it acts through the step "
        "size only, not at all on open-loop schedules, and drift is exactly a threshold of 0.001 s in Algorithm 1; "
        "as gradient noise, kick or tilt it has size abs(a_t) and leaves the loss at x_0 as it is."
    ),
    published="Nine perturbations (none, gaussian, ..., adversarial) of strength 0.1, 0.5, 1.",
    source="arXiv 2512.14527, Appendix A.6, and the code of its robustness study; the channels are ours",
    assumptions=(
        "Algorithm 1 from its second comparison on; exact arithmetic where amounts cancel.",
        "The amounts are those of the study; in channels other than the loss they are read in the unit concerned.",
    ),
    certificate=argument,
    check=check,
    control=lambda: drift("rho, one in a thousand more"),
    short="Each perturbation, through each channel, exactly.",
    topic="perturbations",
    finding=(
        "What noise would do depends on where it enters. Seen by the scheduler only, it moves the step size and "
        "nothing else; a constant offset does nothing, and the study's drift is the same as an improvement "
        "threshold of 0.001 times the strength. Spikes, oscillations and the adversarial kind are relative to the "
        "loss; Gaussian noise, plateaus, bursts and drift are absolute and drown the signal once the loss is small."
    ),
    unsettled=(
        "How much each schedule loses when the disturbances act through a channel that changes something is a "
        "question for experiments."
    ),
)
