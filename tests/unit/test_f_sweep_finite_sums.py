"""The sweep over F on finite sums: its unit of rates, and what counts as lost and as dead."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from experiments.f_sweep_finite_sums import (
    BATCHES,
    CAPPED,
    FULL,
    LOCAL,
    PATIENT,
    QUICK,
    STANDARD,
    SWEEP,
    arm,
    arms,
    judge,
    local_smoothness,
)
from greedylr_theory.objectives import Logistic


def test_every_size_has_the_factors_that_predictions_name():
    assert {0.25, 0.5, 0.9, 0.99} <= set(QUICK) & set(STANDARD)
    with pytest.raises(ValueError, match=r"speak of F = 0\.25"):
        judge(pl.DataFrame({"scheduler.factor": [0.5, 0.9, 0.99]}))


def test_local_smoothness_is_the_largest_curvature_at_the_minimiser():
    """Power iteration on differences of gradients: the step leaves an error of order 1e-5 of the curvature."""
    objective = Logistic("breast_cancer")
    point, step = np.array(objective.minimiser), 1e-5
    signed = objective.data[:, :-1] * objective.data[:, -1:]

    def gradient(x):
        return -signed.T @ (1.0 / (1.0 + np.exp(signed @ x))) / len(signed) + objective.l2 * x

    assert np.linalg.norm(gradient(point)) < 1e-9
    direction = np.ones(objective.dim) / np.sqrt(objective.dim)
    for _ in range(60):
        curved = (gradient(point + step * direction) - gradient(point - step * direction)) / (2.0 * step)
        size = float(np.linalg.norm(curved))
        direction = curved / size
    assert local_smoothness(objective) == pytest.approx(size, rel=1e-4)
    assert objective.l2 < local_smoothness(objective) < objective.smoothness


def test_caps_are_what_they_are_called():
    found: Any = arms()
    objective = found[f"{FULL}/{PATIENT}/{CAPPED}"].objective
    assert found[f"{FULL}/{PATIENT}/{CAPPED}"].scheduler.max_lr == 1.0 / objective.smoothness
    assert found[f"{FULL}/Algorithm 1/{LOCAL}"].scheduler.max_lr == 4.0 / local_smoothness(objective)


def test_lost_and_dead_runs_are_told_apart():
    rows = {
        "arm": [f"{BATCHES}/{PATIENT}/{CAPPED}"] * 5,
        "scheduler.factor": [0.5] * 5,
        "replicate": [0, 1, 2, 3, 4],
        "status": [0, 1, 0, 0, 0],
        "initial_loss": [2.0] * 5,
        "minimum": [1.0] * 5,
        # fine, not finite, above its start, dead far from the minimum, stopped near it
        "end_loss": [1.1, np.nan, 2.1, 1.5, 1.0005],
        "end_lr": [0.1, 0.1, 1e-9, 1e-9, 1e-9],
        "lr0.high": [1.0] * 5,
    }
    found = arm(pl.DataFrame(rows), BATCHES, PATIENT, CAPPED)
    assert found.lost.tolist() == [[False, True, True, False, False]]
    assert found.dead.tolist() == [[False, False, False, True, False]]
    assert found.loss[0, 1] == found.gap[0, 1] == np.inf
    assert found.median_loss().value == 1.5


def test_predictions_are_judged_one_by_one():
    assert len(SWEEP.prediction) == 8
