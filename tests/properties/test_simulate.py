"""hypothesis searches run specifications for a bit in which the compiled driver and plain Python differ."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import Run, Trajectory, simulate
from greedylr_theory.contracts import OpenLoop, ScheduleWarning
from tests.naive.simulate import simulate as naive_simulate
from tests.properties._strategies import SCHEDULERS, runs

OPEN_LOOP = [name for name, plugin in SCHEDULERS.items() if issubclass(plugin, OpenLoop)]
RULES = [name for name in SCHEDULERS if name not in OPEN_LOOP]


def simulated(run: Run, **options: Any) -> Trajectory:
    """simulate() without its warnings: odd configurations are what is looked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return simulate([run], **options)


def assert_run_equals_twin(run: Run, tolerance: float = 1e-6) -> None:
    trajectory = simulated(run, stride=1, tolerance=tolerance)
    record = naive_simulate(run, tolerance=tolerance)
    for entry in dataclasses.fields(Trajectory):
        compiled, plain = getattr(trajectory, entry.name)[0], getattr(record, entry.name)
        np.testing.assert_array_equal(compiled, np.asarray(plain, dtype=compiled.dtype), entry.name, strict=True)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=30)
@given(data=st.data())
def test_run_equals_its_twin(name: str, data: st.DataObject) -> None:
    assert_run_equals_twin(data.draw(runs(SCHEDULERS[name])), data.draw(st.sampled_from([0.0, 1e-6, 0.5, 2.0])))


@settings(max_examples=80)
@given(data=st.data())
def test_run_with_a_schedule_equals_its_twin(data: st.DataObject) -> None:
    """Their tables are compared elsewhere: here it is what surrounds them."""
    assert_run_equals_twin(data.draw(runs(SCHEDULERS[data.draw(st.sampled_from(OPEN_LOOP))])))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEDULERS)
@settings(max_examples=1_500)
@given(data=st.data())
def test_run_equals_its_twin_after_a_long_search(name: str, data: st.DataObject) -> None:
    assert_run_equals_twin(data.draw(runs(SCHEDULERS[name])))


@settings(max_examples=40)
@given(data=st.data())
def test_stride_and_chunk_show_the_same_run(data: st.DataObject) -> None:
    run = data.draw(runs(SCHEDULERS[data.draw(st.sampled_from(sorted(SCHEDULERS)))]))
    stride, chunk = data.draw(st.integers(1, 10)), data.draw(st.integers(1, 50))
    full, thinned = simulated(run, stride=1), simulated(run, stride=stride, chunk=chunk)
    for entry in dataclasses.fields(Trajectory):
        step = stride if entry.name in ("loss", "observed", "full_loss", "lr") else 1
        expected = getattr(full, entry.name)
        expected = expected[:, ::step] if expected.ndim == 2 else expected
        np.testing.assert_array_equal(getattr(thinned, entry.name), expected, entry.name, strict=True)
