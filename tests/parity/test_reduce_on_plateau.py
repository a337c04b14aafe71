"""ReduceOnPlateau against the real class of torch, and Chained against ChainedScheduler."""

from __future__ import annotations

import inspect
import math
import warnings
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import Run, replay, simulate
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.interop import to_torch
from greedylr_theory.objectives import Quadratic
from greedylr_theory.perturbations import LossNoise
from greedylr_theory.schedulers import (
    Chained,
    Constant,
    Cosine,
    Exponential,
    GreedyBest,
    Linear,
    MultiStep,
    Polynomial,
    ReducedStart,
    ReduceOnPlateau,
    Sequential,
    Step,
    Warmup,
)
from tests.contract._examples import assert_same_bits
from tests.naive.simulate import replay as naive_replay
from tests.parity.test_schedules import STEPS, real
from tests.properties._strategies import metrics, plugins

torch = pytest.importorskip("torch")

LR0 = st.sampled_from([0.1, 1e-3, 0.5, 1.0, 1e-8]) | st.floats(1e-9, 10.0)


def an_optimizer(lr0: Any) -> Any:
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lr0], lr=1.0)


def real_rates(scheduler: ReduceOnPlateau, logged: list[float], lr0: tuple[float, ...]) -> Any:
    """Rates (T, groups) after each metric, from the class itself."""
    optimizer = an_optimizer(lr0)
    options = {name: getattr(scheduler, name) for name, _ in scheduler.parameters()}
    live = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates: list[list[float]] = []
    for metric in logged:
        live.step(metric)
        rates.append([group["lr"] for group in optimizer.param_groups])
    return np.array(rates)


def assert_equals_torch(data: st.DataObject) -> None:
    logged = data.draw(metrics(), "metrics")
    count = data.draw(st.sampled_from([1, 1, 2, 3]), "groups")
    scheduler = data.draw(plugins(ReduceOnPlateau, count), "scheduler")
    lr0 = data.draw(st.tuples(*[LR0] * count), "lr0")
    wanted = real_rates(scheduler, logged, lr0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        assert_same_bits(replay(scheduler, logged, lr0), wanted)
        assert_same_bits(naive_replay(scheduler, logged, lr0), wanted)
        live = to_torch(scheduler, an_optimizer(lr0))
        for metric, rates in zip(logged, wanted, strict=True):
            live.step(metric)
            assert live.get_last_lr() == rates.tolist()


@settings(max_examples=200)
@given(data=st.data())
def test_the_rule_is_the_class_in_torch(data: st.DataObject) -> None:
    assert_equals_torch(data)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(data=st.data())
def test_the_rule_is_the_class_in_torch_after_a_long_search(data: st.DataObject) -> None:
    assert_equals_torch(data)


def test_defaults_and_names_are_those_of_torch() -> None:
    wanted = {
        name: parameter.default
        for name, parameter in inspect.signature(torch.optim.lr_scheduler.ReduceLROnPlateau).parameters.items()
        if name != "optimizer"
    }
    assert {entry.name: entry.default for entry in fields(ReduceOnPlateau)} == wanted


def test_a_tie_is_bad_cooldown_compares_and_an_infinite_metric_is_a_metric() -> None:
    """Sequences in which each of these decides, beside the real class."""
    cases: list[tuple[dict[str, Any], list[float]]] = [
        ({"patience": 0, "threshold": 0.0}, [1.0, 1.0, 1.0]),
        ({"patience": 0, "threshold": 0.5}, [1.0, 0.5, 0.25, 0.12]),
        ({"patience": 0, "cooldown": 2}, [1.0, 2.0, 0.1, 0.5, 0.5, 0.5]),
        ({"patience": 0, "cooldown": 3}, [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]),
        ({"patience": 1}, [math.inf, math.inf, -math.inf, -math.inf, 0.0, 0.0]),
        ({"patience": 0}, [math.nan, 1.0, math.nan, math.nan, 0.5]),
        ({"patience": 0, "mode": "max"}, [-math.inf, 1.0, math.nan, math.inf, math.inf]),
        ({"patience": 0, "threshold": 1.0}, [3.0, 2.0, -1.0]),
        ({"patience": 0, "eps": 0.02}, [1.0, 1.0, 1.0, 1.0]),
        ({"patience": 0, "factor": 0.0, "min_lr": 0.05}, [1.0, 1.0, 1.0]),
        ({"patience": 0, "min_lr": 0.2}, [1.0, 1.0, 1.0]),
    ]
    for options, logged in cases:
        scheduler = ReduceOnPlateau(**{"factor": 0.5} | options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ScheduleWarning)
            found = replay(scheduler, logged, (0.1,))
        assert_same_bits(found, real_rates(scheduler, logged, (0.1,)))


def test_a_simulated_run_equals_the_class_in_torch() -> None:
    scheduler = ReduceOnPlateau(patience=2, factor=0.8, cooldown=1, threshold=0.01)
    noisy = LossNoise(scale=0.2)
    run = Run(Quadratic(eigenvalues=(1.0, 9.0)), scheduler=scheduler, perturbation=noisy, lr0=0.05, steps=120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        trajectory = simulate([run], stride=1)
    wanted = real_rates(scheduler, trajectory.observed[0].tolist(), (0.05,))[:, 0]
    assert_same_bits(trajectory.lr[0, 1:], wanted[:-1])
    assert len(set(wanted.tolist())) > 5


def test_what_it_cannot_do_is_said() -> None:
    with pytest.warns(ScheduleWarning, match=r"lr0 = 0\.1 lies below min_lr = 0\.2: the rate never changes"):
        replay(ReduceOnPlateau(min_lr=0.2), [1.0, 2.0], 0.1)
    with pytest.warns(ScheduleWarning, match="worse than the best by less than 0.0001 of its size counts as an impro"):
        replay(ReduceOnPlateau(), [-1.0, -1.0], 0.1)
    with pytest.raises(ValueError, match=r"ReduceOnPlateau\.factor \(F\) must lie in \[0, 1\), got 1\.0"):
        ReduceOnPlateau(factor=1.0)


#: the same product twice: parts that multiply the rate, as ours and as torch's
PRODUCTS: list[tuple[Chained, list[Any]]] = [
    (
        Chained((ReducedStart(0.5, 3), Exponential(0.95))),
        [["ConstantLR", {"factor": 0.5, "total_iters": 3}], ["ExponentialLR", {"gamma": 0.95}]],
    ),
    (
        Chained((Linear(0.1, 1.0, 5), Cosine(t_max=80))),
        [["LinearLR", {"start_factor": 0.1, "total_iters": 5}], ["CosineAnnealingLR", {"T_max": 80}]],
    ),
    (
        Chained((Step(4, 0.1), Polynomial(80, 2.0), MultiStep((7.0, 20.0), 0.5))),
        [
            ["StepLR", {"step_size": 4}],
            ["PolynomialLR", {"total_iters": 80, "power": 2.0}],
            ["MultiStepLR", {"milestones": [7, 20], "gamma": 0.5}],
        ],
    ),
]


@pytest.mark.parametrize(("chained", "parts"), PRODUCTS)
def test_a_product_is_the_chain_of_torch_to_rounding(chained: Chained, parts: Any) -> None:
    for base_lr in (0.1, 1.0, 3e-4):
        wanted = real("ChainedScheduler", base_lr, {"schedulers": parts})
        # one rounding per part and step there; 60 steps of three parts stay below 1e-13 of the rate
        np.testing.assert_allclose(chained.rates(base_lr, STEPS), wanted, rtol=1e-13, atol=0.0)


def test_one_part_alone_is_itself_and_a_warmup_is_put_together() -> None:
    assert_same_bits(Chained((Cosine(eta_min=0.01),)).rates(0.3, 40), Cosine(eta_min=0.01).rates(0.3, 40))
    warm = Warmup(Exponential(0.5), length=2)
    assert_same_bits(Chained((warm, Constant())).rates(0.5, 4), [0.0, 0.25, 0.5, 0.25, 0.125])
    half = Chained((Constant(), warm))
    assert_same_bits(half.rates(0.5, 4), [0.0, 0.25, 0.5, 0.25, 0.125])


@pytest.mark.parametrize(
    "part",
    [GreedyBest(), Sequential((Constant(), Constant()), (3.0,)), Warmup(GreedyBest()), Warmup(Warmup(GreedyBest()))],
)
def test_what_observes_losses_cannot_be_chained(part: Any) -> None:
    name = "Sequential" if isinstance(part, Sequential) else "GreedyBest"
    with pytest.raises(ValueError, match=f"must be schedules that are fixed in advance, got {name}$"):
        Chained((Constant(), part))
