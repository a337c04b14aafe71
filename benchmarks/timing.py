"""CPU time per run and step: the fastest choice of each contender, then everybody in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from benchmarks.contender import Choice, Contender
from benchmarks.workloads import STEPS, Floats, Solver, Workload


def nanoseconds(work: Callable[[], object], runs: int) -> float:
    """CPU time of this process, all threads, per run and step."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / (runs * STEPS) * 1e9


def by_speed(
    contender: Contender, workload: Workload, points: Floats, quick: bool
) -> list[tuple[float, Choice, Solver]]:
    """Every choice with its time (the better of two after a warm-up) and its solver, the fastest first."""
    tried: list[tuple[float, Choice, Solver]] = []
    for choice in contender.choices(workload, quick):
        solve, part = contender.solver(workload, choice), points[:, : contender.runs(choice.block)].copy()
        solve(part[:, : choice.block])
        took = min(nanoseconds(lambda: solve(part), part.shape[1]) for _ in range(2))  # noqa: B023 (called at once)
        tried.append((took, choice, solve))
    return sorted(tried, key=lambda entry: entry[0])


def interleaved(contenders: dict[str, tuple[Callable[[], object], int]], repeats: int) -> dict[str, list[float]]:
    """Times of each; values are (work, runs it does). All take turns, so that a slow spell of the machine hits all."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, (work, runs) in contenders.items():
            times[name].append(nanoseconds(work, runs))
    return times


def median(times: list[float]) -> float:
    return statistics.median(times)
