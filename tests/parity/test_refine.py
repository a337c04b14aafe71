"""The lines of code that `greedylr refine` shows, run in torch."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from greedylr_theory.cli import main
from greedylr_theory.refinement import refine

torch = pytest.importorskip("torch")

VALUES = [4.0, 2.0, 1.0, 1.0, 2.0]


@pytest.mark.parametrize("file", ["s.csv", "s.json"])
def test_the_lines_that_are_shown_work_in_torch(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text("gnorm\n" + "".join(f"{g}\n" for g in VALUES))
    result = CliRunner().invoke(main, ["refine", "log.csv", "--smoothing", "0", "--output", file])
    lines = result.stdout.partition("lr:\n")[2].strip()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    Path("shown.py").write_text(lines, encoding="utf-8")
    names: dict[str, Any] = runpy.run_path("shown.py", init_globals={"torch": torch, "optimizer": optimizer})
    rates: list[float] = []
    for _ in range(7):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        names["scheduler"].step()
    factors = refine(VALUES, smoothing=0).schedule.tolist()
    assert rates == [0.5 * factor for factor in [*factors, 0.0, 0.0]]
