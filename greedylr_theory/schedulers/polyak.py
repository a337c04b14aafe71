"""Polyak's step size: the gap to the minimum over the squared gradient norm (Polyak 1969)."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Objective, Scheduler, scheduler_kernel
from greedylr_theory.params import POSITIVE, REAL, Interval, param

MINIMUM, FACTOR, MAX_LR = range(3)


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """lr = min(c (l - f*) / |g|^2, max_lr), 0 where l < f*, as it was where g = 0; state: |g|^2."""
    squared = state[0]
    for lane in range(lr.size):
        squared[lane] = 0.0
    for i in range(gradient.shape[0]):
        slope = gradient[i]
        for lane in range(lr.size):
            squared[lane] += slope[lane] * slope[lane]
    lowest, factor, cap = params[MINIMUM], params[FACTOR], params[MAX_LR]
    for lane in range(lr.size):
        gap = observed[lane] - lowest[lane]
        gap = 0.0 if gap < 0.0 else gap
        rate = factor[lane] * gap / squared[lane]
        rate = cap[lane] if rate > cap[lane] else rate
        lr[lane] = lr[lane] if squared[lane] == 0.0 else rate


@dataclass(frozen=True)
class Polyak(Scheduler):
    """gamma_t = min(c (l_t - f*) / norm(g_t)^2, gamma_max), with l_t and g_t of the step that the rate is for.

    For convex f and c = 1 no step increases the distance to a minimiser. The rate is 0 where the loss lies below f*,
    and stays as it was where the gradient is zero. gamma_0 plays no part unless the first gradient is zero.

    The rule reads what the scheduler observes. On a sampled objective that is the loss and the gradient of the sample,
    while f*, unless given, is the minimum of the whole sum and not that of the sample: the two agree only where one
    point minimises every term, and elsewhere the rate does not tend to what it is without sampling.

    Args:
        minimum: f*; taken from the objective when None.
        factor: c.
        max_lr: gamma_max, in length^2 / loss.

    Raises:
        ValueError: minimum is None and the objective does not declare one, or one that overflows.

    Source: Polyak, Minimization of unsmooth functionals, 1969; with samples and a cap: arXiv 2002.10542.
    """

    minimum: float | None = param(
        None, symbol="f^*", domain=REAL, unit="loss", doc="minimum (default: that of the objective)", optional=True
    )
    factor: float = param(1.0, symbol="c", domain=POSITIVE, doc="multiple of the step")
    max_lr: float = param(
        math.inf, symbol=r"\gamma_{max}", domain=Interval.left_open(0, math.inf), unit="length^2/loss", doc="upper clip"
    )

    kernel: ClassVar[Any] = adjust
    ordering: ClassVar[str | None] = "before_update"
    needs_gradient: ClassVar[bool] = True

    def bound(self, objective: Objective) -> Polyak:
        if self.minimum is not None:
            return self
        if objective.minimum is None:
            raise ValueError(f"Polyak.minimum (f^*) must be given, since {type(objective).__name__} declares none")
        if not math.isfinite(objective.minimum):
            raise ValueError(
                f"Polyak.minimum (f^*) must be given as a finite number, since the minimum of this "
                f"{type(objective).__name__} is {objective.minimum!r} in float64"
            )
        return dataclasses.replace(self, minimum=objective.minimum)

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        return np.zeros((1, lr0.size))


PLUGIN = Polyak
