"""hypothesis searches metric sequences and configurations for a bit in which kernel and plain Python differ."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import replay
from greedylr_theory.contracts import OpenLoop, ScheduleWarning
from tests.naive.simulate import replay as naive_replay
from tests.properties._strategies import RATES, SCHEDULERS, metrics, plugins


def compiled_replay(*arguments: Any, **options: Any) -> Any:
    """replay() without its warnings: odd configurations are what is looked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return replay(*arguments, **options)


def assert_replay_equals_twin(data: st.DataObject, name: str) -> None:
    logged = data.draw(metrics(), "metrics")
    groups = data.draw(st.sampled_from([1, 1, 2, 3]), "groups")
    scheduler = data.draw(plugins(SCHEDULERS[name], groups), "scheduler")
    lr0: Any = data.draw(RATES if groups == 1 else st.tuples(*[RATES] * groups), "lr0")
    compiled = compiled_replay(scheduler, logged, lr0)
    plain = naive_replay(scheduler, logged, lr0)
    assert compiled.shape == ((len(logged),) if groups == 1 else (len(logged), groups))
    np.testing.assert_array_equal(compiled, plain, strict=True)


OPEN_LOOP = [name for name, plugin in SCHEDULERS.items() if issubclass(plugin, OpenLoop)]
CLOSED_LOOP = [name for name, plugin in SCHEDULERS.items() if name not in OPEN_LOOP and not plugin.needs_gradient]


@pytest.mark.parametrize("name", OPEN_LOOP)
@settings(max_examples=10)
@given(data=st.data())
def test_replay_of_a_schedule_equals_its_twin(name: str, data: st.DataObject) -> None:
    assert_replay_equals_twin(data, name)


@pytest.mark.parametrize("name", CLOSED_LOOP)
@settings(max_examples=100)
@given(data=st.data())
def test_replay_of_a_rule_equals_its_twin(name: str, data: st.DataObject) -> None:
    assert_replay_equals_twin(data, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN_LOOP + CLOSED_LOOP)
@settings(max_examples=3_000)
@given(data=st.data())
def test_replay_equals_its_twin_after_a_long_search(name: str, data: st.DataObject) -> None:
    assert_replay_equals_twin(data, name)


@pytest.mark.parametrize("name", CLOSED_LOOP)
@settings(max_examples=20)
@given(data=st.data())
def test_a_later_metric_never_matters(name: str, data: st.DataObject) -> None:
    logged = data.draw(metrics(), "metrics")
    scheduler = data.draw(plugins(SCHEDULERS[name]), "scheduler")
    t = data.draw(st.integers(0, len(logged) - 1), "t")
    changed = [*logged[:t], data.draw(st.floats(), "value"), *logged[t + 1 :]]
    expected = compiled_replay(scheduler, logged, 0.1)
    np.testing.assert_array_equal(compiled_replay(scheduler, changed, 0.1)[:t], expected[:t])
    np.testing.assert_array_equal(compiled_replay(scheduler, logged[: t + 1], 0.1), expected[: t + 1])


@pytest.mark.parametrize("name", [name for name in CLOSED_LOOP if hasattr(SCHEDULERS[name], "max_lr")])
@settings(max_examples=20)
@given(data=st.data())
def test_bounds_given_to_replay_replace_those_of_the_scheduler(name: str, data: st.DataObject) -> None:
    logged = data.draw(metrics(), "metrics")
    scheduler = data.draw(plugins(SCHEDULERS[name]), "scheduler")
    bounds: dict[str, Any] = {"min_lr": (0.0, 0.01), "max_lr": (0.2, 5.0)}
    compiled = compiled_replay(scheduler, logged, 0.1, **bounds)
    np.testing.assert_array_equal(compiled, naive_replay(scheduler, logged, 0.1, **bounds), strict=True)
