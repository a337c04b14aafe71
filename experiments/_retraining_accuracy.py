"""Which share of the samples the end points of runs classify correctly."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Objective
from greedylr_theory.objectives._study_data import STUDY
from greedylr_theory.objectives.logistic import Logistic
from greedylr_theory.objectives.perceptron import Perceptron

Floats = NDArray[np.float64]

#: fresh samples of the study's law, under a seed that no training data has
HELD_OUT, HELD_OUT_SEED = 500, 2**20


def accuracies(objective: Objective, points: Floats) -> tuple[Floats, Floats]:
    """Shares (R,) of training samples and of held-out samples that points (R, d) classify correctly.

    Held out are fresh samples of the study's data; the bundled data sets are trained on whole, and there the second
    array is NaN.
    """
    unknown = np.full(len(points), np.nan)
    if isinstance(objective, Logistic):
        return _softmax(objective, points), unknown
    if not isinstance(objective, Perceptron):
        raise ValueError(f"accuracies are those of Logistic and Perceptron, got {objective!r}")
    training = _network(objective, points)
    if objective.dataset != STUDY:
        return training, unknown
    other = dataclasses.replace(objective, seed=HELD_OUT_SEED, samples=HELD_OUT, batch=None, largest_batch=None)
    return training, _network(other, points)


def outputs(objective: Perceptron, point: Floats) -> Floats:
    """Outputs (n,) of the network with coordinates (d,) for all samples."""
    units, first = objective.data[:, :-1], 0
    widths = objective.widths
    for layer, (inner, outer) in enumerate(itertools.pairwise(widths)):
        weights = point[first : first + inner * outer].reshape(outer, inner)
        first += inner * outer
        # not through BLAS, whose threads get in each other's way and whose bits depend on their number
        units = np.einsum("ni,oi->no", units, weights) + point[first : first + outer]
        first += outer
        if layer < len(widths) - 2:
            units = np.tanh(units) if objective.activation == "tanh" else np.maximum(units, 0.0)
    return units[:, 0]


def _network(objective: Perceptron, points: Floats) -> Floats:
    targets = objective.data[:, -1]
    # labels are 0 and 1, or -1 and 1
    threshold = 0.5 * (targets.min() + targets.max())
    return np.array([np.mean((outputs(objective, x) > threshold) == (targets > threshold)) for x in points])


def _softmax(objective: Logistic, points: Floats) -> Floats:
    rows, labels = objective.data[:, :-1], objective.data[:, -1]
    if len(objective.classes) == 2:
        return np.mean((np.einsum("ni,ri->rn", rows, points) > 0.0) == (labels > 0.0), axis=1)
    weights = points.reshape(len(points), len(objective.classes), rows.shape[1])
    scores = np.einsum("ni,rki->rnk", rows, weights)
    return np.mean(np.argmax(scores, axis=2) == labels, axis=1)
