"""Adam with bias correction (Kingma and Ba, arXiv 1412.6980, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Optimizer, optimizer_kernel
from greedylr_theory.params import Interval, param


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """Params: beta1, beta2, eps; state: first moments (d rows), second moments (d), then four rows of scalars.

    The scalars are 1 - beta1^t, 1 - beta2^t (zero at the start, as all state), lr / (1 - beta1^t) and
    1 / sqrt(1 - beta2^t); the last two are only kept so that they are computed once per step.
    """
    d, lanes = x.shape
    for lane in range(lanes):
        correction1 = params[0, lane] * state[2 * d, lane] + (1.0 - params[0, lane])
        correction2 = params[1, lane] * state[2 * d + 1, lane] + (1.0 - params[1, lane])
        state[2 * d, lane] = correction1
        state[2 * d + 1, lane] = correction2
        state[2 * d + 2, lane] = lr[lane] / correction1
        state[2 * d + 3, lane] = 1.0 / np.sqrt(correction2)
    beta1, beta2, eps = params[0], params[1], params[2]
    rate, inverse_root = state[2 * d + 2], state[2 * d + 3]
    for i in range(d):
        # rows by name: with indices in the inner loop the compiler gives up on vectorising it
        slope, first, second, point = gradient[i], state[i], state[d + i], x[i]
        for lane in range(lanes):
            first[lane] = beta1[lane] * first[lane] + (1.0 - beta1[lane]) * slope[lane]
            second[lane] = beta2[lane] * second[lane] + (1.0 - beta2[lane]) * (slope[lane] * slope[lane])
            root = np.sqrt(second[lane]) * inverse_root[lane] + eps[lane]
            point[lane] -= rate[lane] * (first[lane] / root)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: steps along bias-corrected first moments over the root of second moments.

    Args:
        beta1, beta2: decay rates of the moments.
        eps: added to the root of the second moment, in loss / length.
    """

    beta1: float = param(0.9, symbol=r"\beta_1", domain=Interval.left_closed(0, 1), doc="decay of the first moment")
    beta2: float = param(0.999, symbol=r"\beta_2", domain=Interval.left_closed(0, 1), doc="decay of the second moment")
    eps: float = param(
        1e-8, symbol=r"\epsilon", domain=Interval.left_closed(0, 1), unit="loss/length", doc="keeps the quotient finite"
    )

    kernel: ClassVar[Any] = update

    def state_rows(self, dim: int) -> int:
        return 2 * dim + 4


PLUGIN = Adam
