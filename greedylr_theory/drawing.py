"""Figures and tables from the outcomes of their sweeps; what is there and was made from the same is left alone."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import polars as pl

from greedylr_theory import catalog, plotting, sources
from greedylr_theory.files import replace_file
from greedylr_theory.plotting import Figure, Table
from greedylr_theory.sweeps.engine import Experiment, Outcome, joint_digest
from greedylr_theory.sweeps.store import Store

PACKAGE = "paper_figures"
EXPORTS = ("FIGURE", "TABLE")


@dataclass(frozen=True)
class State:
    """Where a figure or table stands in a folder of results.

    Args:
        state: "drawn" from these very rows by these very sources; "drawn from size ...", another one than was asked
            for; "stale", drawn from something else; "sweeps missing"; or "to draw", with all its rows there.
        shards, missing: of its sweeps, in the size asked for.
        digests: {sweep: digest} of the sweeps that are complete.
        sweep_seconds: rough time of one core for all its shards; missing_seconds: for those that are missing.
        draw_seconds: as measured when it was last drawn; None when it never was.
    """

    item: Figure | Table
    state: str
    shards: int
    missing: int
    digests: Mapping[str, str]
    sweep_seconds: float
    missing_seconds: float
    draw_seconds: float | None


def shown(name: str) -> Figure | Table:
    """The figure or table of one file of paper_figures; ValueError that lists them when there is none."""
    return catalog.instance(PACKAGE, name, EXPORTS)


def paths(item: Figure | Table, folder: Path) -> list[Path]:
    """Files that it is written to."""
    kind, suffixes = ("figures", ("pdf", "png")) if isinstance(item, Figure) else ("tables", ("csv", "md"))
    return [folder / kind / f"{item.name}.{suffix}" for suffix in suffixes]


def draw(item: Figure | Table, outcomes: Mapping[str, Outcome], folder: Path) -> list[Path]:
    """Make the files of a figure or table, unless those there were made from the same rows by the same sources.

    Args:
        outcomes: {sweep: outcome} with at least those that it reads.
    """
    wanted = provenance(item, {name: outcomes[name].digest for name in item.reads})
    if up_to_date(item, folder, wanted):
        return paths(item, folder)
    began = time.perf_counter()
    tables = [outcomes[name].table for name in item.reads]
    if isinstance(item, Figure):
        written = plotting.save(item.draw(*tables), item.name, folder / "figures", wanted)
    else:
        written = plotting.save_table(item.rows(*tables), item, folder / "tables", wanted)
    _note(folder, item.name, time.perf_counter() - began)
    return written


def provenance(item: Figure | Table, digests: Mapping[str, str]) -> dict[str, Any]:
    """What its files are made from: {sweep: digest}, and the digest of the sources under "sources"."""
    style = hashlib.sha256()
    style.update(sources.digest(f"{PACKAGE}.{item.name}").encode())
    for path in sorted(sources.files(PACKAGE)[0].parent.glob("*.mplstyle")):
        style.update(path.read_bytes())
    outside = item.outside() if isinstance(item, Figure) and item.outside is not None else ""
    return {**digests, "sources": style.hexdigest(), **({"outside": outside} if outside else {})}


def _marked(item: Figure | Table, folder: Path) -> Path:
    """The one of its files that tells its origin to `plotting.origin`."""
    return next(path for path in paths(item, folder) if path.suffix in (".png", ".csv"))


def up_to_date(item: Figure | Table, folder: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether all its files are there and were made from what is wanted with the libraries of today."""
    files = paths(item, folder)
    library = {"matplotlib": mpl.__version__} if isinstance(item, Figure) else {"polars": pl.__version__}
    found = plotting.origin(_marked(item, folder))
    return (
        found is not None
        and found.get("provenance") == dict(wanted)
        and library.items() <= found.get("versions", {}).items()
        and all(path.exists() for path in files)
    )


def states(names: Sequence[str], size: str, folder: Path, experiment: Callable[[str], Experiment]) -> list[State]:
    """Where the named figures and tables stand; digests are taken from the shards' files, whose rows are not read."""
    items = [shown(name) for name in names]
    wanted = sorted({sweep for item in items for sweep in item.reads})
    sweeps = {name: experiment(name) for name in wanted}
    stock = {name: _stock(sweep, size, folder) for name, sweep in sweeps.items()}
    known = seconds(folder)
    found: list[State] = []
    for item in items:
        read = [stock[name] for name in item.reads]
        missing = sum(entry.missing for entry in read)
        digests = {name: stock[name].digest for name in item.reads if not stock[name].missing}
        if not missing and up_to_date(item, folder, provenance(item, digests)):
            state = "drawn"
        elif plotting.origin(_marked(item, folder)) is not None:
            state = _other_size(item, [sweeps[name] for name in item.reads], size, folder) or "stale"
        else:
            state = "sweeps missing" if missing else "to draw"
        whole, left = sum(entry.seconds for entry in read), sum(entry.missing_seconds for entry in read)
        shards = sum(entry.shards for entry in read)
        found.append(State(item, state, shards, missing, digests, whole, left, known.get(item.name)))
    return found


def _other_size(item: Figure | Table, sweeps: Sequence[Experiment], size: str, folder: Path) -> str | None:
    common = [name for name in (sweeps[0].sizes if sweeps else ()) if all(name in sweep.sizes for sweep in sweeps)]
    for other in common:
        if other != size:
            stock = {sweep.name: _stock(sweep, other, folder) for sweep in sweeps}
            digests = {name: entry.digest for name, entry in stock.items()}
            if not any(entry.missing for entry in stock.values()) and up_to_date(
                item, folder, provenance(item, digests)
            ):
                return f"drawn from size {other}"
    return None


@dataclass(frozen=True)
class _Stock:
    """What is there of one sweep."""

    shards: int
    missing: int
    digest: str
    seconds: float
    missing_seconds: float


def _stock(sweep: Experiment, size: str, folder: Path) -> _Stock:
    store, shards = Store(folder / sweep.name), sweep.shards(size)
    digests = {shard.id: store.noted(shard.id) for shard in shards}
    there = {identifier: digest for identifier, digest in digests.items() if digest is not None}
    left = [shard for shard in shards if shard.id not in there]
    return _Stock(
        shards=len(shards),
        missing=len(left),
        digest=joint_digest(there),
        seconds=1e-9 * sum(shard.nanoseconds for shard in shards),
        missing_seconds=1e-9 * sum(shard.nanoseconds for shard in left),
    )


def seconds(folder: Path) -> dict[str, float]:
    """How long each figure and table took to draw when it was last drawn into this folder."""
    try:
        found = json.loads((folder / "drawing_seconds.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note(folder: Path, name: str, elapsed: float) -> None:
    known = {**seconds(folder), name: round(elapsed, 2)}
    replace_file(folder / "drawing_seconds.json", f"{json.dumps(known, indent=1, sort_keys=True)}\n".encode())
