"""Independent normal noise on every gradient coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Channel, Perturbation, perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, param


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """g_i <- g_i + sigma z_i per lane; draws hold z (d rows)."""
    d, lanes = gradient.shape
    for i in range(d):
        for lane in range(lanes):
            gradient[i, lane] += params[0, lane] * draws[i, lane]


@dataclass(frozen=True)
class GradientNoise(Perturbation):
    """g_t + sigma z_t with z_t standard normal, independent over steps and coordinates.

    The recorded loss and the loss that the scheduler sees stay exact.

    Args:
        scale: sigma, standard deviation per coordinate, in loss / length.
    """

    scale: float = param(
        0.1, symbol=r"\sigma", domain=NONNEGATIVE, unit="loss/length", doc="standard deviation per coordinate"
    )

    kernel: ClassVar[Any] = disturb
    channel: ClassVar[Channel] = "gradient"

    def draws(self, dim: int) -> tuple[int, int]:
        return dim, 0


PLUGIN = GradientNoise
