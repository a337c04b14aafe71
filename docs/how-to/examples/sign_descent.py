"""Steps along the signs of an average of the gradients, written for one run at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.adapters import per_run_optimizer
from greedylr_theory.contracts import Optimizer
from greedylr_theory.params import Interval, param


def move(step, lr, gradient, params, state, x):
    """m <- beta m + (1 - beta) g, then x <- x - lr sign(m); state holds m (d,)."""
    for i in range(x.size):
        state[i] = params[0] * state[i] + (1.0 - params[0]) * gradient[i]
        x[i] -= lr * np.sign(state[i])


@dataclass(frozen=True)
class SignDescent(Optimizer):
    """x_{t+1} = x_t - lr sign(m_t), m_t = beta m_{t-1} + (1 - beta) g_t.

    Args:
        beta: decay of the average of gradients.
    """

    beta: float = param(0.9, symbol=r"\beta", domain=Interval.left_closed(0, 1), doc="decay of the average")

    kernel: ClassVar[Any] = per_run_optimizer(move)

    def state_rows(self, dim: int) -> int:
        return dim


PLUGIN = SignDescent
