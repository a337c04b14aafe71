"""Linear warmup, then polynomial decay to an end rate (get_polynomial_decay_schedule_with_warmup of transformers)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS, powers, ramp, steps_param


@dataclass(frozen=True)
class WarmupPolynomial(OpenLoop):
    """gamma_0 t / w for t < w, then end + (gamma_0 - end) (1 - (t - w) / (N - w))^power; the end rate from t = N on.

    Power 1 and end 0 is transformers.get_linear_schedule_with_warmup. Source:
    transformers.get_polynomial_decay_schedule_with_warmup.

    Args:
        warmup: w.
        total: N (num_training_steps); the run's number of steps when None.
        end: last rate, in length^2 / loss (lr_end).
        power: exponent.
    """

    warmup: int = steps_param(10, "w", "steps of the warmup")
    total: int | None = steps_param(None, "N", "end of the decay (default: the whole run)", optional=True, domain=STEPS)
    end: float = param(0.0, symbol=r"\gamma_{end}", domain=NONNEGATIVE, unit="length^2/loss", doc="last rate")
    power: float = param(1.0, symbol="p", domain=NONNEGATIVE, doc="exponent")

    def rates(self, lr0: float, steps: int) -> Floats:
        t, total = np.arange(steps + 1.0), self.total or steps
        left = 1.0 - np.clip((t - self.warmup) / max(1, total - self.warmup), 0.0, 1.0)
        decay = np.where(t >= total, self.end, self.end + (lr0 - self.end) * powers(left, self.power))
        return np.where(t < self.warmup, lr0 * ramp(t, self.warmup), decay)


PLUGIN = WarmupPolynomial
