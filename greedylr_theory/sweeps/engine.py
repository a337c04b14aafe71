"""Run a sweep: find out which shards are missing, compute those anywhere, read everything back."""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.sweeps.cell import Cell
from greedylr_theory.sweeps.shard import Shard
from greedylr_theory.sweeps.store import Store
from greedylr_theory.sweeps.sweep import Sweep
from greedylr_theory.sweeps.tuned import TunedSweep

Item = TypeVar("Item")
Result = TypeVar("Result")
#: what is computed, stored and found again, and what is asked for
Work = Shard | Cell
Experiment = Sweep | TunedSweep
Piece = TypeVar("Piece", bound=Work)
#: called with the number of shards done and the number there is to do, first with 0
Progress = Callable[[int, int], None]

_THREAD_LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class EngineError(RuntimeError):
    """Work was lost: an error in a worker, or a worker that died. What was finished is kept."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What `execute` did.

    Args:
        computed, reused: numbers of shards.
        table: the rows of all shards asked for, in canonical order; after a dry run, of those already there.
        digests: {shard: digest of its content}.
    """

    computed: int
    reused: int
    table: pl.DataFrame
    digests: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One digest of everything in `table`."""
        return joint_digest(self.digests)


@dataclass(frozen=True)
class Plan:
    """What `execute` would do: numbers of runs, of shards, of shards to compute, and a rough time for these."""

    runs: int
    shards: int
    missing: int
    core_seconds: float

    def __str__(self) -> str:
        return (
            f"{self.runs} runs in {self.shards} shards, {self.missing} of them to compute: "
            f"roughly {max(1.0, self.core_seconds):.0f} s of one core"
        )


def joint_digest(digests: Mapping[str, str]) -> str:
    """One digest of several shards, whatever their order."""
    listed = "\n".join(f"{identifier} {found}" for identifier, found in sorted(digests.items()))
    return hashlib.sha256(listed.encode()).hexdigest()


def plan(sweep: Experiment, size: str = "standard", folder: Path = Path("results"), part: str | None = None) -> Plan:
    """What `execute` would do with the same arguments; nothing is written."""
    shards = share(sweep.shards(size), part)
    missing = set(Store(folder / sweep.name).missing(shard.id for shard in shards))
    return Plan(
        runs=sum(shard.runs for shard in shards),
        shards=len(shards),
        missing=len(missing),
        core_seconds=sum(shard.nanoseconds for shard in shards if shard.id in missing) * 1e-9,
    )


def execute(
    sweep: Experiment,
    size: str = "standard",
    folder: Path = Path("results"),
    engine: str | Executor = "local:2",
    part: str | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Compute the shards that are missing and return the rows of all of them.

    The rows are the same bit for bit whatever the engine, the split into parts, and however often it was
    interrupted.

    Args:
        size: one of the sweep's sizes.
        folder: shards are kept in folder / sweep.name.
        engine: "local:N" for N processes ("local:1": this one), or any Executor.
        part: "i/n", the i-th of n shares of the shards (from 1), for job arrays that share a folder.
        progress: called with (shards done, shards to do).
        dry_run: compute and write nothing.

    Raises:
        ValueError: size, engine or part is not of the form above.
        EngineError: a worker failed or died; finished shards are kept.
    """
    every = sweep.shards(size)
    shards = share(every, part)
    store = Store(folder / sweep.name)
    found = store.intact(shard.id for shard in shards)
    missing = [shard for shard in shards if shard.id not in found]
    reused = len(found)
    if not dry_run:
        _check(engine)
        store.remove_leftovers(shard.id for shard in missing)
        store.write_manifest(_manifest(sweep, size, every))
        missing.sort(key=lambda shard: -shard.nanoseconds)  # the longest first: no worker is left alone at the end
        computed = run_all(functools.partial(_compute, store), missing, engine, progress)
        for shard, done in zip(missing, computed, strict=True):
            found[shard.id] = store.read(shard.id)
            if found[shard.id].digest != done.digest:
                raise EngineError(f"{shard} was computed but its file holds something else: {store.path(shard.id)}")
        for sentence in dict.fromkeys(sentence for done in computed for sentence in done.warnings):
            warnings.warn(sentence, ScheduleWarning, stacklevel=2)
    there = [found[shard.id] for shard in shards if shard.id in found]
    return Outcome(
        computed=len(found) - reused,
        reused=reused,
        table=pl.concat([shard.table for shard in there], how="diagonal") if there else pl.DataFrame(),
        digests={shard.id: found[shard.id].digest for shard in shards if shard.id in found},
    )


def share(shards: Sequence[Piece], part: str | None) -> list[Piece]:
    """The i-th of n shares of the shards for part "i/n"; all of them for None."""
    if part is None:
        return list(shards)
    first, slash, count = part.partition("/")
    if not (slash and first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        raise ValueError(f'part must look like "i/n" with whole numbers 1 <= i <= n, got {part!r}')
    return list(shards[int(first) - 1 :: int(count)])


def run_all(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    engine: str | Executor = "local:2",
    on_done: Progress | None = None,
) -> list[Result]:
    """work(item) for every item, in any order, anywhere; results in the order of the items.

    Ctrl-C lets what is running finish, starts nothing new, and raises KeyboardInterrupt.

    Args:
        work: a function that other processes can import; what it is given and returns is pickled.
        engine: "local:N" for N processes ("local:1": this one), or any Executor.
        on_done: called with (items done, items to do), first with 0 done.

    Raises:
        ValueError: engine is neither.
        EngineError: an item failed (the message names it), or a worker process died.
    """
    _check(engine)
    done: Progress = on_done or (lambda finished, total: None)
    done(0, len(items))
    if isinstance(engine, Executor):
        return _collect(engine, work, items, done)
    workers = min(_check(engine), len(items))
    if workers <= 1:
        results: list[Result] = []
        for item in items:
            results.append(_named(item, functools.partial(work, item)))
            done(len(results), len(items))
        return results
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
    try:
        return _collect(pool, work, items, done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _collect(pool: Executor, work: Callable[[Item], Result], items: Sequence[Item], done: Progress) -> list[Result]:
    with _single_threaded(), _deaf_to_interrupts():
        futures = {pool.submit(work, item): index for index, item in enumerate(items)}
    results: dict[int, Result] = {}
    try:
        for future in as_completed(futures):
            index = futures[future]
            results[index] = _named(items[index], future.result)
            done(len(results), len(items))
    except BrokenProcessPool as error:
        raise EngineError(
            f"a worker process died (killed, or out of memory) when {len(results)} of {len(items)} items were "
            "finished; the same command goes on from what is kept"
        ) from error
    finally:
        for future in futures:
            future.cancel()
    return [results[index] for index in range(len(items))]


def _named(item: Any, result: Callable[[], Result]) -> Result:
    try:
        return result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        raise EngineError(f"{item} failed: {type(error).__name__}: {error}") from error


def _check(engine: str | Executor) -> int:
    """Number of processes of a local engine; 0 for an Executor."""
    if isinstance(engine, Executor):
        return 0
    kind, _, count = engine.partition(":")
    if kind != "local" or not count.isdecimal() or int(count) < 1:
        raise ValueError(f'engine must be "local:N" with N >= 1 processes, or an Executor, got {engine!r}')
    return int(count)


@contextmanager
def _single_threaded() -> Generator[None]:
    """Processes started in here use one thread for linear algebra: N of them share N cores, and bits stay put."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf_to_interrupts() -> Generator[None]:
    """Processes started in here never see Ctrl-C, not even before `_prepare_worker` runs: the mask is inherited."""
    if not hasattr(signal, "pthread_sigmask"):  # not a POSIX system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # an interrupt that came meanwhile is delivered here


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent alone decides
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(parent: int) -> None:
    """End this process when its parent is gone: a killed parent cannot tell its workers to stop."""
    wait([parent])
    os._exit(1)


@dataclass(frozen=True)
class _Computed:
    digest: str
    warnings: tuple[str, ...]


def _compute(store: Store, shard: Work) -> _Computed:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ScheduleWarning)
        table = shard.table()
    sentences: list[str] = []
    for entry in caught:
        if issubclass(entry.category, ScheduleWarning):
            sentences.append(str(entry.message))
        else:
            warnings.warn_explicit(entry.message, entry.category, entry.filename, entry.lineno)
    return _Computed(store.write(shard.id, table), tuple(dict.fromkeys(sentences)))


def _manifest(sweep: Experiment, size: str, shards: Sequence[Work]) -> dict[str, Any]:
    listed = [shard.entry() for shard in shards]
    return {"sweep": sweep.name, "size": size, **sweep.description(size), "shards": listed}
