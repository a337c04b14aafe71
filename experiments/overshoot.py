"""How high the loss of an uncapped GreedyLR peaks before it falls, by F and by condition number.

From a small initial rate the step size climbs beyond 2/L, the loss reacts late, and peaks when the falling step size
passes 2/L. To leading order as F -> 1 its logarithm is (pi^2/2 - 4 Re Li_2(u)) / ln(1/F) (claim overshoot).

The predictions were written before the first run of this sweep, after the check of the claim. Runs stop before the
second turn of the step size can matter: f_0 is shared out equally between the eigenvalues, and a run whose phase on
L diverges is left out, since its loss grows for ever.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.start import LogUniform
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep
from greedylr_theory.theory import cycle

CONDITIONS = (20.0, 100.0, 1e4)
FACTORS = (0.8, 0.84, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985)

PREDICTION = (
    "At every F >= 0.9 and every condition number |ln(peak f / f_0) - overshoot(F, kappa)| <= 4 ln(kappa / ln(1/F)) "
    "in every run.",
    "At F = 0.98 and kappa = 1e4 the median of ln(peak f / f_0) is within 15 % of (pi^2/2) / ln(1/F).",
)


@functools.cache
def arms() -> Mapping[str, Run]:
    """One base run per condition number, eigenvalues 1 and 1/kappa."""
    return {
        f"kappa={kappa:g}": Run(
            objective=Quadratic(eigenvalues=(1.0 / kappa, 1.0)),
            scheduler=GreedyPrevious(),
            start=(kappa**0.5, 1.0),
            lr0=LogUniform(low=0.01, high=0.02),
            steps=1,
            ordering="before_update",
        )
        for kappa in CONDITIONS
    }


def peaks(table: pl.DataFrame, kappa: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """F and ln(peak f / f_0) of the runs on one spectrum whose phase on L converges."""
    rows = table.filter(pl.col("arm") == f"kappa={kappa:g}")
    factor, rate, peak, start = rows.select("scheduler.factor", "lr0", "peak_loss", "initial_loss").to_numpy().T
    kept = np.array([cycle.verdict(float(F), float(u)) == "converges" for F, u in zip(factor, rate, strict=True)])
    return factor[kept], np.log(peak[kept] / start[kept])


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers."""
    worst, counted, near = 0.0, 0, np.nan
    for kappa in CONDITIONS:
        factor, found = peaks(table, kappa)
        for F in map(float, np.unique(factor[factor >= 0.9])):
            values, order = found[factor == F], np.log(kappa / np.log(1.0 / F))
            worst = max(worst, float(np.max(np.abs(values - cycle.overshoot(F, kappa)))) / order)
            counted += values.size
            if F == 0.98 and kappa == 1e4:
                near = abs(float(np.median(values)) / cycle.overshoot(F) - 1.0)
    outcomes = (
        (worst <= 4.0, f"largest deviation {worst:.2f} ln(kappa / ln(1/F)) in {counted} runs"),
        (bool(near <= 0.15), f"off by {near:.1%}"),
    )
    return [Judgement(text, *outcome) for text, outcome in zip(PREDICTION, outcomes, strict=True)]


SWEEP = Sweep(
    name="overshoot",
    question="How far does the loss rise above its start without a cap, by F and by condition number?",
    prediction=PREDICTION,
    arms=arms,
    sizes={
        "standard": Size(axes={"scheduler.factor": FACTORS}, steps=1200, replicates=24),
        "quick": Size(axes={"scheduler.factor": FACTORS}, steps=1200, replicates=8),
    },
    judge=judge,
)
