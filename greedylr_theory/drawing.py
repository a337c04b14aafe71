"""Figures and tables from the outcomes of their sweeps; what is there and was made from the same is left alone."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import polars as pl

from greedylr_theory import catalog, plotting, sources
from greedylr_theory.files import replace_file
from greedylr_theory.plotting import Figure, Table
from greedylr_theory.sweeps.engine import Outcome

PACKAGE = "paper_figures"
EXPORTS = ("FIGURE", "TABLE")


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
    return {**digests, "sources": style.hexdigest()}


def up_to_date(item: Figure | Table, folder: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether all its files are there and were made from what is wanted with the libraries of today."""
    files = paths(item, folder)
    library = {"matplotlib": mpl.__version__} if isinstance(item, Figure) else {"polars": pl.__version__}
    found = plotting.origin(next(path for path in files if path.suffix in (".png", ".csv")))
    return (
        found is not None
        and found.get("provenance") == dict(wanted)
        and library.items() <= found.get("versions", {}).items()
        and all(path.exists() for path in files)
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
