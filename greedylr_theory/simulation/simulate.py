"""simulate(runs) -> Trajectory: the entry point."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Floats, Scheduler, ScheduleWarning, Status, distinct_columns
from greedylr_theory.simulation import driver
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.blocks import Blocks, slots_of
from greedylr_theory.simulation.packed import Packed, packed
from greedylr_theory.simulation.run import Run

#: lanes per block; 32 to 128 are equally fast, fewer are slower
LANES = 64
#: blocks advanced at once are limited by the memory of their arrays: about what a cache holds
_BYTES_AT_ONCE = 8 * 2**20


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
        threads: the runs are shared out among this many threads, whole blocks to each.
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
    >>> run = Run(
    ...     objective=Quadratic(eigenvalues=(1.0,)),
    ...     scheduler=GreedyPrevious(factor=0.5),
    ...     start=(1.0,),
    ...     lr0=0.25,
    ...     steps=3,
    ...     ordering="before_update",
    ... )
    >>> simulate([run], stride=1).lr
    array([[0.5, 1. , 2. ]])
    """
    for name, value, low in (("stride", stride, 0), ("threads", threads, 1), ("lanes", lanes, 1), ("chunk", chunk, 1)):
        if value is not None and (not isinstance(value, int | np.integer) or value < low):
            raise ValueError(f"{name} must be an integer of at least {low}, got {value!r}")
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0, got {tolerance!r}")
    collected = packed(runs, with_minimum=True)
    schedulers = _distinct(runs, collected)
    _warn([text for rule, rates in schedulers for text in rule.warnings((rates.min(), rates.max()))])
    total = collected.lr0.size
    width = lanes or min(LANES, -(-total // 8) * 8)
    group = max(width, _BYTES_AT_ONCE // _lane_bytes(collected, stride) // width * width)
    group = min(group, -(-total // (threads * width)) * width)
    joined: dict[str, NDArray[Any]] = {}
    lock = Lock()

    def work(first: int) -> None:
        part = slice(first, min(first + group, total))
        blocks = Blocks.of(collected, part, stride, width)
        steps = collected.base.steps
        for begin in range(0, steps, chunk or steps):
            span = (begin, min(begin + (chunk or steps), steps), steps)
            blocks.advance(span, stride, float(tolerance))
        found = blocks.results()
        with lock:
            if not joined:
                joined.update({name: np.empty((total, *r.shape[1:]), dtype=r.dtype) for name, r in found.items()})
        for name, rows in found.items():
            joined[name][part] = rows

    starts = range(0, total, group)
    if threads == 1 or len(starts) == 1:
        for first in starts:
            work(first)
    else:
        # whole groups to a thread, so that laying runs out and collecting their results is shared as well
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, starts))
    extremes = np.array([np.min(joined["best_loss"]), np.max(joined["peak_loss"])])
    _warn([text for rule, _ in schedulers for text in rule.metric_warnings(extremes[np.isfinite(extremes)])])
    return Trajectory(**joined)


def _distinct(runs: Sequence[Run], collected: Packed) -> list[tuple[Scheduler, Floats]]:
    """Each different scheduler of the runs with the initial rates that go with it."""
    first, inverse = distinct_columns(collected.params["scheduler"])
    rules = [runs.plugin("scheduler", r) if isinstance(runs, Batch) else runs[r].scheduler for r in first.tolist()]
    return [(rule, collected.lr0[inverse == k]) for k, rule in enumerate(rules)]


def _warn(sentences: list[str]) -> None:
    for sentence in dict.fromkeys(sentences):
        warnings.warn(sentence, ScheduleWarning, stacklevel=3)


def _lane_bytes(collected: Packed, stride: int) -> int:
    """Memory that one lane takes, about."""
    base, d = collected.base, collected.base.objective.dim
    schedulers = sum(len(slot.state) + len(slot.params) + 2 for slot in slots_of(collected, slice(0, 1)))
    rows = 2 * d + schedulers + base.optimizer.state_rows(d) + base.perturbation.state_rows(d)
    records = 4 * -(-base.steps // stride) if stride else 0
    return 8 * (rows + records + driver.SUMMARY_ROWS + 16)
