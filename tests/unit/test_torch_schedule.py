"""TorchSchedule: a schedule of torch by its own name wherever a scheduler goes; torch itself is not needed."""

from __future__ import annotations

from typing import Any

import pytest

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.interop import TorchSchedule
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import Chained, Constant, Exponential, InverseTime, Step, Warmup
from tests.contract._examples import assert_same_bits


def test_runs_of_different_schedules_are_not_simulated_as_one() -> None:
    run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=TorchSchedule("StepLR", {"step_size": 3}), lr0=0.1, steps=9)
    for other in (TorchSchedule("StepLR", {"step_size": 4}), TorchSchedule("ExponentialLR", {"gamma": 0.9})):
        with pytest.raises(ValueError, match="run 1 has another make of the scheduler"):
            simulate([run, run.replaced("scheduler", other)])
    one, two = Chained((Exponential(0.5), Step(3))), Chained((InverseTime(0.5), Step(3)))
    with pytest.raises(ValueError, match="run 1 has another make of the scheduler"):
        simulate([run.replaced("scheduler", one), run.replaced("scheduler", two)])


def test_a_torch_schedule_takes_any_base_rate_and_place() -> None:
    one = TorchSchedule("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01})
    run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=one, lr0=0.3, steps=30)
    rates = [0.3, 0.05, 0.3, 1.5]
    found = simulate(Batch(run, {"lr0": rates}), stride=1).lr
    assert_same_bits(found, [one.rates(rate, 30)[:-1] for rate in rates])
    later = run.replaced("scheduler", Warmup(one, length=5))
    assert_same_bits(simulate([later], stride=1).lr[0, 5:], one.rates(0.3, 25)[:-1])
    halved = run.replaced("scheduler", Chained((one, Constant(), Exponential(1.0))))
    assert_same_bits(simulate([halved], stride=1).lr[0], one.rates(0.3, 30)[:-1])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("StepLr", {}, "there is no schedule 'StepLr'"),
        ("StepLR", {}, "missing a required argument: 'step_size'"),
        ("StepLR", "{", r"TorchSchedule\.options must be a mapping or a JSON object, got '\{'"),
        ("StepLR", "[3]", r"TorchSchedule\.options must be a mapping or a JSON object, got '\[3\]'"),
        ("StepLR", 3, r"TorchSchedule\.options \(options\) must be text, got 3"),
    ],
)
def test_a_torch_schedule_refuses_what_schedule_refuses(name: str, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TorchSchedule(name, options)
