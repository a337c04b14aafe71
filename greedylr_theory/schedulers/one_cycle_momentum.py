"""One-cycle policy for the momentum, the mirror image of that for the rate (OneCycleLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

from greedylr_theory.contracts import Floats
from greedylr_theory.params import Interval, param
from greedylr_theory.schedulers._one_cycle import Cycle

SHARE = Interval.left_closed(0, 1)


@dataclass(frozen=True)
class OneCycleMomentum(Cycle):
    """From the largest momentum down to the smallest while the rate climbs, and back up.

    For `Run.controls`: {"optimizer.momentum": OneCycleMomentum()}. The momentum the optimizer declares is not used.

    Args:
        total, climb, three_phases, anneal: as for `OneCycle`.
        smallest: momentum at the peak of the rate (base_momentum).
        largest: momentum at both ends (max_momentum).

    Raises:
        ValueError: the run is longer than the cycle.

    Source: torch.optim.lr_scheduler.OneCycleLR with cycle_momentum.
    """

    smallest: float = param(0.85, symbol="m_{min}", domain=SHARE, doc="momentum at the peak of the rate")
    largest: float = param(0.95, symbol="m_{max}", domain=SHARE, doc="momentum at both ends")

    def rates(self, lr0: float, steps: int) -> Floats:
        return self.along((self.largest, self.smallest, self.largest, self.largest), steps)


PLUGIN = OneCycleMomentum
