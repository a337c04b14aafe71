"""to_torch: our schedulers in charge of a real torch optimizer, beside the classes that users run."""

from __future__ import annotations

import copy
import io
import json
import math
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import replay
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.interop import to_torch
from greedylr_theory.schedulers import (
    Constant,
    Cosine,
    Exponential,
    GreedyBest,
    GreedyLibrary,
    GreedyPrevious,
    Sequential,
    Warmup,
)
from tests.contract._examples import assert_same_bits, examples, from_metrics
from tests.contract.test_causality import noisy_descent
from tests.parity.test_transformers import LR0, real_rates
from tests.properties._strategies import metrics, plugins

torch = pytest.importorskip("torch")


def an_optimizer(*lr0: float) -> Any:
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr} for lr in lr0]
    return torch.optim.SGD(groups, lr=1.0)


def in_force(optimizer: Any) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


def quiet(*arguments: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return to_torch(*arguments, **options)


def driven(live: Any, logged: Any) -> Any:
    """Rates (T, groups) in force after each metric."""
    rates: list[list[float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        for metric in logged:
            live.step(metric)
            assert live.get_last_lr() == in_force(live.optimizer)
            rates.append(in_force(live.optimizer))
    return np.array(rates)


@examples("schedulers", from_metrics)
def test_every_scheduler_gives_the_rates_of_replay(plugin: Any) -> None:
    logged = noisy_descent(40)
    live = quiet(plugin, an_optimizer(0.1, 0.3), steps=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        expected = replay(plugin, logged, (0.1, 0.3))
    assert_same_bits(driven(live, logged), expected)
    assert live.last_epoch == 40


@settings(max_examples=150)
@given(data=st.data())
def test_the_library_rule_is_the_class_in_transformers(data: st.DataObject) -> None:
    pytest.importorskip("transformers.optimization")
    logged = data.draw(metrics(), "metrics")
    count = data.draw(st.sampled_from([1, 2, 3]), "groups")
    scheduler = data.draw(plugins(GreedyLibrary, count), "scheduler")
    lr0 = data.draw(st.tuples(*[LR0] * count), "lr0")
    assert_same_bits(driven(quiet(scheduler, an_optimizer(*lr0)), logged), real_rates(scheduler, logged, lr0))


def test_training_with_it_is_training_with_the_class_in_transformers() -> None:
    """Two copies of a small network, closed loop: the rates decide the losses that decide the rates."""
    optimization = pytest.importorskip("transformers.optimization")
    options = {"factor": 0.7, "patience": 1, "cooldown": 1, "warmup": 1, "smooth": True, "window_size": 3}
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    inputs = torch.randn(32, 3)
    results: list[Any] = []
    for make in (
        lambda optimizer: optimization.GreedyLR(optimizer, **options),
        lambda optimizer: to_torch(GreedyLibrary(**options), optimizer),
    ):
        model = copy.deepcopy(network)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        live = make(optimizer)
        losses, rates = [], []
        for _ in range(80):
            optimizer.zero_grad()
            loss = (model(inputs) - inputs.prod(1, keepdim=True)).square().mean()
            loss.backward()
            optimizer.step()
            live.step(loss.item())
            losses.append(loss.item())
            rates += in_force(optimizer)
        results.append((losses, rates))
    assert results[0] == results[1]
    assert len(set(results[0][1])) > 5


def through_a_file(state: Any) -> Any:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("cut", [0, 1, 5, 23, 40])
@pytest.mark.parametrize(
    "through", [through_a_file, lambda state: json.loads(json.dumps(state))], ids=["torch", "json"]
)
@examples("schedulers", from_metrics)
def test_training_goes_on_to_the_bit_from_a_saved_state(plugin: Any, through: Any, cut: int) -> None:
    logged = noisy_descent(40)
    live = quiet(plugin, an_optimizer(0.1), steps=40)
    driven(live, logged[:cut])
    optimizer = an_optimizer(5.0)
    resumed = quiet(plugin, optimizer, steps=40)
    resumed.load_state_dict(through(live.state_dict()))
    assert in_force(optimizer) == in_force(live.optimizer)
    assert resumed.last_epoch == cut
    assert_same_bits(driven(resumed, logged[cut:]), driven(live, logged[cut:]))
    assert resumed.state_dict() == live.state_dict()


def test_it_is_a_torch_scheduler_that_leaves_the_optimizer_as_torch_does() -> None:
    optimizer = an_optimizer(0.5, 0.25)
    live = to_torch(Warmup(Constant(), length=4, start=0.5), optimizer)
    assert isinstance(live, torch.optim.lr_scheduler.LRScheduler)
    assert in_force(optimizer) == [0.25, 0.125]
    assert [group["initial_lr"] for group in optimizer.param_groups] == live.base_lrs == [0.5, 0.25]
    assert (live.last_epoch, live.get_last_lr()) == (0, [0.25, 0.125])
    live.step()
    assert (live.last_epoch, in_force(optimizer)) == (1, [0.3125, 0.15625])


def test_warmup_before_the_library_rule_needs_metrics_after_it_only() -> None:
    live = to_torch(Warmup(GreedyLibrary(patience=0, factor=0.5), length=3), an_optimizer(0.3))
    live.step()
    live.step()
    with pytest.raises(ValueError, match="GreedyLibrary sets the rate from a metric, got none at step 3"):
        live.step()
    assert live.last_epoch == 2
    live.step(1.0)
    assert live.get_last_lr() == [0.6]


@pytest.mark.parametrize(
    "metric",
    [
        2.0,
        2,
        np.float32(2.0),
        np.array([2.0]),
        torch.tensor(2.0),
        torch.tensor([2]),
        torch.tensor(2.0, requires_grad=True),
    ],
)
def test_a_metric_may_be_a_number_of_any_kind(metric: Any) -> None:
    live = to_torch(GreedyBest(patience=0, factor=0.5), an_optimizer(0.25))
    live.step(metric)
    assert live.get_last_lr() == [0.5]


def test_a_metric_that_is_not_a_number_is_passed_on() -> None:
    live = to_torch(GreedyBest(patience=0, factor=0.5), an_optimizer(0.5))
    live.step(math.nan)
    live.step(torch.tensor(math.inf))
    assert live.get_last_lr() == [0.125]


def test_a_rate_that_is_a_tensor_is_filled_in_place() -> None:
    rate = torch.tensor(0.25, dtype=torch.float64)
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(2))], lr=rate, capturable=False, foreach=False)
    live = to_torch(GreedyPrevious(factor=0.5), optimizer)
    live.step(1.0)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5
    live.step(2.0)
    assert live.get_last_lr() == [0.25]


@dataclass(frozen=True)
class Before(GreedyPrevious):
    ordering: ClassVar[str | None] = "before_update"


@dataclass(frozen=True)
class Sloped(GreedyPrevious):
    needs_gradient: ClassVar[bool] = True


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: to_torch(Cosine(), an_optimizer(0.1)), "Cosine depends on how many steps there will be: give steps"),
        (lambda: to_torch(Sloped(), an_optimizer(0.1)), "a rule that follows from metrics alone .* got Sloped"),
        (lambda: to_torch(Before(), an_optimizer(0.1)), "Before has to see the loss before the update"),
        (
            lambda: to_torch(Sequential((Exponential(0.5), Before()), (2.0,)), an_optimizer(0.1)),
            "Before has to see the loss before the update",
        ),
        (lambda: to_torch(Constant(), an_optimizer(0.0)), r"lr0\[0\] \(.*\) must lie in \(0, inf\), got 0\.0"),
        (
            lambda: to_torch(GreedyBest(max_lr=(1.0, 2.0)), an_optimizer(0.1)),
            "one entry per parameter group, got max_lr 2",
        ),
        (lambda: to_torch(Constant(), torch.nn.Linear(1, 1)), "optimizer must be a torch optimizer, got Linear"),
        (lambda: to_torch(GreedyBest(), an_optimizer(0.1)).step(), "sets the rate from a metric, got none"),
        (
            lambda: to_torch(GreedyBest(), an_optimizer(0.1)).step(torch.ones(2)),
            "metrics must be one number, got tensor",
        ),
        (lambda: to_torch(GreedyBest(), an_optimizer(0.1)).step("low"), "metrics must be one number, got 'low'"),
        (
            lambda: to_torch(GreedyBest(), an_optimizer(0.1)).load_state_dict({"last_epoch": 3}),
            "the state must be what state_dict returned",
        ),
        (
            lambda: to_torch(GreedyBest(), an_optimizer(0.1)).load_state_dict(
                to_torch(GreedyPrevious(), an_optimizer(0.1)).state_dict()
            ),
            "the state must belong to the same scheduler",
        ),
    ],
)
def test_what_cannot_be_driven_is_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@examples("schedulers", lambda plugin: not from_metrics(plugin))
def test_a_rule_that_reads_gradients_or_the_objective_is_refused_in_one_sentence(plugin: Any) -> None:
    name = type(plugin).__name__
    with pytest.raises(ValueError, match=rf"^only a rule that follows from metrics alone .* got {name}$") as caught:
        to_torch(plugin, an_optimizer(0.1), steps=40)
    assert "\n" not in str(caught.value)


def test_a_configuration_or_metric_that_cannot_do_what_it_seems_warns_once() -> None:
    with pytest.warns(ScheduleWarning, match=r"lr0 = 3 lies above max_lr = 1") as caught:
        live = to_torch(GreedyLibrary(smooth=True), an_optimizer(3.0))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(ScheduleWarning, match="NaN or infinite metric stays in the running sum") as caught:
        [live.step(metric) for metric in (1.0, math.nan, math.inf, 0.5)]
    assert len(caught) == 1
    assert caught[0].filename == __file__
