"""hypothesis puts examples of all four kinds together, with orderings, controls and minibatches, and compares bits.

No bit may differ: every function that kernels call (exp, log, tanh, ...) is the package's own, in the twins as well.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import Run, Trajectory, simulate
from greedylr_theory.contracts import SLOTS, ScheduleWarning
from greedylr_theory.schedulers import Cosine, Exponential, GreedyBest, Linear, Piecewise, Step
from greedylr_theory.simulation.session import Session
from tests.contract._examples import assert_same_bits, assert_same_trajectory, made
from tests.naive.simulate import simulate as naive_simulate

EXAMPLES: dict[str, dict[str, Any]] = {
    folder: dict(made(folder)) for folder in ("objectives", "optimizers", "schedulers", "perturbations")
}
SUMS = [name for name, plugin in EXAMPLES["objectives"].items() if plugin.relabelled_kernel is not None]

#: schedules that keep a number of the optimizer, which lies in [0, 1), where it is or below
FALLING = (Exponential(0.9), Linear(start_factor=1.0, end_factor=0.5, total=6), Cosine(t_max=40), Step(3, 0.5))
#: what can happen to minibatches, whose room is at least 1.4 times their size and at least 4
GROWING = (Piecewise((3.0, 8.0), (1.0, 1.4, 0.5)), GreedyBest(patience=0, factor=0.6, min_lr=1.0, max_lr=4.0))


@st.composite
def controls(draw: st.DrawFn, optimizer: Any, objective: Any, room: int) -> dict[str, Any]:
    """Schedules and rules that move numbers of the optimizer, the curvature, or the size of a minibatch."""
    possible: dict[str, Any] = {
        f"optimizer.{name}": FALLING
        for name, declared in type(optimizer).parameters()
        if declared.kind == "float" and getattr(optimizer, name) and name != "eps"
    }
    if getattr(objective, "largest_batch", None):
        possible["objective.batch"] = GROWING
    chosen = draw(st.lists(st.sampled_from(sorted(possible)), unique=True, max_size=min(2, room))) if possible else []
    return {path: draw(st.sampled_from(possible[path])) for path in chosen}


@st.composite
def combinations(draw: st.DrawFn) -> list[Run]:
    """Three lanes of any combination that makes sense, with rates from small to hopeless."""
    perturbation = EXAMPLES["perturbations"][draw(st.sampled_from(sorted(EXAMPLES["perturbations"])))]
    named = SUMS if perturbation.relabels or draw(st.booleans()) else sorted(EXAMPLES["objectives"])
    objective = EXAMPLES["objectives"][draw(st.sampled_from(named))]
    scheduler = EXAMPLES["schedulers"][draw(st.sampled_from(sorted(EXAMPLES["schedulers"])))]
    optimizer = EXAMPLES["optimizers"][draw(st.sampled_from(sorted(EXAMPLES["optimizers"])))]
    if type(scheduler).__name__ == "Polyak" and objective.minimum is None:
        scheduler = dataclasses.replace(scheduler, minimum=0.0)
    room = SLOTS - len(scheduler.phases())
    needed = {phase.scheduler.ordering for phase in scheduler.phases()} - {None}
    run = Run(
        objective,
        optimizer=optimizer,
        scheduler=scheduler,
        perturbation=perturbation,
        lr0=draw(st.sampled_from([1e-3, 0.1, 1.0])) / (objective.smoothness or 100.0),
        steps=draw(st.integers(1, 14)),
        ordering=needed.pop() if needed else draw(st.sampled_from(["before_update", "after_update"])),
        controls=draw(controls(optimizer, objective, room)),
        replicate=draw(st.integers(0, 2**32 - 1)),
    )
    rate: Any = run.lr0
    return [run, run.replaced("lr0", 1e30 * rate), run.replaced("replicate", run.replicate // 2)]


def assert_equal_their_twins(runs: list[Run]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        trajectory = simulate(runs, stride=1)
    for r, run in enumerate(runs):
        record = naive_simulate(run)
        for entry in dataclasses.fields(Trajectory):
            compiled = getattr(trajectory, entry.name)[r]
            plain = np.asarray(getattr(record, entry.name), dtype=compiled.dtype)
            assert_same_bits(compiled, plain, f"{entry.name} of run {r}")


@settings(max_examples=100)
@given(runs=combinations())
def test_any_combination_equals_its_twin(runs: list[Run]) -> None:
    assert_equal_their_twins(runs)


@settings(max_examples=30)
@given(runs=combinations(), cut=st.integers(0, 14))
def test_lanes_chunks_threads_and_checkpoints_change_nothing(runs: list[Run], cut: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        expected = simulate(runs, stride=1)
        assert_same_trajectory(simulate(runs, stride=1, lanes=1, threads=2, chunk=3), expected)
        assert_same_trajectory(simulate(runs, stride=1, lanes=2, chunk=1), expected)
        session, other = Session(runs, stride=1), Session(runs, stride=1)
    session.advance(min(cut, session.steps))
    other.restore(session.checkpoint())
    other.advance(other.steps - other.step)
    assert_same_trajectory(other.trajectory(), expected)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(runs=combinations())
def test_any_combination_equals_its_twin_after_a_long_search(runs: list[Run]) -> None:
    assert_equal_their_twins(runs)
