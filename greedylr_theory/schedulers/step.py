"""Step decay: multiply the rate by a factor every so many steps (StepLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS, products, steps_param


@dataclass(frozen=True)
class Step(OpenLoop):
    """gamma_t = gamma_0 factor^floor(t / period).

    Source: torch.optim.lr_scheduler.StepLR.

    Args:
        period: steps between two changes (step_size).
        factor: what the rate is multiplied by (gamma).
    """

    period: int = steps_param(30, "s", "steps between two changes", domain=STEPS)
    factor: float = param(0.1, symbol=r"\gamma", domain=NONNEGATIVE, doc="what the rate is multiplied by")

    def rates(self, lr0: float, steps: int) -> Floats:
        t = np.arange(1, steps + 1)
        return products(lr0, np.where(t % self.period == 0, self.factor, 1.0))


PLUGIN = Step
