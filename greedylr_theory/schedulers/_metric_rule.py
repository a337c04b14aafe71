"""What the best-so-far rules share: their parameters, their state, the comparison and the smoothing window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.compilation import inlined
from greedylr_theory.contracts import Floats, Scheduler
from greedylr_theory.params import NONNEGATIVE, Choice, Interval, param
from greedylr_theory.schedulers._bounds import check_bounds

COUNT = Interval.left_closed(0, np.inf)

#: rows of the parameter vector, in the order of the fields below
MODE, FACTOR, PATIENCE, THRESHOLD, THRESHOLD_MODE, COOLDOWN, WARMUP = range(7)
MIN_LR, MAX_LR, EPS, SMOOTH, WINDOW_SIZE, RESET_START = range(7, 13)
#: rows of the state; the smoothing window follows
BEST, GOOD, BAD, COOLING, WARMING, RESET, CURRENT, FLAG, INITIAL, SEEN, SUM = range(11)
WINDOW = 11


@inlined
def is_better(current, best, maximise, absolute, threshold):
    """Whether a metric improves on the best; NaN never does."""
    # all candidates before any choice: a select vectorises, an expression inside a choice becomes a branch
    low, low_relative = best - threshold, best * (1.0 - threshold)
    high, high_relative = best + threshold, best * (1.0 + threshold)
    below = current < (low if absolute else low_relative)
    above = current > (high if absolute else high_relative)
    return above if maximise else below


@inlined
def smoothed(value, size, seen, total, window, state, lane):
    """Mean of the last `size` values as a running sum; rows seen and total, window starts at row `window`.

    The new value is added first, then the oldest subtracted: the order matters for bits, and a NaN or
    infinity stays in the sum.
    """
    count = np.int64(state[seen, lane])
    row = window + count % size
    running = state[total, lane] + value
    if count >= size:
        running = running - state[row, lane]
    state[row, lane] = value
    state[total, lane] = running
    state[seen, lane] = count + 1.0
    return running / min(count + 1, size)


@inlined
def observe(observed, params, state):
    """CURRENT = the metric, or its streaming average where smoothing is on."""
    smoothing = 0
    for lane in range(observed.size):
        state[CURRENT, lane] = observed[lane]
        smoothing += params[SMOOTH, lane] == 1.0
    if smoothing == 0:
        return
    for lane in range(observed.size):
        if params[SMOOTH, lane] == 1.0:
            size = np.int64(params[WINDOW_SIZE, lane])
            state[CURRENT, lane] = smoothed(observed[lane], size, SEEN, SUM, WINDOW, state, lane)


@inlined
def forget(params, state, lane):
    """Best value, counts, counters and window of one lane as at the start."""
    state[BEST, lane] = -np.inf if params[MODE, lane] == 1.0 else np.inf
    state[GOOD, lane] = state[BAD, lane] = 0.0
    state[RESET, lane] = params[RESET_START, lane]
    state[SEEN, lane] = state[SUM, lane] = 0.0


@dataclass(frozen=True)
class MetricRule(Scheduler):
    """Parameters of the rules that compare a metric with the best value so far; subclasses set the defaults."""

    mode: str = param(
        "min", symbol="mode", domain=Choice(("min", "max")), doc="whether a smaller or larger metric is better",
        kind="choice",
    )  # fmt: skip
    factor: float = param(0.95, symbol="F", domain=Interval.open(0, 1), doc="scaling factor")
    patience: int = param(
        10, symbol="p", domain=COUNT, unit="steps", doc="a count must exceed it before the rate moves", kind="int"
    )
    threshold: float = param(
        0.0, symbol=r"\delta", domain=NONNEGATIVE, doc="improvement that counts, relative or in units of the metric"
    )
    threshold_mode: str = param(
        "rel", symbol=r"\delta mode", domain=Choice(("rel", "abs")), doc="relative or absolute threshold",
        kind="choice",
    )  # fmt: skip
    cooldown: int = param(0, symbol="cooldown", domain=COUNT, unit="steps", doc="pause after a decrease", kind="int")
    warmup: int = param(0, symbol="warmup", domain=COUNT, unit="steps", doc="pause after an increase", kind="int")
    min_lr: float | tuple[float, ...] = param(
        0.0, symbol=r"\gamma_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="lower bound", kind="per_group"
    )
    max_lr: float | tuple[float, ...] = param(
        np.inf, symbol=r"\gamma_{max}", domain=Interval.left_open(0, np.inf), unit="length^2/loss",
        doc="upper bound", kind="per_group",
    )  # fmt: skip
    eps: float = param(
        0.0, symbol=r"\epsilon", domain=NONNEGATIVE, unit="length^2/loss", doc="smallest change that is made"
    )
    smooth: bool = param(False, symbol="smooth", doc="compare a streaming average of the metric", kind="bool")
    window_size: int = param(
        50, symbol="w", domain=Interval.left_closed(1, np.inf), unit="steps", doc="length of the average", kind="int"
    )
    reset_start: int = param(0, symbol="reset", domain=COUNT, unit="steps", doc="countdown to a reset", kind="int")

    def check(self) -> None:
        check_bounds(self)

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        smoothing = params[SMOOTH] == 1.0
        window = int(params[WINDOW_SIZE].max(where=smoothing, initial=0))
        # a window longer than the run is never full, so as many rows as there are observations suffice
        window = min(window, steps + 1)
        state = np.zeros((WINDOW + window, lr0.size))
        state[BEST] = np.where(params[MODE] == 1.0, -np.inf, np.inf)
        state[RESET] = params[RESET_START]
        state[INITIAL] = lr0
        return state

    def metric_warnings(self, metrics: Floats) -> list[str]:
        sentences: list[str] = []
        name = type(self).__name__
        if self.threshold_mode == "rel" and self.threshold > 0 and np.any(metrics < 0):
            sentences.append(
                f"{name}: with a relative threshold ({self.threshold:g}) and negative metrics, a metric that is worse "
                f"than the best by less than {self.threshold:g} of its size counts as an improvement"
            )
        if self.smooth and not np.all(np.isfinite(metrics)):
            sentences.append(
                f"{name}: a NaN or infinite metric stays in the running sum of the smoothing window, so every later "
                "average is NaN or infinite until a reset"
            )
        return sentences
