"""What scale.py measures, each in a process of its own: `python benchmarks/scale_work.py TASK ...`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gc
import json
import resource
import time

#: workloads of the runs in bulk; the first carries the bars
BULK = {
    "quadratic d 2, gradient descent, greedy": ("quadratic", 2, "gradient_descent", "greedy", "none", 1e-3, 0.02),
    "quadratic d 15, Adam, greedy": ("quadratic", 15, "adam", "greedy", "none", 0.01, 0.1),
}


def say(**found: object) -> None:
    print(json.dumps(found), flush=True)


def simulated(name: str, count: int, threads: int) -> object:
    import numpy as np

    from benchmarks.workloads import Workload
    from greedylr_theory import Batch, simulate

    workload = Workload(name, *BULK[name])
    trajectory = simulate(Batch(workload.run, {"replicate": np.arange(count)}), threads=threads)
    if trajectory.diverged.any():
        raise RuntimeError(f"runs of {name} diverged")
    return trajectory


def peak_bytes() -> int:
    """Largest resident memory so far; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def bulk(name: str, count: int, threads: int) -> None:
    """Memory and time of many runs in one call; the memory before is that of one block of them."""
    simulated(name, 64, 1)
    before, begin = peak_bytes(), time.perf_counter()
    kept = simulated(name, count, threads)
    say(seconds=time.perf_counter() - begin, before_bytes=before, peak_bytes=peak_bytes(), kept=kept is not None)


def on_demand(name: str, count: int, threads: int) -> None:
    """Do the runs each time a line arrives."""
    simulated(name, count, threads)
    say(ready=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        simulated(name, count, threads)
        say(seconds=time.perf_counter() - begin)


def first(name: str, count: int, threads: int) -> None:
    """One small simulation, and how many functions numba had to compile for it."""
    simulated(name, count, threads)
    from numba.core.dispatcher import Dispatcher

    statistics = [found.stats for found in gc.get_objects() if isinstance(found, Dispatcher)]
    hits, misses = (sum(sum(getattr(s, kind).values()) for s in statistics) for kind in ("cache_hits", "cache_misses"))
    say(hits=hits, misses=misses)


if __name__ == "__main__":
    from benchmarks import machine

    machine.fix_threads()
    task, workload, runs, workers = sys.argv[1:]
    {"bulk": bulk, "on_demand": on_demand, "first": first}[task](workload, int(runs), int(workers))
