"""The rule of the authors' robustness study in any arithmetic, with its momentum term where the source has it.

The term multiplies a variable that starts at zero and is never anything else. Here it is added to every new rate and
carried along, so that its effect can be examined. With floats the bits are those of the compiled rule, with fractions
or symbols and a scripted oracle the checker executes it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

Less = Callable[[Any, Any], bool]

SPIKES, LOSSES = 5, 10  #: how many raw losses the spike test and the threshold look at


def tenth_of_spread(losses: Sequence[float]) -> float:
    """A tenth of the population standard deviation, summed from the oldest value to the newest."""
    total = 0.0
    for loss in losses:
        total += loss
    mean, squares = total / len(losses), 0.0
    for loss in losses:
        squares += (loss - mean) * (loss - mean)
    return 0.1 * math.sqrt(squares / len(losses))


@dataclass(frozen=True)
class State:
    """Where the rule stands between two losses; best is None before the first. `velocity` is the momentum variable."""

    rate: Any
    best: Any = None
    good: int = 0
    bad: int = 0
    cooling: int = 0
    warming: int = 0
    window: tuple[Any, ...] = ()
    total: Any = 0
    raw: tuple[Any, ...] = ()
    seen: int = 0
    velocity: Any = 0


@dataclass(frozen=True)
class Study:
    """Parameters as in `GreedyStudy`.

    Args:
        smallest: least threshold, 1e-6 in the source.
        spread: last ten raw losses -> the other candidate for the threshold.
        momentum: factor of the momentum variable; None leaves the term out altogether.
        less: decides every comparison of numbers that are not counts.
    """

    factor: Any
    patience: int
    low: Any
    high: Any
    window_size: int
    smallest: Any = 1e-6
    spread: Callable[[Sequence[Any]], Any] = tenth_of_spread
    momentum: Any = None
    less: Less = operator.lt

    def step(self, state: State, loss: Any) -> State:
        """State after a loss."""
        window, total = (*state.window, loss), state.total + loss
        if len(window) > self.window_size:
            window, total = window[1:], total - window[0]
        current, seen, raw = total / len(window), state.seen + 1, (*state.raw, loss)[-LOSSES:]
        good, bad = state.good, state.bad
        if seen > SPIKES and self.less(2 * (_sum(raw[-SPIKES:]) / SPIKES), loss):
            bad = max(0, bad - 2)
        threshold = self.smallest
        if seen > LOSSES:
            spread = self.spread(raw)
            threshold = spread if self.less(threshold, spread) else threshold
        better = state.best is None or self.less(current, state.best - threshold)
        good, bad = (good + 1, 0) if better else (0, bad + 1)
        state = replace(state, best=current if better else state.best, window=window, total=total, raw=raw, seen=seen)
        return self._counted(state, good, bad)

    def _counted(self, state: State, good: int, bad: int) -> State:
        rate, cooling, warming, pause = state.rate, state.cooling, state.warming, max(3, self.patience // 3)
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if warming > 0:
            warming, good = warming - 1, 0
        if bad > self.patience:
            rate = self._moved(rate * self.factor, state.velocity)
            rate, cooling, bad = self.low if self.less(rate, self.low) else rate, pause, 0
        if good > self.patience:
            rate = self._moved(rate * (1 / self.factor), state.velocity)
            rate, warming, good = self.high if self.less(self.high, rate) else rate, pause, 0
        velocity = state.velocity if self.momentum is None else self.momentum * state.velocity
        return replace(state, rate=rate, good=good, bad=bad, cooling=cooling, warming=warming, velocity=velocity)

    def _moved(self, rate: Any, velocity: Any) -> Any:
        return rate if self.momentum is None else rate + self.momentum * velocity

    def rates(self, start: Any, losses: Sequence[Any]) -> Iterator[Any]:
        """Rate after each loss."""
        state = State(start)
        for loss in losses:
            state = self.step(state, loss)
            yield state.rate


def _sum(values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total
