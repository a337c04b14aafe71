"""What the rate and the momentum of a one-cycle policy share (arXiv 1708.07120; OneCycleLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import Choice, param
from greedylr_theory.schedulers._open_loop import RATIO, STEPS, cosines, steps_param


@dataclass(frozen=True)
class Cycle(OpenLoop):
    """A climb, a descent and, with three phases, a second descent, over `total` steps."""

    total: int | None = steps_param(
        None, "N", "length of the cycle (default: the run and the step after it)", optional=True, domain=STEPS
    )
    climb: float = param(0.3, symbol="c", domain=RATIO, doc="share of the cycle that climbs (pct_start)")
    three_phases: bool = param(False, symbol="three", doc="whether the descent has two parts", kind="bool")
    anneal: str = param("cos", symbol="anneal", domain=Choice(("cos", "linear")), doc="shape", kind="choice")

    def along(self, levels: tuple[float, float, float, float], steps: int) -> Floats:
        """Values (steps + 1,): from levels[0] up to [1], down to [2], and with three phases on to [3].

        Raises:
            ValueError: the run goes beyond the cycle.
        """
        total = self.total or steps + 1
        # N updates use the N values of a cycle, and the last one holds after them
        if steps > total:
            raise ValueError(f"{type(self).__name__}.total (N) must be at least {steps} for {steps} steps, got {total}")
        ends = [0.0, self.climb * total - 1.0]
        ends += [2.0 * self.climb * total - 2.0, total - 1.0] if self.three_phases else [total - 1.0]
        values = np.empty(steps + 1)
        t = np.minimum(np.arange(steps + 1.0), total - 1.0)
        for phase in range(len(ends) - 2, -1, -1):
            first, last = ends[phase], ends[phase + 1]
            share = (t - first) / (last - first) if last != first else np.ones(steps + 1)
            bend = share if self.anneal == "linear" else 0.5 * (1.0 - cosines(0.5 * share))
            below = t <= last if phase < len(ends) - 2 else np.ones(steps + 1, dtype=bool)
            values[below] = (levels[phase] + (levels[phase + 1] - levels[phase]) * bend)[below]
        return values
