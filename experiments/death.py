"""Who dies under the best-so-far rule on one eigenvalue, against the scaling factor F, the first rate and the patience.

GreedyBest (arXiv 2512.14527, Algorithms 2 and 3) without clips compares with the best loss so far. When a step size
above 2/L has raised the loss too far, no later loss is a record, the rate falls for ever and x stops short of the
minimiser. Which phases of the step size die is predicted by a product (claim death_criterion), and above which F none
does by a threshold (claim death_threshold).

The predictions below were written before the first run. A run is *dead* when its last step size is below 1e-6 / L while
its last loss is above its best one; its *phase* is the point of the lattice gamma_0 L F^k in [2F, 2).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.schedulers.greedy_best import GreedyBest
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.start import LogUniform, StandardNormal
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep
from greedylr_theory.theory import death

Floats = NDArray[np.float64]

PATIENCE = (0, 1, 3, 10)
QUICK = tuple(round(0.1 + 0.02 * k, 2) for k in range(24))
STANDARD = tuple(round(0.1 + 0.01 * k, 2) for k in range(48))

#: phases that lie within this of an end of a window, relatively, are decided by rounding
_ROUNDING = 1e-9

PREDICTIONS = (
    "Whether a run dies is decided by its phase: it does if and only if the product of claim death_criterion is at "
    "least 1, for every run whose phase is not within 1e-9 of where the product is 1.",
    "No run dies at an F above the threshold of its patience, 0.5088 for p = 0, 0.3929 for p = 1, 0.3712 for p = 3 and "
    "0.3551 for p = 10, and at every F below 0.97 times the threshold at least one does.",
    "At F = 0.3 fewer runs die the larger the patience: p = 0 loses at least twice as many as p = 1, and p = 1 at "
    "least as many as p = 10.",
)


def arms() -> Mapping[str, Run]:
    """One base run per patience; F and the replicate are set by the sweep."""
    return {
        f"p={p}": Run(
            objective=Quadratic(eigenvalues=(1.0,)),
            scheduler=GreedyBest(patience=p),
            start=StandardNormal(),
            lr0=LogUniform(low=0.01, high=2.0),
            steps=1,
            ordering="after_update",
        )
        for p in PATIENCE
    }


def outcomes(table: pl.DataFrame) -> pl.DataFrame:
    """The sweep's rows with `phase` and `dead`."""
    factor, rate = table["scheduler.factor"].to_numpy(), table["lr0"].to_numpy()
    climbs = np.ceil(np.log(2.0 / rate) / -np.log(factor)) - 1.0
    phase = rate / factor**climbs
    # rounding may leave a phase at an end of the interval on its wrong side
    phase = np.where(phase >= 2.0, phase * factor, np.where(phase < 2.0 * factor, phase / factor, phase))
    stuck = table["end_loss"].to_numpy() > table["best_loss"].to_numpy()
    return table.with_columns(phase=phase, dead=stuck & (table["end_lr"].to_numpy() < 1e-6))


def log_product(factor: Floats, p: int, phase: Floats) -> Floats:
    """`greedylr_theory.theory.death.excess` in floating point, for whole arrays with factor <= 0.6."""
    total = np.log(phase / factor - 1.0) * (2.0 if p == 0 else (p + 2.0) / (p + 1.0))
    if p == 0:
        total += np.log(phase / factor**2 - 1.0)
    with np.errstate(divide="ignore"):
        for j in range(80):
            total += np.log(np.abs(1.0 - phase * factor**j))
    return total


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers."""
    rows = outcomes(table)
    return [Judgement(text, *verdict(rows)) for text, verdict in zip(PREDICTIONS, _VERDICTS, strict=True)]


def _product(rows: pl.DataFrame) -> tuple[bool, str]:
    wrong = skipped = 0
    for (factor, p), group in rows.group_by("scheduler.factor", "scheduler.patience", maintain_order=True):
        ends = np.array([end for window in death.dead_windows(factor, p) for end in window])
        for v, dead in zip(group["phase"].to_list(), group["dead"].to_list(), strict=True):
            if ends.size and np.min(np.abs(ends / v - 1.0)) < _ROUNDING:
                skipped += 1
            else:
                wrong += death.is_dead(factor, p, v) != dead
    return wrong == 0, f"{wrong} of {rows.height} runs differ, {skipped} left out for their rounding"


def _threshold(rows: pl.DataFrame) -> tuple[bool, str]:
    held, told = True, list[str]()
    for p in PATIENCE:
        limit, of_patience = death.threshold(p), rows.filter(pl.col("scheduler.patience") == p)
        shares = of_patience.group_by("scheduler.factor").agg(pl.col("dead").sum()).sort("scheduler.factor")
        factor, count = shares["scheduler.factor"].to_numpy(), shares["dead"].to_numpy()
        held = held and not np.any(count[factor > limit]) and bool(np.all(count[factor < 0.97 * limit]))
        last = factor[count > 0].max(initial=0.0)
        told.append(f"p = {p}: last deaths at F = {last:g}, threshold {limit:.4f}")
    return held, "; ".join(told)


def _order(rows: pl.DataFrame) -> tuple[bool, str]:
    at = rows.filter((pl.col("scheduler.factor") - 0.3).abs() < 1e-9)
    dead = {p: int(at.filter(pl.col("scheduler.patience") == p)["dead"].sum()) for p in PATIENCE}
    number = at.filter(pl.col("scheduler.patience") == 0).height
    return dead[0] >= 2 * dead[1] and dead[1] >= dead[10] and dead[1] > 0, (
        f"dead of {number} at F = 0.3: " + ", ".join(f"p = {p}: {count}" for p, count in dead.items())
    )


_VERDICTS = (_product, _threshold, _order)

SWEEP = Sweep(
    name="death",
    question="Which phases of the step size die under the best-so-far rule on one eigenvalue, at which F and patience?",
    prediction=PREDICTIONS,
    arms=arms,
    sizes={
        "standard": Size(axes={"scheduler.factor": STANDARD}, steps=900, replicates=100),
        "quick": Size(axes={"scheduler.factor": QUICK}, steps=900, replicates=25),
    },
    judge=judge,
)
