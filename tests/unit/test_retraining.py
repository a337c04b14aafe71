"""The retraining study: what is recorded, refined and evaluated, and what is said of it."""

import dataclasses
import functools
import math
import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from experiments._retraining_accuracy import accuracies, outputs
from experiments._retraining_cell import CONTENDERS, RANKED, REFINED, RefiningCell, positions
from experiments._retraining_outcomes import (
    PAIRS,
    Cells,
    critical_difference,
    overall,
    overall_problems,
    standard_error,
)
from experiments.retraining import OPTIMIZERS, PREDICTIONS, PROBLEMS, RATES, SIZES, SWEEP, conclusion, judge
from greedylr_theory.gradient_norms import gradient_norms
from greedylr_theory.objectives import Logistic, Perceptron
from greedylr_theory.refinement import refine
from greedylr_theory.schedulers import Linear, Table
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import simulate
from greedylr_theory.sweeps.arm import Tuning
from greedylr_theory.sweeps.cell import Cell

SMALL = Tuning(rates=(1.0, 4.0, 16.0), steps=40, tuning=2, evaluation=3, extension=2)


def cell(optimizer: str) -> RefiningCell:
    sweep = dataclasses.replace(SWEEP, sizes={"standard": SMALL}).with_values(
        {"problem": "iris", "optimizer": optimizer}
    )
    (found,) = sweep.shards("standard")
    assert isinstance(found, RefiningCell)
    return found


@functools.cache
def table(optimizer: str) -> pl.DataFrame:
    return cell(optimizer).table()


def evaluation(found: pl.DataFrame, contender: str) -> dict:
    return found.row(by_predicate=(pl.col("contender") == contender) & (pl.col("phase") == "evaluation"), named=True)


def schedule(found: pl.DataFrame, contender: str) -> dict:
    return found.row(by_predicate=(pl.col("contender") == contender) & (pl.col("phase") == "schedule"), named=True)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_contender_is_tuned_on_the_same_grid_and_evaluated_on_the_same_other_seeds(optimizer):
    found = table(optimizer)
    for contender in CONTENDERS:
        of_it = found.filter((pl.col("contender") == contender) & (pl.col("phase") == "tuning"))
        counts = dict(of_it.group_by("stage").len().iter_rows())
        assert counts["grid"] == 3
        assert counts["second"] == 2
        assert of_it["runs"].unique().to_list() == [2]
        row = evaluation(found, contender)
        assert row["first"] == 2
        assert len(row["gap"]) == len(row["accuracy"]) == 3
        assert row["rate"] == of_it.filter(pl.col("chosen"))["rate"].item()
    assert found.filter(pl.col("phase") == "evaluation").height == len(CONTENDERS)


@pytest.mark.parametrize(("optimizer", "kind"), [("gradient descent", "l2"), ("Adam", "l1")])
def test_a_refined_schedule_is_that_of_one_run_of_its_source_at_the_tuned_peak(optimizer, kind):
    found, base = table(optimizer), cell(optimizer).problem.base
    source, shape = "linear", Linear()
    for contender in ("refined", "refined twice"):
        run = dataclasses.replace(base, scheduler=shape, lr0=evaluation(found, source)["lr0"], steps=40, replicate=0)
        wanted = refine(getattr(gradient_norms([run]), kind)[0], kind=kind)
        row = schedule(found, contender)
        assert (row["source"], row["recorded"]) == (source, 1)
        assert row["factor"] == wanted.schedule[positions(40)].tolist()
        assert row["norm"] == wanted.smoothed[positions(40)].tolist()
        assert row["peak"] == wanted.argmax / 40
        source, shape = contender, wanted.table()


def test_several_runs_are_refined_by_the_mean_of_their_norms_and_the_fit_is_that_of_the_refined_one():
    found, base = table("gradient descent"), cell("gradient descent").problem.base
    run = dataclasses.replace(base, lr0=evaluation(found, "linear")["lr0"], steps=40)
    norms = gradient_norms(Batch(run, {"replicate": [0, 1]})).l2
    row = schedule(found, "refined from several runs")
    assert row["recorded"] == 2
    assert row["factor"] == refine(norms.mean(axis=0)).schedule[positions(40)].tolist()
    fit = refine(norms[0]).fit
    assert schedule(found, "warmup + polynomial")["factor"] == fit.schedule(40)[positions(40)].tolist()
    assert (schedule(found, "refined")["warmup"], schedule(found, "refined")["exponent"]) == (fit.warmup, fit.exponent)


def test_what_is_evaluated_is_the_run_that_is_named():
    found, base = table("gradient descent"), cell("gradient descent").problem.base
    for contender in ("linear", "refined"):
        row = evaluation(found, contender)
        scheduler = Linear() if contender == "linear" else Table(tuple(schedule(found, "refined")["factor"]))
        run = dataclasses.replace(base, scheduler=scheduler, lr0=row["lr0"], steps=40)
        ends = simulate(Batch(run, {"replicate": [2, 3, 4]}))
        assert row["loss"] == ends.end_loss.tolist()
        minimum = base.objective.minimum
        assert minimum is not None
        assert row["gap"] == (ends.end_loss - minimum).tolist()


def test_a_cell_is_found_again_by_all_that_decides_it():
    one = cell("Adam")
    assert one.id == cell("Adam").id
    others = [cell("gradient descent"), dataclasses.replace(one, protocol=dataclasses.replace(SMALL, steps=41))]
    assert len({one.id, *(other.id for other in others)}) == 3
    # nor is it that of a cell with the first contenders alone
    assert one.id != Cell(one.arm, one.problem, one.names, one.protocol, one.outcome).id


def test_sizes_evaluate_at_least_ten_seeds():
    assert all(size.evaluation >= 10 and size.rates == RATES for size in SIZES.values())


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_outputs_are_those_whose_mean_loss_the_simulator_reports(loss, activation):
    objective = Perceptron(inputs=4, samples=30, hidden=(5.0, 3.0), loss=loss, activation=activation)
    ends = simulate([Run(objective, scheduler=Linear(), lr0=0.1, steps=3)])
    found, targets = outputs(objective, ends.x_end[0]), objective.data[:, -1]
    losses = (found - targets) ** 2 if loss == "squared" else np.log1p(np.exp(-targets * found))
    # sums in another order, and another exponential
    assert float(np.mean(losses)) == pytest.approx(float(ends.end_loss[0]), rel=1e-12)
    right = [(o > (0.5 if loss == "squared" else 0.0)) == (y > 0.5) for o, y in zip(found, targets, strict=True)]
    training, held_out = accuracies(objective, ends.x_end)
    assert training.tolist() == [np.mean(right)]
    assert 0.0 <= held_out[0] <= 1.0


@pytest.mark.parametrize("dataset", ["iris", "breast_cancer"])
def test_accuracy_of_softmax_regression_is_the_share_of_largest_scores(dataset):
    objective = Logistic(dataset)
    point = np.random.default_rng(0).normal(size=objective.dim)
    right, width = 0, objective.data.shape[1] - 1
    for row in objective.data.tolist():
        scores = [sum(a * z for a, z in zip(row, part, strict=False)) for part in point.reshape(-1, width).tolist()]
        guess = (1.0 if scores[0] > 0.0 else -1.0) if len(scores) == 1 else float(scores.index(max(scores)))
        right += guess == row[-1]
    training, held_out = accuracies(objective, point[None])
    assert training.tolist() == [right / len(objective.data)]
    assert math.isnan(held_out[0])


def made_up(ratios: dict[str, float], seeds: int = 20) -> pl.DataFrame:
    """A table in which each contender's gap is so many times that of linear decay, which differs from seed to seed."""
    base = np.exp(np.random.default_rng(0).normal(size=seeds))
    wiggle = np.exp(0.01 * np.random.default_rng(1).normal(size=(len(PROBLEMS), len(CONTENDERS), seeds)))
    rows = []
    for p, problem in enumerate(PROBLEMS):
        for optimizer in OPTIMIZERS:
            for k, contender in enumerate(CONTENDERS):
                gap = base * wiggle[p, k] * ratios.get(contender, 3.0 + k)
                common = {"arm": f"{problem}/{optimizer}", "problem": problem, "optimizer": optimizer}
                common |= {"contender": contender}
                rows += [{**common, "phase": "tuning", "rate": rate, "chosen": rate == 1.0} for rate in (0.5, 1.0, 2.0)]
                lists = {
                    "gap": gap,
                    "loss": 1.0 + gap,
                    "accuracy": np.full(seeds, 0.9),
                    "held_out": np.full(seeds, 0.8),
                }
                rows.append(
                    {**common, "phase": "evaluation", "rate": 1.0, "lr0": 0.1, "chosen": True, "configurations": 13}
                    | {"diverged": 0, "runs": seeds}
                    | {name: values.tolist() for name, values in lists.items()}
                )
                factor = np.linspace(1.0, 0.0, 11).tolist()
                norm = factor if contender in REFINED and contender != "warmup + polynomial" else None
                rows.append(
                    {**common, "phase": "schedule", "chosen": False, "factor": factor, "norm": norm, "peak": 0.2}
                )
    return pl.DataFrame(rows, infer_schema_length=None)


def test_ratios_tests_and_ranks_of_made_up_gaps():
    cells = Cells(made_up({"linear": 1.0, "cosine": 1.1, "refined": 0.5, "refined twice": 0.5}))
    rows = cells.comparisons()
    assert rows.height == len(PAIRS) * len(PROBLEMS) * len(OPTIMIZERS) == 36
    found = overall(rows, "refined", "linear", "Adam")
    # the wiggles of 1 % around the ratio, seed by seed
    assert found.value == pytest.approx(0.5, rel=0.01)
    assert (found.better, found.worse, found.problems, found.verdict) == (6, 0, 6, "helps")
    # the smallest p-value of 20 pairs, 2 / 2^20, and at most 36 tests
    assert np.all(rows.filter(pl.col("a") == "refined")["corrected"].to_numpy() <= 36 * 2.0**-19)
    ranks = cells.ranks("Adam")
    assert list(ranks) == list(RANKED)
    assert ranks["refined"] + ranks["refined twice"] == 3.0
    assert (ranks["linear"], ranks["cosine"]) == (3.0, 4.0)


def test_p_values_are_those_of_the_logarithms_of_quotients_and_corrected_together():
    cells = Cells(made_up({"linear": 1.0, "cosine": 1.0, "refined": 1.0, "refined twice": 1.001}))
    rows = cells.comparisons()
    first = rows.row(0, named=True)
    quotients = np.array(cells.row(PROBLEMS[0], OPTIMIZERS[0], "refined")["gap"])
    quotients /= cells.row(PROBLEMS[0], OPTIMIZERS[0], "linear")["gap"]
    wanted: Any = stats.wilcoxon(np.log(quotients))
    assert first["p"] == pytest.approx(wanted.pvalue)
    # of an even number, the geometric mean of the middle two
    assert first["ratio"] == pytest.approx(np.exp(np.median(np.log(quotients))))
    # Holm, by its definition
    ordered, running = sorted(rows["p"].to_list()), 0.0
    for k, p in enumerate(ordered):
        running = max(running, min(1.0, (36 - k) * p))
        assert running in rows.filter(pl.col("p") == p)["corrected"].to_list()


def test_the_interval_over_problems_is_students():
    ratios = np.array([0.5, 1.0, 2.0, 4.0])
    rows = pl.DataFrame({"a": "x", "b": "y", "optimizer": "z", "ratio": ratios, "corrected": [0.01, 1.0, 0.2, 0.04]})
    found = overall(rows, "x", "y", None)
    # logs to base 2: -1, 0, 1, 2; mean 1/2, standard deviation sqrt(5/3), t with 3 degrees 3.18245
    half = 3.182446305284263 * math.sqrt(5.0 / 3.0) / 2.0
    assert found.value == pytest.approx(2.0**0.5)
    assert (found.low, found.high) == (pytest.approx(2.0 ** (0.5 - half)), pytest.approx(2.0 ** (0.5 + half)))
    assert (found.better, found.worse, found.verdict) == (1, 1, "undecided")
    lost = overall(rows.with_columns(ratio=pl.Series([0.5, 1.0, 2.0, np.inf])), "x", "y", None)
    assert lost.verdict == "undecided"


def test_critical_difference_and_standard_error():
    # Demsar 2006, Table 5: q = 2.569 for 4 contenders at 5 %
    assert critical_difference(4, 14) == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), rel=1e-3)
    assert standard_error([1.0, 2.0, 3.0]) == pytest.approx(1.0 / math.sqrt(3.0))
    assert math.isnan(standard_error([1.0, math.inf]))


def test_judgements_speak_of_every_prediction_and_can_go_both_ways():
    good = {"linear": 1.0, "cosine": 1.1, "refined": 0.5, "refined twice": 0.5, "warmup + polynomial": 0.5, "1/t": 99.0}
    helped = judge(made_up(good))
    assert [judgement.prediction for judgement in helped] == list(PREDICTIONS)
    # iris and the networks were predicted not to gain; no interval includes 1; Adam gains
    assert [j.held for j in helped] == [True, False, False, False, False, True, True, True, True, True]
    even = judge(made_up({**good, "refined": 1.0, "refined twice": 2.0, "linear": 9.0, "1/t": 1.0}))
    assert [even[k].held for k in (5, 7, 8)] == [False, False, False]
    assert all(judgement.evidence for judgement in helped)
    sentences = conclusion(made_up(good))
    assert len(sentences) == 1 + len(PAIRS) * len(OPTIMIZERS)
    assert (
        "Refined against linear under gradient descent: over problems of this kind the final f(x_T) - f* is lower"
        in sentences[1]
    )
    assert (
        "lower on 6 and higher on 0 of 6 problems, and the median ratio is below 1 on 6 and above on 0." in sentences[1]
    )


@pytest.mark.parametrize(
    ("ratio", "answer", "counts"),
    [
        (0.5, "Refinement is worth following here, ", "better than linear decay in 12 and worse in 0 of 12 cells"),
        (2.0, "Refinement is not worth following here: ", "better than linear decay in 0 and worse in 12 of 12 cells"),
    ],
)
def test_whether_refinement_is_worth_following_goes_with_the_numbers(ratio, answer, counts):
    found = made_up({"linear": 1.0, "refined": ratio})
    first = conclusion(found)[0]
    assert first.startswith(answer)
    assert counts in first
    assert re.search(rf"is {ratio:g}\d* \(95 % interval over 6 problems \[", first), first
    one = conclusion(found.filter((pl.col("problem") == "iris") & (pl.col("optimizer") == "Adam")))
    assert len(one) == 1 + len(PAIRS)
    assert one[0].startswith("Whether refinement is worth following cannot be told from these: ")
    assert "of 1 cells" in one[0]
    assert "one problem gives no interval" in one[0]


def test_a_gain_under_one_optimizer_that_is_lost_under_the_other_decides_nothing():
    gain, loss = (made_up({"linear": 1.0, "refined": ratio}) for ratio in (0.5, 2.0))
    adam = pl.col("optimizer") == "Adam"
    first = conclusion(pl.concat([gain.filter(adam), loss.filter(~adam)]))[0]
    assert first.startswith("Whether")
    assert "in 6 and worse in 6 of 12 cells" in first


def test_a_ratio_that_is_infinite_leaves_no_mean():
    lost = made_up({"linear": 1.0, "refined": math.inf})
    assert "is nan (a ratio is 0 or infinite, so there is none)" in conclusion(lost)[0]


def test_the_interval_over_problems_takes_cells_of_one_problem_together():
    rows = pl.DataFrame(
        {
            "a": "x", "b": "y", "problem": ["p", "p", "q", "q"], "ratio": [0.5, 2.0, 2.0, 8.0],
            "corrected": [0.01, 1.0, 0.2, 0.04],
        }
    )  # fmt: skip
    found = overall_problems(rows, "x", "y")
    # logs to base 2 of the problems: 0 and 2; mean 1, standard deviation sqrt(2), t with 1 degree 12.7062
    assert found.value == pytest.approx(2.0)
    assert found.high == pytest.approx(2.0 ** (1.0 + 12.706204736174694))
    assert (found.better, found.worse, found.problems) == (1, 1, 4)


def test_rates_at_the_edge_are_counted():
    table = made_up({})
    assert Cells(table).edges() == (0, 120)
    moved = table.with_columns(
        chosen=pl.when(pl.col("phase") == "tuning").then(pl.col("rate") == 2.0).otherwise("chosen")
    )
    assert Cells(moved).edges() == (120, 120)
    assert [judge(of)[0].held for of in (table, moved)] == [True, False]
