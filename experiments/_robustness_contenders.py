"""Contenders of the fair robustness study: what is tuned of each, what is not, and who takes part where."""

from __future__ import annotations

from collections.abc import Mapping

from greedylr_theory.schedulers.ad_g_d import AdGD
from greedylr_theory.schedulers.barzilai_borwein import BarzilaiBorwein
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.cosine import Cosine
from greedylr_theory.schedulers.cosine_restarts import CosineRestarts
from greedylr_theory.schedulers.exponential import Exponential
from greedylr_theory.schedulers.greedy_best import GreedyBest
from greedylr_theory.schedulers.greedy_library import GreedyLibrary
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.schedulers.greedy_study import GreedyStudy
from greedylr_theory.schedulers.linear import Linear
from greedylr_theory.schedulers.one_cycle import OneCycle
from greedylr_theory.schedulers.polyak import Polyak
from greedylr_theory.schedulers.reduce_on_plateau import ReduceOnPlateau
from greedylr_theory.schedulers.step import Step
from greedylr_theory.schedulers.warmup_cosine import WarmupCosine
from greedylr_theory.schedulers.warmup_stable_decay import WarmupStableDecay
from greedylr_theory.sweeps import Contender

STEPS = 200
#: rate, cap and floor of the published study
PUBLISHED_RATE, PUBLISHED_CAP, PUBLISHED_FLOOR = 0.01, 1.0, 1e-5
#: its floor over its rate: the floor of whoever has one
FLOOR_SHARE = 1e-3

#: GreedyLR: the cap is ten times lr0 on the grid of rates, then it is what is refined (100 is the study's own quotient)
CAP, FURTHER_CAPS = 10.0, (1.0, 10.0**0.75, 10.0**1.25, 100.0)
#: everybody else refines the rate between two points of the grid, which are half a decade apart
FURTHER_RATES = (10.0**-0.25, 10.0**-0.125, 10.0**0.125, 10.0**0.25)


def _greedy(scheduler: GreedyPrevious | GreedyBest | GreedyLibrary | GreedyStudy, floor: float) -> Contender:
    return Contender(
        scheduler,
        scaled={"max_lr": CAP, "min_lr": FLOOR_SHARE},
        second=tuple({"max_lr": cap} for cap in FURTHER_CAPS),
        untuned={"lr0": PUBLISHED_RATE, "max_lr": PUBLISHED_CAP, "min_lr": floor},
    )


def _schedule(
    scheduler: Constant | Cosine | CosineRestarts | Exponential | Linear | OneCycle | ReduceOnPlateau | Step
    | WarmupCosine | WarmupStableDecay | AdGD,
    floor: str | None = None,
) -> Contender:  # fmt: skip
    return Contender(
        scheduler,
        scaled={} if floor is None else {floor: FLOOR_SHARE},
        second=tuple({"lr0": factor} for factor in FURTHER_RATES),
        untuned={"lr0": PUBLISHED_RATE, **({} if floor is None else {floor: PUBLISHED_FLOOR})},
    )


#: F = 0.9 is the study's. The best-so-far rule has p = 1, since with its default p = 10 it can move 18 times in 200
#: steps; the library's rule has the defaults that users run, F = 0.95 and p = 10, with bounds that follow lr0
GREEDY: Mapping[str, Contender] = {
    "GreedyPrevious": _greedy(GreedyPrevious(factor=0.9), PUBLISHED_FLOOR),
    "GreedyBest p=1": _greedy(GreedyBest(factor=0.9, patience=1), PUBLISHED_FLOOR),
    "GreedyLibrary p=10": _greedy(GreedyLibrary(), 1e-3),
    "GreedyStudy p=1": _greedy(GreedyStudy(factor=0.9, patience=1), PUBLISHED_FLOOR),
    "GreedyStudy p=10": _greedy(GreedyStudy(factor=0.9, patience=10), PUBLISHED_FLOOR),
}
#: fixed in advance; T_max, T_0, gamma and the floor are the study's, the others are spread over the 200 steps
SCHEDULES: Mapping[str, Contender] = {
    "constant": _schedule(Constant()),
    "step": _schedule(Step(period=67, factor=0.1)),
    "exponential": _schedule(Exponential(factor=0.95)),
    "cosine": _schedule(Cosine(t_max=STEPS), "eta_min"),
    "restarts": _schedule(CosineRestarts(t_0=50), "eta_min"),
    "linear": _schedule(Linear()),
    "warmup cosine": _schedule(WarmupCosine(warmup=20)),
    "one cycle": _schedule(OneCycle()),
    "warmup stable decay": _schedule(WarmupStableDecay(warmup=20, decay=40)),
}
#: torch's defaults, but for eps, which would stop reductions of small rates
PLATEAU: Mapping[str, Contender] = {"reduce on plateau": _schedule(ReduceOnPlateau(eps=0.0))}
#: gradient descent only: lr0 caps Polyak's rate and is the first rate of the others; untuned, next to no cap
POLYAK: Mapping[str, Contender] = {
    "Polyak": Contender(
        Polyak(), {"max_lr": 1.0}, tuple({"lr0": f} for f in FURTHER_RATES), {"lr0": PUBLISHED_RATE, "max_lr": 1e6}
    )
}
CURVATURE: Mapping[str, Contender] = {
    "Barzilai-Borwein": Contender(
        BarzilaiBorwein(),
        {"max_lr": CAP},
        tuple({"max_lr": cap} for cap in FURTHER_CAPS),
        {"lr0": PUBLISHED_RATE, "max_lr": 1e6},
    ),
    "AdGD": _schedule(AdGD()),
}
#: who looks at the loss: nobody else notices the channel "observed_loss"
SEE_THE_LOSS = (*GREEDY, *PLATEAU, *POLYAK)
ADAPTIVE = (*POLYAK, *CURVATURE)


def contenders(optimizer: str, channel: str) -> Mapping[str, Contender]:
    """Who takes part.

    Polyak, Barzilai-Borwein and AdGD are rules for gradient descent, and here on analytic functions only: on a sample
    f* and differences of gradients are not what they take them for. Polyak stays out where the objective is tilted,
    since f* is then not its minimum; the other two where noise on the gradient, or a kick between gradient and iterate,
    leaves no curvature in the difference of two gradients. In the channel "observed_loss" those who do not look at the
    loss make, bit for bit, the runs without perturbation, and are not run again.
    """
    adaptive: Mapping[str, Contender] = {}
    if optimizer == "gradient descent":
        adaptive = {
            **(POLYAK if channel != "objective" else {}),
            **(CURVATURE if channel in ("none", "objective") else {}),
        }
    everybody = {**GREEDY, **SCHEDULES, **PLATEAU, **adaptive}
    if channel != "observed_loss":
        return everybody
    return {name: contender for name, contender in everybody.items() if name in SEE_THE_LOSS}
