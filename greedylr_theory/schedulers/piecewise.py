"""Piecewise constant: given multiples of the base rate between given steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.schedulers._open_loop import STEPS


@dataclass(frozen=True)
class Piecewise(OpenLoop):
    """gamma_t = gamma_0 factors[k], k the number of milestones <= t.

    Args:
        milestones: increasing steps at which the rate changes.
        factors: multiples of gamma_0, one more than milestones.
    """

    milestones: tuple[float, ...] = param(
        (30.0, 60.0), symbol="m", domain=STEPS, unit="steps", doc="steps of the changes", kind="vector"
    )
    factors: tuple[float, ...] = param(
        (1.0, 0.1, 0.01), symbol="a", domain=NONNEGATIVE, doc="multiples of the base rate", kind="vector"
    )

    def check(self) -> None:
        if len(self.factors) != len(self.milestones) + 1 or any(np.diff(self.milestones) <= 0):
            raise ValueError(
                f"Piecewise.factors (a) must be one more than milestones, which must increase, got {self.factors!r} "
                f"and {self.milestones!r}"
            )

    def rates(self, lr0: float, steps: int) -> Floats:
        return lr0 * np.array(self.factors)[np.searchsorted(self.milestones, np.arange(steps + 1), side="right")]


PLUGIN = Piecewise
