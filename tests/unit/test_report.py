"""The report reuses a ledger only when the same sources wrote it, and says what is not as reviewed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from greedylr_theory import plotting, report
from greedylr_theory.sweeps.sweep import Judgement


@pytest.fixture(scope="module")
def entries() -> list[report.Entry]:
    return report.settle(["optimal_factor_formula"])


def test_a_ledger_of_the_same_sources_is_reused(entries: list[report.Entry], tmp_path: Path):
    report.write_ledger(tmp_path, entries)
    assert report._settled_before(tmp_path) == entries


def test_a_ledger_of_other_sources_is_not(entries: list[report.Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    report.write_ledger(tmp_path, entries)
    monkeypatch.setattr(report, "_proof_sources", lambda: "edited")
    assert report._settled_before(tmp_path) is None


def test_sources_count_as_they_were_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = report._proof_sources()
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"edited meanwhile")
    report.write_ledger(tmp_path, [])
    assert json.loads((tmp_path / "ledger.json").read_text())["sources"] == before


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_a_missing_or_damaged_ledger_is_not(content: str | None, tmp_path: Path):
    if content is not None:
        (tmp_path / "ledger.json").write_text(content)
    assert report._settled_before(tmp_path) is None


def test_the_ledger_is_strict_json(entries: list[report.Entry], tmp_path: Path):
    path = report.write_ledger(tmp_path, [{**entries[0], "margin": None}])
    assert json.loads(path.read_text())["claims"][0]["margin"] is None


def test_what_is_not_as_reviewed_is_named(entries: list[report.Entry]):
    assert report.disagreements(entries) == []
    (problem,) = report.disagreements([{**entries[0], "control": "passed"}])
    assert problem.startswith("optimal_factor_formula")
    (problem,) = report.disagreements([{**entries[0], "margin": None}])
    assert "CONTRADICTION" in problem


def test_predictions_are_judged_again_when_rows_or_sources_change_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    calls: list[int] = []

    def judge(table: pl.DataFrame) -> list[Judgement]:
        calls.append(table.height)
        held: Any = np.bool_(True)  # as comparisons of arrays give it, which is no JSON
        return [Judgement("It is so.", held, f"{table.height} of 2")]

    sweep: Any = SimpleNamespace(name="overshoot", judge=judge, conclusion=lambda table: [f"{table.height} say so."])
    one: Any = SimpleNamespace(table=pl.DataFrame({"a": [1]}), digest="1")
    two: Any = SimpleNamespace(table=pl.DataFrame({"a": [1, 2]}), digest="2")
    first = report.judged(sweep, one, tmp_path)
    assert (first.judgements, first.conclusion) == ([Judgement("It is so.", True, "1 of 2")], ["1 say so."])
    again = report.judged(sweep, one, tmp_path)
    assert (again.judgements, again.conclusion) == (first.judgements, first.conclusion)
    assert calls == [1]
    assert report.judged(sweep, two, tmp_path).conclusion == ["2 say so."]
    (tmp_path / "overshoot" / "judged.json").write_text("{")
    assert report.judged(sweep, two, tmp_path).conclusion == ["2 say so."]
    monkeypatch.setattr(report.sources, "digest", lambda module: "edited")
    report.judged(sweep, two, tmp_path)
    assert calls == [1, 2, 2, 2]


def test_a_bar_in_a_cell_does_not_end_it():
    assert plotting.markdown_table(("a",), [("|x|",)]) == ["| a |", "| --- |", r"| \|x\| |"]
