"""exp, log, sine/cosine of a turn and their kin: accuracy against mpmath, special values, the plain-Python twin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numba
import numpy as np
import pytest

from greedylr_theory import elementary
from tests.naive import elementary as naive

RNG = np.random.default_rng(20)
LARGEST, SMALLEST_NORMAL, SMALLEST = 1.7976931348623157e308, 2.0**-1022, 5e-324


@numba.njit(error_model="numpy")
def exp(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.exp(x[i])
    return out


@numba.njit(error_model="numpy")
def log(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.log(x[i])
    return out


@numba.njit(error_model="numpy")
def expm1(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.expm1(x[i])
    return out


@numba.njit(error_model="numpy")
def log1p(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.log1p(x[i])
    return out


@numba.njit(error_model="numpy")
def fraction(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.fraction(x[i])
    return out


@numba.njit(error_model="numpy")
def sine(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.sine_cosine_turn(x[i])[0]
    return out


@numba.njit(error_model="numpy")
def cosine(x: Any) -> Any:
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = elementary.sine_cosine_turn(x[i])[1]
    return out


def worst_error(computed: Any, x: Any, exact: Callable[[Any], Any]) -> float:
    """Largest error in units in the last place of the exact value."""
    worst = 0.0
    with mpmath.workdps(40):
        for value, argument in zip(computed, x, strict=True):
            wanted = exact(mpmath.mpf(float(argument)))
            error = abs(mpmath.mpf(float(value)) - wanted) / math.ulp(float(wanted))
            worst = max(worst, float(error))
    return worst


# points over the whole range, dense where the argument reduction or the selects change over
EXP_POINTS = np.concatenate(
    [
        RNG.uniform(-1, 1, 1500),
        RNG.uniform(-708, 709.78, 1500),
        RNG.uniform(-1, 1, 500) * 10.0 ** RNG.uniform(-20, 0, 500),
        (np.arange(-40, 41) + 0.5) * math.log(2.0),
        np.nextafter((np.arange(-40, 41) + 0.5) * math.log(2.0), 0.0),
        [709.782712893384, -708.3964185322641],
    ]
)
LOG_POINTS = np.concatenate(
    [
        10.0 ** RNG.uniform(-307, 308, 1500),
        1.0 + RNG.uniform(-0.3, 0.5, 1500),
        1.0 + RNG.choice([-1, 1], 300) * 2.0 ** RNG.uniform(-52, -1, 300),
        math.sqrt(0.5) * (1.0 + np.arange(-20, 21) * 2.0**-52),
        math.sqrt(2.0) * (1.0 + np.arange(-20, 21) * 2.0**-52),
        SMALLEST_NORMAL * RNG.random(500),
        [SMALLEST, SMALLEST_NORMAL, LARGEST, 2.0, 0.5],
    ]
)
TURN_POINTS = np.concatenate(
    [
        RNG.random(3000),
        RNG.uniform(-4, 4, 1000),
        RNG.uniform(-1, 1, 500) * 2.0**20,
        np.arange(-8, 9) / 8.0 + 1e-9,
        np.arange(-8, 9) / 8.0 - 1e-9,
    ]
)
RANDOM = RNG.normal(size=3000) * 10.0 ** RNG.uniform(-12, 3, 3000)
# expm1 and log1p: over the whole range, and where a plain exp(x) - 1 or log(1 + x) has no digit right
DIFFERENCE_POINTS = np.concatenate([EXP_POINTS, RNG.uniform(-1, 1, 500) * 10.0 ** RNG.uniform(-300, 0, 500)])
PLUS_POINTS = np.concatenate([10.0 ** RNG.uniform(-307, 308, 1000), 10.0 ** RNG.uniform(-20, 2, 2000)])
FRACTION_POINTS = np.concatenate(
    [RANDOM, RNG.integers(-20, 20, 100) / 2.0, RNG.normal(size=500) * 2.0 ** RNG.integers(40, 60, 500)]
)
BELOW_NORMAL = RNG.uniform(-745.1, -708.4, 1000)


def test_exp_errs_by_less_than_one_unit() -> None:
    assert worst_error(exp(EXP_POINTS), EXP_POINTS, mpmath.exp) < 1.0


def test_exp_of_subnormal_results_errs_by_at_most_one_unit() -> None:
    # the last factor rounds a second time, to the coarser spacing of subnormal numbers
    assert worst_error(exp(BELOW_NORMAL), BELOW_NORMAL, mpmath.exp) < 1.0


def test_log_errs_by_less_than_one_unit() -> None:
    points = LOG_POINTS[LOG_POINTS > 0]
    assert worst_error(log(points), points, mpmath.log) < 1.0


def test_expm1_and_log1p_err_by_less_than_three_units() -> None:
    assert worst_error(expm1(DIFFERENCE_POINTS), DIFFERENCE_POINTS, mpmath.expm1) < 3.0
    assert worst_error(log1p(PLUS_POINTS), PLUS_POINTS, mpmath.log1p) < 3.0


def test_fraction_is_exact() -> None:
    points = FRACTION_POINTS[np.abs(FRACTION_POINTS) < 2.0**51]
    np.testing.assert_array_equal(fraction(points), points - np.rint(points))  # Sterbenz: the difference is exact
    np.testing.assert_array_equal(fraction(np.array([2.0**51 + 0.5, math.inf, -math.inf, math.nan])), 0.0)


def test_sine_and_cosine_err_by_less_than_two_units() -> None:
    assert worst_error(sine(TURN_POINTS), TURN_POINTS, lambda u: mpmath.sinpi(2 * u)) < 2.0
    assert worst_error(cosine(TURN_POINTS), TURN_POINTS, lambda u: mpmath.cospi(2 * u)) < 2.0


@pytest.mark.parametrize(
    ("function", "x", "wanted"),
    [
        (exp, 0.0, 1.0),
        (exp, -0.0, 1.0),
        (exp, math.inf, math.inf),
        (exp, 709.79, math.inf),
        (exp, LARGEST, math.inf),
        (exp, -math.inf, 0.0),
        (exp, -745.2, 0.0),
        (exp, -745.0, SMALLEST),
        (exp, math.nan, math.nan),
        (exp, SMALLEST, 1.0),
        (expm1, 0.0, 0.0),
        (expm1, SMALLEST, SMALLEST),
        (expm1, -math.inf, -1.0),
        (expm1, math.inf, math.inf),
        (expm1, 709.79, math.inf),
        (expm1, 709.78, 1.7928227943945155e308),
        (expm1, math.nan, math.nan),
        (log1p, 0.0, 0.0),
        (log1p, SMALLEST, SMALLEST),
        (log1p, math.nan, math.nan),
        (log, 1.0, 0.0),
        (log, 0.0, -math.inf),
        (log, -0.0, -math.inf),
        (log, -SMALLEST, math.nan),
        (log, -math.inf, math.nan),
        (log, math.inf, math.inf),
        (log, math.nan, math.nan),
        (log, SMALLEST, -744.4400719213812),
        (log, LARGEST, 709.782712893384),
    ],
)
def test_special_values(function: Callable[[Any], Any], x: float, wanted: float) -> None:
    np.testing.assert_array_equal(function(np.array([x])), [wanted])


def test_quarter_turns_are_exact() -> None:
    quarters = np.arange(-9.0, 10.0)
    np.testing.assert_array_equal(sine(quarters / 4), np.array([0.0, 1.0, 0.0, -1.0])[np.mod(quarters, 4).astype(int)])
    np.testing.assert_array_equal(
        cosine(quarters / 4), np.array([1.0, 0.0, -1.0, 0.0])[np.mod(quarters, 4).astype(int)]
    )


def test_exp_never_decreases_between_neighbours_where_the_reduction_switches() -> None:
    # optimisers compare losses: a jump down at a switch of the exponent would be seen as progress
    for half in (np.arange(-30, 31) + 0.5) * math.log(2.0):
        x = half * (1.0 + np.arange(-64, 65) * 2.0**-52)
        assert np.all(np.diff(exp(np.sort(x))) >= 0.0)


@pytest.mark.parametrize("name", ["exp", "expm1", "fraction", "log", "log1p", "sine", "cosine"])
def test_equal_to_the_bit_to_the_plain_python_twin(name: str) -> None:
    compiled: Callable[[Any], Any] = globals()[name]
    plain: Callable[[float], float] = {
        "exp": naive.exp,
        "expm1": naive.expm1,
        "fraction": naive.fraction,
        "log": naive.log,
        "log1p": naive.log1p,
        "sine": lambda u: naive.sine_cosine_turn(u)[0],
        "cosine": lambda u: naive.sine_cosine_turn(u)[1],
    }[name]
    special = [
        0.0,
        -0.0,
        math.inf,
        -math.inf,
        math.nan,
        SMALLEST,
        -SMALLEST,
        LARGEST,
        -LARGEST,
        SMALLEST_NORMAL,
        1e-300,
    ]
    x = {
        "exp": np.concatenate([special, EXP_POINTS, BELOW_NORMAL, RANDOM]),
        "expm1": np.concatenate([special, DIFFERENCE_POINTS, BELOW_NORMAL, RANDOM]),
        "fraction": np.concatenate([special, FRACTION_POINTS]),
        "log1p": np.concatenate([[0.0, math.nan, SMALLEST, LARGEST, SMALLEST_NORMAL], PLUS_POINTS]),
        "log": np.concatenate([special, LOG_POINTS, np.abs(RANDOM), RANDOM[:50]]),
    }.get(
        name, np.concatenate([special[:2], special[5:7], special[9:], TURN_POINTS, np.arange(-9.0, 10.0) / 4, RANDOM])
    )
    computed, wanted = compiled(x), np.array([plain(float(value)) for value in x])
    np.testing.assert_array_equal(computed, wanted)
    np.testing.assert_array_equal(np.signbit(computed[~np.isnan(wanted)]), np.signbit(wanted[~np.isnan(wanted)]))
