"""Which share of the initial rates an uncapped GreedyLR loses on quadratics with one, two and ten eigenvalues.

In any dimension at least the share ln(2 / (1 + F)) / ln(1 / F) must diverge (claim divergence_in_any_dimension), and
with one eigenvalue exactly 1 - P(F). With several eigenvalues more may: for F up to one half a converging phase on
the largest one is not enough (claim top_phase_does_not_suffice).

The predictions were written before the first run. A run is lost when it leaves the range of floating point or ends
above its start; 4000 steps are too few to see it within some 0.1 % of a neutral phase.
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
from greedylr_theory.simulation.start import LogUniform, StandardNormal
from greedylr_theory.statistics import Estimate, share
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep
from greedylr_theory.theory import cycle

FACTORS = (0.02, 0.05, 0.1, 0.14, 0.17, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SPECTRA: Mapping[str, tuple[float, ...]] = {
    "one eigenvalue": (1.0,),
    "two, ratio 10": (0.1, 1.0),
    "ten, ratio 100": tuple(float(10.0 ** (-2.0 + 2.0 * i / 9.0)) for i in range(10)),
}
#: no whole number of periods of ln(1/F): over four decades that moves shares by less than the sampling error
LOWEST, HIGHEST = 2e-4, 2.0

PREDICTION = (
    "On every spectrum and at every F the share of lost runs is at least ln(2/(1+F))/ln(1/F), judged by the upper "
    "99.99 % Wilson limit.",
    "With one eigenvalue the share is 1 - P(F) at every F, judged by the 99.99 % Wilson interval widened by 1.5 %.",
    "With ten eigenvalues more runs are lost than 1 - P(F), by 5 % of all or more, at some F below one half.",
)


@functools.cache
def arms() -> Mapping[str, Run]:
    """One base run per spectrum."""
    return {
        name: Run(
            objective=Quadratic(eigenvalues=eigenvalues),
            scheduler=GreedyPrevious(),
            start=StandardNormal(),
            lr0=LogUniform(low=LOWEST, high=HIGHEST),
            steps=1,
            ordering="before_update",
        )
        for name, eigenvalues in SPECTRA.items()
    }


def shares(table: pl.DataFrame, name: str, level: float = 0.95) -> tuple[NDArray[np.float64], Estimate]:
    """F ascending, and the share of lost runs on a spectrum with its Wilson interval."""
    rows = table.filter(pl.col("arm") == name).sort("scheduler.factor", "replicate")
    factor = rows["scheduler.factor"].unique().sort().to_numpy()
    kept = (rows["status"] == 0) & (rows["end_loss"] < rows["initial_loss"])
    lost = ~kept.to_numpy().reshape(factor.size, -1)
    return factor, share(lost.sum(axis=1), lost.shape[1], level=level)


def least_share(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln(2 / (1 + F)) / ln(1 / F)."""
    return np.log(2.0 / (1.0 + factor)) / np.log(1.0 / factor)


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers."""
    found = {name: shares(table, name, level=0.9999) for name in SPECTRA}
    margin = min(float(np.min(estimate.high - least_share(factor))) for factor, estimate in found.values())
    factor, single = found["one eigenvalue"]
    exact = 1.0 - np.array([cycle.converged_fraction(float(F)) for F in factor])
    off = float(np.max(np.maximum(single.low - 0.015 - exact, exact - single.high - 0.015)))
    more = (found["ten, ratio 100"][1].value - exact)[factor < 0.5]
    outcomes = (
        (margin >= 0, f"smallest margin of the upper limit {margin:.3f}"),
        (off <= 0, f"outside by at most {max(off, 0.0):.3f}"),
        (bool(np.max(more) >= 0.05), f"largest excess below F = 0.5: {np.max(more):.3f}"),
    )
    return [Judgement(text, *outcome) for text, outcome in zip(PREDICTION, outcomes, strict=True)]


SWEEP = Sweep(
    name="divergent_share",
    question="Which share of log-uniform initial rates does GreedyLR lose without a cap, by F and by spectrum?",
    prediction=PREDICTION,
    arms=arms,
    sizes={
        "standard": Size(axes={"scheduler.factor": FACTORS}, steps=4000, replicates=500),
        "quick": Size(axes={"scheduler.factor": FACTORS}, steps=4000, replicates=150),
    },
    judge=judge,
)
