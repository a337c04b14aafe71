"""One cell of the retraining study, a problem under an optimizer: tune, record, refine, and tune what was refined."""

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
from greedylr_theory.contracts import OpenLoop
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
from greedylr_theory.simulation.simulate import Trajectory
from greedylr_theory.sweeps.arm import Contender
from greedylr_theory.sweeps.cell import Cell, end_gap
from greedylr_theory.sweeps.tuned import TunedSweep

Floats = NDArray[np.float64]

#: raise it when what is recorded or how it is refined changes: cells are then computed anew
VERSION = 1
#: the last two rates that every contender tries: half way, in logarithm, to both neighbours of its best one
SECOND: tuple[Mapping[str, float], ...] = ({"lr0": 0.5**0.5}, {"lr0": 2.0**0.5})
#: the contenders that the predictions and ranks are about
RANKED = (
    "flat", "1/t", "1/sqrt t", "cosine", "linear", "step-wise", "refined", "refined twice", "warmup + polynomial",
)  # fmt: skip
CONTENDERS = (*RANKED, "refined from several runs")
#: those that a cell makes from gradient norms
REFINED = CONTENDERS[6:]
#: where the step-wise schedule drops to a tenth, in shares of the run
DROPS = (1.0 / 3.0, 2.0 / 3.0)
#: points of a schedule that are kept
POINTS = 201


def fixed_schedules(steps: int) -> dict[str, Contender]:
    """The contenders that need no earlier run, for runs of so many steps; their largest factor is 1, at the start."""
    drops = tuple(float(max(1, round(share * steps))) for share in DROPS)
    shapes: dict[str, OpenLoop] = {
        "flat": Constant(),
        "1/t": InverseTime(),
        "1/sqrt t": InverseSqrt(),
        "cosine": Cosine(),
        "linear": Linear(),
        "step-wise": MultiStep(milestones=drops, factor=0.1),
    }
    return {name: Contender(shape, second=SECOND) for name, shape in shapes.items()}


def end_gap_and_accuracy(batch: Batch, trajectory: Trajectory) -> Mapping[str, NDArray[Any]]:
    """What is tuned on, `gap` as `end_gap` gives it, and loss and accuracies at the end; NaN after divergence."""
    gap = end_gap(batch, trajectory)["gap"]
    finite = np.isfinite(gap)
    training, held_out = accuracies(batch.base.objective, np.where(finite[:, None], trajectory.x_end, 0.0))
    return {
        "gap": gap,
        "loss": np.where(finite, trajectory.end_loss, np.inf),
        "accuracy": np.where(finite, training, np.nan),
        "held_out": np.where(finite, held_out, np.nan),
    }


@dataclass(frozen=True)
class Recorded:
    """A refined schedule and the run that its norms come from: the contender that ran, and its replicates."""

    refined: Refined
    source: str
    replicates: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RefiningCell(Cell):
    """A cell whose contenders grow: those given are tuned, the schedules refined from their runs after them.

    The table has, beside the rows of a `Cell`, one of phase "schedule" for every contender: `factor` at POINTS steps
    evenly spread over the run, and for a refined one `norm`, the smoothed norms there, the `source` of the norms, how
    many runs they are a mean over (`recorded`) and the step of the peak over T (`peak`); for "refined" also `warmup`,
    `exponent` and `deviation` of the best fit.
    """

    @functools.cached_property
    def id(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        rest = self.protocol, self.outcome, self.outcome_version, self.stride
        plain = Cell(self.arm, self.problem, self.names, *rest).id
        return hashlib.sha256(canonical_json(["refining", VERSION, plain]).encode()).hexdigest()

    @property
    def runs(self) -> int:
        one = super().runs // len(self.names)
        return one * (len(self.names) + len(REFINED)) + self.protocol.tuning + 1

    @property
    def nanoseconds(self) -> float:
        objective = self.problem.base.objective
        # as measured: 0.6 ns for every coordinate and sample of a step, more for the whole loss and accuracy
        step, end = 400.0 + 0.6 * objective.uniforms * objective.dim, 1.5 * objective.data.shape[0] * objective.dim
        return self.runs * (self.protocol.steps * step + end)

    def entry(self) -> dict[str, Any]:
        return {**super().entry(), "contenders": [*self.names, *REFINED]}

    def table(self) -> pl.DataFrame:
        first = super().table()
        steps = self.protocol.steps
        shapes: dict[str, Any] = {name: self.problem.contenders[name].scheduler for name in self.names}
        once = self._recorded("linear", shapes["linear"], first, (0,))
        several = self._recorded("linear", shapes["linear"], first, tuple(range(self.protocol.tuning)))
        fit = Table(tuple(once.refined.fit.schedule(steps).tolist()))
        later: dict[str, Any] = {
            "refined": once.refined.table(),
            "warmup + polynomial": fit,
            "refined from several runs": several.refined.table(),
        }
        second = self._further(later)
        twice = self._recorded("refined", later["refined"], second, (0,))
        third = self._further({"refined twice": twice.refined.table()})
        shapes |= {**later, "refined twice": twice.refined.table()}
        recorded = {"refined": once, "refined from several runs": several, "refined twice": twice}
        rows = [self._schedule_row(name, shape, recorded.get(name)) for name, shape in shapes.items()]
        return pl.concat([first, second, third, pl.DataFrame(rows, infer_schema_length=None)], how="diagonal")

    def _further(self, shapes: Mapping[str, OpenLoop]) -> pl.DataFrame:
        contenders = {name: Contender(shape, second=SECOND) for name, shape in shapes.items()}
        problem = dataclasses.replace(self.problem, contenders=contenders)
        rest = self.protocol, self.outcome, self.outcome_version, self.stride
        return Cell(self.arm, problem, tuple(contenders), *rest).table()

    def _recorded(self, source: str, shape: OpenLoop, tuned: pl.DataFrame, replicates: tuple[int, ...]) -> Recorded:
        """Refined from the norms of runs at the source's tuned peak, under tuning replicates: their mean, if several.

        A replicate that diverges is replaced by the next one, as a user would start again.
        """
        kind = "l1" if isinstance(self.problem.base.optimizer, Adam) else "l2"
        chosen = tuned.filter((pl.col("contender") == source) & (pl.col("phase") == "evaluation"))
        run = dataclasses.replace(
            self.problem.base, scheduler=shape, lr0=chosen["lr0"].item(), steps=self.protocol.steps
        )
        every = gradient_norms(Batch(run, {"replicate": np.arange(self.protocol.tuning)}))
        norms = every.l1 if kind == "l1" else every.l2
        usable = np.flatnonzero(np.all(np.isfinite(norms), axis=1))[: len(replicates)]
        return Recorded(refine(np.mean(norms[usable], axis=0), kind=kind), source, tuple(usable.tolist()))

    def _schedule_row(self, name: str, shape: OpenLoop, recorded: Recorded | None) -> dict[str, Any]:
        steps = self.protocol.steps
        kept = positions(steps)
        row: dict[str, Any] = {"arm": self.arm, **self.problem.labels, "contender": name, "phase": "schedule"}
        row |= {"chosen": False, "factor": shape.rates(1.0, steps)[kept].tolist()}
        if recorded is None:
            return row
        refined = recorded.refined
        row |= {"norm": refined.smoothed[kept].tolist(), "source": recorded.source}
        row |= {"recorded": len(recorded.replicates), "peak": refined.argmax / steps}
        if name == "refined":
            row |= {"warmup": refined.fit.warmup, "exponent": refined.fit.exponent, "deviation": refined.fit.deviation}
        return row


def positions(steps: int) -> NDArray[np.int64]:
    """Steps whose factors are kept."""
    return np.unique(np.linspace(0, steps - 1, POINTS).astype(np.int64))


@dataclass(frozen=True, eq=False)
class RefiningSweep(TunedSweep):
    """A tuned sweep of such cells."""

    def shards(self, size: str) -> list[Cell]:
        tuning = self.size(size)
        return [
            RefiningCell(
                name, arm, tuple(arm.contenders), arm.protocol(tuning), self.outcome, self.outcome_version, self.stride
            )
            for name, arm in self.arms(size).items()
        ]
