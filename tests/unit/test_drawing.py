"""Figures and tables are made again when their rows, sources or libraries change, and only then."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.figure
import polars as pl
import pytest

from greedylr_theory import catalog, drawing, plotting, report
from greedylr_theory.sweeps.engine import joint_digest
from greedylr_theory.sweeps.store import Store

ROWS = pl.DataFrame({"rule": ["a|b", "c"], "median": [0.123456789012345, math.inf], "runs": [3, None]})


def outcome(digest: str = "1") -> Any:
    return {"sweep": SimpleNamespace(digest=digest, table=ROWS)}


def table(calls: list[int]) -> plotting.Table:
    def rows(found: pl.DataFrame) -> pl.DataFrame:
        calls.append(1)
        return found

    return plotting.Table(
        "overshoot", ("sweep",), (), rows, "What is seen.", "arXiv 2512.14527, Table 8", "It could not be."
    )


def figure(calls: list[int]) -> plotting.Figure:
    def draw(found: pl.DataFrame) -> matplotlib.figure.Figure:
        calls.append(1)
        with plotting.style():
            picture = matplotlib.figure.Figure(figsize=(2, 1))
            picture.subplots().plot(found["median"].clip(0, 1))
        return picture

    return plotting.Figure("overshoot", ("sweep",), (), draw, "What is seen.")


def test_what_was_made_from_the_same_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []
    item = table(calls)
    paths = drawing.draw(item, outcome(), tmp_path)
    content = [path.read_bytes() for path in paths]
    assert drawing.draw(item, outcome(), tmp_path) == paths
    assert len(calls) == 1
    assert drawing.seconds(tmp_path).keys() == {"overshoot"}

    paths[1].unlink()
    drawing.draw(item, outcome(), tmp_path)
    assert len(calls) == 2
    assert [path.read_bytes() for path in paths] == content
    paths[0].write_bytes(content[0][:40])
    drawing.draw(item, outcome(), tmp_path)
    assert len(calls) == 3
    drawing.draw(item, outcome("2"), tmp_path)
    assert len(calls) == 4
    monkeypatch.setattr(drawing.sources, "digest", lambda module: "edited")
    drawing.draw(item, outcome("2"), tmp_path)
    assert len(calls) == 5


def test_a_picture_tells_its_origin(tmp_path: Path):
    calls: list[int] = []
    item = figure(calls)
    pdf, png = drawing.draw(item, outcome(), tmp_path)
    assert drawing.draw(item, outcome(), tmp_path) == [pdf, png]
    assert len(calls) == 1
    found = plotting.origin(png)
    assert found is not None
    assert found["provenance"] == drawing.provenance(item, {"sweep": "1"})
    png.write_bytes(png.read_bytes()[: png.stat().st_size // 2])
    assert plotting.origin(png) is None


def test_a_table_is_written_with_all_digits_and_shown_with_four(tmp_path: Path):
    csv, page = plotting.save_table(ROWS, table([]), tmp_path, {"sweep": "1"})
    assert pl.read_csv(csv, comment_prefix="#").equals(ROWS)
    lines = page.read_text().splitlines()
    assert [line for line in lines if line.startswith("| ")] == [
        "| rule | median | runs |", "| --- | --- | --- |", r"| a\|b | 0.1235 | 3 |", "| c | inf | - |",
    ]  # fmt: skip
    assert "Source: arXiv 2512.14527, Table 8. It could not be." in lines


def test_a_cell_holds_one_value(tmp_path: Path):
    with pytest.raises(ValueError, match="one number or text to a cell, got 'values'"):
        plotting.save_table(pl.DataFrame({"values": [[1.0, 2.0]]}), table([]), tmp_path, {})


@pytest.mark.parametrize("content", [None, b"", b"{", b"\x89PNG\r\n\x1a\n", b"# []\n"])
@pytest.mark.parametrize("suffix", ["png", "csv"])
def test_a_file_without_an_origin_is_out_of_date(content: bytes | None, suffix: str, tmp_path: Path):
    path = tmp_path / f"name.{suffix}"
    if content is not None:
        path.write_bytes(content)
    assert plotting.origin(path) is None


class Stocked:
    """A sweep of two sizes, whose shards are known by name."""

    name = "sweep"
    sizes = {"quick": 1, "standard": 2}  # noqa: RUF012

    def shards(self, size: str) -> list[Any]:
        return [SimpleNamespace(id=f"{size}{i}", nanoseconds=1e9) for i in range(self.sizes[size])]


def test_the_state_of_a_figure_follows_its_sweeps_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    item, store = table([]), Store(tmp_path / "sweep")
    monkeypatch.setattr(drawing, "shown", lambda name: item)

    def state(size: str) -> drawing.State:
        (found,) = drawing.states(["overshoot"], size, tmp_path, lambda name: Stocked())  # pyright: ignore[reportArgumentType]
        return found

    first = state("standard")
    assert (first.state, first.shards, first.missing, first.draw_seconds) == ("sweeps missing", 2, 2, None)
    assert (first.sweep_seconds, first.missing_seconds, first.digests) == (2.0, 2.0, {})

    written = store.write("quick0", ROWS)
    assert (state("quick").state, state("quick").missing_seconds) == ("to draw", 0.0)
    drawing.draw(item, outcome(joint_digest({"quick0": written})), tmp_path)
    assert state("quick").state == "drawn"
    assert state("quick").digests == {"sweep": joint_digest({"quick0": written})}
    assert state("quick").draw_seconds is not None
    assert (state("standard").state, state("standard").missing) == ("drawn from size quick", 2)

    for name in ("standard0", "standard1"):
        store.write(name, ROWS)
    assert state("standard").state == "drawn from size quick"
    store.write("quick0", ROWS.head(1))
    assert state("quick").state == "stale"
    store.path("quick0").write_bytes(b"PAR1 damaged")
    assert (state("quick").state, state("quick").missing) == ("stale", 1)


def test_every_published_figure_is_answered_once_or_out_of_reach_with_a_reason():
    unreachable = report.out_of_reach()
    assert all(reason.endswith(".") for reason in unreachable.values())
    answered = [item.source for item in catalog.load(drawing.PACKAGE, drawing.EXPORTS).values() if item.source]
    assert not unreachable.keys() & set(answered)
