"""A run that diverges ends with its step, and the runs beside it keep every bit."""

from __future__ import annotations

import dataclasses
from typing import Any

from greedylr_theory.checks._check import Check, Violation
from greedylr_theory.checks._subject import require_same_trajectory, several_runs, simulated
from greedylr_theory.contracts import Perturbation, Status
from greedylr_theory.perturbations.gradient_noise import GradientNoise


def measure(plugin: Any) -> str:
    """The fourth run starts where the loss is infinite, or is kicked to infinity by noise of 1e300 times a rate."""
    if isinstance(plugin, Perturbation):
        runs = several_runs(plugin)
        runs[3] = dataclasses.replace(runs[3], start=(1e200, -1e200))
    else:
        runs = several_runs(plugin, perturbation=GradientNoise(scale=0.0))
        runs[3] = runs[3].replaced("perturbation.scale", 1e300).replaced("lr0", 1e40)
        if plugin is not runs[0].objective:
            runs[3] = dataclasses.replace(runs[3], start=(1e200, -1e200))
    trajectory = simulated(runs)
    if trajectory.status[3] != Status.DIVERGED:
        raise Violation("a run whose loss is infinite did not end as diverged")
    healthy = [r for r in range(len(runs)) if r != 3]
    alone = simulated([runs[r] for r in healthy])
    count = require_same_trajectory(alone, trajectory, healthy, "beside a run that diverges")
    return (
        f"{count} numbers of {len(healthy)} neighbours compared, none differs; it ended at step {trajectory.steps[3]}"
    )


CHECK = Check("a diverging run leaves its neighbours alone", measure)
