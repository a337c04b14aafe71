"""Functions given by inner products: each fault is found by their facts, and in coordinates they are the same."""

from __future__ import annotations

import dataclasses
import operator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from proofs._certificates import Enumeration
from proofs._checker import examine
from proofs._tangents import Tangents
from proofs.averaging_lipschitz import resisting as averaged
from proofs.constant_step_lipschitz import lengths, reached, resisting

COMPARE = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}
STEPS, STEP = 4, Fraction(1, 3)


def failing(run: Tangents) -> list[str]:
    return [name for name, (left, sign, right) in run.facts().items() if not COMPARE[sign](left, right)]


def test_the_worst_functions_pass():
    assert failing(resisting(STEPS, STEP)) == []
    assert failing(averaged(5, Fraction(1, 3))) == []


def test_each_fault_is_found():
    run = resisting(STEPS, STEP)
    gram = [list(row) for row in run.gram]
    longer = [
        [entry * (Fraction(1001, 1000) if j == k == 2 else 1) for j, entry in enumerate(row)]
        for k, row in enumerate(gram)
    ]
    apart = [[entry if j == k else entry - 1 for j, entry in enumerate(row)] for k, row in enumerate(gram)]
    higher = [*run.values[:-1], run.values[-1] + Fraction(1, 1000)]
    faults: dict[str, tuple[str, Any]] = {
        "norm(g_2)^2": ("gram", longer),
        "the inner products are those of vectors, pivot 1": ("gram", apart),
        "norm(x_0 - x*)^2": ("weights", [w * Fraction(1001, 1000) for w in run.weights]),
        f"tangent {STEPS} is not above f at x_0": ("values", higher),
        "f* is the minimum, at x_1": ("values", [run.values[0], Fraction(-1), *run.values[2:]]),
    }
    for sentence, (name, value) in faults.items():
        assert sentence in failing(dataclasses.replace(run, **{name: value})), sentence


def test_a_step_below_the_shortest_has_another_worst_case():
    """The construction breaks down there, and the formula with it."""
    short = Fraction(9, 10) / lengths(STEPS)[-1] ** 2
    finding = examine(Enumeration({"short": (STEPS, short)}, reached))
    assert finding.verdict == "open"
    assert not finding.ill_formed


@pytest.mark.parametrize("run", [resisting(STEPS, STEP), averaged(6, Fraction(2, 5))], ids=["last", "average"])
def test_in_coordinates_it_is_the_same_run(run: Tangents):
    values, vectors = np.linalg.eigh(np.array(run.gram, dtype=float))
    slopes = vectors * np.sqrt(np.maximum(values, 0.0))  # rows g_k
    point = np.array(run.weights, dtype=float) @ slopes
    start = point.copy()
    heights = [float(value) - float(run.product(k, k)) for k, value in enumerate(run.values)]
    visited = []
    for k, value in enumerate(run.values):
        tangents = slopes @ point + heights
        assert np.max(tangents) == pytest.approx(float(value), abs=1e-12)
        assert tangents[k] == pytest.approx(float(value), abs=1e-12)  # g_k is a subgradient at x_k
        visited.append(point)
        point = point - float(run.eta) * slopes[k]
    assert np.linalg.norm(start) == pytest.approx(1.0, abs=1e-12)
    mean = [Fraction(1, len(visited))] * len(visited)
    expected = max(0.0, float(np.max(slopes @ np.mean(visited, axis=0) + heights)))
    assert float(run.at(mean)) == pytest.approx(expected, abs=1e-12)
