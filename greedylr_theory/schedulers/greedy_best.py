"""GreedyLR as published for practice: compare with the best value so far (arXiv 2512.14527, Appendix A.4).

Choices where the listing (Algorithms 2 and 3) and the text (Appendix A.7) leave room:

- Cooldown and warmup follow the listing: the count is ignored (set to zero) while the counter runs; the best
  value is still updated.
- A reduction below min_lr, or by no more than eps, is skipped; cooldown and count restart all the same.
- An increase is min(gamma / F, gamma_max) literally: a rate above gamma_max comes down to it.
- The reset counter runs down at every step at which all groups share one rate, which is every step of a run
  with one group; a reset restores best value, counts and counters and empties the window, and keeps the rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.compilation import inlined
from greedylr_theory.contracts import scheduler_kernel
from greedylr_theory.schedulers._bounds import bound_warnings
from greedylr_theory.schedulers._metric_rule import (
    BAD,
    BEST,
    COOLDOWN,
    COOLING,
    CURRENT,
    EPS,
    FACTOR,
    GOOD,
    MAX_LR,
    MIN_LR,
    MODE,
    PATIENCE,
    RESET,
    RESET_START,
    THRESHOLD,
    THRESHOLD_MODE,
    WARMING,
    WARMUP,
    MetricRule,
    forget,
    is_better,
    observe,
)


@inlined
def count_down(groups, params, state, lr):
    """The reset of Algorithm 3; consecutive lanes are the parameter groups of one run."""
    for lead in range(0, lr.size, groups):
        shared = True
        for lane in range(lead, lead + groups):
            shared &= lr[lane] == lr[lead]
        if params[RESET_START, lead] > 0.0 and shared:
            for lane in range(lead, lead + groups):
                state[RESET, lane] -= 1.0
                if state[RESET, lane] <= 0.0:
                    forget(params, state, lane)
                    state[COOLING, lane] = state[WARMING, lane] = 0.0


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """One step of Algorithms 2 and 3 per lane; params and state as laid out in `_metric_rule`."""
    observe(observed, params, state)
    mode, threshold, threshold_mode, patience = (
        params[MODE],
        params[THRESHOLD],
        params[THRESHOLD_MODE],
        params[PATIENCE],
    )
    factor, low, high, eps = params[FACTOR], params[MIN_LR], params[MAX_LR], params[EPS]
    pause, pause_up = params[COOLDOWN], params[WARMUP]
    current, best, good, bad, cooling, warming = (
        state[CURRENT], state[BEST], state[GOOD], state[BAD], state[COOLING], state[WARMING],
    )  # fmt: skip
    for lane in range(lr.size):
        # loads before choices: a load inside a choice would become a branch that is guessed wrong half the time
        value, record, rises, falls = current[lane], best[lane], good[lane] + 1.0, bad[lane] + 1.0
        cool, warm, restart, restart_up = cooling[lane], warming[lane], pause[lane], pause_up[lane]
        rate, least, most, smallest, allowed = lr[lane], low[lane], high[lane], eps[lane], patience[lane]
        better = is_better(value, record, mode[lane] == 1.0, threshold_mode[lane] == 1.0, threshold[lane])
        best[lane] = value if better else record
        rises = 0.0 if warm > 0.0 else rises
        falls = 0.0 if cool > 0.0 else falls
        rises = rises if better else 0.0
        falls = 0.0 if better else falls
        cooler, warmer = cool - 1.0, warm - 1.0
        cool = cooler if cool > 0.0 else cool
        warm = warmer if warm > 0.0 else warm
        down, up = rate * factor[lane], rate / factor[lane]
        down = least if least > down else down
        up = most if most < up else up
        down = down if rate - down > smallest else rate
        moved = down if falls > allowed else rate
        lr[lane] = up if rises > allowed else moved
        cooling[lane] = restart if falls > allowed else cool
        warming[lane] = restart_up if rises > allowed else warm
        bad[lane] = 0.0 if falls > allowed else falls
        good[lane] = 0.0 if rises > allowed else rises
    resets = 0
    for lane in range(lr.size):
        resets += params[RESET_START, lane] > 0.0
    if resets > 0:
        count_down(groups, params, state, lr)


@dataclass(frozen=True)
class GreedyBest(MetricRule):
    """Count improvements on the best value so far; after more than p in a row divide the step size by F,
    after more than p failures in a row multiply it by F.

    Args:
        mode: "min" or "max".
        factor: F.
        patience: p; a count has to exceed it.
        threshold, threshold_mode: in min mode better means current < best (1 - delta) ("rel") or
            current < best - delta ("abs"); max mode mirrored with a plus sign.
        cooldown, warmup: steps after a decrease (an increase) whose bad (good) count is ignored.
        min_lr, max_lr: bounds in length^2 / loss; per parameter group in `replay` if wanted.
        eps: a decrease by no more than this is skipped.
        smooth, window_size: compare the mean of the last w values.
        reset_start: steps with one common rate after which best value and counters start anew; 0: never.

    Raises:
        ValueError: a value lies outside its domain or min_lr exceeds max_lr.

    Source: arXiv 2512.14527, Appendix A.4, Algorithms 2 and 3, with the choices named in this file.
    """

    kernel: ClassVar[Any] = adjust

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        below = "the rate is never reduced (a reduction would raise it and is skipped), it can only climb"
        return bound_warnings(self, lr0, below, "the first increase lowers the rate to max_lr")


PLUGIN = GreedyBest
