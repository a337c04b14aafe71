"""What came of the retraining study: ratios, tests, means over problems, ranks, accuracies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from experiments._retraining_cell import CONTENDERS, RANKED
from greedylr_theory.statistics import average_ranks, compare, holm, wilcoxon

Floats = NDArray[np.float64]

#: what is tested: the first of each pair against the second
PAIRS = (("refined", "linear"), ("refined", "cosine"), ("refined twice", "refined"))
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Overall:
    """Geometric mean over problems of the ratios of a to b, with Student's 95 % interval of their logarithms.

    better, worse: numbers of problems with a significant difference in favour of a and of b; problems: of how many.
    """

    value: float
    low: float
    high: float
    better: int
    worse: int
    problems: int

    @property
    def verdict(self) -> str:
        """What the interval says of a."""
        return "helps" if self.high < 1.0 else "hurts" if self.low > 1.0 else "undecided"

    def __str__(self) -> str:
        tested = f"better in {self.better}, worse in {self.worse} of {self.problems}"
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}], {tested}"


@dataclass(frozen=True, eq=False)
class Cells:
    """Evaluations of the study.

    Args:
        table: all rows of the sweep.
    """

    table: pl.DataFrame

    @property
    def evaluations(self) -> pl.DataFrame:
        return self.table.filter(pl.col("phase") == "evaluation")

    @property
    def problems(self) -> list[str]:
        return self.evaluations["problem"].unique(maintain_order=True).to_list()

    @property
    def optimizers(self) -> list[str]:
        return self.evaluations["optimizer"].unique(maintain_order=True).to_list()

    def row(self, problem: str, optimizer: str, contender: str, phase: str = "evaluation") -> dict[str, Any]:
        """The one row of a contender in a cell."""
        return self.table.row(
            by_predicate=(pl.col("problem") == problem)
            & (pl.col("optimizer") == optimizer)
            & (pl.col("contender") == contender)
            & (pl.col("phase") == phase),
            named=True,
        )

    def column(self, name: str, optimizer: str, contender: str) -> Floats:
        """A column of the outcome (problems, seeds)."""
        return np.array([self.row(problem, optimizer, contender)[name] for problem in self.problems])

    def comparisons(self, pairs: Sequence[tuple[str, str]] = PAIRS) -> pl.DataFrame:
        """Rows for every pair, optimizer and problem: ratio with its interval, wins, p-value, and corrected p-value.

        Holm's correction takes all rows for one family.
        """
        parts: list[pl.DataFrame] = []
        for a, b in pairs:
            for optimizer in self.optimizers:
                left, right = (self.column("gap", optimizer, name) for name in (a, b))
                found, tested = compare(left, right), wilcoxon(left, right, ratios=True)
                ratio = found.log_ratio
                parts.append(
                    pl.DataFrame(
                        {
                            "a": [a] * len(left),
                            "b": [b] * len(left),
                            "optimizer": [optimizer] * len(left),
                            "problem": self.problems,
                            "ratio": np.exp(ratio.value),
                            "low": np.exp(ratio.low),
                            "high": np.exp(ratio.high),
                            "wins": found.wins,
                            "losses": found.losses,
                            "p": tested.p,
                        }
                    )
                )
        rows = pl.concat(parts)
        return rows.with_columns(corrected=pl.Series(holm(rows["p"].to_numpy())))

    def ranks(self, optimizer: str) -> dict[str, float]:
        """Average over the problems of each contender's rank by its median gap; those of RANKED only."""
        medians = np.array([np.median(self.column("gap", optimizer, name), axis=1) for name in RANKED])
        return dict(zip(RANKED, average_ranks(medians).tolist(), strict=True))

    def edges(self) -> tuple[int, int]:
        """Contenders in cells whose best rate is the smallest or largest that was tried, and all of them."""
        tried = self.table.filter(pl.col("phase") == "tuning").group_by("arm", "contender")
        found = tried.agg(
            low=pl.col("rate").min(), high=pl.col("rate").max(), best=pl.col("rate").filter("chosen").first()
        )
        at_edge = found.filter((pl.col("best") == pl.col("low")) | (pl.col("best") == pl.col("high")))
        return at_edge.height, found.height


def overall(rows: pl.DataFrame, a: str, b: str, optimizer: str | None) -> Overall:
    """Over the problems of one optimizer, or over all cells, from `Cells.comparisons`."""
    chosen = rows.filter((pl.col("a") == a) & (pl.col("b") == b))
    if optimizer is not None:
        chosen = chosen.filter(pl.col("optimizer") == optimizer)
    ratio, corrected = chosen["ratio"].to_numpy(), chosen["corrected"].to_numpy()
    better = int(np.sum((corrected < SIGNIFICANT) & (ratio < 1.0)))
    worse = int(np.sum((corrected < SIGNIFICANT) & (ratio > 1.0)))
    if not np.all((ratio > 0.0) & np.isfinite(ratio)):
        return Overall(math.nan, 0.0, math.inf, better, worse, ratio.size)
    logs = np.log(ratio)
    half = math.inf
    if logs.size > 1:
        half = float(stats.t.ppf(0.975, logs.size - 1) * np.std(logs, ddof=1) / math.sqrt(logs.size))
    middle = float(np.mean(logs))
    return Overall(
        math.exp(middle), math.exp(middle - half), math.exp(min(middle + half, 700.0)), better, worse, logs.size
    )


def overall_problems(rows: pl.DataFrame, a: str, b: str) -> Overall:
    """Over all cells, the problems being the sample: a problem's logarithms are averaged over the optimizers first.

    better, worse and problems are of cells.
    """
    chosen = rows.filter((pl.col("a") == a) & (pl.col("b") == b))
    means = chosen.group_by("a", "b", "problem", maintain_order=True).agg(
        pl.col("ratio").log().mean().exp(), corrected=pl.lit(1.0)
    )
    found, cells = overall(means, a, b, None), overall(chosen, a, b, None)
    return Overall(found.value, found.low, found.high, cells.better, cells.worse, cells.problems)


def critical_difference(contenders: int, problems: int) -> float:
    """Nemenyi: average ranks that differ by less are not told apart at 5 % (Demsar, J. Mach. Learn. Res. 7, 2006)."""
    q = float(stats.studentized_range.ppf(0.95, contenders, np.inf)) / math.sqrt(2.0)
    return q * math.sqrt(contenders * (contenders + 1) / (6.0 * problems))


def standard_error(values: Any) -> float:
    """Of the mean of independent values; NaN for a single one."""
    array = np.asarray(values, dtype=np.float64)
    if array.size < 2 or not np.all(np.isfinite(array)):
        return math.nan
    return float(np.std(array, ddof=1) / math.sqrt(array.size))


__all__ = [
    "CONTENDERS",
    "PAIRS",
    "RANKED",
    "Cells",
    "Overall",
    "critical_difference",
    "overall",
    "overall_problems",
    "standard_error",
]
