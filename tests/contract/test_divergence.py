"""Only a value that is not finite ends a run; it ends that lane, at that step, and no other."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, Status
from greedylr_theory.contracts import Plugin
from greedylr_theory.objectives import Quadratic
from greedylr_theory.perturbations import GradientNoise
from greedylr_theory.schedulers import Constant
from tests.contract._examples import assert_same_bits, assert_same_trajectory, examples, several, simulated, working_run


def overflowing(**fields: Any) -> Run:
    """x doubles its exponent: x_t = (1 - 1e60)^t, so that f overflows at t = 3 while x is still finite."""
    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(1.0,)),
        "scheduler": Constant(),
        "start": (1.0,),
        "lr0": 1e60,
        "steps": 8,
    }
    return Run(**usual | fields)


def test_divergence_is_recorded_with_its_step() -> None:
    trajectory = simulated([overflowing()])
    assert trajectory.status[0] == Status.DIVERGED
    assert trajectory.steps[0] == 3
    assert np.all(np.isfinite(trajectory.loss[0, :3]))
    assert trajectory.loss[0, 3] == math.inf
    assert np.all(np.isnan(trajectory.loss[0, 4:]))
    assert np.all(trajectory.lr[0, :3] == 1e60)
    assert np.all(np.isnan(trajectory.lr[0, 3:]))
    assert np.all(np.isnan(trajectory.x_end))
    assert np.isnan(trajectory.end_loss[0])
    assert trajectory.final_loss[0] == trajectory.loss[0, 2] == trajectory.peak_loss[0]
    assert trajectory.best_loss[0] == trajectory.loss[0, 0] == 0.5
    assert np.isnan(trajectory.recovery_ratio[0])
    assert trajectory.lr_sum[0] == 3 * 1e60
    assert trajectory.lr_changes[0] == 0
    assert trajectory.diverged[0]


def test_divergence_at_the_last_update_is_seen() -> None:
    trajectory = simulated([overflowing(steps=3)])
    assert (trajectory.status[0], trajectory.steps[0]) == (Status.DIVERGED, 3)
    assert np.all(np.isfinite(trajectory.loss))
    assert np.all(np.isnan(trajectory.x_end))


def test_a_start_of_infinite_loss_ends_at_step_zero() -> None:
    trajectory = simulated([overflowing(start=(1e200,))])
    assert (trajectory.status[0], trajectory.steps[0]) == (Status.DIVERGED, 0)
    assert np.isnan(trajectory.final_loss[0])  # there was no loss that counts


@pytest.mark.parametrize("lanes", [1, 8, 64])
@examples("objectives")
def test_one_lane_that_diverges_leaves_the_others_alone(plugin: Plugin, lanes: int) -> None:
    runs = several(working_run(plugin, scheduler=Constant(), perturbation=GradientNoise(scale=0.0)))
    # a kick of rate 1e40 times noise 1e300 is infinite whatever the objective
    runs[3] = runs[3].replaced("lr0", 1e40).replaced("perturbation.scale", 1e300)
    trajectory = simulated(runs, lanes=lanes)
    assert trajectory.status[3] == Status.DIVERGED
    assert trajectory.steps[3] == 1
    healthy = [r for r in range(len(runs)) if r != 3]
    assert np.all(trajectory.status[healthy] == Status.COMPLETED)
    assert np.all(trajectory.steps[healthy] == runs[0].steps)
    assert_same_trajectory(simulated([runs[r] for r in healthy]), trajectory, healthy)


@examples("schedulers")
def test_a_scheduler_keeps_lanes_apart(plugin: Plugin) -> None:
    runs = several(working_run(plugin))
    other = [dataclasses.replace(run, start=(5.0, -3.0)) if r % 2 else run for r, run in enumerate(runs)]
    assert_same_bits(simulated(other).lr[::2], simulated(runs).lr[::2])


def test_a_block_that_has_ended_altogether_keeps_what_it_had() -> None:
    runs = [overflowing(lr0=1e60 * 2.0**r) for r in range(5)]
    expected = simulated(runs)
    assert np.all(expected.diverged)
    for chunk in (1, 2, 5):
        assert_same_trajectory(simulated(runs, chunk=chunk), expected)
