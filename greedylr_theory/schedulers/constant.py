"""The rate stays what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop


@dataclass(frozen=True)
class Constant(OpenLoop):
    """gamma_t = gamma_0."""

    def rates(self, lr0: float, steps: int) -> Floats:
        return np.full(steps + 1, lr0)


PLUGIN = Constant
