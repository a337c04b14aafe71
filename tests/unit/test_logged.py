"""CSV in and out of `replay`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from greedylr_theory.files import replace_file
from greedylr_theory.logged import rates_csv, read_metric


def written(folder: Path, text: str) -> Path:
    path = folder / "log.csv"
    path.write_text(text)
    return path


def test_the_last_column_is_the_default(tmp_path: Path):
    name, values = read_metric(written(tmp_path, "step,loss\n0,3\n1,2.5\n"))
    assert name == "loss"
    np.testing.assert_array_equal(values, [3.0, 2.5])


def test_nan_and_infinity_are_metrics_too(tmp_path: Path):
    _, values = read_metric(written(tmp_path, "loss,step\nnan,0\ninf,1\n-inf,2\n"), "loss")
    np.testing.assert_array_equal(values, [np.nan, np.inf, -np.inf])


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("loss\n1\n\n2\n", "acc", "--column must be one of loss, got 'acc'"),
        ("loss\n", None, "must hold at least one number"),
        ("step,loss\n0,1\n1,\n", None, "got None in row 2"),
        ("step,loss\n0,1\n1,low\n", None, "got 'low' in row 2"),
        ("", None, "CSV file with a header line"),
    ],
)
def test_bad_files_get_one_sentence(tmp_path: Path, text: str, column: str | None, expected: str):
    with pytest.raises(ValueError, match=expected) as raised:
        read_metric(written(tmp_path, text), column)
    assert "\n" not in str(raised.value)


def test_rates_have_one_column_per_group():
    text = rates_csv("loss", np.array([1.0, 2.0]), np.array([[0.1, 0.2], [0.3, 0.4]]))
    assert text == "step,loss,lr_0,lr_1\n0,1.0,0.1,0.2\n1,2.0,0.3,0.4\n"


def test_a_file_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "folder" / "file.txt"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]
