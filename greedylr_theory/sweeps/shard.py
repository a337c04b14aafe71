"""Shard: the runs that are computed, stored and found again together."""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
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
#: runs and what they did, recorded at every step -> {column: (runs,), or (runs, k) for a list per run}
Measure = Callable[[Batch, Trajectory], Mapping[str, NDArray[Any]]]
_RULES = ("start", "lr0")
_TYPES = {"float": pl.Float64, "per_group": pl.Float64, "int": pl.Int64, "bool": pl.Boolean}
_SUMMARIES = (
    "final_loss", "end_loss", "best_loss", "peak_loss", "steps_to_tolerance", "recovery_ratio", "lr_changes", "lr_sum",
    "status",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shard:
    """Runs first .. last - 1 of one arm: the unit that is computed, stored and found again."""

    arm: str
    base: Run
    axes: Mapping[str, Values]
    replicates: int
    first: int
    last: int
    measure: Measure | None = None
    measure_version: int = 1

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
        content: dict[str, Any] = {
            "format": FORMAT,
            "arm": self.arm,
            "run": self.base.specification(),
            "data": self.base.objective.data_digest,
            "values": {path: values.tolist() for path, values in self.values.items()},
            "range": [self.first, self.last],
        }
        if self.measure is not None:
            content["measure"] = [self.measure.__module__, self.measure.__qualname__, self.measure_version]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.last - self.first

    def entry(self) -> dict[str, Any]:
        """What a manifest says of it."""
        return {"id": self.id, "arm": self.arm, "first": self.first, "last": self.last}

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
        and `steps_made`, and what `measure` adds. NaN stands for what is not known or does not exist.

        Raises:
            ValueError: `measure` gives a column that is there already, or not one entry per run.
        """
        batch = Batch(self.base, self.values)
        collected = packed(batch, with_minimum=True)
        steps = self.base.steps
        # without a measure the first and the last step are all that is needed
        trajectory = simulate(batch, stride=1 if self.measure is not None else max(1, steps - 1))
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
        if self.measure is not None:
            columns += _measured(self.measure(batch, trajectory), {column.name for column in columns}, len(batch))
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


def _measured(found: Mapping[str, NDArray[Any]], known: set[str], runs: int) -> list[pl.Series]:
    columns: list[pl.Series] = []
    for name, values in found.items():
        if name in known or np.ndim(values) not in (1, 2) or len(values) != runs:
            raise ValueError(
                f"a measure gives new columns with one entry for each of the {runs} runs, "
                f"got {name!r} of shape {np.shape(values)}"
            )
        columns.append(pl.Series(name, values if np.ndim(values) == 1 else values.tolist()))
    return columns


def _summary(trajectory: Trajectory, name: str) -> NDArray[Any]:
    return getattr(trajectory, name)


def owners(path: str, owner: Parametrised) -> Iterable[tuple[str, Parametrised]]:
    """An object with the path to it, and everything nested in it."""
    yield path, owner
    for prefix, part in owner.parts():
        yield from owners(f"{path}.{prefix}", part)


def _declarations(base: Run) -> list[tuple[str, Parameter | None, Any]]:
    """Path, declaration and value of everything in a specification; None declares a text."""
    found: list[tuple[str, Parameter | None, Any]] = []
    for part in (*PLUGINS, *_RULES):
        owner = getattr(base, part)
        if not isinstance(owner, Parametrised):
            if part == "start":  # a rate that is a number has its own column
                found.append((part, None, owner))
            continue
        for path, holder in owners(part, owner):
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
