"""Does refinement help: ratios of final suboptimality with intervals, tests and what follows from them."""

from __future__ import annotations

from typing import Any

import polars as pl

from experiments._retraining_outcomes import PAIRS, Cells, overall
from experiments.retraining import SWEEP
from greedylr_theory.plotting import Table


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """A row for every pair, optimizer and problem, and one for all problems together."""
    cells = Cells(table)
    compared = cells.comparisons()
    found: list[dict[str, Any]] = []
    for a, b in PAIRS:
        for optimizer in cells.optimizers:
            of_pair = compared.filter((pl.col("a") == a) & (pl.col("b") == b) & (pl.col("optimizer") == optimizer))
            common = {"schedule": a, "against": b, "optimizer": optimizer}
            found += [
                {
                    **common, "problem": row["problem"], "ratio": row["ratio"], "low": row["low"], "high": row["high"],
                    "wins": row["wins"], "losses": row["losses"], "p": row["p"], "p after Holm": row["corrected"],
                }
                for row in of_pair.iter_rows(named=True)
            ]  # fmt: skip
            all_of_it = overall(compared, a, b, optimizer)
            found.append(
                {
                    **common, "problem": "all", "ratio": all_of_it.value, "low": all_of_it.low,
                    "high": all_of_it.high, "significantly lower on": all_of_it.better,
                    "significantly higher on": all_of_it.worse, "the schedule": all_of_it.verdict,
                }
            )  # fmt: skip
    return pl.DataFrame(found, infer_schema_length=None)


_SIZES = "; ".join(f"{name}: {size.evaluation} runs, {size.steps} steps" for name, size in SWEEP.sizes.items())

TABLE = Table(
    name="retraining_answers",
    reads=("retraining",),
    claims=(),
    rows=rows,
    caption=(
        "Ratio of f(x_T) - f* of one schedule to that of another with the same starts and samples, below 1 where the "
        "first is better: median over the seeds with its 95 % bootstrap interval, wins and losses, and the two-sided "
        "p-value of Wilcoxon's signed-rank test of the logarithms before and after Holm's correction for all of the "
        "tests. In the rows of all problems: geometric mean with Student's 95 % interval of the logarithm over the "
        "problems, and on how many of them the corrected test finds a difference at 5 %; a schedule helps, or hurts, "
        f"when that interval leaves 1 out. Sizes: {_SIZES}."
    ),
)
