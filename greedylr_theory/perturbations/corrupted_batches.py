"""Whole minibatches of a finite sum whose labels say nothing, with some probability at each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats
from greedylr_theory.params import Interval, param
from greedylr_theory.perturbations._relabelling import Relabelling


@dataclass(frozen=True)
class CorruptedBatches(Relabelling):
    """With probability p, every label of a step is replaced by that of a uniformly random sample of the data.

    The labels of such a step are independent of the inputs and of each other, and follow the labels' distribution in
    the data (own label included). All other steps are as they would be. Independent over steps.

    Args:
        probability: p, of each step.

    Raises:
        ValueError: p lies outside [0, 1]; as part of a Run, the objective is no finite sum with labels.
    """

    probability: float = param(0.1, symbol="p", domain=Interval.closed(0, 1), doc="how likely a batch is corrupted")

    def label_rates(self, params: Floats) -> Floats:
        return np.concatenate([np.zeros_like(params), params])


PLUGIN = CorruptedBatches
