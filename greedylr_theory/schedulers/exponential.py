"""Multiply the rate by a factor at every step (ExponentialLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import products


@dataclass(frozen=True)
class Exponential(OpenLoop):
    """gamma_t = gamma_0 factor^t.

    Source: torch.optim.lr_scheduler.ExponentialLR.

    Args:
        factor: what the rate is multiplied by (gamma).
    """

    factor: float = param(0.95, symbol=r"\gamma", domain=NONNEGATIVE, doc="what the rate is multiplied by")

    def rates(self, lr0: float, steps: int) -> Floats:
        return products(lr0, np.full(steps, self.factor))


PLUGIN = Exponential
