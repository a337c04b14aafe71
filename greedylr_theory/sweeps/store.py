"""Where shards are kept: one Parquet file each, there or not there, never half-written."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from greedylr_theory.files import replace_file
from greedylr_theory.params import canonical_json

#: stand for what is absent while a digest is taken
_FILLERS: dict[Any, Any] = {pl.String: "", pl.List(pl.Float64): []}
_LIBRARIES = ("greedylr-theory", "numpy", "numba", "llvmlite", "scipy", "polars", "scikit-learn")


class DamagedShard(ValueError):
    """A shard's file is truncated or its content does not match its digest."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Rows of a shard and the digest of their content."""

    table: pl.DataFrame
    digest: str


@dataclass(frozen=True)
class Store:
    """The folder of one sweep: manifest.json and shards/<id>.parquet.

    Args:
        folder: results/<sweep>; made at the first write.
    """

    folder: Path

    def path(self, identifier: str) -> Path:
        """File of one shard."""
        return self.folder / "shards" / f"{identifier}.parquet"

    def write(self, identifier: str, table: pl.DataFrame) -> str:
        """Write one shard and return its digest; whoever looks sees all of it or nothing."""
        found = digest(table)
        buffer = io.BytesIO()
        notes = {"digest": found, "environment": canonical_json(environment())}
        table.write_parquet(buffer, statistics=False, metadata=notes)
        replace_file(self.path(identifier), buffer.getvalue())
        return found

    def read(self, identifier: str) -> Stored:
        """One shard, verified.

        Raises:
            FileNotFoundError: it is not there.
            DamagedShard: it is there and cannot be trusted.
        """
        content = self.path(identifier).read_bytes()
        try:
            written = pl.read_parquet_metadata(io.BytesIO(content)).get("digest")
            table = pl.read_parquet(io.BytesIO(content), memory_map=False)
            found = digest(table)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a reader that panics on damaged bytes raises no Exception
            raise DamagedShard(f"{self.path(identifier)} cannot be read: {error}") from error
        if found != written:
            raise DamagedShard(f"{self.path(identifier)} does not match its digest")
        return Stored(table, found)

    def noted(self, identifier: str) -> str | None:
        """The digest that a shard's file names, without reading its rows; None when there is no such file."""
        try:
            return pl.read_parquet_metadata(self.path(identifier)).get("digest")
        except (OSError, pl.exceptions.PolarsError):
            return None

    def intact(self, identifiers: Iterable[str]) -> dict[str, Stored]:
        """Those of the shards that are there and undamaged."""
        found: dict[str, Stored] = {}
        for identifier in identifiers:
            try:
                found[identifier] = self.read(identifier)
            except (FileNotFoundError, DamagedShard):
                continue
        return found

    def missing(self, identifiers: Iterable[str]) -> list[str]:
        """Those of the shards that are to be computed, in the order given."""
        wanted = list(identifiers)
        found = self.intact(wanted)
        return [identifier for identifier in wanted if identifier not in found]

    def remove_leftovers(self, identifiers: Iterable[str]) -> list[Path]:
        """Remove what killed writers of these shards left behind; a writer that still runs keeps its file."""
        removed: list[Path] = []
        wanted = set(identifiers)
        wanted.add("manifest")
        for path in sorted([*self.folder.glob(".manifest.json.*.tmp"), *self.folder.glob("shards/.*.parquet.*.tmp")]):
            identifier, _, process, _ = path.name[1:].split(".")
            if identifier in wanted and process.isdecimal() and not _runs(int(process)):
                path.unlink(missing_ok=True)
                removed.append(path)
        return removed

    def write_manifest(self, content: Mapping[str, Any]) -> None:
        """Write manifest.json: the content and the versions that are at work, sorted, in one piece."""
        text = json.dumps({**content, **environment()}, indent=1, sort_keys=True, allow_nan=False)
        replace_file(self.folder / "manifest.json", f"{text}\n".encode())


def digest(table: pl.DataFrame) -> str:
    """SHA-256 of the content: names, types and values bit by bit; independent of the file format.

    Every NaN counts as the same one.

    >>> digest(pl.DataFrame({"a": [1.0]})) == digest(pl.DataFrame({"a": [1.0 + 2e-16]}))
    False
    """
    total = hashlib.sha256()
    for series in table:
        total.update(canonical_json([series.name, str(series.dtype), len(series), series.null_count()]).encode())
        if series.null_count():
            total.update(series.is_null().to_numpy().tobytes())
            series = series.fill_null(_FILLERS.get(series.dtype, 0))
        if series.dtype == pl.List(pl.Float64):
            total.update(series.list.len().to_numpy().astype("<i8").tobytes())
            # an empty list is no entry, and an absent one has been told apart by now
            series = series.filter(series.list.len() > 0).explode()
            if series.null_count():
                raise TypeError(f"the lists of a shard hold numbers, got {series.name!r} with an entry that is absent")
        if series.dtype == pl.Float64:
            values = series.to_numpy()
            total.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        elif series.dtype == pl.Int64:
            total.update(series.to_numpy().astype("<i8").tobytes())
        elif series.dtype == pl.Boolean:
            total.update(series.to_numpy().tobytes())
        elif series.dtype == pl.String:
            total.update(json.dumps(series.to_list()).encode())
        else:
            raise TypeError(
                "a shard holds floats, lists of them, integers, booleans and texts, "
                f"got {series.name!r}: {series.dtype}"
            )
    return total.hexdigest()


@functools.cache
def environment() -> dict[str, Any]:
    """Library versions and CPU architecture: within them the bits are the same."""
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = version(library)
        except ModuleNotFoundError:  # an optional library, or a source tree that is not installed
            versions[library] = "absent"
    return {"versions": versions, "architecture": platform.machine()}


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _ended(process)


def _ended(process: int) -> bool:
    """Whether it was killed and nobody has waited for it yet: its number is still taken, but it writes no more."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:  # it has just gone, or this system has no /proc
        return False
