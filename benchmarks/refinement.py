"""Time and memory of `refine` on a million norms, each in a fresh process.

    python benchmarks/refinement.py

Wall-clock times, so leave the machine to it. Memory is what a process has at its peak, resident, with interpreter and
libraries; what it had before the call is shown beside it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from greedylr_theory.refinement import refine

COUNT = 10**6
#: seconds and bytes
SECONDS_BAR, BYTES_BAR = 1.0, 300e6


def norms(name: str) -> np.ndarray:
    """What a running median may find easy or hard."""
    share = np.arange(COUNT) / COUNT
    noise = np.random.default_rng(0).normal(size=COUNT)
    return {
        "noise": lambda: np.exp(noise),
        "falling": lambda: 1.0 + 10.0 * np.exp(-20.0 * share),
        "falling, noisy": lambda: (1.0 + 10.0 * np.exp(-20.0 * share)) * np.exp(0.3 * noise),
        "rising": lambda: 1.0 + share,
        "constant": lambda: np.ones(COUNT),
    }[name]()


def measure(name: str) -> None:
    values = norms(name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    begin = time.perf_counter()
    found = refine(values)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    verdict = "" if seconds < SECONDS_BAR and peak < BYTES_BAR else "  over the bar"
    print(f"{name:15} {found.window:7} samples {seconds:6.2f} s {peak / 1e6:5.0f} MB ({before / 1e6:.0f}){verdict}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        for entry in ("noise", "falling", "falling, noisy", "rising", "constant"):
            subprocess.run([sys.executable, __file__, entry], check=True)
