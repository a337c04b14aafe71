"""Barzilai-Borwein steps: the inverse of a curvature seen along the last step (Barzilai and Borwein 1988)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Scheduler, scheduler_kernel
from greedylr_theory.params import NONNEGATIVE, Interval, param
from greedylr_theory.schedulers._bounds import bound_warnings, check_bounds

VARIANT, MIN_LR, MAX_LR = range(3)
#: rows of the state after the last iterate and the last gradient, of d rows each
SS, SY, YY = range(3)


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """lr = <s, s> / <s, y> or <s, y> / <y, y>, clipped, where <s, y> > 0; state: last x and g, and the products."""
    d = x.shape[0]
    products = state[2 * d :]
    ss, sy, yy = products[SS], products[SY], products[YY]
    for lane in range(lr.size):
        ss[lane] = 0.0
        sy[lane] = 0.0
        yy[lane] = 0.0
    for i in range(d):
        point, slope, old, old_slope = x[i], gradient[i], state[i], state[d + i]
        for lane in range(lr.size):
            moved, turned = point[lane] - old[lane], slope[lane] - old_slope[lane]
            ss[lane] += moved * moved
            sy[lane] += moved * turned
            yy[lane] += turned * turned
            old[lane] = point[lane]
            old_slope[lane] = slope[lane]
    if step == 0:  # nothing to compare with
        return
    variant, low, high = params[VARIANT], params[MIN_LR], params[MAX_LR]
    for lane in range(lr.size):
        rate = ss[lane] / sy[lane] if variant[lane] == 1.0 else sy[lane] / yy[lane]
        rate = high[lane] if rate > high[lane] else rate
        rate = low[lane] if rate < low[lane] else rate
        lr[lane] = rate if sy[lane] > 0.0 else lr[lane]


@dataclass(frozen=True)
class BarzilaiBorwein(Scheduler):
    """gamma_t = <s, s> / <s, y> (variant 1, the longer) or <s, y> / <y, y> (variant 2), clipped to the bounds.

    s = x_t - x_{t-1} and y = g_t - g_{t-1}. The first step uses gamma_0. Where <s, y> <= 0, that is where the curvature
    along s is negative or zero or nothing has moved, the rate stays as it was. Nothing makes the loss fall: even on
    quadratics it rises now and then, and on other convex functions the iteration need not converge.

    On a sampled objective g_t and g_{t-1} belong to different samples, and noise on the gradient is new at every step:
    y is then the change of the gradient plus the difference of two noises, and the quotients are not curvatures. Where
    noise outweighs the gradient, s is the last noise times the rate: variant 2 then about halves the rate at every
    step, down to nothing, and variant 1 gives back about the rate it had.

    Args:
        variant: 1 or 2.
        min_lr, max_lr: clips, in length^2 / loss; gamma_0 is not clipped.

    Raises:
        ValueError: a value lies outside its domain or min_lr exceeds max_lr.

    Source: Barzilai and Borwein, Two-point step size gradient methods, IMA J. Numer. Anal. 8, 1988, (5) and (6).
    """

    variant: int = param(
        1, symbol="variant", domain=Interval.closed(1, 2), doc="which of the two quotients", kind="int"
    )
    min_lr: float = param(0.0, symbol=r"\gamma_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="lower clip")
    max_lr: float = param(
        math.inf, symbol=r"\gamma_{max}", domain=Interval.left_open(0, math.inf), unit="length^2/loss", doc="upper clip"
    )

    kernel: ClassVar[Any] = adjust
    ordering: ClassVar[str | None] = "before_update"
    needs_gradient: ClassVar[bool] = True

    def check(self) -> None:
        check_bounds(self)

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        return bound_warnings(self, lr0, "the first step uses it all the same", "the first step uses it all the same")

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        return np.zeros((2 * dim + 3, lr0.size))


PLUGIN = BarzilaiBorwein
