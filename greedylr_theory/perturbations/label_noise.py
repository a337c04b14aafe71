"""Labels of a finite sum that are wrong with some probability, anew at each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats
from greedylr_theory.params import Interval, param
from greedylr_theory.perturbations._relabelling import Relabelling


@dataclass(frozen=True)
class LabelNoise(Relabelling):
    """Each label of the samples of a step is replaced with probability p by another one, drawn uniformly.

    Another label is, for classes, one of the K - 1 other classes, all equally likely, so that a label stays as it is
    with probability 1 - p and becomes each other class with p / (K - 1); the two targets of a perceptron are classes.
    For targets of a regression (`LeastSquares`) it is the target of one of the n - 1 other samples, all equally likely;
    it can have the same value. Replacements are independent over steps and samples, and forgotten after the step.

    Args:
        probability: p, of each label of a step.

    Raises:
        ValueError: p lies outside [0, 1]; as part of a Run, the objective is no finite sum with labels.
    """

    probability: float = param(0.1, symbol="p", domain=Interval.closed(0, 1), doc="how likely a label is replaced")

    def label_rates(self, params: Floats) -> Floats:
        return np.concatenate([params, np.zeros_like(params)])


PLUGIN = LabelNoise
