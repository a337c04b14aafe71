"""replay: shapes, parameter groups, warnings, and what it refuses."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from greedylr_theory import replay
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.schedulers import Constant, Cosine, GreedyBest, GreedyLibrary, GreedyPrevious, GreedyStudy


def test_rate_in_force_after_each_metric() -> None:
    rates = replay(GreedyPrevious(factor=0.5), [3.0, 2.0, 2.0, 5.0], lr0=1.0)
    np.testing.assert_array_equal(rates, [2.0, 4.0, 2.0, 1.0])  # the first comparison is with infinity; a tie is worse


@pytest.mark.parametrize("length", [1, 4])
def test_shapes(length: int) -> None:
    metrics = np.arange(length, dtype=float)
    assert replay(Constant(), metrics, 0.1).shape == (length,)
    assert replay(Constant(), metrics, (0.1,)).shape == (length, 1)
    assert replay(GreedyBest(), metrics, [0.1, 0.2, 0.3]).shape == (length, 3)
    assert replay(GreedyBest(), metrics, 0.1, min_lr=(0.0, 0.01)).shape == (length, 2)
    assert replay(GreedyBest(max_lr=(0.2, 1.0)), metrics, 0.1).shape == (length, 2)


def test_groups_have_their_own_bounds_and_share_the_counters() -> None:
    rates = replay(GreedyPrevious(factor=0.5), [4.0, 3.0, 2.0], lr0=(1.0, 1.0, 8.0), max_lr=(2.0, 100.0, 100.0))
    np.testing.assert_array_equal(rates, [[2.0, 2.0, 16.0], [2.0, 4.0, 32.0], [2.0, 8.0, 64.0]])


def test_a_reset_of_the_library_rule_waits_for_every_group() -> None:
    scheduler = GreedyLibrary(factor=0.5, patience=0, min_lr=(0.5, 0.125), max_lr=2.0, reset_start=1)
    rates = replay(scheduler, [1.0, 2.0, 2.0, 2.0, 2.0], lr0=1.0)
    np.testing.assert_array_equal(rates, [[2, 2], [1, 1], [0.5, 0.5], [0.5, 0.25], [1, 1]])


@pytest.mark.parametrize("rule", [GreedyBest, GreedyLibrary])
def test_a_running_sum_gains_the_newest_before_it_loses_the_oldest(rule: Any) -> None:
    scheduler = rule(factor=0.5, patience=0, smooth=True, window_size=1, min_lr=0.0, max_lr=4.0)
    # 1e16 + 1 - 1e16 is 0 in this order, an improvement on 1, where 1e16 - 1e16 + 1 would be a tie
    np.testing.assert_array_equal(replay(scheduler, [1.0, 1e16, 1.0], lr0=1.0), [2.0, 1.0, 2.0])


def test_the_study_rule_keeps_its_running_sum_the_same_way() -> None:
    scheduler = GreedyStudy(factor=0.5, patience=0, window_size=1, spike_detection=False, max_lr=4.0)
    rates = replay(scheduler, [1.0] * 6 + [1e16, 1.0], lr0=1.0)  # pauses of three steps between the changes
    np.testing.assert_array_equal(rates, [2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 1.0])


@pytest.mark.parametrize(("eps", "reduced"), [(0.25, False), (np.nextafter(0.25, 0.0), True)])
def test_a_decrease_has_to_exceed_eps(eps: float, reduced: bool) -> None:
    for rule in (GreedyBest, GreedyLibrary):
        rates = replay(rule(factor=0.5, patience=0, eps=eps, min_lr=0.0, max_lr=4.0), [1.0, 2.0], lr0=0.5)
        np.testing.assert_array_equal(rates, [1.0, 0.5])
        rates = replay(rule(factor=0.5, patience=0, eps=eps, min_lr=0.0, max_lr=4.0), [math.nan], lr0=0.5)
        np.testing.assert_array_equal(rates, [0.25 if reduced else 0.5])


def test_an_increase_has_to_exceed_eps_in_the_library_rule_only() -> None:
    for rule, rate in ((GreedyBest, 0.5), (GreedyLibrary, 0.25)):
        np.testing.assert_array_equal(replay(rule(factor=0.5, patience=0, eps=0.25), [1.0], lr0=0.25), [rate])


def test_open_loop_schedules_step_once_per_metric() -> None:
    np.testing.assert_array_equal(replay(Constant(), [1.0, math.nan], 0.3), [0.3, 0.3])
    rates = replay(Cosine(t_max=4), np.zeros(8), 1.0)
    np.testing.assert_allclose(rates, 0.5 * (1 + np.cos(np.pi * np.arange(1, 9) / 4)), atol=1e-15)
    assert rates[3] == 0.0
    assert rates[7] == 1.0


def test_logged_metrics_may_be_anything_array_like() -> None:
    expected = replay(GreedyPrevious(), [2.0, 1.0], 0.1)
    for metrics in ((2, 1), np.array([2, 1], dtype=np.float32), np.array([2.0, 0.0, 1.0])[::2]):
        np.testing.assert_array_equal(replay(GreedyPrevious(), metrics, 0.1), expected)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], 0.1), {}, "metrics must be a non-empty list of numbers, got an array of shape"),
        (([[1.0]], 0.1), {}, "metrics must be a non-empty list of numbers, got an array of shape"),
        ((["a"], 0.1), {}, "metrics must be a non-empty list of numbers, got "),
        (([1.0], 0.0), {}, r"lr0 \(.*\) must lie in \(0, inf\), got 0\.0"),
        (([1.0], (0.1, -1.0)), {}, r"lr0\[1\] \(.*\) must lie in \(0, inf\), got -1\.0"),
        (([1.0], math.inf), {}, r"lr0 \(.*\) must lie in \(0, inf\), got inf"),
        (([1.0], (0.1, 0.2)), {"min_lr": (0.0, 0.0, 0.0)}, "one entry per parameter group, got min_lr 3, lr0 2"),
        (([1.0], 0.1), {"min_lr": (0.0, 0.0), "max_lr": (1.0, 1.0, 1.0)}, r"min_lr .*max_lr .*2 and 3"),
        (([1.0], 0.1), {"min_lr": 2.0, "max_lr": 1.0}, r"min_lr .* must not exceed max_lr"),
        (([1.0], 0.1), {"max_lr": math.nan}, r"GreedyBest\.max_lr .* must lie in \(0, inf\], got nan"),
    ],
)
def test_bad_input_gives_one_sentence(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        replay(GreedyBest(), *arguments, **options)
    assert "\n" not in str(caught.value)


def test_a_schedule_without_bounds_refuses_them() -> None:
    with pytest.raises(ValueError, match="Constant has no parameter 'min_lr'"):
        replay(Constant(), [1.0], 0.1, min_lr=0.0)


@pytest.mark.parametrize(
    ("scheduler", "metrics", "lr0", "message"),
    [
        (GreedyLibrary(), [1.0], 1e-4, "lr0 = 0.0001 lies below min_lr = 0.001"),
        (GreedyLibrary(), [1.0], 3.0, "lr0 = 3 lies above max_lr = 1"),
        (GreedyLibrary(min_lr=(1e-3, 0.5)), [1.0], 0.1, "lr0 = 0.1 lies below min_lr = 0.5"),
        (GreedyBest(min_lr=0.5), [1.0], 0.1, "lies below min_lr"),
        (GreedyBest(max_lr=0.5), [1.0], 1.0, "lies above max_lr"),
        (GreedyStudy(), [1.0], 1e-6, "lies below min_lr"),
        (GreedyPrevious(max_lr=0.05), [1.0], 0.1, "lies above max_lr"),
        (GreedyLibrary(threshold_mode="rel"), [1.0, -1.0], 0.1, "relative threshold"),
        (GreedyBest(threshold=0.1), [-1.0], 0.1, "relative threshold"),
        (GreedyLibrary(smooth=True), [1.0, math.nan], 0.1, "NaN or infinite metric stays in the running sum"),
        (GreedyStudy(), [math.inf], 0.1, "NaN or infinite loss stays in the running sum"),
    ],
)
def test_a_configuration_that_cannot_do_what_it_seems_to_warns(
    scheduler: Any, metrics: list[float], lr0: float, message: str
) -> None:
    with pytest.warns(ScheduleWarning, match=message) as caught:
        replay(scheduler, metrics, lr0)
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("scheduler", "metrics"),
    [
        (GreedyLibrary(threshold_mode="rel"), [1.0, 0.5]),
        (GreedyBest(), [-1.0, -2.0]),
        (GreedyLibrary(), [1.0, math.nan]),
        (GreedyStudy(smooth=False), [math.nan, 1.0]),
        (Constant(), [math.nan]),
    ],
)
def test_a_sound_configuration_does_not_warn(scheduler: Any, metrics: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        replay(scheduler, metrics, 0.1)
