"""Multiply the rate by a factor at given steps (MultiStepLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS, products


@dataclass(frozen=True)
class MultiStep(OpenLoop):
    """gamma_t = gamma_0 factor^(number of milestones <= t); a milestone given twice counts twice.

    Source: torch.optim.lr_scheduler.MultiStepLR.

    Args:
        milestones: steps of the changes.
        factor: what the rate is multiplied by (gamma).
    """

    milestones: tuple[float, ...] = param(
        (30.0, 80.0), symbol="m", domain=STEPS, unit="steps", doc="steps of the changes", kind="vector"
    )
    factor: float = param(0.1, symbol=r"\gamma", domain=NONNEGATIVE, doc="what the rate is multiplied by")

    def check(self) -> None:
        if any(milestone != int(milestone) for milestone in self.milestones):
            raise ValueError(f"MultiStep.milestones (m) must be whole numbers of steps, got {self.milestones!r}")

    def rates(self, lr0: float, steps: int) -> Floats:
        factors = np.ones(steps)
        for milestone in self.milestones:
            if milestone <= steps:
                factors[int(milestone) - 1] *= self.factor
        return products(lr0, factors)


PLUGIN = MultiStep
