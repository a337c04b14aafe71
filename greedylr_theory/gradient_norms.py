"""Gradient norms of simulated runs, step by step: what a schedule is refined from.

The driver keeps losses and rates, not gradients. A run is therefore made with a scheduler that sets the very rates the
run has and notes the norms it meets. Noise does not depend on the scheduler, so the iterates are the same to the bit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop, Scheduler, common, follow_table, scheduler_kernel
from greedylr_theory.simulation.blocks import Blocks
from greedylr_theory.simulation.packed import Packed, packed
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import LANES, simulate

#: blocks advanced at once are limited by the memory of their tables and norms
_BYTES_AT_ONCE = 32 * 2**20


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """Norms of the gradients that R runs of T steps went along; NaN from the step at which a run diverged.

    l2: (R, T), sqrt(sum_i g_i^2), in loss / length.
    l1: (R, T), sum_i |g_i|, in loss / length.
    """

    l2: Floats
    l1: Floats


def gradient_norms(runs: Sequence[Run], *, threads: int = 1) -> GradientNorms:
    """Norms of g_t, the gradient at x_t as the optimizer got it: of the sample, with the perturbation, before momentum.

    Args:
        runs: R specifications (or a Batch) that can be simulated together; any scheduler, optimizer and controls.
        threads: blocks of runs are shared out among this many threads.

    Returns:
        Arrays (R, T): entry t belongs to the update x_t -> x_{t+1}.

    Raises:
        ValueError: as `simulate`.

    A schedule fixed in advance costs about one simulation, another rule about two. Threads change no bit. Norms are
    infinite where their squares are.

    >>> from greedylr_theory.objectives import Quadratic
    >>> from greedylr_theory.schedulers import Constant
    >>> run = Run(Quadratic(eigenvalues=(1.0, 1.0)), scheduler=Constant(), start=(3.0, -4.0), lr0=0.5, steps=3)
    >>> found = gradient_norms([run])
    >>> found.l2
    array([[5.  , 2.5 , 1.25]])
    >>> found.l1
    array([[7.  , 3.5 , 1.75]])
    """
    if not isinstance(threads, int | np.integer) or threads < 1:
        raise ValueError(f"threads must be an integer of at least 1, got {threads!r}")
    collected = packed(runs, with_minimum=False)
    steps, total = collected.base.steps, collected.lr0.size
    noting = dataclasses.replace(
        collected,
        base=dataclasses.replace(collected.base, scheduler=_Notes(), ordering="before_update"),
        params={**collected.params, "scheduler": _rates(runs, collected)},
    )
    width = min(LANES, -(-total // 8) * 8)
    lane_bytes = 8 * (3 * steps + 4 * collected.base.objective.dim + 64)
    group = max(width, _BYTES_AT_ONCE // lane_bytes // width * width)
    norms = np.empty((2, total, steps))

    def work(first: int) -> None:
        part = slice(first, min(first + group, total))
        blocks = Blocks.of(noting, part, 0, width)
        blocks.advance((0, steps, steps), 0, 0.0)
        # (N, 2 T and the rows of controls, B) -> (2, runs, T)
        noted = blocks.states[1][:, : 2 * steps].reshape(-1, 2, steps, width).transpose(1, 0, 3, 2)
        norms[:, part] = noted.reshape(2, -1, steps)[:, : blocks.count]
        ends = blocks.results()["steps"]
        norms[:, part][:, np.arange(steps) >= ends[:, None]] = np.nan

    starts = range(0, total, group)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, starts))
    return GradientNorms(l2=norms[0], l1=norms[1])


def _rates(runs: Sequence[Run], collected: Packed) -> Floats:
    """Rates (T, R) that the runs use."""
    base, count = collected.base, collected.lr0.size
    [phase, *others] = base.scheduler.phases()
    rule = phase.scheduler
    if not others and isinstance(rule, OpenLoop) and rule.kernel is follow_table and phase.last is None:
        own = collected.params["scheduler"][base.scheduler.rows_of(phase.path)]
        return rule.initial_state(own, collected.lr0, base.steps, base.objective.dim)[: base.steps]
    rates = simulate(runs, stride=1).lr.T
    return common(rates[:, 0], count) if count == 1 else np.ascontiguousarray(rates)


@scheduler_kernel
def note_norms(step, groups, observed, x, gradient, params, state, lr):
    """lr = row `step` of params (T, B); l2 norms of the gradient into rows 0 .. T-1 of the state, l1 norms below."""
    rates, euclidean, absolute = params[step], state[step], state[params.shape[0] + step]
    for lane in range(lr.size):
        lr[lane] = rates[lane]
        euclidean[lane] = 0.0
        absolute[lane] = 0.0
    for i in range(gradient.shape[0]):
        slope = gradient[i]
        for lane in range(lr.size):
            euclidean[lane] += slope[lane] * slope[lane]
            absolute[lane] += abs(slope[lane])
    for lane in range(lr.size):
        euclidean[lane] = np.sqrt(euclidean[lane])


@dataclass(frozen=True)
class _Notes(Scheduler):
    """Sets rates that are given as its parameters (T, R) and keeps the norms of the gradients as its state (2 T, R)."""

    kernel: ClassVar[Any] = note_norms
    ordering = "before_update"
    needs_gradient = True

    def rows_of(self, prefix: str) -> slice:
        return slice(None)

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        return np.zeros((2 * steps, lr0.size))
