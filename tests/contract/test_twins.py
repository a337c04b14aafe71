"""Compiled kernels against plain Python: same noise, same order of operations, so the same bits."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, Trajectory
from greedylr_theory.contracts import Plugin
from tests.contract._examples import (
    CATALOGUES,
    FOLDERS,
    assert_same_bits,
    evaluated,
    every_example,
    examples,
    sample,
    several,
    simulated,
    working_run,
)
from tests.naive import objectives, optimizers, perturbations, schedulers
from tests.naive.simulate import simulate as naive_simulate

ORDERINGS = ("before_update", "after_update")


def assert_equals_twin(runs: list[Run]) -> None:
    """Every recorded array and every summary."""
    trajectory = simulated(runs)
    for r, run in enumerate(runs):
        record = naive_simulate(run)
        for entry in dataclasses.fields(Trajectory):
            compiled = getattr(trajectory, entry.name)[r]
            plain = np.asarray(getattr(record, entry.name), dtype=compiled.dtype)
            assert_same_bits(compiled, plain, f"{entry.name} of run {r}")


@pytest.mark.parametrize("ordering", ORDERINGS)
@every_example()
def test_run_equals_its_plain_python_twin(plugin: Plugin, ordering: str) -> None:
    if getattr(plugin, "ordering", None) not in (None, ordering):
        with pytest.raises(ValueError, match=rf"^Run\.ordering must be .* for {type(plugin).__name__}, .*{ordering}'$"):
            working_run(plugin, ordering=ordering)
        return
    assert_equals_twin(several(working_run(plugin, ordering=ordering), 5))


@pytest.mark.parametrize("folder", FOLDERS[1:])
def test_every_plugin_has_a_twin(folder: str) -> None:
    twins = {"optimizers": optimizers, "schedulers": schedulers, "perturbations": perturbations}[folder].TWINS
    missing = {plugin.__name__ for plugin in CATALOGUES[folder].values()} - set(twins)
    assert not missing, f"write the plain Python twin of {missing} in tests/naive/{folder}.py"


def special_points(dim: int) -> Any:
    """(d, B): zeros of both signs, tiny, huge, infinite, NaN, and ordinary points at several scales."""
    numbers = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e-200, 1e154, -1e200, 1.7e308, math.inf, -math.inf, math.nan]
    uniform = np.repeat(np.array(numbers)[None], dim, axis=0)
    single = np.zeros((dim, len(numbers)))
    single[0] = numbers
    normal = np.random.default_rng(1).normal(size=(dim, 30)) * 10.0 ** np.arange(-10, 5, 0.5)
    return np.concatenate([uniform, single, normal], axis=1)


@examples("objectives")
def test_objective_equals_its_twin_at_special_points(plugin: Any) -> None:
    points = special_points(plugin.dim)
    draws = [float(value) for value in sample(plugin)[: plugin.uniforms]]
    for full in (False, True):
        loss, gradient = evaluated(plugin, points, full=full)
        for lane in range(points.shape[1]):
            x = [float(value) for value in points[:, lane]]
            if full:
                wanted = objectives.full_value_and_gradient(plugin, x)
            else:
                wanted = objectives.value_and_gradient(plugin, x, draws)
            assert_same_bits(loss[lane], np.float64(wanted[0]), f"loss at {x}")
            assert_same_bits(gradient[:, lane], wanted[1], f"gradient at {x}")


def test_rules_for_start_and_rate_equal_their_twins() -> None:
    from greedylr_theory import LogUniform, StandardNormal

    run = working_run(start=StandardNormal(seed=2**53 - 1, scale=3.0), lr0=LogUniform(1e-5, 0.1, seed=9), steps=20)
    assert_equals_twin([dataclasses.replace(run, replicate=r) for r in (0, 1, 2**32 - 1)])


def test_record_at_a_stride_is_every_second_row() -> None:
    run = working_run(steps=21)
    full, thinned = simulated(several(run)), simulated(several(run), stride=2)
    for name in ("loss", "observed", "full_loss", "lr"):
        assert_same_bits(getattr(thinned, name), getattr(full, name)[:, ::2], name)
    assert simulated(several(run), stride=0).loss.shape == (11, 0)
