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
    resets = False
    for lane in range(lr.size):
        current, best, rate = state[CURRENT, lane], state[BEST, lane], lr[lane]
        patience, factor = params[PATIENCE, lane], params[FACTOR, lane]
        better = is_better(
            current, best, params[MODE, lane] == 1.0, params[THRESHOLD_MODE, lane] == 1.0, params[THRESHOLD, lane]
        )
        good = state[GOOD, lane] + 1.0 if better else 0.0
        bad = 0.0 if better else state[BAD, lane] + 1.0
        cooling, warming = state[COOLING, lane], state[WARMING, lane]
        bad = 0.0 if cooling > 0.0 else bad
        good = 0.0 if warming > 0.0 else good
        cooling = cooling - 1.0 if cooling > 0.0 else cooling
        warming = warming - 1.0 if warming > 0.0 else warming
        lower, upper = bad > patience, good > patience
        down = rate * factor
        down = params[MIN_LR, lane] if params[MIN_LR, lane] > down else down
        up = rate / factor
        up = params[MAX_LR, lane] if params[MAX_LR, lane] < up else up
        moved = down if lower and rate - down > params[EPS, lane] else rate
        lr[lane] = up if upper else moved
        state[BEST, lane] = current if better else best
        state[COOLING, lane] = params[COOLDOWN, lane] if lower else cooling
        state[WARMING, lane] = params[WARMUP, lane] if upper else warming
        state[BAD, lane] = 0.0 if lower else bad
        state[GOOD, lane] = 0.0 if upper else good
        resets |= params[RESET_START, lane] > 0.0
    if resets:
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
