"""The bounds of linear decay and of the refined schedule are attained, to rounding, on the resisting function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Resisting
from greedylr_theory.schedulers import Table
from tests.contract._examples import evaluated


def last_gap(objective: Resisting, rates: Sequence[float]) -> tuple[float, Any]:
    """f(x_T) - f* and all losses, for T - 1 updates from x_1 = 0 with the given rates."""
    lr0, steps = rates[0], len(rates)
    run = Run(
        objective,
        scheduler=Table(factors=tuple(rate / lr0 for rate in rates)),
        start=(0.0,) * objective.dim,
        lr0=lr0,
        steps=steps,
    )
    trajectory = simulate([run], stride=1)
    np.testing.assert_allclose(trajectory.lr[0], rates, rtol=1e-15)
    return float(trajectory.end_loss[0]) - objective.minimum, trajectory.loss[0]


def linear_decay(horizon: int, slope: float, distance: float) -> list[float]:
    """eta_t = D / (G sqrt T) (1 - t/T), t = 1 .. T - 1."""
    return [distance / (slope * math.sqrt(horizon)) * (1.0 - t / horizon) for t in range(1, horizon)]


def refined(slopes: Sequence[float], distance: float) -> list[float]:
    """eta_t = w_t w_{t+1:T} / w_{1:T}, w_t = D G_t^-2 / sqrt(sum G^-2), t = 1 .. T - 1."""
    inverse = [slope**-2 for slope in slopes]
    weights = [distance * value / math.sqrt(sum(inverse)) for value in inverse]
    return [weights[t] * sum(weights[t + 1 :]) / sum(weights) for t in range(len(slopes) - 1)]


@pytest.mark.parametrize("horizon", [2, 3, 4, 10, 100, 1000])
@pytest.mark.parametrize(("slope", "distance"), [(1.0, 1.0), (0.3, 7.0)])
def test_linear_decay_attains_its_bound(horizon: int, slope: float, distance: float) -> None:
    objective = Resisting.at_distance((slope,) * horizon, distance)
    gap, losses = last_gap(objective, linear_decay(horizon, slope, distance))
    # a handful of roundings in the depth: nothing else is rounded, since f(x_t) = 0 exactly
    assert gap == pytest.approx(distance * slope / math.sqrt(horizon), rel=1e-14)
    np.testing.assert_array_equal(losses, 0.0)


@pytest.mark.parametrize("horizon", [2, 3, 10, 60])
def test_the_refined_schedule_attains_its_value(horizon: int) -> None:
    slopes = np.exp(np.random.default_rng(horizon).normal(size=horizon)).tolist()
    objective = Resisting.at_distance(slopes, 2.0)
    gap, losses = last_gap(objective, refined(slopes, 2.0))
    assert gap == pytest.approx(2.0 / math.sqrt(sum(slope**-2 for slope in slopes)), rel=1e-14)
    np.testing.assert_array_equal(losses, 0.0)


@pytest.mark.parametrize("horizon", [3, 10])
def test_no_other_schedule_does_better(horizon: int) -> None:
    objective = Resisting.at_distance((1.0,) * horizon, 1.0)
    rng = np.random.default_rng(0)
    for rates in (np.full(horizon - 1, 0.5), rng.exponential(size=horizon - 1), 1e-3 * np.arange(1.0, horizon)):
        assert last_gap(objective, rates.tolist())[0] == pytest.approx(1 / math.sqrt(horizon), rel=1e-14)


@pytest.mark.parametrize("horizon", [2, 3, 10, 40])
def test_the_dimension_has_to_be_the_number_of_iterates(horizon: int) -> None:
    """With one coordinate less the last update finds its way down; with one more the floor is nearer."""
    bound = 1.0 / math.sqrt(horizon)
    for dimension in (horizon - 1, horizon + 1):
        objective = Resisting.at_distance((1.0,) * dimension, 1.0)
        assert last_gap(objective, linear_decay(horizon, 1.0, 1.0))[0] < bound * (1.0 - 1e-3)


def test_the_guarantee_holds_where_it_is_not_attained() -> None:
    """Linear decay on functions with fewer or flatter coordinates and from other starts: never above D G / sqrt T."""
    rng = np.random.default_rng(5)
    for _ in range(40):
        horizon, dimension = int(rng.integers(2, 30)), int(rng.integers(1, 30))
        slopes = tuple(rng.uniform(0.2, 1.0, size=dimension).tolist())
        objective = Resisting.at_distance(slopes, 1.0)
        gap, _ = last_gap(objective, linear_decay(horizon, objective.lipschitz, objective.distance))
        assert gap <= objective.distance * objective.lipschitz / math.sqrt(horizon) * (1 + 1e-14)


def test_subgradients_have_the_stated_norms_in_order() -> None:
    slopes = (3.0, 0.5, 2.0, 1.0)
    objective = Resisting(slopes=slopes, depth=1.0)
    x = np.zeros((4, 4))
    for t in range(4):
        x[:t, t] = -0.1
    loss, gradient = evaluated(objective, x)
    np.testing.assert_array_equal(loss, 0.0)
    np.testing.assert_array_equal(gradient, np.diag(slopes))


def test_the_declared_minimiser_is_a_minimiser_exactly_and_at_the_stated_distance() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        slopes = tuple(np.exp(rng.normal(size=5)).tolist())
        objective = Resisting(slopes=slopes, depth=float(np.exp(rng.normal())))
        for slope, z in zip(slopes, objective.minimiser, strict=True):
            assert Fraction(slope) * Fraction(z) <= -Fraction(objective.depth)
        loss, gradient = evaluated(objective, np.array(objective.minimiser)[:, None])
        assert loss[0] == objective.minimum == -objective.depth
        np.testing.assert_array_equal(gradient, 0.0)
        assert math.hypot(*objective.minimiser) == pytest.approx(objective.distance, rel=1e-15)
    given = Resisting.at_distance((1.0, 2.0), distance=0.0)
    assert (given.minimum, given.distance, given.lipschitz) == (0.0, 0.0, 2.0)


def test_no_point_of_the_ball_is_lower_and_the_lipschitz_constant_is_attained() -> None:
    objective = Resisting.at_distance((1.0, 3.0, 0.5), distance=2.0)
    directions = np.random.default_rng(2).normal(size=(3, 2000))
    loss, gradient = evaluated(objective, 2.0 * directions / np.linalg.norm(directions, axis=0))
    assert np.all(loss >= objective.minimum)
    assert np.min(loss) < 0.5 * objective.minimum
    assert np.max(np.linalg.norm(gradient, axis=0)) == objective.lipschitz == 3.0


@pytest.mark.parametrize("distance", [-1.0, math.inf, math.nan])
def test_a_bad_distance_is_refused(distance: float) -> None:
    with pytest.raises(ValueError, match=rf"^Resisting distance \(D\) must lie in \[0, inf\), got {distance!r}$"):
        Resisting.at_distance((1.0,), distance)
