"""Sweep: runs in canonical order, shard ids, values from a command line, rows."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from greedylr_theory import Batch, LogUniform, Run, StandardNormal, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.perturbations import GradientNoise
from greedylr_theory.schedulers import GreedyBest, GreedyPrevious
from greedylr_theory.sweeps import Shard, Size, Sweep
from greedylr_theory.sweeps.shard import keys

BASE = Run(
    objective=Quadratic(eigenvalues=(1.0, 0.1), target=(1.0, -1.0)),
    scheduler=GreedyPrevious(),
    perturbation=GradientNoise(scale=0.1),
    lr0=LogUniform(low=0.01, high=1.0),
    steps=1,
)
ARMS = {"previous": BASE, "best": dataclasses.replace(BASE, scheduler=GreedyBest(patience=1), lr0=0.1)}


def sweep(arms=ARMS, axes=None, **options):
    size = Size(axes=axes or {"scheduler.factor": (0.5, 0.9), "perturbation.scale": (0.0, 0.2)}, steps=7, replicates=3)
    return Sweep("test", "?", (), arms, {"standard": size}, lambda table: [], **options)


def runs_of(*shards):
    return [run for shard in shards for run in Batch(shard.base, shard.values)]


def keys_are_those_of_the_runs(shard):
    return keys(Batch(shard.base, shard.values)) == [run.key for run in runs_of(shard)]


@pytest.mark.parametrize("shard_size", [1, 5, 12, 100])
def test_shards_cover_axes_times_replicates_in_order(shard_size):
    shards = sweep(shard_size=shard_size).shards("standard")
    expected = [(f, s, r) for _ in ARMS for f in (0.5, 0.9) for s in (0.0, 0.2) for r in range(3)]
    runs = runs_of(*shards)
    found = [run.specification() for run in runs]
    assert [(s["scheduler"]["factor"], s["perturbation"]["scale"], s["replicate"]) for s in found] == expected
    assert all(run.steps == 7 for run in runs)
    assert max(shard.last - shard.first for shard in shards) <= shard_size
    assert len({shard.id for shard in shards}) == len(shards)


def test_rows_hold_what_single_runs_give():
    shard = sweep().shards("standard")[0]
    table, runs = shard.table(), runs_of(shard)
    assert table["key"].to_list() == [run.key for run in runs]
    assert keys_are_those_of_the_runs(shard)
    trajectory = simulate(runs, stride=1)
    np.testing.assert_array_equal(table["initial_loss"], trajectory.loss[:, 0])
    np.testing.assert_array_equal(table["end_lr"], trajectory.lr[:, -1])
    np.testing.assert_array_equal(table["lr0"], trajectory.lr[:, 0])
    np.testing.assert_array_equal(table["end_loss"], trajectory.end_loss)
    np.testing.assert_array_equal(table["lr_sum"], trajectory.lr_sum)
    starts = StandardNormal().points(np.arange(3, dtype=np.uint64), 2)
    distance = np.hypot(starts[0] - 1.0, starts[1] + 1.0)
    np.testing.assert_allclose(table["initial_distance"][:3], distance, rtol=1e-15)  # one rounding of the root
    assert table["scheduler.factor"].to_list() == [0.5] * 6 + [0.9] * 6
    assert table["scheduler.max_lr"].to_list() == [np.inf] * 12
    assert table["replicate"].to_list() == [0, 1, 2] * 4
    assert table["arm"].to_list() == ["previous"] * 12
    assert json.loads(table["objective.eigenvalues"][0]) == [1.0, 0.1]


def test_integer_axes_and_fixed_rates_have_the_keys_of_their_runs():
    (shard,) = sweep({"best": ARMS["best"]}, {"scheduler.patience": (0, 3), "lr0": (0.1, 0.2)}).shards("standard")
    assert keys_are_those_of_the_runs(shard)
    table = shard.table()
    assert table["scheduler.patience"].to_list() == [0] * 6 + [3] * 6
    assert table["lr0"].to_list() == ([0.1] * 3 + [0.2] * 3) * 2


def test_single_step_runs_have_rows():
    shard = Shard("one", BASE, {}, 2, 0, 2)
    assert shard.table()["end_lr"].to_list() == shard.table()["lr0"].to_list()


def test_an_id_depends_on_runs_and_versions_and_on_nothing_else():
    first = sweep().shards("standard")[0]
    assert pickle.loads(pickle.dumps(first)).id == first.id
    assert sweep().shards("standard")[0].id == first.id
    different = [
        dataclasses.replace(first, arm="other"),
        dataclasses.replace(first, replicates=4),
        dataclasses.replace(first, last=first.last - 1),
        dataclasses.replace(first, axes={"scheduler.factor": (0.5, 0.8), "perturbation.scale": (0.0, 0.2)}),
        dataclasses.replace(first, base=first.base.replaced("ordering", "before_update")),
    ]

    class Newer(GreedyPrevious):
        version = 2

    different.append(dataclasses.replace(first, base=first.base.replaced("scheduler", Newer())))
    assert len({shard.id for shard in [first, *different]}) == 1 + len(different)


def test_values_from_a_command_line():
    found = sweep().with_values({"scheduler.factor": "0.25, 0.5"})
    assert found.size("standard").axes == {"scheduler.factor": (0.25, 0.5), "perturbation.scale": (0.0, 0.2)}
    added = sweep().with_values({"scheduler.max_lr": (1.0,), "lr0": "0.1,0.2"})
    assert list(added.size("standard").axes) == ["scheduler.factor", "perturbation.scale", "scheduler.max_lr", "lr0"]
    assert sweep().size("standard").axes["scheduler.factor"] == (0.5, 0.9)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"scheduler.factor": "1.0"}, r"GreedyPrevious\.factor \(F\) must lie in \(0, 1\), got 1\.0"),
        ({"scheduler.factor": (0.5, -1)}, r"GreedyPrevious\.factor \(F\) must lie in \(0, 1\), got -1"),
        ({"scheduler.factor": "half"}, r"GreedyPrevious\.factor \(F\) must lie in \(0, 1\), got 'half'"),
        ({"scheduler.factor": ""}, r"GreedyPrevious\.factor \(F\) must lie in \(0, 1\), got ''"),
        ({"lr0": "0"}, r"Run\.lr0 .* must lie in \(0, inf\), got 0"),
        (
            {"scheduler.patience": "1"},
            r"test has no axis 'scheduler\.patience'; what can be set is: lr0, .*scheduler\.factor",
        ),
        ({"factor": "0.5"}, r"test has no axis 'factor'"),
        ({"scheduler.factor": "0.5,0.5"}, r"none of them twice, got '0\.5,0\.5'"),
        ({"scheduler.factor": ()}, r"at least one value"),
    ],
)
def test_bad_values_are_refused_with_one_sentence(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        sweep().with_values(values)


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="size must be one of standard, got 'huge'"):
        sweep().shards("huge")


def test_arms_may_be_a_function():
    calls = []

    def arms():
        calls.append(1)
        return ARMS

    lazy = sweep(arms)
    assert not calls
    assert [shard.id for shard in lazy.shards("standard")] == [shard.id for shard in sweep().shards("standard")]


def losses_of(batch, trajectory):
    return {"second_loss": trajectory.loss[:, 1], "losses": trajectory.loss, "rate_first": batch.values["replicate"]}


def test_a_measure_sees_every_step_and_moves_no_other_column():
    plain = sweep().shards("standard")[0]
    shard = sweep(measure=losses_of).shards("standard")[0]
    table = pickle.loads(pickle.dumps(shard)).table()
    recorded = simulate(runs_of(shard), stride=1).loss
    np.testing.assert_array_equal(np.stack(table["losses"].to_list()), recorded)
    np.testing.assert_array_equal(table["second_loss"], recorded[:, 1])
    assert table.drop("second_loss", "losses", "rate_first").equals(plain.table())
    again = sweep(measure=losses_of, measure_version=2).shards("standard")[0]
    assert len({plain.id, shard.id, again.id}) == 3


@pytest.mark.parametrize(
    ("measured", "sentence"),
    [
        ({"key": np.zeros(12)}, r"new columns .* each of the 12 runs, got 'key' of shape \(12,\)"),
        ({"short": np.zeros(5)}, r"got 'short' of shape \(5,\)"),
        ({"deep": np.zeros((12, 2, 2))}, r"got 'deep' of shape \(12, 2, 2\)"),
    ],
)
def test_what_a_measure_gives_is_checked(measured, sentence):
    shard = sweep(measure=lambda batch, trajectory: measured).shards("standard")[0]
    with pytest.raises(ValueError, match=sentence):
        shard.table()
