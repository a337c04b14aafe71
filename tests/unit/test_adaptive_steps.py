"""Polyak, Barzilai-Borwein, AdGD and Armijo steps against what is proved about them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Batch, Run, Trajectory, simulate
from greedylr_theory.contracts import Objective, Scheduler
from greedylr_theory.objectives import Huber, LeastSquares, Logistic, Quadratic, Rosenbrock
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import GradientNoise, LossNoise
from greedylr_theory.schedulers import (
    AdGD,
    Armijo,
    BarzilaiBorwein,
    Constant,
    Polyak,
)
from greedylr_theory.simulation.session import Session
from tests.contract._examples import (
    TWO_CLASSES,
    assert_same_bits,
    assert_same_trajectory,
    evaluated,
    simulated,
)
from tests.contract.test_twins import assert_equals_twin

SPECTRUM = np.geomspace(1.0, 100.0, 12)
CONVEX: dict[str, Any] = {
    "quadratic": Quadratic(eigenvalues=tuple(SPECTRUM)),
    "parabola": Quadratic(eigenvalues=(4.0,)),
    "flat quadratic": Quadratic(eigenvalues=(0.0, 0.3, 7.0), target=(0.5, -1.0, 2.0)),
    "Huber": Huber(dimension=4, radius=0.3, curvature=5.0),
    "logistic": Logistic(dataset=TWO_CLASSES, l2=0.1),
}
convex = pytest.mark.parametrize("objective", [pytest.param(found, id=name) for name, found in CONVEX.items()])


def runs(
    objective: Any, scheduler: Scheduler, *, lr0: float | None = None, steps: int = 60, **fields: Any
) -> list[Run]:
    """Eight starts; the rate is 1 / L where none is given."""
    rate = lr0 or 1.0 / objective.smoothness
    return [Run(objective, scheduler=scheduler, lr0=rate, steps=steps, replicate=r, **fields) for r in range(8)]


def path(run: Run) -> tuple[Any, Any, Any, Trajectory]:
    """Iterates (T + 1, d), gradients (T, d) and losses (T + 1,) of a run, and its trajectory."""
    session = Session([run], stride=1)
    points = [session.x[0].copy()]
    for _ in range(run.steps):
        session.advance(1)
        points.append(session.x[0].copy())
    found, x = session.trajectory(), np.array(points)
    return x, evaluated(run.objective, x[:-1].T)[1].T, np.append(found.loss[0], found.end_loss[0]), found


class TestPolyak:
    """(f - f*) / norm(g)^2."""

    def test_the_rate_is_the_quotient_it_says(self) -> None:
        run = Run(CONVEX["quadratic"], scheduler=Polyak(), start=tuple(np.ones(12)), lr0=1.0, steps=20)
        x, _, loss, found = path(run)
        squared = ((SPECTRUM * x[:-1]) ** 2).sum(axis=1)
        np.testing.assert_allclose(found.lr[0], loss[:-1] / squared, rtol=1e-14)  # sums in another order
        # between those of the two ends: f <= |g|^2 / (2 mu) and f >= |g|^2 / (2 L)
        assert np.all(found.lr[0] >= 0.5 / 100.0)
        assert np.all(found.lr[0] <= 0.5 / 1.0)

    @convex
    def test_the_gaps_are_summable_against_the_distance(self, objective: Any) -> None:
        """|x' - x*|^2 <= |x - x*|^2 - (f - f*)^2 / |g|^2 for convex f, summed over the steps; |g|^2 <= 2 L (f - f*)."""
        found = simulate(runs(objective, Polyak()), stride=1)
        gaps = found.loss - objective.minimum
        start = Session(runs(objective, Polyak())).x
        squares = ((start - np.array(objective.minimiser)) ** 2).sum(axis=1)
        spent = (gaps * found.lr).sum(axis=1)  # (f - f*)^2 / norm(g)^2 = (f - f*) lr
        left = ((found.x_end - np.array(objective.minimiser)) ** 2).sum(axis=1)
        assert np.all(squares - spent >= left - 1e-9 * squares)
        assert np.all(gaps.sum(axis=1) <= 2.0 * objective.smoothness * squares * (1.0 + 1e-9))

    def test_twice_the_step_solves_a_parabola_at_once(self) -> None:
        """f = h x^2 / 2: 2 f / g^2 = 1 / h, to the bit for a power of two; the rate is then left alone, as g = 0."""
        found = simulate(runs(CONVEX["parabola"], Polyak(factor=2.0), steps=5), stride=1)
        assert np.all(found.x_end == 0.0)
        assert np.all(found.lr == 0.25)

    def test_a_loss_below_the_minimum_gives_no_step_and_a_cap_is_kept(self) -> None:
        found = simulate(runs(CONVEX["quadratic"], Polyak(minimum=1e6), steps=5), stride=1)
        assert np.all(found.lr == 0.0)
        assert np.all(found.loss == found.loss[:, :1])
        found = simulate(runs(CONVEX["quadratic"], Polyak(minimum=-1e6, max_lr=0.001), steps=5), stride=1)
        assert np.all(found.lr == 0.001)
        noisy = runs(CONVEX["quadratic"], Polyak(), perturbation=LossNoise(scale=30.0))
        found = simulate(noisy, stride=1)
        assert np.all((found.lr == 0.0) == (found.observed <= 0.0))

    def test_the_minimum_comes_from_the_objective(self) -> None:
        line: Any = {"features": ((1.0, 1.0), (1.0, 2.0), (1.0, 3.0)), "targets": (1.0, 2.0, 2.0)}
        for objective in (LeastSquares(**line), LeastSquares(**line, batch=2), CONVEX["logistic"]):
            bound = Polyak(factor=0.5).bound(objective)
            assert (bound.minimum, bound.factor) == (objective.minimum, 0.5)
            given = [run.replaced("scheduler", bound) for run in runs(objective, Polyak(factor=0.5))]
            assert_same_trajectory(simulated(runs(objective, Polyak(factor=0.5))), simulated(given))
        with pytest.raises(
            ValueError, match=r"^Polyak\.minimum \(f\^\*\) must be given, since Objective declares none$"
        ):
            Polyak().bound(Objective())
        overflowing = LeastSquares(features=((0.0,),), targets=(1e155,))
        with pytest.raises(
            ValueError, match=r"^Polyak\.minimum .* since the minimum of this LeastSquares is inf in float64$"
        ):
            Polyak().bound(overflowing)


class TestBarzilaiBorwein:
    """Both quotients."""

    @pytest.mark.parametrize("variant", [1, 2])
    def test_on_a_quadratic_it_is_the_exact_line_search_of_the_step_before(self, variant: int) -> None:
        """s = -lr g, y = -lr A g: <g, g> / <g, A g> minimises f along g, <g, A g> / <A g, A g> the gradient's norm."""
        start = tuple(np.linspace(1.0, 2.0, 12))
        run = Run(CONVEX["quadratic"], scheduler=BarzilaiBorwein(variant), start=start, lr0=0.001, steps=25)
        x, _, _, found = path(run)
        g = SPECTRUM * x[:-2]
        power = variant - 1
        exact = (g * SPECTRUM**power * g).sum(axis=1) / (g * SPECTRUM ** (power + 1) * g).sum(axis=1)
        assert found.lr[0, 0] == 0.001
        # x_t - x_{t-1} loses digits to cancellation where x has moved little
        np.testing.assert_allclose(found.lr[0, 1:], exact, rtol=1e-9)

    def test_rates_are_inverse_rayleigh_quotients_and_the_second_is_the_shorter(self) -> None:
        found = [simulate(runs(CONVEX["quadratic"], BarzilaiBorwein(variant), steps=2), stride=1) for variant in (1, 2)]
        for one in found:
            assert np.all(one.lr[:, 1:] >= 1.0 / 100.0)
            assert np.all(one.lr[:, 1:] <= 1.0)
        assert np.all(found[1].lr[:, 1] < found[0].lr[:, 1])  # Cauchy and Schwarz, after the same first step

    @pytest.mark.parametrize("variant", [1, 2])
    def test_two_steps_solve_a_parabola(self, variant: int) -> None:
        found = simulate(runs(CONVEX["parabola"], BarzilaiBorwein(variant), lr0=0.125, steps=2), stride=1)
        np.testing.assert_array_equal(found.lr, np.tile([0.125, 0.25], (8, 1)))
        assert np.all(found.x_end == 0.0)

    def test_the_loss_rises_now_and_then_and_falls_by_many_orders(self) -> None:
        found = simulate(runs(CONVEX["quadratic"], BarzilaiBorwein(), steps=120), stride=1)
        assert np.all((np.diff(found.loss, axis=1) > 0.0).any(axis=1))
        assert np.all(found.end_loss < 1e-12 * found.loss[:, 0])

    def test_where_the_curvature_is_not_positive_the_rate_stays(self) -> None:
        """On the lines of Huber's function y = 0; nothing moves on a flat one; Rosenbrock's is concave in places."""
        far = Run(Huber(radius=1.0), scheduler=BarzilaiBorwein(), start=(50.0,), lr0=0.5, steps=20)
        assert np.all(simulate([far], stride=1).lr == 0.5)
        flat = Run(Quadratic(eigenvalues=(0.0, 0.0)), scheduler=BarzilaiBorwein(2), lr0=0.5, steps=5)
        assert np.all(simulate([flat], stride=1).lr == 0.5)
        ridge = Run(Rosenbrock(), scheduler=BarzilaiBorwein(), lr0=1e-3, steps=40, replicate=10)
        x, g, _, found = path(ridge)
        s, y = np.diff(x[:-1], axis=0), np.diff(g, axis=0)
        stays = (s * y).sum(axis=1) <= 0.0
        assert 0 < stays.sum() < 20
        np.testing.assert_array_equal(np.diff(found.lr[0]) == 0.0, stays)

    def test_clips_hold_from_the_second_step_on(self) -> None:
        rule = BarzilaiBorwein(min_lr=0.012, max_lr=0.016)
        found = simulated(runs(CONVEX["quadratic"], rule, lr0=0.001))
        assert np.all(found.lr[:, 0] == 0.001)
        assert set(np.unique(found.lr[:, 1:])) >= {0.012, 0.016}
        assert np.all((found.lr[:, 1:] >= 0.012) & (found.lr[:, 1:] <= 0.016))
        assert rule.warnings((0.001,)) == [
            "BarzilaiBorwein: lr0 = 0.001 lies below min_lr = 0.012: the first step uses it all the same"
        ]


class TestAdGD:
    """arXiv 1910.09529."""

    @pytest.mark.parametrize("lr0", [1e-6, 0.004, 3.0])
    @pytest.mark.parametrize("name", ["quadratic", "flat quadratic", "Huber"])
    def test_it_keeps_to_both_inequalities_and_one_holds_with_equality(self, name: str, lr0: float) -> None:
        objective = CONVEX[name]
        start = tuple(np.linspace(0.1, 2.0, objective.dim))
        x, g, _, found = path(Run(objective, scheduler=AdGD(), start=start, lr0=lr0, steps=40))
        lr = found.lr[0]
        turned = norms(np.diff(g, axis=0))
        local = np.full(39, np.inf)
        np.divide(norms(np.diff(x[:-1], axis=0)), 2.0 * turned, out=local, where=turned > 0.0)
        ratio, rate = math.inf, lr0
        for t in range(1, 40):
            grown = math.sqrt(1.0 + ratio) * rate
            wanted = min(float(local[t - 1]), grown)
            if wanted < math.inf:
                assert lr[t] == pytest.approx(wanted, rel=1e-14)  # the sums of squares may run in another order
                ratio, rate = lr[t] / rate, lr[t]
            assert lr[t] == rate
        assert np.all(lr[1:] >= 0.5 / objective.smoothness * (1.0 - 1e-9))

    @pytest.mark.parametrize("name", ["quadratic", "Huber", "parabola"])
    def test_the_energy_of_the_paper_never_grows(self, name: str) -> None:
        """|x_{t+1} - x*|^2 + |x_{t+1} - x_t|^2 / 2 + 2 lr_t (1 + theta_t) (f(x_t) - f*), from t = 1 on."""
        objective = CONVEX[name]
        start = tuple(np.linspace(1.0, 2.0, objective.dim))
        x, _, loss, found = path(Run(objective, scheduler=AdGD(), start=start, lr0=1e-3, steps=60))
        lr = found.lr[0]
        theta = lr[1:] / lr[:-1]
        energy = (
            norms(x[2:]) ** 2 + 0.5 * norms(np.diff(x, axis=0)[1:]) ** 2 + 2.0 * lr[1:] * (1.0 + theta) * loss[1:-1]
        )
        assert np.all(np.diff(energy) <= 1e-12 * energy[0])
        assert energy[-1] < 0.9 * energy[0]

    def test_it_forgets_the_first_rate(self) -> None:
        """gamma_1 is the local term alone, whatever gamma_0: on a parabola 1 / (2 h)."""
        found = simulate(runs(CONVEX["parabola"], AdGD(), lr0=1e-7, steps=6), stride=1)
        np.testing.assert_allclose(found.lr[:, 1:], 0.125, rtol=1e-7)  # cancellation in the first difference

    def test_while_nothing_has_changed_the_rate_stays_and_then_grows_by_at_most_the_root(self) -> None:
        """On the line of Huber's function y = 0; inside the parabola the local term is 1 / (2 c)."""
        run = Run(Huber(radius=1.0), scheduler=AdGD(), start=(5.0,), lr0=0.75, steps=40)
        [lr] = simulate([run], stride=1).lr
        assert np.all(lr[:6] == 0.75)  # 5, 4.25, ..., 1.25, 0.5: the first gradient that differs is that of step 6
        assert lr[6] == 0.75 / (2.0 * 0.5)
        flat = Run(Quadratic(eigenvalues=(0.0,)), scheduler=AdGD(), lr0=0.5, steps=5)
        assert np.all(simulate([flat], stride=1).lr == 0.5)

    def test_a_sample_without_a_gradient_says_nothing_about_the_curvature(self) -> None:
        """x rests for a step while the next sample has another gradient: s = 0 must not make the rate zero."""
        objective = LeastSquares(((0.0, 0.0), (1.0, 2.0), (-1.0, 1.0)), (0.0, 3.0, 1.0), batch=1)
        found = simulate(runs(objective, AdGD(), lr0=0.1), stride=1)
        assert np.any(found.loss == 0.0)
        assert np.all(found.lr > 0.0)


def norms(rows: Any) -> Any:
    return np.sqrt((rows * rows).sum(axis=1))


class TestArmijo:
    """Sufficient decrease, checked on the trajectory."""

    @pytest.mark.parametrize("decrease", [1e-4, 0.3, 0.5])
    @pytest.mark.parametrize("start", ["last", "initial"])
    @pytest.mark.parametrize("name", ["quadratic", "flat quadratic", "Huber"])
    def test_every_accepted_step_decreases_enough_and_none_is_needlessly_short(
        self, name: str, start: str, decrease: float
    ) -> None:
        objective = CONVEX[name]
        scheduler = Armijo(decrease=decrease, shrink=0.6, growth=1.7, start=start)
        lr0 = 8.0 / objective.smoothness
        point = tuple(np.linspace(1.0, 2.0, objective.dim))
        x, g, loss, found = path(Run(objective, scheduler=scheduler, start=point, lr0=lr0, steps=8))
        lr = found.lr[0]
        assert np.all(lr > 0.0)
        allowed = loss[:-1] - decrease * lr * norms(g) ** 2
        assert np.all(loss[1:] <= allowed + 1e-13 * loss[:-1])
        first = np.full(8, lr0) if start == "initial" else np.append(lr0, 1.7 * lr[:-1])
        assert np.all(lr >= np.minimum(first, 0.6 * 2.0 * (1.0 - decrease) / objective.smoothness) * (1.0 - 1e-12))
        # a rate that was shortened had been refused: one step further back the decrease was not enough
        for t in np.flatnonzero(lr < 0.999 * first):
            back = x[t] - lr[t] / 0.6 * g[t]
            there = simulate([Run(objective, scheduler=Constant(), start=tuple(back), lr0=1.0, steps=1)]).final_loss[0]
            assert there > loss[t] - decrease * lr[t] / 0.6 * norms(g[t : t + 1])[0] ** 2 - 1e-12 * loss[t]

    def test_rates_are_the_initial_one_times_powers_of_the_factor(self) -> None:
        found = simulate(runs(CONVEX["quadratic"], Armijo(start="initial"), lr0=1.0), stride=1)
        halvings = -np.log2(found.lr)
        assert np.all(halvings == np.rint(halvings))
        assert halvings.max() > halvings.min() >= 0.0

    def test_a_decrease_that_is_just_enough_is_accepted(self) -> None:
        """x^2 / 2 from 1: all rates up to 2 (1 - c_1) pass, that one included."""
        run = Run(Quadratic(eigenvalues=(1.0,)), scheduler=Armijo(decrease=0.5), start=(1.0,), lr0=1.0, steps=1)
        assert simulate([run], stride=1).lr[0, 0] == 1.0
        assert simulate([run.replaced("scheduler.decrease", 0.5 + 2.0**-40)], stride=1).lr[0, 0] == 0.5

    def test_when_all_trials_fail_the_step_is_not_made(self) -> None:
        """1, 1/2, 1/4 are refused on h = 100; from the last place of the trials the third step is the first to fit."""
        objective = Quadratic(eigenvalues=(100.0,))
        run = Run(objective, scheduler=Armijo(shrink=0.5, trials=3), start=(1.0,), lr0=1.0, steps=4)
        [lr] = simulate([run], stride=1).lr
        assert_same_bits(lr[:3], np.array([0.0, 0.0, 2.0**-6]))
        # each run has its own number of trials, whatever its neighbours have
        batch = simulate(Batch(run, {"scheduler.trials": [3, 60, 1]}), stride=1).lr[:, 0]
        assert_same_bits(batch, np.array([0.0, 2.0**-6, 0.0]))
        stuck = run.replaced("scheduler.start", "initial")
        assert np.all(simulate([stuck], stride=1).lr == 0.0)
        assert simulate([stuck]).x_end[0, 0] == 1.0

    def test_the_trials_see_the_sample_of_their_step_and_no_noise_on_the_loss(self) -> None:
        data: Any = {"features": ((1.0, 0.5), (0.0, 2.0), (1.5, -1.0), (-0.5, 1.0)), "targets": (1.0, -2.0, 0.5, 3.0)}
        sampled = [
            Run(LeastSquares(**data, batch=2), scheduler=Armijo(), lr0=1.0, steps=30, replicate=r, **fields)
            for r in range(4)
            for fields in ({}, {"optimizer": Adam()}, {"perturbation": GradientNoise(scale=0.1)})
        ]
        for run in sampled:
            assert_equals_twin([run])
        quiet, loud = (
            simulated(runs(CONVEX["quadratic"], Armijo(), perturbation=LossNoise(scale=scale))) for scale in (0.0, 50.0)
        )
        assert_same_bits(quiet.lr, loud.lr)
