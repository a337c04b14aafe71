"""A straight line between two multiples of the base rate (LinearLR of torch); by default decay to zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS, ramp, steps_param


@dataclass(frozen=True)
class Linear(OpenLoop):
    """gamma_t = gamma_0 (start + (end - start) min(t, N) / N).

    The defaults decay from gamma_0 to zero over the run (linear decay, arXiv 2310.07831); start < end is a warmup.
    Source: torch.optim.lr_scheduler.LinearLR, whose defaults are start 1/3, end 1 and N = 5.

    Args:
        start_factor, end_factor: multiples of gamma_0 at both ends.
        total: N, steps from one to the other (total_iters); the run's number of steps when None.
    """

    start_factor: float = param(1.0, symbol="a", domain=NONNEGATIVE, doc="multiple of the base rate at the start")
    end_factor: float = param(0.0, symbol="b", domain=NONNEGATIVE, doc="multiple of the base rate at the end")
    total: int | None = steps_param(
        None, "N", "steps from start to end (default: the whole run)", optional=True, domain=STEPS
    )

    def rates(self, lr0: float, steps: int) -> Floats:
        share = ramp(np.arange(steps + 1.0), self.total or steps)
        return lr0 * (self.start_factor + (self.end_factor - self.start_factor) * share)


PLUGIN = Linear
