"""Small tables that are given number by number: validation, and their rows in exact rationals."""

from __future__ import annotations

import math
from typing import Any


def rows(owner: str, name: str, values: Any) -> tuple[tuple[float, ...], ...]:
    """A non-empty tuple of rows of one length.

    Args:
        owner: class that is given the table, for the message.
        name: field and symbol, as in "features (A)".

    Raises:
        ValueError: there are no rows, they differ in length, or an entry is not a finite number.
    """
    try:
        found = tuple(numbers(owner, name, row) for row in values)
    except TypeError:
        found = ()
    if not found:
        raise ValueError(f"{owner}.{name} must be a non-empty sequence of rows of numbers, got {values!r}")
    lengths = sorted({len(row) for row in found})
    if len(lengths) > 1:
        raise ValueError(f"{owner}.{name} must have rows of one length, got lengths {lengths}")
    return found


def numbers(owner: str, name: str, values: Any) -> tuple[float, ...]:
    """A non-empty tuple of finite floats; ValueError as in `rows`."""
    problem = f"{owner}.{name} must consist of non-empty sequences of finite numbers, got {values!r}"
    if isinstance(values, str | bytes):
        raise ValueError(problem)
    try:
        found = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise ValueError(problem) from None
    if not found or not all(math.isfinite(number) for number in found):
        raise ValueError(problem)
    return found


def rational_matrix(table: Any) -> Any:
    """A python-flint matrix with exactly these floats."""
    from flint import fmpq, fmpq_mat

    return fmpq_mat([[fmpq(*value.as_integer_ratio()) for value in row] for row in table])


def solved(matrix: Any, right: Any) -> Any:
    """One exact solution of a consistent linear system (d, d) x = (d, 1); coordinates without a pivot are zero."""
    from flint import fmpq_mat

    d = matrix.nrows()
    reduced, rank = fmpq_mat([[*(matrix[i, j] for j in range(d)), right[i, 0]] for i in range(d)]).rref()
    x = fmpq_mat(d, 1)
    for i in range(rank):
        x[next(j for j in range(d) if reduced[i, j] != 0), 0] = reduced[i, d]
    return x
