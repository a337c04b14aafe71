"""The published robustness study as replayed: names, pooling, and judgements that can fail."""

from __future__ import annotations

import functools
from collections import Counter

import numpy as np
import polars as pl
import pytest

from experiments import _as_published as study
from experiments import robustness_as_published as experiment
from experiments._study_problems import ANALYTIC, NETWORKS, VARIANTS, distinct
from greedylr_theory import simulate
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.schedulers import GreedyStudy
from greedylr_theory.simulation.run import Run


def test_twenty_five_names_are_eight_problems():
    found = distinct()
    assert sum(len(names) for names in VARIANTS.values()) == 25
    assert {label: len(names) for label, names in found.items()} == {
        "quadratic, condition 1": 1,
        "quadratic, condition 100": 1,
        "quadratic, condition 1000": 3,
        "Rosenbrock, d = 2": 4,
        "Rosenbrock, d = 5": 1,
        "Rastrigin": 5,
        "Ackley": 5,
        "perceptron": 5,
    }
    assert all(len(names) == 5 for names in VARIANTS.values())
    assert Counter(study.NAMES) == {label: len(names) for label, names in distinct(ANALYTIC).items()}


def test_each_problem_is_the_studys():
    families = {family: next(iter(names.values())).objective() for family, names in VARIANTS.items()}
    assert [families[name].dim for name in ("quadratic", "rosenbrock", "rastrigin", "ackley")] == [15, 2, 10, 8]
    assert families["neural_simple"].dim == 20 * 64 + 64 + 64 * 32 + 32 + 32 + 1
    worst = ANALYTIC["quadratic"]["sparse"].objective()
    assert isinstance(worst, Quadratic)
    # sum a_i (x_i - c_i)^2 with a from 1 to 1000
    assert (worst.eigenvalues[0], worst.eigenvalues[-1]) == (2.0, 2000.0)
    assert not set(ANALYTIC) & set(NETWORKS)


def test_a_random_target_is_a_shift_of_the_start():
    # same x_0 - c: the same run up to the rounding of x - c
    rng = np.random.default_rng(1)
    target, start = rng.normal(size=15), rng.normal(size=15)
    h = Quadratic.log_spaced(15, condition=100.0, smallest=2.0).eigenvalues
    common = {"optimizer": Adam(), "scheduler": GreedyStudy(factor=0.9, patience=1), "lr0": 0.01, "steps": 60}
    moved = Run(objective=Quadratic(h, tuple(target.tolist())), start=tuple(start.tolist()), **common)
    shifted = Run(objective=Quadratic(h), start=tuple((start - target).tolist()), **common)
    first, second = simulate([moved], stride=1), simulate([shifted], stride=1)
    np.testing.assert_allclose(first.loss, second.loss, rtol=1e-9)


def test_arms_of_the_study_meet_different_starts_and_matched_ones_the_same():
    arms = experiment.arms()
    assert len(arms) == 7 * (5 * 9 + 5 + len(study.ADDED) + len(study.HIGHER))
    seeds = {name.rpartition("/")[0]: run.start.seed for name, run in arms.items() if name.startswith("unmatched")}  # pyright: ignore[reportAttributeAccessIssue]
    assert len(set(seeds.values())) == 35
    matched = {run.start for name, run in arms.items() if name.startswith("matched/Ackley")}
    assert len(matched) == 1


@functools.cache
def tables(changed: str = "", factor: float = 1.0) -> pl.DataFrame:
    """A table as the sweep writes it, with made-up losses: problem k has losses near 10^k, under all disturbances."""
    values: list[np.ndarray] = []
    problems, arms = list(distinct(ANALYTIC)), list(experiment.arms())
    for name in arms:
        starts, problem, scheduler, kind = name.split("/")
        place = problems.index(problem)
        level = 10.0**place * (1.0 if scheduler.startswith("GreedyLR") else 2.0)
        draws = np.random.default_rng([place, len(scheduler), starts == "matched"]).uniform(0.5, 1.5, 6)
        values.append(np.tile(level * draws, 3) * (factor if kind == changed else 1.0))
    loss, runs = np.concatenate(values), len(arms)
    columns = dict.fromkeys(("final_loss", "end_loss", "best_loss", "lr_sum", "end_lr"), loss)
    columns |= dict.fromkeys(("initial_loss", "peak_loss"), 9.0 * loss)
    columns |= dict.fromkeys(("recovery_ratio", "early_ratio", "lr_changes"), 3.0 + loss)
    keys = {
        "arm": np.repeat(arms, 18),
        "perturbation.strength": np.tile(np.repeat(study.STRENGTHS, 6), runs),
        "replicate": np.tile(np.arange(6), 3 * runs),
        "status": np.zeros(18 * runs, dtype=np.int64),
    }
    return pl.DataFrame({**keys, **columns})


def test_replays_have_the_studys_sample_sizes_and_pool_both_patiences():
    final = study.grid(tables(), "final_loss")
    sizes = {row: final.replays(row).shape for row in study.POOLED}
    assert sizes == {row: (study.REPLAYS, 540 * len(arms)) for row, arms in study.POOLED.items()}
    assert final.replays("cosine", kinds=study.SPIKES).shape == (study.REPLAYS, 120)
    only = final.replays("cosine", problems=("Ackley",))
    assert only.shape == (study.REPLAYS, 5 * 27)
    assert only.min() >= 1e6


def test_a_weighted_median_is_the_median_of_repeated_values():
    rng = np.random.default_rng(2)
    values, counts = rng.normal(size=9), rng.integers(1, 5, 9)
    repeated = np.sort(np.repeat(values, counts))
    assert study.weighted_median(values, counts.astype(float)) == repeated[(len(repeated) - 1) // 2]


def test_a_diverged_run_counts_as_infinite():
    table = tables().with_columns(status=pl.when(pl.col("replicate") < 4).then(1).otherwise(0))
    final = study.grid(table, "final_loss")
    assert np.isinf(np.median(final.replays("cosine")[0]))


def test_a_tie_is_half_a_win_but_no_win_by_a_margin():
    # final losses of 0, and diverged runs, tie whatever they are multiplied by
    for equal, status in ((0.0, 0), (1.0, 1)):
        table = tables().with_columns(final_loss=pl.lit(equal), status=pl.lit(status))
        final = study.grid(table, "final_loss")
        for margin, expected in ((0.0, 0.5), (0.01, 0.0)):
            assert experiment.pooled_wins(final, "GreedyLR p=1", "cosine", margin).value == pytest.approx(expected)


@pytest.mark.parametrize("changed", ["", "burst"])
def test_a_disturbance_that_changes_one_bit_is_seen(changed):
    wrong, runs = experiment.differing(tables(changed, factor=1.0 + 2.0**-52))
    assert runs == 7 * 5 * 8 * 3 * 6
    assert (wrong == 0) == (changed == "")


def test_the_early_ratio_looks_at_a_hundred_losses():
    run = Run(objective=Quadratic((1.0,)), scheduler=GreedyStudy(), start=(1.0,), lr0=0.1, steps=150)
    trajectory = simulate([run], stride=1)
    found = experiment.measure(None, trajectory)["early_ratio"]  # pyright: ignore[reportArgumentType]
    assert found[0] == trajectory.loss[0, 0] / trajectory.loss[0, 90:100].mean()


def test_extreme_mixes_keep_every_problem_and_twenty_names():
    mixes = experiment.extreme_mixes()
    assert all(sum(mix.values()) == 20 and min(mix.values()) == 1 for mix in mixes.values())
    final = study.grid(tables(), "final_loss")
    # GreedyLR has half the loss on every problem, and so in every mix, up to the spread of the made-up losses
    assert all(0.1 < experiment.pooled_ratio(final, mix) < 1.0 for mix in mixes.values())
