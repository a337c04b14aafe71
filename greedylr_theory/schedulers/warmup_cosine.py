"""Linear warmup, then a cosine down to a floor (get_cosine_schedule_with_warmup of transformers)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import RATIO, STEPS, cosines, ramp, steps_param


@dataclass(frozen=True)
class WarmupCosine(OpenLoop):
    """gamma_0 t / w for t < w, then gamma_0 (floor + (1 - floor) (1 + cos(2 pi cycles s)) / 2), s = (t - w) / (N - w).

    Source: transformers.get_cosine_schedule_with_warmup; with a floor, get_cosine_with_min_lr_schedule_with_warmup.

    Args:
        warmup: w.
        total: N, end of the cosine (num_training_steps); the run's number of steps when None.
        cycles: turns of the cosine; 1/2 goes from the top to the bottom.
        floor: smallest rate over gamma_0.
    """

    warmup: int = steps_param(10, "w", "steps of the warmup")
    total: int | None = steps_param(
        None, "N", "end of the cosine (default: the whole run)", optional=True, domain=STEPS
    )
    cycles: float = param(0.5, symbol="c", domain=NONNEGATIVE, doc="turns of the cosine")
    floor: float = param(0.0, symbol="r_{min}", domain=RATIO, doc="smallest rate over the base rate")

    def rates(self, lr0: float, steps: int) -> Floats:
        t = np.arange(steps + 1.0)
        share = (t - self.warmup) / max(1, (self.total or steps) - self.warmup)
        factor = 0.5 * (1.0 + cosines(self.cycles * share))
        return lr0 * np.where(t < self.warmup, ramp(t, self.warmup), factor * (1.0 - self.floor) + self.floor)


PLUGIN = WarmupCosine
