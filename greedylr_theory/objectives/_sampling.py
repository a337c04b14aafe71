"""Minibatches without replacement, drawn anew each step from the uniforms that the driver supplies."""

from __future__ import annotations

import numpy as np

from greedylr_theory.compilation import subroutine


@subroutine
def choose_distinct(draws, count, population, chosen, marks):
    """Write `count` distinct indices below `population` to chosen (count, B), as floats; all subsets equally likely.

    Floyd's algorithm (Bentley and Floyd 1987, "A sample of brilliance"): for j = n - b .. n - 1 draw k in 0 .. j and
    take k, or j if k is taken already. draws (>= count, B) are uniforms in [0, 1): u <= 1 - 2^-53, and then
    u (j + 1) rounds to less than j + 1. marks (n, B) must be zero, and says afterwards what is chosen.
    """
    for slot in range(count):
        last = population - count + slot
        for lane in range(draws.shape[1]):
            k = np.int64(draws[slot, lane] * float(last + 1))
            pick = last if marks[k, lane] != 0.0 else k
            marks[pick, lane] = 1.0
            chosen[slot, lane] = float(pick)


@subroutine
def unmark(chosen, count, marks):
    """Clear the marks of the chosen indices: cheaper than clearing all n rows."""
    for slot in range(count):
        for lane in range(chosen.shape[1]):
            marks[np.int64(chosen[slot, lane]), lane] = 0.0


@subroutine
def gather(table, chosen, slot, rows, start):
    """rows[start + i, lane] = table[chosen[slot, lane], i] for all columns i of the table."""
    for lane in range(chosen.shape[1]):
        sample = np.int64(chosen[slot, lane])
        for i in range(table.shape[1]):
            rows[start + i, lane] = table[sample, i]
