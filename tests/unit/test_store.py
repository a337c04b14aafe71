"""Shards on disk: bitwise round trip, damage detected, nothing half-written."""

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from greedylr_theory.sweeps.store import DamagedShard, Store, digest

TABLE = pl.DataFrame(
    {
        "text": ["a", "b", "ä"],
        "integer": [1, -(2**60), 3],
        "float": [0.1, math.nan, -math.inf],
        "bool": [True, False, True],
        "hole": pl.Series([None, 5e-324, -0.0], dtype=pl.Float64),
    }
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "sweep")


def test_round_trip_keeps_every_bit(store):
    written = store.write("one", TABLE)
    stored = store.read("one")
    assert stored.digest == written == digest(TABLE)
    assert stored.table.schema == TABLE.schema
    for name in ("float", "hole"):
        np.testing.assert_array_equal(
            stored.table[name].fill_null(7.0).to_numpy().view(np.int64),
            TABLE[name].fill_null(7.0).to_numpy().view(np.int64),
        )
    assert stored.table.select("text", "integer", "bool").equals(TABLE.select("text", "integer", "bool"))


@pytest.mark.parametrize(
    "changed",
    [
        TABLE.with_columns(float=pl.Series([np.nextafter(0.1, 1), math.nan, -math.inf])),
        TABLE.with_columns(hole=pl.Series([None, 5e-324, 0.0], dtype=pl.Float64)),
        TABLE.with_columns(hole=pl.Series([0.0, 5e-324, -0.0], dtype=pl.Float64)),
        TABLE.rename({"text": "texts"}),
        TABLE.with_columns(integer=TABLE["integer"].cast(pl.Float64)),
        TABLE.with_columns(text=pl.Series(["a", "bä", ""])),
        TABLE.head(2),
        TABLE.select(reversed(TABLE.columns)),
    ],
)
def test_digest_sees_every_change(changed):
    assert digest(changed) != digest(TABLE)


def test_digest_takes_every_nan_for_the_same():
    other = np.array([0x7FF8000000000001, 0xFFF8000000000000], dtype=np.uint64).view(np.float64)
    assert digest(pl.DataFrame({"a": other})) == digest(pl.DataFrame({"a": [math.nan, math.nan]}))


def test_digest_refuses_types_that_shards_do_not_have():
    with pytest.raises(TypeError, match="'a': List"):
        digest(pl.DataFrame({"a": [["text"]]}))
    with pytest.raises(TypeError, match="'a' with an entry that is absent"):
        digest(pl.DataFrame({"a": [[1.0, None]]}))


def test_digest_of_lists_sees_where_each_begins_and_what_is_absent(tmp_path):
    lists = [
        [[1.0, 2.0], [3.0]],
        [[1.0], [2.0, 3.0]],
        [[1.0, 2.0, 3.0], []],
        [[1.0, 2.0, 3.0], None],
        [[1.0, 2.0], [4.0]],
    ]
    tables = [pl.DataFrame({"a": entries}, schema={"a": pl.List(pl.Float64)}) for entries in lists]
    assert len({digest(table) for table in tables}) == len(lists)
    for table in tables:
        store = Store(tmp_path)
        assert store.write("one", table) == store.read("one").digest
        assert store.read("one").table.equals(table)
    nan = [pl.DataFrame({"a": [[value]]}) for value in (math.nan, -math.nan)]
    assert digest(nan[0]) == digest(nan[1])


def test_truncation_and_flipped_bits_are_noticed(store):
    store.write("one", TABLE)
    raw = store.path("one").read_bytes()
    for length in (0, 3, len(raw) // 2, len(raw) - 1):
        store.path("one").write_bytes(raw[:length])
        with pytest.raises(DamagedShard):
            store.read("one")
        assert store.missing(["one"]) == ["one"]
    flipped = bytearray(raw)
    flipped[raw.index(b"PAR1") + 40] ^= 255  # inside the first column's pages
    store.path("one").write_bytes(bytes(flipped))
    with pytest.raises(DamagedShard):
        store.read("one")


def test_a_file_with_another_content_under_a_valid_format_is_noticed(store):
    store.write("one", TABLE)
    wrong = TABLE.with_columns(integer=pl.Series([1, 2, 3]))
    wrong.write_parquet(store.path("one"), metadata={"digest": digest(TABLE)})
    with pytest.raises(DamagedShard, match="does not match its digest"):
        store.read("one")


def test_missing_keeps_the_order(store):
    store.write("b", TABLE)
    assert store.missing(["c", "b", "a"]) == ["c", "a"]


def test_leftovers_of_dead_writers_go_and_others_stay(store):
    store.write("one", TABLE)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    shards = store.folder / "shards"
    names = {
        "dead": f".one.parquet.{ended.pid}.tmp",
        "alive": f".one.parquet.{os.getpid()}.tmp",
        "of another share": f".two.parquet.{ended.pid}.tmp",
        "not ours": "notes.tmp",
    }
    for name in names.values():
        (shards / name).write_bytes(b"half")
    (store.folder / f".manifest.json.{ended.pid}.tmp").write_bytes(b"{")
    removed = store.remove_leftovers(["one"])
    assert {path.name for path in removed} == {names["dead"], f".manifest.json.{ended.pid}.tmp"}
    assert {path.name for path in shards.iterdir()} == {"one.parquet", *names.values()} - {names["dead"]}


def test_writing_leaves_no_temporary_file(store):
    store.write("one", TABLE)
    store.write_manifest({"sweep": "x"})
    assert sorted(path.name for path in store.folder.rglob("*") if path.is_file()) == ["manifest.json", "one.parquet"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what a process is up to is read in /proc")
def test_a_killed_writer_that_nobody_has_waited_for_is_gone(store):
    store.write("one", TABLE)
    killed = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    killed.kill()
    while Path(f"/proc/{killed.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    leftover = store.folder / "shards" / f".two.parquet.{killed.pid}.tmp"
    leftover.write_bytes(b"half")
    assert store.remove_leftovers(["two"]) == [leftover]
    killed.wait()
    assert killed.stdin is not None
    killed.stdin.close()
