"""hypothesis tries to break what objectives declare: convex, smooth, strongly convex, Lipschitz, minimum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory.objectives import (
    Ackley,
    Huber,
    LogCosh,
    Logistic,
    Quadratic,
    Rastrigin,
    Resisting,
    RotatedQuadratic,
    SquaredHinges,
    TwoSample,
)
from tests.contract._examples import TWO_CLASSES, evaluated, examples, made
from tests.properties._strategies import objectives

#: relative error of losses and gradients, in terms of the sizes that enter them: some hundred roundings
ROUNDING = 1e-13


class Evaluated:
    """Loss, gradient and norms at two points, with the constants that are to be broken."""

    def __init__(self, objective: Any, x: Any, y: Any, **claimed: Any) -> None:
        points = np.array([x, y], dtype=np.float64).T
        (self.fx, self.fy), gradients = evaluated(objective, points, full=True)
        self.gx, self.gy, self.step = gradients[:, 0], gradients[:, 1], points[:, 1] - points[:, 0]
        names = ("convex", "smoothness", "strong_convexity", "minimum", "lipschitz")
        declared = {name: getattr(objective, name, None) for name in names} | claimed
        self.convex, self.smoothness, self.strong_convexity, self.minimum, self.lipschitz = map(declared.get, names)
        self.distance, self.change = math.hypot(*self.step), math.hypot(*(self.gy - self.gx))
        size = math.hypot(*points[:, 0]) + math.hypot(*points[:, 1]) + math.hypot(*(objective.minimiser or (0.0,))) + 1
        slopes = math.hypot(*self.gx) + math.hypot(*self.gy)
        curvature = self.smoothness or 0.0
        # a coordinate that is off by `off` moves the gradient by L off, and f by |g| off + L off^2 / 2
        off = ROUNDING * size
        self.slope_error = ROUNDING * slopes + curvature * off
        self.loss_error = ROUNDING * (abs(self.fx) + abs(self.fy)) + slopes * off + curvature * off * off + 1e-300

    def broken(self) -> set[str]:
        """Names of the inequalities that do not hold, rounding taken into account."""
        rise = float(self.gx @ self.step)
        remainder, square = self.fy - self.fx - rise, self.distance * self.distance
        error = self.loss_error + self.slope_error * self.distance
        found: set[str] = set()
        if self.convex and remainder < -error:
            found.add("convex")
        if self.strong_convexity and remainder < 0.5 * self.strong_convexity * square * (1 - ROUNDING) - error:
            found.add("strongly convex")
        if self.smoothness is not None:
            if self.change > self.smoothness * self.distance * (1 + ROUNDING) + self.slope_error:
                found.add("smooth")
            if abs(remainder) > 0.5 * self.smoothness * square * (1 + ROUNDING) + error:
                found.add("descent lemma")
            if self.convex and self.smoothness > 0.0:
                # Baillon and Haddad: half the squared change over L; the last term is its own error
                wanted = 0.5 * self.change / self.smoothness * (self.change - 2 * self.slope_error)
                if remainder < wanted * (1 - ROUNDING) - error:
                    found.add("cocoercive")
        if self.lipschitz is not None and abs(self.fy - self.fx) > self.lipschitz * self.distance + error:
            found.add("lipschitz")
        if self.minimum is not None:
            if self.fx < self.minimum - ROUNDING * abs(self.minimum):
                found.add("minimum")
            gap, slope = self.fx - self.minimum + self.loss_error, math.hypot(*self.gx)
            if self.smoothness and slope - self.slope_error > 0:
                half = 0.5 * (slope - self.slope_error) / self.smoothness * (slope - self.slope_error)
                if half * (1 - ROUNDING) > gap:
                    found.add("slope bounds the gap from below")
            if self.strong_convexity:
                half = 0.5 * (slope + self.slope_error) / self.strong_convexity * (slope + self.slope_error)
                if half < (self.fx - self.minimum) * (1 - ROUNDING) - self.loss_error:
                    found.add("slope bounds the gap from above")
        return found


COORDINATE = st.sampled_from([0.0, -0.0, 0.1, 0.25, 0.5, 1.0, -1.0, -0.5, 1.5, 3.0, 1e-8, 1e3]) | st.floats(-100, 100)


@st.composite
def pairs(draw: st.DrawFn, dim: int) -> tuple[list[float], list[float]]:
    """Two points, often on kinks and lattice points, and often close together or apart along one axis only."""
    x = draw(st.lists(COORDINATE, min_size=dim, max_size=dim))
    kind = draw(st.sampled_from(["free", "near", "axis"]))
    if kind == "free":
        return x, draw(st.lists(COORDINATE, min_size=dim, max_size=dim))
    i = draw(st.integers(0, dim - 1))
    shift = draw(st.sampled_from([1e-6, -1e-3, 0.1, 0.5, 2.0]))
    return x, [z + shift if kind == "near" or j == i else z for j, z in enumerate(x)]


@settings(max_examples=150)
@given(data=st.data())
def test_no_pair_of_points_breaks_a_declared_trait(data: st.DataObject) -> None:
    objective = data.draw(objectives(), "objective")
    x, y = data.draw(pairs(objective.dim), "points")
    assert Evaluated(objective, x, y).broken() == set()


@pytest.mark.slow
@settings(max_examples=4_000)
@given(data=st.data())
def test_no_pair_of_points_breaks_a_declared_trait_after_a_long_search(data: st.DataObject) -> None:
    objective = data.draw(objectives(), "objective")
    x, y = data.draw(pairs(objective.dim), "points")
    assert Evaluated(objective, x, y).broken() == set()


@examples("objectives")
def test_examples_keep_what_they_declare_at_their_minimiser_and_on_a_lattice(plugin: Any) -> None:
    rng = np.random.default_rng(6)
    centre = np.array(plugin.minimiser or (0.0,) * plugin.dim)
    for _ in range(60):
        x, y = (centre + rng.integers(-4, 5, size=plugin.dim) / 4 * 10.0 ** rng.integers(-3, 2) for _ in range(2))
        assert Evaluated(plugin, x, y).broken() == set()
        assert Evaluated(plugin, centre, y).broken() <= {"minimum"}  # rounded to the nearest, by at most ROUNDING


CONTROLS: list[tuple[Any, dict[str, Any], tuple[float, ...], tuple[float, ...], set[str]]] = [
    (Quadratic((1.0, 7.0)), {"smoothness": 6.99}, (0.0, 1.0), (0.0, 2.0), {"smooth", "descent lemma"}),
    (Quadratic((1.0, 7.0)), {"strong_convexity": 1.01}, (3.0, 0.0), (2.0, 0.0), {"strongly convex"}),
    (RotatedQuadratic((2.0, 2.0), seed=1), {"smoothness": 1.99}, (1.0, 0.0), (0.3, 2.0), {"smooth", "cocoercive"}),
    (Huber(), {"strong_convexity": 0.01}, (2.0,), (3.0,), {"strongly convex"}),
    (Huber(), {"smoothness": 0.99}, (0.0,), (0.9,), {"smooth", "descent lemma"}),
    (LogCosh(), {"smoothness": 0.99}, (0.0,), (0.05,), {"smooth"}),
    (LogCosh(), {"minimum": 1e-3}, (0.01,), (1.0,), {"minimum"}),
    (Rastrigin(dimension=1), {"smoothness": 396.0}, (0.0,), (0.001,), {"smooth"}),
    (Rastrigin(dimension=1), {"convex": True}, (0.4,), (0.6,), {"convex"}),
    (Ackley(dimension=1), {"convex": True}, (0.1,), (5.0,), {"convex"}),
    (Ackley(dimension=1), {"smoothness": 1e6}, (-1e-8,), (1e-8,), {"smooth"}),
    (TwoSample(offset=4.0), {"minimum": 2.51}, (0.0,), (1.0,), {"minimum"}),
    (SquaredHinges(((1.0,), (2.0,))), {"smoothness": 4.99}, (1.0,), (2.0,), {"smooth"}),
    (Resisting((1.0, 2.0)), {"lipschitz": 1.99}, (0.0, 1.0), (0.0, 2.0), {"lipschitz"}),
    (Resisting((1.0, 2.0)), {"smoothness": 100.0}, (1e-6, 0.0), (0.0, 1e-6), {"smooth"}),
    (Resisting((1.0, 2.0)), {"minimum": -0.99}, (-3.0, -3.0), (0.0, 0.0), {"minimum"}),
]


@pytest.mark.parametrize(("objective", "claimed", "x", "y", "wanted"), CONTROLS)
def test_a_wrong_constant_is_found(objective: Any, claimed: dict[str, Any], x: Any, y: Any, wanted: set[str]) -> None:
    """The same inequalities with a constant slightly off, at points that tell."""
    assert Evaluated(objective, x, y).broken() == set()
    assert Evaluated(objective, x, y, **claimed).broken() >= wanted


@pytest.mark.parametrize(
    "plugin", [pytest.param(plugin, id=name) for name, plugin in made("objectives") if plugin.convex is False]
)
def test_an_objective_that_is_called_not_convex_has_a_chord_below_it(plugin: Any) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(2, plugin.dim, 500)) * 2.0
    ends = evaluated(plugin, x)[0] + evaluated(plugin, y)[0]
    middle = evaluated(plugin, 0.5 * (x + y))[0]
    assert np.max(middle - 0.5 * ends) > 1e-3


def hessian(objective: Any, x: Any, h: float = 1e-4) -> Any:
    """By central differences of the gradient."""
    d = objective.dim
    steps = h * np.eye(d)
    ahead, behind = (evaluated(objective, np.array(x)[:, None] + sign * steps, full=True)[1] for sign in (1.0, -1.0))
    return (ahead - behind) / (2 * h)


@pytest.mark.parametrize(
    ("objective", "x", "strongly"),
    [
        (Quadratic((0.5, 3.0, 8.0)), (0.3, 0.0, 1.0), True),
        (RotatedQuadratic((0.5, 3.0, 8.0), seed=5), (0.0, 0.1, 0.2), True),
        (TwoSample(curvature=0.7), (0.2,), True),
        (Huber(dimension=2, curvature=3.0), (0.0, 0.0), False),
        (LogCosh(dimension=2, curvature=3.0, radius=0.5), (0.0, 0.0), False),
        (Rastrigin(dimension=2, scale=0.5), (0.0, 1.0), False),
        (Rastrigin(dimension=2, amplitude=0.03), (0.0, 0.0), False),
        (Rastrigin(dimension=2, amplitude=0.03), (0.5, 0.0), True),
        (SquaredHinges(((1.0, 2.0), (3.0, 1.0))), (5.0, 5.0), False),
        (Logistic(TWO_CLASSES, l2=0.1), None, False),
    ],
)
def test_constants_are_attained_and_so_cannot_be_improved(objective: Any, x: Any, strongly: bool) -> None:
    """Differences with h = 1e-4 are off by about (2 pi h)^2 / 6 for the wave, 1e-7, and 1e-11 from rounding."""
    found = np.linalg.eigvalsh(hessian(objective, x or (0.0,) * objective.dim))
    assert found[-1] == pytest.approx(objective.smoothness, rel=1e-6)
    if strongly:
        assert found[0] == pytest.approx(objective.strong_convexity, rel=1e-6)
