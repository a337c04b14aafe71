"""Logged metrics in, step sizes out: the CSV files of `greedylr replay`."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from greedylr_theory.contracts import Floats


def read_metric(file: Path, column: str | None = None) -> tuple[str, Floats]:
    """Name and values (T,) of one column of a CSV file with a header line.

    Args:
        file: as exported by the usual experiment trackers.
        column: which column; the last one when None.

    Raises:
        ValueError: there is no such file or column, it has no rows, or an entry is missing or not a number.
    """
    if not file.is_file():
        state = "is a folder" if file.is_dir() else "does not exist"
        raise ValueError(f"FILE must be a CSV file, got {str(file)!r}, which {state}")
    try:
        table = pl.read_csv(file, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{file} must be a CSV file with a header line, but: {reason}") from None
    name = table.columns[-1] if column is None else column
    if name not in table.columns:
        raise ValueError(f"--column must be one of {', '.join(table.columns)}, got {name!r}")
    if table.height == 0:
        raise ValueError(f"column {name!r} of {file} must hold at least one number, got none")
    values = table[name].cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    if values.null_count():
        row = int(values.is_null().arg_max() or 0)
        raise ValueError(f"column {name!r} of {file} must hold numbers, got {table[name][row]!r} in row {row + 1}")
    return name, values.to_numpy()


def rates_csv(name: str, metrics: Floats, rates: Floats) -> str:
    """CSV text: step, the metric, and the step size in force after it (one column per parameter group)."""
    columns = {"step": range(len(metrics)), name: metrics}
    labels = ["lr"] if rates.shape[1] == 1 else [f"lr_{group}" for group in range(rates.shape[1])]
    columns |= dict(zip(labels, rates.T, strict=True))
    return pl.DataFrame(columns).write_csv()
