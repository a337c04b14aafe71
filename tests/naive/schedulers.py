"""Every scheduling rule as it is stated in its source: one class, one `step(metric)`, no arrays.

Each takes the declared plug-in for its parameters only, and one initial rate per parameter group. Sums are
written out, because `sum` compensates for rounding from Python 3.12 on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tests.naive.from_theory import TWINS as FROM_THEORY
from tests.naive.open_loop import TWINS as OPEN_LOOP
from tests.naive.open_loop import OpenLoop


def spread(value: float | Sequence[float], groups: int) -> list[float]:
    """One bound per parameter group."""
    if isinstance(value, int | float):
        return [float(value)] * groups
    assert len(value) == groups
    return [float(entry) for entry in value]


def plain_sum(values: Sequence[float]) -> float:
    """From the first value to the last, rounding at every addition."""
    total = 0.0
    for value in values:
        total += value
    return total


class StreamingAverage:
    """Mean of the last `size` values from a running sum: the newest is added before the oldest is subtracted."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: list[float] = []
        self.total = 0.0

    def add(self, value: float) -> float:
        self.values.append(value)
        self.total += value
        if len(self.values) > self.size:
            self.total -= self.values.pop(0)
        return self.total / len(self.values)


class GreedyPrevious:
    """arXiv 2512.14527, Algorithm 1: compare with the previous loss; a tie counts as worse."""

    def __init__(self, rule: Any, lr0: Sequence[float]) -> None:
        self.lr = list(lr0)
        self.rule = rule
        self.lowest, self.highest = spread(rule.min_lr, len(self.lr)), spread(rule.max_lr, len(self.lr))
        self.previous = math.inf if rule.first == "infinity" else None

    def step(self, metric: float) -> None:
        if self.previous is not None:
            for i, lr in enumerate(self.lr):
                lr = lr / self.rule.factor if metric < self.previous else lr * self.rule.factor
                self.lr[i] = max(self.lowest[i], min(self.highest[i], lr))
        self.previous = metric


def is_better(rule: Any, current: float, best: float) -> bool:
    """Better than the best so far by more than the threshold; false for NaN."""
    if rule.mode == "min":
        return current < (best * (1.0 - rule.threshold) if rule.threshold_mode == "rel" else best - rule.threshold)
    return current > (best * (1.0 + rule.threshold) if rule.threshold_mode == "rel" else best + rule.threshold)


class GreedyBest:
    """arXiv 2512.14527, Algorithms 2 and 3: compare with the best value so far."""

    def __init__(self, rule: Any, lr0: Sequence[float]) -> None:
        self.lr = list(lr0)
        self.rule = rule
        self.lowest, self.highest = spread(rule.min_lr, len(self.lr)), spread(rule.max_lr, len(self.lr))
        self.restart()

    def restart(self) -> None:
        self.best = math.inf if self.rule.mode == "min" else -math.inf
        self.bad = self.good = self.cooldown = self.warmup = 0
        self.reset = self.rule.reset_start
        self.average = StreamingAverage(self.rule.window_size)

    def step(self, metric: float) -> None:
        rule = self.rule
        current = self.average.add(metric) if rule.smooth else metric
        if is_better(rule, current, self.best):
            self.best = current
            self.bad = 0
            self.good += 1
        else:
            self.bad += 1
            self.good = 0
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
        if self.warmup > 0:
            self.warmup -= 1
            self.good = 0
        if self.bad > rule.patience:
            for i, lr in enumerate(self.lr):
                lower = max(lr * rule.factor, self.lowest[i])
                if lr - lower > rule.eps:
                    self.lr[i] = lower
            self.cooldown = rule.cooldown
            self.bad = 0
        if self.good > rule.patience:
            self.lr = [min(lr / rule.factor, high) for lr, high in zip(self.lr, self.highest, strict=True)]
            self.warmup = rule.warmup
            self.good = 0
        if rule.reset_start > 0 and all(lr == self.lr[0] for lr in self.lr):
            self.reset -= 1
            if self.reset == 0:
                self.restart()


class GreedyLibrary:
    """The rule of Hugging Face transformers: nothing is looked at in cooldown or warmup; resets at the floor."""

    def __init__(self, rule: Any, lr0: Sequence[float]) -> None:
        self.lr = list(lr0)
        self.lr0 = list(lr0)
        self.rule = rule
        self.lowest, self.highest = spread(rule.min_lr, len(self.lr)), spread(rule.max_lr, len(self.lr))
        self.restart()

    def restart(self) -> None:
        self.lr = list(self.lr0)
        self.best = math.inf if self.rule.mode == "min" else -math.inf
        self.bad = self.good = self.cooldown = self.warmup = 0
        self.reset = self.rule.reset_start
        self.average = StreamingAverage(self.rule.window_size)

    def step(self, metric: float) -> None:
        rule = self.rule
        current = self.average.add(metric) if rule.smooth else metric
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = self.good = 0
            return
        if self.warmup > 0:
            self.warmup -= 1
            self.bad = self.good = 0
            return
        if is_better(rule, current, self.best):
            self.best = current
            self.bad = 0
            self.good += 1
        else:
            self.bad += 1
            self.good = 0
        if self.good > rule.patience:
            self.increase()
            self.warmup = rule.warmup
            self.good = 0
        elif self.bad > rule.patience:
            self.reduce()
            self.cooldown = rule.cooldown
            self.bad = 0

    def increase(self) -> None:
        for i, lr in enumerate(self.lr):
            higher = min(lr / self.rule.factor, self.highest[i])
            if higher - lr > self.rule.eps:
                self.lr[i] = higher
        self.reset = self.rule.reset_start

    def reduce(self) -> None:
        for i, lr in enumerate(self.lr):
            lower = max(lr * self.rule.factor, self.lowest[i])
            if lr - lower > self.rule.eps:
                self.lr[i] = lower
        if all(lr <= low for lr, low in zip(self.lr, self.lowest, strict=True)):
            self.reset -= 1
            if self.reset <= 0:
                self.restart()


class ReduceOnPlateau:
    """ReduceLROnPlateau of torch."""

    def __init__(self, rule: Any, lr0: Sequence[float]) -> None:
        self.lr = list(lr0)
        self.rule = rule
        self.lowest = spread(rule.min_lr, len(self.lr))
        self.best = math.inf if rule.mode == "min" else -math.inf
        self.bad = self.cooldown = 0

    def step(self, metric: float) -> None:
        if is_better(self.rule, metric, self.best):
            self.best = metric
            self.bad = 0
        else:
            self.bad += 1
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
        if self.bad > self.rule.patience:
            for i, lr in enumerate(self.lr):
                lower = max(lr * self.rule.factor, self.lowest[i])
                if lr - lower > self.rule.eps:
                    self.lr[i] = lower
            self.cooldown = self.rule.cooldown
            self.bad = 0


class GreedyStudy:
    """The rule of the authors' robustness study: spikes are forgiven, the threshold follows the spread."""

    def __init__(self, rule: Any, lr0: Sequence[float]) -> None:
        self.lr = list(lr0)
        self.rule = rule
        self.lowest, self.highest = spread(rule.min_lr, len(self.lr)), spread(rule.max_lr, len(self.lr))
        self.best = math.inf
        self.bad = self.good = self.cooldown = self.warmup = 0
        self.average = StreamingAverage(rule.window_size)
        self.losses: list[float] = []
        self.patience = rule.patience
        self.improvements = 0

    def step(self, metric: float) -> None:
        rule = self.rule
        current = self.average.add(metric) if rule.smooth else metric
        self.losses.append(metric)
        if rule.spike_detection and len(self.losses) > 5 and metric > 2.0 * (plain_sum(self.losses[-5:]) / 5.0):
            self.bad = max(0, self.bad - 2)
        if current < self.best - self.threshold():
            self.best = current
            self.bad = 0
            self.good += 1
            self.improvements += 1
        else:
            self.bad += 1
            self.good = 0
        if rule.adaptive_patience:
            self.adapt()
        if self.cooldown > 0:
            self.cooldown -= 1
            self.bad = 0
        if self.warmup > 0:
            self.warmup -= 1
            self.good = 0
        if self.bad > self.patience:
            self.lr = [max(lr * rule.factor, low) for lr, low in zip(self.lr, self.lowest, strict=True)]
            self.cooldown = max(3, self.patience // 3)
            self.bad = 0
        if self.good > self.patience:
            self.lr = [min(lr * (1.0 / rule.factor), high) for lr, high in zip(self.lr, self.highest, strict=True)]
            self.warmup = max(3, self.patience // 3)
            self.good = 0

    def threshold(self) -> float:
        if len(self.losses) <= 10:
            return 1e-6
        window = self.losses[-10:]
        mean = plain_sum(window) / 10.0
        spread = math.sqrt(plain_sum([(loss - mean) * (loss - mean) for loss in window]) / 10.0)
        return max(1e-6, 0.1 * spread)  # 1e-6 when the spread is NaN

    def adapt(self) -> None:
        patience = self.rule.patience
        if self.improvements > 10:
            self.patience = max(5, patience // 2)
        elif self.improvements < 3:
            self.patience = min(30, 2 * patience)
        else:
            self.patience = patience
        if len(self.losses) % 50 == 0:
            self.improvements = 0


class InTurn:
    """Parts in turn; each is made anew when its time comes and starts from its own first rate.

    `before`: whether the losses come before the updates they belong to; then step 0 is the first observation.
    """

    view: Any = None

    def __init__(self, starts: list[tuple[int, Any]], lr0: Sequence[float], steps: int, before: bool) -> None:
        self.starts, self.lr0, self.steps = starts, list(lr0), steps
        self.count = -1 if before else 0
        self.inner: Any = None
        self.enter()
        self.fresh = before
        self.lr = list(self.inner.lr)

    def enter(self) -> None:
        """Put the part in charge whose time has come, if it is not yet."""
        for k, (first, part) in enumerate(self.starts):
            if first == max(self.count, 0) and (self.count > 0 or k == 0):
                last = self.starts[k + 1][0] if k + 1 < len(self.starts) else self.steps + 1
                length = max(1, min(last, self.steps) - first)
                self.inner = twin(part, self.lr0, length)
                self.fresh = True

    def step(self, metric: float) -> None:
        self.count += 1
        self.enter()
        if not (isinstance(self.inner, OpenLoop) and self.fresh):
            # a table has its first rate already; a rule observes at once
            self.inner.view = self.view
            self.inner.step(metric)
        self.fresh = False
        self.lr = list(self.inner.lr)


def starts_of(rule: Any) -> list[tuple[int, Any]]:
    """(first step, part without parts) of a scheduler that is made of others."""
    if type(rule).__name__ == "Warmup":
        ramp = Ramp(rule)
        return [(0, ramp), *((rule.length + first, part) for first, part in starts_of(rule.after))]
    if type(rule).__name__ == "Sequential":
        begins = [0, *(int(m) for m in rule.milestones)]
        found = []
        for k, part in enumerate(rule.stages):
            end = begins[k + 1] if k + 1 < len(begins) else math.inf
            found += [(begins[k] + first, one) for first, one in starts_of(part) if begins[k] + first < end]
        return found
    return [(0, rule)]


class Ramp:
    """Stands for the climb of a warmup in the list of parts."""

    def __init__(self, rule: Any) -> None:
        self.start, self.length = rule.start, rule.length


class RampTwin(OpenLoop):
    """gamma_0 (start + (1 - start) t / w)."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 * (self.rule.start + (1.0 - self.rule.start) * (t / self.rule.length))


class Chained(OpenLoop):
    """ChainedScheduler as a product: the rate of the first part times rate over base rate of every other."""

    def rate(self, lr0: float, t: int) -> float:
        rate = self.alone(self.rule.schedules[0], lr0, t)
        for part in self.rule.schedules[1:]:
            rate *= self.alone(part, lr0, t) / lr0
        return rate

    def alone(self, part: Any, lr0: float, t: int) -> float:
        schedule = twin(part, [lr0], self.steps)
        for _ in range(t):
            schedule.step(math.nan)
        return schedule.lr[0]


RULES = (GreedyPrevious, GreedyBest, GreedyLibrary, GreedyStudy, ReduceOnPlateau)
TWINS = {
    **OPEN_LOOP, "Chained": Chained, "Ramp": RampTwin, "Warmup": InTurn, "Sequential": InTurn,
    **{twin.__name__: twin for twin in RULES},
}  # fmt: skip
TWINS.update(FROM_THEORY)


def twin(rule: Any, lr0: Sequence[float], steps: int, before: bool = False) -> Any:
    """The plain rule that belongs to a declared scheduler."""
    found = TWINS[type(rule).__name__]
    if found is InTurn:
        return InTurn(starts_of(rule), lr0, steps, before)
    return found(rule, lr0, steps) if issubclass(found, OpenLoop) else found(rule, lr0)
