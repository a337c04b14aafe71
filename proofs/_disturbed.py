"""Disturbed runs for the checks of the claims about the robustness study: its eight disturbances on small problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import (
    Adversarial,
    Burst,
    Drift,
    Gaussian,
    NoPerturbation,
    Oscillatory,
    PeriodicSpike,
    Plateau,
    RandomSpike,
)

KINDS = (Adversarial, Burst, Drift, Gaussian, Oscillatory, PeriodicSpike, Plateau, RandomSpike)
STRENGTHS = (0.1, 0.5, 1.0)
STEPS = 200

#: arrays of a trajectory that say everything about a run
PARTS = ("loss", "lr", "x_end", "observed")


def problem(rng: np.random.Generator) -> dict[str, Any]:
    """The study's quadratic, Adam with its rate: a problem of 15 dimensions with condition number 100."""
    return {
        "objective": Quadratic(
            eigenvalues=tuple(float(2 * h) for h in np.logspace(0, 2, 15)),
            target=tuple(map(float, rng.normal(size=15))),
        ),
        "optimizer": Adam(),
        "start": tuple(map(float, rng.normal(size=15))),
        "lr0": 0.01,
        "steps": STEPS,
    }


def disturbed(setting: dict[str, Any], scheduler: Any, kind: Any, channel: str) -> Any:
    """Trajectory of three runs, one per strength."""
    return simulate(
        [Run(**setting, scheduler=scheduler, perturbation=kind(strength=s, channel=channel)) for s in STRENGTHS],
        stride=1,
    )


def clean(setting: dict[str, Any], scheduler: Any) -> Any:
    """The same three runs without a disturbance."""
    return simulate([Run(**setting, scheduler=scheduler, perturbation=NoPerturbation()) for _ in STRENGTHS], stride=1)


def differing(a: Any, b: Any, parts: Sequence[str] = PARTS) -> dict[str, int]:
    """For each array, how many runs differ by any bit."""
    found: dict[str, int] = {}
    for part in parts:
        first, second = getattr(a, part), getattr(b, part)
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        found[part] = int(np.sum(~same.reshape(first.shape[0], -1).all(axis=1)))
    return found
