"""The perceptron: its data, its start, what it declares, and what it refuses."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numba
import numpy as np
import pytest
from click.testing import CliRunner

from greedylr_theory import Batch, Run, ScaledUniform, StandardNormal, simulate
from greedylr_theory.cli import main
from greedylr_theory.objectives import Logistic, Perceptron, Quadratic
from greedylr_theory.objectives._layers import tanh
from greedylr_theory.schedulers import Constant, GreedyBest
from greedylr_theory.simulation.session import Session
from tests.contract._examples import (
    THREE_CLASSES,
    TWO_CLASSES,
    assert_same_bits,
    assert_same_trajectory,
    evaluated,
    sample,
)
from tests.contract.test_twins import assert_equals_twin
from tests.naive import objectives
from tests.naive import perceptron as naive

SMALL: dict[str, Any] = {"inputs": 4, "samples": 9, "hidden": (3.0, 2.0)}


@numba.njit(error_model="numpy")
def tanhs(points: Any) -> Any:
    out = np.empty(points.size)
    for i in range(points.size):
        out[i] = tanh(points[i])
    return out


def test_tanh_is_accurate_and_equals_its_twin() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=800) * 10.0 ** rng.uniform(-12, 1.3, 800), np.linspace(-1, 1, 401)])
    values = tanhs(points)
    with mpmath.workdps(40):
        for point, value in zip(points.tolist(), values.tolist(), strict=True):
            exact = mpmath.tanh(mpmath.mpf(point))
            assert abs(mpmath.mpf(value) - exact) <= 2.5 * math.ulp(float(exact))
    assert_same_bits(values, [naive.tanh(point) for point in points.tolist()])
    special = np.array([0.0, -0.0, 5e-324, -5e-324, 30.0, -30.0, 1e308, math.inf, -math.inf, math.nan])
    assert_same_bits(tanhs(special), [0.0, -0.0, 5e-324, -5e-324, 1.0, -1.0, 1.0, 1.0, -1.0, math.nan])


@pytest.mark.parametrize(("seed", "samples", "inputs"), [(0, 500, 20), (2**53 - 1, 40, 7), (5, 1, 2)])
def test_the_data_of_the_study_are_normal_draws_and_a_rule(seed: int, samples: int, inputs: int) -> None:
    objective = Perceptron(seed=seed, samples=samples, inputs=inputs)
    assert_same_bits(objective.data, naive.study_rows(seed, samples, inputs))
    signs = Perceptron(seed=seed, samples=samples, inputs=inputs, loss="logistic").data
    assert_same_bits(signs[:, :-1], objective.data[:, :-1])
    assert_same_bits(signs[:, -1], 2.0 * objective.data[:, -1] - 1.0)


def test_the_data_share_nothing_with_starts_of_the_same_seed() -> None:
    points = StandardNormal(seed=0).points(np.arange(500, dtype=np.uint64), 20).T
    correlation = np.corrcoef(points.ravel(), Perceptron().data[:, :-1].ravel())[0, 1]
    assert abs(correlation) < 4.0 / math.sqrt(points.size)  # four standard deviations


def test_data_of_a_file_are_those_of_logistic_without_the_ones() -> None:
    table = Logistic(TWO_CLASSES).data
    objective = Perceptron(TWO_CLASSES, hidden=(2.0,), loss="logistic")
    assert_same_bits(objective.data, np.delete(table, -2, axis=1))
    assert set(Perceptron(TWO_CLASSES).data[:, -1]) == {0.0, 1.0}
    assert objective.specification()["dataset"] == "two_classes.csv"
    assert Logistic(TWO_CLASSES).data is table
    assert np.all(np.abs(table[:, -1]) == 1.0), "the shared table must be left as it is"


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("hidden", [(2.0,), (3.0, 2.0)])
def test_it_is_not_convex(hidden: tuple[float, ...], activation: str, loss: str) -> None:
    """The docstring's counterexample: w h with the best constant, at (1, 0), (0, 1) and between them."""
    objective = Perceptron(inputs=4, samples=9, hidden=hidden, activation=activation, loss=loss)
    assert objective.convex is False
    share = np.mean(objective.data[:, -1] > 0.5)
    assert 0.0 < share < 1.0
    best = share if loss == "squared" else math.log(share / (1.0 - share))
    ends = np.zeros((objective.dim, 3))
    output = objective.dim - int(hidden[-1]) - 1  # first weight of the output unit; its first input's bias before it
    ends[-1] = best
    ends[output] = 1.0, 0.5, 0.0
    ends[output - int(hidden[-1])] = 0.0, 0.5, 1.0
    loss_at, _ = evaluated(objective, ends, full=True)
    assert loss_at[0] == loss_at[2] < loss_at[1]
    assert np.all(loss_at >= 0.0)


def test_slopes_grow_without_bound() -> None:
    """No constant L: the gradient's change per distance grows with the weights."""
    objective = Perceptron(**SMALL)
    assert objective.smoothness is None
    assert objective.minimum is None
    x = ScaledUniform().points_for(objective, np.zeros(1, dtype=np.uint64))
    quotients: list[float] = []
    for scale in (1.0, 10.0, 100.0):
        _, gradient = evaluated(objective, np.concatenate([scale * x, scale * x * (1 + 1e-6)], axis=1), full=True)
        quotients.append(float(np.linalg.norm(gradient[:, 1] - gradient[:, 0]) / np.linalg.norm(scale * x * 1e-6)))
    assert quotients[2] > 100 * quotients[1] > 1000 * quotients[0]


@pytest.mark.parametrize("batch", [None, 13])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("widths", [(9, 7.0, 5.0, 6.0, 3.0), (8, 8.0, 4.0), (2, 1.0), (5, 2.0, 9.0)])
def test_networks_of_all_shapes_equal_their_twins(widths: Any, activation: str, batch: int | None) -> None:
    """Even and odd widths, above and below those of the blocks in which products are taken."""
    inputs, *hidden = widths
    objective = Perceptron(inputs=inputs, samples=21, hidden=tuple(hidden), activation=activation, batch=batch)
    x = ScaledUniform(scale=2.0).points_for(objective, np.arange(3, dtype=np.uint64))
    loss, gradient = evaluated(objective, x)
    draws = sample(objective).tolist()
    for lane in range(3):
        wanted = objectives.value_and_gradient(objective, x[:, lane].tolist(), draws)
        assert_same_bits(loss[lane], wanted[0])
        assert_same_bits(gradient[:, lane], wanted[1])


def test_runs_with_momentary_and_saved_state_are_the_same() -> None:
    run = Run(
        Perceptron(**SMALL, activation="tanh", batch=4), scheduler=GreedyBest(patience=0, max_lr=0.2),
        start=ScaledUniform(seed=7, scale=0.5), lr0=0.1, steps=24,
    )  # fmt: skip
    assert_equals_twin([run.replaced("replicate", r) for r in (0, 9)])
    batch = Batch(run, {"lr0": [0.1, 0.05, 0.2], "replicate": [0, 9, 2], "objective.batch": [4, 4, 4]})
    assert_same_trajectory(simulate(batch, stride=1), simulate(list(batch), stride=1, lanes=2, chunk=5))
    session, other = Session(batch, stride=1), Session(batch, stride=1)
    session.advance(10)
    other.restore(session.checkpoint())
    other.advance()
    assert_same_trajectory(other.trajectory(), simulate(batch, stride=1))


def test_networks_of_one_simulation_are_the_same() -> None:
    def run(**options: Any) -> Run:
        return Run(Perceptron(**SMALL | options), scheduler=Constant(), lr0=0.1, steps=3)

    # (h_1 + m - 2) (h_2 + m + 1) + constant coordinates for m = 4: 4 12 = 6 8
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"activation": "tanh"}),
        ({}, {"loss": "logistic"}),
        ({}, {"seed": 1}),
        ({"hidden": (2.0, 7.0)}, {"hidden": (4.0, 3.0)}),
    ]
    for first, second in pairs:
        with pytest.raises(ValueError, match=r"runs must share .* run 1 has another"):
            simulate([run(**first), run(**second)])
    assert run(hidden=(2.0, 7.0)).objective.dim == run(hidden=(4.0, 3.0)).objective.dim


class TestScaledUniform:
    """x_0 from the objective's own scales."""

    def test_scales_are_those_of_the_layers(self) -> None:
        scales = Perceptron(inputs=4, samples=3, hidden=(9.0, 16.0)).initial_scale
        assert_same_bits(scales, [0.5] * 45 + [1 / 3] * 160 + [0.25] * 17)
        assert_same_bits(Quadratic(eigenvalues=(1.0, 2.0)).initial_scale, [1.0, 1.0])

    def test_it_depends_on_seed_replicate_and_scale_alone(self) -> None:
        objective = Perceptron(**SMALL)
        replicates = np.arange(5, dtype=np.uint64)
        points = ScaledUniform(seed=3).points_for(objective, replicates)
        assert_same_bits(ScaledUniform(seed=3).points_for(objective, replicates[3:]), points[:, 3:])
        assert_same_bits(ScaledUniform(seed=3, scale=2.0).points_for(objective, replicates), 2.0 * points)
        assert not np.any(ScaledUniform(seed=4).points_for(objective, replicates) == points)
        assert np.all(np.abs(points) <= objective.initial_scale[:, None])

    def test_runs_know_it_from_other_starts(self) -> None:
        runs = [
            Run(Quadratic(eigenvalues=(1.0, 2.0)), scheduler=Constant(), lr0=0.1, steps=3, start=start)
            for start in (StandardNormal(), ScaledUniform(), ScaledUniform(seed=1), ScaledUniform(scale=2.0))
        ]
        assert len({run.key for run in runs}) == 4
        assert runs[1].replaced("start.scale", 2.0) == runs[3]
        for run in runs:
            assert_equals_twin([run])

    def test_the_command_line_takes_it(self) -> None:
        arguments = ["simulate", "--objective", "perceptron", "--scheduler", "constant", "--lr0", "0.1", "--steps", "2"]
        settings = ["--set", "objective.hidden=3,2", "--set", "objective.samples=5", "--start", "uniform"]
        result = CliRunner().invoke(main, [*arguments, *settings])
        assert result.exit_code == 0, result.output
        run = Run(
            Perceptron(hidden=(3.0, 2.0), samples=5), scheduler=Constant(), lr0=0.1, steps=2, start=ScaledUniform()
        )
        assert f"{simulate([run]).end_loss[0]:.6g}" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": (3.5,)}, r"^Perceptron\.hidden \(h\) must be whole numbers of units, got \(3\.5,\)$"),
        ({"dataset": THREE_CLASSES}, r"^Perceptron\.dataset \(data\) must have two classes, got 3 in "),
        ({"dataset": "no such file"}, r"^Perceptron\.dataset must be one of .* or the path of an existing CSV file"),
        ({"dataset": TWO_CLASSES, "seed": 3}, r"^Perceptron\.seed describes the data set 'study' and must be left out"),
        ({"target": "label"}, r"^Perceptron\.target must be None for the data set 'study', got 'label'$"),
        ({"batch": 501}, r"^Perceptron\.batch \(b\) must not exceed the number of samples, 500, got 501$"),
    ],
)
def test_what_cannot_be_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Perceptron(**options)
    assert "\n" not in str(caught.value)
