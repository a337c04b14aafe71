"""Now and then the scheduler is shown the loss of the step before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.adapters import per_run_perturbation
from greedylr_theory.contracts import Channel, Perturbation
from greedylr_theory.params import Interval, param


def disturb(step, loss, params, draws, state, gradient, x):
    """With probability p the last loss, which state holds; draws hold one uniform."""
    shown = state[0] if step > 0 and draws[0] < params[0] else loss
    state[0] = loss
    return shown


@dataclass(frozen=True)
class StaleLoss(Perturbation):
    """l_{t-1} in place of l_t with probability p, independently at every step.

    Args:
        probability: p.
    """

    probability: float = param(0.1, symbol="p", domain=Interval.closed(0, 1), doc="probability of the last loss")

    kernel: ClassVar[Any] = per_run_perturbation(disturb)
    channel: ClassVar[Channel] = "observed_loss"

    def draws(self, dim: int) -> tuple[int, int]:
        return 0, 1

    def state_rows(self, dim: int) -> int:
        return 1


PLUGIN = StaleLoss
