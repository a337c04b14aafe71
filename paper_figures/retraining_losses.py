"""Final loss and accuracy of every schedule on every problem, with standard errors and ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from experiments._retraining_cell import CONTENDERS
from experiments._retraining_outcomes import RANKED, Cells, critical_difference, standard_error
from experiments.retraining import PROBLEMS, SWEEP
from greedylr_theory.plotting import Table
from greedylr_theory.statistics import average_ranks


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """A row for every optimizer, problem and contender, and one for each contender's average rank."""
    cells = Cells(table)
    found: list[dict[str, Any]] = []
    for optimizer in cells.optimizers:
        for problem in cells.problems:
            medians = [[np.median(cells.row(problem, optimizer, name)["gap"])] for name in RANKED]
            places: dict[str, float] = dict(zip(RANKED, average_ranks(medians).tolist(), strict=True))
            found += [_row(cells.row(problem, optimizer, name), places.get(name)) for name in CONTENDERS]
        found += [
            {"optimizer": optimizer, "problem": "average rank", "schedule": name, "rank": rank}
            for name, rank in cells.ranks(optimizer).items()
        ]
    return pl.DataFrame(found, schema=_COLUMNS)


_COLUMNS: Any = {
    "optimizer": pl.String, "problem": pl.String, "schedule": pl.String, "peak rate": pl.Float64,
    "final loss": pl.Float64, "its s.e.": pl.Float64, "training accuracy": pl.Float64, "s.e.": pl.Float64,
    "held-out accuracy": pl.Float64, "held-out s.e.": pl.Float64, "median gap": pl.Float64, "rank": pl.Float64,
    "runs": pl.Int64, "diverged": pl.Int64, "rates tried": pl.Int64,
}  # fmt: skip


def _row(evaluated: dict[str, Any], place: float | None) -> dict[str, Any]:
    held_out = np.array(evaluated["held_out"])
    known = bool(np.all(np.isfinite(held_out)))
    return {
        "optimizer": evaluated["optimizer"], "problem": evaluated["problem"], "schedule": evaluated["contender"],
        "peak rate": evaluated["lr0"],
        "final loss": float(np.mean(evaluated["loss"])), "its s.e.": _error(evaluated["loss"]),
        "training accuracy": float(np.mean(evaluated["accuracy"])), "s.e.": _error(evaluated["accuracy"]),
        "held-out accuracy": float(np.mean(held_out)) if known else None,
        "held-out s.e.": _error(held_out) if known else None,
        "median gap": float(np.median(evaluated["gap"])), "rank": place, "runs": evaluated["runs"],
        "diverged": evaluated["diverged"], "rates tried": evaluated["configurations"],
    }  # fmt: skip


def _error(values: Any) -> float | None:
    found = standard_error(values)
    return found if np.isfinite(found) else None


_DIFFERENCE = critical_difference(len(RANKED), len(PROBLEMS))
_SIZES = "; ".join(f"{name}: {size.evaluation} runs, {size.steps} steps" for name, size in SWEEP.sizes.items())

TABLE = Table(
    name="retraining_losses",
    reads=("retraining",),
    claims=(),
    rows=rows,
    caption=(
        "Loss of the whole training set at the end, regulariser included, with its standard error over the seeds of "
        "the evaluation, accuracies with theirs (held-out samples exist for the generated data only), and the rank by "
        "the median of f(x_T) - f*. A diverged run has the loss +infinity. Average ranks are over the problems; by "
        f"Nemenyi's test two that differ by less than {_DIFFERENCE:.2f} are not told apart at 5 %. The schedule "
        f"refined from several runs was added after a first look and has no rank. Sizes: {_SIZES}."
    ),
)
