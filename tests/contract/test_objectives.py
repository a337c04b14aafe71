"""What an objective declares, against how it behaves: the files of greedylr_theory/checks on every example."""

from __future__ import annotations

from typing import Any

import pytest

from greedylr_theory.checks import declared_constants, minimiser, symbolic_reference, taylor_slope
from tests.contract._examples import examples, made


@examples("objectives")
def test_gradient_is_the_first_taylor_coefficient(plugin: Any) -> None:
    taylor_slope.CHECK.measure(plugin)


#: second ones of their kind for which sympy takes seconds
LARGE = ("perceptron-0", "perceptron-2", "squared_hinges-1", "logistic-2")


@pytest.mark.parametrize(
    "plugin",
    [
        pytest.param(plugin, id=label, marks=[pytest.mark.slow] if label in LARGE else [])
        for label, plugin in made("objectives")
        if not symbolic_reference.CHECK.skipped(plugin)
    ],
)
def test_value_and_gradient_equal_the_symbolic_expression(plugin: Any) -> None:
    symbolic_reference.CHECK.measure(plugin)


@examples("objectives", lambda plugin: not declared_constants.CHECK.skipped(plugin))
def test_declared_constants_are_never_violated(plugin: Any) -> None:
    declared_constants.CHECK.measure(plugin)


@examples("objectives", lambda plugin: not minimiser.CHECK.skipped(plugin))
def test_minimiser_has_the_declared_minimum_and_no_slope(plugin: Any) -> None:
    minimiser.CHECK.measure(plugin)


@pytest.mark.parametrize("check", [symbolic_reference, declared_constants])
def test_what_the_package_offers_is_checked(check: Any) -> None:
    """Skipping is for what users leave out."""
    skipped = {label for label, plugin in made("objectives") if check.CHECK.skipped(plugin)}
    assert all(label.startswith("expression") for label in skipped), skipped
