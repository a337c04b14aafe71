"""What the comparison prints: bars beside measured numbers, and competitors that are not there by name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benchmarks import bars, compare, machine, scale, scale_work, through_jax, through_numpy, timing
from benchmarks.contender import Choice


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy at one size and an absent JAX, few runs, and no change of the cores of the test's process."""
    here = dataclasses.replace(
        through_numpy.BATCHED,
        choices=lambda workload, quick: [Choice(64, (("generator", "SFC64"),))],
        runs=lambda block: 64,
    )
    gone = dataclasses.replace(through_jax.BATCHED, absent=lambda: "JAX is not installed: pip install it")
    monkeypatch.setattr(compare, "CONTENDERS", (here, gone))
    monkeypatch.setattr(compare, "RUNS", 64)
    monkeypatch.setattr(machine, "pin", lambda: "not pinned")


@pytest.mark.usefixtures("small")
def test_an_absent_competitor_is_named_and_the_report_has_every_repeat(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    arguments = ["--workload", "rosenbrock d 2", "--repeats", "3", "--json", str(target)]
    done = CliRunner().invoke(compare.main, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "JAX, jit(vmap(scan)): JAX is not installed" in done.output
    assert "NumPy, batched" in done.output
    report = json.loads(target.read_text())
    assert report["absent"] == {"jax": "JAX is not installed: pip install it"}
    (row,) = report["workloads"]
    assert {key: len(times) for key, times in row["repeats_ns"].items()} == {"package": 3, "numpy": 3}
    assert row["medians_ns"]["numpy"] == timing.median(row["repeats_ns"]["numpy"])
    assert row["ratios"]["numpy"] == row["medians_ns"]["numpy"] / row["medians_ns"]["package"]
    assert report["machine"]["versions"]["numpy"]


@pytest.mark.usefixtures("small")
def test_a_workload_that_does_not_exist_is_a_usage_error() -> None:
    done = CliRunner().invoke(compare.main, ["--workload", "himmelblau"])
    assert done.exit_code == 2
    assert "himmelblau" in done.output


def test_bars_are_held_against_the_mean_and_the_worst() -> None:
    entries = bars.judged({"torch": [4000.0, 16_000.0], "c_lanes": [1.0, 0.4], "c_summaries": [1.0, 1.0]})
    found = {(entry["against"], entry["what"]): entry for entry in entries}
    assert len(found) == 4
    assert found["torch", "geometric mean"]["measured"] == pytest.approx(8000.0, rel=1e-12)  # a rounded logarithm
    assert found["torch", "every workload"] == {
        "against": "torch", "what": "every workload", "bar": 3000.0, "measured": 4000.0, "met": True,
    }  # fmt: skip
    assert not found["c_lanes", "geometric mean"]["met"]
    assert not found["c_lanes", "every workload"]["met"]


@pytest.mark.parametrize("name", scale_work.BULK)
def test_the_runs_in_bulk_do_not_diverge(name: str) -> None:
    scale_work.simulated(name, 64, 2)


def test_a_measuring_process_that_fails_is_not_a_measurement() -> None:
    with pytest.raises(click.ClickException, match="without an answer"):
        scale.answer("")


@pytest.mark.slow
def test_a_new_process_compiles_nothing() -> None:
    assert scale.first_result(scale.MAIN, 1)["misses"] == 0


@pytest.mark.slow
def test_cores_and_memory_are_measured() -> None:
    row = scale.cores_against_one(scale.MAIN, 2, 256, 1)
    assert row["speedup_threads"] > 0
    assert set(row["seconds"]) == {"one thread", "threads", "processes"}
    found = scale.million(scale.MAIN, 2, 1000, 1)
    assert 0 < found["before_bytes"] <= found["peak_bytes"]
