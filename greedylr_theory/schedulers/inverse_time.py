"""Decay like 1/t."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param


@dataclass(frozen=True)
class InverseTime(OpenLoop):
    """gamma_t = gamma_0 / (1 + k t).

    Source: Robbins and Monro 1951; 1/t for k = 1 counted from 1.

    Args:
        decay: k, per step.
    """

    decay: float = param(1.0, symbol="k", domain=NONNEGATIVE, unit="1/steps", doc="speed of the decay")

    def rates(self, lr0: float, steps: int) -> Floats:
        return lr0 / (1.0 + self.decay * np.arange(steps + 1.0))


PLUGIN = InverseTime
