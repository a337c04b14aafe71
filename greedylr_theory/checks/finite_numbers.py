"""From ordinary numbers come ordinary numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check, Violation
from greedylr_theory.checks._subject import evaluated, several_runs, simulated
from greedylr_theory.contracts import Objective, Status


def measure(plugin: Any) -> str:
    if isinstance(plugin, Objective):
        x = np.random.default_rng(6).normal(size=(plugin.dim, 200))
        loss, gradient = evaluated(plugin, x)
        finite = np.isfinite(loss)
        if np.any(finite & ~np.isfinite(gradient).all(axis=0)):
            lane = int(np.argmax(finite & ~np.isfinite(gradient).all(axis=0)))
            raise Violation(f"f is finite and its gradient is not at x = {x[:8, lane]}")
        if not np.any(finite):
            raise Violation("f is finite at none of 200 points of a standard normal distribution")
        return f"f and its gradient are finite at {np.count_nonzero(finite)} of 200 points"
    runs = several_runs(plugin)
    trajectory = simulated(runs)
    ended = trajectory.status == Status.DIVERGED
    going = ~np.isnan(trajectory.loss)  # up to where a run ended
    rates = trajectory.lr[going]
    if np.any(~np.isfinite(rates)) or np.any(rates < 0):
        wrong = rates[~np.isfinite(rates) | (rates < 0)]
        raise Violation(f"{wrong.size} of {rates.size} step sizes are negative or not finite, such as {wrong[0]}")
    if np.any(ended):
        raise Violation(f"{np.count_nonzero(ended)} of {len(runs)} runs at moderate rates on a quadratic diverge")
    return f"{rates.size} step sizes between {rates.min():.3g} and {rates.max():.3g}, none of {len(runs)} runs diverges"


CHECK = Check("ordinary numbers give ordinary numbers", measure)
