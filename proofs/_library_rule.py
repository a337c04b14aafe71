"""The rule of class GreedyLR in transformers in any exact arithmetic, with every comparison made by an oracle.

One `step(metric)` of the class is `Library.step`. Metrics may also be `math.inf`, `-math.inf` or `math.nan`: they are
exact, since a sum with one of them is one of them again.
"""

from __future__ import annotations

import itertools
import math
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from greedylr_theory import replay
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.schedulers import GreedyLibrary

Less = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class State:
    """Where the rule stands between two metrics; best is None until a metric has been better than infinity."""

    rates: tuple[Any, ...]
    best: Any = None
    good: int = 0
    bad: int = 0
    cooling: int = 0
    warming: int = 0
    reset: int = 0
    window: tuple[Any, ...] = ()
    total: Any = Fraction(0)


@dataclass(frozen=True)
class Library:
    """Parameters as in `GreedyLibrary`, except that they are exact and `less` decides every comparison of numbers.

    >>> rule = Library(factor=Fraction(1, 2), patience=0, min_lr=Fraction(0), max_lr=Fraction(8))
    >>> [int(2 * rate) for rate in rule.rates((Fraction(1, 2),), [Fraction(3), Fraction(2), Fraction(2)])]
    [2, 4, 2]
    """

    factor: Any = Fraction(19, 20)
    patience: int = 10
    threshold: Any = Fraction(1, 10**6)
    relative: bool = False
    maximise: bool = False
    cooldown: int = 0
    warmup: int = 0
    min_lr: Any = Fraction(1, 1000)
    max_lr: Any = Fraction(1)
    eps: Any = Fraction(1, 10**8)
    window_size: int | None = None  #: None for no smoothing
    reset_start: int = 500
    less: Less = operator.lt

    def start(self, rates: tuple[Any, ...]) -> State:
        """Before the first metric."""
        return State(rates, reset=self.reset_start)

    def step(self, state: State, metric: Any, initial: tuple[Any, ...]) -> State:
        """State after a metric; `initial` are the rates that a reset returns to."""
        state, current = self._observe(state, metric)
        if state.cooling > 0:
            return replace(state, cooling=state.cooling - 1, good=0, bad=0)
        if state.warming > 0:
            return replace(state, warming=state.warming - 1, good=0, bad=0)
        if self.is_better(current, state.best):
            state = replace(state, best=current, bad=0, good=state.good + 1)
        else:
            state = replace(state, bad=state.bad + 1, good=0)
        if state.good > self.patience:
            return replace(self._increased(state), warming=self.warmup, good=0)
        if state.bad > self.patience:
            return replace(self._reduced(state, initial), cooling=self.cooldown, bad=0)
        return state

    def is_better(self, current: Any, best: Any) -> bool:
        """Whether a metric improves on the best by more than the threshold."""
        if best is None:
            worst = -math.inf if self.maximise else math.inf
            return not isinstance(current, float) or current == -worst  # infinities are the only floats
        sign = -1 if self.maximise else 1
        wanted = best * (1 - sign * self.threshold) if self.relative else best - sign * self.threshold
        return self.less(wanted, current) if self.maximise else self.less(current, wanted)

    def _observe(self, state: State, metric: Any) -> tuple[State, Any]:
        if self.window_size is None:
            return state, metric
        window, total = (*state.window, metric), state.total + metric
        if len(window) > self.window_size:
            window, total = window[1:], total - window[0]
        return replace(state, window=window, total=total), total / len(window)

    def _increased(self, state: State) -> State:
        rates: list[Any] = []
        for rate in state.rates:
            up = rate / self.factor
            up = self.max_lr if self.less(self.max_lr, up) else up
            rates.append(up if self.less(self.eps, up - rate) else rate)
        return replace(state, rates=tuple(rates), reset=self.reset_start)

    def _reduced(self, state: State, initial: tuple[Any, ...]) -> State:
        rates: list[Any] = []
        for rate in state.rates:
            down = rate * self.factor
            down = self.min_lr if self.less(down, self.min_lr) else down
            rates.append(down if self.less(self.eps, rate - down) else rate)
        state = replace(state, rates=tuple(rates))
        if any(self.less(self.min_lr, rate) for rate in rates):
            return state
        return self.start(initial) if state.reset <= 1 else replace(state, reset=state.reset - 1)

    def states(self, rates: tuple[Any, ...], metrics: Sequence[Any]) -> Iterator[State]:
        """State after each metric."""
        state = self.start(rates)
        for metric in metrics:
            state = self.step(state, metric, rates)
            yield state

    def rates(self, start: tuple[Any, ...], metrics: Sequence[Any]) -> list[Any]:
        """Rate of the first parameter group after each metric."""
        return [state.rates[0] for state in self.states(start, metrics)]

    def compiled(self) -> GreedyLibrary:
        """The compiled rule with the same parameters, rounded to double precision."""
        return GreedyLibrary(
            mode="max" if self.maximise else "min", factor=float(self.factor), patience=self.patience,
            threshold=float(self.threshold), threshold_mode="rel" if self.relative else "abs",
            cooldown=self.cooldown, warmup=self.warmup, min_lr=float(self.min_lr), max_lr=float(self.max_lr),
            eps=float(self.eps), smooth=self.window_size is not None, window_size=self.window_size or 50,
            reset_start=self.reset_start,
        )  # fmt: skip

    def replayed(self, start: Any, metrics: Sequence[Any]) -> np.ndarray:
        """Rates of the compiled rule; its warnings are what the claims are about."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ScheduleWarning)
            return replay(self.compiled(), [float(metric) for metric in metrics], lr0=float(start))

    def deviation(self, start: Any, metrics: Sequence[Any]) -> float:
        """Largest relative difference between the exact rates and those of the compiled rule."""
        exact = np.array([float(rate) for rate in self.rates((start,), metrics)])
        return float(np.max(np.abs(self.replayed(start, metrics) - exact) / exact, initial=0.0))


def outcomes(pattern: Sequence[bool]) -> list[Fraction]:
    """Metrics that improve by 1 where the pattern says so, and stand 1 above the best where it does not."""
    best, metrics = Fraction(0), []
    for better in pattern:
        best -= better
        metrics.append(best if better else best + 1)
    return metrics


def patterns(length: int) -> Iterator[tuple[bool, ...]]:
    """All sequences of better and not better that begin with better, as every first metric is."""
    return ((True, *rest) for rest in itertools.product((True, False), repeat=length - 1))


def same(found: Sequence[Any], expected: Sequence[Any], what: str = "rate") -> dict[str, Any]:
    """Relations that say that two sequences are equal, one per entry, and of one length."""
    relations: dict[str, Any] = {"length": (len(found), "==", len(expected))}
    for t, pair in enumerate(zip(found, expected, strict=False), start=1):
        relations[f"{what} after {t} metrics"] = (pair[0], "==", pair[1])
    return relations
