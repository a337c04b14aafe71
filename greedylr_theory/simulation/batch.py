"""Batch: many runs that differ in numbers only, and what the runs of one simulation must share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from greedylr_theory.params import Parametrised
from greedylr_theory.simulation.run import PLUGINS, Run

_VARIABLE = ("float", "int", "per_group")


@dataclass(frozen=True, eq=False)
class Batch(Sequence[Run]):
    """R runs that share everything but a few numbers, without R objects.

    Args:
        base: the run they all equal elsewhere.
        values: {path: array (R,)}, e.g. {"scheduler.factor": ..., "lr0": ..., "replicate": ...}; paths of
            single numbers only.

    Raises:
        ValueError: lengths differ, or a value lies outside its domain.
    """

    base: Run
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        arrays = {path: np.atleast_1d(np.asarray(values, dtype=np.float64)) for path, values in self.values.items()}
        lengths = {path: array.shape for path, array in arrays.items()}
        if not arrays or len(set(lengths.values())) != 1 or any(len(shape) != 1 for shape in lengths.values()):
            raise ValueError(f"Batch.values must be arrays of one common length, got shapes {lengths}")
        for path, array in arrays.items():
            declared = self.base.declared(path)
            if path.partition(".")[0] not in (*PLUGINS, "lr0", "replicate") or declared.kind not in _VARIABLE:
                raise ValueError(f"Batch.values can vary lr0, replicate and single numbers of plug-ins, got {path!r}")
            if not declared.accepts(array):
                wrong = next(value for value in array if not declared.accepts(np.array([value])))
                raise ValueError(f"{path} ({declared.symbol}) must lie in {declared.domain}, got {wrong!r}")
        object.__setattr__(self, "values", arrays)
        inner = [array for path, array in arrays.items() if "." in path]
        if inner:  # conditions between several parameters hold or fail with each distinct combination
            wanted = shared(self.base)
            for r in np.unique(np.stack(inner), axis=1, return_index=True)[1]:
                require_shared(self[int(r)], wanted, int(r))

    def __len__(self) -> int:
        return next(iter(self.values.values())).size

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Batch(self.base, {path: array[index] for path, array in self.values.items()})
        own = {path: self._entry(path, index) for path in self.values if "." not in path}
        moved = {path.partition(".")[0] for path in self.values if "." in path}
        return dataclasses.replace(self.base, **own, **{plugin: self.plugin(plugin, index) for plugin in moved})

    def plugin(self, name: str, index: int) -> Any:
        """One plug-in of run `index`, "scheduler" for example, without the rest of the run."""
        inner = {path.partition(".")[2]: path for path in self.values if path.startswith(f"{name}.")}
        return _with(getattr(self.base, name), {path: self._entry(whole, index) for path, whole in inner.items()})

    def _entry(self, path: str, index: int) -> float | int:
        value = float(self.values[path][index])
        return int(value) if self.base.declared(path).kind == "int" else value

    def __iter__(self) -> Iterator[Run]:
        return (self[r] for r in range(len(self)))


def _with(plugin: Parametrised, values: Mapping[str, float | int]) -> Parametrised:
    """Copy with several numbers changed; those of one object all at once, since they may only be valid together."""
    prefixes = [prefix for prefix, _ in plugin.parts() if any(path.startswith(f"{prefix}.") for path in values)]
    own = {path: value for path, value in values.items() if not path.startswith(tuple(f"{p}." for p in prefixes))}
    found = dataclasses.replace(plugin, **own) if own else plugin
    for prefix in prefixes:
        inner = {path[len(prefix) + 1 :]: value for path, value in values.items() if path.startswith(f"{prefix}.")}
        found = found.with_part(prefix, _with(dict(found.parts())[prefix], inner))
    return found


def shared(run: Run) -> dict[str, Any]:
    """What the runs of one simulation must have in common."""
    types = {f"{name} type": type(getattr(run, name)) for name in PLUGINS}
    objective = run.objective
    shape = {"dimension": objective.dim, "data": objective.data_digest, "sample size": objective.uniforms}
    phases = [(type(phase.scheduler), phase.path, phase.first, phase.last) for phase in run.scheduler.phases()]
    controls = [(path, type(rule), _inside(rule)) for path, rule in run.controls]
    inside = {"make of the scheduler": _inside(run.scheduler)}
    channel = {"channel of the perturbation": run.perturbation.channel}  # its kernels need different draws
    widths = {f"number of {name} parameters": _width(getattr(run, name)) for name in PLUGINS}
    return {
        **types, **shape, **widths, **channel, **inside, "steps": run.steps, "ordering": run.ordering, "phases": phases,
        "controls": controls,
    }  # fmt: skip


def _width(plugin: Parametrised) -> int:
    return max((rows.stop for rows in plugin.slots().values()), default=0)


def _inside(plugin: Parametrised) -> tuple[Any, ...]:
    """What the packed numbers do not say, here and further inside: types, texts, and which rows are whose."""
    own = [getattr(plugin, name) for name, declared in plugin.parameters() if declared.kind == "text"]
    return type(plugin), own, plugin.slots(), [_inside(part) for _, part in plugin.parts()]


def require_shared(run: Run, wanted: dict[str, Any], position: int) -> None:
    found = shared(run)
    if found != wanted:
        other = ", ".join(name for name, value in found.items() if value != wanted[name])
        raise ValueError(f"runs must share plug-in types, dimension, data, steps; run {position} has another {other}")
