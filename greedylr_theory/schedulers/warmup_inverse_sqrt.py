"""Linear warmup, then decay like one over the square root of t (get_inverse_sqrt_schedule of transformers)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.schedulers._open_loop import STEPS, ramp, steps_param


@dataclass(frozen=True)
class WarmupInverseSqrt(OpenLoop):
    """gamma_0 t / w for t < w, then gamma_0 / sqrt((t + tau - w) / tau).

    Source: transformers.get_inverse_sqrt_schedule.

    Args:
        warmup: w.
        timescale: tau; w when None, or 10,000 without warmup.
    """

    warmup: int = steps_param(10, "w", "steps of the warmup")
    timescale: int | None = steps_param(
        None, r"\tau", "time scale of the decay (default: the warmup)", optional=True, domain=STEPS
    )

    def rates(self, lr0: float, steps: int) -> Floats:
        scale = self.timescale or self.warmup or 10_000
        t = np.arange(steps + 1.0)
        later = np.maximum(t, float(self.warmup))
        decay = 1.0 / np.sqrt((later + float(scale - self.warmup)) / scale)
        return lr0 * np.where(t < self.warmup, ramp(t, self.warmup), decay)


PLUGIN = WarmupInverseSqrt
