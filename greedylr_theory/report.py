"""Everything together: settle claims, run sweeps, draw figures, and write the page that a reader wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greedylr_theory import catalog, drawing
from greedylr_theory.files import replace_file
from greedylr_theory.plotting import Figure, Table, markdown_table
from greedylr_theory.sweeps.engine import Experiment, Outcome, execute, run_all
from greedylr_theory.sweeps.store import environment
from greedylr_theory.sweeps.sweep import Judgement

#: called with (done, total)
Progressed = Callable[[int, int], None]
#: opens a bar with a description
Opened = Callable[[str], Progressed]
Entry = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Made:
    """What `reproduce` did: ledger entries, judgements of predictions, files written, and what is not as reviewed."""

    entries: list[Entry]
    judgements: list[Judgement]
    written: list[Path]
    problems: list[str]


def settle(names: Sequence[str] = (), progress: Progressed | None = None, engine: str = "local:2") -> list[Entry]:
    """Settle the named claims, or all, and return ledger entries ready for JSON, in alphabetical order.

    Raises:
        ValueError: there is no claim of that name.
    """
    known = catalog.names("proofs")
    for name in names:
        if name not in known:
            raise ValueError(f"proofs has no {name!r}; it has: {', '.join(known)}")
    chosen = sorted(set(names)) or known
    return list(run_all(_settled, chosen, engine if len(chosen) > 1 else "local:1", progress))


def _settled(name: str) -> Entry:
    from proofs._ledger import claims
    from proofs._ledger import settle as settle_one

    return settle_one(claims([name])[name]).as_dict()


def disagreements(entries: Iterable[Entry]) -> list[str]:
    """One sentence for every verdict, control or margin that is not as reviewed."""
    from proofs import _ledger

    return _ledger.disagreements(_ledger.Entry.from_dict(entry) for entry in entries)


def explanation(entry: Entry) -> str:
    """Statement, proof, certificate, numbers and control of a settled claim, as text."""
    from proofs import _ledger

    return _ledger.explanation(_ledger.Entry.from_dict(entry))


def write_ledger(folder: Path, entries: Sequence[Entry]) -> Path:
    """Write ledger.json: the entries, and a digest of the sources that gave them."""
    path = folder / "ledger.json"
    content = {"sources": _proof_sources(), "claims": list(entries)}
    replace_file(path, f"{json.dumps(content, indent=1, allow_nan=False)}\n".encode())
    return path


def _settled_before(folder: Path) -> list[Entry] | None:
    """Entries of ledger.json if the same sources wrote it."""
    try:
        content = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not isinstance(content, dict) or content.get("sources") != _proof_sources():
        return None
    return content["claims"]


def _proof_sources() -> str:
    """Digest of the claims, the checker, the simulator and the libraries that decide."""
    import flint
    import sympy

    import proofs

    digest = hashlib.sha256(f"{environment()} {sympy.__version__} {flint.__version__}".encode())
    for folder in (Path(proofs.__path__[0]), Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def experiment(name: str, values: Mapping[str, str] | None = None) -> Experiment:
    """One experiment, with other values along some axes if wanted.

    Raises:
        ValueError: there is no such experiment or axis, or a value lies outside its domain.
    """
    found: Experiment = catalog.instance("experiments", name, "SWEEP")
    return found.with_values(values) if values else found


def figures(names: Sequence[str], size: str, folder: Path, engine: str, opened: Opened) -> list[Path]:
    """Draw the named figures and tables, or all; the sweeps they read are run first where needed. Returns the files.

    Raises:
        ValueError: there is no such figure, table or size.
    """
    chosen = [drawing.shown(name) for name in names or catalog.names(drawing.PACKAGE)]
    wanted = sorted({sweep for item in chosen for sweep in item.reads})
    outcomes = {
        name: execute(experiment(name), size, folder, engine, progress=opened(f"sweep {name}")) for name in wanted
    }
    return [path for item in chosen for path in drawing.draw(item, outcomes, folder)]


def figure_states(names: Sequence[str], size: str, folder: Path) -> list[drawing.State]:
    """Where the named figures and tables, or all, stand in a folder of results.

    Raises:
        ValueError: there is no such figure, table or size.
    """
    return drawing.states(names or catalog.names(drawing.PACKAGE), size, folder, experiment)


def out_of_reach() -> dict[str, str]:
    """{published figure: why it cannot be drawn here}."""
    from paper_figures._out_of_reach import OUT_OF_REACH

    return OUT_OF_REACH


def reproduce(folder: Path, size: str, engine: str, opened: Opened) -> Made:
    """Verify all claims, run all sweeps, draw all figures and tables, write report.md; what is valid is reused."""
    bar = opened("claims")
    entries = _settled_before(folder)
    if entries is None:
        entries = settle((), bar, engine)
    else:
        bar(len(entries), len(entries))
    ledger = write_ledger(folder, entries)
    outcomes: dict[str, Outcome] = {}
    for name in catalog.names("experiments"):
        outcomes[name] = execute(experiment(name), size, folder, engine, progress=opened(f"sweep {name}"))
    judgements = {name: experiment(name).judge(outcome.table) for name, outcome in outcomes.items()}
    bar, names = opened("figures and tables"), catalog.names(drawing.PACKAGE)
    pictures: dict[str, list[Path]] = {}
    for done, name in enumerate(names):
        bar(done, len(names))
        pictures[name] = drawing.draw(drawing.shown(name), outcomes, folder)
    bar(len(names), len(names))
    page = _page(entries, outcomes, judgements, pictures, folder, size)
    replace_file(folder / "report.md", page.encode())
    return Made(
        entries=entries,
        judgements=[judgement for judged in judgements.values() for judgement in judged],
        written=[folder / "report.md", ledger, *(path for paths in pictures.values() for path in paths)],
        problems=disagreements(entries),
    )


def _page(
    entries: Sequence[Entry],
    outcomes: Mapping[str, Outcome],
    judgements: Mapping[str, Sequence[Judgement]],
    pictures: Mapping[str, Sequence[Path]],
    folder: Path,
    size: str,
) -> str:
    found = environment()
    versions = ", ".join(f"{name} {version}" for name, version in sorted(found["versions"].items()))
    lines = ["# Report", "", f"Computed on {found['architecture']} with {versions}. Size of the sweeps: {size}.", ""]
    lines += [
        "## Verdicts",
        "",
        *markdown_table(("claim", "verdict", "control", "margin", "source"), map(_row, entries)),
        "",
    ]
    for entry in entries:
        lines += [f"### {entry['name']}: {entry['verdict']}", ""]
        if entry["published"]:
            lines += [f"As published: {entry['published']}", ""]
        lines += [f"As settled: {entry['statement']}", "", f"Source: {entry['source']}", "", "Assumptions:", ""]
        lines += [*(f"- {assumption}" for assumption in entry["assumptions"]), "", entry["sentence"], ""]
        if entry["corrected"]:
            lines += [f"Repaired by: {entry['corrected']}", ""]
    for name, outcome in outcomes.items():
        sweep = experiment(name)
        size_and_digest = f"{outcome.table.height} runs, digest {outcome.digest[:16]}."
        lines += [f"## Experiment {name}", "", sweep.question, "", size_and_digest, ""]
        rows = [(judged.prediction, "yes" if judged.held else "no", judged.evidence) for judged in judgements[name]]
        lines += [*markdown_table(("prediction", "held", "evidence"), rows), ""]
    for name, paths in pictures.items():
        lines += _shown(drawing.shown(name), paths, folder)
    return "\n".join(lines)


def _row(entry: Entry) -> tuple[str, ...]:
    margin = "-" if entry["margin"] is None else f"{entry['margin']:.3g}"
    return entry["name"], entry["verdict"], entry["control"], margin, entry["source"]


def _shown(item: Figure | Table, paths: Sequence[Path], folder: Path) -> list[str]:
    """Heading, picture or rows, caption and source of a figure or table."""
    if isinstance(item, Figure):
        image = next(path for path in paths if path.suffix == ".png")
        lines = [f"## Figure {item.name}", "", f"![{item.name}]({image.relative_to(folder)})"]
    else:
        page = next(path for path in paths if path.suffix == ".md").read_text(encoding="utf-8")
        rows = [line for line in page.splitlines() if line.startswith("| ")]
        lines = [f"## Table {item.name}", "", *rows]
    lines += ["", item.caption, ""]
    if item.source:
        lines += [f"Source: {item.source}. {item.reproduced or ''}".rstrip(), ""]
    return lines
