"""Rastrigin and Ackley: digits near the minimum, the exact constants, and where convexity ends."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Ackley, Rastrigin
from greedylr_theory.schedulers import Constant
from tests.contract._examples import evaluated


def points(dim: int, decades: tuple[float, float]) -> Any:
    """(d, B): random directions, lengths over many decades."""
    rng = np.random.default_rng(dim)
    return rng.normal(size=(dim, 60)) * 10.0 ** np.linspace(*decades, 60)


def rastrigin(x: list[Any], a: float, s: float) -> Any:
    return s * sum(z * z + a * (1 - mpmath.cospi(2 * z)) for z in x)


def ackley(x: list[Any], a: float, b: float, nu: float) -> Any:
    r = mpmath.sqrt(sum(z * z for z in x) / len(x))
    m = sum(mpmath.cospi(2 * nu * z) for z in x) / len(x)
    return a - a * mpmath.exp(-b * r) + mpmath.e - mpmath.exp(m)


def worst_relative_error(objective: Any, exact: Any, x: Any) -> float:
    """Of the loss, with as many digits on the other side as it takes to cancel f(x) from 20 down to 1e-150."""
    losses = evaluated(objective, x)[0]
    with mpmath.workdps(350):
        wanted = [exact([mpmath.mpf(float(z)) for z in x[:, lane]]) for lane in range(x.shape[1])]
        return max(float(abs(loss - value) / value) for loss, value in zip(losses.tolist(), wanted, strict=True))


# some ten roundings per coordinate, all of one sign: a few units in the last place
@pytest.mark.parametrize("decades", [(-150, -3), (-3, 3)])
def test_rastrigin_keeps_its_digits_down_to_the_minimum(decades: tuple[float, float]) -> None:
    objective = Rastrigin(dimension=10, amplitude=10.0, scale=0.3)
    assert worst_relative_error(objective, lambda x: rastrigin(x, 10.0, 0.3), points(10, decades)) < 4e-15


@pytest.mark.parametrize("decades", [(-150, -3), (-3, 3)])
def test_ackley_keeps_its_digits_down_to_the_minimum(decades: tuple[float, float]) -> None:
    objective = Ackley(dimension=8)
    assert worst_relative_error(objective, lambda x: ackley(x, 20.0, 0.2, 1.0), points(8, decades)) < 4e-15


def test_the_sum_of_cosines_would_have_lost_them() -> None:
    """The control of the two tests above: the formulas as they are printed."""
    x = points(8, (-12, -3))
    plain = 20 + math.e - 20 * np.exp(-0.2 * np.sqrt((x**2).mean(axis=0))) - np.exp(np.cos(2 * np.pi * x).mean(axis=0))
    assert np.max(np.abs(plain / evaluated(Ackley(dimension=8), x)[0] - 1.0)) > 1e-4


def test_the_wave_vanishes_exactly_at_integers_and_halves() -> None:
    x = np.array([[0.5, 1.0, -7.5, 2.0**40 + 0.5, 2.0**51 + 0.5, 1e17, -1e300]])
    loss, gradient = evaluated(Rastrigin(dimension=1), x)
    np.testing.assert_array_equal(gradient[0], 2.0 * x[0])
    np.testing.assert_array_equal(loss[:4], [20.25, 1.0, 76.25, (2.0**40 + 0.5) ** 2])  # the wave is rounded off
    assert np.all(np.isinf(loss[6:]))


@pytest.mark.parametrize(("a", "s"), [(10.0, 1.0), (0.0, 1.0), (0.1, 3.7), (1e-9, 1e-3), (12345.6789, 1e9)])
def test_smoothness_is_the_smallest_float_that_bounds_the_curvature(a: float, s: float) -> None:
    objective = Rastrigin(amplitude=a, scale=s)
    with mpmath.workdps(60):
        exact = mpmath.mpf(s) * (2 + 4 * mpmath.pi**2 * mpmath.mpf(a))
        assert mpmath.mpf(objective.smoothness) >= exact > mpmath.mpf(math.nextafter(objective.smoothness, 0.0))
    # attained at the minimiser: the slope there is h L up to (2 pi h)^2 / 6, so a constant 1e-6 smaller fails
    h = 1e-4
    slope = evaluated(objective, np.full((2, 1), h))[1][0, 0] / h
    assert (1.0 - 1e-6) * objective.smoothness < slope <= objective.smoothness


def test_rastrigin_is_convex_exactly_up_to_its_threshold() -> None:
    with mpmath.workdps(60):
        threshold = 1 / (2 * mpmath.pi**2)
        below = float(threshold)
        below = below if mpmath.mpf(below) < threshold else math.nextafter(below, 0.0)
    above = math.nextafter(below, 1.0)
    assert Rastrigin(amplitude=below).convex
    assert not Rastrigin(amplitude=above).convex
    assert not Rastrigin().convex
    assert Rastrigin(amplitude=above).strong_convexity is None
    mild = Rastrigin(dimension=1, amplitude=0.05, scale=2.0)
    with mpmath.workdps(60):
        exact = 2 * (2 - 4 * mpmath.pi**2 * mpmath.mpf(0.05))
        assert mpmath.mpf(mild.strong_convexity) <= exact < mpmath.mpf(math.nextafter(mild.strong_convexity, 9.0))
    # attained half-way between two minima: the chord above x = 1/2 rises by mu h^2 / 2 and no more
    h = 1e-4
    left, middle, right = evaluated(mild, np.array([[0.5 - h, 0.5, 0.5 + h]]))[0]
    # the fourth derivative adds 2.5e-6 of it, rounding of the losses less than that
    np.testing.assert_allclose((left - 2 * middle + right) / h**2, mild.strong_convexity, rtol=1e-5)
    # and just above the threshold the chord at 1/2 lies below the function
    left, middle, right = evaluated(Rastrigin(dimension=1, amplitude=0.06), np.array([[0.49, 0.5, 0.51]]))[0]
    assert left + right < 2 * middle


def test_ackley_has_a_kink_at_its_minimum() -> None:
    objective = Ackley(dimension=4, height=3.0, decay=0.5)
    x = np.zeros((4, 5))
    x[0] = [0.0, -0.0, 1e-170, 1e-100, -1e-8]
    loss, gradient = evaluated(objective, x)
    np.testing.assert_array_equal(loss[:3], 0.0)
    np.testing.assert_array_equal(gradient[:, :2], 0.0)
    assert np.all(np.abs(gradient[:, 2]) < 1e-168)  # of the wave; the square of x is zero
    # slope a b / sqrt(d) on both sides, however near: no constant bounds the change of the gradient
    np.testing.assert_allclose(gradient[0, 3:], [0.75, -0.75], rtol=1e-6)
    np.testing.assert_allclose(loss[3], 0.75e-100, rtol=1e-15)
    assert objective.smoothness is None


def test_ackley_is_bounded_and_therefore_not_convex() -> None:
    objective = Ackley(dimension=2)
    far = np.array([[1e9, 1e200, -1.7e308], [0.0, 0.0, 0.3]])
    loss, gradient = evaluated(objective, far)
    assert np.all(loss <= 20.0 + math.e)
    assert np.all(np.isfinite(gradient))
    left, middle, right = evaluated(objective, np.array([[0.0, 10.0, 20.0], [0.0, 0.0, 0.0]]))[0]
    assert middle > 0.5 * (left + right)


def test_a_step_onto_the_tip_of_the_cone_stays_there() -> None:
    """From rest at the minimum nothing moves: no NaN from 0 / 0."""
    run = Run(Ackley(dimension=3), scheduler=Constant(), start=(0.0, 0.0, 0.0), lr0=0.1, steps=3)
    trajectory = simulate([run], stride=1)
    np.testing.assert_array_equal(trajectory.loss, 0.0)
    np.testing.assert_array_equal(trajectory.x_end, 0.0)
