"""The fair robustness study's table as arrays: suboptimalities by arm, contender and start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments._robustness_contenders import ADAPTIVE, GREEDY, PLATEAU, SCHEDULES

Floats = NDArray[np.float64]
#: a contender, a family by its name, or any contenders of whom the best is meant
Who = str | tuple[str, ...]
#: problem, optimizer, channel
Group = tuple[str, str, str]

#: suboptimalities below it count as this much, in units of loss: there differences are rounding
FLOOR = 1e-12
#: the rule that the published study praises, and what it is compared with
PRIMARY, RIVAL = "GreedyStudy p=1", "cosine"
#: of each arm, the contender of a family with the smallest tuning median: chosen without the evaluation replicates
BEST_GREEDY, BEST_SCHEDULE = "best GreedyLR", "best schedule"
FAMILIES = {BEST_GREEDY: tuple(GREEDY), BEST_SCHEDULE: (*SCHEDULES, *PLATEAU)}
#: who takes part everywhere, in the order in which tables and figures show them
EVERYWHERE = (*GREEDY, *SCHEDULES, *PLATEAU)
CONTENDERS = (*EVERYWHERE, *ADAPTIVE)
CHANNELS = ("none", "observed_loss", "gradient", "iterate", "objective")
LABELS = ("arm", "problem", "optimizer", "channel", "perturbation", "strength")


@dataclass(frozen=True, eq=False)
class Entry:
    """A contender on an arm: suboptimalities (n,), their median, and the median on the tuning replicates."""

    gaps: Floats
    median: float
    tuning: float


class Fair:
    """Evaluations by arm and contender.

    In the channel "observed_loss" a contender that does not look at the loss has the runs without perturbation, which
    are the same bit for bit.

    Args:
        table: all rows of the sweep.
    """

    def __init__(self, table: pl.DataFrame) -> None:
        self.arms = table.select(LABELS).unique(maintain_order=True)
        tuned = table.filter((pl.col("phase") == "tuning") & pl.col("chosen"))
        tuning = {(row[0], row[1]): row[2] for row in tuned.select("arm", "contender", "median").iter_rows()}
        self._found: dict[tuple[str, str, str], Entry] = {}
        for phase in ("evaluation", "untuned"):
            rows = table.filter(phase=phase).select("arm", "contender", "gap")
            if rows.height == 0:
                continue
            ends = np.cumsum(rows["gap"].list.len().to_numpy())
            parts = np.split(np.maximum(rows["gap"].explode().to_numpy(), FLOOR), ends[:-1])
            for (arm, contender), gaps in zip(rows.select("arm", "contender").iter_rows(), parts, strict=True):
                middle = float(typical(gaps[:, None])[0])
                self._found[phase, arm, contender] = Entry(gaps, middle, max(tuning[arm, contender], FLOOR))
        clean = self.arms.filter(channel="none").select("problem", "optimizer", clean="arm")
        joined = self.arms.filter(channel="observed_loss").join(clean, on=["problem", "optimizer"], how="inner")
        self._clean = dict(joined.select("arm", "clean").iter_rows())

    def entry(self, arm: str, contender: Who, phase: str = "evaluation") -> Entry | None:
        """What is known of a contender, or of the best of a family; None where it took no part."""
        name = self.member(arm, contender)
        own = self._found.get((phase, arm, name))
        return own if own is not None else self._found.get((phase, self._clean.get(arm, arm), name))

    def member(self, arm: str, contender: Who) -> str:
        """The contender itself; of a family, such as "best GreedyLR", the one with the smallest tuning median."""
        family = FAMILIES.get(contender) if isinstance(contender, str) else contender
        if family is None:
            return str(contender)
        entries = [(name, self.entry(arm, name)) for name in family]
        return min((entry.tuning, name) for name, entry in entries if entry is not None)[1]

    def groups(self) -> dict[Group, list[str]]:
        """Arms of every problem, optimizer and channel."""
        found: dict[Group, list[str]] = {}
        for arm, problem, optimizer, channel in self.arms.select(LABELS[:4]).iter_rows():
            found.setdefault((problem, optimizer, channel), []).append(arm)
        return found

    def matrix(self, arms: Sequence[str], contender: Who, phase: str = "evaluation") -> Floats | None:
        """Suboptimalities (arms, n); None where the contender takes no part in one of the arms."""
        rows = [entry.gaps for arm in arms if (entry := self.entry(arm, contender, phase)) is not None]
        return np.array(rows) if len(rows) == len(arms) else None


def typical(matrix: Floats) -> Floats:
    """Median over the arms of a group, start by start: (arms, n) -> (n,)."""
    ordered = np.sort(matrix, axis=0)
    return 0.5 * ordered[(len(matrix) - 1) // 2] + 0.5 * ordered[len(matrix) // 2]


_LAST: list[tuple[pl.DataFrame, Fair]] = []


def fair(table: pl.DataFrame) -> Fair:
    """Arrays of a table; those of the last one are kept."""
    if not _LAST or _LAST[0][0] is not table:
        _LAST[:] = [(table, Fair(table))]
    return _LAST[0][1]
