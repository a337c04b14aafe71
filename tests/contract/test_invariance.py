"""How runs are cut into lanes, chunks, threads and batches must not change a bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from greedylr_theory import Batch, Run, Trajectory
from greedylr_theory.contracts import Plugin
from greedylr_theory.simulation import simulate as simulation
from tests.contract._examples import (
    FOLDERS,
    another_value,
    assert_same_trajectory,
    every_example,
    field_of,
    made,
    several,
    simulated,
    working_run,
)


def one_by_one(runs: list[Run]) -> Trajectory:
    """The same runs, each in a call of its own."""
    parts = [simulated([run]) for run in runs]
    return Trajectory(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


@every_example()
def test_lanes_chunks_threads_and_order_change_nothing(plugin: Plugin) -> None:
    runs = several(working_run(plugin), 7)
    expected = simulated(runs)
    for options in ({"lanes": 8, "chunk": 7}, {"lanes": 3, "threads": 2}, {"lanes": 1, "threads": 5, "chunk": 13}):
        assert_same_trajectory(simulated(runs, **options), expected)
    order = np.random.default_rng(0).permutation(len(runs))
    assert_same_trajectory(simulated([runs[r] for r in order]), expected, order)
    assert_same_trajectory(one_by_one(runs), expected)


@pytest.mark.parametrize("ordering", ["before_update", "after_update"])
def test_chunks_of_one_step_change_nothing(ordering: str) -> None:
    runs = several(working_run(ordering=ordering))
    assert_same_trajectory(simulated(runs, lanes=64, chunk=1), simulated(runs))


@pytest.mark.parametrize("ordering", ["before_update", "after_update"])
def test_parts_that_fit_into_memory_change_nothing(ordering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = several(working_run(ordering=ordering), 150)
    expected = simulated(runs)
    monkeypatch.setattr(simulation, "_BYTES_AT_ONCE", 1)
    assert_same_trajectory(simulated(runs), expected)
    assert_same_trajectory(simulated(runs, threads=2, lanes=16), expected)


@every_example()
def test_batch_equals_the_list_of_its_runs(plugin: Plugin) -> None:
    run = working_run(plugin)
    lr0: Any = run.lr0
    values: dict[str, Any] = {"lr0": [lr0, 0.5 * lr0, 2.0 * lr0], "replicate": [5, 0, 5]}
    batch = Batch(run, values)
    alone = one_by_one(list(batch))
    assert_same_trajectory(simulated(batch), alone)
    assert_same_trajectory(simulated(batch[1:]), alone, slice(1, None))


def numbers_that_vary() -> list[Any]:
    """Every number of every plug-in once, in the first example that has it, with another value."""
    found: dict[str, Any] = {}
    for folder in FOLDERS:
        for _, plugin in made(folder):
            for name, declared in type(plugin).parameters():
                changed = another_value(plugin, name, declared)
                numeric = declared.kind in ("float", "int", "per_group") and getattr(plugin, name) is not None
                if numeric and changed is not None:
                    label = f"{type(plugin).plugin_name()}.{name}"
                    found.setdefault(label, pytest.param(plugin, name, getattr(changed, name), id=label))
    return list(found.values())


@pytest.mark.parametrize(("plugin", "name", "after"), numbers_that_vary())
def test_batch_over_a_number_equals_the_list_of_its_runs(plugin: Plugin, name: str, after: Any) -> None:
    run = working_run(plugin)
    lr0: Any = run.lr0
    path, before = f"{field_of(plugin)}.{name}", getattr(plugin, name)
    runs = [run, run.replaced(path, after).replaced("lr0", 0.5 * lr0), run.replaced("lr0", 2.0 * lr0)]
    runs = [one.replaced("replicate", replicate) for one, replicate in zip(runs, (5, 0, 5), strict=True)]
    values: dict[str, Any] = {"lr0": [lr0, 0.5 * lr0, 2.0 * lr0], "replicate": [5, 0, 5], path: [before, after, before]}
    try:
        expected = simulated(runs)
    except ValueError:  # the parameter decides a shape, or the length of the run forbids it
        with pytest.raises(ValueError, match=r"must share|can vary|must be at least"):
            simulated(Batch(run, values))
        return
    batch = Batch(run, values)
    assert list(batch) == runs
    assert_same_trajectory(expected, one_by_one(runs))
    assert_same_trajectory(simulated(batch), expected)
