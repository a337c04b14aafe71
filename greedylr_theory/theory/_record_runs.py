"""Runs of records among losses of pure noise, and the law of the best-so-far rule on its way to a floor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

#: longest run of records that is followed; a longer one has probability below 1 / 48!
LONGEST_RUN = 48


def pair_of_records(losses: int | None) -> float:
    """1 - D_{T+1} / (T T!), D the derangements: for p = 1."""
    if losses is None:
        return -math.expm1(-1.0)
    if losses > 30:
        return -math.expm1(-1.0) - math.exp(-1.0) / losses
    derangements = sum((-1) ** k * math.factorial(losses + 1) // math.factorial(k) for k in range(losses + 2))
    return float(1 - Fraction(derangements, losses * math.factorial(losses)))


def later_runs(patience: int, losses: int) -> float:
    """(p + 1)! times the sum over t > T of P(no record at t - p - 1, then p + 1 in a row)."""
    first = (patience + 1) / (patience * math.comb(losses, patience))
    return first - 1 / ((patience + 1) * math.comb(losses, patience + 1))


def runs_begun_later(length: int, losses: int | None) -> Fraction:
    """Sum over j >= 1 with j + l <= T of P(no record at j, then l records): of j! / (j+l)! - (j-1)! / (j+l)!."""

    def beyond(count: int) -> Fraction:
        # sums over j > J of 1 / ((j+1) .. (j+l)) and of 1 / (j (j+1) .. (j+l))
        first = Fraction(1, (length - 1) * math.perm(count + length, length - 1))
        return first - Fraction(1, length * math.perm(count + length, length))

    return beyond(0) - (Fraction(0) if losses is None else beyond(losses - length))


def survivals(patience: int, levels: int) -> Iterator[float]:
    """P(not at the floor after t losses), t = 0, 1, ..., by the law of height, good count and bad count.

    The bad counts stand in a ring whose slots move on together. `waiting` holds t times the mass: without a record
    the mass at t is (t - 1) / t of that at t - 1, so that nothing has to be multiplied.
    """
    yield 1.0
    heights = levels + LONGEST_RUN // (patience + 1) + 2  # index 0: one factor above the floor
    runs = np.zeros((min(patience, LONGEST_RUN), heights))  # by good count 1, 2, ...
    waiting = np.zeros((patience + 1, heights))  # counts both 0, or bad
    if patience == 0:
        waiting[0, levels] = 1.0
    else:
        runs[0, levels - 1] = 1.0
    yield 1.0
    in_all = waiting.sum(axis=0)
    slot = t = 1
    while True:
        t += 1
        slot = (slot + 1) % (patience + 1)  # this slot's count turns from p to p + 1, hence to 0, one factor below
        records = in_all / (t * (t - 1))
        in_all = in_all - waiting[slot]
        waiting[slot, :-1] = waiting[slot, 1:]
        waiting[slot, -1] = 0.0
        if patience == 0:
            waiting[0, 1:] += records[:-1] * t
        else:
            # counts both 0 after a climb: that is the count of this slot
            if runs.shape[0] == patience:
                waiting[slot, 1:] += runs[-1, :-1]
            # a run that ends leaves a bad count of 1: that of the slot before
            in_all = in_all - waiting[slot - 1]
            waiting[slot - 1] += runs.sum(axis=0) * (t - 1)
            in_all = in_all + waiting[slot - 1]
            runs[1:] = runs[:-1] / t
            runs[0] = records
        in_all = in_all + waiting[slot] if slot else waiting.sum(axis=0)  # summed anew: differences lose digits
        yield float(in_all.sum() / t + runs.sum())
