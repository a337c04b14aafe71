"""The page of comparisons names everything there is to compare, and says what the comparisons say today."""

from __future__ import annotations

import re

import pytest

from greedylr_theory import load
from greedylr_theory.contracts import Optimizer
from greedylr_theory.interop import names
from greedylr_theory.interop.schedules import NO_TABLE
from tests.parity.report import PAGE


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> dict[str, str]:
    """{name: largest difference} of one table."""
    found = re.findall(r"^\| ([^|]+) \| \d+ \| \d+ \| ([^|]*) \|$", section(title), flags=re.MULTILINE)
    return {name: largest for name, largest in found if name != "together"}


def test_every_schedule_is_on_the_page_and_none_that_does_not_exist() -> None:
    assert set(rows("interop.schedule")) == set(names()), "run: python -m tests.parity.report"
    assert set(rows("from_torch")) == set(names()) - {"LambdaLR", "MultiplicativeLR"}
    assert set(re.findall(r"^- `(\w+)`", section("No table"), flags=re.MULTILINE)) == set(NO_TABLE)


def test_every_optimizer_is_on_the_page_with_numbers_or_without() -> None:
    left_out = re.findall(r"Not on this page: (.*)\.", section("Optimizers"))
    named = {label.partition(",")[0] for label in rows("Optimizers")} | set(", ".join(left_out).split(", ")) - {""}
    catalogue: dict[str, type[Optimizer]] = load("greedylr_theory.optimizers")
    assert named == set(catalogue), "run: python -m tests.parity.report"


def test_what_follows_the_recursions_and_rules_is_equal_to_the_bit() -> None:
    for title in ("interop.schedule", "from_torch", "Rules that follow from metrics"):
        assert set(rows(title).values()) == {"0"}
    # a few units in the last place of the largest value
    assert all(float(largest) < 1e-14 for title in ("Closed forms", "Optimizers") for largest in rows(title).values())


@pytest.mark.slow
def test_the_page_is_what_the_comparisons_say() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.parity import report

    fresh, kept = report.page().splitlines(), PAGE.read_text(encoding="utf-8").splitlines()
    if fresh[2] != kept[2]:
        pytest.skip(f"the page was written with other versions: {kept[2]}")
    assert fresh == kept
