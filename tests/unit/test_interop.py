"""Bad input to `interop.schedule` gives one sentence; its closed-form cousins among the plug-ins agree with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from greedylr_theory import schedulers
from greedylr_theory.interop import schedule

#: (plug-in, its options, real name, the real options): the same schedule twice
COUSINS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("Step", {"period": 7, "factor": 0.3}, "StepLR", {"step_size": 7, "gamma": 0.3}),
    ("MultiStep", {"milestones": (3, 9)}, "MultiStepLR", {"milestones": [3, 9]}),
    ("ReducedStart", {}, "ConstantLR", {}),
    ("Linear",
     {"start_factor": 0.2, "end_factor": 1.0, "total": 9}, "LinearLR", {"start_factor": 0.2, "total_iters": 9}),
    ("Linear", {}, "LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 50}),
    ("Exponential", {"factor": 0.9}, "ExponentialLR", {"gamma": 0.9}),
    ("Polynomial", {"power": 2.5}, "PolynomialLR", {"total_iters": 50, "power": 2.5}),
    ("Cosine", {"eta_min": 0.01}, "CosineAnnealingLR", {"T_max": 50, "eta_min": 0.01}),
    ("CosineRestarts", {"t_0": 6, "t_mult": 2}, "CosineAnnealingWarmRestarts", {"T_0": 6, "T_mult": 2}),
    ("OneCycle", {"total": 60}, "OneCycleLR", {"max_lr": 0.5, "total_steps": 60}),
    (
        "OneCycle",
        {"three_phases": True, "anneal": "linear"},
        "OneCycleLR",
        {"max_lr": 0.5, "total_steps": 51, "three_phase": True, "anneal_strategy": "linear"},
    ),
    (
        "Cyclic",
        {"max_lr": 2.0, "up": 4, "down": 9, "mode": "exp_range", "gamma": 0.98},
        "CyclicLR",
        {"max_lr": 2.0, "step_size_up": 4, "step_size_down": 9, "mode": "exp_range", "gamma": 0.98},
    ),
    ("WarmupCosine", {"warmup": 7},
     "get_cosine_schedule_with_warmup", {"num_warmup_steps": 7, "num_training_steps": 50}),
    (
        "WarmupHardRestarts",
        {"warmup": 7, "cycles": 3},
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        {"num_warmup_steps": 7, "num_training_steps": 50, "num_cycles": 3},
    ),
    (
        "WarmupPolynomial",
        {"warmup": 7, "end": 1e-3, "power": 2.0},
        "get_polynomial_decay_schedule_with_warmup",
        {"num_warmup_steps": 7, "num_training_steps": 50, "lr_end": 1e-3, "power": 2.0},
    ),
    ("WarmupInverseSqrt", {"warmup": 7}, "get_inverse_sqrt_schedule", {"num_warmup_steps": 7}),
    (
        "WarmupStableDecay",
        {"warmup": 7, "decay": 11, "warmup_shape": "1-sqrt", "decay_shape": "1-sqrt", "floor": 0.1},
        "get_wsd_schedule",
        {
            "num_warmup_steps": 7, "num_decay_steps": 11, "num_training_steps": 50, "warmup_type": "1-sqrt",
            "decay_type": "1-sqrt", "min_lr_ratio": 0.1,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("plugin", "options", "name", "given"), COUSINS)
def test_a_plugin_is_the_same_schedule_to_rounding(
    plugin: str, options: dict[str, Any], name: str, given: dict[str, Any]
) -> None:
    ours = getattr(schedulers, plugin)(**options).rates(0.5, 50)
    # of the peak: near a zero the recursions have lost their relative accuracy
    np.testing.assert_allclose(ours, schedule(name, base_lr=0.5, steps=50, **given), rtol=0.0, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("StepLr", {}, "there is no schedule 'StepLr'; there are: .*StepLR"),
        ("StepLR", {}, "missing a required argument: 'step_size'; its options are: step_size, gamma"),
        ("StepLR", {"step": 3}, "its options are: step_size, gamma"),
        ("StepLR", {"step_size": 0}, "step_size must be an integer of at least 1, got 0"),
        ("StepLR", {"step_size": 3, "steps": -1}, "steps must be an integer of at least 0, got -1"),
        ("ExponentialLR", {"gamma": "x"}, "ExponentialLR cannot be computed from"),
        ("OneCycleLR", {"max_lr": 1.0, "total_steps": 19}, "at most 19 steps with total_steps 19, got 20"),
        ("OneCycleLR", {"max_lr": 1.0}, "needs total_steps, or epochs and steps_per_epoch"),
        ("SequentialLR", {"schedulers": [["StepLR", {"step_size": 3}]], "milestones": [4]}, "one fewer than the 1"),
        ("ChainedScheduler", {"schedulers": ["StepLR"]}, r"a list of \[name, {options}\]"),
        ("LinearLR", {"start_factor": 0.0}, r"start_factor must lie in \(0, 1\]"),
        ("get_wsd_schedule", {"num_warmup_steps": 3, "num_decay_steps": 4}, "needs num_training_steps or num_stable"),
        (
            "SequentialLR",
            {"schedulers": [["StepLR", {"step_size": 3}], ["ChainedScheduler", {}]], "milestones": [4]},
            r"with names among StepLR, .*, got \['ChainedScheduler', {}\]",
        ),
        ("LambdaLR", {"factors": [1.0]}, "factors must have 21 entries for 20 steps, got 1"),
    ],
)
def test_bad_input_gives_one_sentence(name: str, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        schedule(name, base_lr=0.1, **{"steps": 20} | given)
    assert "\n" not in str(caught.value)


def test_the_base_rate_may_be_a_number_of_numpy():
    for number in (np.float64(0.1), np.float32(0.1), np.int64(2)):
        ours = schedule("StepLR", base_lr=number, steps=3, step_size=2)  # pyright: ignore[reportArgumentType]
        np.testing.assert_array_equal(ours, schedule("StepLR", base_lr=float(number), steps=3, step_size=2))
    with pytest.raises(ValueError, match=r"base_lr must be a finite number of at least 0, got '0\.1'"):
        schedule("StepLR", base_lr="0.1", steps=3, step_size=2)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("anneal", ["cos", "linear"])
def test_a_cycle_as_long_as_the_run_has_a_rate_for_every_update(anneal: str):
    ours = schedulers.OneCycle(total=50, anneal=anneal).rates(0.5, 50)
    theirs = schedule("OneCycleLR", base_lr=0.1, steps=49, max_lr=0.5, total_steps=50, anneal_strategy=anneal)
    np.testing.assert_allclose(ours[:50], theirs, rtol=0.0, atol=1e-15)  # of the peak
    assert ours[50] == ours[49]
    momenta = schedulers.OneCycleMomentum(total=50, anneal=anneal).rates(0.9, 50)
    assert momenta[49] == momenta[50] == 0.95
    with pytest.raises(ValueError, match=r"^OneCycle.total \(N\) must be at least 51 for 51 steps, got 50$"):
        schedulers.OneCycle(total=50).rates(0.5, 51)
