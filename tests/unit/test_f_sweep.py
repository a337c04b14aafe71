"""The F sweep: matched arms, the bound run by run, and judgements that speak of every prediction."""

import dataclasses

import numpy as np
import polars as pl
import pytest

from experiments._f_sweep_outcomes import climbing_sum, divergent_share, late_divergent_share, outcomes
from experiments.f_sweep import (
    BOX,
    CAPS,
    PROBLEMS,
    QUICK,
    RULES,
    STANDARD,
    SWEEP,
    arms,
    judge,
)
from greedylr_theory import Batch, Run, StandardNormal, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.sweeps import Size, execute


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    small = dataclasses.replace(SWEEP, sizes={"standard": Size({"scheduler.factor": QUICK}, steps=60, replicates=4)})
    return execute(small, folder=tmp_path_factory.mktemp("results"), engine="local:1").table


def test_sizes_are_those_that_were_asked_for():
    standard, quick = SWEEP.size("standard"), SWEEP.size("quick")
    assert (len(QUICK), quick.replicates, quick.steps) == (12, 50, 1000)
    assert len(STANDARD) >= 30
    assert (standard.replicates, standard.steps) == (200, 2000)
    assert set(QUICK) <= set(STANDARD)
    assert (min(STANDARD), max(STANDARD)) == (0.1, 0.99)
    assert list(STANDARD) == sorted(set(STANDARD))


def test_arms_meet_the_same_starts_and_the_same_rates_in_units_of_one_over_l(table):
    assert set(table["arm"]) == {f"{problem}/{rule}/{cap}" for problem in PROBLEMS for rule in RULES for cap in CAPS}
    rows = outcomes(table).with_columns(share=pl.col("lr0") / pl.col("lr0.high"))
    for problem in PROBLEMS:
        of_problem = rows.filter(pl.col("problem") == problem)
        per_start = of_problem.group_by("replicate").agg(pl.col("lr0", "initial_loss").n_unique())
        assert per_start["lr0"].to_list() == per_start["initial_loss"].to_list() == [1] * 4
    per_start = rows.group_by("replicate").agg(spread=pl.col("share").max() / pl.col("share").min() - 1.0)
    assert (per_start["spread"] < 1e-12).all()  # exp and log of the range's ends
    assert rows["share"].is_between(1e-3, 1.0).all()
    capped = rows.filter(pl.col("cap") == "capped")
    assert (capped["scheduler.max_lr"] == capped["lr0.high"]).all()
    assert set(rows.filter(pl.col("cap") == "uncapped")["scheduler.max_lr"]) == {np.inf}


def test_rosenbrock_starts_lie_in_the_box_that_its_constant_is_stated_for():
    start = arms()["rosenbrock/GreedyPrevious/capped"].start
    assert isinstance(start, StandardNormal)
    assert np.max(np.abs(start.points(np.arange(200, dtype=np.uint64), 2))) <= BOX


@pytest.mark.parametrize("factor", [0.1, 0.5, 0.97])
def test_climbing_sum_is_the_sum_of_the_rates(factor):
    lr0 = np.array([1e-3, 0.02, 0.5, 1.0])
    found = climbing_sum(lr0, np.full(4, factor), np.ones(4), np.full(4, 300))
    expected = np.minimum(lr0[:, None] * factor ** -np.arange(300.0), 1.0).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)  # closed form against 300 roundings


def test_every_capped_run_only_climbs_and_obeys_the_bound(table):
    rows = outcomes(table).filter(pl.col("bound").is_not_nan())
    assert set(rows["arm"]) == {f"{problem}/GreedyPrevious/capped" for problem in ("quadratic", "logistic")}
    assert (rows["gap"] <= rows["bound"]).all()
    travelled = rows["initial_distance"] ** 2 / (2.0 * rows["bound"])
    np.testing.assert_allclose(rows["lr_sum"], travelled, rtol=1e-11)  # repeated division by F against its power


def test_the_bound_holds_at_every_step():
    base = arms()["quadratic/GreedyPrevious/capped"].replaced("steps", 200).replaced("scheduler.factor", 0.8)
    batch = Batch(base, {"replicate": np.arange(20.0)})
    trajectory = simulate(batch, stride=1)
    distance = np.sum(StandardNormal().points(np.arange(20, dtype=np.uint64), 10) ** 2, axis=0)
    bound = distance[:, None] / (2.0 * np.cumsum(trajectory.lr, axis=1)[:, :-1])
    assert np.all(trajectory.loss[:, 1:] <= bound)


def test_diverged_runs_count(table):
    rows = outcomes(table)
    assert np.isinf(rows.filter(pl.col("diverged"))["gap"].to_numpy()).all()
    assert rows.filter(pl.col("diverged"))["lost"].all()
    assert not rows["gap"].is_nan().any()


@pytest.mark.parametrize(
    ("ordering", "share"), [("before_update", divergent_share), ("after_update", late_divergent_share)]
)
@pytest.mark.parametrize("factor", [0.25, 0.5, 0.6, 0.75])
def test_divergent_share_of_one_eigenvalue_is_that_of_the_simulator(ordering, share, factor):
    phases = 2000
    base = Run(
        objective=Quadratic(eigenvalues=(1.0,)),
        scheduler=GreedyPrevious(factor=factor),
        start=(1.0,),
        lr0=0.1,
        steps=91,
        ordering=ordering,
    )
    rates = 0.01 * factor ** ((np.arange(phases) + 0.5) / phases)
    trajectory = simulate(Batch(base, {"lr0": rates}), stride=30)
    # over whole cycles of two and of six steps, after the climb: the loss grows or it falls
    grown = trajectory.diverged | (trajectory.loss[:, 3] > trajectory.loss[:, 1])
    assert abs(grown.mean() - share(np.array([factor]))[0]) < 2.0 / phases  # both ends of a range, to one phase


def test_judge_speaks_of_every_prediction_with_numbers(table):
    judgements = judge(table)
    assert [judgement.prediction for judgement in judgements] == list(SWEEP.prediction)
    for judgement in judgements:
        assert judgement.held in (True, False)
        assert any(character.isdigit() for character in judgement.evidence)


def test_judge_says_which_factor_is_absent(table):
    with pytest.raises(
        ValueError, match=r"speak of F = 0\.1, 0\.25, 0\.5, 0\.9, 0\.99, which this table does not have"
    ):
        judge(table.filter(pl.col("scheduler.factor") == 0.35))
