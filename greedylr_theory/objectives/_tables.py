"""Data sets for classification: scikit-learn's bundled ones and the user's CSV files, standardised."""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BUNDLED = ("breast_cancer", "iris", "wine", "digits")


@dataclass(frozen=True, eq=False)
class Table:
    """Standardised data, shared by all who ask for it: not to be written to (kernels take no read-only arrays).

    values: (n, m + 2): m features with mean 0 and population standard deviation 1, a column of ones, the label.
        Labels are -1 and 1 for two classes and 0 .. K-1 for more, in the order of `classes`.
    classes: what the labels were called, sorted: numbers by value, text alphabetically.
    digest: SHA-256 of values and number of classes.
    """

    values: Floats
    classes: tuple[Any, ...]
    digest: str


def table(dataset: str, target: str | None, owner: str = "Logistic") -> Table:
    """Load and standardise a data set; the same content is loaded once per process.

    Args:
        dataset: a name in BUNDLED, or the path of a CSV file with a header line.
        target: the CSV column that holds the label (numbers or text); its last column when None.
        owner: class that asks, for the messages.

    Columns that are constant carry no information beside the intercept and are dropped.

    Raises:
        ValueError: scikit-learn is missing; the file or the column is missing; an entry is missing; a feature is not
            numeric or not finite; there is a single class, or no feature that varies.
    """
    if dataset in BUNDLED:
        if target is not None:
            raise ValueError(f"{owner}.target must be None for the bundled data set {dataset!r}, got {target!r}")
        return _bundled(dataset)
    path = Path(dataset)
    if not path.is_file():
        raise ValueError(
            f"{owner}.dataset must be one of {', '.join(BUNDLED)} or the path of an existing CSV file, got {dataset!r}"
        )
    stamp = path.stat()
    return _from_csv(path.resolve(), dataset, target, stamp.st_mtime_ns, stamp.st_size)


@functools.cache
def _bundled(name: str) -> Table:
    try:
        from sklearn import datasets
    except ImportError:
        raise ValueError(
            f"the data set {name!r} comes with scikit-learn, which is not installed: "
            "pip install 'greedylr-theory[data]'"
        ) from None
    features, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
    return _standardised(name, np.asarray(features, dtype=np.float64), np.asarray(labels))


@functools.lru_cache(maxsize=16)
def _from_csv(path: Path, given: str, target: str | None, changed: int, size: int) -> Table:
    import polars

    try:
        frame = polars.read_csv(path, infer_schema_length=None)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"{given} could not be read as a CSV file: {str(error).splitlines()[0]}") from None
    if frame.height == 0 or frame.width < 2:
        raise ValueError(
            f"{given} must have a header, at least one row, and at least one column beside the label, "
            f"got {frame.height} rows and {frame.width} columns"
        )
    label = frame.columns[-1] if target is None else target
    if label not in frame.columns:
        raise ValueError(f"{given} has no column {label!r} (target); its columns are: {', '.join(frame.columns)}")
    for name in frame.columns:
        column = frame[name]
        missing = [row for row, absent in enumerate(column.is_null().to_list(), start=1) if absent]
        if missing:
            raise ValueError(
                f"{given} has {len(missing)} missing values in column {name!r}, the first in row {missing[0]}"
            )
        if name != label and not column.dtype.is_numeric():
            raise ValueError(f"{given} has a feature that is not numeric: column {name!r} holds {column.dtype}")
        if column.dtype.is_numeric() and not np.all(np.isfinite(column.cast(polars.Float64).to_numpy())):
            raise ValueError(f"{given} has values that are not finite in column {name!r}")
    features = frame.drop(label).cast(polars.Float64).to_numpy()
    return _standardised(given, features, frame[label].to_numpy())


def _standardised(name: str, features: Floats, labels: npt.NDArray[Any]) -> Table:
    classes, label = np.unique(labels, return_inverse=True)
    if classes.size < 2:
        raise ValueError(f"{name} must have at least two classes, got the single label {classes.tolist()[0]!r}")
    try:
        columns = [_standard_column(column) for column in features.T.tolist() if min(column) < max(column)]
    except (OverflowError, ZeroDivisionError):
        raise ValueError(
            f"{name} has a feature whose spread is too large or too small for double precision; rescale it"
        ) from None
    if not columns:
        raise ValueError(f"{name} must have at least one feature that varies, got only constant columns")
    label = 2.0 * label - 1.0 if classes.size == 2 else label.astype(np.float64)
    values = np.column_stack([*columns, np.ones(label.size), label]).astype("<f8")
    digest = hashlib.sha256(repr((values.shape, classes.size)).encode() + values.tobytes()).hexdigest()
    values = np.ascontiguousarray(values, dtype=np.float64)
    return Table(values, tuple(classes.tolist()), digest)


def _standard_column(column: list[float]) -> Floats:
    # correctly rounded sums, so that the table and its digest are the same on every machine
    mean = math.fsum(column) / len(column)
    centred = [value - mean for value in column]
    deviation = math.sqrt(math.fsum(value * value for value in centred) / len(column))
    if deviation == math.inf:
        raise OverflowError
    return np.array([value / deviation for value in centred])
