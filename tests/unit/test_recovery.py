"""Recovery measures against plain loops, by their invariances, and on runs whose recovery is known."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Logistic, Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import Burst, GradientNoise, PeriodicSpike, RandomSpike
from greedylr_theory.recovery import Episodes, amounts, published_episodes, recovery_episodes, steps_until
from greedylr_theory.schedulers import Constant, GreedyStudy
from greedylr_theory.simulation.batch import Batch
from tests.contract._examples import TWO_CLASSES
from tests.naive import draws, perturbations
from tests.naive import recovery as naive
from tests.naive.simulate import noise_key
from tests.unit.test_perturbation_channels import KINDS, LIVELY

#: few different values, so that ties, losses exactly at the limit and runs that end are common
LOSSES = st.sampled_from([0.0, 1.0, 1.1, 1.2, 2.0, 2.2, 3.0, -1.0, math.inf, math.nan])
TABLES = st.integers(1, 9).flatmap(
    lambda steps: st.lists(
        st.tuples(
            st.lists(LOSSES, min_size=steps, max_size=steps),
            st.lists(st.sampled_from([0.0, 0.0, 1.0, -1.0, math.nan]), min_size=steps, max_size=steps),
        ),
        min_size=1,
        max_size=4,
    )
)


def listed(episodes: Episodes) -> list[list[naive.Episode]]:
    rows: list[list[naive.Episode]] = [[] for _ in range(episodes.shape[0])]
    columns = (episodes.start, episodes.length, episodes.reference, episodes.excess)
    for run, *entries in zip(episodes.run, *columns, strict=True):
        rows[run].append(tuple(float(entry) for entry in entries))  # pyright: ignore[reportArgumentType]
    return rows


@given(TABLES)
def test_published_episodes_equal_plain_loops(rows: list[tuple[list[float], list[float]]]) -> None:
    loss, amount = (np.array(column) for column in zip(*rows, strict=True))
    expected = [naive.published_episodes(*row) for row in rows]
    assert listed(published_episodes(loss, amount)) == expected


@given(TABLES, st.sampled_from([0.0, -1.0, 1.0]))
def test_recovery_episodes_equal_plain_loops(rows: list[tuple[list[float], list[float]]], minimum: float) -> None:
    loss, amount = (np.array(column) for column in zip(*rows, strict=True))
    disturbed = amount > 0
    expected = [
        naive.recovery_episodes(losses, list(acts), minimum) for (losses, _), acts in zip(rows, disturbed, strict=True)
    ]
    assert listed(recovery_episodes(loss, disturbed, minimum)) == expected


@given(TABLES, st.sampled_from([0.25, 4.0]), st.sampled_from([0.0, 2.0]))
def test_units_do_not_matter(rows: list[tuple[list[float], list[float]]], scale: float, offset: float) -> None:
    """Scaled by a power of two, no length moves; nor when f and f* are shifted, where the sums are exact."""
    loss, amount = (np.array(column) for column in zip(*rows, strict=True))
    loss = np.where(np.isin(loss, [1.1, 1.2, 2.2]), 4.0, loss)
    one, other = published_episodes(loss, amount), published_episodes(scale * loss, amount)
    assert np.array_equal(one.length, other.length)
    assert np.array_equal(scale * one.excess, other.excess)
    one = recovery_episodes(loss, amount > 0, 0.0)
    other = recovery_episodes(scale * (loss + offset), amount > 0, scale * offset)
    assert np.array_equal(one.length, other.length)
    assert np.array_equal(one.start, other.start)


@given(TABLES)
def test_every_start_is_counted_once_whether_it_ended_or_not(rows: list[tuple[list[float], list[float]]]) -> None:
    loss, amount = (np.array(column) for column in zip(*rows, strict=True))
    for found in (published_episodes(loss, amount), recovery_episodes(loss, amount > 0)):
        counts = found.counts()
        assert counts.shape == (loss.shape[0], loss.shape[1] + 1)
        assert counts.sum() == found.run.size
        assert counts[:, 0].sum() == np.count_nonzero(np.isinf(found.length))
        length, reference, _ = found.first()
        assert np.all(np.isin(found.run, np.flatnonzero(~np.isnan(reference))))
        assert np.all(np.isinf(length[np.isnan(reference)]))


@given(TABLES, st.sampled_from([-1.0, 1.0, 2.2]), st.integers(0, 9))
def test_steps_until_a_limit_equal_plain_loops(rows: list[Any], limit: float, after: int) -> None:
    loss = np.array([losses for losses, _ in rows])
    assert steps_until(loss, limit, after).tolist() == [naive.steps_until(each, limit, after) for each in loss]


def test_published_rule_by_hand() -> None:
    """The limit is strict, a kick that does not raise the loss lasts one step, the last one does not end."""
    loss = [[10.0, 11.0, 10.9, 5.0, 5.0, 8.0, 8.0]]
    found = published_episodes(loss, [[1.0, 1.0, 1.0, 0.5, 0.0, -1.0, 1e-9]])
    assert found.start.tolist() == [0, 3, 6]
    assert found.length.tolist() == [2.0, 1.0, math.inf]  # 11 is not below 11
    assert found.excess.tolist() == [1.0, 0.0, 0.0]


def test_recovery_waits_for_the_end_of_the_disturbance_and_compares_what_is_above_the_minimum() -> None:
    loss = [[3.0, 2.9, 2.9, 9.0, 3.1, 3.05]]
    acts = [[True, True, True, False, False, False]]
    assert recovery_episodes(loss, acts).length.tolist() == [2.0]  # 3.1 is within 10 % of 3
    assert recovery_episodes(loss, acts, 2.5).length.tolist() == [3.0]  # 0.6 is not within 10 % of 0.5, 0.55 is
    assert recovery_episodes(loss, acts, 2.5).excess[0] == pytest.approx(6.0 + 0.1)
    assert recovery_episodes(loss, acts, 2.9).length.tolist() == [math.inf]


@pytest.mark.parametrize("channel", ["as_published", "observed_loss", "gradient", "iterate", "objective"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_amounts_are_those_of_the_run(kind: Any, channel: str) -> None:
    """Bit for bit those of the plain-Python twin; what the scheduler saw is the loss plus the amount."""
    run = Run(
        objective=Quadratic(eigenvalues=(1.0, 10.0)),
        scheduler=Constant(),
        perturbation=kind(strength=0.3, channel=channel, **LIVELY[kind]),
        lr0=0.02,
        steps=12,
    )
    runs = [dataclasses.replace(run, replicate=r) for r in range(3)]
    trajectory = simulate(runs, stride=1)
    found = amounts(runs, trajectory.loss)
    for r, each in enumerate(runs):
        twin = perturbations.twin(each.perturbation, 2)
        for t in range(run.steps):
            normals = draws.normals(noise_key(run.objective), r, draws.NORMAL, t, twin.counts()[0])
            uniforms = draws.uniforms(noise_key(run.objective), r, draws.UNIFORM, t, twin.counts()[1])
            assert twin.amount(t, normals, uniforms) == found[r, t]
            twin.losses.append(float(trajectory.loss[r, t]))
    if channel == "observed_loss":
        assert np.array_equal(trajectory.observed, trajectory.loss + found)


def test_amounts_of_a_batch_of_samples_and_of_runs_that_end() -> None:
    objective = Logistic(dataset=TWO_CLASSES, l2=0.1, batch=3)
    base = Run(objective=objective, scheduler=Constant(), perturbation=Burst(channel="gradient"), lr0=1e200, steps=9)
    batch = Batch(base, {"perturbation.strength": np.array([0.0, 1.0, 1.0]), "replicate": np.array([0, 0, 1])})
    trajectory = simulate(batch, stride=1)
    found = amounts(batch, trajectory.loss)
    assert trajectory.diverged.all()
    assert np.all(found[0] == 0.0)
    assert np.all(np.abs(found[1:]) > 0.0)
    assert not np.array_equal(found[1], found[2])
    assert np.all(published_episodes(trajectory.loss, found).start < trajectory.steps.max())


@pytest.mark.parametrize("kind", [PeriodicSpike, RandomSpike, Burst], ids=lambda kind: kind.__name__)
def test_as_published_episodes_last_one_step_while_the_loss_falls(kind: Any) -> None:
    """The loss was never disturbed: a gradient step below 1/L lowers it, so that each episode ends at once."""
    run = Run(
        objective=Quadratic(eigenvalues=(0.1, 1.0)),
        scheduler=GreedyStudy(factor=0.9, patience=1, max_lr=1.0),
        perturbation=kind(strength=1.0),
        lr0=0.01,
        steps=100,
    )
    runs = [dataclasses.replace(run, replicate=r) for r in range(5)]
    loss = simulate(runs, stride=1).loss
    found = published_episodes(loss, amounts(runs, loss))
    ended = np.isfinite(found.length)
    assert found.run.size > 0
    assert np.all(found.length[ended] == 1.0)
    assert np.all(found.start[~ended] == run.steps - 1)  # no later step is left


def test_a_constant_step_recovers_from_a_kick_as_computed() -> None:
    """On x^2 / 2 steps of gamma multiply f by (1 - gamma)^2, whatever the kick did."""
    gamma, steps = 0.05, 60
    loss = 0.5 * np.array([(1.0 - gamma) ** (2 * t) for t in range(steps)])
    kicked = np.append(loss[:10], 100.0 * loss[10:])  # x is ten times as large after step 9
    acts = np.arange(steps) == 9
    expected = math.ceil(math.log(100.0 / 1.1) / (-2.0 * math.log(1.0 - gamma)))
    assert recovery_episodes([kicked], [acts]).length[0] == expected


def test_what_cannot_be_measured_is_refused() -> None:
    run = Run(objective=Quadratic(eigenvalues=(1.0,)), scheduler=Constant(), lr0=0.1, steps=3, optimizer=Adam())
    with pytest.raises(ValueError, match="perturbation of the study, got GradientNoise"):
        amounts([run.replaced("perturbation", GradientNoise())], np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"shape \(1, 3\)"):
        amounts([run.replaced("perturbation", Burst())], np.zeros((1, 2)))
    with pytest.raises(ValueError, match="both tables"):
        published_episodes([1.0], [1.0])
    with pytest.raises(ValueError, match="minimum"):
        recovery_episodes([[1.0]], [[True]], math.nan)
