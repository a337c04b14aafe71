"""Samples of a step whose labels a perturbation has replaced, for one run: which rows, and with what labels."""

from __future__ import annotations

from typing import Any

from tests.naive.objectives import chosen_indices


def draws_needed(objective: Any) -> int:
    """Those of the minibatch, one for the step, and two for every label that there can be."""
    labels = objective.largest_batch or objective.batch or len(objective.data)
    return (0 if objective.batch is None else labels) + 1 + 2 * labels


def relabelled_rows(objective: Any, perturbation: Any, draws: list[float], capacity: Any) -> list[list[float]]:
    """Rows of the sample with their labels replaced; `capacity` as the objective says, or None for all samples."""
    table: list[list[float]] = objective.data.tolist()
    n = len(table)
    if objective.batch is None:
        indices, rest = list(range(n)), draws
    else:
        indices, rest = chosen_indices(n, objective.batch, draws), draws[capacity:]
    whole, each = rest[0], rest[1:]
    rows: list[list[float]] = []
    for slot, index in enumerate(indices):
        decide, pick = each[2 * slot], each[2 * slot + 1]
        label = table[index][-1]
        if type(perturbation).__name__ == "CorruptedBatches":
            if whole < perturbation.probability:
                label = table[int(pick * float(n))][-1]
        elif decide < perturbation.probability:
            label = another(objective, table, index, pick)
        rows.append([*table[index][:-1], label])
    return rows


def another(objective: Any, table: list[list[float]], index: int, pick: float) -> float:
    """Another class, or the target of another sample."""
    if type(objective).__name__ == "LeastSquares":
        others = [row[-1] for i, row in enumerate(table) if i != index]
        return others[int(pick * float(len(others)))] if others else table[index][-1]
    classes = sorted({row[-1] for row in table})
    others = [label for label in classes if label != table[index][-1]]
    return others[int(pick * float(len(others)))]
