"""Seconds to the worst case of a schedule by the solver: in a fresh process, and once its libraries are loaded.

    python benchmarks/worst_case.py

CPU times, with wall-clock times in brackets.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np

from greedylr_theory.theory.worst_case import worst_case

STEPS = (3, 10, 20)
BAR = 5.0  #: seconds for ten steps, from the start of the interpreter
CODE = "from greedylr_theory.theory.worst_case import worst_case; worst_case([1.9 - 0.17 * t for t in range(10)])"


def main() -> None:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", CODE], check=True, cwd=ROOT)
    wall = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = used.ru_utime + used.ru_stime
    print(f"new process, N = 10: {busy:.2f} s ({wall:.2f} s), {'within' if busy < BAR else 'NOT within'} {BAR:g} s")
    problems: tuple[tuple[Any, float], ...] = (("smooth-convex", 1.9), ("lipschitz-convex", 0.3))
    for problem, peak in problems:
        worst_case([peak, peak / 2], problem=problem)
        for count in STEPS:
            steps = peak * (1 - 0.9 * np.arange(count) / count)
            begin, busy = time.perf_counter(), time.process_time()
            found = worst_case(steps, problem=problem)
            busy, wall = time.process_time() - busy, time.perf_counter() - begin
            text = f"value {found.value:.8f}, tolerance {found.tolerance:.1e}"
            print(f"{problem}, N = {count}: {busy:.2f} s ({wall:.2f} s), {text}")


if __name__ == "__main__":
    main()
