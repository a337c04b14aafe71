"""Pages of the report say what the results say: verdicts, judged predictions, conclusions, figures, tables, links."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from greedylr_theory import pages, plotting
from greedylr_theory.pages import Experience, Page, Results
from greedylr_theory.sweeps.sweep import Judgement

FIGURE = plotting.Figure("a_figure", (), (), lambda: None, "What a figure shows.")  # pyright: ignore[reportArgumentType]
TABLE = plotting.Table(
    "a_table", (), (), pl.DataFrame, "What a table shows.", "arXiv 2512.14527, Table 8", "It could not be."
)
PAGE = Page(
    name="subject",
    title="A subject",
    introduction="What is asked.",
    claims=("optimal_factor_formula",),
    experiments=("asked",),
    shown=("a_table", "a_figure"),
    out_of_reach={"arXiv 2512.14527, Figure 1": "No language model is trained."},
)


def entry(name: str, topic: str, published: str = "") -> dict[str, Any]:
    """As a settled claim gives it."""
    words = {key: f"The {key} of {name}." for key in ("statement", "sentence", "short")}
    return {
        "name": name, "topic": topic, "verdict": "refuted" if published else "proved", "control": "rejected",
        "margin": None, "source": "arXiv 2512.14527", "published": published, "assumptions": ["f is convex."],
        "corrected": f"{name}_repaired" if published else "", **words,
    }  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("results")
    entries = [entry("optimal_factor_formula", "units", "F = 1 - 1/L."), entry("scale_invariance", "convergence")]
    sweep: Any = SimpleNamespace(name="asked", question="Is it so?")
    outcome: Any = SimpleNamespace(table=pl.DataFrame({"a": [1, 2]}), digest="0123456789abcdef0123")
    judged = [Judgement("It is so.", True, "2 of 2"), Judgement("It is not.", False, "none")]
    written = plotting.save_table(pl.DataFrame({"rule": ["a|b"], "median": [0.12345]}), TABLE, folder / "tables", {})
    return Results(
        folder=folder,
        size="quick",
        entries={entry["name"]: entry for entry in entries},
        experiments={"asked": Experience(sweep, outcome, judged, ["2 runs say so."])},
        shown={"a_figure": (FIGURE, [folder / "figures" / "a_figure.png"]), "a_table": (TABLE, written)},
    )


def test_the_report_has_everything(results: Results):
    text = pages.report(results)
    for entry in results.entries.values():
        for key in ("verdict", "statement", "sentence"):
            assert entry[key] in text
    assert results.entries["optimal_factor_formula"]["published"] in text
    assert results.entries["optimal_factor_formula"]["corrected"] in text
    for name in pages.pages():
        assert f"({name}.md)" in text
    for line in (
        "## Experiment asked", "2 rows, digest 0123456789abcdef.", "| It is so. | yes | 2 of 2 |",
        "| It is not. | no | none |", "- 2 runs say so.", "![a_figure](figures/a_figure.png)",
        r"| a\|b | 0.1235 |", "Source: arXiv 2512.14527, Table 8. It could not be.", "Is it so?",
    ):  # fmt: skip
        assert line in text.splitlines()


def test_a_page_has_what_it_names_and_nothing_else(results: Results):
    text = pages.page(PAGE, results)
    lines = text.splitlines()
    assert lines[0] == "# A subject"
    assert "[report](report.md)" in text
    short = results.entries["optimal_factor_formula"]["short"]
    assert f"| optimal_factor_formula | refuted | {short} |" in lines
    assert "scale_invariance" not in text
    assert lines.index("## In plain words") < lines.index("- 2 runs say so.") < lines.index("## Claims")
    assert "| It is not. | no | none |" in lines
    assert lines.index("## Table a_table") < lines.index("## Figure a_figure")
    published = lines.index("## Published figures and tables")
    assert lines[published + 4 : published + 6] == [
        "| arXiv 2512.14527, Table 8 | [a_table](#table-a_table) | It could not be. |",
        "| arXiv 2512.14527, Figure 1 | - | No language model is trained. |",
    ]


def test_a_long_table_is_a_link(results: Results, tmp_path: Path):
    for count, shown in ((48, True), (49, False)):
        paths = plotting.save_table(pl.DataFrame({"run": range(count)}), TABLE, tmp_path / "tables", {})
        lines = pages._shown(TABLE, paths, tmp_path)
        assert ("| 0 |" in lines) == shown
        assert ("[49 rows](tables/a_table.md), too many for this page." in lines) != shown
        assert "[all digits](tables/a_table.csv)" in lines


def test_claims_on_the_topics_of_a_page_and_what_shows_them_follow(results: Results):
    topics = {"b": "noise", "a": "noise", "c": "cap", "d": None}
    page = Page(**{**vars(PAGE), "claims": ("c",), "topics": ("noise",), "shown": ("last",)})
    assert page.all_claims(topics) == ["c", "a", "b"]
    items = {
        "first": dataclasses.replace(FIGURE, reads=("asked", "other")),
        "last": FIGURE,
        "other": dataclasses.replace(TABLE, reads=("other",)),
        "second": dataclasses.replace(TABLE, claims=("b", "d")),
    }
    assert page.all_shown(items, page.all_claims(topics)) == ["last", "first", "second"]
    topic = results.entries["scale_invariance"]["topic"]
    text = pages.page(Page(**{**vars(PAGE), "topics": (topic,)}), results)
    assert text.index("| optimal_factor_formula |") < text.index("| scale_invariance |")


def test_a_page_that_names_what_is_not_there_fails(results: Results):
    for name in ("claims", "experiments", "shown"):
        with pytest.raises(KeyError, match="nothing"):
            pages.page(Page(**{**vars(PAGE), name: ("nothing",)}), results)
