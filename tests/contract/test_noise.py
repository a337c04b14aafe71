"""Whatever is compared meets the same noise from the same start."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run
from greedylr_theory.contracts import Plugin
from greedylr_theory.objectives import Quadratic
from greedylr_theory.perturbations import GradientNoise, LossNoise
from greedylr_theory.schedulers import Constant
from greedylr_theory.simulation.draws import Stream, normals
from tests.contract._examples import assert_same_bits, examples, simulated


def flat_run(**fields: Any) -> Run:
    """On f = 0 the observed loss is the noise and nothing else."""
    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(0.0, 0.0)),
        "scheduler": Constant(),
        "perturbation": LossNoise(scale=1.0),
        "lr0": 0.1,
        "steps": 25,
        "replicate": 4,
    }
    return Run(**usual | fields)


@examples("schedulers")
def test_schedulers_meet_the_same_noise(plugin: Plugin) -> None:
    assert_same_bits(simulated([flat_run(scheduler=plugin)]).observed, simulated([flat_run()]).observed)


@examples("optimizers")
def test_optimizers_meet_the_same_noise(plugin: Plugin) -> None:
    assert_same_bits(simulated([flat_run(optimizer=plugin)]).observed, simulated([flat_run()]).observed)


def test_rates_steps_orderings_and_curvatures_leave_the_noise_alone() -> None:
    noise = simulated([flat_run()]).observed
    assert_same_bits(simulated([flat_run(lr0=1e-9)]).observed, noise)
    assert_same_bits(simulated([flat_run(ordering="before_update")]).observed, noise)
    assert_same_bits(simulated([flat_run(steps=10)]).observed, noise[:, :10])
    louder = simulated([flat_run(perturbation=LossNoise(scale=2.0))]).observed
    assert_same_bits(louder, 2.0 * noise)
    curved = flat_run(objective=Quadratic(eigenvalues=(1.0, 3.0)), start=(0.0, 0.0))
    assert_same_bits(simulated([curved]).observed, noise)


def test_replicates_and_dimensions_have_their_own_noise() -> None:
    noise = simulated([flat_run()]).observed
    assert not np.any(simulated([flat_run(replicate=5)]).observed == noise)
    assert not np.any(simulated([flat_run(objective=Quadratic(eigenvalues=(0.0, 0.0, 0.0)))]).observed == noise)


@examples("schedulers")
def test_first_loss_is_that_of_the_common_start(plugin: Plugin) -> None:
    curved = flat_run(objective=Quadratic(eigenvalues=(1.0, 3.0)))
    other = dataclasses.replace(curved, scheduler=plugin, ordering=None)  # the ordering that the rule needs
    assert_same_bits(simulated([other]).loss[:, 0], simulated([curved]).loss[:, 0])


@pytest.mark.parametrize("replicate", [0, 2**32 - 1])
def test_gradient_noise_is_the_public_stream_of_normals(replicate: int) -> None:
    run = flat_run(perturbation=GradientNoise(scale=0.5), start=(0.0, 0.0), steps=1, replicate=replicate)
    z = normals(run.noise_key, np.array([replicate], dtype=np.uint64), Stream.NORMAL, 0, 2)[:, 0]
    assert_same_bits(simulated([run]).x_end[0], 0.0 - 0.1 * (0.5 * z))
