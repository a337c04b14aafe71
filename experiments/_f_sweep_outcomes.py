"""What the sweep over F is judged and drawn by: the outcome of a run, and the arms as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.statistics import suboptimality

Floats = NDArray[np.float64]


def divergent_share(factor: Floats) -> Floats:
    """ln(2 / (1 + F)) / ln(1 / F): share of the log-uniform phases of the step size whose two-cycle grows.

    With one eigenvalue the uncapped rule of Algorithm 1 (ordering "before_update") ends in a cycle of steps v, v / F
    with v in [2F, 2) (in units of 1/L), whose factor (v - 1)(v / F - 1) exceeds 1 for v > 1 + F. With many
    eigenvalues at least this share diverges (claim divergence_in_any_dimension).
    """
    return np.log(2.0 / (1.0 + factor)) / np.log(1.0 / factor)


def late_divergent_share(factor: Floats) -> Floats:
    """The same share for ordering "after_update", where the rule sees every loss one step late.

    With one eigenvalue the loss falls in steps below 2 / L and rises in others. Deciding one step late, the rule
    overshoots both ways: from v in [2F, 2) it goes v, v/F, v/F^2, v/F, v, vF and again. The product of the six |1 - u|
    exceeds 1 for a growing cycle; its share of the phases is counted on a fine grid, to 1e-4.
    """
    phase = (np.arange(10_000) + 0.5) / 10_000
    v = 2.0 * factor[:, None] ** phase
    f = factor[:, None]
    cycle = (1.0 - v) ** 2 * (1.0 - v / f) ** 2 * (1.0 - v / f**2) * (1.0 - v * f)
    return np.mean(np.abs(cycle) > 1.0, axis=1)


def outcomes(table: pl.DataFrame) -> pl.DataFrame:
    """The sweep's rows with what is judged and drawn.

    Added columns: problem, rule, cap; `gap` f(x_T) - f*, +inf after divergence; `diverged`, `lost`, `dead`;
    `bound` = R^2 / (2 sum_t gamma_t) with gamma_t = min(gamma_0 / F^t, 1/L), t < T, where the rule only climbs
    (the capped GreedyPrevious without noise on a convex objective), NaN elsewhere.
    """
    parts = table["arm"].str.split_exact("/", 2).struct.rename_fields(["problem", "rule", "cap"]).struct.unnest()
    names = (
        "scheduler.factor", "steps", "status", "lr0", "end_lr",
        "end_loss", "minimum", "initial_loss", "initial_distance",
    )  # fmt: skip
    column = {name: table[name].to_numpy() for name in names}
    diverged = column["status"] != 0
    gap = suboptimality(column["end_loss"], column["minimum"], diverged)
    initial = column["initial_loss"] - column["minimum"]
    smoothness = 1.0 / table["lr0.high"].to_numpy()
    climbs = (
        (parts["rule"] == "GreedyPrevious")
        & (parts["cap"] == "capped")
        & parts["problem"].is_in(["quadratic", "logistic"])
    ).to_numpy()
    travelled = climbing_sum(column["lr0"], column["scheduler.factor"], 1.0 / smoothness, column["steps"])
    return table.with_columns(
        parts,
        gap=gap,
        diverged=diverged,
        lost=gap > initial,
        dead=~diverged & (column["end_lr"] * smoothness < 1e-6) & (gap > 1e-6 * initial),
        bound=np.where(climbs, column["initial_distance"] ** 2 / (2.0 * travelled), np.nan),
    )


def climbing_sum(lr0: Floats, factor: Floats, cap: Floats, steps: NDArray[np.int64]) -> Floats:
    """sum of min(lr0 / F^t, cap) over t = 0 .. steps - 1."""
    climbs = np.minimum(np.ceil(np.log(cap / lr0) / -np.log(factor)), steps)  # steps with a rate below the cap
    return lr0 * (factor**-climbs - 1.0) / (1.0 / factor - 1.0) + cap * (steps - climbs)


@dataclass(frozen=True, eq=False)
class Arm:
    """One arm as arrays (values of F, starts); rows ascend in F, columns are matched starts."""

    factor: Floats
    gap: Floats
    initial: Floats
    bound: Floats
    lost: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    diverged: NDArray[np.bool_]

    def at(self, factor: float) -> int:
        """Row of one value of F."""
        return int(np.flatnonzero(self.factor == factor)[0])


class Arms:
    """The arms of a table by name."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._rows = outcomes(table).sort("scheduler.factor", "replicate")

    def __call__(self, problem: str, rule: str, cap: str) -> Arm:
        rows = self._rows.filter(pl.col("arm") == f"{problem}/{rule}/{cap}")
        factor = rows["scheduler.factor"].unique().sort().to_numpy()
        shape = (factor.size, -1)
        names = ("gap", "initial_loss", "bound", "lost", "dead", "diverged")
        gap, initial, bound, lost, dead, diverged = (rows[name].to_numpy().reshape(shape) for name in names)
        return Arm(factor, gap, initial - rows["minimum"].to_numpy().reshape(shape), bound, lost, dead, diverged)
