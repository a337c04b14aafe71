"""Minibatches whose size moves: the same bits as without a capacity, and the variance that theory gives."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.objectives import LeastSquares, Logistic, Perceptron
from greedylr_theory.perturbations import LabelNoise
from greedylr_theory.schedulers import (
    Constant,
    Exponential,
    GreedyBest,
    GreedyPrevious,
    MultiStep,
    Piecewise,
    Sequential,
    Step,
    Table,
)
from greedylr_theory.simulation.session import Session
from tests.contract._examples import (
    _POINTS,
    THREE_CLASSES,
    TWO_CLASSES,
    assert_same_bits,
    assert_same_trajectory,
    several,
    simulated,
    working_run,
)
from tests.contract.test_twins import assert_equals_twin
from tests.naive import objectives

SUMS: dict[str, Any] = {
    "least squares": LeastSquares(**_POINTS),
    "two classes": Logistic(TWO_CLASSES, l2=0.1),
    "three classes": Logistic(THREE_CLASSES, l2=0.1),
    "perceptron": Perceptron(inputs=3, samples=20, hidden=(3.0, 2.0)),
    "tanh and logistic loss": Perceptron(TWO_CLASSES, hidden=(2.0,), activation="tanh", loss="logistic"),
}
each = pytest.mark.parametrize("name", SUMS)


def sampling(name: str, batch: int | None, largest: int | None = None) -> Any:
    return dataclasses.replace(SUMS[name], batch=batch, largest_batch=largest)


@each
def test_a_capacity_changes_no_bit(name: str) -> None:
    n = len(SUMS[name].data)
    for batch in (1, 2, n):
        runs = several(working_run(sampling(name, batch)), 4)
        expected = simulated(runs)
        for largest in {batch, min(batch + 1, n), n}:
            changed = [run.replaced("objective", sampling(name, batch, largest)) for run in runs]
            assert_same_trajectory(simulated(changed), expected)


@each
def test_lanes_of_different_size_do_not_meet(name: str) -> None:
    n = len(SUMS[name].data)
    batch = Batch(
        working_run(sampling(name, 2, n)), {"objective.batch": np.arange(1, n + 1), "replicate": np.arange(n) % 3}
    )
    together = simulated(batch)
    for r in (0, 1, n // 2, n - 1):
        alone = dataclasses.replace(batch[r], objective=sampling(name, r + 1))
        assert_same_trajectory(simulated([alone]), together, slice(r, r + 1))


@each
def test_slots_that_a_lane_leaves_out_do_not_matter_to_it(name: str) -> None:
    """Whatever its weights, infinite and NaN ones included, a lane beside one with more samples has its own bits."""
    plain, wide = sampling(name, 2), sampling(name, 2, 5)
    points = np.random.default_rng(0).normal(size=(plain.dim, 11))
    points[0, :5] = [-0.0, 1e200, math.inf, -math.inf, math.nan]
    points[:, 5], points[-1, 6] = 1e300, math.inf
    points[-2, 7:9] = math.inf, -math.inf  # of a network: a weight that its slopes are multiplied with
    draws = np.repeat(np.random.default_rng(1).random((6, 1)), 11, axis=1)
    params = np.repeat(wide.pack()[:, None], 11, axis=1)
    params[list(wide.slots()).index("batch"), 10] = 5.0
    loss, gradient = np.empty(11), np.empty(points.shape)
    workspace = np.zeros((wide.workspace_rows, 11))
    wide.kernel(points, params, wide.data, draws, workspace, gradient, loss)
    assert not workspace.any(), "a kernel must leave its workspace at zero"
    for lane in range(10):
        wanted = objectives.value_and_gradient(plain, points[:, lane].tolist(), draws[:2, lane].tolist())
        assert_same_bits(loss[lane], np.float64(wanted[0]), f"loss of lane {lane}")
        assert_same_bits(gradient[:, lane], wanted[1], f"gradient of lane {lane}")


#: each goes from 2 upwards, to 4 at most
GROWING: dict[str, Any] = {
    "step": Step(period=17, factor=math.sqrt(2.0)),
    "multi-step": MultiStep(milestones=(5.0,), factor=2.0),
    "exponential": Exponential(1.017),
    "piecewise": Piecewise(milestones=(4.0, 9.0), factors=(1.0, 0.5, 2.0)),
    "table": Table((1.0, 1.5, 2.0, 0.5)),
    "a rule": GreedyPrevious(factor=0.8, min_lr=1.0, max_lr=4.0),
    "another rule": GreedyBest(patience=1, factor=0.5, min_lr=1.0, max_lr=4.0),
}


@pytest.mark.parametrize("rule", GROWING)
@each
def test_a_schedule_of_the_batch_size_equals_its_twin(name: str, rule: str) -> None:
    run = working_run(sampling(name, 2, 4), controls={"objective.batch": GROWING[rule]}, steps=25)
    runs = several(run, 3)
    assert_equals_twin(runs)
    assert not np.array_equal(
        simulated(runs).x_end, simulated([dataclasses.replace(r, controls=()) for r in runs]).x_end
    )


@each
def test_batch_size_moves_beside_other_schedules_and_disturbances(name: str) -> None:
    run = working_run(
        sampling(name, 2, 5), controls={"objective.batch": Step(period=12, factor=1.3)}, perturbation=LabelNoise(0.3),
        scheduler=Sequential((Exponential(0.9), GreedyBest(patience=0, factor=0.7)), (5.0,)),
    )  # fmt: skip
    runs = several(run, 3)
    assert_equals_twin(runs)
    expected = simulated(several(run))
    for options in ({"lanes": 1}, {"lanes": 8, "chunk": 7}, {"lanes": 3, "threads": 2, "chunk": 1}):
        assert_same_trajectory(simulated(several(run), **options), expected)
    session, other = Session(several(run), stride=1), Session(several(run), stride=1)
    session.advance(13)
    other.restore(session.checkpoint())
    other.advance()
    assert_same_trajectory(other.trajectory(), expected)


# stationary variance

CURVATURE, RATE, POPULATION, COUNT = 4.0, 0.1, 7, 40_000
CENTRES = (0.0, 1.0, -2.0, 0.5, 3.0, -1.0, 0.25)
#: a right variance is rejected with this probability
LEVEL = 1e-4


def parabolas(batch: int, largest: int | None = None) -> LeastSquares:
    """f_i(x) = a (x - c_i)^2 / 2."""
    root = math.sqrt(CURVATURE)
    return LeastSquares(((root,),) * POPULATION, tuple(root * c for c in CENTRES), batch, largest)


def noise(batch: int) -> float:
    """V = a^2 (s^2 / B) (N - B) / (N - 1): variance of the mean of B of the N slopes, drawn without repetition."""
    return CURVATURE**2 * float(np.var(CENTRES)) / batch * (POPULATION - batch) / (POPULATION - 1)


def stationary(batch: int) -> float:
    """eps V / (a (2 - eps a)), the fixed point of Var <- (1 - eps a)^2 Var + eps^2 V."""
    return RATE * noise(batch) / (CURVATURE * (2.0 - RATE * CURVATURE))


def ends(objective: LeastSquares, steps: int, **fields: Any) -> Any:
    run = Run(objective, scheduler=Constant(), lr0=RATE, steps=steps, start=(0.0,), **fields)
    return simulate(Batch(run, {"replicate": np.arange(COUNT)})).x_end[:, 0]


def has_variance(x: Any, variance: float) -> bool:
    """Whether a sample passes, by its own fourth moment: the squares average to the variance within a normal bound."""
    squares = (x - np.mean(CENTRES)) ** 2
    deviate = math.sqrt(x.size) * (np.mean(squares) - variance) / np.std(squares)
    return bool(abs(deviate) < stats.norm.isf(LEVEL / 2))


@pytest.mark.parametrize("batch", [1, 3, 6])
def test_stationary_variance_is_the_one_of_theory(batch: int) -> None:
    x = ends(parabolas(batch), 40)  # what is left of the start: (1 - 0.4)^80, 2e-18
    assert abs(np.mean(x) - np.mean(CENTRES)) < stats.norm.isf(LEVEL / 2) * math.sqrt(stationary(batch) / COUNT)
    assert has_variance(x, stationary(batch))
    for wrong in (batch - 1, batch + 1):
        assert wrong == 0 or not has_variance(x, stationary(wrong)), "a batch that is off by one"
    # drawn with repetition there would be no (N - B) / (N - 1); for B = 1 that is 1
    with_repetition = stationary(batch) * (POPULATION - 1) / (POPULATION - batch)
    assert batch == 1 or not has_variance(x, with_repetition)


def test_all_samples_make_no_noise() -> None:
    assert np.ptp(ends(parabolas(POPULATION), 40)) < 1e-15  # the mean in another order each time


@pytest.mark.parametrize(("steps", "late"), [(30, 0), (31, 1), (33, 3), (70, 40)])
def test_a_batch_that_grows_quiets_the_noise_at_its_step(steps: int, late: int) -> None:
    """B = 2 for the updates 0 .. 29 and 4 from then on: the exact variance right after the change and long after."""
    x = ends(parabolas(2, 4), steps, controls={"objective.batch": MultiStep(milestones=(30.0,), factor=2.0)})
    decay = (1.0 - RATE * CURVATURE) ** 2
    assert has_variance(x, stationary(4) + decay**late * (stationary(2) - stationary(4)))
    for off in (late - 1, late + 1):
        assert late in (0, 40) or not has_variance(x, stationary(4) + decay**off * (stationary(2) - stationary(4)))


def test_a_step_size_halved_and_a_batch_doubled_quiet_alike_when_both_are_small() -> None:
    """arXiv 1711.00489: the noise scale is eps (N/B - 1); the exact variance adds the corrections of both."""
    one, other = RATE / 2 * noise(2) / (2.0 - RATE / 2 * CURVATURE), RATE * noise(4) / (2.0 - RATE * CURVATURE)
    exact = (2.0 - RATE * CURVATURE) / (2.0 - RATE / 2 * CURVATURE) * (POPULATION - 2) / (POPULATION - 4)
    assert one / other == pytest.approx(exact, rel=1e-14)
    run = Run(parabolas(2), scheduler=Constant(), lr0=RATE / 2, steps=90, start=(0.0,))
    x = simulate(Batch(run, {"replicate": np.arange(COUNT)})).x_end[:, 0]
    assert has_variance(x, one / CURVATURE)
    assert not has_variance(x, other / CURVATURE), "equal only for eps a << 2 and B << N"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"largest_batch": 3},
            r"^LeastSquares\.largest_batch \(b_\{max\}\) must be at least batch, which must be given",
        ),
        ({"batch": 3, "largest_batch": 2}, r"must be at least batch, .* got 2 with batch 3$"),
        ({"batch": 3, "largest_batch": 6}, r"at most the number of samples, 5, got 6 with batch 3$"),
        (
            {"batch": 3, "largest_batch": 0},
            r"^LeastSquares\.largest_batch \(b_\{max\}\) must be an integer in \[1, inf\)",
        ),
    ],
)
def test_a_capacity_that_cannot_be_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        LeastSquares(**_POINTS, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "reached"), [(Step(period=5, factor=2.0), "8.0"), (Exponential(0.8), "0.0"), (Table((1.0, 2.4)), "5.0")]
)
def test_a_schedule_that_leaves_the_capacity_is_refused(rule: Any, reached: str) -> None:
    run = working_run(sampling("least squares", 2, 4), controls={"objective.batch": rule}, steps=12)
    with pytest.raises(
        ValueError,
        match=rf"^Run\.controls\['objective\.batch'\] must keep within \[1, 4\], but the schedule reaches {reached}$",
    ):
        simulated([run])


def test_a_rule_must_keep_within_the_capacity_by_its_bounds() -> None:
    for bounds in ({"min_lr": 1.0, "max_lr": 5.0}, {"min_lr": 0.5, "max_lr": 4.0}):
        with pytest.raises(ValueError, match=r"must keep within \[1, 4\] by its min_lr and max_lr, got GreedyBest"):
            working_run(sampling("least squares", 2, 4), controls={"objective.batch": GreedyBest(**bounds)})


def test_a_run_without_a_capacity_has_the_key_it_had_before_there_was_one() -> None:
    run = Run(LeastSquares(**_POINTS, batch=2), scheduler=Constant(), lr0=0.1, steps=3)
    assert "largest_batch" not in run.specification()["objective"]
    keys = {run.key, run.replaced("objective.largest_batch", 2).key, run.replaced("objective.largest_batch", 3).key}
    assert len(keys) == 3
