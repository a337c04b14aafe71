"""Linear warmup, then cosines with hard restarts, as in transformers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.schedulers._open_loop import STEPS, cosines, ramp, steps_param


@dataclass(frozen=True)
class WarmupHardRestarts(OpenLoop):
    """gamma_0 t / w for t < w, then gamma_0 (1 + cos(pi (cycles s mod 1))) / 2, s = (t - w) / (N - w); 0 from s = 1 on.

    Source: transformers.get_cosine_with_hard_restarts_schedule_with_warmup.

    Args:
        warmup: w.
        total: N (num_training_steps); the run's number of steps when None.
        cycles: number of cosines.
    """

    warmup: int = steps_param(10, "w", "steps of the warmup")
    total: int | None = steps_param(
        None, "N", "end of the last cosine (default: the whole run)", optional=True, domain=STEPS
    )
    cycles: int = steps_param(1, "c", "number of cosines", domain=STEPS)

    def rates(self, lr0: float, steps: int) -> Floats:
        t = np.arange(steps + 1.0)
        share = (t - self.warmup) / max(1, (self.total or steps) - self.warmup)
        turns = 0.5 * np.mod(self.cycles * np.maximum(share, 0.0), 1.0)
        factor = np.where(share >= 1.0, 0.0, 0.5 * (1.0 + cosines(turns)))
        return lr0 * np.where(t < self.warmup, ramp(t, self.warmup), factor)


PLUGIN = WarmupHardRestarts
