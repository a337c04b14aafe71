"""Parameters declared once: symbol, domain, unit and meaning sit on the dataclass field.

Validation, the kernel's parameter vector, command-line values, result columns and axis labels all read
the same declaration.
"""

from __future__ import annotations

import dataclasses
import json
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

Kind = Literal["float", "int", "bool", "choice", "vector", "per_group", "text", "plugin", "plugins"]

_METADATA_KEY = "parameter"
#: where `load_plugin` keeps the files of users, under names that end in the digest of the source
_USERS_FILES = "greedylr_theory.plugin_files"
_PACKED_KINDS: frozenset[Kind] = frozenset({"float", "int", "bool", "choice", "vector", "per_group"})
_NESTED_KINDS: frozenset[Kind] = frozenset({"plugin", "plugins"})


@dataclass(frozen=True)
class Interval:
    """Real interval with open or closed ends, e.g. ``Interval.open(0, 1)``.

    >>> str(Interval.open(0, 1)), 1.0 in Interval.open(0, 1), 0.5 in Interval.open(0, 1)
    ('(0, 1)', False, True)
    """

    low: float
    high: float
    includes_low: bool
    includes_high: bool

    @classmethod
    def open(cls, low: float, high: float) -> Interval:
        return cls(low, high, False, False)

    @classmethod
    def closed(cls, low: float, high: float) -> Interval:
        return cls(low, high, True, True)

    @classmethod
    def left_closed(cls, low: float, high: float) -> Interval:
        return cls(low, high, True, False)

    @classmethod
    def left_open(cls, low: float, high: float) -> Interval:
        return cls(low, high, False, True)

    def __contains__(self, value: float) -> bool:
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return bool(above and below)

    def __str__(self) -> str:
        left, right = "[" if self.includes_low else "(", "]" if self.includes_high else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


@dataclass(frozen=True)
class Choice:
    """One of a few words; the kernel sees its position in the list."""

    options: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def __str__(self) -> str:
        return "{" + ", ".join(repr(option) for option in self.options) + "}"


REAL = Interval.open(-math.inf, math.inf)
POSITIVE = Interval.open(0, math.inf)
NONNEGATIVE = Interval.left_closed(0, math.inf)


@dataclass(frozen=True)
class Parameter:
    """What is known about one parameter; see `param`."""

    symbol: str
    unit: str
    doc: str
    domain: Interval | Choice
    kind: Kind
    optional: bool

    @property
    def packed(self) -> bool:
        """Whether the kernel receives this parameter."""
        return self.kind in _PACKED_KINDS

    def accepts(self, values: NDArray[np.float64]) -> bool:
        """Whether every entry of an array of numbers lies in the domain; used for parameters per lane."""
        if isinstance(self.domain, Choice):
            return False
        if self.kind == "int" and not np.all(values == np.rint(values)):
            return False
        return all(float(value) in self.domain for value in np.unique(values))


def param(
    default: Any = dataclasses.MISSING,
    *,
    symbol: str,
    domain: Interval | Choice = REAL,
    unit: str = "1",
    doc: str,
    kind: Kind = "float",
    optional: bool = False,
) -> Any:
    """Declare a dataclass field as a parameter.

    Args:
        default: value when the user gives none; without it the field is required.
        symbol: as in the glossary, plain or LaTeX without dollars.
        domain: values that are accepted.
        unit: "1" for dimensionless, else e.g. "loss" or "length^2/loss".
        doc: one line for help texts.
        kind: "float", "int", "bool", "choice", "vector" (a tuple of floats), "per_group" (a float, or one
            per parameter group in `replay`), "text" (never seen by a kernel), or "plugin" and "plugins" (one
            object with declared parameters of its own, or a tuple of them; paths lead into it, as in
            "after.factor" and "parts.1.factor").
        optional: whether None is accepted; the kernel sees NaN, or no row for a vector.
    """
    metadata = {_METADATA_KEY: Parameter(symbol, unit, doc, domain, kind, optional)}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Parametrised:
    """Base of everything with declared parameters: validated once, immutable, packed to a float64 vector.

    Raises:
        ValueError: a value outside its domain; the message has the class, field, symbol, domain and value.
    """

    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        for name, declared in self.parameters():
            object.__setattr__(self, name, self._validated(name, declared, getattr(self, name)))
        self.check()

    def check(self) -> None:
        """Conditions that involve several parameters; raise ValueError with one sentence."""

    @classmethod
    def parameters(cls) -> Iterator[tuple[str, Parameter]]:
        """Names and declarations in the order of the kernel's parameter vector."""
        for entry in dataclasses.fields(cls):
            if _METADATA_KEY in entry.metadata:
                yield entry.name, entry.metadata[_METADATA_KEY]

    @classmethod
    def parameter(cls, name: str) -> Parameter:
        """Declaration of one parameter; ValueError that lists the existing ones when there is none."""
        declared = dict(cls.parameters())
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise ValueError(f"{cls.__name__} has no parameter {name!r}; its parameters are: {known}")
        return declared[name]

    @classmethod
    def _validated(cls, name: str, declared: Parameter, value: Any) -> Any:
        if value is None and declared.optional:
            return None
        if declared.kind in _NESTED_KINDS:
            return cls._validated_parts(name, declared, value)
        if declared.kind in ("bool", "text", "choice"):
            wanted = bool if declared.kind == "bool" else str
            if not isinstance(value, wanted) or (
                declared.kind == "choice" and value not in cast(Choice, declared.domain)
            ):
                domain = {"bool": "True or False", "text": "text", "choice": f"one of {declared.domain}"}[declared.kind]
                raise ValueError(f"{cls.__name__}.{name} ({declared.symbol}) must be {domain}, got {value!r}")
            return value
        if declared.kind == "vector" or (declared.kind == "per_group" and _is_sequence(value)):
            if not _is_sequence(value) or len(value) == 0:
                raise ValueError(
                    f"{cls.__name__}.{name} ({declared.symbol}) must be a non-empty sequence of numbers in "
                    f"{declared.domain}, got {value!r}"
                )
            return tuple(cls._number(f"{name}[{i}]", declared, entry) for i, entry in enumerate(value))
        return cls._number(name, declared, value)

    @classmethod
    def _validated_parts(cls, name: str, declared: Parameter, value: Any) -> Any:
        several = declared.kind == "plugins"
        if several and _is_sequence(value) and len(value) and all(isinstance(part, Parametrised) for part in value):
            return tuple(value)
        if not several and isinstance(value, Parametrised):
            return value
        what = "a non-empty sequence of plug-ins" if several else "a plug-in"
        raise ValueError(f"{cls.__name__}.{name} ({declared.symbol}) must be {what}, got {value!r}")

    @classmethod
    def _number(cls, name: str, declared: Parameter, value: Any) -> float | int:
        what = "be an integer in" if declared.kind == "int" else "lie in"
        problem = f"{cls.__name__}.{name} ({declared.symbol}) must {what} {declared.domain}, got {value!r}"
        if isinstance(value, bool | np.bool_):
            raise ValueError(problem)
        try:
            number: float | int = operator.index(value) if declared.kind == "int" else float(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(problem) from None
        if isinstance(value, str) or number not in cast(Interval, declared.domain):
            raise ValueError(problem)
        return number

    @classmethod
    def parse(cls, name: str, text: str) -> Any:
        """Value of a parameter from a command line: "0.5", "true", "max", "none", or numbers joined by commas.

        Raises:
            ValueError: there is no such parameter, or the text is not of its kind or outside its domain.
        """
        declared = cls.parameter(name)
        value: Any = text.strip()
        if declared.optional and value.lower() == "none":
            return None
        if declared.kind == "bool":
            value = {"true": True, "false": False}.get(value.lower(), value)
        elif declared.kind == "vector" or (declared.kind == "per_group" and "," in value):
            value = [_to_number(entry) for entry in value.split(",")]
        elif declared.kind in ("int", "float", "per_group"):
            value = _to_number(value)
        return cls._validated(name, declared, value)

    @classmethod
    def plugin_name(cls) -> str:
        """File name, or ``module:Class`` for a class that is in no plug-in's file."""
        module, _, leaf = cls.__module__.rpartition(".")
        if module == _USERS_FILES:
            return leaf.rpartition("_")[0]
        return leaf if module.startswith("greedylr_theory.") else f"{cls.__module__}:{cls.__qualname__}"

    def specification(self) -> dict[str, Any]:
        """Everything that identifies this object, ready for canonical JSON: version and user's source included."""
        values = {name: getattr(self, name) for name, _ in self.parameters()}
        for name, declared in self.parameters():
            if declared.kind == "plugin" and values[name] is not None:
                values[name] = values[name].specification()
            elif declared.kind == "plugins" and values[name] is not None:
                values[name] = [part.specification() for part in values[name]]
        name = {"plugin": self.plugin_name(), "version": self.version}
        module, _, leaf = type(self).__module__.rpartition(".")
        source = {"source": leaf.rpartition("_")[2]} if module == _USERS_FILES else {}
        return {**name, **source, **values}

    def parts(self) -> Iterator[tuple[str, Parametrised]]:
        """What is nested in this object, with the path that leads there: "after", or "parts.0", "parts.1", ..."""
        for name, declared in self.parameters():
            value = getattr(self, name)
            if declared.kind == "plugin" and value is not None:
                yield name, value
            elif declared.kind == "plugins" and value is not None:
                yield from ((f"{name}.{i}", part) for i, part in enumerate(value))

    def owner(self, path: str) -> tuple[Parametrised, str]:
        """The object that declares what a path such as "factor" or "after.factor" names, and the name there.

        Raises:
            ValueError: there is no such parameter.
        """
        for prefix, part in self.parts():
            if path.startswith(f"{prefix}."):
                return part.owner(path[len(prefix) + 1 :])
        self.parameter(path)
        return self, path

    def with_value(self, path: str, value: Any) -> Self:
        """Copy with one parameter changed, here or in a nested part; ValueError as in `owner`."""
        for prefix, part in self.parts():
            if path.startswith(f"{prefix}."):
                return self.with_part(prefix, part.with_value(path[len(prefix) + 1 :], value))
        self.parameter(path)
        return dataclasses.replace(self, **{path: value})

    def with_part(self, prefix: str, part: Parametrised) -> Self:
        """Copy with the nested object at "after" or "parts.1" replaced."""
        name, _, index = prefix.partition(".")
        if not index:
            return dataclasses.replace(self, **{name: part})
        entries = list(getattr(self, name))
        entries[int(index)] = part
        return dataclasses.replace(self, **{name: tuple(entries)})

    def slots(self) -> dict[str, slice]:
        """Rows of `pack()` that hold each parameter; those of a nested part under its path."""
        rows: dict[str, slice] = {}
        start = 0
        for name, declared in self.parameters():
            if declared.packed:
                value = getattr(self, name)
                width = len(value or ()) if declared.kind == "vector" else 1
                rows[name] = slice(start, start + width)
                start += width
        for prefix, part in self.parts():
            inner = part.slots()
            for name, found in inner.items():
                rows[f"{prefix}.{name}"] = slice(start + found.start, start + found.stop)
            start += max((found.stop for found in inner.values()), default=0)
        return rows

    def rows_of(self, prefix: str) -> slice:
        """Rows of `pack()` that hold the nested part at a path; all rows for the empty path."""
        rows = [found for name, found in self.slots().items() if not prefix or name.startswith(f"{prefix}.")]
        return slice(min((r.start for r in rows), default=0), max((r.stop for r in rows), default=0))

    def pack(self, group: int | None = None) -> NDArray[np.float64]:
        """Parameter vector (p,) for the kernel.

        Args:
            group: index of the parameter group that per-group values are taken from.

        Raises:
            ValueError: a parameter is given per group and no group is named.
        """
        packed: list[float] = []
        for name, declared in self.parameters():
            value = getattr(self, name)
            if not declared.packed:
                continue
            if declared.kind == "vector":
                packed.extend(value or ())
            elif isinstance(value, tuple):
                if group is None:
                    raise ValueError(
                        f"{type(self).__name__}.{name} ({declared.symbol}) must be one number in a simulated run, "
                        f"which has a single parameter group, got {value!r}; only replay takes one per group"
                    )
                packed.append(cast(tuple[float, ...], value)[group])
            elif declared.kind == "choice":
                packed.append(float(cast(Choice, declared.domain).options.index(value)))
            else:
                packed.append(math.nan if value is None else float(value))
        for _, part in self.parts():
            packed.extend(part.pack(group).tolist())
        return np.array(packed, dtype=np.float64)

    def __getstate__(self) -> dict[str, Any]:
        # cached properties (a data set, a minimiser) are recomputed rather than sent to another process
        return {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}


def _to_number(text: str) -> float | int | str:
    """A number if the text is one; the text itself otherwise, for the validation to name."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no blanks, shortest round-trip floats, non-finite floats as words.

    >>> canonical_json({"b": 1.0, "a": (float("inf"), 2)})
    '{"a":["inf",2],"b":1.0}'
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in cast(dict[Any, Any], value).items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in cast(Sequence[Any], value)]
    if isinstance(value, np.generic):
        value = cast(Any, value).item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
