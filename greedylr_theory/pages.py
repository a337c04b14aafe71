"""The report in Markdown: everything on one page, and pages about one subject, from results that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greedylr_theory import catalog
from greedylr_theory.plotting import Figure, Table, markdown_table
from greedylr_theory.sweeps.engine import Experiment, Outcome
from greedylr_theory.sweeps.store import environment
from greedylr_theory.sweeps.sweep import Judgement

PACKAGE = "greedylr_theory.report_pages"
Entry = dict[str, Any]
#: lines of a table that a page shows; a longer one is a link
_LONGEST = 50


@dataclass(frozen=True)
class Page:
    """A page about one subject; what it names must exist.

    Args:
        name: the file's name, and that of the page: <name>.md beside report.md.
        title: its heading.
        introduction: what is asked, and how it is answered.
        claims: names of claims that come first.
        topics: all claims on these topics follow.
        experiments: names of experiments, in the page's order.
        shown: names of figures and tables that come first; all others that read one of the experiments, or show one of
            the claims, follow.
        out_of_reach: {published figure: why it cannot be drawn here}.
    """

    name: str
    title: str
    introduction: str
    claims: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    out_of_reach: Mapping[str, str] = field(default_factory=dict[str, str])

    def all_claims(self, topics: Mapping[str, str | None]) -> list[str]:
        """Names of its claims, given {claim: topic} of all there are."""
        others = [name for name, topic in topics.items() if topic in self.topics and name not in self.claims]
        return [*self.claims, *sorted(others)]

    def all_shown(self, items: Mapping[str, Figure | Table], claims: Collection[str]) -> list[str]:
        """Names of its figures and tables, given all there are and the names of its claims."""
        fitting = {
            name
            for name, item in items.items()
            if not {*item.reads}.isdisjoint(self.experiments) or not {*item.claims}.isdisjoint(claims)
        }
        return [*self.shown, *sorted(fitting - set(self.shown))]


@dataclass(frozen=True, eq=False)
class Experience:
    """An experiment with what came of it: judged predictions, and its own conclusion in plain words."""

    sweep: Experiment
    outcome: Outcome
    judgements: Sequence[Judgement]
    conclusion: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Results:
    """What pages are made of, by name.

    Args:
        folder: where the files of figures and tables are, and the pages will be.
        size: of the sweeps.
    """

    folder: Path
    size: str
    entries: Mapping[str, Entry]
    experiments: Mapping[str, Experience]
    shown: Mapping[str, tuple[Figure | Table, Sequence[Path]]]


def pages() -> dict[str, Page]:
    """All pages about one subject, by name."""
    return catalog.load(PACKAGE, "PAGE")


def report(results: Results) -> str:
    """The page with everything."""
    entries = results.entries.values()
    links = [f"- [{page.title}]({page.name}.md)" for page in pages().values()]
    lines = ["# Report", "", *_preamble(results), *links, "", "## Verdicts", "", *_verdicts(entries), ""]
    for entry in entries:
        lines += _claim(entry)
    for experience in results.experiments.values():
        lines += [*_heading(experience), *_conclusion(experience, "Conclusion:"), *_predictions(experience)]
    for item, paths in results.shown.values():
        lines += _shown(item, paths, results.folder)
    return "\n".join(lines)


def page(page: Page, results: Results) -> str:
    """A page about one subject: conclusions, verdicts, predictions, figures and tables."""
    experiences = [results.experiments[name] for name in page.experiments]
    lines = [f"# {page.title}", "", page.introduction, "", *_preamble(results)]
    lines += ["All there is: [report](report.md).", ""]
    concluded = [line for each in experiences for line in _conclusion(each, f"From `{each.sweep.name}`:")]
    if concluded:
        lines += ["## In plain words", "", *concluded]
    claims = page.all_claims({name: entry["topic"] for name, entry in results.entries.items()})
    if claims:
        rows = [(name, results.entries[name]["verdict"], results.entries[name]["short"]) for name in claims]
        lines += ["## Claims", "", *markdown_table(("claim", "verdict", "in words"), rows), ""]
    names = page.all_shown({name: item for name, (item, _) in results.shown.items()}, claims)
    lines += _published([results.shown[name][0] for name in names], page.out_of_reach)
    for experience in experiences:
        lines += [*_heading(experience), *_predictions(experience)]
    for name in names:
        lines += _shown(*results.shown[name], results.folder)
    return "\n".join(lines)


def _published(items: Iterable[Figure | Table], out_of_reach: Mapping[str, str]) -> list[str]:
    """What became of each published figure and table."""
    rows = [(item.source, _linked(item), item.reproduced or "") for item in items if item.source is not None]
    rows += [(published, "-", why) for published, why in out_of_reach.items()]
    if not rows:
        return []
    return ["## Published figures and tables", "", *markdown_table(("published", "here", "reproduced"), rows), ""]


def _linked(item: Figure | Table) -> str:
    return f"[{item.name}](#{type(item).__name__.lower()}-{item.name})"


def _preamble(results: Results) -> list[str]:
    found = environment()
    versions = ", ".join(f"{name} {version}" for name, version in sorted(found["versions"].items()))
    return [f"Computed on {found['architecture']} with {versions}. Size of the sweeps: {results.size}.", ""]


def _verdicts(entries: Any) -> list[str]:
    rows = [
        (entry["name"], entry["verdict"], entry["control"], _margin(entry["margin"]), entry["source"])
        for entry in entries
    ]
    return markdown_table(("claim", "verdict", "control", "margin", "source"), rows)


def _margin(margin: float | None) -> str:
    return "-" if margin is None else f"{margin:.3g}"


def _claim(entry: Entry) -> list[str]:
    lines = [f"### {entry['name']}: {entry['verdict']}", ""]
    if entry["published"]:
        lines += [f"As published: {entry['published']}", ""]
    lines += [f"As settled: {entry['statement']}", "", f"Source: {entry['source']}", "", "Assumptions:", ""]
    lines += [*(f"- {assumption}" for assumption in entry["assumptions"]), "", entry["sentence"], ""]
    if entry["corrected"]:
        lines += [f"Repaired by: {entry['corrected']}", ""]
    return lines


def _heading(experience: Experience) -> list[str]:
    outcome = experience.outcome
    size_and_digest = f"{outcome.table.height} rows, digest {outcome.digest[:16]}."
    return [f"## Experiment {experience.sweep.name}", "", experience.sweep.question, "", size_and_digest, ""]


def _conclusion(experience: Experience, opening: str) -> list[str]:
    sentences = experience.conclusion
    return [opening, "", *(f"- {sentence}" for sentence in sentences), ""] if sentences else []


def _predictions(experience: Experience) -> list[str]:
    judged = experience.judgements
    rows = [(each.prediction, "yes" if each.held else "no", each.evidence) for each in judged]
    return [*markdown_table(("prediction", "held", "evidence"), rows), ""]


def _shown(item: Figure | Table, paths: Sequence[Path], folder: Path) -> list[str]:
    """Heading, picture or rows, caption and source of a figure or table."""
    if isinstance(item, Figure):
        image = next(path for path in paths if path.suffix == ".png")
        lines = [f"## Figure {item.name}", "", f"![{item.name}]({image.relative_to(folder)})"]
    else:
        csv, written = (next(path for path in paths if path.suffix == end) for end in (".csv", ".md"))
        rows = [line for line in written.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
        links = f"[all digits]({csv.relative_to(folder)})"
        if len(rows) > _LONGEST:
            rows = [f"[{len(rows) - 2} rows]({written.relative_to(folder)}), too many for this page."]
        lines = [f"## Table {item.name}", "", *rows, "", links]
    lines += ["", item.caption, ""]
    if item.source:
        lines += [f"Source: {item.source}. {item.reproduced or ''}".rstrip(), ""]
    return lines
