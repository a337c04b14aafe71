"""One-cycle policy for the rate (arXiv 1708.07120; OneCycleLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

from greedylr_theory.contracts import Floats
from greedylr_theory.params import POSITIVE, param
from greedylr_theory.schedulers._one_cycle import Cycle


@dataclass(frozen=True)
class OneCycle(Cycle):
    """From gamma_0 / div up to the peak gamma_0, then down to gamma_0 / (div final_div).

    The rate of the run is the *peak* (max_lr of torch). With three phases the descent first mirrors the climb.

    Args:
        total: N, length of the cycle in steps (total_steps, or epochs x steps_per_epoch); by default the run and the
            step after it, so that the rate after the last update is the last one of the cycle. With N = T the last
            update is made with that rate, as in training with torch; it then holds for the rate after it.
        climb: share of the cycle that climbs (pct_start).
        three_phases: whether the descent stops at gamma_0 / div on its way (three_phase).
        anneal: "cos" or "linear" (anneal_strategy).
        div: peak over first rate (div_factor).
        final_div: first over last rate (final_div_factor).

    Raises:
        ValueError: the run is longer than the cycle.

    Source: torch.optim.lr_scheduler.OneCycleLR; its momentum is `OneCycleMomentum`.
    """

    div: float = param(25.0, symbol="d", domain=POSITIVE, doc="peak rate over first rate")
    final_div: float = param(1e4, symbol="d_{final}", domain=POSITIVE, doc="first rate over last rate")

    def rates(self, lr0: float, steps: int) -> Floats:
        low = lr0 / self.div
        last = low / self.final_div
        return self.along((low, lr0, low, last) if self.three_phases else (low, lr0, last, last), steps)


PLUGIN = OneCycle
