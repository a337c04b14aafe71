"""A later metric cannot change an earlier rate, and a run uses the rates that follow from what it observed."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check
from greedylr_theory.checks._subject import require_same, several_runs, simulated
from greedylr_theory.contracts import Scheduler, ScheduleWarning
from greedylr_theory.simulation.replay import replay


def rates(scheduler: Any, metrics: Any, lr0: Any = 0.1) -> Any:
    """replay() for configurations that are odd on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return replay(scheduler, metrics, lr0)


def noisy_descent(length: int) -> Any:
    rng = np.random.default_rng(length)
    return np.exp(-0.05 * np.arange(length)) + 0.1 * rng.normal(size=length)


def measure(plugin: Any) -> str:
    metrics = noisy_descent(60)
    expected = rates(plugin, metrics)
    count = 0
    for t in (0, 1, 17, 59):
        for value in (-1e9, 1e9, math.nan, math.inf):
            changed = metrics.copy()
            changed[t] = value
            require_same(rates(plugin, changed)[:t], expected[:t], f"rates before step {t} with metric {value} there")
            count += t
    runs = several_runs(plugin, ordering="after_update") if plugin.ordering != "before_update" else []
    if runs:
        after = simulated(runs)
        for r, run in enumerate(runs):
            wanted = rates(plugin, after.observed[r], run.lr0)[:-1]
            require_same(after.lr[r, 1:], wanted, f"rates of run {r} against replay of what it observed")
            count += wanted.size
    return f"{count} rates compared, none differs"


def _skipped(plugin: Any) -> str:
    if not isinstance(plugin, Scheduler):
        return "for schedulers"
    own = [phase.scheduler for phase in plugin.phases()]
    reads = any(rule.needs_gradient or rule.search is not None for rule in own)
    return "it reads more than metrics" if reads else ""


CHECK = Check("rates follow from earlier metrics only", measure, _skipped)
