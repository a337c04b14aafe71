"""AdGD: adaptive gradient descent without descent (Malitsky and Mishchenko, arXiv 1910.09529)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Scheduler, scheduler_kernel

#: rows of the state after the last iterate and the last gradient, of d rows each
MOVED, TURNED, RATIO = range(3)


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """lr = min(sqrt(1 + theta) lr, |s| / (2 |y|)); state: last x and g, |s|^2, |y|^2, theta."""
    d = x.shape[0]
    scalars = state[2 * d :]
    moved, turned, ratio = scalars[MOVED], scalars[TURNED], scalars[RATIO]
    for lane in range(lr.size):
        moved[lane] = 0.0
        turned[lane] = 0.0
    for i in range(d):
        point, slope, old, old_slope = x[i], gradient[i], state[i], state[d + i]
        for lane in range(lr.size):
            s, y = point[lane] - old[lane], slope[lane] - old_slope[lane]
            moved[lane] += s * s
            turned[lane] += y * y
            old[lane] = point[lane]
            old_slope[lane] = slope[lane]
    if step == 0:  # nothing to compare with
        return
    for lane in range(lr.size):
        rate = lr[lane]
        grown = np.sqrt(1.0 + ratio[lane]) * rate
        # infinite by itself where only y = 0
        local = np.sqrt(moved[lane]) / (2.0 * np.sqrt(turned[lane])) if moved[lane] > 0.0 else np.inf
        new = local if local < grown else grown
        known = new != np.inf
        ratio[lane] = new / rate if known else ratio[lane]
        lr[lane] = new if known else rate


@dataclass(frozen=True)
class AdGD(Scheduler):
    """gamma_t = min(sqrt(1 + theta_{t-1}) gamma_{t-1}, norm(s) / (2 norm(y))), theta_t = gamma_t / gamma_{t-1}.

    s = x_t - x_{t-1}, y = g_t - g_{t-1}. The first step uses gamma_0, and theta_0 is infinite, so that gamma_1 is the
    second term alone. That term is infinite where x or g did not change; until both have, the rate stays at gamma_0,
    and from then on gamma_t >= 1 / (2 L). For convex f with a locally Lipschitz gradient the iterates converge to a
    minimiser, with no constant of f known and whatever gamma_0.

    On a sampled objective g_t and g_{t-1} belong to different samples, and noise on the gradient is new every time:
    norm(y) then contains the difference of two noises, which does not vanish with s. Where noise outweighs the gradient
    the second term is about a third of the rate, so that the rate falls to nothing. The stochastic version of the paper
    compares gradients of one sample instead, at twice the cost, and is not this rule.

    Source: arXiv 1910.09529, Algorithm 1.
    """

    kernel: ClassVar[Any] = adjust
    ordering: ClassVar[str | None] = "before_update"
    needs_gradient: ClassVar[bool] = True

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        state = np.zeros((2 * dim + 3, lr0.size))
        state[2 * dim + RATIO] = np.inf
        return state


PLUGIN = AdGD
