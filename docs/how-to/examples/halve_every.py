"""Halve the rate every n steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Scheduler, scheduler_kernel
from greedylr_theory.params import Interval, param


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """lr (B,) halves when `step`, the update whose rate is being set, is a multiple of params[0]."""
    for lane in range(lr.size):
        lr[lane] = 0.5 * lr[lane] if step > 0 and step % params[0, lane] == 0.0 else lr[lane]


@dataclass(frozen=True)
class HalveEvery(Scheduler):
    """gamma_t = gamma_0 / 2^(t // n).

    Args:
        period: n, in steps.
    """

    period: int = param(
        100, symbol="n", domain=Interval.left_closed(1, np.inf), unit="steps", doc="steps between halvings", kind="int"
    )

    kernel: ClassVar[Any] = adjust


PLUGIN = HalveEvery
