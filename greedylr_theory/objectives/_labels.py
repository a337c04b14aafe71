"""Labels of a sample that a perturbation replaces, from draws that follow those of the minibatch.

Two rates per lane, appended to the objective's parameters, say how: with the second one all labels of a step are
replaced by those of random samples of the data; otherwise each label is replaced, with the first one, by what the
objective says is another label. One draw decides for the step and two belong to every slot, whatever the rates.
"""

from __future__ import annotations

import numpy as np

from greedylr_theory.compilation import subroutine

#: rows that the rates take in the parameters
RATES = 2
_EACH, _ALL = 0, 1


def label_draws(capacity: int) -> int:
    """Uniforms per step for up to `capacity` labels."""
    return 1 + 2 * capacity


@subroutine
def first_draw(batch, capacity):
    """Row of the draws where those of the labels begin; nothing is drawn before them when all samples are taken."""
    return capacity if batch[0] == batch[0] else 0


@subroutine
def other_targets(other, chosen, slot, draws, first, table):
    """other (B,): the target, table's last column, of a uniformly random sample that is not the chosen one."""
    n, last = table.shape[0], table.shape[1] - 1
    for lane in range(other.size):
        own = np.int64(chosen[slot, lane])
        k = np.int64(draws[first + 2 + 2 * slot, lane] * float(n - 1))
        k = k + 1 if k >= own else k
        other[lane] = table[min(k, n - 1), last]  # a single sample has no other


@subroutine
def other_classes(other, label, slot, draws, first, classes):
    """other (B,): a uniformly random class of 0 .. K-1 that is not label (B,)."""
    for lane in range(other.size):
        k = np.floor(draws[first + 2 + 2 * slot, lane] * float(classes - 1))
        other[lane] = k + 1.0 if k >= label[lane] else k


@subroutine
def replace(label, other, slot, draws, first, rates, table):
    """Let the draws decide which label (B,) stands; rates (2, B)."""
    n, last = table.shape[0], table.shape[1] - 1
    for lane in range(label.size):
        k = np.int64(draws[first + 2 + 2 * slot, lane] * float(n))
        kept = label[lane]
        kept = other[lane] if draws[first + 1 + 2 * slot, lane] < rates[_EACH, lane] else kept
        label[lane] = table[k, last] if draws[first, lane] < rates[_ALL, lane] else kept
