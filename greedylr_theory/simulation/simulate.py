"""simulate(runs) -> Trajectory: cuts runs into blocks of lanes, calls the driver, puts the arrays back together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Floats, ScheduleWarning, Status
from greedylr_theory.simulation import driver
from greedylr_theory.simulation.draws import even
from greedylr_theory.simulation.run import Packed, Run, packed

#: lanes per block; 32 to 128 are equally fast, fewer are slower
LANES = 64
#: blocks advanced at once are limited by the memory of their arrays
_BYTES_AT_ONCE = 256 * 2**20


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What R runs did. T' = ceil(T / stride), or 0 when stride is 0; entries after divergence are NaN.

    loss, observed, full_loss, lr: (R, T') at steps 0, stride, 2 stride, ...: the loss f(x_t) (of the sample,
        if the objective is sampled), what the scheduler saw, the loss of the whole objective, and the step
        size used for x_t -> x_{t+1}. At the step of divergence `loss` holds the non-finite value.
    x_end: (R, d), the last iterate x_T. end_loss: (R,), the whole objective at x_T.
    steps: (R,), updates made: T, or the step at which a non-finite value appeared.
    status: (R,), `Status` of each run.
    final_loss, best_loss, peak_loss: (R,), last, smallest and largest of the losses f(x_0) .. f(x_{T-1})
        before the run ended; a non-finite loss does not count, but is in `status`.
    steps_to_tolerance: (R,), first t with f(x_t) - f* <= tolerance (f(x_0) - f*); -1 if never, if f* is not
        known, or if the objective is sampled.
    recovery_ratio: (R,), peak_loss over the mean of the last ten losses; NaN after divergence.
    lr_changes, lr_sum: (R,), number of changes between consecutive step sizes used, and their sum.
    """

    loss: Floats
    observed: Floats
    full_loss: Floats
    lr: Floats
    x_end: Floats
    end_loss: Floats
    steps: NDArray[np.int64]
    status: NDArray[np.int64]
    final_loss: Floats
    best_loss: Floats
    peak_loss: Floats
    steps_to_tolerance: NDArray[np.int64]
    recovery_ratio: Floats
    lr_changes: NDArray[np.int64]
    lr_sum: Floats

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which runs (R,) ended with a non-finite loss or iterate."""
        return self.status == Status.DIVERGED


def simulate(
    runs: Sequence[Run],
    *,
    stride: int = 0,
    tolerance: float = 1e-6,
    threads: int = 1,
    lanes: int | None = None,
    chunk: int | None = None,
) -> Trajectory:
    """Advance many runs at once.

    Args:
        runs: R specifications (or a Batch) that share plug-in types, dimension, data and number of steps.
        stride: record losses and step sizes every `stride` steps; 0 keeps summaries only.
        tolerance: relative suboptimality that `steps_to_tolerance` waits for.
        threads: blocks are shared out among this many threads.
        lanes: runs per block (default 64, fewer when there are fewer runs).
        chunk: steps per call of the compiled driver (default: all).

    threads, lanes and chunk change the time it takes and not one bit of the result.

    Returns:
        Trajectory with arrays (R, ceil(T / stride)), (R, d) and (R,).

    Raises:
        ValueError: there are no runs, or they mix plug-in types, dimensions, data or step counts, or an
            option is out of range.

    >>> from greedylr_theory.objectives import Quadratic
    >>> from greedylr_theory.schedulers import GreedyPrevious
    >>> run = Run(objective=Quadratic(eigenvalues=(1.0,)), scheduler=GreedyPrevious(factor=0.5),
    ...           start=(1.0,), lr0=0.25, steps=3, ordering="before_update")
    >>> simulate([run], stride=1).lr
    array([[0.5, 1. , 2. ]])
    """
    for name, value, low in (("stride", stride, 0), ("threads", threads, 1), ("lanes", lanes, 1), ("chunk", chunk, 1)):
        if value is not None and (not isinstance(value, int | np.integer) or value < low):
            raise ValueError(f"{name} must be an integer of at least {low}, got {value!r}")
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0, got {tolerance!r}")
    collected = packed(runs, with_minimum=True)
    scheduler = collected.base.scheduler
    _warn(scheduler.warnings((float(collected.lr0.min()),)))
    total = collected.lr0.size
    width = lanes or min(LANES, -(-total // 8) * 8)
    per_lane = 8 * (4 * (-(-collected.base.steps // stride) if stride else 0) + _rows(collected))
    group = max(width, _BYTES_AT_ONCE // per_lane // width * width)
    parts = [slice(start, min(start + group, total)) for start in range(0, total, group)]
    results = [_advance(collected, part, stride, tolerance, threads, width, chunk) for part in parts]
    joined = {name: np.concatenate([result[name] for result in results]) for name in results[0]}
    extremes = [np.min(joined["best_loss"]), np.max(joined["peak_loss"])]
    _warn(scheduler.metric_warnings(np.array(extremes)))
    return Trajectory(**joined)


def _warn(sentences: list[str]) -> None:
    for sentence in sentences:
        warnings.warn(sentence, ScheduleWarning, stacklevel=3)


def _rows(collected: Packed) -> int:
    base, d = collected.base, collected.base.objective.dim
    state = base.scheduler.initial_state(collected.params["scheduler"][:, :1], collected.lr0[:1], base.steps)
    return 2 * d + state.shape[0] + base.optimizer.state_rows(d) + base.perturbation.state_rows(d) + 50


def _advance(
    collected: Packed, part: slice, stride: int, tolerance: float, threads: int, width: int, chunk: int | None
) -> dict[str, Any]:
    base, lr0 = collected.base, collected.lr0[part]
    count, d = lr0.size, base.objective.dim
    blocks = -(-count // width)

    def in_blocks(rows: NDArray[Any]) -> NDArray[Any]:
        """(k, R) -> (N, k, B); the last block is filled up with copies of the last run."""
        filled = np.concatenate([rows, np.repeat(rows[:, -1:], blocks * width - count, axis=1)], axis=1)
        return np.ascontiguousarray(filled.reshape(rows.shape[0], blocks, width).transpose(1, 0, 2))

    def zeros(rows: int) -> Floats:
        return np.zeros((blocks, rows, width))

    params = {name: matrix[:, part] for name, matrix in collected.params.items()}
    scheduler_state = base.scheduler.initial_state(params["scheduler"], lr0, base.steps)
    normal, uniform = base.perturbation.draws(d)
    x = in_blocks(collected.x0[:, part])
    lr = in_blocks(lr0[None])[:, 0].copy()
    summary = zeros(driver.SUMMARY_ROWS)
    summary[:, driver.BEST], summary[:, driver.PEAK], summary[:, driver.REACHED] = np.inf, -np.inf, -1.0
    minimum = np.full(count, np.nan) if base.objective.sampled else collected.minimum[part]
    summary[:, driver.LEVEL] = in_blocks(minimum[None])[:, 0]
    status = np.zeros((blocks, width), dtype=np.int64)
    steps = np.full((blocks, width), base.steps, dtype=np.int64)
    records = -(-base.steps // stride) if stride else 0
    record = np.full((blocks, records, 4, width), np.nan)
    arrays = [
        (in_blocks(collected.key[None, part])[:, 0].copy(), in_blocks(collected.replicate[None, part])[:, 0].copy()),
        x,
        lr,
        np.ascontiguousarray(base.objective.data),
        tuple(in_blocks(params[name]) for name in ("objective", "perturbation", "scheduler", "optimizer")),
        (zeros(base.perturbation.state_rows(d)), in_blocks(scheduler_state), zeros(base.optimizer.state_rows(d))),
        summary,
        (status, steps),
        record,
    ]
    kernels = (
        base.objective.kernel,
        base.objective.full_kernel or base.objective.kernel,
        base.perturbation.kernel,
        base.scheduler.kernel,
        base.optimizer.kernel,
    )
    sizes = (
        even(base.objective.uniforms), even(normal), even(uniform),
        base.objective.workspace_rows, int(base.objective.sampled),
    )  # fmt: skip

    def work(rows: slice) -> None:
        part_arrays = [_blocks_of(entry, rows) if index != 3 else entry for index, entry in enumerate(arrays)]
        for first in range(0, base.steps, chunk or base.steps):
            span = (first, min(first + (chunk or base.steps), base.steps), base.steps)
            recording = (stride, int(base.ordering == "before_update"))
            driver.advance(*kernels, span, recording, float(tolerance), sizes, *part_arrays)

    shares = [slice(rows[0], rows[-1] + 1) for rows in np.array_split(np.arange(blocks), threads) if rows.size]
    if len(shares) == 1:
        work(shares[0])
    else:
        with ThreadPoolExecutor(len(shares)) as pool:
            list(pool.map(work, shares))

    def per_run(array: NDArray[Any]) -> NDArray[Any]:
        return array.reshape(blocks * width, *array.shape[2:])[:count]

    def row(index: int) -> Floats:
        return per_run(summary[:, index].copy())

    series = np.ascontiguousarray(record.transpose(2, 0, 3, 1)).reshape(4, blocks * width, records)[:, :count]
    ended = per_run(status) == Status.DIVERGED
    with np.errstate(divide="ignore", invalid="ignore"):
        recovery = row(driver.PEAK) / (row(driver.TAIL_SUM) / min(driver.TAIL, base.steps))
    return {
        "loss": series[driver.LOSS],
        "observed": series[driver.OBSERVED],
        "full_loss": series[driver.FULL_LOSS],
        "lr": series[driver.RATE],
        "x_end": per_run(x.transpose(0, 2, 1)),
        "end_loss": np.where(ended, np.nan, row(driver.END)),
        "steps": per_run(steps),
        "status": per_run(status),
        "final_loss": row(driver.FINAL),
        "best_loss": row(driver.BEST),
        "peak_loss": row(driver.PEAK),
        "steps_to_tolerance": row(driver.REACHED).astype(np.int64),
        "recovery_ratio": np.where(ended, np.nan, recovery),
        "lr_changes": row(driver.CHANGES).astype(np.int64),
        "lr_sum": row(driver.RATE_SUM),
    }


def _blocks_of(entry: Any, rows: slice) -> Any:
    return tuple(array[rows] for array in entry) if isinstance(entry, tuple) else entry[rows]
