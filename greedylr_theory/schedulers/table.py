"""Any schedule, given as a table of factors (LambdaLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import NONNEGATIVE, param


@dataclass(frozen=True)
class Table(OpenLoop):
    """gamma_t = gamma_0 factors[t]; the last factor holds after the end of the table.

    Source: torch.optim.lr_scheduler.LambdaLR, whose function is tabulated.

    Args:
        factors: multiples of gamma_0 at steps 0, 1, ...
    """

    factors: tuple[float, ...] = param(
        (1.0,), symbol="a", domain=NONNEGATIVE, doc="multiples of the base rate", kind="vector"
    )

    def rates(self, lr0: float, steps: int) -> Floats:
        return lr0 * np.array(self.factors)[np.minimum(np.arange(steps + 1), len(self.factors) - 1)]


PLUGIN = Table
