"""Sweep: a question, what was predicted, and the runs that answer it, cut into shards."""

from __future__ import annotations

import copy
import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.params import Parameter, Parametrised, canonical_json
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.packed import packed
from greedylr_theory.simulation.run import PLUGINS, Run
from greedylr_theory.simulation.simulate import Trajectory, simulate

#: raise it whenever the columns of a shard or their meaning change: every shard is then computed anew
FORMAT = 1

Values = tuple[float, ...]
_RULES = ("start", "lr0")
_TYPES = {"float": pl.Float64, "per_group": pl.Float64, "int": pl.Int64, "bool": pl.Boolean}
_SUMMARIES = (
    "final_loss", "end_loss", "best_loss", "peak_loss", "steps_to_tolerance", "recovery_ratio", "lr_changes", "lr_sum",
    "status",
)  # fmt: skip


@dataclass(frozen=True)
class Judgement:
    """Whether one prediction held, and the numbers that say so."""

    prediction: str
    held: bool
    evidence: str


@dataclass(frozen=True, eq=False)
class Size:
    """How large a sweep is.

    Args:
        axes: {path such as "scheduler.factor": values}; every arm takes every combination.
        steps: T of every run.
        replicates: runs 0 .. replicates - 1 of every combination.
    """

    axes: Mapping[str, Values]
    steps: int
    replicates: int


@dataclass(frozen=True, eq=False)
class Sweep:
    """An experiment: what it asks, what it predicts, and its runs.

    Args:
        name: the file's name.
        question: what is asked, in words.
        prediction: statements that can turn out wrong, written before the first run.
        arms: {name: base run}, or a function that gives them (so that importing the file loads no data).
        sizes: {"standard": ..., "quick": ...}.
        judge: table of all runs -> one judgement per prediction.
        shard_size: runs per shard at most.
    """

    name: str
    question: str
    prediction: tuple[str, ...]
    arms: Mapping[str, Run] | Callable[[], Mapping[str, Run]]
    sizes: Mapping[str, Size]
    judge: Callable[[pl.DataFrame], list[Judgement]]
    shard_size: int = 512

    def bases(self) -> Mapping[str, Run]:
        """Base run of every arm."""
        return self.arms() if callable(self.arms) else self.arms

    def size(self, name: str) -> Size:
        """One of the sizes; ValueError that lists them when there is no such size."""
        if name not in self.sizes:
            raise ValueError(f"size must be one of {', '.join(self.sizes)}, got {name!r}")
        return self.sizes[name]

    def with_values(self, values: Mapping[str, Sequence[float] | str]) -> Sweep:
        """The same sweep with other values along some axes, in every size.

        Args:
            values: {path: values}; a text such as "0.5,0.7" is parsed as the parameter declares. The path is
                an axis, or a number that every arm declares, which then becomes an axis.

        Raises:
            ValueError: there is no such path, a value is given twice, or one lies outside its domain.
        """
        bases = self.bases()
        chosen = {path: self._checked(bases, path, given) for path, given in values.items()}
        sizes = {name: dataclasses.replace(size, axes={**size.axes, **chosen}) for name, size in self.sizes.items()}
        return dataclasses.replace(self, sizes=sizes)

    def _checked(self, bases: Mapping[str, Run], path: str, given: Sequence[float] | str) -> Values:
        offered = [_numbers(base) for base in bases.values()]
        known = sorted(offered[0].intersection(*offered[1:]))
        if path not in known:
            raise ValueError(f"{self.name} has no axis {path!r}; what can be set is: {', '.join(known)}")
        entries: list[Any] = list(given.split(",")) if isinstance(given, str) else list(given)
        found = tuple(_accepted(bases.values(), path, entry) for entry in entries)
        if not found or len(set(found)) != len(found):
            raise ValueError(f"{path} needs at least one value and none of them twice, got {given!r}")
        return found

    def shards(self, size: str) -> list[Shard]:
        """The work, in canonical order: arm by arm, axes in declared order, the replicate fastest."""
        extent = self.size(size)
        shards: list[Shard] = []
        for arm, base in self.bases().items():
            whole = Shard(arm, base.replaced("steps", extent.steps), dict(extent.axes), extent.replicates, 0, 0)
            total = extent.replicates * int(np.prod([len(values) for values in extent.axes.values()]))
            shards += [
                dataclasses.replace(whole, first=first, last=min(first + self.shard_size, total))
                for first in range(0, total, self.shard_size)
            ]
        return shards


@dataclass(frozen=True, eq=False)
class Shard:
    """Runs first .. last - 1 of one arm: the unit that is computed, stored and found again."""

    arm: str
    base: Run
    axes: Mapping[str, Values]
    replicates: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"shard {self.id[:12]} ({self.arm}, runs {self.first} to {self.last - 1})"

    @functools.cached_property
    def values(self) -> dict[str, NDArray[np.float64]]:
        """What varies, {path: (runs,)}; the replicate included."""
        shape = (*(len(values) for values in self.axes.values()), self.replicates)
        *places, replicates = np.unravel_index(np.arange(self.first, self.last), shape)
        axes = zip(self.axes.items(), places, strict=True)
        varied = {path: np.array(values, dtype=np.float64)[place] for (path, values), place in axes}
        return {**varied, "replicate": replicates.astype(np.float64)}

    @functools.cached_property
    def id(self) -> str:
        """64 hexadecimal digits that identify the runs, the versions of their plug-ins and the format."""
        content = {
            "format": FORMAT,
            "arm": self.arm,
            "run": self.base.specification(),
            "data": self.base.objective.data_digest,
            "values": {path: values.tolist() for path, values in self.values.items()},
            "range": [self.first, self.last],
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def nanoseconds(self) -> float:
        """Rough time on one core, from the shape of the problem; for estimates and for the order of work."""
        objective, dim = self.base.objective, self.base.objective.dim
        draws = sum(self.base.perturbation.draws(dim)) + objective.uniforms
        return (self.last - self.first) * self.base.steps * (15.0 + dim + 5.0 * draws + 0.3 * objective.data.size)

    def table(self) -> pl.DataFrame:
        """Simulate the runs: one row each, with its specification, its key and what came of it.

        Beside the specification and the summaries of `Trajectory` a row has `initial_loss` f(x_0),
        `initial_distance` from x_0 to the declared minimiser, `minimum` f*, `end_lr` the last step size used,
        and `steps_made`. NaN stands for what is not known or does not exist.
        """
        batch = Batch(self.base, self.values)
        collected = packed(batch, with_minimum=True)
        steps = self.base.steps
        trajectory = simulate(batch, stride=max(1, steps - 1))  # records the first and the last step
        minimiser = self.base.objective.minimiser
        distance = np.full(len(batch), np.nan)
        if minimiser is not None:
            distance = np.sqrt(np.sum((collected.starts(slice(None)) - np.array(minimiser)[:, None]) ** 2, axis=0))
        found = {
            "lr0": collected.lr0,
            "minimum": collected.minimum,
            "initial_loss": trajectory.full_loss[:, 0],
            "initial_distance": distance,
            "end_lr": trajectory.lr[:, -1],
            "steps_made": trajectory.steps,
            **{name: _summary(trajectory, name) for name in _SUMMARIES},
        }
        columns = [pl.Series("arm", [self.arm] * len(batch)), *self._specification()]
        columns += [pl.Series("key", keys(batch)), *(pl.Series(name, values) for name, values in found.items())]
        return pl.DataFrame(columns)

    def _specification(self) -> list[pl.Series]:
        columns: list[pl.Series] = []
        for path, declared, value in _declarations(self.base):
            kind = _TYPES.get(declared.kind, pl.String) if declared is not None else None
            if isinstance(value, tuple):
                value, kind = canonical_json(value), pl.String
            column = pl.Series(path, [value] * (self.last - self.first), dtype=kind)
            if path in self.values:
                column = pl.Series(path, self.values[path]).cast(column.dtype)
            columns.append(column)
        return columns


def keys(batch: Batch) -> list[str]:
    """`Run.key` of every run, without building the runs."""
    specification = copy.deepcopy(batch.base.specification())
    found: list[str] = []
    columns: list[tuple[dict[str, Any], str, list[float]]] = []
    for path, values in batch.values.items():
        holders, _, name = path.rpartition(".")
        entries = values.astype(np.int64) if batch.base.declared(path).kind == "int" else values
        holder: Any = specification
        for key in holders.split(".") if holders else []:
            holder = holder[int(key)] if key.isdecimal() else holder[key]
        columns.append((holder, name, entries.tolist()))
    for r in range(len(batch)):
        for holder, name, entries in columns:
            holder[name] = entries[r]
        found.append(hashlib.sha256(canonical_json(specification).encode()).hexdigest()[:32])
    return found


def _summary(trajectory: Trajectory, name: str) -> NDArray[Any]:
    return getattr(trajectory, name)


def _accepted(bases: Iterable[Run], path: str, entry: Any) -> float:
    """The value as every base run accepts it: the plug-in itself parses and validates."""
    value = entry
    for base in bases:
        owner, name = _owner(base, path)
        value = owner.parse(name, entry) if isinstance(entry, str) else entry
        value = getattr(_owner(base.replaced(path, value), path)[0], name)
    return value


def _owner(base: Run, path: str) -> tuple[Parametrised, str]:
    plugin, _, name = path.partition(".")
    return getattr(base, plugin).owner(name) if name else (base, plugin)


def _numbers(base: Run) -> set[str]:
    """Paths of what a batch can vary."""
    found = {"lr0"}
    for plugin in PLUGINS:
        for path, owner in _owners(plugin, getattr(base, plugin)):
            for name, declared in owner.parameters():
                if declared.kind in ("float", "int") or (
                    declared.kind == "per_group" and not isinstance(getattr(owner, name), tuple)
                ):
                    found.add(f"{path}.{name}")
    return found


def _owners(path: str, owner: Parametrised) -> Iterable[tuple[str, Parametrised]]:
    """An object with the path to it, and everything nested in it."""
    yield path, owner
    for prefix, part in owner.parts():
        yield from _owners(f"{path}.{prefix}", part)


def _declarations(base: Run) -> list[tuple[str, Parameter | None, Any]]:
    """Path, declaration and value of everything in a specification; None declares a text."""
    found: list[tuple[str, Parameter | None, Any]] = []
    for part in (*PLUGINS, *_RULES):
        owner = getattr(base, part)
        if not isinstance(owner, Parametrised):
            if part == "start":  # a rate that is a number has its own column
                found.append((part, None, owner))
            continue
        for path, holder in _owners(part, owner):
            found.append((f"{path}.plugin", None, holder.plugin_name()))
            found.append((f"{path}.version", None, holder.version))
            found.extend(
                (f"{path}.{name}", declared, getattr(holder, name))
                for name, declared in holder.parameters()
                if declared.kind not in ("plugin", "plugins")
            )
    found.extend((f"controls.{path}", None, canonical_json(rule.specification())) for path, rule in base.controls)
    found.extend((name, declared, getattr(base, name)) for name, declared in base.parameters() if name != "lr0")
    return found
