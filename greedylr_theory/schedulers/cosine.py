"""Cosine annealing without restarts (Loshchilov and Hutter, arXiv 1608.03983, equation 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, Interval, param
from greedylr_theory.schedulers._open_loop import cosines


@dataclass(frozen=True)
class Cosine(OpenLoop):
    """gamma_t = eta_min + (gamma_0 - eta_min) (1 + cos(pi t / T_max)) / 2, as CosineAnnealingLR of torch.

    Beyond T_max the formula goes on: the rate climbs again, as it does there.

    Args:
        t_max: steps from the largest to the smallest rate; the run's number of steps when None.
        eta_min: smallest rate, in length^2 / loss.
    """

    t_max: int | None = param(
        None, symbol="T_{max}", domain=Interval.left_closed(1, np.inf), unit="steps",
        doc="steps down to the smallest rate (default: the whole run)", kind="int", optional=True,
    )  # fmt: skip
    eta_min: float = param(0.0, symbol=r"\eta_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="smallest rate")

    def rates(self, lr0: float, steps: int) -> Floats:
        half_turns = np.arange(steps + 1) / (2.0 * (self.t_max or steps))
        rates = self.eta_min + (lr0 - self.eta_min) * (0.5 * (1.0 + cosines(half_turns)))
        rates[0] = lr0  # exactly, as in torch; the formula rounds
        return rates


PLUGIN = Cosine
