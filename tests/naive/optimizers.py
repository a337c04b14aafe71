"""Every optimizer as it is stated in its source, one coordinate at a time."""

from __future__ import annotations

import math
from typing import Any

from tests.naive.elementary import divided


class GradientDescent:
    """x <- x - lr g."""

    def __init__(self, rule: Any, dim: int) -> None:
        pass

    def move(self, x: list[float], gradient: list[float], lr: float) -> None:
        for i, slope in enumerate(gradient):
            x[i] -= lr * slope


class Adam:
    """arXiv 1412.6980, Algorithm 1, with the corrections of the bias gathered in two factors per step.

    The weight 1 - beta^t that corrects the bias is the moving average of ones.
    """

    def __init__(self, rule: Any, dim: int) -> None:
        self.rule = rule
        self.first, self.second = [0.0] * dim, [0.0] * dim
        self.weight1 = self.weight2 = 0.0

    def move(self, x: list[float], gradient: list[float], lr: float) -> None:
        beta1, beta2 = self.rule.beta1, self.rule.beta2
        self.weight1 = beta1 * self.weight1 + (1.0 - beta1)
        self.weight2 = beta2 * self.weight2 + (1.0 - beta2)
        rate, scale = lr / self.weight1, 1.0 / math.sqrt(self.weight2)
        for i, slope in enumerate(gradient):
            self.first[i] = beta1 * self.first[i] + (1.0 - beta1) * slope
            self.second[i] = beta2 * self.second[i] + (1.0 - beta2) * (slope * slope)
            root = math.sqrt(self.second[i]) * scale + self.rule.eps
            x[i] -= rate * divided(self.first[i], root)


class AdamW:
    """torch.optim.AdamW: x is multiplied by 1 - lr lambda before the step of Adam."""

    def __init__(self, rule: Any, dim: int) -> None:
        self.rule = rule
        self.first, self.second = [0.0] * dim, [0.0] * dim
        self.weight1 = self.weight2 = 0.0

    def kept(self, lr: float) -> float:
        """What is left of x before the step."""
        return 1.0 - lr * self.rule.weight_decay

    def move(self, x: list[float], gradient: list[float], lr: float) -> None:
        beta1, beta2 = self.rule.beta1, self.rule.beta2
        self.weight1 = beta1 * self.weight1 + (1.0 - beta1)
        self.weight2 = beta2 * self.weight2 + (1.0 - beta2)
        for i, slope in enumerate(gradient):
            self.first[i] = beta1 * self.first[i] + (1.0 - beta1) * slope
            self.second[i] = beta2 * self.second[i] + (1.0 - beta2) * (slope * slope)
        kept = self.kept(lr)
        for i in range(len(x)):
            root = math.sqrt(self.second[i]) * (1.0 / math.sqrt(self.weight2)) + self.rule.eps
            x[i] = kept * x[i] - lr / self.weight1 * divided(self.first[i], root)


class AdamS(AdamW):
    """arXiv 2011.11152: the decay is divided by the root of the mean of the corrected second moments."""

    def kept(self, lr: float) -> float:
        total = 0.0
        for moment in self.second:
            total += moment
        size = math.sqrt(total / len(self.second)) * (1.0 / math.sqrt(self.weight2))
        return 1.0 if size == 0.0 else 1.0 - lr * self.rule.weight_decay / size


class Momentum:
    """The pseudocode in the documentation of torch.optim.SGD."""

    def __init__(self, rule: Any, dim: int) -> None:
        self.rule = rule
        self.buffer: list[float] | None = None

    def move(self, x: list[float], gradient: list[float], lr: float) -> None:
        rule = self.rule
        direction = list(gradient)
        if rule.weight_decay != 0.0:
            direction = [g + rule.weight_decay * z for g, z in zip(direction, x, strict=True)]
        if rule.momentum != 0.0:
            if self.buffer is None:
                self.buffer = list(direction)
            else:
                held = 1.0 - rule.dampening
                self.buffer = [rule.momentum * b + held * g for b, g in zip(self.buffer, direction, strict=True)]
            if rule.nesterov:
                direction = [g + rule.momentum * b for g, b in zip(direction, self.buffer, strict=True)]
            else:
                direction = self.buffer
        for i, along in enumerate(direction):
            x[i] -= lr * along


def distance(a: list[float], b: list[float]) -> float:
    """Euclidean, the squares added from the first to the last."""
    total = 0.0
    for one, other in zip(a, b, strict=True):
        total += (one - other) * (one - other)
    return math.sqrt(total)


class AdaptiveHeavyBall:
    """arXiv 2110.09057; no momentum where the last two iterates are the same."""

    def __init__(self, rule: Any, dim: int) -> None:
        self.rule = rule
        self.last: tuple[list[float], list[float]] | None = None

    def move(self, x: list[float], gradient: list[float], lr: float) -> None:
        old, old_gradient = self.last or (x, gradient)
        moved, beta = distance(x, old), 0.0
        if moved > 0.0:
            root = 1.0 - math.sqrt(lr * divided(distance(gradient, old_gradient), moved))
            beta = root * root
            if beta > 1.0 - self.rule.delta:
                beta = 1.0 - self.rule.delta
        here = list(x)
        for i, slope in enumerate(gradient):
            x[i] = here[i] - lr * slope + beta * (here[i] - old[i])
        self.last = here, list(gradient)


TWINS = {twin.__name__: twin for twin in (AdamS, AdamW, Adam, AdaptiveHeavyBall, GradientDescent, Momentum)}


def twin(rule: Any, dim: int) -> Any:
    """The plain update that belongs to a declared optimizer."""
    return TWINS[type(rule).__name__](rule, dim)
