"""Gradient norms that were logged elsewhere: files of the usual experiment trackers, and a folder of such files."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: folder (or its parent) with sequences name.csv.gz; names with l1 in them are l1 norms
ENVIRONMENT = "GREEDYLR_DATA"
_FOLDER = "gradient_norms"
#: headings, in lower case and without blanks and underscores at their ends, of what counts or times the rows
_COUNTS = {
    "step", "steps", "global step", "global_step", "trainer/global_step", "train/global_step", "epoch", "iteration",
    "iter", "t", "time", "wall time", "wall_time", "timestamp", "runtime", "index", "unnamed: 0", "",
}  # fmt: skip
_STEPS = ("step", "global step", "global_step", "trainer/global_step", "train/global_step", "steps", "iteration", "t")
_RUNS = ("run_id", "run id", "run_uuid", "run", "run_name")
_NO_NORMS = re.compile(r"loss|acc(uracy)?$|(^|[\W_])lr$|learning[\W_]*rate|perplexity", re.IGNORECASE)
_OF_NORMS = re.compile(r"grad(ient)?s?[\W_]*norm|gnorm|norm[\W_]*(of[\W_]*)?grad", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class RecordedNorms:
    """One column of a log: its name, the values (T,), the steps (T,) they belong to (row numbers if there are none),
    and how many rows had no value in that column."""

    name: str
    values: NDArray[np.float64]
    steps: NDArray[np.float64]
    skipped: int

    @property
    def even(self) -> bool:
        """Whether the steps are equally spaced."""
        gaps = np.diff(self.steps)
        return bool(np.all(gaps == gaps[0])) if gaps.size else True

    def at_even_steps(self) -> NDArray[np.float64]:
        """As many values at equally spaced steps, on straight lines between those recorded."""
        if self.even:
            return self.values
        return np.interp(np.linspace(self.steps[0], self.steps[-1], self.steps.size), self.steps, self.values)


def read_norms(file: Path, column: str | None = None) -> RecordedNorms:
    """Read gradient norms from a CSV file, gzipped or not.

    Understood are a column of numbers with or without a heading; Weights & Biases ("Step", "run - grad_norm", with
    __MIN and __MAX left out); TensorBoard ("Wall time", "Step", "Value"); MLflow (a row per value with its "key" or
    "metric"). Rows without a value are skipped.

    Args:
        column: heading, or key of a metric; may be left out where only one column can be meant: the only one that is
            no count or time, or the only one named after a gradient norm.

    Raises:
        ValueError: there is no such file or column, more than one column may be meant, an entry is no number, or steps
            do not increase; always in one sentence.
    """
    table = _table(file)
    keys = _keys(table)
    if keys is not None:
        name, table = _rows_of_a_metric(table, keys, column)
        _require_one_run(table, file)
        chosen = _named(table, ("value",))
    else:
        chosen = name = _chosen(table, column)
    counts = [heading for heading in table.columns if _plain(heading) in _STEPS and heading != chosen]
    counts.sort(key=lambda heading: _STEPS.index(_plain(heading)))
    texts = table[chosen].cast(pl.String).str.strip_chars()
    given = (texts.is_not_null() & (texts != "")).to_numpy()
    values = _numbers(texts, chosen, file)[given]
    steps = np.arange(given.size, dtype=np.float64)[given]
    if counts:
        steps = _numbers(table[counts[0]].cast(pl.String).str.strip_chars(), counts[0], file)[given]
    falls = np.flatnonzero(~(np.diff(steps) > 0.0))
    if falls.size:
        k = int(falls[0])
        raise ValueError(
            f"column {counts[0]!r} of {file} must increase, got {steps[k + 1]:g} after {steps[k]:g}: sort the rows, "
            "and leave out what was repeated after a restart"
        )
    return RecordedNorms(name, values, steps, int(np.count_nonzero(~given)))


def recorded_sequences() -> dict[str, tuple[Literal["l2", "l1"], RecordedNorms]]:
    """{name: (kind, norms)} of the files in the folder named by GREEDYLR_DATA; empty without one."""
    given = os.environ.get(ENVIRONMENT)
    if not given:
        return {}
    files = sorted([*Path(given).glob("*.csv.gz"), *(Path(given) / _FOLDER).glob("*.csv.gz")])
    found = {file.name.partition(".")[0]: read_norms(file) for file in files}
    return {name: ("l1" if "l1" in name.split("_") else "l2", norms) for name, norms in found.items()}


def recorded_digest() -> str:
    """Identifies what `recorded_sequences` returns; empty when that is empty."""
    found = recorded_sequences()
    total = hashlib.sha256()
    for name, (kind, norms) in found.items():
        total.update(f"{name} {kind} {norms.values.size} ".encode())
        total.update(norms.values.astype("<f8").tobytes() + norms.steps.astype("<f8").tobytes())
    return total.hexdigest() if found else ""


def _table(file: Path) -> pl.DataFrame:
    if not file.is_file():
        state = "is a folder" if file.is_dir() else "does not exist"
        raise ValueError(f"FILE must be a CSV file, got {str(file)!r}, which {state}")
    try:
        headings = pl.read_csv(file, infer_schema=False, n_rows=0).columns
        if len(headings) == 1 and (mark := _separator(headings[0])) is not None:
            raise ValueError(f"columns of {file} must be separated by commas, got {mark!r} in {headings[0]!r}")
        table = pl.read_csv(file, infer_schema=False)
        if all(_is_number(heading) for heading in table.columns):
            table = pl.read_csv(file, infer_schema=False, has_header=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        if "more fields" in reason:
            reason = "a row has more entries than the first line"
        raise ValueError(f"{file} must be a CSV file, gzipped or not, but: {reason}") from None
    if table.height == 0:
        raise ValueError(f"{file} must hold at least one row of numbers, got none")
    return table


def _separator(line: str) -> str | None:
    """What stands between columns in a first line that has no comma: a semicolon, a tab, or blanks between numbers."""
    entries = line.split()
    blanks = " " if len(entries) > 1 and all(_is_number(entry) for entry in entries) else None
    return next((mark for mark in ";\t" if mark in line), blanks)


def _plain(heading: str) -> str:
    return heading.strip().lower().strip("_")


def _named(table: pl.DataFrame, wanted: tuple[str, ...]) -> str:
    return next((heading for heading in table.columns if _plain(heading) in wanted), "")


def _keys(table: pl.DataFrame) -> str | None:
    """Column that says which metric a row is about, in tables with a row per value."""
    found = _named(table, ("key", "metric"))
    return found if found and _named(table, ("value",)) else None


def _rows_of_a_metric(table: pl.DataFrame, keys: str, column: str | None) -> tuple[str, pl.DataFrame]:
    metrics = table[keys].cast(pl.String).unique(maintain_order=True).drop_nulls().to_list()
    name = _only(metrics, column)
    return name, table.filter(pl.col(keys) == name)


def _require_one_run(table: pl.DataFrame, file: Path) -> None:
    for heading in table.columns:
        count = table[heading].n_unique() if _plain(heading) in _RUNS else 1
        if count > 1:
            raise ValueError(f"{file} must hold the norms of one run, got {count} in column {heading!r}")


def _chosen(table: pl.DataFrame, column: str | None) -> str:
    if column is not None:
        return _only(table.columns, column)
    counted = [heading for heading in table.columns if _plain(heading) not in _COUNTS]
    measured = [heading for heading in counted if not heading.endswith(("__MIN", "__MAX"))]
    return _only(measured or table.columns, None)


def _only(names: list[str], wanted: str | None) -> str:
    """The wanted one, or the only one, or the only one that is called a gradient norm."""
    if wanted is not None and wanted in names:
        return wanted
    norms = [name for name in names if _OF_NORMS.search(name)]
    if wanted is None and len(norms) == 1:
        return norms[0]
    if wanted is None and len(names) == 1:
        if _NO_NORMS.search(names[0]):
            raise ValueError(
                f"--column must be named where no heading says that it holds gradient norms, got {names[0]!r} alone"
            )
        return names[0]
    raise ValueError(f"--column must be one of {', '.join(map(repr, names))}, got {wanted!r}")


def _numbers(texts: pl.Series, name: str, file: Path) -> NDArray[np.float64]:
    """Numbers of a column; NaN where nothing is written."""
    numbers = texts.cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() & texts.is_not_null() & (texts != "")).to_numpy()
    if np.any(wrong):
        row = int(np.argmax(wrong))
        raise ValueError(f"column {name!r} of {file} must hold numbers, got {texts[row]!r} in row {row + 1}")
    return numbers.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
