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


TWINS = {twin.__name__: twin for twin in (GradientDescent, Adam)}


def twin(rule: Any, dim: int) -> Any:
    """The plain update that belongs to a declared optimizer."""
    return TWINS[type(rule).__name__](rule, dim)
