"""Names of the experiment on recovery, and what its table says of one contender on one arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.statistics import Estimate, median, share

Floats = NDArray[np.float64]

#: the step of the kick at half time
HALF = 100
PATIENCES, WINDOWS = (0, 1, 5, 10, 20), (10, 50)
#: `regained` waits for this share of f(x_0) - f*, and for the other one where losses are those of samples
GOAL, SAMPLED_GOAL = 1e-3, 0.05

ALGORITHM_1, CONSTANT, COSINE, LINEAR = "Algorithm 1", "constant", "cosine", "linear"
HASTY_STUDY, PATIENT_STUDY = "study p=1", "study p=10"
BEST = {p: f"best-so-far p={p}" for p in PATIENCES}
SMOOTHED = {w: f"best-so-far p=10, window {w}" for w in WINDOWS}

KICK, LATE_KICK, SPIKES = "kick", "late kick", "spikes"
GRADIENT_KICK, GRADIENT_BURST = "gradient kick", "gradient burst"
#: the kick at half time, met by what was tuned without it
UNFORESEEN = "unforeseen kick"
ADAM, DESCENT = "Adam", "gradient descent"
QUADRATIC, ROSENBROCK, LOGISTIC = "quadratic", "Rosenbrock", "logistic"
#: where every prediction about kicks is judged
KICKED = ((QUADRATIC, ADAM), (QUADRATIC, DESCENT), (ROSENBROCK, ADAM))

_NUMBERS = ("length", "excess", "before", "gap", "regained")


@dataclass(frozen=True, eq=False)
class Recovered:
    """Evaluated runs of one contender on one arm: arrays over replicates, and its rate."""

    length: Floats
    excess: Floats
    before: Floats
    gap: Floats
    regained: Floats
    lr0: float

    @property
    def middle(self) -> Estimate:
        """Median length with its interval; +inf when half of the runs or more did not recover."""
        return median(self.length)

    @property
    def common(self) -> Estimate:
        """Median of the steps to the level that is the same for all."""
        return median(self.regained)

    @property
    def never(self) -> Estimate:
        """Share of the runs that did not recover."""
        return share(int(np.isinf(self.length).sum()), self.length.size)


def recovered(table: pl.DataFrame, arm: str, contender: str, phase: str = "evaluation") -> Recovered:
    """What the table says of one contender on one arm; `phase` is "evaluation" (tuned) or "untuned"."""
    row = table.filter(
        (pl.col("arm") == arm) & (pl.col("contender") == contender) & (pl.col("phase") == phase)
    ).to_dicts()[0]
    columns = {name: np.array(row[name], dtype=np.float64) for name in _NUMBERS}
    return Recovered(lr0=row["lr0"], **columns)
