"""from_torch beside the live objects it reads: the same rates to the bit from any step on."""

from __future__ import annotations

import functools
import json
import math
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import Run, replay, simulate
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.interop import from_torch, schedule, to_torch
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import (
    GreedyLibrary,
    ReduceOnPlateau,
    Table,
)
from greedylr_theory.simulation.stepper import Stepper
from tests.contract._examples import assert_same_bits
from tests.parity.test_schedules import CASES, made
from tests.properties._strategies import metrics, plugins, series

torch = pytest.importorskip("torch")
optimization = pytest.importorskip("transformers.optimization")
schedulers = torch.optim.lr_scheduler

BASES = (0.1, 3e-3)
LENGTH = 59  # of the shortest cycle among the cases


def an_optimizer(*lr0: float) -> Any:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lr0]
    return torch.optim.SGD(groups, lr=lr0[0], momentum=0.9)


def stepped(live: Any, count: int) -> list[list[float]]:
    """Rates (count, groups) after each of `count` more steps."""
    rates: list[list[float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(count):
            live.optimizer.step()
            live.step()
            rates.append([float(group["lr"]) for group in live.optimizer.param_groups])
    return rates


def alive(name: str, options: dict[str, Any]) -> Any:
    """A live scheduler of two groups with different rates."""
    optimizer = an_optimizer(*BASES)
    if name == "CyclicLR":
        options = {"base_lr": list(BASES), **options}
    if name == "OneCycleLR":
        options = options | {"max_lr": [0.3, 0.07]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made(name, optimizer, options)


def assert_goes_on(live: Any, cut: int, **given: Any) -> Stepper:
    stepper, found, wanted = gone_on(live, cut, **given)
    assert_same_bits(found, wanted)
    return stepper


def gone_on(live: Any, cut: int, **given: Any) -> tuple[Stepper, Any, Any]:
    """Read after `cut` steps; the rates of both from there on."""
    stepped(live, cut)
    before = [dict(group) for group in live.optimizer.param_groups]
    stepper = from_torch(live, **given)
    assert before == [dict(group) for group in live.optimizer.param_groups], "reading must not touch"
    assert stepper.count == cut
    found = np.array([stepper.step() for _ in range(LENGTH - cut)])
    return stepper, found, np.array(stepped(live, LENGTH - cut))


CUTS = (0, 1, 23)


def thinned(name: str) -> list[dict[str, Any]]:
    """About eight of the cases of a name."""
    return CASES[name][:: max(1, len(CASES[name]) // 8)]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", CASES)
def test_every_schedule_is_read_and_goes_on_to_the_bit(name: str, cut: int) -> None:
    for options in thinned(name):
        assert_goes_on(alive(name, options), cut, steps=LENGTH)


@pytest.mark.parametrize("pct_start", [0.1, 0.3, 1.0 / 3.0, 0.61803398875])
@pytest.mark.parametrize(("div", "final"), [(25.0, 1e4), (7.3, 0.9), (math.pi, 123.456789)])
def test_lost_keywords_of_a_cycle_are_recovered(pct_start: float, div: float, final: float) -> None:
    for total in (60, 97, 1001):
        options = {"total_steps": total, "pct_start": pct_start, "div_factor": div, "final_div_factor": final}
        live = schedulers.OneCycleLR(an_optimizer(0.1, 0.1), [0.37, 0.011], cycle_momentum=False, **options)
        assert_goes_on(live, 11, steps=total)


@pytest.mark.parametrize(("up", "down"), [(1, 2), (3, 7), (4, None), (2000, 1), (13, 999)])
def test_lost_lengths_of_a_triangle_are_recovered(up: int, down: int | None) -> None:
    live = schedulers.CyclicLR(an_optimizer(0.1), 0.1, 0.6, step_size_up=up, step_size_down=down, cycle_momentum=False)
    stepper = assert_goes_on(live, 7)
    kept = json.loads(stepper.scheduler.options)  # pyright: ignore[reportAttributeAccessIssue]
    assert (kept["step_size_up"], kept["step_size_down"]) == (up, down or up)


def test_a_schedule_that_is_read_can_be_simulated_and_drives_an_optimizer() -> None:
    live = schedulers.CosineAnnealingLR(an_optimizer(0.3), T_max=20, eta_min=0.01)
    rule = from_torch(live).scheduler
    wanted = schedule("CosineAnnealingLR", base_lr=0.3, steps=30, T_max=20, eta_min=0.01)
    run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=rule, lr0=0.3, steps=30)
    assert_same_bits(simulate([run], stride=1).lr[0], wanted[:-1])
    assert_same_bits(replay(rule, np.zeros(30), 0.3), wanted[1:])
    driven = to_torch(rule, an_optimizer(0.3))
    assert_same_bits(np.array(stepped(driven, 30))[:, 0], wanted[1:])
    again = from_torch(driven)
    assert (again.scheduler, again.count) == (rule, 30)
    assert pickle.loads(pickle.dumps(run)).key == run.key


def test_a_live_schedule_is_taken_over_in_the_middle() -> None:
    live = schedulers.StepLR(an_optimizer(0.5, 0.3), 4, 0.7)
    stepped(live, 9)
    stepper = from_torch(live)
    taken = to_torch(stepper.scheduler, an_optimizer(1.0, 1.0))
    taken.load_state_dict(stepper.state_dict())
    assert taken.last_epoch == 9
    assert stepped(taken, 20) == stepped(live, 20)


class TestFunctions:
    """LambdaLR and MultiplicativeLR with functions of one's own."""

    @pytest.mark.parametrize("cls", [schedulers.LambdaLR, schedulers.MultiplicativeLR])
    def test_are_tabulated_up_to_a_number_of_steps_only(self, cls: Any) -> None:
        live = cls(an_optimizer(*BASES), lambda t: 0.97**t + 0.1 * (t % 3))
        with pytest.raises(ValueError, match="tabulated only up to a number of steps: give it"):
            from_torch(live)
        stepper = assert_goes_on(live, 5, steps=LENGTH)
        with pytest.raises(ValueError, match="was made for 59 steps, got one more"):
            stepper.step()
        assert isinstance(stepper.scheduler, Table) == (cls is schedulers.LambdaLR)

    def test_are_not_called_without_it(self) -> None:
        called: list[int] = []
        live = schedulers.LambdaLR(an_optimizer(0.1), lambda t: called.append(t) or 1.0)
        made_calls = len(called)
        with pytest.raises(ValueError, match="give it"):
            from_torch(live)
        assert len(called) == made_calls

    def test_one_for_each_group_is_refused_and_one_partial_for_all_is_not(self) -> None:
        live = schedulers.LambdaLR(an_optimizer(*BASES), [lambda t: 1.0, lambda t: 0.5])
        with pytest.raises(ValueError, match="must have one function for all parameter groups"):
            from_torch(live, steps=5)
        factor = optimization._get_linear_schedule_with_warmup_lr_lambda
        both = [functools.partial(factor, num_warmup_steps=3, num_training_steps=40) for _ in BASES]
        assert_goes_on(schedulers.LambdaLR(an_optimizer(*BASES), both), 4)

    def test_polynomial_decay_refers_to_the_default_rate(self) -> None:
        live = optimization.get_polynomial_decay_schedule_with_warmup(an_optimizer(*BASES), 3, 40, lr_end=1e-4)
        stepper = assert_goes_on(live, 5)
        assert json.loads(stepper.scheduler.options)["lr_init"] == BASES[0]  # pyright: ignore[reportAttributeAccessIssue]


def quietly(scheduler: Any, logged: Any, lr0: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return replay(scheduler, logged, lr0)


@pytest.mark.parametrize(
    ("ours", "cls"),
    [(ReduceOnPlateau, schedulers.ReduceLROnPlateau), (GreedyLibrary, optimization.GreedyLR)],
    ids=["plateau", "greedy"],
)
@settings(max_examples=150)
@given(data=st.data())
def test_a_rule_is_read_anywhere_and_goes_on_to_the_bit(ours: Any, cls: Any, data: st.DataObject) -> None:
    logged = data.draw(metrics(), "metrics")
    cut = data.draw(st.integers(0, len(logged)), "cut")
    groups = data.draw(st.sampled_from([1, 2]), "groups")
    scheduler = data.draw(plugins(ours, groups), "scheduler")
    lr0 = data.draw(st.tuples(*[st.floats(1e-6, 2.0)] * groups), "lr0")
    live = cls(an_optimizer(*lr0), **{name: getattr(scheduler, name) for name, _ in scheduler.parameters()})
    for metric in logged[:cut]:
        live.step(metric)
    steppers = [from_torch(live), from_torch(live, steps=max(1, len(logged)))]
    assert [stepper.count for stepper in steppers] == [cut, cut]
    for metric in logged[cut:]:
        live.step(metric)
        for stepper in steppers:
            assert stepper.step(metric).tolist() == live.get_last_lr()
    if cut == 0:
        assert_same_bits(quietly(steppers[0].scheduler, logged, lr0), quietly(scheduler, logged, lr0))


#: each in a stretch of rates that rise, fall, wait and start anew
BUSY: list[dict[str, Any]] = [
    {"patience": 0, "factor": 0.5, "cooldown": 3, "warmup": 1, "min_lr": 0.01, "max_lr": 0.4, "reset_start": 3},
    {"patience": 1, "factor": 0.7, "cooldown": 1, "warmup": 4, "threshold": 0.01, "threshold_mode": "rel"},
    {"patience": 0, "factor": 0.8, "smooth": True, "window_size": 5, "min_lr": 0.05, "reset_start": 4, "warmup": 2},
    {"patience": 1, "factor": 0.6, "mode": "max", "smooth": True, "window_size": 3, "cooldown": 2},
]


@pytest.mark.parametrize("options", BUSY)
@pytest.mark.parametrize("kind", ["descent", "walk", "cancelling"])
def test_every_counter_of_the_library_rule_is_read_at_every_step(options: dict[str, Any], kind: str) -> None:
    logged = [value for value in series(kind, 3, 90) if math.isfinite(value)]
    live = optimization.GreedyLR(an_optimizer(0.1, 0.3), **options)
    steppers, seen = [from_torch(live)], {(0.1, 0.3)}
    for metric in logged:
        live.step(metric)
        seen.add(tuple(live.get_last_lr()))
        assert all(stepper.step(metric).tolist() == live.get_last_lr() for stepper in steppers)
        steppers.append(from_torch(live))
    assert len(seen) > 2


def test_a_state_that_was_loaded_is_read_as_well() -> None:
    first = optimization.GreedyLR(an_optimizer(0.1), patience=0, smooth=True, window_size=3)
    for metric in (3.0, 2.0, 2.5, 1.0, 4.0):
        first.step(metric)
    second = optimization.GreedyLR(an_optimizer(9.0))
    second.load_state_dict(first.state_dict())
    stepper = from_torch(second)
    assert stepper.lr0 == (0.1,)
    for metric in (0.5, 3.0, 0.1):
        first.step(metric)
        assert stepper.step(metric).tolist() == first.get_last_lr()


class Derived(schedulers.StepLR):
    """Could do anything."""


def changed() -> Any:
    live = schedulers.ExponentialLR(an_optimizer(0.1), 0.9)
    live.optimizer.param_groups[0]["lr"] = 0.5
    return live


def nested() -> Any:
    optimizer = an_optimizer(0.1)
    chain = schedulers.ChainedScheduler([schedulers.StepLR(optimizer, 3), schedulers.ExponentialLR(optimizer, 0.9)])
    with pytest.warns(UserWarning, match="Detected call of"):  # which is how the step too many shows
        return schedulers.SequentialLR(optimizer, [chain, schedulers.StepLR(optimizer, 2)], [4])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Derived(an_optimizer(0.1), 3), r"from_torch reads the classes of .*, got .*\.Derived$"),
        (lambda: 3, r"from_torch reads the classes of .*, got builtins\.int$"),
        (lambda: optimization.get_adafactor_schedule(an_optimizer(0.1)), "got transformers.*AdafactorSchedule$"),
        (changed, r"must be those of ExponentialLR after 0 steps, \[0\.1\], got \[0\.5\]: something else has changed"),
        (nested, "schedulers must be a list of .* got .*ChainedScheduler"),
        (
            lambda: schedulers.CyclicLR(an_optimizer(0.1), 0.1, 1.0, scale_fn=lambda x: 0.5, cycle_momentum=False),
            "CyclicLR has a scale_fn of its own",
        ),
        (
            lambda: schedulers.CyclicLR(an_optimizer(*BASES), list(BASES), [0.2, 0.3], cycle_momentum=False),
            r"CyclicLR must have one max_lr for all parameter groups, got \[0\.2, 0\.3\]",
        ),
        (
            lambda: schedulers.OneCycleLR(an_optimizer(0.1), 0.3, total_steps=9, cycle_momentum=False),
            "TorchSchedule depends on how many steps there will be: give steps",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        from_torch(make())
    assert "\n" not in str(caught.value)


def test_the_momentum_that_is_left_out_is_said() -> None:
    live = schedulers.OneCycleLR(an_optimizer(0.1), 0.3, total_steps=9)
    with pytest.warns(ScheduleWarning, match="OneCycleLR moves the momentum as well, of which from_torch reads") as got:
        from_torch(live, steps=9)
    assert got[0].filename == __file__
