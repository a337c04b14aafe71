"""Tuning with equal budgets: what is tried, what is chosen, on which replicates, and the same bits however computed."""

import dataclasses
import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pytest

from greedylr_theory import Batch, Run, StandardNormal, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import GradientNoise, NoPerturbation
from greedylr_theory.schedulers import Constant, Cosine, GreedyPrevious, GreedyStudy
from greedylr_theory.sweeps import Arm, Contender, TunedSweep, Tuning, execute, plan
from greedylr_theory.sweeps.engine import EngineError
from greedylr_theory.sweeps.store import digest

RATES = (0.25, 0.5, 1.0)
TUNING = Tuning(rates=RATES, steps=12, tuning=5, evaluation=7, untuned=3)
BASE = Run(
    objective=Quadratic(eigenvalues=(2.0, 0.5)),
    scheduler=Constant(),
    perturbation=GradientNoise(scale=0.3),
    lr0=1.0,
    steps=1,
)
GREEDY = Contender(
    GreedyPrevious(factor=0.5),
    scaled={"max_lr": 4.0, "min_lr": 1e-3},
    second=({"max_lr": 1.0}, {"max_lr": 2.0}),
    untuned={"lr0": 0.01, "max_lr": 1.0, "min_lr": 1e-5},
)
COSINE = Contender(Cosine(t_max=12), second=({"lr0": 0.75}, {"lr0": 1.5}), untuned={"lr0": 0.01})
ARMS = {
    "plain": Arm(BASE, 0.5, {"greedy": GREEDY, "cosine": COSINE}, {"optimizer": "descent"}, together=1),
    "adam": Arm(dataclasses.replace(BASE, optimizer=Adam()), 0.1, {"cosine": COSINE}, {"optimizer": "adam"}, tuning=4),
}


def arms(size: str) -> dict[str, Arm]:
    return ARMS


def of(given: dict[str, Arm], tuning: Tuning = TUNING, **options: Any) -> TunedSweep:
    return TunedSweep("small", "?", (), lambda size: given, {"quick": tuning}, lambda table: [], **options)


SWEEP = TunedSweep("small", "?", (), arms, {"quick": TUNING}, lambda table: [])


def table_of(contender, tuning=TUNING, base=BASE, scale=0.5, **options):
    (cell,) = of({"one": Arm(base, scale, {"it": contender})}, tuning, **options).shards("quick")
    return cell.table()


def naive_median(base, contender, numbers, replicates):
    """By single runs and a sorted list."""
    gaps = []
    for r in replicates:
        run = dataclasses.replace(base, scheduler=contender.scheduler, steps=12, lr0=numbers["lr0"], replicate=r)
        for name, value in numbers.items():
            if name != "lr0":
                run = run.replaced(f"scheduler.{name}", value)
        found = simulate([run])
        gaps.append(math.inf if found.diverged[0] else max(0.0, float(found.end_loss[0])))
    ordered = sorted(gaps)
    return 0.5 * (ordered[(len(gaps) - 1) // 2] + ordered[len(gaps) // 2]), gaps


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, execute(SWEEP, "quick", folder, "local:1")


def test_the_rows_are_those_of_single_runs_one_by_one(whole):
    table = whole[1].table
    for arm, problem in ARMS.items():
        for name, contender in problem.contenders.items():
            rows = table.filter(arm=arm, contender=name)
            tried = rows.filter(phase="tuning").to_dicts()
            medians = []
            for row in tried:
                numbers = {"lr0": row["lr0"], **{key: row[f"scheduler.{key}"] for key in contender.scaled}}
                expected, _ = naive_median(problem.base, contender, numbers, range(problem.tuning or 5))
                assert row["median"] == expected
                assert row["lr0"] == row["rate"] * problem.scale
                medians.append(expected)
            best = tried[int(np.argmin(medians))]
            assert [row["chosen"] for row in tried] == [row is best for row in tried]
            (evaluation,) = rows.filter(phase="evaluation").to_dicts()
            numbers = {"lr0": best["lr0"], **{key: best[f"scheduler.{key}"] for key in contender.scaled}}
            first = problem.tuning or 5
            median, gaps = naive_median(problem.base, contender, numbers, range(first, first + 7))
            assert (evaluation["gap"], evaluation["median"], evaluation["first"]) == (gaps, median, first)
            assert evaluation["configurations"] == len(tried)
            (untuned,) = rows.filter(phase="untuned").to_dicts()
            _, gaps = naive_median(problem.base, contender, contender.untuned, range(first, first + 3))
            assert untuned["gap"] == gaps
            assert untuned["lr0"] == 0.01


def test_every_contender_tries_the_same_grid_and_as_many_further_configurations(whole):
    table = whole[1].table.filter(phase="tuning")
    for (_, _), rows in table.group_by(["arm", "contender"]):
        assert rows.filter(stage="grid")["rate"].to_list() == list(RATES)
        assert rows.filter(stage="second").height == 2
        assert rows["chosen"].sum() == 1
    greedy = table.filter(contender="greedy")
    assert (greedy.filter(stage="grid")["scheduler.max_lr"] / greedy.filter(stage="grid")["lr0"]).to_list() == [4.0] * 3
    second = greedy.filter(stage="second")
    np.testing.assert_allclose(second["scheduler.max_lr"] / second["lr0"], [1.0, 2.0], rtol=1e-15)
    np.testing.assert_allclose(second["scheduler.min_lr"] / second["lr0"], [1e-3] * 2, rtol=1e-15)


def clean(value):
    """f = x^2 / 2 from 1, 12 steps: the best constant rate is 1, any rate above 2 grows."""
    return dataclasses.replace(BASE, objective=Quadratic(eigenvalues=(value,)), perturbation=GradientNoise(scale=0.0))


def test_the_grid_is_extended_towards_the_edge_while_the_best_lies_on_it():
    plain = Contender(Constant())
    low = table_of(plain, dataclasses.replace(TUNING, rates=(0.125, 0.25)), clean(1.0), 1.0).filter(phase="tuning")
    # 0.125, 0.25, then 0.5 and 1, which is the best, then 2, which is not: one beyond the best
    assert low["rate"].to_list() == [0.125, 0.25, 0.5, 1.0, 2.0]
    assert low["stage"].to_list() == ["grid", "grid", "extension", "extension", "extension"]
    assert low.filter("chosen")["rate"].to_list() == [1.0]
    high = table_of(plain, dataclasses.replace(TUNING, rates=(4.0, 8.0)), clean(1.0), 1.0).filter(phase="tuning")
    assert high["rate"].to_list() == [0.5, 1.0, 2.0, 4.0, 8.0]
    none = table_of(plain, dataclasses.replace(TUNING, rates=(4.0, 8.0), extension=0), clean(1.0), 1.0)
    assert none.filter(phase="tuning")["rate"].to_list() == [4.0, 8.0]
    assert none.filter(phase="evaluation")["extended"].to_list() == [0]


def test_where_everything_diverges_smaller_rates_are_tried_and_a_plateau_is_left_alone():
    plain = Contender(Constant())
    tuning = dataclasses.replace(TUNING, rates=(1e30, 1e31), extension=2)
    lost = table_of(plain, tuning, clean(1.0), 1.0)
    assert lost.filter(phase="tuning")["rate"].to_list() == pytest.approx([1e28, 1e29, 1e30, 1e31], rel=1e-12)
    assert lost.filter(phase="evaluation")["median"].to_list() == [math.inf]
    assert lost.filter(phase="evaluation")["diverged"].to_list() == [7]
    flat = table_of(plain, dataclasses.replace(TUNING, rates=(1e-30, 1e-29)), clean(1.0), 1.0).filter(phase="tuning")
    assert flat["rate"].to_list() == [1e-30, 1e-29]


def test_contenders_meet_the_same_starts_and_noise():
    same = {"a": Contender(Constant()), "b": Contender(Constant())}
    (cell,) = of({"one": Arm(BASE, 0.5, same)}).shards("quick")
    a, b = cell.table().filter(phase="evaluation")["gap"].to_list()
    assert a == b
    assert len(set(a)) == 7


def tail(batch, trajectory):
    """The mean loss of the last steps, and one of the first."""
    return {
        "mean": np.where(trajectory.diverged, np.inf, trajectory.loss[:, -4:].mean(axis=1)),
        "first": trajectory.loss[:, 0],
    }


def test_what_is_tuned_without_the_disturbance_is_evaluated_under_it():
    """Tuning as on the calm problem, evaluation as on the disturbed one at what the calm one chose."""
    calm = dataclasses.replace(BASE, perturbation=NoPerturbation())
    found = {
        name: of({"one": arm}).shards("quick")[0]
        for name, arm in {
            "unforeseen": Arm(BASE, 0.5, {"it": COSINE}, tuned_under=NoPerturbation()),
            "calm": Arm(calm, 0.5, {"it": COSINE}),
            "foreseen": Arm(BASE, 0.5, {"it": COSINE}),
        }.items()
    }
    rows = {name: cell.table() for name, cell in found.items()}
    tuning = {name: table.filter(pl.col("phase") == "tuning") for name, table in rows.items()}
    assert tuning["unforeseen"].equals(tuning["calm"])
    assert not tuning["unforeseen"].equals(tuning["foreseen"])
    chosen = rows["unforeseen"].filter(pl.col("phase") == "evaluation").to_dicts()[0]
    expected = naive_median(BASE, COSINE, {"lr0": chosen["lr0"]}, range(5, 12))[1]
    assert chosen["gap"] == expected
    assert chosen["lr0"] == tuning["calm"].filter(pl.col("chosen"))["lr0"].item()
    assert len({cell.id for cell in found.values()}) == 3


def test_bounds_may_be_valid_only_together():
    study: Any = dataclasses.replace(BASE, scheduler=GreedyStudy())  # min_lr is 1e-5 there
    batch: Any = Batch(study, {"scheduler.max_lr": [1e-6, 1e-7], "scheduler.min_lr": [1e-9, 1e-8]})
    assert [(run.scheduler.max_lr, run.scheduler.min_lr) for run in batch] == [(1e-6, 1e-9), (1e-7, 1e-8)]
    assert [batch.plugin("scheduler", r) for r in range(2)] == [run.scheduler for run in batch]
    with pytest.raises(ValueError, match="min_lr"):
        Batch(study, {"scheduler.max_lr": [1e-6]})


def test_an_outcome_of_ones_own_with_further_columns():
    table = table_of(COSINE, outcome=tail, stride=1)
    (row,) = table.filter(phase="evaluation").to_dicts()
    starts = StandardNormal().points(np.arange(5, 12, dtype=np.uint64), 2)
    np.testing.assert_allclose(row["first"], starts[0] ** 2 + 0.25 * starts[1] ** 2, rtol=1e-14)
    assert row["median"] == sorted(row["mean"])[3]
    assert "gap" not in table.columns


def test_an_outcome_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="numbers to tune on in the first, 'gap'"):
        table_of(COSINE, outcome=lambda batch, trajectory: {"gap": np.full(len(batch), np.nan)})


@pytest.mark.slow
def test_two_processes_give_the_same_bits(whole, tmp_path):
    assert execute(SWEEP, "quick", tmp_path, "local:2").digest == whole[1].digest


def test_everything_is_computed_once_and_the_same_bits_by_any_engine(whole, tmp_path):
    folder, first = whole
    again = execute(SWEEP, "quick", folder, "local:1")
    assert (first.computed, again.computed, again.reused) == (3, 0, 3)
    with ThreadPoolExecutor(2) as pool:
        assert again.digest == first.digest == execute(SWEEP, "quick", tmp_path / "threads", pool).digest
    sent = [pickle.loads(pickle.dumps(cell)) for cell in SWEEP.shards("quick")]  # as processes get them
    assert {cell.id for cell in sent} == set(first.digests)
    assert {digest(cell.table()) for cell in sent} == set(first.digests.values())
    joined = of({**ARMS, "plain": dataclasses.replace(ARMS["plain"], together=2)})
    assert execute(joined, "quick", tmp_path / "together", "local:1").table.equals(first.table)
    for part in ("1/2", "2/2"):
        execute(SWEEP, "quick", tmp_path / "parts", "local:1", part)
    assert execute(SWEEP, "quick", tmp_path / "parts", "local:1").digest == first.digest
    manifest = json.loads((folder / "small" / "manifest.json").read_text())
    assert [entry["contenders"] for entry in manifest["shards"]] == [["greedy"], ["cosine"], ["cosine"]]
    assert manifest["tuning"]["rates"] == list(RATES)


def test_an_interrupted_run_goes_on_with_the_same_bits(whole, tmp_path, monkeypatch):
    from greedylr_theory.sweeps.cell import Cell

    original = Cell.table

    def broken(cell):
        if cell.arm == "adam":
            raise ZeroDivisionError("made up")
        return original(cell)

    monkeypatch.setattr(Cell, "table", broken)
    with pytest.raises(EngineError, match=r"cell [0-9a-f]{12} \(adam, cosine\) failed: ZeroDivisionError"):
        execute(SWEEP, "quick", tmp_path, "local:1")
    monkeypatch.undo()
    resumed = execute(SWEEP, "quick", tmp_path, "local:1")
    assert 1 <= resumed.reused < 3
    assert resumed.digest == whole[1].digest


def test_a_plan_counts_runs():
    found = plan(SWEEP, "quick", part=None)
    greedy = 5 * 5 + 7 + 3
    assert (found.runs, found.shards) == (2 * greedy + (5 * 4 + 7 + 3), 3)


def test_an_id_depends_on_everything_that_decides_the_rows():
    def identifier(given=None, tuning=TUNING, **options):
        return of(given or {"one": Arm(BASE, 0.5, {"it": COSINE})}, tuning, **options).shards("quick")[0].id

    different = [
        identifier(),
        identifier({"one": Arm(BASE, 0.6, {"it": COSINE})}),
        identifier({"one": Arm(BASE, 0.5, {"other": COSINE})}),
        identifier({"one": Arm(BASE, 0.5, {"it": dataclasses.replace(COSINE, scheduler=Cosine(t_max=13))})}),
        identifier({"one": Arm(BASE, 0.5, {"it": dataclasses.replace(COSINE, second=COSINE.second[:1])})}),
        identifier({"one": Arm(BASE, 0.5, {"it": dataclasses.replace(COSINE, untuned={"lr0": 0.02})})}),
        identifier({"one": Arm(BASE.replaced("perturbation.scale", 0.4), 0.5, {"it": COSINE})}),
        identifier({"one": Arm(BASE, 0.5, {"it": COSINE}, {"label": "x"})}),
        identifier({"one": Arm(BASE, 0.5, {"it": COSINE}, tuning=6)}),
        identifier(tuning=dataclasses.replace(TUNING, extension=3)),
        identifier(outcome=tail, stride=1),
        identifier(outcome_version=2),
    ]
    assert len(set(different)) == len(different)
    # the run's own scheduler, rate, steps and replicate are replaced, so that they decide nothing
    assert identifier({"one": Arm(BASE.replaced("lr0", 3.0).replaced("steps", 9), 0.5, {"it": COSINE})}) == different[0]


def test_arms_can_be_chosen_by_their_labels():
    chosen = SWEEP.with_values({"optimizer": "adam"})
    assert [cell.arm for cell in chosen.shards("quick")] == ["adam"]
    with pytest.raises(ValueError, match=r"optimizer must be among adam, descent, got 'sgd'"):
        SWEEP.with_values({"optimizer": "sgd"})


def test_budgets_that_differ_and_numbers_that_cannot_be_set_are_refused():
    with pytest.raises(ValueError, match=r"equally many second configurations, got \{'a': 2, 'b': 0\}"):
        Arm(BASE, 1.0, {"a": COSINE, "b": Contender(Constant())})
    with pytest.raises(ValueError, match=r"Arm\.scale must be positive"):
        Arm(BASE, 0.0, {"a": COSINE})
    with pytest.raises(ValueError, match=r"Contender\.second can set lr0"):
        Contender(Constant(), second=({"max_lr": 1.0},))
    with pytest.raises(ValueError, match=r"Contender\.untuned must give lr0, max_lr"):
        Contender(GreedyStudy(), scaled={"max_lr": 2.0}, untuned={"lr0": 1.0})
    for wrong in ({"rates": (1.0,)}, {"rates": (2.0, 1.0)}, {"rates": (0.0, 1.0)}, {"tuning": 0}, {"untuned": 8}):
        with pytest.raises(ValueError, match="Tuning"):
            dataclasses.replace(TUNING, **wrong)
