"""One cell of the retraining study, a problem under an optimizer: tune, record, refine, tune again, evaluate."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments._retraining_accuracy import accuracies
from greedylr_theory.contracts import Scheduler
from greedylr_theory.gradient_norms import gradient_norms
from greedylr_theory.optimizers.adam import Adam
from greedylr_theory.params import canonical_json
from greedylr_theory.refinement import Refined, refine
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.cosine import Cosine
from greedylr_theory.schedulers.inverse_sqrt import InverseSqrt
from greedylr_theory.schedulers.inverse_time import InverseTime
from greedylr_theory.schedulers.linear import Linear
from greedylr_theory.schedulers.multi_step import MultiStep
from greedylr_theory.schedulers.table import Table
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.simulate import Trajectory, simulate
from greedylr_theory.statistics import suboptimality
from greedylr_theory.sweeps.shard import Shard

Floats = NDArray[np.float64]

#: raise it when the protocol or what it calls changes: cells are then computed anew
VERSION = 1
TUNING_SEEDS, FIRST_EVALUATION_SEED = 5, 1000
#: doublings and halvings beyond the grid, together; further rates around the best one
MOST_EXTENSIONS, FURTHER = 12, (0.5**0.5, 2.0**0.5)
#: where the step-wise schedule drops to a tenth, in shares of the run
DROPS = (1.0 / 3.0, 2.0 / 3.0)
#: points of a schedule that are kept
POINTS = 201

_NUMBERS = (
    "multiple", "rate", "gap", "loss", "minimum", "accuracy", "held_out", "warmup", "exponent", "peak", "position",
    "factor",
)  # fmt: skip
_COUNTS = ("replicate", "diverged", "chosen", "at_edge")
#: columns of a cell's table; empty where a row's phase has no such thing
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("arm", "phase", "contender", "source"), pl.String),
    **dict.fromkeys(_NUMBERS, pl.Float64),
    **dict.fromkeys(_COUNTS, pl.Int64),
}


@dataclass(frozen=True)
class Trial:
    """One peak rate of one contender: rate over the unit, median of f(x_T) - f* over the tuning seeds."""

    multiple: float
    median: float
    diverged: int
    #: first tuning seed whose run did not diverge; -1 if all did
    survivor: int


@dataclass(frozen=True)
class Tuned:
    """A contender with everything that was tried; `best` is the first of the smallest medians."""

    scheduler: Scheduler
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        return min(self.trials, key=lambda trial: trial.median)

    @property
    def at_edge(self) -> bool:
        tried = [trial.multiple for trial in self.trials]
        return self.best.multiple in (min(tried), max(tried))


@dataclass(frozen=True, eq=False)
class Cell(Shard):
    """All of one arm. Axes: {"lr0": the grid, in multiples of the base's rate}; `replicates` evaluation seeds.

    Rows of the table, by `phase`: "tuning", one per contender and rate; "evaluation", one per contender and seed, at
    the chosen rate; "refinement", one per refined schedule; "schedule", points of every contender's factors.
    """

    def __str__(self) -> str:
        return f"cell {self.id[:12]} ({self.arm})"

    @functools.cached_property
    def id(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        content = {
            "version": VERSION,
            "arm": self.arm,
            "run": self.base.specification(),
            "data": self.base.objective.data_digest,
            "rates": list(self.axes["lr0"]),
            "replicates": self.replicates,
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def nanoseconds(self) -> float:
        objective = self.base.objective
        # 0.6 ns for every coordinate and sample of a step, as measured
        return (self.last - self.first) * self.base.steps * (400.0 + 0.6 * objective.uniforms * objective.dim)

    def table(self) -> pl.DataFrame:
        """Tune, record, refine, tune the refined schedules, evaluate."""
        tuned = {name: self.tune(rule) for name, rule in fixed_schedules(self.base.steps).items()}
        refined, once = self._refined("linear", tuned["linear"])
        tuned["refined"] = self.tune(refined.table())
        again, twice = self._refined("refined", tuned["refined"])
        tuned["refined twice"] = self.tune(again.table())
        tuned["warmup + polynomial"] = self.tune(Table(tuple(refined.fit.schedule(self.base.steps).tolist())))
        rows = [
            *self._tuning_rows(tuned),
            *self._evaluation_rows(tuned),
            {"phase": "refinement", "contender": "refined", **once},
            {"phase": "refinement", "contender": "refined twice", **twice},
            *self._schedule_rows(tuned),
        ]
        return pl.DataFrame([{"arm": self.arm, **row} for row in rows], schema=SCHEMA)

    def tune(self, scheduler: Scheduler) -> Tuned:
        """Try the grid, go on beyond an edge while the best rate lies on it, then half way to both neighbours."""
        tuned = self._tried(Tuned(scheduler, ()), self.axes["lr0"])
        for _ in range(MOST_EXTENSIONS):
            if not tuned.at_edge:
                break
            tried = [trial.multiple for trial in tuned.trials]
            beyond = 0.5 * min(tried) if tuned.best.multiple == min(tried) else 2.0 * max(tried)
            tuned = self._tried(tuned, (beyond,))
        return self._tried(tuned, tuple(tuned.best.multiple * factor for factor in FURTHER))

    def _tried(self, tuned: Tuned, multiples: tuple[float, ...]) -> Tuned:
        gaps, _ = self._run(tuned.scheduler, multiples, range(TUNING_SEEDS))
        trials = [
            Trial(
                multiple=multiple,
                median=float(np.median(of_rate)),
                diverged=int(np.sum(np.isinf(of_rate))),
                survivor=next((seed for seed, gap in enumerate(of_rate) if np.isfinite(gap)), -1),
            )
            for multiple, of_rate in zip(multiples, gaps, strict=True)
        ]
        return dataclasses.replace(tuned, trials=(*tuned.trials, *trials))

    def _run(self, scheduler: Scheduler, multiples: tuple[float, ...], seeds: range) -> tuple[Floats, Trajectory]:
        """f(x_T) - f* (rates, seeds), +inf for a diverged run, and the trajectory."""
        base = dataclasses.replace(self.base, scheduler=scheduler)
        rates = np.repeat(np.multiply(multiples, self._unit), len(seeds))
        trajectory = simulate(Batch(base, {"lr0": rates, "replicate": [*seeds] * len(multiples)}))
        lost = trajectory.diverged | ~np.isfinite(trajectory.end_loss)
        gaps = suboptimality(trajectory.end_loss, self._minimum, lost)
        return gaps.reshape(len(multiples), len(seeds)), trajectory

    @property
    def _unit(self) -> float:
        rate: Any = self.base.lr0
        return float(rate)

    @property
    def _minimum(self) -> float:
        """f*, or 0, below which no loss here can be."""
        known = self.base.objective.minimum
        return 0.0 if known is None else known

    def _refined(self, source: str, tuned: Tuned) -> tuple[Refined, dict[str, Any]]:
        """What a user makes of one run at the tuned peak."""
        kind = "l1" if isinstance(self.base.optimizer, Adam) else "l2"
        seed, multiple = tuned.best.survivor, tuned.best.multiple
        run = dataclasses.replace(self.base, scheduler=tuned.scheduler, lr0=multiple * self._unit, replicate=seed)
        norms = gradient_norms([run])
        found = refine(norms.l1[0] if kind == "l1" else norms.l2[0], kind=kind)
        row = {
            "source": source,
            "multiple": multiple,
            "replicate": seed,
            "warmup": found.fit.warmup,
            "exponent": found.fit.exponent,
            "peak": found.argmax / self.base.steps,
        }
        return found, row

    def _tuning_rows(self, tuned: Mapping[str, Tuned]) -> list[dict[str, Any]]:
        return [
            {
                "phase": "tuning",
                "contender": name,
                "multiple": trial.multiple,
                "rate": trial.multiple * self._unit,
                "gap": trial.median,
                "diverged": trial.diverged,
                "chosen": int(trial is found.best),
                "at_edge": int(found.at_edge),
            }
            for name, found in tuned.items()
            for trial in found.trials
        ]

    def _evaluation_rows(self, tuned: Mapping[str, Tuned]) -> list[dict[str, Any]]:
        seeds = range(FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + self.replicates)
        rows: list[dict[str, Any]] = []
        for name, found in tuned.items():
            multiple = found.best.multiple
            [gaps], trajectory = self._run(found.scheduler, (multiple,), seeds)
            training, held_out = accuracies(self.base.objective, trajectory.x_end)
            rows += [
                {
                    "phase": "evaluation",
                    "contender": name,
                    "multiple": multiple,
                    "rate": multiple * self._unit,
                    "replicate": seed,
                    "gap": float(gaps[r]),
                    "loss": float(trajectory.end_loss[r]) if np.isfinite(gaps[r]) else float("inf"),
                    "minimum": self._minimum,
                    "diverged": int(np.isinf(gaps[r])),
                    "accuracy": float(training[r]),
                    "held_out": float(held_out[r]),
                }
                for r, seed in enumerate(seeds)
            ]
        return rows

    def _schedule_rows(self, tuned: Mapping[str, Tuned]) -> list[dict[str, Any]]:
        steps = self.base.steps
        kept = np.unique(np.linspace(0, steps - 1, POINTS).astype(np.int64))
        rows: list[dict[str, Any]] = []
        for name, found in tuned.items():
            rule: Any = found.scheduler
            factors = rule.rates(1.0, steps)
            rows += [
                {
                    "phase": "schedule",
                    "contender": name,
                    "multiple": found.best.multiple,
                    "position": float(t / steps),
                    "factor": float(factors[t]),
                }
                for t in kept
            ]
        return rows


def fixed_schedules(steps: int) -> dict[str, Scheduler]:
    """The contenders that need no earlier run, for a run of so many steps: largest factor 1, at the start."""
    drops = tuple(float(max(1, round(share * steps))) for share in DROPS)
    return {
        "flat": Constant(),
        "1/t": InverseTime(),
        "1/sqrt t": InverseSqrt(),
        "cosine": Cosine(),
        "linear": Linear(),
        "step-wise": MultiStep(milestones=drops, factor=0.1),
    }
