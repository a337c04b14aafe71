"""The cache of compiled kernels: stale machine code must be impossible, and a second process must not compile."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import greedylr_theory
from greedylr_theory import compilation

PACKAGE = Path(greedylr_theory.__path__[0])
DIGESTED = {path.relative_to(PACKAGE) for pattern in compilation._SOURCES for path in PACKAGE.glob(pattern)}
KERNEL_FILES = sorted(
    path.relative_to(PACKAGE)
    for folder in ("objectives", "optimizers", "schedulers", "perturbations", "simulation")
    for path in (PACKAGE / folder).glob("*.py")
    if "@" in path.read_text() and any(mark in path.read_text() for mark in ("kernel", "inlined", "subroutine"))
)


def called_files(path: Path) -> set[Path]:
    """Files of the package that a file imports lower-case names from: functions, or modules of functions."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("greedylr_theory"):
            module = Path(*node.module.split(".")[1:])
            for alias in node.names:
                if (PACKAGE / module / f"{alias.name}.py").exists():
                    found.add(module / f"{alias.name}.py")
                elif alias.name.islower():
                    found.add(module.with_suffix(".py"))
    return found


@pytest.mark.parametrize("path", KERNEL_FILES, ids=str)
def test_kernels_call_into_digested_files_only(path: Path):
    harmless = {Path("params.py"), Path("catalog.py"), Path("optimizers/gradient_descent.py")}
    harmless |= {Path("simulation/run.py"), Path("simulation/blocks.py"), Path("perturbations/no_perturbation.py")}
    # what lays a table out, and is called while a run is made
    harmless |= {path.relative_to(PACKAGE) for path in (PACKAGE / "expressions").glob("*.py")}
    assert called_files(path) - DIGESTED - harmless == set()


def test_the_digest_covers_the_functions_that_others_call():
    assert {Path("elementary.py"), Path("simulation/draws.py"), Path("schedulers/_metric_rule.py")} <= DIGESTED


def test_an_edited_helper_gives_another_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "compilation.py").write_text("")
    (tmp_path / "elementary.py").write_text("one")
    monkeypatch.setattr(compilation, "__file__", str(tmp_path / "compilation.py"))
    before = compilation.source_digest.__wrapped__()
    (tmp_path / "elementary.py").write_text("two")
    assert compilation.source_digest.__wrapped__() != before


SCRIPT = """
from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import GreedyPrevious
simulate([Run(objective=Quadratic((1.0,)), scheduler=GreedyPrevious(), lr0=0.1, steps=3)])
from greedylr_theory.contracts import follow_table
from greedylr_theory.simulation.driver import advance
assert all(not kernel.stats.cache_misses for kernel in (follow_table, advance)), "compiled anew"
"""


def test_a_second_process_compiles_nothing():
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    for _ in range(2):  # the first process fills the cache where it is still cold
        result = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
