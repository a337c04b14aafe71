"""hypothesis searches expressions and points, defined or not, for a bit in which table and plain Python differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory.expressions.tree import FUNCTIONS
from greedylr_theory.objectives import Expression
from tests.contract._examples import assert_same_bits, evaluated
from tests.naive import expressions as naive

NUMBERS = ["0", "1", "2", "0.5", "3", "1e-3", "1e200", "7.25", "pi"]
EXPONENTS = ["0", "1", "2", "3", "7", "-1", "-2", "0.5", "-0.5", "1.5", "2.5", "x1", "(x0-1)"]
POINTS = st.floats() | st.floats(-10, 10) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 0.35, -0.35, 1e308])


def summed(text: str) -> str:
    """A sum whose index has a name of its own; at most six are allowed in each other."""
    name = f"i{text.count('sum(')}"
    return f"sum(x[{name}]*({text}) + {name}, {name}, 0, 1)" if text.count("sum(") < 5 else text


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(pairs, st.sampled_from("+-*/")).map(lambda p: f"({p[0][0]}){p[1]}({p[0][1]})"),
        st.tuples(inner, st.sampled_from(EXPONENTS)).map(lambda p: f"({p[0]})**{p[1]}"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), pairs).map(
            lambda p: f"{p[0]}({p[1][0]})" if FUNCTIONS[p[0]] == 1 else f"{p[0]}({p[1][0]}, {p[1][1]})"
        ),
        inner.map(lambda text: f"-({text})"),
        inner.map(summed),
    )


TEXTS = st.recursive(st.sampled_from(["x0", "x1", "x0", "x1", *NUMBERS]), larger, max_leaves=9)


def assert_table_equals_twin(text: str, x: list[float]) -> None:
    try:
        objective = Expression(f"{text} + 0*x0", dimension=2)
    except ValueError as error:  # numbers alone that give no number
        assert "finite numbers" in str(error) or "exponents" in str(error), error  # noqa: PT017
        return
    loss, gradient = evaluated(objective, np.array(x)[:, None])
    value, slopes = naive.value_and_gradient(objective.text, x)
    assert_same_bits(loss[0], np.float64(value), objective.text)
    assert_same_bits(gradient[:, 0], np.array(slopes), objective.text)


@settings(max_examples=200)
@given(text=TEXTS, x=st.tuples(POINTS, POINTS))
def test_table_equals_its_twin(text: str, x: Any) -> None:
    assert_table_equals_twin(text, list(x))


@pytest.mark.slow
@settings(max_examples=5_000)
@given(text=TEXTS, x=st.tuples(POINTS, POINTS))
def test_table_equals_its_twin_after_a_long_search(text: str, x: Any) -> None:
    assert_table_equals_twin(text, list(x))
