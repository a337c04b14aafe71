"""GreedyLR against schedules tuned with the same budget, for each problem, optimizer and channel."""

from __future__ import annotations

import polars as pl

from experiments import _robustness_outcomes as outcomes
from experiments._robustness_table import BEST_GREEDY, BEST_SCHEDULE, PRIMARY, RIVAL
from experiments.robustness_fair import SWEEP
from greedylr_theory.plotting import Table

_GROUP = ("problem", "optimizer", "channel")
_PAIRS = ((BEST_GREEDY, BEST_SCHEDULE), (PRIMARY, RIVAL))


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """A row for every pair and group: both medians with intervals, and how they compare start by start."""
    return pl.concat([_of_pair(table, first, second) for first, second in _PAIRS])


def _of_pair(table: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    middles = outcomes.medians(table, names=(first, second))
    found = outcomes.against(table, first, second)
    for name, side in ((first, "median"), (second, "median of the other")):
        columns = {
            "median": side, "low": f"{side}, low", "high": f"{side}, high",
            "diverged": "diverged" if side == "median" else "diverged, the other",
        }  # fmt: skip
        of_one = middles.filter(contender=name).select(*_GROUP, *columns).rename(columns)
        found = found.join(of_one, on=_GROUP, maintain_order="left")
    return found.select(
        pl.lit(first).alias("contender"),
        pl.lit(second).alias("against"),
        *_GROUP,
        *(name for name in found.columns if name.startswith("median")),
        "ratio",
        pl.col("ratio_low").alias("ratio, low"),
        pl.col("ratio_high").alias("ratio, high"),
        pl.col("win_rate").alias("wins"),
        pl.col("win_low").alias("wins, low"),
        pl.col("win_high").alias("wins, high"),
        pl.col("delta").alias("Cliff's delta"),
        pl.col("delta_low").alias("delta, low"),
        pl.col("delta_high").alias("delta, high"),
        pl.col("p_holm").alias("p after Holm"),
        *(name for name in found.columns if name.startswith("diverged")),
        "verdict",
    )


_SIZES = "; ".join(f"{name}: {size.evaluation} starts evaluated" for name, size in SWEEP.sizes.items())

TABLE = Table(
    name="robustness_comparisons",
    reads=("robustness_fair",),
    claims=(),
    rows=rows,
    caption=(
        "f(x_T) - f* after 200 steps of one contender against another, both tuned with the same budget, from the same "
        "starts with the same noise. The value of a contender at one start is its median over the perturbations and "
        "strengths of the group; medians over the starts have 95 % bootstrap intervals, shares of starts won 95 % "
        "Wilson intervals. Ratio: of the first over the other in the same setting from the same start, median over the "
        "settings and then over the starts, below 1 where the first is better; it is 0 or infinite where a run "
        "diverged. A start is won by this median. Cliff's delta, the mean over the settings, is negative there. p: "
        "Wilcoxon's signed-rank test of the logarithms after Holm's "
        "correction over the groups of the pair; the verdict is the first contender's, undecided where p exceeds 0.05 "
        f"or the interval of the ratio holds 1. '{BEST_GREEDY}' and '{BEST_SCHEDULE}' are chosen anew in each setting, "
        f"on the starts that tune, among 5 and 10. A diverged run is worst. Sizes on the analytic problems: {_SIZES}."
    ),
)
