"""Sweep: a question, what was predicted, and the runs that answer it, cut into shards."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from greedylr_theory.params import Parametrised
from greedylr_theory.simulation.run import PLUGINS, Run
from greedylr_theory.sweeps.shard import FORMAT, Measure, Shard, Values, owners


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
        measure: a function at the top of a module, from runs and their trajectory recorded at every step to further
            columns of the table. Shards do not depend on its text: raise the version when it changes.
        measure_version: of `measure`.
        conclusion: table of all runs -> sentences in plain words, computed from the numbers, for a page of the report.
    """

    name: str
    question: str
    prediction: tuple[str, ...]
    arms: Mapping[str, Run] | Callable[[], Mapping[str, Run]]
    sizes: Mapping[str, Size]
    judge: Callable[[pl.DataFrame], list[Judgement]]
    shard_size: int = 512
    measure: Measure | None = None
    measure_version: int = 1
    conclusion: Callable[[pl.DataFrame], list[str]] | None = None

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
            runs = base.replaced("steps", extent.steps), dict(extent.axes), extent.replicates
            whole = Shard(arm, *runs, 0, 0, self.measure, self.measure_version)
            total = extent.replicates * int(np.prod([len(values) for values in extent.axes.values()]))
            shards += [
                dataclasses.replace(whole, first=first, last=min(first + self.shard_size, total))
                for first in range(0, total, self.shard_size)
            ]
        return shards

    def description(self, size: str) -> dict[str, Any]:
        """What a manifest says of the whole."""
        extent = self.size(size)
        axes = {path: list(values) for path, values in extent.axes.items()}
        return {"format": FORMAT, "steps": extent.steps, "replicates": extent.replicates, "axes": axes}


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
        for path, owner in owners(plugin, getattr(base, plugin)):
            for name, declared in owner.parameters():
                if declared.kind in ("float", "int") or (
                    declared.kind == "per_group" and not isinstance(getattr(owner, name), tuple)
                ):
                    found.add(f"{path}.{name}")
    return found
