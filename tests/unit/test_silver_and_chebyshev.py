"""Silver and Chebyshev steps against what is proved, and conjectured, about them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from greedylr_theory import Run, replay, simulate
from greedylr_theory.objectives import Huber, Quadratic, Rosenbrock
from greedylr_theory.schedulers import (
    Chebyshev,
    Silver,
)
from greedylr_theory.schedulers.chebyshev import stable_order
from tests.contract._examples import (
    assert_same_bits,
    assert_same_trajectory,
)
from tests.unit.test_adaptive_steps import CONVEX, runs

RHO = 1.0 + math.sqrt(2.0)


class TestSilver:
    """arXiv 2309.16530, and the worst case that is conjectured to be exact."""

    def test_sums_and_symmetry(self) -> None:
        """h_1 + ... + h_{2^k - 1} = rho^k - 1, and the sequence read backwards is the same up to there."""
        h = Silver().rates(1.0, 1023)
        assert_same_bits(h[:4], np.array([1.0 + (math.sqrt(2.0) - 1.0), 2.0, 1.0 + (math.sqrt(2.0) - 1.0), 1.0 + RHO]))
        for k in range(1, 11):
            count = 2**k - 1
            assert h[:count].sum() == pytest.approx(RHO**k - 1.0, rel=1e-14)
            assert_same_bits(h[:count], h[:count][::-1])

    @pytest.mark.parametrize("k", range(1, 9))
    def test_one_huber_function_reaches_the_conjectured_worst_case(self, k: int) -> None:
        """Radius R / (2 sum h + 1): every step is made on the line, and f(x_T) = L R^2 / (4 rho^k - 2)."""
        distance, curvature = 3.0, 2.0
        huber = Huber(radius=distance / (2.0 * RHO**k - 1.0), curvature=curvature)
        run = Run(huber, scheduler=Silver(), start=(distance,), lr0=1.0 / curvature, steps=2**k - 1)
        value = simulate([run]).end_loss[0]
        assert value == pytest.approx(curvature * distance**2 / (4.0 * RHO**k - 2.0), rel=1e-12)
        assert value <= curvature * distance**2 / (1.0 + math.sqrt(4.0 * RHO ** (2 * k) - 3.0))

    @pytest.mark.parametrize("k", [1, 2, 4, 6])
    def test_no_huber_or_quadratic_function_exceeds_it(self, k: int) -> None:
        bound = 1.0 / (4.0 * RHO**k - 2.0)
        worst = 0.0
        for radius in np.geomspace(1e-3, 2.0, 60):
            run = Run(Huber(radius=float(radius)), scheduler=Silver(), start=(1.0,), lr0=1.0, steps=2**k - 1)
            worst = max(worst, simulate([run]).end_loss[0])
        grid = np.linspace(0.0, 1.0, 1001)
        start = (1.0,) * grid.size
        run = Run(Quadratic(eigenvalues=tuple(grid)), scheduler=Silver(), start=start, lr0=1.0, steps=2**k - 1)
        parabolas = 0.5 * grid * simulate([run]).x_end[0] ** 2
        assert 0.95 * bound < worst <= bound * (1.0 + 1e-12)
        assert parabolas.max() <= bound

    def test_after_a_long_step_the_worst_case_is_that_of_one_step(self) -> None:
        for k in range(1, 8):
            run = Run(Quadratic(eigenvalues=(2.0,)), scheduler=Silver(), start=(1.0,), lr0=0.5, steps=2**k)
            # x_T = +-(sqrt 2 - 1), whatever k, up to one rounding of a factor per step
            assert simulate([run]).end_loss[0] == pytest.approx((math.sqrt(2.0) - 1.0) ** 2, rel=1e-13)


def residual_bound(condition: float, total: int) -> float:
    """2 beta^T / (1 + beta^(2 T)) = 1 / T_T((kappa + 1) / (kappa - 1)), T_T the Chebyshev polynomial."""
    root = math.sqrt(condition)
    beta = (root - 1.0) / (root + 1.0)
    return 2.0 * beta**total / (1.0 + beta ** (2 * total))


class TestChebyshev:
    """Residual polynomials."""

    @pytest.mark.parametrize("condition", [1.5, 100.0, 1e4])
    @pytest.mark.parametrize("total", [1, 2, 3, 7, 8, 31, 64, 100])
    def test_the_residual_alternates_between_plus_and_minus_the_bound(self, total: int, condition: float) -> None:
        """At the T + 1 extreme points it is reached, with alternating signs; nowhere on a grid is it exceeded."""
        middle, half = 0.5 * (1.0 + 1.0 / condition), 0.5 * (1.0 - 1.0 / condition)
        extreme = middle + half * np.cos(np.pi * np.arange(total + 1) / total)
        curvatures = np.concatenate([extreme, np.linspace(1.0 / condition, 1.0, 500)])
        curvatures = np.clip(curvatures, 1.0 / condition, 1.0)
        objective = Quadratic(eigenvalues=tuple(3.0 * curvatures))
        scheduler = Chebyshev(condition=condition)
        start = (1.0,) * curvatures.size
        run = Run(objective, scheduler=scheduler, start=start, lr0=1.0 / 3.0, steps=total)
        [residual] = simulate([run]).x_end
        bound = residual_bound(condition, total)
        # rounding: T factors, partial products up to kappa / 4, and the arguments of the cosines
        slack = 1e-13 * total * max(1.0, condition / 100.0) * bound + 1e-15
        np.testing.assert_allclose(
            residual[: total + 1], bound * (-1.0) ** np.arange(total, -1, -1), rtol=0, atol=slack
        )
        assert np.abs(residual).max() <= bound + slack

    def test_the_order_is_stable_and_that_of_the_roots_is_not(self) -> None:
        """Partial products stay below kappa / 4; the roots in their own order lose everything to rounding."""
        condition, total = 1e4, 256
        grid = np.linspace(1.0 / condition, 1.0, 2001)
        h = Chebyshev(condition=condition).rates(1.0, total)[:total]
        for steps, stable in ((h, True), (np.sort(h)[::-1], False)):
            product, largest = np.ones(grid.size), 0.0
            for step in steps:
                product = product * (1.0 - step * grid)
                largest = max(largest, np.abs(product).max())
            assert (largest < condition / 4.0) == stable

    @pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6, 8, 12, 13, 32, 100])
    def test_every_root_is_used_once(self, count: int) -> None:
        assert sorted(stable_order(count)) == list(range(1, count + 1))

    def test_the_order_of_lebedev_and_finogenov(self) -> None:
        assert stable_order(16) == [1, 16, 8, 9, 4, 13, 5, 12, 2, 15, 7, 10, 3, 14, 6, 11]
        assert stable_order(7) == [1, 7, 3, 5, 2, 6, 4]

    def test_a_cycle_repeats(self) -> None:
        h = Chebyshev(condition=30.0, total=5).rates(0.1, 17)
        assert_same_bits(h[:15].reshape(3, 5), np.tile(h[:5], (3, 1)))
        assert_same_bits(h[:5], Chebyshev(condition=30.0).rates(0.1, 5)[:5])

    def test_the_condition_comes_from_the_objective(self) -> None:
        found = simulate(runs(CONVEX["quadratic"], Chebyshev()), stride=1)
        given = simulate(runs(CONVEX["quadratic"], Chebyshev(condition=100.0)), stride=1)
        assert_same_trajectory(found, given)
        assert Chebyshev().bound(Quadratic(eigenvalues=(3.0, 3.0))).condition == 1.0
        for objective in (Huber(), Rosenbrock(), CONVEX["flat quadratic"]):
            with pytest.raises(ValueError, match=r"^Chebyshev\.condition \(\\kappa\) must be given, since") as caught:
                simulate([Run(objective, scheduler=Chebyshev(), lr0=1e-3, steps=3)])
            assert "\n" not in str(caught.value)
        with pytest.raises(ValueError, match=r"no objective to take it from: Chebyshev\.condition"):
            replay(Chebyshev(), [1.0, 2.0], lr0=0.1)
        assert replay(Chebyshev(condition=1.0), [1.0, 2.0], lr0=0.1).tolist() == [0.1, 0.1]
