"""Decay to zero like a power of the time left (PolynomialLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS, powers, ramp, steps_param


@dataclass(frozen=True)
class Polynomial(OpenLoop):
    """gamma_t = gamma_0 (1 - min(t, N) / N)^power.

    Source: torch.optim.lr_scheduler.PolynomialLR.

    Args:
        total: N, steps until zero (total_iters); the run's number of steps when None.
        power: exponent.
    """

    total: int | None = steps_param(None, "N", "steps until zero (default: the whole run)", optional=True, domain=STEPS)
    power: float = param(1.0, symbol="p", domain=NONNEGATIVE, doc="exponent")

    def rates(self, lr0: float, steps: int) -> Floats:
        left = 1.0 - ramp(np.arange(steps + 1.0), self.total or steps)
        return lr0 * powers(left, self.power)


PLUGIN = Polynomial
