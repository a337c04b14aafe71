"""Squared hinges: the minimum and the smoothness bound in rationals, and a smaller F that is worse."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import SquaredHinges, squared_hinges
from greedylr_theory.schedulers import GreedyPrevious
from tests.contract._examples import evaluated


def exact_gradient(objective: SquaredHinges, x: list[Fraction]) -> list[Fraction]:
    found = [Fraction(0)] * objective.dim
    for a, b, c in zip(objective.features, objective.thresholds, objective.weights, strict=True):
        row = [Fraction(entry) for entry in a]
        excess = max(sum(p * q for p, q in zip(row, x, strict=True)) - Fraction(b), Fraction(0))
        found = [g + Fraction(c) * excess * p for g, p in zip(found, row, strict=True)]
    return found


def random_hinges(seed: int, n: int = 6, d: int = 3) -> SquaredHinges:
    """Small rationals, so that minimisers have few digits; rows and thresholds are sometimes zero."""
    rng = np.random.default_rng(seed)
    features, thresholds = rng.integers(-4, 5, size=(n, d)) / 4, rng.integers(-4, 3, size=n) / 4
    return SquaredHinges(
        features=tuple(map(tuple, features.tolist())),
        thresholds=tuple(thresholds.tolist()),
        weights=tuple((rng.integers(0, 5, size=n) / 2).tolist()),
    )


def test_a_square_is_two_hinges() -> None:
    objective = SquaredHinges(features=((1.0, 0.0), (-1.0, 0.0), (0.0, 2.0), (0.0, -2.0)))
    x = np.random.default_rng(2).normal(size=(2, 30))
    loss, gradient = evaluated(objective, x)
    np.testing.assert_allclose(loss, 0.5 * (x[0] ** 2 + 4.0 * x[1] ** 2), rtol=1e-15)
    np.testing.assert_allclose(gradient, [x[0], 4.0 * x[1]], rtol=1e-15)
    assert (objective.minimum, objective.minimiser) == (0.0, (0.0, 0.0))


@pytest.mark.parametrize("seed", range(12))
def test_the_minimum_of_hinges_is_exact(seed: int) -> None:
    """The gradient at the declared minimiser is zero in rationals, up to its rounding to floats."""
    objective = random_hinges(seed)
    assert objective.minimiser is not None
    gradient = exact_gradient(objective, [Fraction(value) for value in objective.minimiser])
    assert max(map(abs, gradient)) <= Fraction(objective.smoothness) * Fraction(1, 2**50)
    rng = np.random.default_rng(seed)
    near = np.array(objective.minimiser)[:, None] + rng.normal(size=(3, 200)) * 10.0 ** rng.uniform(-8, 1, 200)
    assert np.all(evaluated(objective, near)[0] >= objective.minimum * (1 - 1e-14))


@pytest.mark.parametrize("seed", range(6))
def test_smoothness_of_hinges_bounds_every_cell_and_is_tight(seed: int) -> None:
    objective = random_hinges(seed)
    rows, c = np.array(objective.features), np.array(objective.weights)
    largest = np.linalg.eigvalsh((rows.T * c) @ rows)[-1]
    assert largest * (1 - 1e-14) <= objective.smoothness <= largest * (1 + 1e-12)
    for chosen in itertools.product((0.0, 1.0), repeat=6):
        cell = np.linalg.eigvalsh((rows.T * (c * chosen)) @ rows)[-1]
        assert cell <= objective.smoothness
    # a Rayleigh quotient in rationals is a lower bound of the exact eigenvalue
    v = [Fraction(round(entry * 2**30), 2**30) for entry in np.linalg.eigh((rows.T * c) @ rows)[1][:, -1].tolist()]
    products = [
        Fraction(w) * sum(Fraction(a) * z for a, z in zip(row, v, strict=True)) ** 2
        for row, w in zip(rows.tolist(), c.tolist(), strict=True)
    ]
    assert sum(products) / sum(z * z for z in v) <= Fraction(objective.smoothness)


def test_smoothness_of_hinges_is_attained_beyond_all_of_them() -> None:
    objective = SquaredHinges(features=((1.0, 2.0), (3.0, 1.0)), thresholds=(0.0, 1.0), weights=(1.0, 0.5))
    v = np.linalg.eigh(np.array([[1.0 + 4.5, 2.0 + 1.5], [3.5, 4.0 + 0.5]]))[1][:, -1]
    x = np.stack([np.array([10.0, 10.0]), np.array([10.0, 10.0]) + v], axis=1)
    gradient = evaluated(objective, x)[1]
    assert np.linalg.norm(gradient[:, 1] - gradient[:, 0]) == pytest.approx(objective.smoothness, rel=1e-12)


def test_newton_that_does_not_end_leaves_the_minimum_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert random_hinges(0).minimum is not None
    monkeypatch.setattr(squared_hinges, "STEPS", 1)
    assert random_hinges(0).minimum is None
    assert random_hinges(0).minimiser is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": ((1.0, 2.0), (3.0,))}, r"features \(A\) must have rows of one length, got lengths \[1, 2\]$"),
        ({"thresholds": (1.0,)}, r"thresholds \(b\) must have one number per row of features \(A\), 2, got 1$"),
        ({"weights": (1.0, -0.5)}, r"weights \(c\) must lie in \[0, inf\), got -0\.5$"),
        ({"weights": (1.0, math.inf)}, r"weights \(c\) must consist of .* finite numbers"),
        ({"thresholds": "12"}, r"thresholds \(b\) must consist of .* finite numbers"),
    ],
)
def test_unusable_hinges_are_refused(options: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"features": ((1.0, 2.0), (3.0, 4.0))}
    with pytest.raises(ValueError, match=rf"^SquaredHinges\.{message}"):
        SquaredHinges(**usual | options)


def exact_losses(objective: SquaredHinges, start: list[int], lr0: Fraction, factor: Fraction, steps: int) -> list[Any]:
    """Algorithm 1 in rationals, capped at 1/6, whose losses fall at every step so that the rate only climbs."""
    x, rate, losses = [Fraction(value) for value in start], lr0, []
    for _ in range(steps):
        margins = [
            sum(Fraction(a) * z for a, z in zip(row, x, strict=True)) - Fraction(b)
            for row, b in zip(objective.features, objective.thresholds, strict=True)
        ]
        losses.append(sum((max(margin, Fraction(0)) ** 2 for margin in margins), Fraction(0)) / 2)
        assert len(losses) < 2 or losses[-1] < losses[-2]
        rate = min(rate / factor, Fraction(1, 6))
        x = [z - rate * slope for z, slope in zip(x, exact_gradient(objective, x), strict=True)]
    return losses


def test_a_smaller_factor_can_be_worse_in_two_dimensions() -> None:
    """L = 6 and all steps are at most 1/L; F = 1/4 leads until step 3 and is behind by a factor of 12.5 at step 4.

    With F = 1/4 the iterate enters the cell where only the first hinge, of curvature 1, is left at step 3 and at
    x_1 = 2/27; there each step leaves 5/6 of the distance. With F = 1/2 it enters at step 5, at x_1 = 2/243.
    """
    objective = SquaredHinges(features=((1.0, 0.0), (0.0, 1.0), (1.0, 2.0)), thresholds=(0.0, 2.0, -2.0))
    assert 6.0 <= objective.smoothness <= 6.0 * (1 + 1e-13)
    losses = {}
    for factor in (0.25, 0.5):
        exact = exact_losses(objective, [3, 4], Fraction(1, 24), Fraction(factor), 10)
        run = Run(
            objective,
            scheduler=GreedyPrevious(factor=factor, max_lr=1.0 / 6.0),
            start=(3.0, 4.0),
            lr0=1.0 / 24.0,
            steps=10,
            ordering="before_update",
        )
        # the trajectory contracts, so that errors of single steps do not grow
        np.testing.assert_allclose(simulate([run], stride=1).loss[0], [float(value) for value in exact], rtol=1e-11)
        losses[factor] = exact
    ahead = [small < large for small, large in zip(losses[0.25], losses[0.5], strict=True)]
    assert ahead == [False, True, True, True, *[False] * 6]
    assert (losses[0.25][4], losses[0.5][4]) == (Fraction(25, 13122), Fraction(1, 6561))
