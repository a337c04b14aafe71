"""The command line as a user meets it: output, exit codes, and nothing written on bad input."""

from __future__ import annotations

import errno
import importlib
import json
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from greedylr_theory import plotting
from greedylr_theory.cli import main

LOG = "step,loss\n0,3.0\n1,2.0\n2,2.5\n3,1.5\n"
HALVING = """
from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Scheduler, scheduler_kernel
from greedylr_theory.params import Interval, param


@scheduler_kernel
def halve(step, groups, observed, x, gradient, params, state, lr):
    for lane in range(lr.size):
        lr[lane] = 0.5 * lr[lane] if step % int(params[0, lane]) == 0 else lr[lane]


@dataclass(frozen=True)
class Halving(Scheduler):
    period: int = param(10, symbol="n", domain=Interval.left_closed(1, 1e9), unit="steps", doc="period", kind="int")
    kernel: ClassVar[Any] = halve


PLUGIN = Halving
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text(LOG)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
def test_help_shows_examples(command: list[str]):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert not command or "Example" in result.stdout


def test_simulate_prints_what_came_of_the_run():
    result = run("simulate", "--lr0", "0.05", "--set", "scheduler.factor=0.5", "--steps", "20", "--stride", "5")
    assert result.exit_code == 0
    assert "completed" in result.stdout
    assert "0.05" in result.stdout


@pytest.mark.parametrize("scheduler", ["polyak", "armijo", "barzilai_borwein", "ad_g_d", "chebyshev", "silver"])
def test_simulate_steps_a_scheduler_in_the_ordering_that_it_needs(scheduler: str):
    result = run("simulate", "--scheduler", scheduler, "--lr0", "0.1", "--steps", "20")
    assert result.exit_code == 0, result.stderr
    assert "completed" in result.stdout


def test_replay_prints_the_rates(folder: Path):
    result = run("replay", "log.csv", "--lr0", "0.25", "--set", "factor=0.5", "--set", "patience=0")
    assert result.exit_code == 0
    assert [line.split(",")[-1] for line in result.stdout.split()] == ["lr", "0.5", "1.0", "0.5", "1.0"]


def test_replay_writes_one_column_per_group(folder: Path):
    result = run("replay", "log.csv", "--lr0", "0.25,0.5", "--set", "patience=0", "--output", "rates.csv")
    assert result.exit_code == 0
    assert (folder / "rates.csv").read_text().splitlines()[0] == "step,loss,lr_0,lr_1"


def test_a_warning_goes_to_standard_error(folder: Path):
    result = run("replay", "log.csv", "--lr0", "1e-5")
    assert result.exit_code == 0
    assert "lies below min_lr" in result.stderr
    assert "lies below min_lr" not in result.stdout


BAD = {
    "value outside its domain": (
        ["simulate", "--lr0", "1", "--set", "scheduler.factor=1.0"],
        ["factor (F)", "(0, 1)", "1.0"],
    ),
    "no such parameter": (["simulate", "--lr0", "1", "--set", "scheduler.speed=1"], ["'speed'", "factor"]),
    "no such plug-in": (["simulate", "--lr0", "1", "--scheduler", "greedy"], ["'greedy'", "greedy_best"]),
    "not an assignment": (["simulate", "--lr0", "1", "--set", "factor"], ["path=value", "'factor'"]),
    "no kind in the path": (["simulate", "--lr0", "1", "--set", "factor=0.5"], ["scheduler.factor", "'factor'"]),
    "start of another dimension": (
        ["simulate", "--lr0", "1", "--start", "1,2,3"],
        ["start (x_0)", "2", "(1.0, 2.0, 3.0)"],
    ),
    "start that is no number": (["simulate", "--lr0", "1", "--start", "1,a"], ["--start", "'a'"]),
    "ordering": (
        ["simulate", "--lr0", "1", "--scheduler", "polyak", "--ordering", "after_update"],
        ["'before_update' for Polyak", "'after_update'"],
    ),
    "gradients": (
        ["replay", "log.csv", "--lr0", "1", "--scheduler", "ad_g_d"],
        ["only a rule that follows from metrics alone", "got AdGD"],
    ),
    "rate": (["simulate", "--lr0", "-1"], [r"lr0 (\gamma_0)", "-1.0"]),
    "missing number": (
        ["simulate", "--lr0", "1", "--objective", "resisting"],
        ["Resisting needs slopes: add --set objective.slopes=..."],
    ),
    "missing table": (
        ["simulate", "--lr0", "1", "--objective", "squared_hinges"],
        ["SquaredHinges needs features, which can be given in Python only"],
    ),
    "missing schedule": (
        ["replay", "log.csv", "--lr0", "0.1", "--scheduler", "warmup"],
        ["Warmup needs after", "which can be given in Python only"],
    ),
    "condition of a spectrum": (
        ["simulate", "--lr0", "1", "--set", "objective.eigenvalues=log_spaced:3:0.5"],
        ["condition (kappa)", "[1, inf)", "0.5"],
    ),
    "no such file": (["replay", "missing.csv", "--lr0", "0.1"], ["missing.csv"]),
    "no such column": (["replay", "log.csv", "--lr0", "0.1", "--column", "acc"], ["'acc'", "loss"]),
    "rate that is no number": (["replay", "log.csv", "--lr0", "fast"], ["--lr0", "'fast'"]),
    "value outside, with output": (
        ["replay", "log.csv", "--lr0", "0.1", "--set", "patience=-1", "--output", "rates.csv"],
        ["patience (p)", "-1"],
    ),
    "no such sweep": (["sweep", "g_sweep"], ["'g_sweep'", "f_sweep"]),
    "no such axis": (["sweep", "f_sweep", "--set", "scheduler.speed=1"], ["scheduler.speed", "scheduler.factor"]),
    "axis value": (["sweep", "f_sweep", "--set", "scheduler.factor=0.5,1.5"], ["factor (F)", "(0, 1)", "1.5"]),
    "size": (["sweep", "f_sweep", "--size", "huge"], ["size", "'huge'", "quick"]),
    "engine": (["sweep", "f_sweep", "--engine", "cloud"], ["engine", "'cloud'", "local:"]),
    "part": (["sweep", "f_sweep", "--part", "3/2"], ["part", "'3/2'"]),
    "no such figure": (["figures", "pie_chart"], ["'pie_chart'", "f_sensitivity"]),
    "no such figure to list": (["figures", "--list", "pie_chart"], ["'pie_chart'", "f_sensitivity"]),
    "size of a list": (["figures", "--list", "overshoot", "--size", "huge"], ["size", "'huge'", "quick"]),
    "json without list": (["figures", "--json"], ["--json", "--list"]),
    "sensitivity of nothing": (
        ["sensitivity", "cosine", "--lr0", "0.1", "--only"],
        ["nothing is varied", "scheduler.factor=0.3:0.99"],
    ),
    "sensitivity outside the domain": (
        ["sensitivity", "greedy_best", "--lr0", "0.1", "--range", "scheduler.factor=0.5:1.5"],
        ["scheduler.factor (F)", "(0, 1)", "0.5:1.5"],
    ),
    "sensitivity with a design of 100 rows": (
        ["sensitivity", "greedy_best", "--lr0", "0.1", "--samples", "100"],
        ["power of two", "100"],
    ),
    "sensitivity of no such scheduler": (["sensitivity", "greedy", "--lr0", "0.1"], ["'greedy'", "greedy_best"]),
    "sensitivity with two ranges of one parameter": (
        ["sensitivity", "cosine", "--lr0", "0.1", "--range", "lr0=0.1:1", "--range", "lr0=0.1:2"],
        ["one range", "2 for lr0"],
    ),
    "sensitivity with a negative seed": (["sensitivity", "cosine", "--lr0", "0.1", "--seed", "-1"], ["seed", "-1"]),
    "sensitivity above no number": (["sensitivity", "cosine", "--lr0", "0.1", "--minimum", "nan"], ["minimum", "nan"]),
    "refinement to one step": (["refine", "log.csv", "--steps", "1"], ["--steps", "2", "got 1"]),
    "refinement to too many steps": (["refine", "log.csv", "--steps", "1000000000000"], ["--steps", "1000000000000"]),
    "refinement of losses": (["refine", "log.csv"], ["--column", "gradient norms", "'loss'"]),
    "refinement of a folder": (["refine", "."], ["'.'", "is a folder"]),
    "replay of a folder": (["replay", ".", "--lr0", "0.1"], ["'.'", "is a folder"]),
    "two sizes at once": (["reproduce", "--standard", "--quick"], ["--standard", "--quick", "both"]),
    "sweep without such an arm": (["sweep", "robustness_fair", "--set", "speed=1"], ["'speed'", "channel"]),
    "no such claim": (["verify", "everything"], ["'everything'", "scale_invariance"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_sentence_and_writes_nothing(name: str, folder: Path):
    arguments, expected = BAD[name]
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    sentences = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(sentences) == 1, result.stderr
    for text in expected:
        assert text in sentences[0]
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


def test_a_worst_case_leaves_out_what_the_solver_cannot_do_and_names_claims_in_full(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "PEPit", None)  # as where it is not installed
    result = run("worst-case", "--schedule", "cosine", "--steps", "20")
    assert result.exit_code == 0, result.stderr
    assert "capped_worst_case" in result.stdout
    assert "Left out: GreedyLR" in result.stdout
    assert "pip install 'greedylr-theory[pep]'" in result.stdout
    content = json.loads(run("worst-case", "--steps", "120", "--json").stdout)
    assert [row["name"] for row in content["rows"]][-1] == "silver, N = 127"
    (reason,) = content["left_out"].values()
    assert "not started beyond 25 steps" in reason
    result = run("worst-case", "--steps", "3", "--lr0", "1.5")  # of the schedule itself nothing is known then
    assert result.exit_code == 2
    assert "pip install 'greedylr-theory[pep]'" in result.stderr


def test_verify_prints_json_alone(folder: Path):
    result = run("verify", "optimal_factor_formula", "--json")
    assert result.exit_code == 0, result.stderr
    (claim,) = json.loads(result.stdout)["claims"]
    assert (claim["name"], claim["verdict"], claim["control"]) == ("optimal_factor_formula", "refuted", "rejected")
    assert {"source", "certificate", "margin"} <= set(claim)


def test_verify_explains_one_claim(folder: Path):
    result = run("verify", "--explain", "optimal_factor_formula")
    assert result.exit_code == 0, result.stderr
    for text in ("refuted", "Theorem A.2", "rate = 5/8", "Control", "f_sensitivity"):
        assert text in result.stdout


def test_verify_prints_the_statement_beside_the_verdict(folder: Path):
    result = run("verify", "optimal_factor_formula")
    for text in ("Ledger", "refuted", "rejected", "counterexample"):
        assert text in result.stdout


def test_verify_fails_when_a_verdict_is_not_as_reviewed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    import proofs._ledger

    expected = {**proofs._ledger.reviewed(), "optimal_factor_formula": "proved"}
    monkeypatch.setattr(proofs._ledger, "reviewed", lambda: expected)
    result = run("verify", "optimal_factor_formula")
    assert result.exit_code == 1
    assert "reviewed as proved" in result.stderr


def test_a_list_of_figures_says_where_each_stands_and_writes_nothing(folder: Path):
    result = run("figures", "--list", "overshoot", "--json")
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    (entry,) = content["figures"]
    assert (entry["name"], entry["kind"], entry["reads"]) == ("overshoot", "figure", ["overshoot"])
    assert (entry["state"], entry["missing_shards"]) == ("sweeps missing", entry["shards"])
    assert entry["seconds"]["drawing"] is None
    assert "arXiv 2512.14527, Figure 8" in content["out_of_reach"]
    printed = run("figures", "--list", "overshoot").stdout
    assert "sweeps missing" in printed
    assert "Figures 1, 2, 6, 7, 8" in printed
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


def test_sensitivity_prints_indices_and_writes_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch):
    saved: list[str] = []
    monkeypatch.setattr(plotting, "save", lambda picture, name, *_: saved.append(name) or [])  # drawn in its own test
    (folder / "halving.py").write_text(HALVING)
    arguments = ["--plugin", "halving.py", "--lr0", "0.05", "--steps", "30", "--replicates", "2", "--samples", "8"]
    result = run("sensitivity", *arguments, "--points", "4", "--heat", "lr0,scheduler.period")
    assert result.exit_code == 0, result.stderr
    assert "integers 5 to 20, alike" in result.stdout
    assert "0.0% diverged" in result.stdout
    drawn = [name.rpartition("_")[2] for name in saved]
    assert drawn == ["curves", "indices", "heat"]
    (first,) = (folder / "results/sensitivity").iterdir()
    assert re.fullmatch(r"halving_on_quadratic_[0-9a-f]{10}\.json", first.name)
    assert saved == [f"{first.stem}_{kind}" for kind in drawn]
    result = run("sensitivity", *arguments, "--points", "4", "--json")
    content = json.loads(result.stdout)
    assert [entry["path"] for entry in content["parameters"]] == ["lr0", "scheduler.period"]
    (second,) = set((folder / "results/sensitivity").iterdir()) - {first}  # without a heat map: another study
    assert content == json.loads(second.read_text())
    assert result.stderr.endswith(f"wrote {second.relative_to(folder)}\n")


def test_sensitivity_says_before_it_works_that_nothing_can_be_written(folder: Path):
    result = run("sensitivity", "cosine", "--lr0", "0.1", "--results", "log.csv/results")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: --results must be a folder that can be written, got 'log.csv/results': "
        f"{str(folder / 'log.csv')!r} is no folder\n"
    )


def test_sensitivity_says_in_one_sentence_that_writing_failed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    monkeypatch.setattr(importlib.import_module("greedylr_theory.sensitivity.study"), "replace_file", full)
    arguments = [
        "--replicates",
        "1",
        "--samples",
        "8",
        "--points",
        "2",
        "--steps",
        "5",
        "--only",
        "--range",
        "lr0=0.1:1",
    ]
    result = run("sensitivity", "cosine", "--lr0", "0.1", *arguments)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: --results must be a place that can be written, got 'results': No space left on device\n"
    )
