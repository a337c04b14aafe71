"""How runs are cut into lanes, chunks of time and threads, and their order, change no bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check
from greedylr_theory.checks._subject import require_same_trajectory, several_runs, simulated

SPLITS: tuple[dict[str, Any], ...] = (
    {},  # the same once more: nothing is drawn or remembered outside of what the driver passes
    {"lanes": 1},
    {"lanes": 8, "chunk": 7},
    {"lanes": 64, "chunk": 1},
    {"lanes": 3, "threads": 2},
    {"lanes": 1, "threads": 5, "chunk": 13},
)


def measure(plugin: Any) -> str:
    runs = several_runs(plugin)
    expected = simulated(runs)
    count = 0
    for options in SPLITS:
        when = f"with {', '.join(f'{name} {value}' for name, value in options.items()) or 'the same call repeated'}"
        count += require_same_trajectory(simulated(runs, **options), expected, slice(None), when)
    order = np.random.default_rng(0).permutation(len(runs))
    count += require_same_trajectory(simulated([runs[r] for r in order]), expected, order, "in another order")
    for r, run in enumerate(runs):
        count += require_same_trajectory(simulated([run]), expected, slice(r, r + 1), f"with run {r} alone")
    return f"{count} numbers compared, none differs"


CHECK = Check("lanes, chunks, threads and order change nothing", measure)
