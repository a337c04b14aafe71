"""`import greedylr_theory` is quick and loads no compiler."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("numba", "llvmlite", "numpy", "scipy", "sympy", "matplotlib", "polars", "sklearn", "click", "rich", "torch")


def child(code: str) -> str:
    """Standard output of a fresh interpreter, which finds this package where the test did."""
    prelude = f"import sys; sys.path[:0] = {[entry for entry in sys.path if entry]!r}\n"
    return subprocess.run([sys.executable, "-c", prelude + code], capture_output=True, text=True, check=True).stdout


def test_import_loads_no_heavy_module() -> None:
    code = "import json, sys, greedylr_theory, greedylr_theory.catalog\nprint(json.dumps(sorted(sys.modules)))"
    loaded = {name.partition(".")[0] for name in json.loads(child(code))}
    assert "greedylr_theory" in loaded
    assert not loaded & set(HEAVY)


def test_public_names_are_listed_without_being_loaded() -> None:
    code = "import sys, greedylr_theory\nprint('simulate' in dir(greedylr_theory), 'numba' in sys.modules)"
    assert child(code).split() == ["True", "False"]


def test_import_takes_less_than_three_tenths_of_a_second() -> None:
    """Processor time, which a busy machine stretches less than wall time; the best of five for the same reason."""
    code = "import time; t = time.process_time(); import greedylr_theory; print(time.process_time() - t)"
    assert min(float(child(code)) for _ in range(5)) < 0.3
