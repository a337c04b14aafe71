"""Labels that are replaced at random: laws as seen in what `simulate` returns, clean losses, the choice of samples.

Random ones are tested at fixed seeds: a right law is rejected with probability LEVEL by each single test. Every such
test has a control that is a few per cent off, which it must reject.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import stats

from greedylr_theory import Batch, Run, StandardNormal, simulate
from greedylr_theory.objectives import LeastSquares, Logistic, Perceptron, Quadratic
from greedylr_theory.perturbations import CorruptedBatches, LabelNoise, NoPerturbation
from greedylr_theory.schedulers import Armijo, Constant, GreedyBest
from tests.contract._examples import (
    THREE_CLASSES,
    TWO_CLASSES,
    assert_same_bits,
    assert_same_trajectory,
    evaluated,
    several,
    simulated,
    working_run,
)
from tests.contract.test_twins import assert_equals_twin
from tests.unit.test_batch_sizes import SUMS, sampling

LEVEL, WRONG, COUNT = 1e-4, 1.05, 20_000
PERTURBATIONS = (LabelNoise(0.4), CorruptedBatches(0.4))
N, BATCH = 6, 4


def targets_seen(perturbation: Any, batch: int | None = BATCH, step: int = 0) -> Any:
    """(R, N): target of each sample that step `step` used, 0 where it was not chosen.

    Rows are unit vectors and x stays at 1e-30, so that a step adds 1e-30 times target / b to the coordinates it chose.
    """
    rows = tuple(tuple(float(i == j) for j in range(N)) for i in range(N))
    objective = LeastSquares(rows, tuple(float(i + 1) for i in range(N)), batch)

    def ends(steps: int) -> Any:
        run = Run(objective, scheduler=Constant(), perturbation=perturbation, start=(0.0,) * N, lr0=1e-30, steps=steps)
        return simulate(Batch(run, {"replicate": np.arange(COUNT)})).x_end

    moved = ends(step + 1) - (ends(step) if step else 0.0)
    return np.rint(moved * 1e30 * (batch or N))


def passes(count: int, total: int, probability: float) -> bool:
    return bool(stats.binomtest(count, total, probability).pvalue > LEVEL)


def evenly(values: Any) -> bool:
    """Whether whole numbers pass as equally frequent."""
    return bool(stats.chisquare(np.unique(values, return_counts=True)[1]).pvalue > LEVEL)


@pytest.mark.parametrize("batch", [None, BATCH])
def test_label_noise_replaces_that_share_by_all_others_alike(batch: int | None) -> None:
    clean, seen = targets_seen(NoPerturbation(), batch), targets_seen(LabelNoise(0.3), batch)
    assert np.array_equal(clean != 0.0, seen != 0.0), "the choice of the samples has moved"
    assert np.array_equal(clean[clean != 0.0], (clean != 0.0).nonzero()[1] + 1.0)
    wrong = seen != clean
    used = int((clean != 0.0).sum())
    assert passes(int(wrong.sum()), used, 0.3)
    assert not passes(int(wrong.sum()), used, 0.3 * WRONG)
    assert not passes(int((targets_seen(LabelNoise(0.3 * WRONG), batch) != clean).sum()), used, 0.3)
    shift = (seen - clean)[wrong] % N  # which of the other five, counted from the own one
    assert set(shift) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert evenly(shift)
    assert not evenly(np.concatenate([shift, np.ones(shift.size // 20)]))
    # slots are independent: the number of wrong labels of a step is binomial
    slots = batch or N
    found = np.bincount(wrong.sum(axis=1), minlength=slots + 1)
    assert stats.chisquare(found, COUNT * stats.binom.pmf(np.arange(slots + 1), slots, 0.3)).pvalue > LEVEL


@pytest.mark.parametrize("batch", [None, BATCH])
def test_corrupted_batches_replace_all_labels_of_a_step_or_none(batch: int | None) -> None:
    clean, seen = targets_seen(NoPerturbation(), batch), targets_seen(CorruptedBatches(0.3), batch)
    assert np.array_equal(clean != 0.0, seen != 0.0), "the choice of the samples has moved"
    slots = batch or N
    corrupted = np.any(seen != clean, axis=1)
    share = 0.3 * (1.0 - N**-slots)  # all labels can be drawn as they are
    assert passes(int(corrupted.sum()), COUNT, share)
    assert not passes(int(corrupted.sum()), COUNT, share * 1.1)
    assert not passes(int(np.any(targets_seen(CorruptedBatches(0.33), batch) != clean, axis=1).sum()), COUNT, share)
    everything = targets_seen(CorruptedBatches(1.0), batch)
    drawn = everything[clean != 0.0]
    assert set(drawn) == {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}
    assert evenly(drawn)
    kept = int((drawn == clean[clean != 0.0]).sum())
    assert passes(kept, drawn.size, 1 / N)
    assert not passes(kept, drawn.size, WRONG / N)
    # and independently of each other: pairs of labels of a step are evenly spread
    pairs = everything[everything != 0.0].reshape(COUNT, slots)[:, :2]
    assert evenly(pairs[:, 0] * 10 + pairs[:, 1])


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_steps_are_independent(perturbation: Any) -> None:
    clean = [targets_seen(NoPerturbation(), None, step) for step in (0, 1)]
    wrong = [np.any(targets_seen(perturbation, None, step) != clean[step], axis=1) for step in (0, 1)]
    table = np.array([[np.sum((wrong[0] == i) & (wrong[1] == j)) for j in (0, 1)] for i in (0, 1)])
    found: Any = stats.chi2_contingency(table)
    assert found.pvalue > LEVEL


def classes_seen(objective: Logistic, perturbation: Any) -> tuple[Any, Any]:
    """Label (R,) in the data and label used, of the single sample of one step from x = 0."""
    run = Run(
        objective, scheduler=Constant(), perturbation=perturbation, start=(0.0,) * objective.dim, lr0=1.0, steps=1
    )
    moved = simulate(Batch(run, {"replicate": np.arange(COUNT)})).x_end
    width = objective.data.shape[1] - 1
    pushed = moved.reshape(COUNT, -1, width)[:, :, -1]  # of the intercepts: y / 2, or 1[k = y] - 1 / K
    used = np.sign(pushed[:, 0]) if pushed.shape[1] == 1 else np.argmax(pushed, axis=1)
    direction = moved[:, :width] / pushed[:, :1]  # the row of the sample that was chosen
    gaps = np.abs(direction[:, None, :] - objective.data[None, :, :-1]).max(axis=2)
    assert np.all(gaps.min(axis=1) < 1e-12)
    return objective.data[np.argmin(gaps, axis=1), -1], used


@pytest.mark.parametrize("dataset", [TWO_CLASSES, THREE_CLASSES])
def test_classes_are_replaced_by_all_other_classes_alike(dataset: str) -> None:
    objective = Logistic(dataset, l2=0.1, batch=1)
    label, used = classes_seen(objective, NoPerturbation())
    assert np.array_equal(label, used)
    label, used = classes_seen(objective, LabelNoise(0.3))
    assert passes(int((label != used).sum()), COUNT, 0.3)
    assert not passes(int((label != used).sum()), COUNT, 0.33)
    if dataset == THREE_CLASSES:
        shift = (used - label)[label != used] % 3
        assert evenly(shift)
        assert not evenly(np.concatenate([shift, np.ones(shift.size // 5)]))
    label, used = classes_seen(objective, CorruptedBatches(1.0))
    for value in np.unique(objective.data[:, -1]):
        share = float(np.mean(objective.data[:, -1] == value))
        assert passes(int((used == value).sum()), COUNT, share)
        assert passes(int((used[label == value] == value).sum()), int((label == value).sum()), share)


def test_labels_of_a_network_are_swapped() -> None:
    """At x = 0 the output is 0: the squared loss of one sample is its label."""
    objective = Perceptron(inputs=3, samples=30, hidden=(2.0,), batch=1)
    run = Run(objective, scheduler=Constant(), start=(0.0,) * objective.dim, lr0=1e-30, steps=1)
    clean, noisy = (
        simulate(Batch(dataclasses.replace(run, perturbation=one), {"replicate": np.arange(COUNT)}), stride=1).loss[
            :, 0
        ]
        for one in (NoPerturbation(), LabelNoise(0.3))
    )
    assert set(clean) == set(noisy) == {0.0, 1.0}
    assert passes(int((clean != noisy).sum()), COUNT, 0.3)


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("kind", [LabelNoise, CorruptedBatches])
@pytest.mark.parametrize("name", SUMS)
def test_probability_zero_changes_no_bit(name: str, kind: Any, batch: int | None) -> None:
    run = working_run(sampling(name, batch), scheduler=GreedyBest(patience=0), perturbation=NoPerturbation())
    runs = [one for r, one in enumerate(several(run)) if r != 3]  # a run that is sampled has no full loss where it ends
    expected = simulated(runs)
    found = simulated([run.replaced("perturbation", kind(0.0)) for run in runs])
    if batch is None:  # it has become a run that is sampled, for which no tolerance is known
        found = dataclasses.replace(found, steps_to_tolerance=expected.steps_to_tolerance)
    assert_same_trajectory(found, expected)


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=["label noise", "corrupted batches"])
@pytest.mark.parametrize("name", SUMS)
def test_runs_equal_their_twins_and_record_the_clean_full_loss(name: str, perturbation: Any, batch: int | None) -> None:
    run = working_run(sampling(name, batch), perturbation=perturbation, scheduler=GreedyBest(patience=0), steps=12)
    runs = several(run, 3)
    assert_equals_twin(runs)
    first = simulated([run])
    x = StandardNormal().points(np.zeros(1, dtype=np.uint64), run.objective.dim)
    assert first.full_loss[0, 0] == evaluated(run.objective, x, full=True)[0][0]
    assert first.end_loss[0] == evaluated(run.objective, first.x_end.T, full=True)[0][0]
    assert np.array_equal(first.observed, first.loss)
    assert np.all(first.steps_to_tolerance == -1)
    assert not np.array_equal(first.loss, first.full_loss)


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=["label noise", "corrupted batches"])
def test_the_trials_of_a_search_see_the_labels_of_their_step(perturbation: Any, batch: int | None) -> None:
    objective = sampling("least squares", batch)
    rate = 4.0 / objective.smoothness  # too long for most steps
    run = Run(objective, scheduler=Armijo(decrease=0.3), perturbation=perturbation, lr0=rate, steps=15)
    assert_equals_twin([run.replaced("replicate", r) for r in range(3)])


def test_rates_differ_from_lane_to_lane() -> None:
    run = working_run(sampling("three classes", 3), perturbation=LabelNoise(0.3))
    batch = Batch(run, {"perturbation.probability": [0.0, 0.3, 1.0], "replicate": [4, 4, 4]})
    together = simulated(batch)
    for r in range(3):
        assert_same_trajectory(simulated([batch[r]]), together, slice(r, r + 1))
    assert len(set(together.end_loss)) == 3


def test_one_sample_and_extreme_draws_stay_within_the_data() -> None:
    """No target of another sample where there is none."""
    objective = LeastSquares(((1.0,),), (2.0,), 1)
    run = Run(objective, scheduler=Constant(), perturbation=LabelNoise(1.0), lr0=0.1, steps=9, start=(0.0,))
    assert_equals_twin([run])
    bare = dataclasses.replace(run, perturbation=NoPerturbation())
    assert_same_bits(simulated([run]).x_end, simulated([bare]).x_end)
    for u in (0.0, 1.0 - 2.0**-53):
        for name in ("least squares", "three classes"):
            wide = sampling(name, 3)
            rows, workspace_rows = wide.relabelled_rows
            params = np.concatenate([wide.pack(), [1.0, 0.0]])[:, None].repeat(2, axis=1)
            x, workspace = np.zeros((wide.dim, 2)), np.zeros((workspace_rows, 2))
            loss, gradient = np.empty(2), np.empty((wide.dim, 2))
            wide.relabelled_kernel(x, params, wide.data, np.full((rows, 2), u), workspace, gradient, loss)
            assert np.all(np.isfinite(loss))
            assert not workspace.any(), "a kernel must leave its workspace at zero"


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_a_function_without_labels_is_refused(perturbation: Any) -> None:
    with pytest.raises(
        ValueError,
        match=rf"^Run\.perturbation cannot be {type(perturbation).__name__}, which replaces labels of a finite sum, "
        r"with Quadratic, which has none$",
    ):
        Run(Quadratic(eigenvalues=(1.0,)), scheduler=Constant(), perturbation=perturbation, lr0=0.1, steps=3)
