"""The files that a module is made of: through imports at the top, inside functions, and by classes made on demand."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from greedylr_theory import sources


def found(module: str) -> set[str]:
    return {f"{path.parent.name}/{path.name}" for path in sources.files(module)}


def test_imports_are_followed():
    names = found("paper_figures.overshoot")
    assert {
        "paper_figures/overshoot.py",
        "experiments/overshoot.py",
        "theory/cycle.py",
        "simulation/driver.py",
    } <= names
    assert "theory/death.py" not in names


def test_imports_inside_functions_count():
    assert "proofs/_ledger.py" in found("greedylr_theory.report")


def test_a_class_made_on_demand_brings_its_folder(tmp_path: Path):
    path = tmp_path / "a.py"
    path.write_text("from greedylr_theory.optimizers import Adam\nfrom greedylr_theory.theory import cycle\n")
    names = sources._imported(path)
    assert {"greedylr_theory.optimizers.adam", "greedylr_theory.optimizers.momentum"} <= set(names)
    assert "greedylr_theory.theory.cycle" in names
    assert "greedylr_theory.theory.death" not in names


def test_other_libraries_do_not_count():
    assert sources.files("numpy") == []


def test_the_digest_changes_with_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    monkeypatch.setattr(sources, "files", lambda module: [path])
    sources.digest.cache_clear()
    first = sources.digest("a")
    assert first == hashlib.sha256(f"{tmp_path.name}/a.py\nx = 1\n".encode()).hexdigest()
    path.write_text("x = 2\n")
    sources.digest.cache_clear()
    assert sources.digest("a") != first
    sources.digest.cache_clear()
