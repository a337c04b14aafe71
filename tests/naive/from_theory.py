"""Step sizes from theory as their sources state them, for one run; those that read x and g find them in `view`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.naive.elementary import divided
from tests.naive.open_loop import OpenLoop, cosine


@dataclass
class View:
    """What a rule can look at before an update."""

    x: list[float]
    gradient: list[float]
    loss: float
    #: the objective somewhere else, on the same sample with the same labels
    value: Callable[[list[float]], float]


def inner(a: Sequence[float], b: Sequence[float]) -> float:
    """From the first product to the last."""
    total = 0.0
    for one, other in zip(a, b, strict=True):
        total += one * other
    return total


class Rule:
    """One rate, and the point of the last call."""

    view: View

    def __init__(self, rule: Any, lr0: Sequence[float]) -> None:
        self.rule = rule
        [rate] = lr0
        self.initial, self.lr = rate, [rate]
        self.last: View | None = None

    def step(self, metric: float) -> None:
        self.lr = [self.next(metric, self.lr[0])]
        self.last = self.view

    def next(self, metric: float, lr: float) -> float:
        raise NotImplementedError

    def differences(self) -> tuple[list[float], list[float]]:
        """s and y."""
        assert self.last is not None
        now, last = self.view, self.last
        moved = [a - b for a, b in zip(now.x, last.x, strict=True)]
        return moved, [a - b for a, b in zip(now.gradient, last.gradient, strict=True)]


class Polyak(Rule):
    """c (l - f*) / |g|^2, not below 0 and not above the cap; nothing new where the gradient is zero."""

    def next(self, metric: float, lr: float) -> float:
        squared = inner(self.view.gradient, self.view.gradient)
        if squared == 0.0:
            return lr
        gap = metric - self.rule.minimum
        rate = divided(self.rule.factor * (0.0 if gap < 0.0 else gap), squared)
        return self.rule.max_lr if rate > self.rule.max_lr else rate


class BarzilaiBorwein(Rule):
    """<s, s> / <s, y> or <s, y> / <y, y>, where the curvature is positive."""

    def next(self, metric: float, lr: float) -> float:
        if self.last is None:
            return lr
        s, y = self.differences()
        if not inner(s, y) > 0.0:
            return lr
        rate = divided(inner(s, s), inner(s, y)) if self.rule.variant == 1 else divided(inner(s, y), inner(y, y))
        if rate > self.rule.max_lr:
            rate = self.rule.max_lr
        return self.rule.min_lr if rate < self.rule.min_lr else rate


class AdGD(Rule):
    """arXiv 1910.09529, Algorithm 1; a difference that is zero says nothing about the curvature."""

    ratio = math.inf

    def next(self, metric: float, lr: float) -> float:
        if self.last is None:
            return lr
        s, y = self.differences()
        known = inner(s, s) > 0.0 and inner(y, y) > 0.0
        local = divided(math.sqrt(inner(s, s)), 2.0 * math.sqrt(inner(y, y))) if known else math.inf
        grown = math.sqrt(1.0 + self.ratio) * lr
        rate = local if local < grown else grown
        if rate == math.inf:
            return lr
        self.ratio = divided(rate, lr)
        return rate


class Armijo(Rule):
    """Trials from the last accepted rate times growth, or from the initial one."""

    upcoming: float | None = None

    def next(self, metric: float, lr: float) -> float:
        rule, view = self.rule, self.view
        rate = self.initial if self.upcoming is None or rule.start == "initial" else self.upcoming
        squared = inner(view.gradient, view.gradient)
        for _ in range(rule.trials):
            there = view.value([z - rate * g for z, g in zip(view.x, view.gradient, strict=True)])
            if there <= view.loss - rule.decrease * rate * squared:
                self.upcoming = rate * rule.growth
                return rate
            rate *= rule.shrink
        self.upcoming = rate
        return 0.0


class Silver(OpenLoop):
    """1 + rho^(nu - 1), nu how often 2 divides the number of the step, which starts at 1."""

    def rate(self, lr0: float, t: int) -> float:
        number, power = t + 1, math.sqrt(2.0) - 1.0
        if number % 2 == 0:
            power = 1.0
            while number % 4 == 0:
                power *= 1.0 + math.sqrt(2.0)
                number //= 2
        return lr0 * (1.0 + power)


class Chebyshev(OpenLoop):
    """2 / (L + mu + (L - mu) cos) in units of 1 / L, in the order of Lebedev and Finogenov."""

    def rate(self, lr0: float, t: int) -> float:
        total = self.rule.total or self.steps
        j = self.root(t % total, total)
        share = 1.0 / self.rule.condition
        return lr0 * (2.0 / ((1.0 + share) + (1.0 - share) * cosine((2.0 * j - 1.0) / (4.0 * total))))

    def root(self, place: int, total: int) -> int:
        """The root (from 1) at a place (from 0) among `total`."""
        if place == total - 1 and total % 2 == 1:
            return total // 2 + 1
        half = self.root(place // 2, total // 2)
        return half if place % 2 == 0 else total + 1 - half


TWINS = {twin.__name__: twin for twin in (AdGD, Armijo, BarzilaiBorwein, Chebyshev, Polyak, Silver)}
