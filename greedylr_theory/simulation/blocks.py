"""Runs laid out as the driver wants them, N blocks of B lanes, and the way back to one row per run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import SLOTS, Floats, OpenLoop, Scheduler, Status, common, follow_table, is_common
from greedylr_theory.simulation import driver
from greedylr_theory.simulation.draws import even
from greedylr_theory.simulation.packed import Packed
from greedylr_theory.simulation.run import PLUGINS, Run

#: of the objective, perturbation, scheduler, optimizer: the order of the driver's arguments
_ORDER = ("objective", "perturbation", "scheduler", "optimizer")


@dataclass(frozen=True)
class Slot:
    """One scheduler at work: what it sets, when, and its parameters, state and first rates, the run last."""

    rule: Scheduler
    control: str  # path of what it sets; empty for the step size
    first: int
    last: int
    params: Floats
    state: Floats
    rates: Floats


def slots_of(collected: Packed, part: slice) -> list[Slot]:
    """The schedulers of the runs in `part`: the phases of the step size, then the controls.

    Raises:
        ValueError: a schedule takes a control out of the range of its number.
    """
    base, dim = collected.base, collected.base.objective.dim
    wanted = [("", phase, collected.params["scheduler"]) for phase in base.scheduler.phases()]
    wanted += [(path, rule.phases()[0], collected.params[path]) for path, rule in base.controls]
    slots: list[Slot] = []
    for path, phase, packed in wanted:
        owner = base.scheduler if not path else phase.scheduler
        params = packed[owner.rows_of(phase.path), part]
        if not path:
            level = collected.lr0[part]
        else:
            plugin, _, name = path.partition(".")
            level = collected.params[plugin][getattr(base, plugin).slots()[name], part][0]
        last = base.steps + 1 if phase.last is None else min(phase.last, base.steps + 1)
        state = phase.scheduler.initial_state(params, level, max(1, min(last, base.steps) - phase.first), dim)
        rates = phase.scheduler.first_rates(state, level)
        if path:
            _require_range(base, path, state if isinstance(phase.scheduler, OpenLoop) else rates)
        slots.append(Slot(phase.scheduler, path, phase.first, last, params, state, rates))
    return slots


def _require_range(base: Run, path: str, levels: Floats) -> None:
    plugin, _, name = path.partition(".")
    owner = getattr(base, plugin)
    allowed, rounded = owner.control_range(name), owner.parameter(name).kind == "int"
    for value in np.unique(np.rint(levels) if rounded else levels):
        if value not in allowed:
            raise ValueError(
                f"Run.controls[{path!r}] must keep within {allowed}, but the schedule reaches {float(value)!r}"
            )


def plan_of(slots: list[Slot], base: Run) -> NDArray[np.int64]:
    """The slots as the driver reads them: (slots, 10), see the columns there."""
    rows: list[list[int]] = []
    params = state = 0
    for slot in slots:
        target, row, whole = driver.STEP_SIZE, 0, 0
        if slot.control:
            plugin, _, name = slot.control.partition(".")
            owner = getattr(base, plugin)
            target = driver.OF_OPTIMIZER if plugin == "optimizer" else driver.OF_OBJECTIVE
            row, whole = owner.slots()[name].start, int(owner.parameter(name).kind == "int")
        ends = (params + len(slot.params), state + len(slot.state))
        searches = int(slot.rule.search is not None)
        rows.append([target, row, slot.first, slot.last, params, ends[0], state, ends[1], searches, whole])
        params, state = ends
    return np.array(rows, dtype=np.int64)


def aligned(shape: tuple[int, ...], dtype: Any = np.float64) -> NDArray[Any]:
    """Zeros (8 bytes each) that begin on a cache line: vectors that straddle two lines take twice as long."""
    count = int(np.prod(shape))
    room = np.zeros(count + 7, dtype=dtype)
    skip = -room.ctypes.data % 64 // 8
    return room[skip : skip + count].reshape(shape)


def _in_blocks(matrix: NDArray[Any], width: int) -> NDArray[Any]:
    """(k, R) -> (N, k, B); the last block is filled up with the last run."""
    rows, runs = matrix.shape
    whole, rest = divmod(runs, width)
    cube = aligned((whole + (rest > 0), rows, width), matrix.dtype)
    cube[:whole] = matrix[:, : whole * width].reshape(rows, whole, width).transpose(1, 0, 2)
    if rest:
        cube[-1, :, :rest], cube[-1, :, rest:] = matrix[:, whole * width :], matrix[:, -1:]
    return cube


def _joined(matrices: list[Floats]) -> Floats:
    """Matrices (k, R) on top of each other; one column for all runs where each of them is that."""
    if all(is_common(matrix) for matrix in matrices):
        return common(np.concatenate([matrix[:, 0] for matrix in matrices]), matrices[0].shape[1])
    return np.concatenate(matrices)


def evaluation(base: Run) -> tuple[Any, int, int, bool]:
    """Kernel of the loss of a step, its draws, its rows of workspace, and whether it is the loss of a sample."""
    objective = base.objective
    if base.perturbation.relabels:
        return objective.relabelled_kernel, *objective.relabelled_rows, True
    return objective.kernel, objective.uniforms, objective.workspace_rows, objective.sampled


@dataclass(frozen=True)
class Blocks:
    """Every array that the driver reads or changes; the last block is filled up with copies of the last run."""

    base: Run
    count: int
    keys: tuple[NDArray[np.uint64], NDArray[np.uint64]]
    x: Floats
    lr: Floats
    levels: tuple[Floats, Floats]
    plan: NDArray[np.int64]
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
            cube = _in_blocks(np.atleast_2d(rows), width)
            return cube[:, 0] if rows.ndim == 1 else cube

        def laid_out_once(rows: Floats) -> Floats:
            """The same for what kernels only read: (1, k, B) when all runs share it."""
            return _in_blocks(common(rows[:, 0], width), width) if is_common(rows) else laid_out(rows)

        def zeros(rows: int) -> Floats:
            return aligned((blocks, rows, width))

        params = {name: collected.params[name][:, part] for name in PLUGINS}
        summary = zeros(driver.SUMMARY_ROWS)
        summary[:, driver.FINAL] = np.nan
        summary[:, driver.BEST], summary[:, driver.PEAK], summary[:, driver.REACHED] = np.inf, -np.inf, -1.0
        summary[:, driver.LEVEL] = np.nan if evaluation(base)[3] else laid_out(collected.minimum[part])
        slots = slots_of(collected, part)
        tables = all(isinstance(slot.rule, OpenLoop) and slot.rule.kernel is follow_table for slot in slots)
        state, levels = _joined([slot.state for slot in slots]), np.array([slot.rates for slot in slots])
        for slot in slots:
            if slot.control:
                plugin, _, name = slot.control.partition(".")
                whole = getattr(base, plugin).parameter(name).kind == "int"
                params[plugin] = params[plugin].copy()
                params[plugin][getattr(base, plugin).slots()[name]] = np.rint(slot.rates) if whole else slot.rates
        params["scheduler"] = _joined([slot.params for slot in slots])
        if base.perturbation.relabels:
            rates = base.perturbation.label_rates(params["perturbation"])
            params["objective"] = _joined([params["objective"], rates])
        return cls(
            base=base,
            count=lr0.size,
            keys=(laid_out(collected.key[part]), laid_out(collected.replicate[part])),
            x=laid_out(collected.starts(part)),
            lr=laid_out(slots[0].rates),
            levels=(laid_out(levels), laid_out(levels)),
            plan=plan_of(slots, base),
            data=np.ascontiguousarray(objective.data),
            params=tuple(laid_out_once(params[name]) for name in _ORDER),
            states=(
                zeros(base.perturbation.state_rows(d)),
                laid_out_once(state) if tables else laid_out(state),
                zeros(base.optimizer.state_rows(d)),
            ),
            summary=summary,
            endings=(
                np.zeros((blocks, width), dtype=np.int64),
                np.full((blocks, width), base.steps, dtype=np.int64),
            ),
            record=np.full((blocks, -(-base.steps // stride) if stride else 0, 4, width), np.nan),
        )

    def advance(self, span: tuple[int, int, int], stride: int, tolerance: float) -> None:
        """Move all blocks from step span[0] to step span[1] of span[2]."""
        objective, perturbation = self.base.objective, self.base.perturbation
        normal, uniform = perturbation.draws(objective.dim)
        kernel, drawn, workspace_rows, sampled = evaluation(self.base)
        rules = [phase.scheduler for phase in self.base.scheduler.phases()]
        rules += [rule for _, rule in self.base.controls]
        search = next((rule.search for rule in rules if rule.search is not None), driver.no_search)
        kernels = [driver.no_scheduler if rule.search is not None else rule.kernel for rule in rules]
        sizes = (even(drawn), even(normal), even(uniform), workspace_rows, int(sampled))
        searches = any(rule.search is not None for rule in rules)
        driver.advance(
            kernel,
            objective.full_kernel or objective.kernel,
            perturbation.kernel,
            *kernels,
            *[driver.no_scheduler] * (SLOTS - len(kernels)),
            search,
            self.base.optimizer.kernel,
            self.plan,
            span,
            (stride, int(self.base.ordering == "before_update")),
            tolerance,
            sizes,
            self.keys,
            self.x,
            self.lr,
            self.levels,
            self.data,
            self.params,
            self.states,
            self.summary,
            self.endings,
            self.record,
            aligned((driver.scratch_rows(objective.dim, sizes, searches), self.x.shape[2])),
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
