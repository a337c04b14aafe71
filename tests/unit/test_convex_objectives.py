"""log cosh and two samples: exact constants, digits, and what each of them is for."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, LogCosh, TwoSample
from greedylr_theory.schedulers import Constant, GreedyPrevious
from tests.contract._examples import evaluated


def test_log_cosh_keeps_its_digits_near_and_far() -> None:
    """A few units in the last place from 1e-150 to 1e300; as |z| + log(1 + e^-2|z|) - log 2 it would have lost them."""
    z = np.concatenate([10.0 ** np.linspace(-150, 300, 60), np.linspace(0.1, 25.0, 100)])
    loss, gradient = evaluated(LogCosh(dimension=1), z[None])
    with mpmath.workdps(350):
        for lane, value in enumerate(z.tolist()):
            number = mpmath.mpf(value)
            exact = number + mpmath.log1p(mpmath.exp(-2 * number)) - mpmath.log(2)
            assert abs(mpmath.mpf(loss[lane]) - exact) <= 1e-15 * exact
            assert abs(mpmath.mpf(gradient[0, lane]) - mpmath.tanh(number)) <= 1e-15 * mpmath.tanh(number)
    printed = np.abs(z) + np.log1p(np.exp(-2 * z)) - np.log(2)
    assert np.max(np.abs(printed - loss) / loss) >= 1.0


def test_log_cosh_joins_its_two_formulas() -> None:
    near, far = np.nextafter(20.0, 0.0), np.nextafter(20.0, 21.0)
    loss, gradient = evaluated(LogCosh(dimension=1, radius=1.0), np.array([[near, 20.0, far]]))
    assert np.all(np.diff(loss) >= 0.0)
    np.testing.assert_array_equal(gradient, 1.0)


def test_log_cosh_is_exactly_c_smooth_and_not_strongly_convex() -> None:
    objective = LogCosh(dimension=2, radius=0.5, curvature=3.0)
    h = 1e-5
    slopes = evaluated(objective, np.array([[h, 1000.0, 1000.0 + h], [0.0, 0.0, 0.0]]))[1][0]
    # the curvature falls by (h / r)^2 of itself
    assert objective.smoothness * (1 - 1e-8) <= slopes[0] / h <= objective.smoothness
    assert slopes[2] == slopes[1]
    assert objective.strong_convexity == 0.0


def test_log_cosh_lies_below_huber_with_the_same_constants() -> None:
    """Both have curvature c at 0 and slope c r far away; the curvature of log cosh is smaller in between."""
    x = np.linspace(-4.0, 4.0, 81)[None]
    gap = evaluated(Huber(curvature=2.0, radius=0.7), x)[0] - evaluated(LogCosh(curvature=2.0, radius=0.7), x)[0]
    assert np.all(gap >= 0.0)
    np.testing.assert_allclose(gap[0], 2.0 * 0.49 * (math.log(2.0) - 0.5), rtol=1e-4)  # e^-11 from the limit


SAMPLES = TwoSample(curvature=3.0, separation=0.5, offset=10.0)


def sampled(objective: Any, x: Any, uniform: float) -> tuple[Any, Any]:
    """The kernel on points (1, B), with one draw for all of them."""
    points = np.ascontiguousarray(x, dtype=np.float64)
    lanes = points.shape[1]
    loss, gradient = np.zeros(lanes), np.zeros((1, lanes))
    params = np.repeat(objective.pack()[:, None], lanes, axis=1)
    objective.kernel(points, params, objective.data, np.full((2, lanes), uniform), np.zeros((0, lanes)), gradient, loss)
    return loss, gradient


def test_two_samples_are_the_two_parabolas_and_average_to_the_whole() -> None:
    x = np.linspace(-2.0, 2.0, 17)[None]
    (first, g1), (second, g2) = sampled(SAMPLES, x, 0.49), sampled(SAMPLES, x, 0.5)
    np.testing.assert_allclose(first, 1.5 * (x[0] - 0.25) ** 2 + 10.0, rtol=1e-15)
    np.testing.assert_allclose(second, 1.5 * (x[0] + 0.25) ** 2, rtol=1e-15)
    loss, gradient = evaluated(SAMPLES, x, full=True)
    np.testing.assert_allclose((first + second) / 2, loss, rtol=1e-15)
    np.testing.assert_allclose((g1 + g2) / 2, gradient, rtol=1e-15, atol=1e-15)


def test_the_offset_changes_no_gradient() -> None:
    x = np.random.default_rng(0).normal(size=(1, 9))
    for uniform in (0.0, 0.7):
        without, offset = (sampled(TwoSample(offset=c), x, uniform)[1] for c in (0.0, 1e6))
        np.testing.assert_array_equal(without, offset)


def test_the_constants_of_two_samples_are_exact() -> None:
    assert SAMPLES.minimum == 3.0 * 0.25 / 8 + 5.0
    assert SAMPLES.gradient_noise == 0.75**2
    assert SAMPLES.smoothness == SAMPLES.sample_smoothness == SAMPLES.strong_convexity == 3.0
    # sigma*^2 is the mean of the squared gradients at the minimiser
    squares = [float(sampled(SAMPLES, [[0.0]], uniform)[1][0, 0]) ** 2 for uniform in (0.0, 0.5)]
    assert sum(squares) / 2 == SAMPLES.gradient_noise


def test_each_sample_is_drawn_half_of_the_time() -> None:
    """20,000 draws: five standard deviations are 0.018; steps so small that x stays where it is."""
    run = Run(TwoSample(offset=50.0), scheduler=Constant(), start=(0.0,), lr0=1e-30, steps=20_000)
    loss = simulate([run], stride=1).loss[0]
    assert set(np.unique(loss)) == {0.5, 50.5}
    assert abs(np.mean(loss == 50.5) - 0.5) < 0.018


def test_a_large_offset_hides_progress_where_the_sample_changes() -> None:
    """Algorithm 1: the rate climbs whenever f_2 follows f_1 and falls whenever f_1 follows f_2, whatever x did."""
    run = Run(
        TwoSample(offset=1e9),
        scheduler=GreedyPrevious(factor=0.5, first="none", min_lr=1e-4, max_lr=1e-3),
        start=(0.1,),
        lr0=1e-3,
        steps=300,
        ordering="before_update",
    )
    trajectory = simulate([run], stride=1)
    first = trajectory.loss[0] > 1e8
    falls, rises = (~first[1:]) & first[:-1], first[1:] & ~first[:-1]
    before, after = trajectory.lr[0, :-1], trajectory.lr[0, 1:]
    np.testing.assert_array_equal(after[falls], np.minimum(2 * before[falls], 1e-3))
    np.testing.assert_array_equal(after[rises], np.maximum(before[rises] / 2, 1e-4))
