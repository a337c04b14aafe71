"""Kernels are compiled for arguments that do not overlap: nothing may pass them arrays that share memory."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from greedylr_theory.contracts import Plugin
from greedylr_theory.schedulers import Cosine, GreedyBest
from greedylr_theory.simulation import blocks, driver
from greedylr_theory.simulation.packed import packed
from greedylr_theory.simulation.stepper import Stepper
from tests.contract._examples import (
    OPTIONS,
    assert_same_trajectory,
    every_example,
    examples,
    from_metrics,
    several,
    simulated,
    working_run,
)


def arrays_in(arguments: Iterable[Any]) -> list[Any]:
    """All arrays among arguments and in tuples of them."""
    found: list[Any] = []
    for argument in arguments:
        if isinstance(argument, tuple):
            found += arrays_in(argument)
        elif isinstance(argument, np.ndarray):
            found.append(argument)
    return found


def assert_disjoint(arguments: Iterable[Any]) -> None:
    for one, other in itertools.combinations(arrays_in(arguments), 2):
        assert not np.shares_memory(one, other), (one.shape, other.shape)


def spied(kernel: Callable[..., Any], calls: list[str], name: str) -> Callable[..., Any]:
    """The kernel, which first looks at what it was given."""

    def call(*arguments: Any) -> Any:
        calls.append(name)
        assert_disjoint(arguments)
        return kernel(*arguments)

    return call


def advance_in_python(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the driver's loop run uncompiled, with a look at every call that it makes; returns the names of the calls."""
    calls: list[str] = []
    kinds = ("objective", "full objective", "perturbation", *["scheduler"] * 4, "search", "optimizer")

    def advance(*arguments: Any) -> None:
        assert_disjoint(arguments)
        count = len(kinds)
        original(*[spied(one, calls, kind) for one, kind in zip(arguments, kinds, strict=False)], *arguments[count:])

    original = driver.advance.py_func
    monkeypatch.setattr(driver, "advance", advance)
    for name in ("end_lanes", "summarise", "count_rates", "write_control"):
        monkeypatch.setattr(driver, name, spied(getattr(driver, name).py_func, calls, name))

    def draw(out: Any, key: Any, replicate: Any, stream: int, step: int) -> None:
        assert_disjoint((out, key, replicate))
        out[:] = 0.25

    monkeypatch.setattr(driver, "uniforms_into", draw)
    monkeypatch.setattr(driver, "normals_into", draw)
    # a search calls the objective, which a compiled kernel can do with a compiled one only
    monkeypatch.setattr(driver, "no_search", lambda *arguments: None)
    return calls


@every_example()
def test_every_kernel_gets_arrays_that_do_not_overlap(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    if getattr(plugin, "search", None) is not None:
        monkeypatch.setattr(type(plugin), "search", staticmethod(lambda *arguments: None))
    runs = several(working_run(plugin, steps=9), 3)
    laid_out = blocks.Blocks.of(packed(runs, with_minimum=True), slice(0, 3), 1, 2)
    calls = advance_in_python(monkeypatch)
    with np.errstate(all="ignore"):
        laid_out.advance((0, 9, 9), 1, 1e-6)
    assert {"objective", "full objective", "perturbation", "optimizer", "end_lanes"} <= set(calls)
    assert "scheduler" in calls or "search" in calls


def test_controls_get_arrays_that_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    from greedylr_theory.objectives import LeastSquares
    from greedylr_theory.optimizers import Adam

    controls = {
        "optimizer.beta1": Cosine(),
        "objective.batch": GreedyBest(patience=0, min_lr=1.0, max_lr=4.0),
    }
    objective = LeastSquares(**OPTIONS["objectives/least_squares"][0])
    runs = several(working_run(objective, optimizer=Adam(), controls=controls, steps=5), 3)
    laid_out = blocks.Blocks.of(packed(runs, with_minimum=True), slice(0, 3), 1, 2)
    calls = advance_in_python(monkeypatch)
    with np.errstate(all="ignore"):
        laid_out.advance((0, 5, 5), 1, 1e-6)
    assert calls.count("write_control") == 2 * 5 * 2


@examples("schedulers", from_metrics)
def test_a_stepper_passes_arrays_that_do_not_overlap(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for kind in {type(phase.scheduler) for phase in plugin.phases()}:
        monkeypatch.setattr(kind, "kernel", staticmethod(spied(kind.kernel, calls, kind.__name__)))
    stepper = Stepper(plugin, 0.1, steps=30)
    for t in range(30):
        stepper.step(1.0 / (t + 1))
    assert len(calls) == 30


def test_arrays_that_overlap_are_found() -> None:
    whole = np.zeros((4, 3))
    assert_disjoint((whole[:2], (whole[2:], np.zeros(3)), whole[4:], whole[4:]))
    with pytest.raises(AssertionError):
        assert_disjoint((whole[:3], (np.zeros(2), whole[2:])))


@every_example()
def test_parameters_in_common_give_the_bits_of_parameters_of_their_own(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What all runs share is laid out once for all blocks; here also as often as there are blocks."""
    run = working_run(plugin)
    runs = [dataclasses.replace(run, replicate=r) for r in range(5)]
    shared = blocks.Blocks.of(packed(runs, with_minimum=True), slice(0, 5), 0, 2)
    assert {len(array) for array in shared.params[1 if run.perturbation.relabels else 0 :]} == {1}
    expected = simulated(runs, lanes=2)
    monkeypatch.setattr(blocks, "is_common", lambda matrix: False)
    own = blocks.Blocks.of(packed(runs, with_minimum=True), slice(0, 5), 0, 2)
    assert {len(array) for array in own.params} == {3}
    assert_same_trajectory(simulated(runs, lanes=2), expected)
