"""How the scaling factor F decides what GreedyLR reaches, and whether it survives.

GreedyLR (arXiv 2512.14527) divides the step size by F after an improvement and multiplies it by F otherwise. The
paper's section 4.3 reports that F = 0.25 diverges and that every F >= 0.5 is stable within 1.5 %. Here the same
starts and the same initial rates meet every F, with and without the cap 1/L, on four problems.

The predictions below were written before the first run. Two words they use: a run is *lost* when a value is not
finite or f(x_T) > f(x_0); it is *dead* when its last step size is below 1e-6 / L while f(x_T) - f* is still above
1e-6 (f(x_0) - f*).

Learned since, and left out of the predictions: the share of lost runs was predicted from the two-cycle of Algorithm 1,
which sets the step size before the update. Here the scheduler is stepped after it and sees every loss one step late;
the cycle then has six steps, and `late_divergent_share` is the share that goes with it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments._f_sweep_outcomes import Arms, divergent_share
from greedylr_theory.contracts import Objective, Perturbation, Scheduler
from greedylr_theory.objectives.logistic import Logistic
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.objectives.rosenbrock import Rosenbrock
from greedylr_theory.perturbations.gradient_noise import GradientNoise
from greedylr_theory.perturbations.no_perturbation import NoPerturbation
from greedylr_theory.schedulers.greedy_best import GreedyBest
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.start import LogUniform, StandardNormal
from greedylr_theory.statistics import median, share
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep

Floats = NDArray[np.float64]

PROBLEMS = ("quadratic", "rosenbrock", "noisy quadratic", "logistic")
RULES = ("GreedyPrevious", "GreedyBest p=0", "GreedyBest p=1", "GreedyBest p=10")
CAPS = ("uncapped", "capped")

#: ten eigenvalues, evenly spaced in logarithm, L = 1 and kappa = 100
EIGENVALUES = tuple(float(10.0 ** (-2.0 + 2.0 * i / 9.0)) for i in range(10))
#: standard deviation of the gradient noise per coordinate
NOISE = 0.1
#: Rosenbrock's L is that of the box where all |x_i| <= 2; starts have standard deviation 0.5 and lie inside
BOX = 2.0
#: initial rates are log-uniform in [1e-3, 1] / L, the same multiple of 1/L in every arm
LOWEST_RATE = 1e-3

QUICK = (0.1, 0.15, 0.25, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
STANDARD = (*(round(0.1 + 0.025 * k, 3) for k in range(35)), 0.96, 0.97, 0.98, 0.99)


@functools.cache
def arms() -> Mapping[str, Run]:
    """Base runs "problem/rule/cap"; F, the number of steps and the replicate are set by the sweep."""
    quadratic, rosenbrock, logistic = Quadratic(eigenvalues=EIGENVALUES), Rosenbrock(), Logistic("breast_cancer")
    noise = GradientNoise(scale=NOISE)
    problems: dict[str, tuple[Objective, float, Perturbation, StandardNormal]] = {
        "quadratic": (quadratic, 1.0, NoPerturbation(), StandardNormal()),
        "rosenbrock": (rosenbrock, rosenbrock.smoothness_on_box(BOX), NoPerturbation(), StandardNormal(scale=0.5)),
        "noisy quadratic": (quadratic, 1.0, noise, StandardNormal()),
        "logistic": (logistic, logistic.smoothness, NoPerturbation(), StandardNormal()),
    }
    found: dict[str, Run] = {}
    for problem, (objective, smoothness, perturbation, start) in problems.items():
        for rule in RULES:
            for cap in CAPS:
                found[f"{problem}/{rule}/{cap}"] = Run(
                    objective=objective,
                    scheduler=_scheduler(rule, 1.0 / smoothness if cap == "capped" else float("inf")),
                    perturbation=perturbation,
                    start=start,
                    lr0=LogUniform(low=LOWEST_RATE / smoothness, high=1.0 / smoothness),
                    steps=1,
                    ordering="after_update",
                )
    return found


def _scheduler(rule: str, max_lr: float) -> Scheduler:
    if rule == "GreedyPrevious":
        return GreedyPrevious(max_lr=max_lr)
    return GreedyBest(patience=int(rule.rpartition("=")[2]), max_lr=max_lr)


#: values of F that predictions name
_NAMED = (0.1, 0.25, 0.5, 0.9, 0.99)
Verdict = tuple[bool, str]
_PREDICTIONS: list[tuple[str, Callable[[Arms], Verdict]]] = []


def _predicts(text: str) -> Callable[[Callable[[Arms], Verdict]], Callable[[Arms], Verdict]]:
    def listed(judge: Callable[[Arms], Verdict]) -> Callable[[Arms], Verdict]:
        _PREDICTIONS.append((text, judge))
        return judge

    return listed


@_predicts(
    "Below the cap 1/L the rule only climbs: under the capped GreedyPrevious every run on the quadratic and on the "
    "logistic problem obeys f(x_T) - f* <= R^2 / (2 sum_t min(gamma_0 / F^t, 1/L)), at every F, and none is lost."
)
def _bound_holds(arms: Arms) -> Verdict:
    worst, lost, runs = 0.0, 0, 0
    for problem in ("quadratic", "logistic"):
        arm = arms(problem, "GreedyPrevious", "capped")
        worst, lost, runs = (
            max(worst, float(np.max(arm.gap / arm.bound))),
            lost + int(arm.lost.sum()),
            runs + arm.gap.size,
        )
    return worst <= 1.0 and lost == 0, f"largest ratio to the bound {worst:.3g} in {runs} runs, {lost} lost"


@_predicts(
    "On the capped quadratic under GreedyPrevious a smaller F is never worse, start by start: f(x_T) at one F is at "
    "most its value at the next larger F, up to a relative 1e-9 for rounding."
)
def _smaller_is_never_worse(arms: Arms) -> Verdict:
    gap = arms("quadratic", "GreedyPrevious", "capped").gap
    excess = float(np.max(gap[:-1] / gap[1:])) - 1.0
    return excess <= 1e-9, f"largest relative excess over the next larger F: {excess:.2g}, {gap[1:].size} comparisons"


@_predicts(
    "On the capped Rosenbrock and logistic problems under GreedyPrevious the median f(x_T) - f* at F = 0.99 is at "
    "least 1 % above the one at F = 0.5, and from one F to the next larger it never falls by more than 1 %."
)
def _medians_grow(arms: Arms) -> Verdict:
    held, evidence = True, list[str]()
    for problem in ("rosenbrock", "logistic"):
        arm = arms(problem, "GreedyPrevious", "capped")
        middle = np.median(arm.gap, axis=1)
        end, step = float(middle[arm.at(0.99)] / middle[arm.at(0.5)]), float(np.min(middle[1:] / middle[:-1]))
        held = held and end >= 1.01 and step >= 0.99
        evidence.append(f"{problem}: ratio of the medians {end:.4g}, smallest ratio of neighbours {step:.5g}")
    return held, "; ".join(evidence)


@_predicts(
    "Capped and without noise the loss only falls, so GreedyBest with p = 0 ends at the same f(x_T), bit for bit, as "
    "GreedyPrevious in at least 99 % of the runs on each of the quadratic, Rosenbrock and logistic problems."
)
def _rules_agree(arms: Arms) -> Verdict:
    shares = {
        problem: float(np.mean(arms(problem, RULES[0], "capped").gap == arms(problem, RULES[1], "capped").gap))
        for problem in ("quadratic", "rosenbrock", "logistic")
    }
    told = ", ".join(f"{problem} {value:.2%}" for problem, value in shares.items())
    return min(shares.values()) >= 0.99, f"equal: {told}"


@_predicts(
    "Patience costs when F is near 1: on the capped quadratic under GreedyBest with p = 10 the median f(x_T) - f* at "
    "F = 0.99 is at least 1000 times the one at F = 0.5."
)
def _patience_costs(arms: Arms) -> Verdict:
    arm = arms("quadratic", "GreedyBest p=10", "capped")
    middle = np.median(arm.gap, axis=1)
    ratio = float(middle[arm.at(0.99)] / middle[arm.at(0.5)])
    return ratio >= 1e3, f"ratio of the medians {ratio:.3g}"


@_predicts(
    "Without the cap a share of the initial rates is lost that no F avoids: on the quadratic under GreedyPrevious the "
    "share of lost runs is at least ln(2/(1+F))/ln(1/F) at every F (judged by the upper 99.9 % Wilson limit)."
)
def _share_of_lost(arms: Arms) -> Verdict:
    arm = arms("quadratic", "GreedyPrevious", "uncapped")
    found = share(arm.lost.sum(axis=1), arm.lost.shape[1], level=0.999)
    margin = found.high - divergent_share(arm.factor)
    tightest = int(np.argmin(margin))
    return bool(margin[tightest] >= 0.0), (
        f"closest at F = {arm.factor[tightest]:g}: {found.value[tightest]:.1%} lost against "
        f"{divergent_share(arm.factor)[tightest]:.1%}; lost at F = 0.5: {found.value[arm.at(0.5)]:.1%}"
    )


@_predicts(
    "The loss overshoots the more the closer F is to 1: on the uncapped quadratic under GreedyPrevious at least 80 % "
    "of the runs are lost at every F >= 0.97, more than at F = 0.5."
)
def _overshoot(arms: Arms) -> Verdict:
    arm = arms("quadratic", "GreedyPrevious", "uncapped")
    lost = arm.lost.mean(axis=1)
    least, half = float(np.min(lost[arm.factor >= 0.97])), float(lost[arm.at(0.5)])
    return least >= 0.8 and least > half, f"lost at F >= 0.97: at least {least:.1%}; at F = 0.5: {half:.1%}"


@_predicts(
    "The published 'F = 0.25 diverges, every F >= 0.5 is stable within 1.5 %' does not carry over to the quadratic: "
    "uncapped, GreedyPrevious loses at least 25 % of the runs at every F >= 0.5 and GreedyBest with p = 10 at F = 0.9; "
    "capped, GreedyPrevious loses none at F = 0.25, and its medians over F >= 0.5 differ by more than 1.5 %."
)
def _published_statement(arms: Arms) -> Verdict:
    free, patient = arms("quadratic", "GreedyPrevious", "uncapped"), arms("quadratic", "GreedyBest p=10", "uncapped")
    capped = arms("quadratic", "GreedyPrevious", "capped")
    least = float(np.min(free.lost.mean(axis=1)[free.factor >= 0.5]))
    slow = float(patient.lost.mean(axis=1)[patient.at(0.9)])
    kept = int(capped.lost[capped.at(0.25)].sum())
    middle = np.median(capped.gap, axis=1)[capped.factor >= 0.5]
    spread = float(middle.max() / middle.min()) - 1.0
    return least >= 0.25 and slow >= 0.25 and kept == 0 and spread > 0.015, (
        f"uncapped at F >= 0.5: at least {least:.1%} lost, p = 10 at F = 0.9: {slow:.1%}; capped at F = 0.25: {kept} "
        f"lost; the medians over F >= 0.5 differ by {spread:.3g} of the smallest"
    )


@_predicts(
    "Going without the cap is a gamble: on the quadratic under GreedyPrevious at F = 0.5 the lower quartile of "
    "f(x_T) - f* is at least 1000 times smaller uncapped than capped, and the upper quartile of the uncapped is lost."
)
def _gamble(arms: Arms) -> Verdict:
    free, capped = arms("quadratic", "GreedyPrevious", "uncapped"), arms("quadratic", "GreedyPrevious", "capped")
    row, other = free.gap[free.at(0.5)], capped.gap[capped.at(0.5)]
    lower = [float(np.quantile(values, 0.25, method="higher")) for values in (row, other)]
    lost = float(free.lost[free.at(0.5)].mean())
    return lower[1] >= 1e3 * lower[0] and lost > 0.25, (
        f"lower quartiles {lower[0]:.3g} uncapped, {lower[1]:.3g} capped; {lost:.1%} of the uncapped runs are lost"
    )


@_predicts(
    "The best-so-far rule can die: on the uncapped quadratic at least half of the runs under GreedyBest with p = 0 are "
    "dead at F = 0.25 and at most 5 % at F = 0.9; with p = 1 and with p = 10 at least 30 % are dead at F = 0.1."
)
def _death(arms: Arms) -> Verdict:
    dead = {p: arms("quadratic", f"GreedyBest p={p}", "uncapped") for p in (0, 1, 10)}
    found = {(p, f): float(arm.dead[arm.at(f)].mean()) for p, arm in dead.items() for f in (0.1, 0.25, 0.9)}
    held = found[0, 0.25] >= 0.5 and found[0, 0.9] <= 0.05 and min(found[1, 0.1], found[10, 0.1]) >= 0.3
    return held, "dead: " + ", ".join(f"p = {p}, F = {f:g}: {value:.1%}" for (p, f), value in found.items())


@_predicts(
    "On Rosenbrock the cap decides: uncapped under GreedyPrevious at least half of the runs stop being finite at every "
    "F >= 0.9; capped none does, at any F under any rule."
)
def _rosenbrock(arms: Arms) -> Verdict:
    free = arms("rosenbrock", "GreedyPrevious", "uncapped")
    least = float(np.min(free.diverged.mean(axis=1)[free.factor >= 0.9]))
    capped = sum(int(arms("rosenbrock", rule, "capped").diverged.sum()) for rule in RULES)
    return least >= 0.5 and capped == 0, f"not finite uncapped at F >= 0.9: at least {least:.1%}; capped: {capped} runs"


@_predicts(
    "Under gradient noise the best F is in between: on the capped noisy quadratic under GreedyPrevious the smallest "
    "median f(x_T) is at an F in [0.5, 0.97], and at F = 0.1 and at F = 0.99 it is at least 1.5 times as large."
)
def _noise_has_an_interior_optimum(arms: Arms) -> Verdict:
    arm = arms("noisy quadratic", "GreedyPrevious", "capped")
    middle = median(arm.gap)
    best = int(np.argmin(middle.value))
    ends = [float(middle.value[arm.at(f)] / middle.value[best]) for f in (0.1, 0.99)]
    return 0.5 <= arm.factor[best] <= 0.97 and min(ends) >= 1.5, (
        f"smallest median {middle.value[best]:.3g} [{middle.low[best]:.3g}, {middle.high[best]:.3g}] at "
        f"F = {arm.factor[best]:g}; {ends[0]:.3g} times that at F = 0.1, {ends[1]:.3g} times at F = 0.99"
    )


@_predicts(
    "Under gradient noise the best-so-far rule decays and does not come back: on the capped noisy quadratic at least "
    "80 % of the runs are dead at every F <= 0.5 with p = 0, and at least 90 % at F = 0.5 with p = 10, where the best "
    "median lies at an F in [0.85, 0.98]."
)
def _noise_kills(arms: Arms) -> Verdict:
    hasty, patient = (
        arms("noisy quadratic", "GreedyBest p=0", "capped"),
        arms("noisy quadratic", "GreedyBest p=10", "capped"),
    )
    least = float(np.min(hasty.dead.mean(axis=1)[hasty.factor <= 0.5]))
    slow = float(patient.dead[patient.at(0.5)].mean())
    best = float(patient.factor[np.argmin(np.median(patient.gap, axis=1))])
    return least >= 0.8 and slow >= 0.9 and 0.85 <= best <= 0.98, (
        f"dead with p = 0 at F <= 0.5: at least {least:.1%}; with p = 10 at F = 0.5: {slow:.1%}, best F = {best:g}"
    )


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers; ValueError when the table lacks an F that one speaks of."""
    absent = sorted(set(_NAMED).difference(table["scheduler.factor"].to_list()))
    if absent:
        raise ValueError(
            f"the predictions of f_sweep speak of F = {', '.join(f'{factor:g}' for factor in absent)}, "
            "which this table does not have"
        )
    found = Arms(table)
    return [Judgement(text, *verdict(found)) for text, verdict in _PREDICTIONS]


SWEEP = Sweep(
    name="f_sweep",
    question=(
        "How does the final suboptimality of GreedyLR depend on its scaling factor F, with and without a cap of the "
        "step size at 1/L, and which share of the runs does each F lose?"
    ),
    prediction=tuple(text for text, _ in _PREDICTIONS),
    arms=arms,
    sizes={
        "standard": Size(axes={"scheduler.factor": STANDARD}, steps=2000, replicates=200),
        "quick": Size(axes={"scheduler.factor": QUICK}, steps=1000, replicates=50),
    },
    judge=judge,
)
