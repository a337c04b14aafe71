"""Reduce the rate when a metric has stopped improving: ReduceLROnPlateau of torch, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Scheduler, scheduler_kernel
from greedylr_theory.params import NONNEGATIVE, Choice, Interval, param
from greedylr_theory.schedulers._metric_rule import COUNT, is_better

#: rows of the parameter vector, in the order of the fields below
MODE, FACTOR, PATIENCE, THRESHOLD, THRESHOLD_MODE, COOLDOWN, MIN_LR, EPS = range(8)
#: rows of the state
BEST, BAD, COOLING = range(3)


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """One `step(metrics)` of the class per lane; params (8, B) and state (3, B) as laid out above."""
    maximise, absolute, threshold = params[MODE], params[THRESHOLD_MODE], params[THRESHOLD]
    best, bad, cooling = state[BEST], state[BAD], state[COOLING]
    for lane in range(lr.size):
        current = observed[lane]
        better = is_better(current, best[lane], maximise[lane] == 1.0, absolute[lane] == 1.0, threshold[lane])
        best[lane] = current if better else best[lane]
        # a step in cooldown forgets its bad count, but compares and keeps a better value all the same
        bad[lane] = 0.0 if better | (cooling[lane] > 0.0) else bad[lane] + 1.0
        cooling[lane] = cooling[lane] - 1.0 if cooling[lane] > 0.0 else cooling[lane]
    factor, low, eps, patience, pause = (
        params[FACTOR], params[MIN_LR], params[EPS], params[PATIENCE], params[COOLDOWN],
    )  # fmt: skip
    for lane in range(lr.size):
        rate = lr[lane]
        down = rate * factor[lane]
        down = low[lane] if low[lane] > down else down
        reduces = bad[lane] > patience[lane]
        lr[lane] = down if reduces & (rate - down > eps[lane]) else rate
        cooling[lane] = pause[lane] if reduces else cooling[lane]
        bad[lane] = 0.0 if reduces else bad[lane]


@dataclass(frozen=True)
class ReduceOnPlateau(Scheduler):
    """Count the steps in a row that do not improve on the best value; after more than p multiply the rate by F.

    A reduction that is skipped, for eps or because the rate lies below min_lr, restarts count and cooldown as well.

    Args:
        mode: "min" or "max".
        factor: F; a factor of 0 goes to min_lr at once.
        patience: p; the count has to exceed it.
        threshold, threshold_mode: in min mode better means current < best (1 - delta) ("rel") or
            current < best - delta ("abs"); max mode mirrored with a plus sign. NaN is never better.
        cooldown: steps after a reduction whose count is ignored; the best value goes on being updated.
        min_lr: lower bound in length^2 / loss; per parameter group in `replay` if wanted.
        eps: a reduction by no more than this is skipped.

    Source: torch.optim.lr_scheduler.ReduceLROnPlateau, with its defaults; transformers.get_reduce_on_plateau_schedule.
    """

    mode: str = param(
        "min", symbol="mode", domain=Choice(("min", "max")), doc="whether a smaller or larger metric is better",
        kind="choice",
    )  # fmt: skip
    factor: float = param(0.1, symbol="F", domain=Interval.left_closed(0, 1), doc="what the rate is multiplied by")
    patience: int = param(
        10, symbol="p", domain=COUNT, unit="steps", doc="the count must exceed it before the rate moves", kind="int"
    )
    threshold: float = param(
        1e-4, symbol=r"\delta", domain=NONNEGATIVE, doc="improvement that counts, relative or in units of the metric"
    )
    threshold_mode: str = param(
        "rel", symbol=r"\delta mode", domain=Choice(("rel", "abs")), doc="relative or absolute threshold",
        kind="choice",
    )  # fmt: skip
    cooldown: int = param(0, symbol="cooldown", domain=COUNT, unit="steps", doc="pause after a decrease", kind="int")
    min_lr: float | tuple[float, ...] = param(
        0.0, symbol=r"\gamma_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="lower bound", kind="per_group"
    )
    eps: float = param(
        1e-8, symbol=r"\epsilon", domain=NONNEGATIVE, unit="length^2/loss", doc="smallest reduction that is made"
    )

    kernel: ClassVar[Any] = adjust

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        state = np.zeros((3, lr0.size))
        state[BEST] = np.where(params[MODE] == 1.0, -np.inf, np.inf)
        return state

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        pairs = zip(lr0, np.broadcast_to(self.min_lr, len(lr0)), strict=True)
        sentences = [
            f"ReduceOnPlateau: lr0 = {rate:g} lies below min_lr = {low:g}: the rate never changes"
            for rate, low in pairs
            if rate < low
        ]
        return list(dict.fromkeys(sentences))

    def metric_warnings(self, metrics: Floats) -> list[str]:
        if self.threshold_mode == "abs" or self.threshold == 0 or not np.any(metrics < 0):
            return []
        return [
            f"ReduceOnPlateau: with a relative threshold ({self.threshold:g}) and negative metrics, a metric that is "
            f"worse than the best by less than {self.threshold:g} of its size counts as an improvement"
        ]


PLUGIN = ReduceOnPlateau
