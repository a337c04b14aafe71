"""One scheduler after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Phase, Scheduler, follow_table
from greedylr_theory.params import param
from greedylr_theory.schedulers._open_loop import STEPS


@dataclass(frozen=True)
class Sequential(Scheduler):
    """stages[k] is in charge from milestones[k-1] to milestones[k]; each starts anew, at its own first rate.

    Args:
        stages: schedulers, open-loop or not.
        milestones: increasing steps at which the next part takes over, one fewer than stages.

    Raises:
        ValueError: a part is no scheduler, or the milestones do not increase or are not one fewer.

    Source: torch.optim.lr_scheduler.SequentialLR, with parts that start from the base rate.
    """

    stages: Any = param(symbol="stages", doc="schedulers", kind="plugins")
    milestones: tuple[float, ...] = param(
        symbol="m", domain=STEPS, unit="steps", doc="steps at which the next part takes over", kind="vector"
    )

    kernel: ClassVar[Any] = follow_table  # never called: the parts' kernels are

    def check(self) -> None:
        if not all(isinstance(part, Scheduler) for part in self.stages):
            raise ValueError(f"Sequential.stages must be schedulers, got {self.stages!r}")
        steps = self.milestones
        if len(steps) != len(self.stages) - 1 or any(np.diff(steps) <= 0) or any(m != int(m) for m in steps):
            raise ValueError(
                f"Sequential.milestones (m) must be {len(self.stages) - 1} increasing whole numbers, got {steps!r}"
            )

    def phases(self) -> tuple[Phase, ...]:
        starts = [0, *(int(m) for m in self.milestones)]
        ends = [*starts[1:], None]
        return tuple(
            phase.within(f"stages.{k}", starts[k], ends[k])
            for k, part in enumerate(self.stages)
            for phase in part.phases()
        )

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        return [text for part in self.stages for text in part.warnings(lr0)]


PLUGIN = Sequential
