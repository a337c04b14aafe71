"""Cosine annealing without restarts (Loshchilov and Hutter, arXiv 1608.03983, equation 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from greedylr_theory.compilation import kernel
from greedylr_theory.contracts import VECTOR, Floats, OpenLoop
from greedylr_theory.elementary import sine_cosine_turn
from greedylr_theory.params import NONNEGATIVE, Interval, param


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
        cosine = np.empty(steps + 1)
        _cosine_of_turns(half_turns, cosine)
        rates = self.eta_min + (lr0 - self.eta_min) * (0.5 * (1.0 + cosine))
        rates[0] = lr0  # exactly, as in torch; the formula rounds
        return rates


@kernel(types.void(VECTOR, VECTOR))
def _cosine_of_turns(turns, cosine):
    # the package's own cosine, for the same bits on every machine
    for t in range(turns.size):
        cosine[t] = sine_cosine_turn(turns[t])[1]


PLUGIN = Cosine
