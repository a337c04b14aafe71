"""GreedyLR as it is run: the class of that name in Hugging Face transformers, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.compilation import inlined
from greedylr_theory.contracts import scheduler_kernel
from greedylr_theory.params import NONNEGATIVE, Choice, Interval, param
from greedylr_theory.schedulers._bounds import bound_warnings
from greedylr_theory.schedulers._metric_rule import (
    BAD,
    BEST,
    COOLDOWN,
    COOLING,
    COUNT,
    CURRENT,
    EPS,
    FACTOR,
    FLAG,
    GOOD,
    INITIAL,
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
    """After a reduction that left every group at its bound: count down, at zero return to the start.

    Consecutive lanes are the parameter groups of one run. The cooldown, armed by the reduction, survives.
    """
    for lead in range(0, lr.size, groups):
        all_at_floor = True
        for lane in range(lead, lead + groups):
            all_at_floor &= state[FLAG, lane] == 1.0
        if all_at_floor:
            for lane in range(lead, lead + groups):
                state[RESET, lane] -= 1.0
                if state[RESET, lane] <= 0.0:
                    forget(params, state, lane)
                    state[WARMING, lane] = 0.0
                    lr[lane] = state[INITIAL, lane]


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """One `step(metric)` of the class per lane; params and state as laid out in `_metric_rule`.

    FLAG is 1 where a reduction left the rate at or below its bound.
    """
    observe(observed, params, state)
    any_at_floor = False
    for lane in range(lr.size):
        current, best, rate = state[CURRENT, lane], state[BEST, lane], lr[lane]
        patience, factor, eps = params[PATIENCE, lane], params[FACTOR, lane], params[EPS, lane]
        cooling, warming = state[COOLING, lane], state[WARMING, lane]
        in_cooldown = cooling > 0.0
        in_warmup = not in_cooldown and warming > 0.0
        waiting = in_cooldown or in_warmup
        better = not waiting and is_better(
            current, best, params[MODE, lane] == 1.0, params[THRESHOLD_MODE, lane] == 1.0, params[THRESHOLD, lane]
        )
        good = state[GOOD, lane] + 1.0 if better else 0.0
        bad = 0.0 if waiting or better else state[BAD, lane] + 1.0
        cooling = cooling - 1.0 if in_cooldown else cooling
        warming = warming - 1.0 if in_warmup else warming
        upper, lower = good > patience, bad > patience
        down = rate * factor
        down = params[MIN_LR, lane] if params[MIN_LR, lane] > down else down
        up = rate / factor
        up = params[MAX_LR, lane] if params[MAX_LR, lane] < up else up
        rate = up if upper and up - rate > eps else (down if lower and rate - down > eps else rate)
        at_floor = lower and not (rate > params[MIN_LR, lane])
        lr[lane] = rate
        state[BEST, lane] = current if better else best
        state[COOLING, lane] = params[COOLDOWN, lane] if lower else cooling
        state[WARMING, lane] = params[WARMUP, lane] if upper else warming
        state[BAD, lane] = 0.0 if lower else bad
        state[GOOD, lane] = 0.0 if upper else good
        state[RESET, lane] = params[RESET_START, lane] if upper else state[RESET, lane]
        state[FLAG, lane] = 1.0 if at_floor else 0.0
        any_at_floor |= at_floor
    if any_at_floor:
        count_down(groups, params, state, lr)


@dataclass(frozen=True)
class GreedyLibrary(MetricRule):
    """The rule of class GreedyLR in transformers, with its names and defaults.

    While cooldown or warmup runs nothing is compared, and the best value is not updated. After each reduction
    that leaves every group at or below its min_lr the reset counter goes down; at zero rates, best value,
    counts and window return to the start. Bounds never clamp a rate that lies outside them.

    Args:
        mode: "min" or "max".
        factor: F.
        patience: p; a count has to exceed it.
        threshold, threshold_mode: improvement that counts, in units of the metric ("abs") or relative ("rel").
        cooldown, warmup: steps after a decrease (an increase) that are ignored.
        min_lr, max_lr: bounds; per parameter group in `replay` if wanted.
        eps: a change by no more than this is skipped.
        smooth, window_size: compare the mean of the last w values.
        reset_start: reductions at the lower bound until everything returns to the start.

    Raises:
        ValueError: a value lies outside its domain or min_lr exceeds max_lr.

    Source: transformers, `optimization.GreedyLR` (2026), after arXiv 2512.14527.
    """

    threshold: float = param(
        1e-6, symbol=r"\delta", domain=NONNEGATIVE, doc="improvement that counts, in units of the metric or relative"
    )
    threshold_mode: str = param(
        "abs", symbol=r"\delta mode", domain=Choice(("rel", "abs")), doc="relative or absolute threshold",
        kind="choice",
    )  # fmt: skip
    min_lr: float | tuple[float, ...] = param(
        1e-3, symbol=r"\gamma_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="lower bound", kind="per_group"
    )
    max_lr: float | tuple[float, ...] = param(
        1.0, symbol=r"\gamma_{max}", domain=Interval.left_open(0, np.inf), unit="length^2/loss",
        doc="upper bound", kind="per_group",
    )  # fmt: skip
    eps: float = param(
        1e-8, symbol=r"\epsilon", domain=NONNEGATIVE, unit="length^2/loss", doc="smallest change that is made"
    )
    reset_start: int = param(
        500, symbol="reset", domain=COUNT, unit="steps", doc="reductions at the bound until a reset", kind="int"
    )

    kernel: ClassVar[Any] = adjust

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        below = (
            "the rate is never reduced (a reduction would raise it and is skipped), it can only climb, and every "
            "attempt to reduce it counts towards a reset"
        )
        above = "the rate is never increased (an increase would lower it and is skipped) until it has come down"
        return bound_warnings(self, lr0, below, above)


PLUGIN = GreedyLibrary
