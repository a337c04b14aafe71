"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Optimizer, optimizer_kernel


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """x <- x - lr g per lane."""
    d, lanes = x.shape
    for i in range(d):
        for lane in range(lanes):
            x[i, lane] -= lr[lane] * gradient[i, lane]


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """x_{t+1} = x_t - lr g_t."""

    kernel: ClassVar[Any] = update


PLUGIN = GradientDescent
