"""GreedyLR as in the authors' study of 8,100 perturbed runs (arXiv 2512.14527)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Scheduler, scheduler_kernel
from greedylr_theory.params import NONNEGATIVE, Interval, param
from greedylr_theory.schedulers._bounds import bound_warnings, check_bounds
from greedylr_theory.schedulers._metric_rule import COUNT, smoothed

PATIENCE, MIN_LR, FACTOR, SMOOTH, WINDOW_SIZE, MAX_LR, ADAPTIVE, MOMENTUM, SPIKES = range(9)
BEST, GOOD, BAD, COOLING, WARMING, LOSSES, IMPROVEMENTS, SEEN, SUM = range(9)
RAW = 9  # ten rows: the last raw losses, oldest overwritten
RAW_SIZE, SPIKE_SIZE = 10, 5
WINDOW = RAW + RAW_SIZE
#: losses after which the count of improvements starts anew
EPOCH = 50


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """One step of the study's rule per lane, in the order of its listing."""
    for lane in range(lr.size):
        raw = observed[lane]
        current = raw
        if params[SMOOTH, lane] == 1.0:
            current = smoothed(raw, np.int64(params[WINDOW_SIZE, lane]), SEEN, SUM, WINDOW, state, lane)
        losses = np.int64(state[LOSSES, lane]) + 1
        state[LOSSES, lane] = losses
        state[RAW + (losses - 1) % RAW_SIZE, lane] = raw
        good, bad = state[GOOD, lane], state[BAD, lane]
        if params[SPIKES, lane] == 1.0 and losses > SPIKE_SIZE:
            total = 0.0
            for age in range(SPIKE_SIZE, 0, -1):
                total += state[RAW + (losses - age) % RAW_SIZE, lane]
            if raw > 2.0 * (total / SPIKE_SIZE):
                bad = max(0.0, bad - 2.0)
        threshold = 1e-6
        if losses > RAW_SIZE:
            mean = 0.0
            for age in range(RAW_SIZE, 0, -1):
                mean += state[RAW + (losses - age) % RAW_SIZE, lane]
            mean /= RAW_SIZE
            squares = 0.0
            for age in range(RAW_SIZE, 0, -1):
                deviation = state[RAW + (losses - age) % RAW_SIZE, lane] - mean
                squares += deviation * deviation
            spread = 0.1 * np.sqrt(squares / RAW_SIZE)
            threshold = spread if spread > 1e-6 else 1e-6
        if current < state[BEST, lane] - threshold:
            state[BEST, lane] = current
            good, bad = good + 1.0, 0.0
            state[IMPROVEMENTS, lane] += 1.0
        else:
            good, bad = 0.0, bad + 1.0
        patience = params[PATIENCE, lane]
        if params[ADAPTIVE, lane] == 1.0:
            improvements = state[IMPROVEMENTS, lane]
            if improvements > 10.0:
                patience = max(5.0, np.floor(patience / 2.0))
            elif improvements < 3.0:
                patience = min(30.0, 2.0 * patience)
            if losses % EPOCH == 0:
                state[IMPROVEMENTS, lane] = 0.0
        if state[COOLING, lane] > 0.0:
            state[COOLING, lane] -= 1.0
            bad = 0.0
        if state[WARMING, lane] > 0.0:
            state[WARMING, lane] -= 1.0
            good = 0.0
        pause = max(3.0, np.floor(patience / 3.0))
        if bad > patience:
            down = lr[lane] * params[FACTOR, lane]
            lr[lane] = params[MIN_LR, lane] if params[MIN_LR, lane] > down else down
            state[COOLING, lane] = pause
            bad = 0.0
        if good > patience:
            # the source multiplies by a rounded quotient, which is not the same as dividing
            up = lr[lane] * (1.0 / params[FACTOR, lane])
            lr[lane] = params[MAX_LR, lane] if params[MAX_LR, lane] < up else up
            state[WARMING, lane] = pause
            good = 0.0
        state[GOOD, lane], state[BAD, lane] = good, bad


@dataclass(frozen=True)
class GreedyStudy(Scheduler):
    """Best-so-far rule with smoothing, spike forgiveness, a data-driven threshold and fixed pauses.

    Args:
        patience: p; a count has to exceed it.
        min_lr, max_lr: bounds, enforced on the rate whenever it is adjusted; per parameter group in `replay`.
        factor: F.
        smooth, window_size: compare the mean of the last w losses.
        adaptive_patience: change p with the number of improvements among the last (up to) fifty losses.
        momentum_factor: accepted because the source has it. It multiplies a variable that is zero from first
            to last, so it has no effect on any rate.
        spike_detection: a loss above twice the mean of the last five takes two off the bad count.

    Raises:
        ValueError: a value lies outside its domain or min_lr exceeds max_lr.

    Source: the rule behind the robustness study of arXiv 2512.14527 (F = 0.9, p = 1 and 10 there). Pauses are
    max(3, p // 3) steps; the threshold is a tenth of the population standard deviation of the last ten losses,
    at least 1e-6, once more than ten have been seen.
    """

    patience: int = param(
        10, symbol="p", domain=COUNT, unit="steps", doc="a count must exceed it before the rate moves", kind="int"
    )
    min_lr: float | tuple[float, ...] = param(
        1e-5, symbol=r"\gamma_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="lower bound", kind="per_group"
    )
    factor: float = param(0.95, symbol="F", domain=Interval.open(0, 1), doc="scaling factor")
    smooth: bool = param(True, symbol="smooth", doc="compare a streaming average of the loss", kind="bool")
    window_size: int = param(
        10, symbol="w", domain=Interval.left_closed(1, np.inf), unit="steps", doc="length of the average", kind="int"
    )
    max_lr: float | tuple[float, ...] = param(
        1.0, symbol=r"\gamma_{max}", domain=Interval.left_open(0, np.inf), unit="length^2/loss",
        doc="upper bound", kind="per_group",
    )  # fmt: skip
    adaptive_patience: bool = param(False, symbol="adaptive", doc="let p follow the improvements", kind="bool")
    momentum_factor: float = param(0.9, symbol="m", domain=Interval.closed(0, 1), doc="has no effect, as in the source")
    spike_detection: bool = param(True, symbol="spikes", doc="forgive two bad steps at a spike", kind="bool")

    kernel: ClassVar[Any] = adjust

    def check(self) -> None:
        check_bounds(self)

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        window = int(params[WINDOW_SIZE].max(where=params[SMOOTH] == 1.0, initial=0))
        state = np.zeros((WINDOW + min(window, steps + 1), lr0.size))
        state[BEST] = np.inf
        return state

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        below, above = "the first decrease raises the rate to min_lr", "the first increase lowers the rate to max_lr"
        return bound_warnings(self, lr0, below, above)

    def metric_warnings(self, metrics: Floats) -> list[str]:
        if self.smooth and not np.all(np.isfinite(metrics)):
            return [
                "GreedyStudy: a NaN or infinite loss stays in the running sum of the smoothing window, so every later "
                "average is NaN or infinite"
            ]
        return []


PLUGIN = GreedyStudy
