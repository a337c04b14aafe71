"""What is known about the update rules in closed form, and their numbers on schedules."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, simulate
from greedylr_theory.contracts import Optimizer
from greedylr_theory.objectives import Huber, Quadratic
from greedylr_theory.optimizers import Adam, AdamS, AdamW, AdaptiveHeavyBall, Momentum
from greedylr_theory.perturbations import GradientNoise
from greedylr_theory.schedulers import Constant, Cosine, GreedyPrevious, Linear, OneCycle, OneCycleMomentum
from greedylr_theory.simulation.session import Session
from tests.contract._examples import assert_same_bits, assert_same_trajectory, several, simulated, working_run
from tests.contract.test_twins import assert_equals_twin


def iterates(optimizer: Optimizer, start: Any, gradients: Any, rates: Any) -> Any:
    """(T, d): the kernel fed given gradients (T, d) and rates (T,)."""
    x = np.array(start, dtype=np.float64)[:, None]
    state, params = np.zeros((optimizer.state_rows(x.size), 1)), np.ascontiguousarray(optimizer.pack()[:, None])
    found = []
    for t, (gradient, lr) in enumerate(zip(gradients, rates, strict=True)):
        optimizer.kernel(t, np.array([float(lr)]), np.array(gradient, dtype=float)[:, None].copy(), params, state, x)
        found.append(x[:, 0].copy())
    return np.array(found)


def descent(optimizer: Optimizer, eigenvalues: Any, lr: float, steps: int, **fields: Any) -> Session:
    """A session on a quadratic, from ones."""
    start = (1.0,) * len(eigenvalues)
    objective = Quadratic(eigenvalues=tuple(eigenvalues))
    return Session(
        [Run(objective, optimizer=optimizer, scheduler=Constant(), start=start, lr0=lr, steps=steps, **fields)]
    )


NOISE = np.random.default_rng(3).normal(size=(60, 3))
RATES = 0.1 * 0.97 ** np.arange(60)


class TestMomentum:
    """Heavy ball and Nesterov's method in their textbook forms."""

    def test_it_is_the_heavy_ball_recursion(self) -> None:
        """x_{t+1} = x_t - lr g_t + m (x_t - x_{t-1}); the two forms round differently, once per operation."""
        found = iterates(Momentum(0.8), np.ones(3), NOISE, np.full(60, 0.1))
        x, before = np.ones(3), np.ones(3)
        for t in range(60):
            x, before = x - 0.1 * NOISE[t] + 0.8 * (x - before), x
            np.testing.assert_allclose(found[t], x, rtol=0, atol=1e-13)

    def test_nesterov_is_the_sequence_of_extrapolated_points(self) -> None:
        """u_{t+1} = y_t - lr g(y_t), y_{t+1} = u_{t+1} + m (u_{t+1} - u_t): the iterate is y_t, not u_t."""
        h, m, lr = np.array([1.0, 10.0, 100.0]), 0.7, 0.008
        session = descent(Momentum(m, nesterov=True), h, lr, 50)
        y, u = np.ones(3), np.ones(3)
        for _ in range(50):
            session.advance(1)
            ahead = y - lr * h * y
            y, u = ahead + m * (ahead - u), ahead
            np.testing.assert_allclose(session.x[0], y, rtol=0, atol=1e-13)

    def test_the_optimal_heavy_ball_contracts_by_the_root_of_its_momentum(self) -> None:
        """With lr = 4 / (sqrt L + sqrt mu)^2 and m = ((sqrt kappa - 1) / (sqrt kappa + 1))^2 every mode oscillates with
        modulus sqrt m (Polyak 1964); at the two ends the root is double, so that x_T = (1 +- c T) sqrt(m)^T there."""
        mu, top = 1.0, 100.0
        root = (np.sqrt(top / mu) - 1.0) / (np.sqrt(top / mu) + 1.0)
        lr = 4.0 / (np.sqrt(top) + np.sqrt(mu)) ** 2
        session = descent(Momentum(root * root), np.geomspace(mu, top, 20), lr, 300)
        session.advance(150)
        early = np.abs(session.x[0]).max()
        session.advance()
        late = np.abs(session.x[0]).max()
        # the first step of the method is plain gradient descent, which only changes c
        assert late / early == pytest.approx(2.0 * root**150, rel=0.02)

    def test_without_momentum_or_decay_it_is_gradient_descent(self) -> None:
        run = working_run(perturbation=GradientNoise(scale=0.3))
        assert_same_trajectory(simulated([run.replaced("optimizer", Momentum(0.0))]), simulated([run]))

    def test_nesterov_takes_no_dampening(self) -> None:
        with pytest.raises(ValueError, match=r"^Momentum\.dampening \(\\tau\) must be 0 with nesterov, got 0\.1$"):
            Momentum(nesterov=True, dampening=0.1)


class TestDecay:
    """AdamW and AdamS beside Adam."""

    def test_without_decay_both_are_adam(self) -> None:
        expected = iterates(Adam(), np.ones(3), NOISE, RATES)
        for optimizer in (AdamW(weight_decay=0.0), AdamS(weight_decay=0.0)):
            # the order of the same operations may differ: a rounding per step
            np.testing.assert_allclose(iterates(optimizer, np.ones(3), NOISE, RATES), expected, rtol=0, atol=1e-14)

    def test_decay_alone_is_a_product(self) -> None:
        """Zero gradients: x_T = x_0 prod(1 - lr_t lambda), to the bit."""
        found = iterates(AdamW(weight_decay=0.5), [1.0, -2.0], np.zeros((60, 2)), RATES)
        kept = np.multiply.accumulate(1.0 - RATES * 0.5)
        assert_same_bits(found[:, 0], kept)
        assert_same_bits(found[:, 1], -2.0 * kept)

    def test_adam_s_divides_by_the_root_of_the_mean_over_coordinates(self) -> None:
        """By hand, without memory: g = (1, 7), vbar = 25, x = (1 - lr lambda / 5) x - lr sign(g)."""
        optimizer = AdamS(beta1=0.0, beta2=0.0, eps=0.0, weight_decay=2.0)
        [found] = iterates(optimizer, [10.0, -20.0], [[1.0, 7.0]], [0.5])
        assert_same_bits(found, np.array([10.0 * 0.8 - 0.5, -20.0 * 0.8 - 0.5]))

    def test_the_bias_of_the_second_moment_is_corrected_before_it_divides(self) -> None:
        """A constant gradient has vbar = g^2 at every step, however long the memory."""
        optimizer = AdamS(eps=0.0, weight_decay=2.0)
        found = iterates(optimizer, [10.0], np.full((9, 1), 4.0), np.full(9, 0.5))
        x = 10.0
        for t in range(9):
            x = x * (1.0 - 0.5 * 2.0 / 4.0) - 0.5
            assert found[t, 0] == pytest.approx(x, rel=1e-13)  # the corrections round once or twice per step

    @pytest.mark.parametrize("c", [2.0**-20, 0.5, 4.0, 2.0**30])
    def test_scaling_the_gradients_divides_the_decay_of_adam_s_and_nothing_else(self, c: float) -> None:
        """To the bit for powers of two: c g with lambda is g with lambda / c."""
        optimizer = AdamS(eps=0.0, weight_decay=0.75)
        scaled = iterates(optimizer, np.ones(3), c * NOISE, RATES)
        other = iterates(dataclasses.replace(optimizer, weight_decay=0.75 / c), np.ones(3), NOISE, RATES)
        assert_same_bits(scaled, other)
        unscaled = iterates(optimizer, np.ones(3), NOISE, RATES)
        assert not np.array_equal(scaled, unscaled)
        decayed = iterates(AdamW(eps=0.0, weight_decay=0.75), np.ones(3), NOISE, RATES)
        assert_same_bits(iterates(AdamW(eps=0.0, weight_decay=0.75), np.ones(3), c * NOISE, RATES), decayed)

    def test_gradients_that_were_all_zero_have_no_size_to_divide_by(self) -> None:
        found = iterates(AdamS(weight_decay=0.5), [1.0, -2.0], np.zeros((5, 2)), RATES[:5])
        assert_same_bits(found, np.tile([1.0, -2.0], (5, 1)))


class TestAdaptiveHeavyBall:
    """Where beta goes on a quadratic."""

    @staticmethod
    def betas(eigenvalues: Any, lr: float, steps: int, delta: float = 1e-3) -> Any:
        session = descent(AdaptiveHeavyBall(delta), eigenvalues, lr, steps)
        found = []
        for _ in range(steps):
            session.advance(1)
            found.append(float(session.checkpoint()["state2"][0, -1, 0]))
        return np.array(found)

    @pytest.mark.parametrize("u", [0.01, 0.25, 0.9, 1.5])
    def test_in_one_dimension_it_is_the_critical_momentum_from_the_second_step_on(self, u: float) -> None:
        found = self.betas([4.0], u / 4.0, 12)
        assert found[0] == 0.0
        # the difference quotient of a linear gradient is its slope, up to cancellation in the differences
        np.testing.assert_allclose(found[1:], (1.0 - np.sqrt(u)) ** 2, rtol=1e-7)

    def test_it_lies_between_the_critical_momenta_of_the_extreme_modes_and_tends_to_that_of_the_smallest(self) -> None:
        eigenvalues = np.geomspace(1.0, 100.0, 10)
        lr = 1.0 / 100.0
        found = self.betas(eigenvalues, lr, 400)[1:]
        low, high = (1.0 - np.sqrt(lr * 100.0)) ** 2, (1.0 - np.sqrt(lr * 1.0)) ** 2
        assert np.all(found >= low - 1e-12)
        assert np.all(found <= high + 1e-9)
        # modes die out in the order of their curvature; after 400 steps the next one is down to 1e-3 of the last
        assert found[-1] == pytest.approx(high, abs=1e-3)

    def test_it_stops_at_one_minus_delta(self) -> None:
        assert_same_bits(self.betas([1.0], 1e-8, 5, delta=0.25)[1:], np.full(4, 0.75))
        # the parabola climbs again beyond lr l = 1 and would exceed 1 beyond 4
        assert_same_bits(self.betas([1.0], 4.5, 5, delta=0.25)[1:], np.full(4, 0.75))

    def test_a_point_that_does_not_move_has_no_momentum(self) -> None:
        session = descent(AdaptiveHeavyBall(), [0.0, 0.0], 0.1, 5)
        session.advance()
        assert_same_bits(session.x[0], np.ones(2))
        assert session.checkpoint()["state2"][0, -1, 0] == 0.0

    def test_units(self) -> None:
        """c f with lr / c moves the same, and so does a change of the unit of length: to the bit for powers of two."""
        run = Run(
            Quadratic(eigenvalues=(1.0, 3.0, 10.0)), optimizer=AdaptiveHeavyBall(), scheduler=Constant(),
            start=(1.0, -2.0, 0.5), lr0=0.11, steps=40,
        )  # fmt: skip
        other = run.replaced("objective.eigenvalues", (8.0, 24.0, 80.0)).replaced("lr0", 0.11 / 8.0)
        longer = run.replaced("start", (4.0, -8.0, 2.0))
        expected = simulate([run]).x_end
        assert_same_bits(simulate([other]).x_end, expected)
        assert_same_bits(simulate([longer]).x_end, 4.0 * expected)


SCHEDULED: dict[str, Run] = {
    "one cycle of the momentum": working_run(
        optimizer=Momentum(), scheduler=OneCycle(), controls={"optimizer.momentum": OneCycleMomentum()}
    ),
    "Nesterov, momentum and decay": working_run(
        optimizer=Momentum(0.9, nesterov=True, weight_decay=0.2),
        controls={"optimizer.momentum": Linear(start_factor=0.0, end_factor=1.0), "optimizer.weight_decay": Cosine()},
    ),
    "decay of AdamW": working_run(
        optimizer=AdamW(weight_decay=0.5), controls={"optimizer.weight_decay": Cosine(eta_min=0.1)}
    ),
    "decay of AdamS by a rule": working_run(
        optimizer=AdamS(weight_decay=0.5),
        controls={"optimizer.weight_decay": GreedyPrevious(factor=0.7, min_lr=0.1, max_lr=2.0)},
    ),
    "distance from one": working_run(
        objective=Huber(dimension=2),
        optimizer=AdaptiveHeavyBall(0.5),
        controls={"optimizer.delta": Cosine(eta_min=0.1)},
    ),
}


@pytest.mark.parametrize("ordering", ["before_update", "after_update"])
@pytest.mark.parametrize("name", SCHEDULED)
def test_numbers_on_a_schedule_equal_their_twins(name: str, ordering: str) -> None:
    run = SCHEDULED[name].replaced("ordering", ordering)
    assert_equals_twin(several(run, 4))
    bare = simulated([dataclasses.replace(run, controls=())])
    assert not np.array_equal(simulated([run]).x_end, bare.x_end), "the control changes nothing"


def test_a_scheduled_decay_is_the_product_of_its_table() -> None:
    """On a flat function x_T = x_0 prod(1 - lr lambda_t), to the bit."""
    run = Run(
        Quadratic(eigenvalues=(0.0,)), optimizer=AdamW(weight_decay=0.5), scheduler=Constant(), start=(1.0,), lr0=0.25,
        steps=30, controls={"optimizer.weight_decay": Cosine()},
    )  # fmt: skip
    table = Cosine().rates(0.5, 30)[:30]
    assert simulate([run]).x_end[0, 0] == np.multiply.accumulate(1.0 - 0.25 * table)[-1]
