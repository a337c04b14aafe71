"""Stepper: the rates of replay one metric at a time, and a state that is saved and restored to the bit."""

from __future__ import annotations

import functools
import json
import math
import sys
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import replay
from greedylr_theory.contracts import Floats, OpenLoop, Scheduler, ScheduleWarning, follow_table
from greedylr_theory.params import param
from greedylr_theory.schedulers import (
    Constant,
    Exponential,
    GreedyBest,
    GreedyLibrary,
    GreedyPrevious,
    Sequential,
    Warmup,
    WarmupStableDecay,
)
from greedylr_theory.simulation.stepper import Stepper
from tests.contract._examples import assert_same_bits, examples, from_metrics
from tests.contract.test_causality import noisy_descent
from tests.properties._strategies import RATES, SCHEDULERS, metrics, plugins


def replayed(scheduler: Any, logged: Any, lr0: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return replay(scheduler, logged, lr0)


def assert_restored_to_the_bit(scheduler: Any, logged: Any, lr0: Any, cut: int) -> None:
    """Save after `cut` steps as JSON text, restore into a new object that began elsewhere, go on with both."""
    stepper = Stepper(scheduler, lr0, steps=len(logged))
    expected = np.array([stepper.step(metric) for metric in logged])
    first = Stepper(scheduler, lr0, steps=len(logged))
    for metric in logged[:cut]:
        first.step(metric)
    text, rates = json.dumps(first.state_dict()), first.rates
    second = Stepper(scheduler, [7.0] * len(first.rates), steps=len(logged))
    for _ in range(min(cut, 2)):
        second.step(-1.0)
    second.load_state_dict(json.loads(text))
    assert json.dumps(second.state_dict()) == text
    assert_same_bits(second.rates, rates)
    assert_same_bits(rates, expected[cut - 1] if cut else rates)
    for t in range(cut, len(logged)):
        assert_same_bits(second.step(logged[t]), expected[t])
        first.step(logged[t])
    assert json.dumps(first.state_dict()) == json.dumps(second.state_dict())


@pytest.mark.parametrize("cut", [0, 1, 4, 5, 17, 39, 40])
@examples("schedulers", from_metrics)
def test_every_scheduler_goes_on_to_the_bit_from_its_saved_state(plugin: Any, cut: int) -> None:
    if any(phase.last for phase in plugin.phases()) or not isinstance(plugin, OpenLoop):
        assert_restored_to_the_bit(plugin, noisy_descent(40), [0.1, 0.3], cut)
    assert_restored_to_the_bit(plugin, noisy_descent(40), 0.1, cut)


@settings(max_examples=150)
@given(data=st.data())
def test_any_state_is_restored_to_the_bit(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name, plugin in SCHEDULERS.items() if not plugin.needs_gradient]))
    logged = data.draw(metrics(), "metrics")
    groups = data.draw(st.sampled_from([1, 2, 3]), "groups")
    scheduler = data.draw(plugins(SCHEDULERS[name], groups), "scheduler")
    lr0 = data.draw(st.tuples(*[RATES] * groups), "lr0")
    assert_restored_to_the_bit(scheduler, logged, lr0, data.draw(st.integers(0, len(logged)), "cut"))


@functools.cache
def is_endless(plugin: Any) -> bool:
    """Neither stretched over the run nor one that ends, such as OneCycle."""
    logged = noisy_descent(1500)
    try:
        return bool(np.array_equal(replayed(plugin, logged, 0.1)[:40], replayed(plugin, logged[:40], 0.1)))
    except ValueError:
        return False


@examples("schedulers", lambda plugin: from_metrics(plugin) and is_endless(plugin))
def test_a_scheduler_without_a_horizon_does_not_ask_for_one(plugin: Any) -> None:
    logged = noisy_descent(1500)  # longer than the first table
    stepper, length = Stepper(plugin, 0.1), 40
    rates = [stepper.step(metric)[0] for metric in logged]
    assert_same_bits(rates[:length], replayed(plugin, logged[:length], 0.1))
    assert_same_bits(rates, replayed(plugin, logged, 0.1))
    restored = Stepper(plugin, 0.1)
    restored.load_state_dict(stepper.state_dict())
    assert_same_bits(restored.step(0.5), stepper.step(0.5))


@examples("schedulers", lambda plugin: from_metrics(plugin) and not is_endless(plugin))
def test_a_schedule_stretched_over_the_run_asks_for_its_length(plugin: Any) -> None:
    with pytest.raises(ValueError, match=r"depends on how many steps there will be: give steps$"):
        Stepper(plugin, 0.1)
    stepper = Stepper(plugin, 0.1, steps=30)
    rates = [stepper.step(1.0)[0] for _ in range(30)]
    assert_same_bits(rates, replayed(plugin, np.ones(30), 0.1))
    with pytest.raises(ValueError, match="was made for 30 steps, got one more"):
        stepper.step(1.0)
    assert stepper.count == 30


@dataclass(frozen=True)
class Late(OpenLoop):
    """Constant, but for the last step of a run that is longer than the first tables."""

    def rates(self, lr0: float, steps: int) -> Floats:
        table = np.full(steps + 1, lr0)
        table[5000:] = lr0 / steps
        return table


def test_a_horizon_that_shows_late_is_noticed_late_and_nothing_has_changed() -> None:
    stepper = Stepper(Late(), 1.0)
    for _ in range(8192):
        stepper.step()
    before = stepper.state_dict()
    with pytest.raises(ValueError, match="Late depends on how many steps there will be"):
        stepper.step()
    assert stepper.state_dict() == before


@dataclass(frozen=True)
class Remembering(Scheduler):
    """Keeps a row per step."""

    kernel: ClassVar[Any] = follow_table

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        return np.tile(lr0, (steps + 1, 1))


@dataclass(frozen=True)
class NeedsConstant(GreedyPrevious):
    """Takes f* from the objective."""

    best: float | None = param(None, symbol="f^*", doc="smallest loss", optional=True)

    def bound(self, objective: Any) -> Any:
        if self.best is None and objective.minimum is None:
            raise ValueError("NeedsConstant.best (f^*) must be given, the objective does not know it")
        return self


@dataclass(frozen=True)
class Sloped(GreedyPrevious):
    needs_gradient: ClassVar[bool] = True


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stepper(Remembering(), 0.1), "Remembering depends on how many steps there will be: give steps"),
        (lambda: Stepper(NeedsConstant(), 0.1), r"every constant must be given .*: NeedsConstant\.best"),
        (lambda: Stepper(Sloped(), 0.1), "a rule that follows from metrics alone can be stepped, got Sloped"),
        (lambda: Stepper(Warmup(Sloped()), 0.1), "a rule that follows from metrics alone can be stepped, got Sloped"),
        (lambda: Stepper(Constant(), 0.1, steps=0), "steps must be an integer of at least 1, or None, got 0"),
        (
            lambda: Stepper(Constant(), 0.1, steps=cast(Any, 1.5)),
            r"steps must be an integer of at least 1, or None, got 1\.5",
        ),
        (lambda: Stepper(Constant(), -0.1), r"lr0 \(.*\) must lie in \(0, inf\), got -0\.1"),
        (lambda: Stepper(Constant(), (0.1, 0.2), groups=3), "one entry per parameter group, got lr0 2, groups 3"),
        (
            lambda: Stepper(Warmup(GreedyBest(max_lr=(1.0, 2.0))), (0.1, 0.2, 0.3)),
            r"per parameter group, got after\.max_lr 2, lr0 3",
        ),
        (lambda: Stepper(cast(Any, "cosine"), 0.1), "scheduler must be a scheduler of this package, got 'cosine'"),
        (lambda: Stepper(GreedyBest(), 0.1).step(), "GreedyBest sets the rate from a metric, got none at step 1"),
    ],
)
def test_what_cannot_be_stepped_is_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_groups_have_bounds_of_their_own_in_nested_rules_too() -> None:
    scheduler = Warmup(GreedyPrevious(factor=0.5, max_lr=(2.0, 100.0)), length=2)
    stepper = Stepper(scheduler, 1.0)
    rates = [stepper.step(metric) for metric in (None, 4.0, 3.0, 2.0)]
    assert_same_bits(rates, [[0.5, 0.5], [2.0, 2.0], [2.0, 4.0], [2.0, 8.0]])


def test_a_metric_is_needed_from_the_step_on_where_a_rule_takes_over() -> None:
    stepper = Stepper(Sequential((Exponential(0.5), GreedyBest(patience=0)), (3.0,)), 1.0)
    assert not stepper.observes
    assert_same_bits([stepper.step()[0] for _ in range(2)], [0.5, 0.25])
    assert stepper.observes
    with pytest.raises(ValueError, match="GreedyBest sets the rate from a metric, got none at step 3"):
        stepper.step()
    assert (stepper.count, stepper.rates[0]) == (2, 0.25)
    assert stepper.step(5.0)[0] == 1.0 / 0.95


def test_first_rates_are_those_of_the_schedule() -> None:
    assert_same_bits(Stepper(Warmup(Constant(), length=4, start=0.25), 1.0).rates, [0.25])
    assert_same_bits(Stepper(WarmupStableDecay(warmup=5), 1.0, steps=20).rates, [0.0])


def state_after(count: int, scheduler: Scheduler | None = None, **options: Any) -> dict[str, Any]:
    stepper = Stepper(scheduler or GreedyLibrary(smooth=True, window_size=3), 0.1, **options)
    for t in range(count):
        stepper.step(float(t))
    return stepper.state_dict()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "the state must be what state_dict returned, got None"),
        ({}, r"the state must be what state_dict returned, got \{\}"),
        ({"format": 1}, "the state must be what state_dict returned"),
        (state_after(3) | {"format": 2}, "the state must belong to the same format, 1, got 2"),
        (state_after(3, GreedyLibrary()), "the state must belong to the same scheduler"),
        (state_after(3, steps=9), "the state must belong to the same steps, None, got 9"),
        (state_after(3) | {"lr0": [0.1, 0.2]}, r"a rate for each of 1 parameter groups, got \(2,\)"),
        (state_after(3) | {"rates": []}, "a rate for each of 1 parameter groups"),
        (state_after(3) | {"rates": ["a"]}, "the state must be what state_dict returned"),
        (state_after(3) | {"count": -1}, "the state must hold a number of steps up to inf, got -1"),
        (state_after(3) | {"count": 2.5}, r"the state must hold a number of steps up to inf, got 2\.5"),
        (state_after(3) | {"state": [[1.0]]}, r"the state must have shape \(14, 1\), got \(1, 1\)"),
        (state_after(3) | {"state": [[1.0], [1.0, 2.0]]}, "the state must be what state_dict returned"),
        (state_after(3) | {"state": []}, r"the state must have shape \(14, 1\), got \(0,\)"),
    ],
)
def test_a_state_of_something_else_is_refused_and_nothing_has_changed(state: Any, message: str) -> None:
    stepper = Stepper(GreedyLibrary(smooth=True, window_size=3), 0.1)
    stepper.step(2.0)
    before = stepper.state_dict()
    with pytest.raises(ValueError, match=message) as caught:
        stepper.load_state_dict(state)
    assert "\n" not in str(caught.value)
    assert stepper.state_dict() == before


def test_a_saved_state_is_a_copy_and_holds_plain_values_only() -> None:
    stepper = Stepper(GreedyBest(patience=0, smooth=True, window_size=2), [0.1, 0.2])
    stepper.step(math.nan)
    state = stepper.state_dict()
    text = json.dumps(state)
    stepper.step(0.5)
    assert json.dumps(state) == text

    def plain(value: Any) -> bool:
        if isinstance(value, list):
            return all(plain(entry) for entry in value)
        return value is None or type(value) in (int, float, str)

    assert all(plain(value) for value in state.values())


def test_without_a_metric_a_schedule_steps_and_rates_handed_out_are_copies() -> None:
    stepper = Stepper(Exponential(0.5), 1.0)
    rates = stepper.step()
    rates[:] = 9.0
    stepper.rates[:] = 9.0
    assert stepper.rates[0] == 0.5
    assert stepper.step(math.nan)[0] == 0.25


def test_to_torch_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from greedylr_theory.interop import to_torch

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"^to_torch needs torch: pip install 'greedylr-theory\[torch\]'$"):
        to_torch(Constant(), None)
