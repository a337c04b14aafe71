"""Which phases of the step size converge with one eigenvalue, and how fast they do on average.

Without a cap, full batches and f = x^2 / 2, Algorithm 1 ends in a cycle of two step sizes v, v / F. Every run starts
in its cycle: gamma_0 = v is log-uniform in [2F, 2), so that a few steps are all that is needed.

The predictions were written before the first run, from the claims phases_that_converge, converged_share and
mean_rate_of_the_cycle.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.start import LogUniform
from greedylr_theory.statistics import share
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep
from greedylr_theory.theory import cycle

#: closer together below 3 - 2 sqrt 2, where there are two windows
FACTORS = (0.01, *(round(0.02 * k, 2) for k in range(1, 10)), *(round(0.2 + 0.05 * k, 2) for k in range(16)), 0.98)

PREDICTION = (
    "A run grows over its last steps if and only if its phase lies in a window of divergence_windows(F), without "
    "exception.",
    "At every F the share of runs that shrink is P(F), judged by the 99.99 % Wilson interval.",
    "The mean of ln|x_T / x_0| / T is R(F) within 4.5 standard errors at every F.",
)


@functools.cache
def arms() -> Mapping[str, Run]:
    """One base run per F, since the range of the phases depends on it."""
    return {
        f"F={F:g}": Run(
            objective=Quadratic(eigenvalues=(1.0,)),
            scheduler=GreedyPrevious(factor=F),
            start=(1.0,),
            lr0=LogUniform(low=2.0 * F, high=2.0, seed=seed),  # independent from F to F
            steps=1,
            ordering="before_update",
        )
        for seed, F in enumerate(FACTORS)
    }


def columns(table: pl.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """F, phase and ln|x_T / x_0| / T of every run; infinite where the loss left the range of floating point."""
    rows = table.select("scheduler.factor", "lr0", "end_loss", "initial_loss", "steps").to_numpy().T
    factor, phase, end, start, steps = rows
    with np.errstate(divide="ignore"):
        return factor, phase, 0.5 * np.log(np.where(np.isnan(end), np.inf, end) / start) / steps


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers; ValueError when a run does not start in its cycle."""
    factor, phase, growth = columns(table)
    if not np.all((phase >= 2.0 * factor * (1.0 - 1e-12)) & (phase <= 2.0)):
        raise ValueError("the predictions of cycle_phases are about initial rates in [2F, 2], which this table leaves")
    values = np.unique(factor)
    wrong, outside, worst = 0, 0, 0.0
    for F in map(float, values):
        of_F = factor == F
        grew, v = growth[of_F] > 0, phase[of_F]
        inside = np.zeros(v.size, dtype=bool)
        for low, high in cycle.divergence_windows(F):
            inside |= (low < v) & (v < high)
        wrong += int(np.sum(inside != grew))
        found = share(np.array([np.sum(~grew)]), v.size, level=0.9999)
        outside += int(not found.low[0] <= cycle.converged_fraction(F) <= found.high[0])
        error = float(np.std(growth[of_F], ddof=1)) / math.sqrt(v.size)
        worst = max(worst, abs(float(np.mean(growth[of_F])) - cycle.mean_log_rate(F)) / error)
    outcomes = (
        (wrong == 0, f"{wrong} exceptions in {growth.size} runs"),
        (outside == 0, f"outside at {outside} of {values.size} values of F"),
        (worst <= 4.5, f"largest deviation {worst:.2f} standard errors over {values.size} values of F"),
    )
    return [Judgement(text, *outcome) for text, outcome in zip(PREDICTION, outcomes, strict=True)]


SWEEP = Sweep(
    name="cycle_phases",
    question="Which phases of the step size converge with one eigenvalue and no cap, and how fast on average?",
    prediction=PREDICTION,
    arms=arms,
    # an even number of steps: whole turns of the cycle; more would underflow next to v = 1
    sizes={
        "standard": Size(axes={}, steps=20, replicates=400),
        "quick": Size(axes={}, steps=20, replicates=100),
    },
    judge=judge,
)
