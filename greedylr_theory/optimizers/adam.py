"""Adam with bias correction (Kingma and Ba, arXiv 1412.6980, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Optimizer, optimizer_kernel
from greedylr_theory.params import Interval, param


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """Params: beta1, beta2, eps; state: first moments (d rows), second moments (d), beta1^t, beta2^t.

    The order of operations is that of torch.optim.Adam: sqrt(v) / sqrt(1 - beta2^t) + eps, lr / (1 - beta1^t).
    The powers are kept one below 1 (1 - beta^t = 1 - p with p from the state), so zeros are a valid start.
    """
    d, lanes = x.shape
    for lane in range(lanes):
        # the state starts at zero, so it holds 1 - beta^t rather than beta^t
        state[2 * d, lane] = params[0, lane] * state[2 * d, lane] + (1.0 - params[0, lane])
        state[2 * d + 1, lane] = params[1, lane] * state[2 * d + 1, lane] + (1.0 - params[1, lane])
    for i in range(d):
        for lane in range(lanes):
            beta1, beta2, slope = params[0, lane], params[1, lane], gradient[i, lane]
            first = beta1 * state[i, lane] + (1.0 - beta1) * slope
            second = beta2 * state[d + i, lane] + (1.0 - beta2) * (slope * slope)
            state[i, lane], state[d + i, lane] = first, second
            scale = np.sqrt(second) / np.sqrt(state[2 * d + 1, lane]) + params[2, lane]
            x[i, lane] -= lr[lane] / state[2 * d, lane] * (first / scale)


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
        return 2 * dim + 2


PLUGIN = Adam
