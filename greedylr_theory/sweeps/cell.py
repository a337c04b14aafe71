"""Cell: contenders that are tuned on one problem with equal budgets and then evaluated on other replicates."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.params import canonical_json
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import Trajectory, simulate
from greedylr_theory.sweeps.arm import Arm, Contender, Tuning

#: raise it whenever the columns of a cell or their meaning change: every cell is then computed anew
FORMAT = 1

Floats = NDArray[np.float64]
#: runs and what they did -> {column: (runs,)}; the first column is what is tuned on: smaller is better, +inf is worst
Outcome = Callable[[Batch, Trajectory], Mapping[str, NDArray[Any]]]


def end_gap(batch: Batch, trajectory: Trajectory) -> Mapping[str, Floats]:
    """f(x_T) - f* of the undisturbed objective as `gap`, +inf after divergence; f(x_T) itself where f* is not known."""
    minimum = batch.base.objective.minimum or 0.0
    gap = np.maximum(trajectory.end_loss - minimum, 0.0)
    return {"gap": np.where(trajectory.diverged, np.inf, gap)}


#: a configuration: lr0 and what else is set, by name
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class _Tried:
    """A configuration, its rate over the scale, the stage that tried it, and what came of it."""

    numbers: Numbers
    rate: float
    stage: str
    median: float
    diverged: int

    @property
    def order(self) -> tuple[float, int, float]:
        """The smallest is chosen: by median; ties by fewer diverged runs, then by the smaller rate."""
        return self.median, self.diverged, self.rate


@dataclass(frozen=True, eq=False)
class Cell:
    """Some contenders on one arm, tuned and evaluated: the unit that is computed, stored and found again."""

    arm: str
    problem: Arm
    names: tuple[str, ...]
    protocol: Tuning
    outcome: Outcome = end_gap
    outcome_version: int = 1
    stride: int = 0

    def __str__(self) -> str:
        return f"cell {self.id[:12]} ({self.arm}, {', '.join(self.names)})"

    @functools.cached_property
    def id(self) -> str:
        """64 hexadecimal digits that identify the runs, the versions of their plug-ins, outcome and format."""
        base = self.problem.base.specification()
        for replaced in ("scheduler", "lr0", "steps", "replicate"):
            del base[replaced]
        content: dict[str, Any] = {
            "format": FORMAT,
            "arm": [self.arm, dict(self.problem.labels)],
            "run": base,
            "data": self.problem.base.objective.data_digest,
            "scale": self.problem.scale,
            "contenders": {name: self.problem.contenders[name].specification() for name in self.names},
            "protocol": dataclasses.asdict(self.protocol),
            "outcome": [self.outcome.__module__, self.outcome.__qualname__, self.outcome_version, self.stride],
        }
        if self.problem.tuned_under is not None:
            content["tuned under"] = self.problem.tuned_under.specification()
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def runs(self) -> int:
        """Number of runs, extensions apart."""
        protocol, total = self.protocol, 0
        for name in self.names:
            contender = self.problem.contenders[name]
            total += (len(protocol.rates) + len(contender.second)) * protocol.tuning + protocol.evaluation
            total += self._untuned if contender.untuned is not None else 0
        return total

    @property
    def _untuned(self) -> int:
        return self.protocol.evaluation if self.protocol.untuned is None else self.protocol.untuned

    @property
    def nanoseconds(self) -> float:
        """Rough time on one core, from the shape of the problem; for estimates and for the order of work."""
        base, objective = self.problem.base, self.problem.base.objective
        draws = sum(base.perturbation.draws(objective.dim)) + objective.uniforms
        samples, batch = len(objective.data), getattr(objective, "batch", None)
        # a finite sum takes every coordinate of every sample; a minibatch is slower at it, and is drawn
        sums = 0.2 * samples * objective.dim if batch is None else 0.75 * batch * objective.dim + 3.0 * samples
        step = 20.0 + objective.dim + 5.0 * draws + sums
        return self.runs * self.protocol.steps * step + len(self.names) * 1e7

    def entry(self) -> dict[str, Any]:
        """What a manifest says of it."""
        return {"id": self.id, "arm": self.arm, "contenders": list(self.names)}

    def table(self) -> pl.DataFrame:
        """Tune and evaluate: for each contender a row per configuration tried and one or two with its evaluation.

        Columns: arm, its labels, contender; `phase` "tuning", "evaluation" or "untuned"; `stage` that tried the
        configuration ("grid", "extension", "second", or "untuned"); `rate` lr0 over the scale, `lr0`, and
        "scheduler.<name>" for the numbers that are set; `median` of what is tuned on and number of `diverged` among
        `runs` runs; `chosen`. Rows of evaluations also have `configurations`, the number tried, `extended`, how many
        of them beyond the grid, and lists over the replicates from `first` on: each column of the outcome.
        """
        parts = [row for name in self.names for row in self._rows(name, self.problem.contenders[name])]
        return pl.DataFrame(parts, infer_schema_length=None)

    def _rows(self, name: str, contender: Contender) -> list[dict[str, Any]]:
        base = self._base(contender)
        other = self.problem.tuned_under
        tried = self._tuned(base if other is None else dataclasses.replace(base, perturbation=other), contender)
        best = min(tried, key=lambda entry: entry.order)
        rows = [self._row(name, "tuning", entry, self.protocol.tuning) | {"chosen": entry is best} for entry in tried]
        extended = sum(entry.stage == "extension" for entry in tried)
        common = {"configurations": len(tried), "extended": extended, "first": self.protocol.tuning}
        for phase, entry, found in self._evaluated(base, contender, best):
            lists = {column: values.tolist() for column, values in found.items()}
            count = len(next(iter(lists.values())))
            rows.append(self._row(name, phase, entry, count) | {"chosen": phase == "evaluation"} | common | lists)
        return rows

    def _base(self, contender: Contender) -> Run:
        return dataclasses.replace(
            self.problem.base, scheduler=contender.scheduler, lr0=self.problem.scale, steps=self.protocol.steps,
            ordering=None, replicate=0,
        )  # fmt: skip

    def _numbers(self, contender: Contender, rate: float, given: Mapping[str, float]) -> dict[str, float]:
        """Configuration at a rate (over the scale), with some multiples in place of the declared ones."""
        lr0 = rate * self.problem.scale
        multiples = {**contender.scaled, **{name: value for name, value in given.items() if name != "lr0"}}
        return {"lr0": lr0, **{name: multiple * lr0 for name, multiple in multiples.items()}}

    def _tuned(self, base: Run, contender: Contender) -> list[_Tried]:
        def on(stage: str, rates: Sequence[float]) -> list[_Tried]:
            return self._tried(base, stage, [(rate, self._numbers(contender, rate, {})) for rate in rates])

        grid = on("grid", self.protocol.rates)
        for _ in range(self.protocol.extension):
            best = min(grid, key=lambda entry: entry.order)
            # on a plateau at the edge there is nothing to look for; where everything diverges, look at smaller rates
            if np.isinf(best.median) or (best is grid[0] and best.median < grid[1].median):
                grid[:0] = on("extension", [grid[0].rate * grid[0].rate / grid[1].rate])
            elif best is grid[-1] and best.median < grid[-2].median:
                grid += on("extension", [grid[-1].rate * grid[-1].rate / grid[-2].rate])
            else:
                break
        best = min(grid, key=lambda entry: entry.order)
        further: list[tuple[float, Numbers]] = []
        for given in contender.second:
            rate = best.rate * given.get("lr0", 1.0)
            further.append((rate, self._numbers(contender, rate, given)))
        return grid + (self._tried(base, "second", further) if further else [])

    def _tried(self, base: Run, stage: str, configurations: Sequence[tuple[float, Numbers]]) -> list[_Tried]:
        count = self.protocol.tuning
        every = np.tile(np.arange(count), len(configurations))
        found = self._run(base, [numbers for _, numbers in configurations for _ in range(count)], every)
        values = next(iter(found.values())).reshape(len(configurations), count)
        return [
            _Tried(numbers, rate, stage, _median(row), int(np.sum(np.isinf(row))))
            for (rate, numbers), row in zip(configurations, values, strict=True)
        ]

    def _evaluated(
        self, base: Run, contender: Contender, best: _Tried
    ) -> list[tuple[str, _Tried, Mapping[str, NDArray[Any]]]]:
        first, count = self.protocol.tuning, self.protocol.evaluation
        chosen = [best.numbers] * count
        if contender.untuned is not None:
            chosen += [contender.untuned] * self._untuned
        replicates = first + np.concatenate([np.arange(count), np.arange(len(chosen) - count)])
        found = self._run(base, chosen, replicates)
        evaluations = [("evaluation", best, {column: values[:count] for column, values in found.items()})]
        if len(chosen) > count and contender.untuned is not None:
            rate = contender.untuned["lr0"] / self.problem.scale
            entry = _Tried(contender.untuned, rate, "untuned", np.nan, 0)
            evaluations.append(("untuned", entry, {column: values[count:] for column, values in found.items()}))
        return [
            (phase, dataclasses.replace(entry, median=_median(values), diverged=int(np.sum(np.isinf(values)))), lists)
            for phase, entry, lists in evaluations
            for values in [next(iter(lists.values()))]
        ]

    def _run(
        self, base: Run, configurations: Sequence[Numbers], replicates: NDArray[np.int64]
    ) -> Mapping[str, NDArray[Any]]:
        names = configurations[0].keys()
        values = {name: np.array([numbers[name] for numbers in configurations]) for name in names}
        paths = {name if name == "lr0" else f"scheduler.{name}": column for name, column in values.items()}
        batch = Batch(base, {**paths, "replicate": replicates.astype(np.float64)})
        found = self.outcome(batch, simulate(batch, stride=self.stride))
        first = next(iter(found))
        if any(np.shape(column) != (len(batch),) for column in found.values()) or np.any(np.isnan(found[first])):
            raise ValueError(
                f"an outcome gives one entry per run in every column, and numbers to tune on in the first, {first!r}"
            )
        return found

    def _row(self, name: str, phase: str, entry: _Tried, runs: int) -> dict[str, Any]:
        numbers = {f"scheduler.{name}": value for name, value in entry.numbers.items() if name != "lr0"}
        return {
            "arm": self.arm, **self.problem.labels, "contender": name, "phase": phase, "stage": entry.stage,
            "rate": entry.rate, "lr0": entry.numbers["lr0"], **numbers, "median": entry.median,
            "diverged": entry.diverged, "runs": runs,
        }  # fmt: skip


def _median(values: NDArray[Any]) -> float:
    ordered = np.sort(values)
    return float(0.5 * ordered[(ordered.size - 1) // 2] + 0.5 * ordered[ordered.size // 2])
