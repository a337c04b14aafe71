"""Schedules and bounds for the last iterate, against exact rationals and many digits, to a million iterates."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from greedylr_theory import simulate
from greedylr_theory.theory import last_iterate as theory


def refined(norms: list[Fraction], value: Fraction) -> list[Fraction]:
    """The refined steps from their definition; w_t = D G_t^-2 / sqrt(P) = v / G_t^2 where D = v sqrt(P)."""
    weights = [value / norm**2 for norm in norms]
    return [weights[t] * sum(weights[t + 1 :], Fraction(0)) / sum(weights) for t in range(len(norms) - 1)]


def bound(steps: list[Fraction], norms: list[Fraction], squared: Fraction) -> Fraction:
    """The general-step bound from its definition: T steps, the last a weight; D^2 is given."""
    total = squared / (2 * sum(steps, Fraction(0)))
    for t, (step, norm) in enumerate(zip(steps, norms, strict=True)):
        total += (step * norm) ** 2 / sum(steps[min(t + 1, len(steps) - 1) :], Fraction(0)) / 2
    return total


def random_norms(rng: np.random.Generator, size: int) -> list[float]:
    return np.exp(rng.normal(size=size) * rng.choice([0.1, 1.0, 10.0])).tolist()


@pytest.mark.parametrize("horizon", [1, 2, 3, 17, 1024, 1025, 3000])
def test_linear_decay_is_the_formula(horizon: int) -> None:
    steps = theory.linear_decay_steps(3.0, 7.0, horizon)
    with mpmath.workdps(30):
        peak = mpmath.mpf(3) / 7 / mpmath.sqrt(horizon)
        exact = [float(peak * (1 - mpmath.mpf(t) / horizon)) for t in range(1, horizon)]
        value = float(21 / mpmath.sqrt(horizon))
    assert steps.shape == (horizon - 1,)
    np.testing.assert_allclose(steps, exact, rtol=1e-15)
    assert theory.linear_decay_value(3.0, 7.0, horizon) == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(theory.refined_steps(np.full(horizon, 7.0), 3.0), exact, rtol=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_refined_steps_and_value_are_those_of_fractions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    norms = random_norms(rng, int(rng.integers(1, 40)))
    exact = [Fraction(norm) for norm in norms]
    total = sum(norm**-2 for norm in exact)
    distance = float(np.exp(rng.normal()))
    with mpmath.workdps(40):
        value = distance / mpmath.sqrt(mpmath.mpf(total.numerator) / total.denominator)
        assert theory.refined_value(norms, distance) == pytest.approx(float(value), rel=1e-14)
        shapes = [float(mpmath.mpf(step.numerator) / step.denominator * value) for step in refined(exact, Fraction(1))]
    np.testing.assert_allclose(theory.refined_steps(norms, distance), shapes, rtol=1e-13)


def test_norms_far_apart_neither_overflow_nor_vanish() -> None:
    norms = np.array([1e-140, 1.0, 1e5, 1e-140, 3e9])
    weights = [mpmath.mpf(float(norm)) ** -2 for norm in norms]
    with mpmath.workdps(40):
        total = mpmath.fsum(weights)
        exact = [float(weights[t] / mpmath.sqrt(total) * mpmath.fsum(weights[t + 1 :]) / total) for t in range(4)]
    np.testing.assert_allclose(theory.refined_steps(norms, 1.0), exact, rtol=1e-13)


def test_a_million_norms_keep_their_digits_and_take_milliseconds() -> None:
    """Norms in whole numbers: sums of 3600 / G_t^2 are whole numbers as well, so that numpy sums them exactly."""
    norms = np.random.default_rng(0).integers(1, 6, size=10**6)
    weights = 3600 // norms**2
    tails = np.cumsum(weights[::-1])[::-1]
    started = time.process_time()
    steps, value = theory.refined_steps(norms, 2.0), theory.refined_value(norms, 2.0)
    assert time.process_time() - started < 2.0
    exact = 2.0 / 60.0 * weights[:-1] / math.sqrt(int(tails[0])) * (tails[1:] / int(tails[0]))
    np.testing.assert_allclose(steps, exact, rtol=1e-12)
    assert value == pytest.approx(2.0 * 60.0 / math.sqrt(int(tails[0])), rel=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_the_general_bound_is_that_of_fractions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 30))
    norms, steps = random_norms(rng, size), random_norms(rng, size)
    for t in rng.integers(0, size, size=size // 4):
        steps[t] = 0.0 if t < size - 1 else steps[t]
    exact = bound([Fraction(s) for s in steps], [Fraction(n) for n in norms], Fraction(2.5) ** 2)
    assert theory.general_bound(steps, norms, 2.5) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("seed", range(20))
def test_without_the_last_weight_the_bound_is_the_smallest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 12))
    norms, steps = random_norms(rng, size), np.array(random_norms(rng, size - 1)) * (rng.random(size - 1) > 0.3)
    best = theory.general_bound(steps, norms, 1.5)
    others = [theory.general_bound([*steps, weight], norms, 1.5) for weight in np.exp(np.linspace(-40, 40, 801))]
    # neighbours on the grid differ by a tenth, and the bound is convex in the weight
    assert best * (1 - 1e-13) <= min(others) <= best * (1 + 1e-2)


def test_the_general_bound_of_a_constant_step_is_a_harmonic_number() -> None:
    horizon = 10**6
    with mpmath.workdps(30):
        exact = 1 / mpmath.mpf(2 * horizon) / 0.125 + mpmath.mpf(0.125) / 2 * (1 + mpmath.harmonic(horizon - 1))
    value = theory.general_bound(np.full(horizon, 0.125), np.ones(horizon), 1.0)
    assert value == pytest.approx(float(exact), rel=1e-12)


def recursion(steps: int) -> tuple[Fraction, Fraction]:
    """(A, N + A) from r_0 = 1, r_{k+1} = r_k + 1/r_k, in fractions."""
    r, A = Fraction(1), Fraction(1, 2)
    for _ in range(steps):
        A, r = A + 1 / r**2 / 2, r + 1 / r
    return A, steps + A


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10])
def test_constant_steps_are_those_of_the_recursion(steps: int) -> None:
    A, rest = recursion(steps)
    for step in (0.01, 0.3, 1.0, 40.0):
        exact = A * Fraction(step) + 1 / (4 * rest * Fraction(step)) if step * 2 * rest > 1 else 1 - steps * step
        assert theory.constant_step_value(step, steps, 1.0, 1.0) == pytest.approx(float(exact), rel=1e-14)
    eta, value = theory.best_constant_step(steps, 2.0, 3.0)
    assert value == pytest.approx(6.0 * math.sqrt(A / rest), rel=1e-14)
    assert theory.constant_step_value(eta, steps, 2.0, 3.0) == pytest.approx(value, rel=1e-14)
    assert theory.constant_step_value(eta * 1.001, steps, 2.0, 3.0) > value
    assert theory.constant_step_value(eta * 0.999, steps, 2.0, 3.0) > value


def test_a_million_constant_steps() -> None:
    """r_k in 30 digits; the sum itself keeps its digits where r_k alone would lose them."""
    steps = 10**6
    started = time.process_time()
    _, value = theory.best_constant_step(steps, 1.0, 1.0)
    assert time.process_time() - started < 2.0
    scale = 10**30
    square = scale  # r_0^2 in fixed point with 30 decimals
    for _ in range(steps):
        square += 2 * scale + scale * scale // square
    # each division drops less than 1e-30
    exact = math.sqrt((square - 2 * steps * scale) / square)
    assert value == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("steps", [1, 5, 10])
def test_the_two_cases_of_a_constant_step_meet_smoothly(steps: int) -> None:
    edge = 1.0 / (2 * float(recursion(steps)[1]))
    below, above = (theory.constant_step_value(edge * side, steps, 1.0, 1.0) for side in (1 - 1e-7, 1 + 1e-7))
    assert below - above == pytest.approx(2e-7 * steps * edge, rel=1e-5)


def test_without_a_step_the_lipschitz_bound_remains() -> None:
    assert theory.constant_step_value(1.0, 0, 2.0, 3.0) == 6.0


def least_bound(steps: np.ndarray) -> float:
    """min over y_T of D^2 / (2 y_1) + (y_T + sum eta_t^2 / y_{t+1}) / 2 for G = D = 1, on a grid."""
    here = np.exp(np.linspace(-25.0, 8.0, 20_001))
    total = here.copy()
    for step in steps[::-1]:
        total += step**2 / here
        here += 2 * step + step**2 / here
    return float(np.min(1 / (2 * here) + total / 2))


@pytest.mark.parametrize("seed", range(12))
def test_the_worst_case_of_any_steps_is_the_least_bound_of_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.exp(rng.normal(size=int(rng.integers(1, 12))) * (0.3, 1.0, 3.0)[seed % 3]) * (0.05, 1.0)[seed % 2]
    # neighbours on the grid differ by 0.2 %, and the bound is flat at its minimum
    assert theory.worst_case_value(steps, 1.0, 1.0) == pytest.approx(least_bound(steps), rel=3e-6)
    assert theory.worst_case_value([*steps, 0.0], 1.0, 1.0) == theory.worst_case_value(steps, 1.0, 1.0)
    scaled = theory.worst_case_value(steps * 3.0 / 2.0, 2.0, 3.0)
    assert scaled == pytest.approx(6.0 * theory.worst_case_value(steps, 1.0, 1.0), rel=1e-13)


def test_the_worst_case_of_any_steps_in_closed_forms() -> None:
    for steps in (1, 2, 3, 50):
        for step in (1e-3, 0.1, 1.0, 30.0):
            value = theory.constant_step_value(step, steps, 2.0, 3.0)
            assert theory.worst_case_value([step] * steps, 2.0, 3.0) == pytest.approx(value, rel=1e-14)
    for steps in (1, 5, 10):
        for side in (0.93, 1.07):  # of where the two cases meet, smoothly
            step = side / (2 * float(recursion(steps)[1]))
            value = theory.constant_step_value(step, steps, 1.0, 1.0)
            assert theory.worst_case_value([step] * steps, 1.0, 1.0) == pytest.approx(value, rel=1e-14)
    shape = 1 + np.cos(np.pi * np.arange(1, 30) / 30)
    total, tiny = float(np.sum(shape)), 1e-6
    y = 2 * (theory.worst_case_value(shape, 1.0, tiny) + total)  # D^2/(2 y) is below 1e-12
    best = theory.worst_case_value(shape / math.sqrt(y * (y - 2 * total)), 1.0, 1.0)
    assert best == pytest.approx(math.sqrt(1 - 2 * total / y), rel=1e-9)
    assert theory.worst_case_value([], 2.0, 3.0) == theory.worst_case_value([0.0], 2.0, 3.0) == 6.0


def test_the_worst_case_of_very_long_and_very_short_steps() -> None:
    assert theory.worst_case_value([1e149, 1e150], 1.0, 1.0) == pytest.approx(1.00125e150, rel=1e-14)
    assert theory.worst_case_value([1e-200, 1e-199], 1.0, 1.0) == 1.0


def test_the_worst_case_of_a_million_steps() -> None:
    started = time.process_time()
    value = theory.worst_case_value(theory.linear_decay_steps(1.0, 1.0, 10**6), 1.0, 1.0)
    assert time.process_time() - started < 2.0
    assert value == pytest.approx(1e-3, rel=1e-11)  # y is D / G up to roundings, y/2 - sum of steps is 1/(2 sqrt T)


def test_the_resisting_function_takes_a_simulated_run_to_the_value() -> None:
    rng = np.random.default_rng(3)
    for size in (2, 3, 30, 200):
        norms = np.exp(rng.normal(size=size))
        resisting = theory.resisting_function(norms, 2.0)
        assert resisting.value == theory.refined_value(norms, 2.0)
        assert resisting.objective.distance == pytest.approx(2.0, rel=1e-14)
        for steps in (theory.refined_steps(norms, 2.0), rng.exponential(size=size - 1)):
            end = simulate([resisting.run(steps)]).end_loss[0]
            assert float(end) - resisting.objective.minimum == resisting.value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.linear_decay_steps(0.0, 1.0, 3), r"D must lie in \(0, inf\), got 0.0"),
        (lambda: theory.linear_decay_value(1.0, math.inf, 3), r"G must lie in \(0, inf\), got inf"),
        (lambda: theory.linear_decay_value(1.0, 1.0, 0), "T must be an integer, at least 1, got 0"),
        (lambda: theory.linear_decay_value(1.0, 1.0, 2.0), "T must be an integer, at least 1, got 2.0"),  # type: ignore[arg-type]
        (lambda: theory.linear_decay_value(1.0, 1.0, True), "T must be an integer, at least 1, got True"),
        (lambda: theory.refined_steps([1.0, math.nan], 1.0), r"norms \(G_t\) must lie in \(0, inf\), got nan at t = 2"),
        (lambda: theory.refined_steps([0.0], 1.0), r"norms \(G_t\) must lie in \(0, inf\), got 0.0 at t = 1"),
        (lambda: theory.refined_value([], 1.0), r"norms must be T >= 1 numbers in a row, got shape \(0,\)"),
        (lambda: theory.refined_value([[1.0]], 1.0), r"norms must be T >= 1 numbers in a row, got shape \(1, 1\)"),
        (lambda: theory.refined_value([1e-100, 1e100], 1.0), r"norms \(G_t\) must be within a factor 1e\+150"),
        (lambda: theory.refined_value([1.0], -1.0), r"D must lie in \(0, inf\), got -1.0"),
        (lambda: theory.constant_step_value(0.0, 1, 1.0, 1.0), r"eta must lie in \(0, inf\), got 0.0"),
        (lambda: theory.constant_step_value(1.0, -1, 1.0, 1.0), "N must be an integer, at least 0, got -1"),
        (lambda: theory.best_constant_step(0, 1.0, 1.0), "N must be an integer, at least 1, got 0"),
        (
            lambda: theory.general_bound([1.0], [1.0, 1.0, 1.0], 1.0),
            "steps must be T - 1 numbers, or T with the weight",
        ),
        (lambda: theory.general_bound([-1.0], [1.0, 1.0], 1.0), r"steps \(eta_t\) must lie in \[0, inf\), got -1.0"),
        (lambda: theory.general_bound([1.0, 0.0], [1.0, 1.0], 1.0), "eta_T, the last of T steps, must be positive"),
        (
            lambda: theory.worst_case_value([[1.0]], 1.0, 1.0),
            r"steps must be T - 1 numbers in a row, got shape \(1, 1\)",
        ),
        (lambda: theory.worst_case_value(["a"], 1.0, 1.0), r"steps must be real numbers in a row, got \['a'\]"),
        (lambda: theory.worst_case_value([1j], 1.0, 1.0), r"steps must be real numbers in a row, got \[1j\]"),
        (lambda: theory.worst_case_value([1.0], None, 1.0), r"G must lie in \(0, inf\), got None"),  # type: ignore[arg-type]
        (
            lambda: theory.worst_case_value([1e-9, 1e300], 1e10, 1.0),
            r"steps \(eta_t\) must be at most 1e\+150 D/G, got 1e",
        ),
        (lambda: theory.worst_case_value([1e308] * 3, 1.0, 1.0), r"must be at most 1e\+150 D/G, got 1e\+308"),
        (lambda: theory.general_bound([1e200, 1e-200], [1.0] * 3, 1.0), r"must be at most 1e\+150 D/G, got 1e\+200"),
        (lambda: theory.refined_value([1.0, [2.0]], 1.0), r"norms must be real numbers in a row"),
        (lambda: theory.worst_case_value([math.nan], 1.0, 1.0), r"steps \(eta_t\) must lie in \[0, inf\), got nan"),
        (lambda: theory.resisting_function([1.0, 1.0], 1.0).run([]), r"steps must be T - 1 = 1 numbers"),
        (lambda: theory.resisting_function([1.0, 1.0], 1.0).run([0.0]), r"eta_1 must lie in \(0, inf\), got 0.0"),
    ],
)
def test_bad_arguments_get_one_sentence(call, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
