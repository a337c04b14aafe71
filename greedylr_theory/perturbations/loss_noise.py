"""Normal noise on the loss that the scheduler sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Channel, Perturbation, perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, param


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """l <- l + sigma z per lane."""
    for lane in range(observed.size):
        observed[lane] += params[0, lane] * draws[0, lane]


@dataclass(frozen=True)
class LossNoise(Perturbation):
    """The scheduler sees f(x_t) + sigma z_t, z_t standard normal; loss, gradient and iterate stay exact.

    Args:
        scale: sigma, standard deviation, in units of loss.
    """

    scale: float = param(0.1, symbol=r"\sigma", domain=NONNEGATIVE, unit="loss", doc="standard deviation")

    kernel: ClassVar[Any] = disturb
    channel: ClassVar[Channel] = "observed_loss"

    def draws(self, dim: int) -> tuple[int, int]:
        return 1, 0


PLUGIN = LossNoise
