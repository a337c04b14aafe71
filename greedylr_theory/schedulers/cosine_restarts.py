"""Cosine annealing with warm restarts (arXiv 1608.03983, equation 5; CosineAnnealingWarmRestarts of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS, cosines, steps_param


@dataclass(frozen=True)
class CosineRestarts(OpenLoop):
    """gamma_t = eta_min + (gamma_0 - eta_min) (1 + cos(pi t_i / T_i)) / 2, t_i the steps since the last restart.

    The i-th period lasts T_i = T_0 T_mult^i steps; a restart comes back to gamma_0 exactly.
    Source: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.

    Args:
        t_0: length of the first period.
        t_mult: each period is this many times as long as the one before.
        eta_min: smallest rate, in length^2 / loss.
    """

    t_0: int = steps_param(10, "T_0", "length of the first period", domain=STEPS)
    t_mult: int = steps_param(1, "T_{mult}", "growth of the periods", domain=STEPS)
    eta_min: float = param(0.0, symbol=r"\eta_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="smallest rate")

    def rates(self, lr0: float, steps: int) -> Floats:
        turns = np.empty(steps + 1)
        start, period = 0, self.t_0
        while start <= steps:
            stop = min(start + period, steps + 1)
            turns[start:stop] = np.arange(stop - start) / (2.0 * period)
            start, period = start + period, period * self.t_mult
        rates = self.eta_min + (lr0 - self.eta_min) * (0.5 * (1.0 + cosines(turns)))
        return np.where(turns == 0.0, lr0, rates)


PLUGIN = CosineRestarts
