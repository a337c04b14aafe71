"""Everything together: settle claims, run sweeps, draw figures, and write the pages that a reader wants."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greedylr_theory import catalog, drawing, pages, sources
from greedylr_theory.files import replace_file
from greedylr_theory.pages import Experience, Results
from greedylr_theory.plotting import Figure, Table
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
    _proof_sources()  # before the work, as in `_digest_sources`
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


@functools.cache
def _proof_sources() -> str:
    """Digest of the claims, the checker, the simulator and the libraries that decide, as it was when first asked."""
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
    names = names or catalog.names(drawing.PACKAGE)
    _digest_sources(drawing.PACKAGE, names)
    chosen = [drawing.shown(name) for name in names]
    wanted = sorted({sweep for item in chosen for sweep in item.reads})
    outcomes = {
        name: execute(experiment(name), size, folder, engine, progress=opened(f"sweep {name}")) for name in wanted
    }
    return [path for item in chosen for path in drawing.draw(item, outcomes, folder)]


def _digest_sources(package: str, names: Iterable[str]) -> None:
    """Digest files before they are imported: an edit during the work must not pass for what did it."""
    for name in names:
        sources.digest(f"{package}.{name}")


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


def judged(sweep: Experiment, outcome: Outcome, folder: Path) -> Experience:
    """An experiment's predictions and its conclusion; those in judged.json, if from these rows and sources."""
    path = folder / sweep.name / "judged.json"
    origin = {"rows": outcome.digest, "sources": sources.digest(f"experiments.{sweep.name}"), **environment()}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict) or content.get("origin") != origin:
        judgements = [
            {"prediction": each.prediction, "held": bool(each.held), "evidence": each.evidence}
            for each in sweep.judge(outcome.table)
        ]
        conclusion = [] if sweep.conclusion is None else sweep.conclusion(outcome.table)
        content = {"origin": origin, "judgements": judgements, "conclusion": conclusion}
        replace_file(path, f"{json.dumps(content, indent=1, allow_nan=False)}\n".encode())
    return Experience(sweep, outcome, [Judgement(**each) for each in content["judgements"]], content["conclusion"])


def reproduce(folder: Path, size: str, engine: str, opened: Opened) -> Made:
    """Verify all claims, run all sweeps, draw all figures and tables, write the report; what is valid is reused."""
    for package in ("experiments", drawing.PACKAGE):
        _digest_sources(package, catalog.names(package))
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
    bar = opened("predictions")
    experiences: dict[str, Experience] = {}
    for name, outcome in outcomes.items():
        bar(len(experiences), len(outcomes))
        experiences[name] = judged(experiment(name), outcome, folder)
    bar(len(outcomes), len(outcomes))
    bar, names = opened("figures and tables"), catalog.names(drawing.PACKAGE)
    pictures: dict[str, tuple[Figure | Table, list[Path]]] = {}
    for name in names:
        bar(len(pictures), len(names))
        item = drawing.shown(name)
        pictures[name] = item, drawing.draw(item, outcomes, folder)
    bar(len(names), len(names))
    results = Results(folder, size, {entry["name"]: entry for entry in entries}, experiences, pictures)
    texts = {"report": pages.report(results)}
    texts |= {name: pages.page(page, results) for name, page in pages.pages().items()}
    for name, text in texts.items():
        replace_file(folder / f"{name}.md", text.encode())
    written = [*(folder / f"{name}.md" for name in texts), ledger]
    return Made(
        entries=entries,
        judgements=[judgement for experience in experiences.values() for judgement in experience.judgements],
        written=[*written, *(path for _, paths in pictures.values() for path in paths)],
        problems=disagreements(entries),
    )
