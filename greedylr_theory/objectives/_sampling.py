"""Minibatches without replacement, drawn anew each step from the uniforms that the driver supplies.

The number of samples is a number of each lane, up to a capacity that the workspace is sized for; a lane with fewer
takes part in the first slots only. NaN stands for all samples in their natural order, for which nothing is drawn.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from greedylr_theory.compilation import subroutine
from greedylr_theory.params import Interval, param


@subroutine
def choose_distinct(draws, batch, population, counts, chosen, marks):
    """Write batch (B,) distinct indices below `population` to chosen (capacity, B), as floats; all subsets equally
    likely. counts (B,) becomes the number of samples of each lane; returns the largest of them.

    Floyd's algorithm (Bentley and Floyd 1987, "A sample of brilliance"): for j = n - b .. n - 1 draw k in 0 .. j and
    take k, or j if k is taken already. draws (>= b, B) are uniforms in [0, 1): u <= 1 - 2^-53, and then u (j + 1)
    rounds to less than j + 1. marks (n, B) must be zero, and says afterwards what is chosen.
    """
    capacity = chosen.shape[0]
    top = 0
    for lane in range(batch.size):
        # no parameter can lead outside of the workspace
        counts[lane] = batch[lane] if batch[lane] < float(capacity) else float(capacity)
        top = max(top, np.int64(counts[lane]))
    for slot in range(top):
        for lane in range(batch.size):
            inside = float(slot) < counts[lane]
            last = population - np.int64(counts[lane]) + slot if inside else 0
            drawn = batch[lane] == batch[lane]
            k = np.int64(draws[slot, lane] * float(last + 1)) if drawn else slot
            pick = last if marks[k, lane] != 0.0 else k
            if inside:
                marks[pick, lane] = 1.0
            chosen[slot, lane] = float(pick) if inside else 0.0
    return top


@subroutine
def unmark(chosen, count, marks):
    """Clear the marks of the chosen indices: cheaper than clearing all n rows."""
    for slot in range(count):
        for lane in range(chosen.shape[1]):
            marks[np.int64(chosen[slot, lane]), lane] = 0.0


@subroutine
def gather(table, chosen, slot, rows, start, stride, columns):
    """rows[start + i stride, lane] = table[chosen[slot, lane], i] for i < columns."""
    for lane in range(chosen.shape[1]):
        sample = np.int64(chosen[slot, lane])
        for i in range(columns):
            rows[start + i * stride, lane] = table[sample, i]


def batch_param() -> Any:
    """Samples per step."""
    return param(
        None, symbol="b", domain=Interval.left_closed(1, math.inf), unit="samples",
        doc="samples per step (default: all)", kind="int", optional=True,
    )  # fmt: skip


def largest_batch_param() -> Any:
    """What the arrays are sized for."""
    return param(
        None, symbol=r"b_{max}", domain=Interval.left_closed(1, math.inf), unit="samples",
        doc="largest b that a schedule may reach (default: b)", kind="int", optional=True,
    )  # fmt: skip
