"""Declared parameters: domains, packing, canonical text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from greedylr_theory.params import (
    NONNEGATIVE,
    POSITIVE,
    REAL,
    Choice,
    Interval,
    Parametrised,
    canonical_json,
    param,
)


@dataclass(frozen=True)
class Everything(Parametrised):
    """One parameter of each kind."""

    number: float = param(0.5, symbol="a", domain=Interval.open(0, 1), doc="number")
    count: int = param(3, symbol="n", domain=NONNEGATIVE, doc="count", kind="int")
    flag: bool = param(False, symbol="b", doc="flag", kind="bool")
    mode: str = param("min", symbol="mode", domain=Choice(("min", "max")), doc="mode", kind="choice")
    vector: tuple[float, ...] = param((1.0, 2.0), symbol="v", doc="vector", kind="vector")
    bound: float | tuple[float, ...] = param(1.0, symbol="c", domain=POSITIVE, doc="bound", kind="per_group")
    name: str = param("x", symbol="name", doc="name", kind="text")
    limit: float | None = param(None, symbol="l", doc="limit", optional=True)


@pytest.mark.parametrize(
    ("interval", "inside", "outside", "text"),
    [
        (Interval.open(0, 1), (5e-324, 1 - 2**-53), (0.0, 1.0, math.nan), "(0, 1)"),
        (Interval.closed(0, 1), (0.0, 1.0), (-5e-324, 1 + 2**-52, math.nan), "[0, 1]"),
        (Interval.left_closed(0, 1), (0.0, -0.0), (1.0, math.nan), "[0, 1)"),
        (Interval.left_open(0, math.inf), (5e-324, math.inf), (0.0, -math.inf), "(0, inf]"),
        (REAL, (0.0, -1.7e308), (math.inf, -math.inf, math.nan), "(-inf, inf)"),
    ],
)
def test_interval_knows_its_ends(interval: Interval, inside: Any, outside: Any, text: str) -> None:
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)
    assert str(interval) == text


def test_choice_lists_its_words() -> None:
    choice = Choice(("rel", "abs"))
    assert "rel" in choice
    assert "REL" not in choice
    assert str(choice) == "{'rel', 'abs'}"


def test_values_take_the_declared_type() -> None:
    made = Everything(number=np.float32(0.5), count=np.int64(2), vector=[1, 2], bound=np.array([1, 2]))  # type: ignore[arg-type]
    assert (made.number, made.count, made.vector, made.bound) == (0.5, 2, (1.0, 2.0), (1.0, 2.0))
    assert [type(value) for value in (made.number, made.count, *made.vector)] == [float, int, float, float]


def test_message_names_class_field_symbol_domain_and_value() -> None:
    with pytest.raises(ValueError, match=r"^Everything\.number \(a\) must lie in \(0, 1\), got 1\.0$"):
        Everything(number=1.0)
    with pytest.raises(ValueError, match=r"^Everything\.count \(n\) must be an integer in \[0, inf\), got 2\.5$"):
        Everything(count=2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^Everything\.mode \(mode\) must be one of \{'min', 'max'\}, got 'mid'$"):
        Everything(mode="mid")
    with pytest.raises(ValueError, match=r"^Everything\.bound\[1\] \(c\) must lie in \(0, inf\), got -1$"):
        Everything(bound=(1, -1))
    with pytest.raises(
        ValueError, match=r"^Everything\.vector \(v\) must be a non-empty sequence of numbers in .*, got \(\)$"
    ):
        Everything(vector=())


def test_pack_has_one_row_per_number() -> None:
    made = Everything(mode="max", flag=True, limit=None)
    np.testing.assert_array_equal(made.pack(), [0.5, 3.0, 1.0, 1.0, 1.0, 2.0, 1.0, np.nan])
    rows = made.slots()
    assert rows["vector"] == slice(4, 6)
    assert rows["limit"] == slice(7, 8)
    assert "name" not in rows
    for name, value in (("number", [0.5]), ("mode", [1.0]), ("vector", [1.0, 2.0])):
        np.testing.assert_array_equal(made.pack()[rows[name]], value)


def test_pack_takes_bounds_of_one_group() -> None:
    made = Everything(bound=(3.0, 4.0))
    assert [made.pack(group)[6] for group in (0, 1)] == [3.0, 4.0]
    with pytest.raises(ValueError, match=r"^Everything\.bound \(c\) must be one number in a simulated run"):
        made.pack()


def test_arrays_of_values_are_accepted_or_not() -> None:
    number, count = Everything.parameter("number"), Everything.parameter("count")
    assert number.accepts(np.array([0.1, 0.9]))
    assert not number.accepts(np.array([0.1, 1.0]))
    assert count.accepts(np.array([0.0, 7.0]))
    assert not count.accepts(np.array([0.5]))
    assert not number.accepts(np.array([np.nan]))
    assert not Everything.parameter("mode").accepts(np.array([0.0]))


def test_conditions_on_several_parameters_are_checked_on_every_copy() -> None:
    @dataclass(frozen=True)
    class Ordered(Parametrised):
        low: float = param(0.0, symbol="a", doc="low")
        high: float = param(1.0, symbol="b", doc="high")

        def check(self) -> None:
            if self.low > self.high:
                raise ValueError(f"Ordered.low must not exceed high, got {self.low!r} > {self.high!r}")

    with pytest.raises(ValueError, match=r"got 2\.0 > 1\.0"):
        Ordered(low=2.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1.0, "a": (math.inf, 2)}, '{"a":["inf",2],"b":1.0}'),
        ([-math.inf, math.nan, 0.1], '["-inf","nan",0.1]'),
        (np.float64(0.1), "0.1"),
        ({1: [np.int64(3), None, True, "x"]}, '{"1":[3,null,true,"x"]}'),
    ],
)
def test_canonical_json(value: Any, text: str) -> None:
    assert canonical_json(value) == text


def test_specification_names_the_plugin_and_its_version() -> None:
    spec = Everything(limit=2).specification()
    assert spec["plugin"].endswith(":Everything")
    assert spec["version"] == 1
    assert spec["limit"] == 2.0
    assert set(spec) == {"plugin", "version", *dict(Everything.parameters())}
