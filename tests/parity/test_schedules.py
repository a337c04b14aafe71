"""`interop.schedule` against the real schedulers of torch and transformers, value for value."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from greedylr_theory.interop import names, schedule
from greedylr_theory.interop.schedules import NO_TABLE

STEPS = 60
_PARTS = [
    [["LinearLR", {"start_factor": 0.1, "total_iters": 5}], ["CosineAnnealingLR", {"T_max": 40}]],
    [["ConstantLR", {"factor": 0.5, "total_iters": 3}], ["ExponentialLR", {"gamma": 0.95}]],
    [["StepLR", {"step_size": 4}], ["PolynomialLR", {"total_iters": 80, "power": 2.0}]],
]
#: parts that SequentialLR takes and ChainedScheduler does not
_IN_TURN = [
    [
        ["get_constant_schedule_with_warmup", {"num_warmup_steps": 5}],
        ["CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2}],
    ],
    [["CosineAnnealingWarmRestarts", {"T_0": 3}], ["get_inverse_sqrt_schedule", {"num_warmup_steps": 4}]],
]


def grid(**values: list[Any]) -> list[dict[str, Any]]:
    """Every combination."""
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


_STRETCHED: dict[str, list[Any]] = {"num_warmup_steps": [0, 7], "num_training_steps": [40, 60]}
#: options with which each schedule is compared
CASES: dict[str, list[dict[str, Any]]] = {
    "StepLR": grid(step_size=[1, 7, 100], gamma=[0.1, 0.97, 0.0]),
    "MultiStepLR": grid(milestones=[[3, 9], [5, 5, 20], [0, 100]], gamma=[0.1, 0.5]),
    "ConstantLR": grid(factor=[1.0 / 3.0, 0.1, 1.0], total_iters=[1, 5, 200]),
    "LinearLR": grid(start_factor=[1.0 / 3.0, 0.01, 1.0], end_factor=[1.0, 0.0, 0.2], total_iters=[1, 5, 60, 90]),
    "ExponentialLR": grid(gamma=[0.9, 0.999, 1.0]),
    "PolynomialLR": grid(total_iters=[5, 60, 61], power=[1.0, 0.5, 3.0]),
    "CosineAnnealingLR": grid(T_max=[1, 7, 59, 60, 1000], eta_min=[0.0, 1e-3]),
    "CosineAnnealingWarmRestarts": grid(T_0=[1, 7, 50], T_mult=[1, 2, 3], eta_min=[0.0, 1e-3]),
    "OneCycleLR": [
        *grid(
            max_lr=[0.3],
            total_steps=[60, 61, 100],
            pct_start=[0.3, 0.25],
            anneal_strategy=["cos", "linear"],
            three_phase=[False, True],
            div_factor=[25.0, 4.0],
            final_div_factor=[10000.0, 10.0],
            cycle_momentum=[False],
        ),
        {"max_lr": 0.3, "epochs": 7, "steps_per_epoch": 11, "cycle_momentum": False},
    ],
    "CyclicLR": grid(
        max_lr=[0.3],
        step_size_up=[4, 11],
        step_size_down=[None, 5],
        gamma=[1.0, 0.97],
        mode=["triangular", "triangular2", "exp_range"],
        cycle_momentum=[False],
    ),
    "SequentialLR": [{"schedulers": parts, "milestones": [m]} for parts in _PARTS + _IN_TURN for m in (1, 10, 100)],
    "ChainedScheduler": [{"schedulers": parts} for parts in _PARTS],
    "get_constant_schedule": [{}],
    "get_constant_schedule_with_warmup": grid(num_warmup_steps=[0, 7, 100]),
    "get_linear_schedule_with_warmup": grid(num_warmup_steps=[0, 7], num_training_steps=[40, 60, 90]),
    "get_cosine_schedule_with_warmup": grid(
        num_warmup_steps=[0, 7], num_training_steps=[40, 60, 90], num_cycles=[0.5, 1.25]
    ),
    "get_cosine_with_hard_restarts_schedule_with_warmup": grid(
        num_warmup_steps=[0, 7], num_training_steps=[40, 60, 90], num_cycles=[1, 3]
    ),
    "get_polynomial_decay_schedule_with_warmup": grid(
        num_warmup_steps=[0, 7], num_training_steps=[40, 60, 90], lr_end=[1e-7, 1e-3], power=[1.0, 2.5]
    ),
    "get_inverse_sqrt_schedule": grid(num_warmup_steps=[0, 7], timescale=[None, 30]),
    "get_cosine_with_min_lr_schedule_with_warmup": [
        *grid(num_warmup_steps=[0, 7], num_training_steps=[40, 60, 90], min_lr_rate=[0.1, 0.5]),
        {"num_warmup_steps": 3, "num_training_steps": 50, "min_lr": 0.001},
    ],
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": [
        *grid(
            num_warmup_steps=[0, 1, 7],
            num_training_steps=[40, 60, 90],
            min_lr_rate=[0.1, 0.5],
            warmup_lr_rate=[None, 0.0, 0.3],
            num_cycles=[0.5, 1.25],
        ),
        {"num_warmup_steps": 3, "num_training_steps": 50, "min_lr": 0.001},
    ],
    "get_wsd_schedule": [
        *grid(
            num_warmup_steps=[0, 7],
            num_decay_steps=[20],
            num_training_steps=[60],
            warmup_type=["linear", "cosine", "1-sqrt"],
            decay_type=["linear", "cosine", "1-sqrt"],
            min_lr_ratio=[0.0, 0.1],
        ),
        {"num_warmup_steps": 5, "num_decay_steps": 9, "num_stable_steps": 30},
    ],
    "get_scheduler": [
        *grid(name=["linear", "cosine", "cosine_with_restarts", "polynomial"], **_STRETCHED),
        *grid(name=["constant"], scheduler_specific_kwargs=[None, {"anything": 1}]),
        *grid(name=["constant_with_warmup", "inverse_sqrt"], num_warmup_steps=[0, 7]),
        {"name": "inverse_sqrt", "num_warmup_steps": 4, "scheduler_specific_kwargs": {"timescale": 9}},
        *grid(name=["cosine_with_min_lr"], scheduler_specific_kwargs=[{"min_lr_rate": 0.1}], **_STRETCHED),
        *grid(name=["cosine_warmup_with_min_lr"], scheduler_specific_kwargs=[{"min_lr": 1e-4}], **_STRETCHED),
        *grid(name=["warmup_stable_decay"], scheduler_specific_kwargs=[{"num_decay_steps": 20}], **_STRETCHED),
    ],
}
#: given as tables here, as functions there
TABLES = ("LambdaLR", "MultiplicativeLR")


def test_every_schedule_is_compared() -> None:
    assert set(CASES) | set(TABLES) == set(names())


def test_every_public_name_is_a_table_or_says_why_not() -> None:
    torch, optimization = pytest.importorskip("torch"), pytest.importorskip("transformers.optimization")
    public = {name for name in dir(optimization) if name.startswith("get_") and "schedule" in name}
    public |= {*torch.optim.lr_scheduler.__all__, "GreedyLR", "AdafactorSchedule"}
    assert public == set(names()) | set(NO_TABLE)
    for name, reason in NO_TABLE.items():
        with pytest.raises(ValueError, match=f"^{name} ") as caught:
            schedule(name, base_lr=0.1, steps=3)
        assert str(caught.value) == f"{name} {reason}"


def test_every_word_of_get_scheduler_is_compared() -> None:
    optimization = pytest.importorskip("transformers.optimization")
    words = {word.value for word in optimization.TYPE_TO_SCHEDULER_FUNCTION}
    assert words == {case["name"] for case in CASES["get_scheduler"]} | {"reduce_lr_on_plateau", "greedy"}


def real(name: str, base_lr: float, options: dict[str, Any]) -> np.ndarray:
    """Rates of the real scheduler."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=base_lr)
    if name == "CyclicLR":
        options = {"base_lr": base_lr, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = made(name, optimizer, options)
        rates = [optimizer.param_groups[0]["lr"]]
        for _ in range(STEPS):
            optimizer.step()
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
    return np.array([float(rate) for rate in rates])


def made(name: str, optimizer: Any, options: dict[str, Any]) -> Any:
    """A live scheduler."""
    torch = pytest.importorskip("torch")
    if name.startswith("get_"):
        given = {"name": options["name"]} if name == "get_scheduler" else {}
        rest = {key: value for key, value in options.items() if key not in given}
        return getattr(pytest.importorskip("transformers.optimization"), name)(*given.values(), optimizer, **rest)
    cls = getattr(torch.optim.lr_scheduler, name)
    if "schedulers" not in options:
        return cls(optimizer, **options)
    parts = [made(part, optimizer, given) for part, given in options["schedulers"]]
    if name == "ChainedScheduler":
        return cls(parts, optimizer=optimizer)
    return cls(optimizer, parts, milestones=options["milestones"])


def pairs(name: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(what was given, our rates, the real ones) for every case of a name."""
    for options in CASES[name]:
        for base_lr in (0.1, 1.0, 3e-4):
            if base_lr > options.get("max_lr", 1.0) or base_lr <= options.get("lr_end", 0.0):
                continue  # refused there
            found = schedule(name, base_lr=base_lr, steps=STEPS, **options)
            yield f"{options}, base_lr {base_lr}", found, real(name, base_lr, options)


@pytest.mark.parametrize("name", CASES)
def test_rates_equal_the_real_ones(name: str) -> None:
    for given, found, wanted in pairs(name):
        np.testing.assert_array_equal(found, wanted, err_msg=given)


def test_a_wrong_option_is_noticed() -> None:
    wanted = real("StepLR", 0.1, {"step_size": 7})
    assert (schedule("StepLR", base_lr=0.1, steps=STEPS, step_size=8) != wanted).any()


def tables(name: str) -> tuple[str, np.ndarray, np.ndarray]:
    """The same for a name that takes a table here and a function there."""
    torch = pytest.importorskip("torch")
    factors = [0.97**t + 0.1 * (t % 3) for t in range(STEPS + 1)]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    shift = 1 if name == "MultiplicativeLR" else 0
    live = getattr(torch.optim.lr_scheduler, name)(optimizer, lambda t: factors[t - shift])
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(STEPS):
        optimizer.step()
        live.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return "factors", schedule(name, base_lr=0.1, steps=STEPS, factors=factors), np.array(rates)


@pytest.mark.parametrize("name", TABLES)
def test_tables_equal_functions(name: str) -> None:
    _, found, wanted = tables(name)
    np.testing.assert_array_equal(found, wanted)
