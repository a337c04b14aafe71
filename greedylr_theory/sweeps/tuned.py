"""TunedSweep: an experiment in which schedulers meet after each was given the same budget to tune."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from greedylr_theory.sweeps.arm import Arm, Tuning
from greedylr_theory.sweeps.cell import Cell, Outcome, end_gap
from greedylr_theory.sweeps.sweep import Judgement

Arms = Mapping[str, Arm]


@dataclass(frozen=True, eq=False)
class TunedSweep:
    """Contenders on problems: tuned on some replicates with equal budgets, evaluated on others.

    For each problem and contender: every rate of one grid, the same for all in units of the problem's scale; rates
    beyond it while the best lies on its edge; then the contender's own second configurations, equally many for all.
    The one with the smallest median outcome over the tuning replicates is chosen and run on the evaluation replicates.
    Starts and noise are those of the replicate: all contenders meet the same.

    Args:
        name: the file's name.
        question: what is asked, in words.
        prediction: statements that can turn out wrong, written before the first run.
        arms: size -> {name: problem with its contenders}.
        sizes: {"standard": ..., "quick": ...}.
        judge: table of all cells -> one judgement per prediction.
        outcome: a function at the top of a module, from runs and what they did to columns (runs,); the first is tuned
            on. Cells do not depend on its text: raise the version when it changes.
        outcome_version: of `outcome`.
        stride: at which `outcome` needs losses and rates recorded; 0 when summaries are enough.
        conclusion: table of all cells -> sentences in plain words, computed from the numbers, for a page of the report.
    """

    name: str
    question: str
    prediction: tuple[str, ...]
    arms: Callable[[str], Arms]
    sizes: Mapping[str, Tuning]
    judge: Callable[[pl.DataFrame], list[Judgement]]
    outcome: Outcome = end_gap
    outcome_version: int = 1
    stride: int = 0
    conclusion: Callable[[pl.DataFrame], list[str]] | None = None

    def size(self, name: str) -> Tuning:
        """One of the sizes; ValueError that lists them when there is no such size."""
        if name not in self.sizes:
            raise ValueError(f"size must be one of {', '.join(self.sizes)}, got {name!r}")
        return self.sizes[name]

    def with_values(self, values: Mapping[str, Sequence[float] | str]) -> TunedSweep:
        """The same sweep on those arms only whose labels have one of the values.

        Args:
            values: {label: values}; a text such as "adam,momentum" is split at commas.

        Raises:
            ValueError: no arm of some size has such a label, or one of the values.
        """
        wanted = {
            label: set(given.split(",") if isinstance(given, str) else map(str, given))
            for label, given in values.items()
        }
        for size in self.sizes:
            there = [arm.labels for arm in self.arms(size).values()]
            for label in wanted:
                if not any(str(labels.get(label)) in wanted[label] for labels in there):
                    found = sorted({str(labels[label]) for labels in there if label in labels})
                    if not found:
                        labels = sorted({name for labels in there for name in labels})
                        raise ValueError(f"{self.name} has no axis {label!r}; it has: {', '.join(labels)}")
                    raise ValueError(f"{label} must be among {', '.join(found)}, got {values[label]!r}")

        def arms(size: str) -> Arms:
            return {
                name: arm
                for name, arm in self.arms(size).items()
                if all(str(arm.labels.get(label)) in given for label, given in wanted.items())
            }

        return dataclasses.replace(self, arms=arms)

    def shards(self, size: str) -> list[Cell]:
        """The work, in canonical order: arm by arm, the contenders in their order."""
        tuning = self.size(size)
        cells: list[Cell] = []
        for arm, problem in self.arms(size).items():
            names = tuple(problem.contenders)
            together = problem.together or len(names)
            rest = problem.protocol(tuning), self.outcome, self.outcome_version, self.stride
            cells += [Cell(arm, problem, names[i : i + together], *rest) for i in range(0, len(names), together)]
        return cells

    def description(self, size: str) -> dict[str, Any]:
        """What a manifest says of the whole."""
        return {"tuning": dataclasses.asdict(self.size(size))}
