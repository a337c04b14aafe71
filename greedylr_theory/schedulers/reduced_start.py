"""A fraction of the rate for the first steps, then all of it (ConstantLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import steps_param


@dataclass(frozen=True)
class ReducedStart(OpenLoop):
    """gamma_t = factor gamma_0 for t < N, gamma_0 from then on.

    Source: torch.optim.lr_scheduler.ConstantLR.

    Args:
        factor: multiple of gamma_0 at first.
        total: N, number of steps of that (total_iters).
    """

    factor: float = param(1.0 / 3.0, symbol="a", domain=NONNEGATIVE, doc="multiple of the base rate at first")
    total: int = steps_param(5, "N", "steps before the full rate")

    def rates(self, lr0: float, steps: int) -> Floats:
        return np.where(np.arange(steps + 1) < self.total, lr0 * self.factor, lr0)


PLUGIN = ReducedStart
