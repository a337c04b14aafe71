"""Heavy ball whose momentum follows from the last two gradients (Wang et al., arXiv 2110.09057)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Optimizer, optimizer_kernel
from greedylr_theory.params import Interval, param

#: rows of the state after the last iterate and the last gradient, of d rows each; beta is the last row of all
STARTED, MOVED, CHANGED, BETA = range(4)


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """Params: delta; state: x_{k-1} and g_{k-1} (d rows each), whether there are any, two sums, and beta_k."""
    d, lanes = x.shape
    scalars = state[2 * d :]
    started, moved, changed, beta = scalars[STARTED], scalars[MOVED], scalars[CHANGED], scalars[BETA]
    for lane in range(lanes):
        moved[lane] = 0.0
        changed[lane] = 0.0
    for i in range(d):
        slope, point, old, old_slope = gradient[i], x[i], state[i], state[d + i]
        for lane in range(lanes):
            step_taken, turn = point[lane] - old[lane], slope[lane] - old_slope[lane]
            moved[lane] += step_taken * step_taken
            changed[lane] += turn * turn
    for lane in range(lanes):
        root = 1.0 - np.sqrt(lr[lane] * (np.sqrt(changed[lane]) / np.sqrt(moved[lane])))
        share, most = root * root, 1.0 - params[0, lane]
        share = most if share > most else share
        beta[lane] = share if (started[lane] == 1.0) & (moved[lane] > 0.0) else 0.0
        started[lane] = 1.0
    for i in range(d):
        slope, point, old, old_slope = gradient[i], x[i], state[i], state[d + i]
        for lane in range(lanes):
            here = point[lane]
            point[lane] = here - lr[lane] * slope[lane] + beta[lane] * (here - old[lane])
            old[lane] = here
            old_slope[lane] = slope[lane]


@dataclass(frozen=True)
class AdaptiveHeavyBall(Optimizer):
    """x_{k+1} = x_k - lr g_k + beta_k (x_k - x_{k-1}), beta_k = min((1 - sqrt(lr l_k))^2, 1 - delta).

    l_k = norm(g_k - g_{k-1}) / norm(x_k - x_{k-1}) estimates a curvature; (1 - sqrt(lr l))^2 is the best momentum for
    a quadratic of smallest curvature l. beta_k is 0 at the first step, and where x_k = x_{k-1}, since l_k is then not
    defined and the momentum has nothing to act on. With sampled gradients g_k and g_{k-1} belong to different samples,
    so that l_k contains their noise over the length of the last step, and beta_k is no longer about curvature alone.

    beta_k of the last update is the last row of the optimizer's state: `Session.checkpoint()["state2"][:, -1]`.

    Args:
        delta: beta_k stays at or below 1 - delta.

    Source: arXiv 2110.09057, where beta_k is the projection of (1 - sqrt(lr l_k))^2 to [0, 1 - delta].
    """

    delta: float = param(1e-3, symbol=r"\delta", domain=Interval.open(0, 1), doc="distance of the momentum from 1")

    kernel: ClassVar[Any] = update

    def state_rows(self, dim: int) -> int:
        return 2 * dim + 4


PLUGIN = AdaptiveHeavyBall
