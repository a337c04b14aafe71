"""Runs laid out as the driver wants them, N blocks of B lanes, and the way back to one row per run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Floats, Status
from greedylr_theory.simulation import driver
from greedylr_theory.simulation.draws import even
from greedylr_theory.simulation.run import PLUGINS, Packed, Run

#: of the objective, perturbation, scheduler, optimizer: the order of the driver's arguments
_ORDER = ("objective", "perturbation", "scheduler", "optimizer")


@dataclass(frozen=True)
class Blocks:
    """Every array that the driver reads or changes; the last block is filled up with copies of the last run."""

    base: Run
    count: int
    keys: tuple[NDArray[np.uint64], NDArray[np.uint64]]
    x: Floats
    lr: Floats
    data: Floats
    params: tuple[Floats, ...]
    states: tuple[Floats, ...]
    summary: Floats
    endings: tuple[NDArray[np.int64], NDArray[np.int64]]
    record: Floats

    @classmethod
    def of(cls, collected: Packed, part: slice, stride: int, width: int) -> Blocks:
        """Lay out the runs in `part`, `width` lanes to a block, at step 0."""
        base, lr0 = collected.base, collected.lr0[part]
        objective, d, blocks = base.objective, base.objective.dim, -(-lr0.size // width)

        def laid_out(rows: NDArray[Any]) -> NDArray[Any]:
            """(k, R) -> (N, k, B), or (R,) -> (N, B)."""
            matrix = np.atleast_2d(rows)
            filled = np.concatenate([matrix, np.repeat(matrix[:, -1:], blocks * width - lr0.size, axis=1)], axis=1)
            cube = np.ascontiguousarray(filled.reshape(matrix.shape[0], blocks, width).transpose(1, 0, 2))
            return cube[:, 0].copy() if rows.ndim == 1 else cube

        def zeros(rows: int) -> Floats:
            return np.zeros((blocks, rows, width))

        params = {name: collected.params[name][:, part] for name in PLUGINS}
        summary = zeros(driver.SUMMARY_ROWS)
        summary[:, driver.FINAL] = np.nan
        summary[:, driver.BEST], summary[:, driver.PEAK], summary[:, driver.REACHED] = np.inf, -np.inf, -1.0
        summary[:, driver.LEVEL] = np.nan if objective.sampled else laid_out(collected.minimum[part])
        state = base.scheduler.initial_state(params["scheduler"], lr0, base.steps)
        return cls(
            base=base,
            count=lr0.size,
            keys=(laid_out(collected.key[part]), laid_out(collected.replicate[part])),
            x=laid_out(collected.x0[:, part]),
            lr=laid_out(base.scheduler.first_rates(state, lr0)),
            data=np.ascontiguousarray(objective.data),
            params=tuple(laid_out(params[name]) for name in _ORDER),
            states=(zeros(base.perturbation.state_rows(d)), laid_out(state), zeros(base.optimizer.state_rows(d))),
            summary=summary,
            endings=(
                np.zeros((blocks, width), dtype=np.int64),
                np.full((blocks, width), base.steps, dtype=np.int64),
            ),
            record=np.full((blocks, -(-base.steps // stride) if stride else 0, 4, width), np.nan),
        )

    def advance(self, rows: slice, span: tuple[int, int, int], stride: int, tolerance: float) -> None:
        """Move the blocks in `rows` from step span[0] to step span[1] of span[2]."""
        objective, perturbation = self.base.objective, self.base.perturbation
        normal, uniform = perturbation.draws(objective.dim)
        driver.advance(
            objective.kernel,
            objective.full_kernel or objective.kernel,
            perturbation.kernel,
            self.base.scheduler.kernel,
            self.base.optimizer.kernel,
            span,
            (stride, int(self.base.ordering == "before_update")),
            tolerance,
            (even(objective.uniforms), even(normal), even(uniform), objective.workspace_rows, int(objective.sampled)),
            tuple(array[rows] for array in self.keys),
            self.x[rows],
            self.lr[rows],
            self.data,
            tuple(array[rows] for array in self.params),
            tuple(array[rows] for array in self.states),
            self.summary[rows],
            tuple(array[rows] for array in self.endings),
            self.record[rows],
        )

    def results(self) -> dict[str, NDArray[Any]]:
        """One row per run for every field of Trajectory."""
        runs, records = self.lr.size, self.record.shape[1]
        series = self.record.transpose(2, 0, 3, 1).reshape(4, runs, records)[:, : self.count]
        rows = dict(enumerate(self.summary.transpose(1, 0, 2).reshape(driver.SUMMARY_ROWS, -1)[:, : self.count]))
        status, steps = (array.reshape(-1)[: self.count] for array in self.endings)
        ended = status == Status.DIVERGED
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            recovery = rows[driver.PEAK] / (rows[driver.TAIL_SUM] / min(driver.TAIL, self.base.steps))
        return {
            "loss": series[driver.LOSS],
            "observed": series[driver.OBSERVED],
            "full_loss": series[driver.FULL_LOSS],
            "lr": series[driver.RATE],
            "x_end": self.x.transpose(0, 2, 1).reshape(-1, self.x.shape[1])[: self.count],
            "end_loss": np.where(ended, np.nan, rows[driver.END]),
            "steps": steps,
            "status": status,
            "final_loss": rows[driver.FINAL],
            "best_loss": rows[driver.BEST],
            "peak_loss": rows[driver.PEAK],
            "steps_to_tolerance": rows[driver.REACHED].astype(np.int64),
            "recovery_ratio": np.where(ended, np.nan, recovery),
            "lr_changes": rows[driver.CHANGES].astype(np.int64),
            "lr_sum": rows[driver.RATE_SUM],
        }
