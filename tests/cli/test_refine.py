"""greedylr refine: logs as trackers export them, what is printed and written, and one sentence when it cannot be."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from greedylr_theory.cli import main
from greedylr_theory.recorded_norms import read_norms, recorded_digest, recorded_sequences
from greedylr_theory.refinement import refine

VALUES = [4.0, 2.0, 1.0, 1.0, 2.0]

LOGS = {
    "wandb": (
        '"Step","solar-1 - grad_norm","solar-1 - grad_norm__MIN","solar-1 - grad_norm__MAX"\n'
        + "".join(f'"{10 * t}","{g}","{g}","{g}"\n' for t, g in enumerate(VALUES))
    ),
    "wandb with other columns": (
        '"Step","Relative Time (Process)","solar-1 - _step","solar-1 - loss","solar-1 - train/grad_norm"\n'
        + "".join(f'"{t}","{0.5 * t}","{t}","{9 - t}","{g}"\n' for t, g in enumerate(VALUES))
    ),
    "wandb with rows of other metrics": (
        '"Step","solar-1 - grad_norm"\n' + "".join(f'"{2 * t}","{g}"\n"{2 * t + 1}",\n' for t, g in enumerate(VALUES))
    ),
    "tensorboard": ("Wall time,Step,Value\n" + "".join(f"{1700000000.5 + t},{t},{g}\n" for t, g in enumerate(VALUES))),
    "mlflow": (
        "run_id,key,value,step,timestamp\n"
        + "".join(f"a1,loss,{9 - t},{t},17{t}\na1,grad_norm,{g},{t},17{t}\n" for t, g in enumerate(VALUES))
    ),
    "one column": "gnorm\n" + "".join(f"{g}\n" for g in VALUES),
    "a mark at the beginning": "\ufeffgrad_norm\n" + "".join(f"{g}\n" for g in VALUES),
    "no heading": "".join(f"{g}\n" for g in VALUES),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_logs_of_the_usual_trackers_are_read(log: str, zipped: bool, tmp_path: Path) -> None:
    file = tmp_path / ("log.csv.gz" if zipped else "log.csv")
    file.write_bytes(gzip.compress(log.encode()) if zipped else log.encode())
    found = read_norms(file)
    assert found.values.tolist() == VALUES
    assert found.even
    assert found.skipped == (5 if ",\n" in log else 0)


BAD = {
    "no such file": (None, [], r"FILE must be a CSV file, got '.*', which does not exist"),
    "empty": ("", [], r".* must be a CSV file, gzipped or not, but: .*"),
    "no rows": ("grad_norm\n", [], r".* must hold at least one row of numbers, got none"),
    "no such column": (LOGS["one column"], ["--column", "gn"], r"--column must be one of 'gnorm', got 'gn'"),
    "two runs": (
        "Step,a - grad_norm,b - grad_norm\n0,1,2\n1,1,2\n",
        [],
        r"--column must be one of 'a - grad_norm', 'b - grad_norm', got None",
    ),
    "no such key": (LOGS["mlflow"], ["--column", "norm"], r"--column must be one of 'loss', 'grad_norm', got 'norm'"),
    "text": ("gnorm\n1\nhigh\n", [], r"column 'gnorm' of .* must hold numbers, got 'high' in row 2"),
    "restarted": (
        "Step,Value\n0,1\n1,1\n1,2\n",
        [],
        r"column 'Step' of .* must increase, got 1 after 1: sort the rows, and leave out what was repeated .*",
    ),
    "two runs of MLflow": (
        "run_id,key,value,step\na,gnorm,1,0\na,gnorm,1,1\nb,gnorm,2,0\nb,gnorm,2,1\n",
        [],
        r"log\.csv must hold the norms of one run, got 2 in column 'run_id'",
    ),
    "semicolons": (
        "step;norm\n0;1,5\n1;1,2\n",
        [],
        r"columns of .* must be separated by commas, got ';' in 'step;norm'",
    ),
    "tabs": ("step\tnorm\n0\t1.5\n", [], r"columns of .* must be separated by commas, got '\\t' in 'step\\tnorm'"),
    "blanks": ("17 1.5 0\n18 1.4 1\n", [], r"columns of .* must be separated by commas, got ' ' in '17 1\.5 0'"),
    "ragged": (
        "step,norm\n0,1\n1,1,2\n",
        [],
        r"log\.csv must be a CSV file.*: a row has more entries than the first line",
    ),
    "losses": (
        "step,train/loss\n0,1\n1,2\n",
        [],
        r"--column must be named where no heading says that it holds gradient norms, got 'train/loss' alone",
    ),
    "zero": ("gnorm\n1\n0\n", [], r"norms must be positive and finite, got 0\.0 at step 1"),
    "infinite": ("gnorm\n1\nInfinity\n", [], r"norms must be positive and finite, got inf at step 1"),
    "nan": ("gnorm\nNaN\n1\n", [], r"norms must be positive and finite, got nan at step 0"),
    "one": ("gnorm\n1\n", [], r"norms must hold at least 2 usable numbers, got 1"),
    "kind": (LOGS["one column"], ["--kind", "l3"], r"kind must be 'l2' or 'l1', got 'l3'"),
    "basis": (LOGS["one column"], ["--window-basis", "x"], r"window_basis must be 'fraction' or 'published', got 'x'"),
    "output": (LOGS["one column"], ["--output", "s.txt"], r"--output must end in \.csv or \.json, got 's\.txt'"),
    "no folder for the output": (
        LOGS["one column"],
        ["--output", "log.csv/s.csv"],
        r"--output must be a file that can be written, got 'log\.csv/s\.csv': '.*log\.csv' is no folder",
    ),
    "no folder for the picture": (
        LOGS["one column"],
        ["--png", "log.csv/s.png"],
        r"--png must be a file that can be written, got 'log\.csv/s\.png': '.*log\.csv' is no folder",
    ),
    "picture": (LOGS["one column"], ["--png", "s.gif"], r"--png must end in \.png or \.pdf, got 's\.gif'"),
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["refine", *arguments])


@pytest.mark.parametrize(("log", "options", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence_and_leaves_nothing(
    log: str | None, options: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if log is not None:
        Path("log.csv").write_text(log)
    result = run("log.csv", *options)
    assert result.exit_code == 2
    assert re.fullmatch(rf"Error: {sentence}\n", result.stderr), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ([] if log is None else ["log.csv"])


def test_a_folder_where_nothing_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = os.access
    # root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK and allowed(path, mode))
    (tmp_path / "log.csv").write_text(LOGS["one column"])
    result = run(str(tmp_path / "log.csv"), "--output", str(tmp_path / "new/s.csv"))
    assert result.exit_code == 2
    assert result.stderr.endswith(f"nothing may be written in {str(tmp_path)!r}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


@pytest.mark.parametrize(("option", "name"), [("--output", "s.csv"), ("--png", "s.png")])
def test_what_goes_wrong_with_an_output_is_one_sentence(
    option: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text(LOGS["one column"])
    Path(name).mkdir()
    result = run("log.csv", option, name)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {option} must be a file that can be written, got {name!r}, which is a folder\n"
    Path(name).rmdir()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    monkeypatch.setattr("greedylr_theory.files.replace_file", full)
    result = run("log.csv", option, name)
    assert result.exit_code == 2
    wanted = f"Error: {option} must be a place that can be written, got {name!r}: No space left on device\n"
    assert result.stderr == wanted


def test_a_schedule_is_shown_written_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    norms = np.linspace(3.0, 1.0, 50)
    Path("log.csv").write_text("grad_norm\n" + "".join(f"{g!r}\n" for g in norms.tolist()))
    result = run("log.csv", "--steps", "80", "--output", "s.csv", "--png", "s.png")
    assert result.exit_code == 0, result.stderr
    wanted = refine(norms, points=80)
    table = pl.read_csv("s.csv")
    assert table["step"].to_list() == list(range(80))
    assert table["factor"].to_list() == wanted.schedule.tolist()
    assert f"peak at step {wanted.argmax} of 79" in result.stdout
    assert "█" in result.stdout
    assert Path("s.png").read_bytes().startswith(b"\x89PNG")
    json_result = run("log.csv", "--kind", "l1", "--output", "s.json")
    assert json.loads(Path("s.json").read_text())["factor"] == refine(norms, kind="l1").schedule.tolist()
    assert "theory for SGD" not in json_result.stdout


def test_uneven_steps_are_made_even_except_as_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Norms logged at every step first and at every tenth later: shares of the run are those of steps, not of rows."""
    monkeypatch.chdir(tmp_path)
    steps = [*range(100), *range(100, 1001, 10)]
    Path("log.csv").write_text("Step,Value\n" + "".join(f"{t},{2.0 if t < 500 else 1.0}\n" for t in steps))
    result = run("log.csv", "--smoothing", "0", "--output", "s.csv")
    assert "steps are not equally spaced: norms were interpolated" in result.stdout
    table = pl.read_csv("s.csv")
    peak = float(np.argmax(table["factor"].to_numpy())) / (table.height - 1)
    assert peak == pytest.approx(0.5, abs=0.01)
    published = run("log.csv", "--window-basis", "published", "--smoothing", "0", "--output", "p.csv")
    assert "which the published code does not look at" in published.stdout
    rows = pl.read_csv("p.csv")
    assert float(np.argmax(rows["factor"].to_numpy())) / (rows.height - 1) > 0.7


def test_a_folder_of_sequences_is_found_by_either_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREEDYLR_DATA", raising=False)
    assert recorded_sequences() == {}
    assert recorded_digest() == ""
    inner = tmp_path / "gradient_norms"
    inner.mkdir()
    (inner / "vit_l1.csv.gz").write_bytes(gzip.compress(b"step,gradient_norm\n0,1\n1,2\n"))
    (inner / "rcnn_gnorm.csv.gz").write_bytes(gzip.compress(b"step,gradient_norm\n0,3\n1,4\n"))
    for folder in (tmp_path, inner):
        monkeypatch.setenv("GREEDYLR_DATA", str(folder))
        found = recorded_sequences()
        assert {name: (kind, norms.values.tolist()) for name, (kind, norms) in found.items()} == {
            "rcnn_gnorm": ("l2", [3.0, 4.0]),
            "vit_l1": ("l1", [1.0, 2.0]),
        }
        digest = recorded_digest()
        (inner / "rcnn_gnorm.csv.gz").write_bytes(gzip.compress(b"step,gradient_norm\n0,3\n2,4\n"))
        assert digest != recorded_digest() != ""
        (inner / "rcnn_gnorm.csv.gz").write_bytes(gzip.compress(b"step,gradient_norm\n0,3\n1,4\n"))
        assert digest == recorded_digest()
