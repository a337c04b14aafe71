"""Every open-loop schedule as a formula for the rate at one step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tests.naive import elementary


def cosine(turns: float) -> float:
    """cos(2 pi u)."""
    return elementary.sine_cosine_turn(turns)[1]


def power(base: float, exponent: float) -> float:
    """base ** exponent by exp and log; the base itself for exponent 1."""
    if exponent == 1.0:
        return base
    if base == 0.0 and exponent > 0.0:
        return 0.0
    return elementary.exp(exponent * elementary.log(base))


def climb(t: float, steps: int) -> float:
    """min(t / steps, 1)."""
    return min(t / steps, 1.0) if steps else 1.0


class OpenLoop:
    """A schedule known in advance; `steps` is the length of the run."""

    view: Any = None  # schedules look at nothing

    def __init__(self, rule: Any, lr0: Sequence[float], steps: int) -> None:
        self.rule, self.lr0, self.steps = rule, list(lr0), steps
        self.count = 0
        self.lr = [self.rate(lr, 0) for lr in self.lr0]

    def rate(self, lr0: float, t: int) -> float:
        """The rate after t steps of the scheduler."""
        raise NotImplementedError

    def step(self, metric: float) -> None:
        self.count += 1
        self.lr = [self.rate(lr, self.count) for lr in self.lr0]


class Constant(OpenLoop):
    """The initial rate, always."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0


class Cosine(OpenLoop):
    """arXiv 1608.03983, equation 5, without restarts."""

    def rate(self, lr0: float, t: int) -> float:
        if t == 0:
            return lr0  # as given, where the formula would round
        down = self.steps if self.rule.t_max is None else self.rule.t_max
        _, cosine = elementary.sine_cosine_turn(t / (2.0 * down))
        return self.rule.eta_min + (lr0 - self.rule.eta_min) * (0.5 * (1.0 + cosine))


class Step(OpenLoop):
    """StepLR: one multiplication at every multiple of the period."""

    def rate(self, lr0: float, t: int) -> float:
        for k in range(1, t + 1):
            lr0 = lr0 * self.rule.factor if k % self.rule.period == 0 else lr0
        return lr0


class MultiStep(OpenLoop):
    """MultiStepLR: multiplied by factor^(how often k is a milestone) at step k."""

    def rate(self, lr0: float, t: int) -> float:
        for k in range(1, t + 1):
            factor = 1.0
            for milestone in self.rule.milestones:
                factor *= self.rule.factor if milestone == k else 1.0
            lr0 *= factor
        return lr0


class Exponential(OpenLoop):
    """ExponentialLR."""

    def rate(self, lr0: float, t: int) -> float:
        for _ in range(t):
            lr0 *= self.rule.factor
        return lr0


class Polynomial(OpenLoop):
    """PolynomialLR."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 * power(1.0 - climb(float(t), self.rule.total or self.steps), self.rule.power)


class Linear(OpenLoop):
    """LinearLR."""

    def rate(self, lr0: float, t: int) -> float:
        low, high = self.rule.start_factor, self.rule.end_factor
        return lr0 * (low + (high - low) * climb(float(t), self.rule.total or self.steps))


class ReducedStart(OpenLoop):
    """ConstantLR."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 * self.rule.factor if t < self.rule.total else lr0


class CosineRestarts(OpenLoop):
    """CosineAnnealingWarmRestarts: walk through the periods."""

    def rate(self, lr0: float, t: int) -> float:
        period = self.rule.t_0
        while t >= period:
            t, period = t - period, period * self.rule.t_mult
        if t == 0:
            return lr0
        return self.rule.eta_min + (lr0 - self.rule.eta_min) * (0.5 * (1.0 + cosine(t / (2.0 * period))))


class OneCycle(OpenLoop):
    """OneCycleLR: the first phase whose end is not yet passed."""

    def levels(self, lr0: float) -> list[float]:
        first = lr0 / self.rule.div
        last = first / self.rule.final_div
        return [first, lr0, first, last] if self.rule.three_phases else [first, lr0, last]

    def rate(self, lr0: float, t: int) -> float:
        total, levels = self.rule.total or self.steps + 1, self.levels(lr0)
        ends = [0.0, self.rule.climb * total - 1.0, 2.0 * self.rule.climb * total - 2.0]
        ends = [*ends[: len(levels) - 1], total - 1.0]
        t = min(t, total - 1)
        for k in range(1, len(ends)):
            if t <= ends[k] or k == len(ends) - 1:
                share = (t - ends[k - 1]) / (ends[k] - ends[k - 1]) if ends[k] != ends[k - 1] else 1.0
                bend = share if self.rule.anneal == "linear" else 0.5 * (1.0 - cosine(0.5 * share))
                return levels[k - 1] + (levels[k] - levels[k - 1]) * bend
        raise AssertionError


class OneCycleMomentum(OneCycle):
    """The momentum of OneCycleLR."""

    def levels(self, lr0: float) -> list[float]:
        high = self.rule.largest
        return [high, self.rule.smallest, high, high][: 4 if self.rule.three_phases else 3]


class Cyclic(OpenLoop):
    """CyclicLR."""

    def rate(self, lr0: float, t: int) -> float:
        total = float(self.rule.up + (self.rule.down or self.rule.up))
        cycle = math.floor(1.0 + t / total)
        share, peak = 1.0 + t / total - cycle, self.rule.up / total
        height = share / peak if share <= peak else (share - 1.0) / (peak - 1.0)
        scale = 1.0
        if self.rule.mode == "triangular2":
            scale = 0.5 ** (cycle - 1)
        elif self.rule.mode == "exp_range":
            for _ in range(t):
                scale *= self.rule.gamma
        return lr0 + (self.rule.max_lr - lr0) * height * scale


class InverseTime(OpenLoop):
    """gamma_0 / (1 + k t)."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 / (1.0 + self.rule.decay * t)


class InverseSqrt(OpenLoop):
    """gamma_0 / sqrt(1 + k t)."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 / math.sqrt(1.0 + self.rule.decay * t)


class WarmupInverseSqrt(OpenLoop):
    """get_inverse_sqrt_schedule."""

    def rate(self, lr0: float, t: int) -> float:
        if t < self.rule.warmup:
            return lr0 * climb(float(t), self.rule.warmup)
        scale = self.rule.timescale or self.rule.warmup or 10_000
        return lr0 * (1.0 / math.sqrt((t + (scale - self.rule.warmup)) / scale))


class WarmupCosine(OpenLoop):
    """get_cosine_schedule_with_warmup, with a floor."""

    def rate(self, lr0: float, t: int) -> float:
        if t < self.rule.warmup:
            return lr0 * climb(float(t), self.rule.warmup)
        share = (t - self.rule.warmup) / max(1, (self.rule.total or self.steps) - self.rule.warmup)
        factor = 0.5 * (1.0 + cosine(self.rule.cycles * share))
        return lr0 * (factor * (1.0 - self.rule.floor) + self.rule.floor)


class WarmupHardRestarts(OpenLoop):
    """get_cosine_with_hard_restarts_schedule_with_warmup."""

    def rate(self, lr0: float, t: int) -> float:
        if t < self.rule.warmup:
            return lr0 * climb(float(t), self.rule.warmup)
        share = (t - self.rule.warmup) / max(1, (self.rule.total or self.steps) - self.rule.warmup)
        return 0.0 if share >= 1.0 else lr0 * (0.5 * (1.0 + cosine(0.5 * ((self.rule.cycles * share) % 1.0))))


class WarmupPolynomial(OpenLoop):
    """get_polynomial_decay_schedule_with_warmup."""

    def rate(self, lr0: float, t: int) -> float:
        total = self.rule.total or self.steps
        if t < self.rule.warmup:
            return lr0 * climb(float(t), self.rule.warmup)
        if t >= total:
            return self.rule.end
        left = 1.0 - min(1.0, (t - self.rule.warmup) / max(1, total - self.rule.warmup))
        return self.rule.end + (lr0 - self.rule.end) * power(left, self.rule.power)


class WarmupStableDecay(OpenLoop):
    """get_wsd_schedule."""

    def rate(self, lr0: float, t: int) -> float:
        rule = self.rule
        stable = max(0, self.steps - rule.warmup - rule.decay) if rule.stable is None else rule.stable
        if t < rule.warmup:
            u = climb(float(t), rule.warmup)
            shapes = {"linear": u, "cosine": 0.5 * (1.0 - cosine(0.5 * u)), "1-sqrt": 1.0 - math.sqrt(1.0 - u)}
            return lr0 * (shapes[rule.warmup_shape] * (1.0 - rule.floor) + rule.floor)
        if t >= rule.warmup + stable + rule.decay:
            return lr0 * rule.floor
        if t < rule.warmup + stable:
            return lr0 * 1.0
        u = climb(float(t - rule.warmup - stable), rule.decay)
        shapes = {"linear": 1.0 - u, "cosine": 0.5 * (1.0 + cosine(0.5 * u)), "1-sqrt": 1.0 - math.sqrt(u)}
        return lr0 * (shapes[rule.decay_shape] * (1.0 - rule.floor) + rule.floor)


class Piecewise(OpenLoop):
    """The factor after the last milestone passed."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 * self.rule.factors[sum(milestone <= t for milestone in self.rule.milestones)]


class Table(OpenLoop):
    """The t-th factor, or the last."""

    def rate(self, lr0: float, t: int) -> float:
        return lr0 * self.rule.factors[min(t, len(self.rule.factors) - 1)]


TWINS: dict[str, Any] = {
    twin.__name__: twin
    for twin in (
        Constant, Cosine, Step, MultiStep, Exponential, Polynomial, Linear, ReducedStart, CosineRestarts, OneCycle,
        OneCycleMomentum, Cyclic, InverseTime, InverseSqrt, WarmupInverseSqrt, WarmupCosine, WarmupHardRestarts,
        WarmupPolynomial, WarmupStableDecay, Piecewise, Table,
    )
}  # fmt: skip
