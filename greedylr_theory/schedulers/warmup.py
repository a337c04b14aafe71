"""Linear warmup before any other rule or schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop, Phase, Scheduler
from greedylr_theory.params import param
from greedylr_theory.schedulers._open_loop import RATIO, STEPS, steps_param


@dataclass(frozen=True)
class Warmup(OpenLoop):
    """gamma_t = gamma_0 (start + (1 - start) t / w) for t < w; then `after` takes over, at its own first rate.

    `after` counts its steps from the end of the warmup, as under torch's SequentialLR. A rule that observes losses sees
    the first one then, and nothing of the warmup.

    Args:
        after: any scheduler.
        length: w, steps of the warmup.
        start: first rate over gamma_0.

    Raises:
        ValueError: `after` is no scheduler.
    """

    after: Any = param(symbol="after", doc="what follows the warmup", kind="plugin")
    length: int = steps_param(10, "w", "steps of the warmup", domain=STEPS)
    start: float = param(0.0, symbol="a", domain=RATIO, doc="first rate over the base rate")

    def check(self) -> None:
        if not isinstance(self.after, Scheduler):
            raise ValueError(f"Warmup.after must be a scheduler, got {self.after!r}")

    def phases(self) -> tuple[Phase, ...]:
        later = tuple(phase.within("after", self.length, None) for phase in self.after.phases())
        return (Phase(self, "", 0, self.length), *later)

    def rates(self, lr0: float, steps: int) -> Floats:
        return lr0 * (self.start + (1.0 - self.start) * (np.arange(steps + 1.0) / self.length))

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        return self.after.warnings(lr0)


PLUGIN = Warmup
