"""Two parabolas, f_1 = (x - 1)^2 / 2 + c and f_2 = (x + 1)^2 / 2: exact runs, exact means, and simulated ones."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import TwoSample
from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.simulation.batch import Batch
from proofs._functions import Piecewise, Separable
from proofs._rules import Greedy, Ordering, all_runs
from proofs._rules import Run as ExactRun

HALF = Fraction(1, 2)
SIGNS = (Fraction(1), Fraction(-1))  #: the minimisers of f_1 and f_2


def samples(offset: Fraction) -> list[Separable]:
    """f_1 and f_2."""
    return [
        Separable((Piecewise((), ((HALF + constant, -sign, Fraction(1)),)),))
        for sign, constant in zip(SIGNS, (offset, Fraction(0)), strict=True)
    ]


def runs(
    offset: Fraction, F: Fraction, g: Fraction, start: Fraction, steps: int, ordering: Ordering
) -> Iterator[ExactRun]:
    """The published rule on all 2^T sequences of samples, clipped to [g F, g], from gamma_0 = g."""
    return all_runs((start,), g, samples(offset), steps, Greedy(F, low=g * F, high=g), ordering)


def means(F: Fraction, g: Fraction, start: Fraction, steps: int, lag: int = 0) -> list[Fraction]:
    """E x_t for t = 0 .. T when the step is g F just after sample 2 then 1, and g else; gamma_0 = g.

    Args:
        F, g, start, steps: factor, cap, x_0 and T.
        lag: 0 when the sample 1 itself takes the short step, 1 when the next sample takes it.
    """
    # (last two samples) -> E[x_t; those samples], None where there was no sample yet
    law: dict[tuple[int | None, int | None], tuple[Fraction, Fraction]] = {(None, None): (Fraction(1), start)}
    found = [start]
    for _ in range(steps):
        after: dict[tuple[int | None, int | None], tuple[Fraction, Fraction]] = {}
        for (a, b), (chance, weighted) in law.items():
            for c in (0, 1):
                rate = g * F if ((b, c) if lag == 0 else (a, b)) == (1, 0) else g
                moved = ((1 - rate) * weighted + rate * SIGNS[c] * chance) / 2
                before = after.get((b, c), (Fraction(0), Fraction(0)))
                after[b, c] = (before[0] + chance / 2, before[1] + moved)
        law = after
        found.append(sum((weighted for _, weighted in law.values()), Fraction(0)))
    return found


def simulated(
    offset: float, F: float, g: float, start: float, steps: int, ordering: Ordering, replicates: int
) -> np.ndarray:
    """x_T of independent replicates (R,), in the simulator."""
    base = Run(
        objective=TwoSample(offset=offset),
        scheduler=GreedyPrevious(factor=F, min_lr=g * F * 0.5, max_lr=g),
        start=(start,),
        lr0=g,
        steps=steps,
        ordering=ordering,
        replicate=0,
    )
    return simulate(Batch(base, {"replicate": np.arange(replicates)})).x_end[:, 0]


def excess(values: np.ndarray, expected: float) -> float:
    """Distance of a mean from its expectation, in standard errors."""
    return abs(float(np.mean(values)) - expected) / (float(np.std(values, ddof=1)) / values.size**0.5)
