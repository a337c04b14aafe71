"""The engine: the same bits whatever computes them, and one clear sentence when something breaks."""

import dataclasses
import functools
import json
import os
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from greedylr_theory import LogUniform, Run
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import GreedyBest, GreedyPrevious
from greedylr_theory.sweeps import Size, Store, Sweep, execute, plan
from greedylr_theory.sweeps.engine import EngineError, run_all

BASE = Run(
    objective=Quadratic(eigenvalues=(1.0, 0.1)), scheduler=GreedyPrevious(), lr0=LogUniform(low=0.01, high=1.0), steps=1
)
SWEEP = Sweep(
    name="small",
    question="?",
    prediction=(),
    arms={"previous": BASE, "best": dataclasses.replace(BASE, scheduler=GreedyBest(patience=1))},
    sizes={"standard": Size(axes={"scheduler.factor": (0.25, 0.5, 0.9)}, steps=60, replicates=9)},
    judge=lambda table: [],
    shard_size=10,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, execute(SWEEP, folder=folder, engine="local:1")


def test_everything_is_computed_once_and_then_reused(whole):
    folder, first = whole
    again = execute(SWEEP, folder=folder, engine="local:1")
    assert (first.computed, first.reused) == (6, 0)
    assert (again.computed, again.reused) == (0, 6)
    assert again.digest == first.digest
    assert again.table.equals(first.table)
    assert first.table.height == 2 * 3 * 9
    assert first.table["scheduler.factor"].to_list() == ([0.25] * 9 + [0.5] * 9 + [0.9] * 9) * 2


def test_engines_give_the_same_bits(whole, tmp_path):
    _, first = whole
    assert execute(SWEEP, folder=tmp_path / "processes", engine="local:2").digest == first.digest
    with ThreadPoolExecutor(3) as pool:
        assert execute(SWEEP, folder=tmp_path / "threads", engine=pool).digest == first.digest


def test_parts_together_are_the_whole(whole, tmp_path):
    _, first = whole
    parts = [execute(SWEEP, folder=tmp_path, engine="local:1", part=f"{i}/4") for i in (3, 1, 4, 2)]
    assert [part.computed for part in parts] == [1, 2, 1, 2]
    assert {key: value for part in parts for key, value in part.digests.items()} == first.digests
    together = execute(SWEEP, folder=tmp_path, engine="local:1")
    assert (together.computed, together.digest) == (0, first.digest)
    assert together.table.equals(first.table)


def test_a_damaged_shard_is_computed_again(whole, tmp_path):
    _, first = whole
    execute(SWEEP, folder=tmp_path, engine="local:1")
    store = Store(tmp_path / "small")
    truncated, removed = list(first.digests)[1:3]
    store.path(truncated).write_bytes(store.path(truncated).read_bytes()[:-100])
    store.path(removed).unlink()
    assert plan(SWEEP, folder=tmp_path).missing == 2
    again = execute(SWEEP, folder=tmp_path, engine="local:1")
    assert (again.computed, again.reused, again.digest) == (2, 4, first.digest)


def test_a_dry_run_writes_nothing(tmp_path):
    outcome = execute(SWEEP, folder=tmp_path / "absent", dry_run=True)
    assert (outcome.computed, outcome.reused, outcome.table.height) == (0, 0, 0)
    found = plan(SWEEP, folder=tmp_path / "absent", part="1/2")
    assert (found.runs, found.shards, found.missing) == (10 + 7 + 10, 3, 3)
    assert str(found).startswith("27 runs in 3 shards, 3 of them to compute")
    assert not (tmp_path / "absent").exists()


def test_progress_counts_the_shards_that_were_missing(tmp_path):
    seen = []
    execute(
        SWEEP, folder=tmp_path, engine="local:1", part="1/2", progress=lambda done, total: seen.append((done, total))
    )
    execute(SWEEP, folder=tmp_path, engine="local:1", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)] * 2


def test_manifest(whole):
    folder, first = whole
    text = (folder / "small" / "manifest.json").read_text()
    manifest = json.loads(text)
    assert text == json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    assert [shard["id"] for shard in manifest["shards"]] == list(first.digests)
    assert manifest["size"] == "standard"
    assert {"numpy", "numba", "polars", "python"} <= manifest["versions"].keys()
    assert manifest["architecture"]


@pytest.mark.parametrize("engine", ["local", "local:0", "local:x", "remote:2", ""])
def test_an_unknown_engine_is_refused_before_anything_is_written(engine, tmp_path):
    with pytest.raises(ValueError, match="engine must be"):
        execute(SWEEP, folder=tmp_path / "absent", engine=engine)
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1.5/2"])
def test_an_impossible_part_is_refused(part, tmp_path):
    with pytest.raises(ValueError, match=r'part must look like "i/n"'):
        execute(SWEEP, folder=tmp_path, part=part)


def test_warnings_of_workers_are_given_once(tmp_path):
    above = dataclasses.replace(BASE, scheduler=GreedyBest(max_lr=0.001))
    sweep = dataclasses.replace(SWEEP, arms={"a": above})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = execute(sweep, folder=tmp_path, engine="local:1")
    assert outcome.computed == 3
    sentences = [str(entry.message) for entry in caught if entry.category is ScheduleWarning]
    assert len(sentences) == len(set(sentences)) >= 1
    assert "above max_lr" in sentences[0]


def square(x: int) -> tuple[int, str | None]:
    return x * x, os.environ.get("OPENBLAS_NUM_THREADS")


def fail_at(wrong: int, x: int) -> int:
    if x == wrong:
        raise KeyError(f"no {x}")
    return x


def die_at(wrong: int, x: int) -> int:
    if x == wrong:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def test_results_come_in_the_order_of_the_items_and_workers_use_one_thread(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")
    assert run_all(square, [3, 1, 2], "local:1") == [(9, "5"), (1, "5"), (4, "5")]
    assert run_all(square, [3, 1, 2], "local:2") == [(9, "1"), (1, "1"), (4, "1")]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "5"
    assert run_all(square, [], "local:2") == []


@pytest.mark.parametrize("engine", ["local:1", pytest.param("local:2", marks=pytest.mark.slow)])
def test_an_error_names_its_item(engine):
    with pytest.raises(EngineError, match="2 failed: KeyError: 'no 2'"):
        run_all(functools.partial(fail_at, 2), [1, 2, 3], engine)


def test_a_killed_worker_is_one_sentence():
    with pytest.raises(
        EngineError, match=r"a worker process died .* when \d of 4 items were finished; the same command"
    ):
        run_all(functools.partial(die_at, 2), [0, 1, 2, 3], "local:2")


def test_an_error_in_a_shard_keeps_the_finished_ones(tmp_path, monkeypatch):
    from greedylr_theory.sweeps.shard import Shard

    original = Shard.table

    def broken(shard: Shard) -> pl.DataFrame:
        if shard.arm == "best":
            raise ZeroDivisionError("made up")
        return original(shard)

    monkeypatch.setattr(Shard, "table", broken)
    with pytest.raises(
        EngineError, match=r"shard [0-9a-f]{12} \(best, runs 0 to 9\) failed: ZeroDivisionError: made up"
    ):
        execute(SWEEP, folder=tmp_path, engine="local:1")
    monkeypatch.undo()
    assert execute(SWEEP, folder=tmp_path, engine="local:1").reused == 2
