"""The report reuses a ledger only when the same sources wrote it, and says what is not as reviewed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greedylr_theory import plotting, report


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


def test_a_bar_in_a_cell_does_not_end_it():
    assert plotting.markdown_table(("a",), [("|x|",)]) == ["| a |", "| --- |", r"| \|x\| |"]
