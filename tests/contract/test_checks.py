"""The checks that users run on their plug-ins, on those of the package; the others are called by their own tests."""

from __future__ import annotations

import pytest

from greedylr_theory.checks import array_bounds, finite_numbers, identity
from greedylr_theory.contracts import Plugin
from tests.contract._examples import every_example


@pytest.mark.parametrize("check", [array_bounds, finite_numbers, identity], ids=["bounds", "finite", "identity"])
@every_example()
def test_plugin_passes(plugin: Plugin, check: object) -> None:
    found = check.CHECK  # type: ignore[attr-defined]
    if not found.skipped(plugin):
        found.measure(plugin)
