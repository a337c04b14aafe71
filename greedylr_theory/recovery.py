"""Recovery from disturbances, measured on the recorded clean losses of runs.

Two measures. `published_episodes` is the rule of the robustness study (arXiv 2512.14527): it asks whether the loss of a
later step is below 1.1 times the loss at which an amount was added. `recovery_episodes` asks how long a run that has
been thrown back takes to return: it waits until the disturbance is over, compares f - f*, and adds up what was lost on
the way. What has not ended when the run does is a result: its length is +inf, and it takes part in every median. All
runs of a simulation are followed for the same time, so that no estimator for unequal times of observation is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from greedylr_theory.perturbations._study import AMOUNT, CHANNEL, CHANNELS, StudyPerturbation
from greedylr_theory.simulation.draws import Stream, even, normals, uniforms
from greedylr_theory.simulation.packed import packed
from greedylr_theory.simulation.run import Run

Floats = NDArray[np.float64]

#: an episode has ended when the loss is back within this share of its value at the start
TOLERANCE = 0.1


@dataclass(frozen=True, eq=False)
class Episodes:
    """Episodes of R runs of T steps, arrays (E,) in order of run and start.

    run, start: which run, and the step whose loss is the reference.
    length: in steps, +inf when the episode had not ended with the run.
    reference: f(x_start).
    excess: sum of max(f(x_t) - reference, 0) over the steps between start and end, in units of loss; +inf when the run
        diverged meanwhile.
    shape: (R, T).
    """

    run: NDArray[np.int64]
    start: NDArray[np.int64]
    length: Floats
    reference: Floats
    excess: Floats
    shape: tuple[int, int]

    def counts(self) -> NDArray[np.int64]:
        """Number of episodes (R, T + 1) by length 1, 2, ..., T; column 0 counts those that had not ended."""
        runs, steps = self.shape
        column = np.where(np.isfinite(self.length), self.length, 0.0).astype(np.int64)
        place = self.run * (steps + 1) + column
        return np.bincount(place, minlength=runs * (steps + 1)).reshape(runs, steps + 1)

    def first(self) -> tuple[Floats, Floats, Floats]:
        """Length, reference and excess (R,) of each run's first episode; inf, NaN and inf where a run has none."""
        length, reference, excess = (np.full(self.shape[0], value) for value in (np.inf, np.nan, np.inf))
        run, place = np.unique(self.run, return_index=True)
        length[run], reference[run], excess[run] = self.length[place], self.reference[place], self.excess[place]
        return length, reference, excess


def amounts(runs: Sequence[Run], loss: ArrayLike) -> Floats:
    """Amounts a_t (R, T) that the study's perturbation of each run computed, from its recorded losses, bit for bit.

    An amount is a function of the draws and of the losses so far, whatever the channel it acts on. So the kernel is
    asked once more, through the channel that changes nothing.

    Args:
        runs: those that were simulated (a sequence or a Batch), under a perturbation of the study.
        loss: (R, T), what the trajectory recorded at stride 1 as `loss`.

    Raises:
        ValueError: the perturbation is none of the study, or shapes differ.

    >>> from greedylr_theory import simulate
    >>> from greedylr_theory.objectives import Quadratic
    >>> from greedylr_theory.perturbations import PeriodicSpike
    >>> from greedylr_theory.schedulers import Constant
    >>> run = Run(
    ...     objective=Quadratic(eigenvalues=(1.0,)),
    ...     scheduler=Constant(),
    ...     perturbation=PeriodicSpike(strength=0.5),
    ...     start=(2.0,),
    ...     lr0=0.5,
    ...     steps=4,
    ... )
    >>> amounts([run], simulate([run], stride=1).loss)  # half of the loss before, 1 at the start
    array([[0.5 , 1.  , 0.25, 0.  ]])
    """
    recorded = np.asarray(loss, dtype=np.float64)
    collected = packed(runs, with_minimum=False)
    base, rule = collected.base, collected.base.perturbation
    if not isinstance(rule, StudyPerturbation):
        raise ValueError(f"amounts are those of a perturbation of the study, got {type(rule).__name__}")
    count = collected.lr0.size
    if recorded.shape != (count, base.steps):
        raise ValueError(f"loss must have shape {(count, base.steps)}, every step of every run, got {recorded.shape}")
    params = np.array(collected.params["perturbation"])
    params[CHANNEL] = CHANNELS.index("as_published")
    silent = rule.with_value("channel", "as_published")
    own_normals, own_uniforms = (even(number) for number in silent.draws(0))
    state = np.zeros((silent.state_rows(0), count))
    nowhere, seen = np.zeros((0, count)), np.empty(count)
    key, replicates = int(collected.key[0]), collected.replicate
    found = np.empty((base.steps, count))
    for step in range(base.steps):
        now = np.ascontiguousarray(recorded[:, step])
        draws = np.concatenate(
            [
                normals(key, replicates, Stream.NORMAL, step, own_normals),
                uniforms(key, replicates, Stream.UNIFORM, step, own_uniforms),
            ]
        )
        rule.kernel(step, now, params, draws, state, seen, nowhere, nowhere)
        found[step] = state[AMOUNT]
    return np.ascontiguousarray(found.T)


def published_episodes(loss: ArrayLike, amount: ArrayLike) -> Episodes:
    """Recovery episodes as the study counted them, for spike and burst kinds.

    One starts at a step with a positive amount when none is under way; its reference is that step's clean loss; it ends
    at the first later step whose clean loss is below 1.1 times the reference; its length is in steps. At the step that
    ends an episode no other starts, as in the study's code (amazon-science/aws-research-science on GitHub, folder
    GreedyLR, commit 707f1bc). The study drops episodes that had not ended with the run; here they are kept.

    Args:
        loss: (R, T) clean losses, NaN once a run has ended.
        amount: (R, T) numbers added.

    >>> published_episodes([[4.0, 5.0, 4.2, 4.0]], [[1.0, 1.0, 0.0, 0.0]]).length
    array([2.])
    """
    clean, added = _tables(loss, amount)
    episodes = _Collector(clean)
    limit = np.full(clean.shape[0], np.nan)
    with np.errstate(invalid="ignore"):
        for step in range(clean.shape[1]):
            now = clean[:, step]
            free = episodes.start < 0
            episodes.end(~free & (now < limit), step, episodes.start)
            begins = free & (added[:, step] > 0.0) & np.isfinite(now)
            episodes.begin(begins, step)
            limit = np.where(begins, (1.0 + TOLERANCE) * now, limit)
    return episodes.collected()


def recovery_episodes(loss: ArrayLike, disturbed: ArrayLike, minimum: ArrayLike = 0.0) -> Episodes:
    """How long runs that are disturbed take to come back to what they had.

    An episode starts with the first disturbed step s when none is under way. Its reference f(x_s) was computed before
    the disturbance acted, through whichever channel. Let e be the last of the disturbed steps that follow s without a
    gap. The episode ends at the first t > e with f(x_t) - f* <= 1.1 (f(x_s) - f*); its length is t - e: 1 when the
    first loss that has met the whole disturbance is within 10 % already. Disturbances on the way prolong an episode and
    start none.

    Args:
        loss: (R, T) clean losses of the whole objective, NaN once a run has ended.
        disturbed: (R, T), at which steps something acted.
        minimum: f*, one number or (R,). With 0, the default, the loss itself is compared, which says less the farther
            f* lies from 0; where f* is known, give it.

    >>> recovery_episodes([[4.0, 9.0, 5.0, 4.4]], [[True, False, False, False]]).length
    array([3.])
    """
    clean, acts = _tables(loss, np.asarray(disturbed, dtype=bool))
    if not np.all(np.isfinite(minimum)):
        raise ValueError("minimum (f*) must be finite; leave it out where it is not known")
    with np.errstate(invalid="ignore"):
        gap = np.maximum(clean - np.broadcast_to(np.asarray(minimum, dtype=np.float64), clean.shape[:1])[:, None], 0.0)
    episodes = _Collector(clean)
    runs = clean.shape[0]
    limit, last, pulse = np.full(runs, np.nan), np.zeros(runs, dtype=np.int64), np.zeros(runs, dtype=bool)
    with np.errstate(invalid="ignore"):
        for step in range(clean.shape[1]):
            pulse &= acts[:, step]
            episodes.end((episodes.start >= 0) & ~pulse & (gap[:, step] <= limit), step, last)
            begins = (episodes.start < 0) & acts[:, step] & np.isfinite(clean[:, step])
            episodes.begin(begins, step)
            limit = np.where(begins, (1.0 + TOLERANCE) * gap[:, step], limit)
            pulse |= begins
            last = np.where(pulse, step, last)
    return episodes.collected()


def steps_until(loss: ArrayLike, limit: ArrayLike, after: ArrayLike) -> Floats:
    """Steps (R,) from step `after` to the first later one whose loss is at most `limit`; +inf when there is none.

    With one limit for all schedules this compares what `recovery_episodes`, where every run is measured by its own
    past, does not: a run that was behind has less to recover.

    Args:
        loss: (R, T), NaN once a run has ended.
        limit: one number, or one per run.
        after: a step, or one per run.

    >>> steps_until([[4.0, 9.0, 5.0, 0.5], [0.5, 9.0, 5.0, 1.5]], 1.0, 1)
    array([ 2., inf])
    """
    clean = np.asarray(loss, dtype=np.float64)
    last = np.broadcast_to(np.asarray(after), clean.shape[:1])
    with np.errstate(invalid="ignore"):
        low = clean <= np.broadcast_to(np.asarray(limit, dtype=np.float64), clean.shape[:1])[:, None]
    there = low & (np.arange(clean.shape[1]) > last[:, None])
    return np.where(there.any(axis=1), there.argmax(axis=1) - last, np.inf)


class _Collector:
    """Episodes under way, one per run at most, and those that have ended."""

    def __init__(self, loss: Floats) -> None:
        self.loss, runs = loss, loss.shape[0]
        self.start = np.full(runs, -1, dtype=np.int64)
        self.reference, self.excess = np.full(runs, np.nan), np.zeros(runs)
        self.found: list[tuple[Any, ...]] = []

    def begin(self, which: NDArray[np.bool_], step: int) -> None:
        self.start[which], self.reference[which], self.excess[which] = step, self.loss[which, step], 0.0

    def end(self, which: NDArray[np.bool_], step: int, last: NDArray[np.int64]) -> None:
        """End the episodes of some runs, which lasted from `last` (R,) to `step`; add up the excess of the others."""
        self._note(which, step - last)
        going = self.start >= 0
        over = np.maximum(self.loss[:, step] - self.reference, 0.0)
        self.excess = np.where(going, self.excess + np.where(np.isnan(over), np.inf, over), self.excess)

    def collected(self) -> Episodes:
        self._note(self.start >= 0, np.full(self.start.size, np.inf))
        run, start, length, reference, excess = (np.concatenate(column) for column in zip(*self.found, strict=True))
        order = np.lexsort((start, run))
        return Episodes(
            run=run[order],
            start=start[order],
            length=length[order],
            reference=reference[order],
            excess=excess[order],
            shape=(self.loss.shape[0], self.loss.shape[1]),
        )

    def _note(self, which: NDArray[np.bool_], length: Any) -> None:
        run = np.flatnonzero(which)
        columns = self.start[run], np.asarray(length, dtype=np.float64)[run], self.reference[run], self.excess[run]
        self.found.append((run, *columns))
        self.start[run] = -1


def _tables(loss: ArrayLike, other: ArrayLike) -> tuple[Floats, NDArray[Any]]:
    clean, second = np.asarray(loss, dtype=np.float64), np.asarray(other)
    if clean.ndim != 2 or clean.shape != second.shape or clean.shape[1] == 0:
        raise ValueError(f"both tables must have shape (R, T), got {clean.shape} and {second.shape}")
    return clean, second
