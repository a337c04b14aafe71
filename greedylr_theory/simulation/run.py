"""Run: the frozen specification of one simulation. Batch: many that differ in numbers only."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Floats, Objective, Optimizer, Perturbation, Scheduler
from greedylr_theory.optimizers.gradient_descent import GradientDescent
from greedylr_theory.params import POSITIVE, Choice, Interval, Parameter, Parametrised, canonical_json, param
from greedylr_theory.perturbations.no_perturbation import NoPerturbation
from greedylr_theory.simulation.start import LogUniform, StandardNormal

PLUGINS = ("objective", "optimizer", "scheduler", "perturbation")
_VARIABLE = ("float", "int", "per_group")
_BASES = {"objective": Objective, "optimizer": Optimizer, "scheduler": Scheduler, "perturbation": Perturbation}


@dataclass(frozen=True)
class Run(Parametrised):
    """One simulation, completely specified.

    Args:
        objective, optimizer, scheduler, perturbation: plug-ins.
        start: x_0, d numbers, or a rule such as StandardNormal().
        lr0: initial step size gamma_0 in length^2 / loss (absolute; multiply by L to compare across
            objectives), or a rule such as LogUniform(1e-3, 1).
        steps: number of updates T.
        ordering: "after_update" (default): the scheduler sees l_t after the step from x_t and sets the next
            rate; "before_update": it sees l_t first and sets the rate of that very step (arXiv 2512.14527,
            Algorithm 1).
        replicate: which of the independent noise streams and starts this run uses, 0 <= replicate < 2^32.

    Raises:
        ValueError: a value lies outside its domain, a plug-in is of the wrong kind, or start does not have
            the objective's dimension.
    """

    objective: Objective
    optimizer: Optimizer = field(default_factory=GradientDescent, kw_only=True)
    scheduler: Scheduler = field(kw_only=True)
    perturbation: Perturbation = field(default_factory=NoPerturbation, kw_only=True)
    start: tuple[float, ...] | StandardNormal = field(default_factory=StandardNormal, kw_only=True)
    lr0: float | LogUniform = param(symbol=r"\gamma_0", domain=POSITIVE, unit="length^2/loss", doc="initial step size")
    steps: int = param(symbol="T", domain=Interval.closed(1, 2**31), unit="steps", doc="number of updates", kind="int")
    ordering: str = param(
        "after_update",
        symbol="ordering",
        domain=Choice(("before_update", "after_update")),
        doc="whether the scheduler is stepped before or after the update",
        kind="choice",
    )
    replicate: int = param(
        0, symbol="r", domain=Interval.left_closed(0, 2.0**32), doc="index of the noise stream", kind="int"
    )

    @classmethod
    def _validated(cls, name: str, declared: Parameter, value: Any) -> Any:
        if name == "lr0" and isinstance(value, LogUniform):
            return value
        return super()._validated(name, declared, value)

    def check(self) -> None:
        for name, base in _BASES.items():
            if not isinstance(getattr(self, name), base):
                raise ValueError(f"Run.{name} must be {_article(base.__name__)}, got {getattr(self, name)!r}")
        if isinstance(self.start, StandardNormal):
            return
        dim = self.objective.dim
        problem = f"Run.start (x_0) must be a rule or {dim} finite numbers, one per coordinate, got {self.start!r}"
        try:
            point = tuple(float(value) for value in self.start)
        except (TypeError, ValueError):
            raise ValueError(problem) from None
        if len(point) != dim or not np.all(np.isfinite(point)):
            raise ValueError(problem)
        object.__setattr__(self, "start", point)

    def specification(self) -> dict[str, Any]:
        spec = {name: getattr(self, name) for name, _ in self.parameters()}
        for name in (*PLUGINS, "start", "lr0"):
            value = getattr(self, name)
            spec[name] = value.specification() if isinstance(value, Parametrised) else value
        return spec

    @cached_property
    def key(self) -> str:
        """32 hexadecimal digits that identify this run and the versions of its plug-ins."""
        return hashlib.sha256(canonical_json(self.specification()).encode()).hexdigest()[:32]

    @property
    def noise_key(self) -> int:
        """64-bit key of the random streams: depends on the kind of objective and its dimension only.

        Scheduler, optimizer, perturbation and every numeric parameter are left out, so that runs with the
        same replicate meet the same noise whatever is compared.
        """
        problem = canonical_json([self.objective.plugin_name(), self.objective.dim])
        return int.from_bytes(hashlib.sha256(problem.encode()).digest()[:8], "big")

    def replaced(self, path: str, value: Any) -> Run:
        """Copy with one value changed, named as "scheduler.factor" or "lr0"."""
        plugin, _, name = path.rpartition(".")
        if not plugin:
            if name not in {entry.name for entry in dataclasses.fields(self)}:
                known = ", ".join(dict(self.parameters()))
                raise ValueError(f"Run has no parameter {name!r}; its parameters are: {known}")
            return dataclasses.replace(self, **{name: value})
        return dataclasses.replace(self, **{plugin: dataclasses.replace(self._plugin(plugin, name), **{name: value})})

    def declared(self, path: str) -> Parameter:
        """Declaration behind a path such as "scheduler.factor"."""
        plugin, _, name = path.rpartition(".")
        return self._plugin(plugin, name).parameter(name) if plugin else self.parameter(name)

    def _plugin(self, plugin: str, name: str) -> Parametrised:
        owner = getattr(self, plugin, None) if plugin in (*PLUGINS, "start", "lr0") else None
        if not isinstance(owner, Parametrised):
            path = f"{plugin}.{name}"
            raise ValueError(f"a parameter path must start with one of {', '.join(PLUGINS)}, got {path!r}")
        owner.parameter(name)
        return owner


def _article(noun: str) -> str:
    return ("an " if noun[0] in "AEIO" else "a ") + noun.lower()


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
            wanted = _shared(self.base)
            for r in np.unique(np.stack(inner), axis=1, return_index=True)[1]:
                _require_shared(self[int(r)], wanted, int(r))

    def __len__(self) -> int:
        return next(iter(self.values.values())).size

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Batch(self.base, {path: array[index] for path, array in self.values.items()})
        run = self.base
        for path, array in self.values.items():
            value = float(array[index])
            run = run.replaced(path, int(value) if run.declared(path).kind == "int" else value)
        return run

    def __iter__(self) -> Iterator[Run]:
        return (self[r] for r in range(len(self)))


@dataclass(frozen=True)
class Packed:
    """Arrays of R runs, the run last: what the driver needs, before it is cut into blocks."""

    base: Run
    params: dict[str, Floats]  # plug-in -> (p, R)
    lr0: Floats
    x0: Floats
    key: NDArray[np.uint64]
    replicate: NDArray[np.uint64]
    minimum: Floats


def packed(runs: Sequence[Run], *, with_minimum: bool) -> Packed:
    """Collect the numbers of many runs.

    Raises:
        ValueError: there are no runs, or they mix plug-in types, dimensions, data or step counts.
    """
    if len(runs) == 0:
        raise ValueError("simulate needs at least one run, got none")
    if isinstance(runs, Batch):
        return _packed_batch(runs, with_minimum)
    base = runs[0]
    wanted = _shared(base)
    for r, run in enumerate(runs):
        if not isinstance(cast(object, run), Run):
            raise ValueError(f"runs must be Run objects or a Batch, got {run!r} at position {r}")
        if _shared(run) != wanted:
            different = ", ".join(name for name, value in _shared(run).items() if value != wanted[name])
            raise ValueError(
                f"runs must share plug-in types, dimension, data and steps; run {r} has another {different}"
            )
    replicate = np.array([run.replicate for run in runs], dtype=np.uint64)
    minima: dict[Objective, float] = {}
    return Packed(
        base=base,
        params={name: np.array([getattr(run, name).pack() for run in runs]).T.copy() for name in PLUGINS},
        lr0=np.array([_rates(run, replicate[r : r + 1])[0] for r, run in enumerate(runs)]),
        x0=np.stack([_points(run, replicate[r : r + 1])[:, 0] for r, run in enumerate(runs)], axis=1),
        key=np.array([run.noise_key for run in runs], dtype=np.uint64),
        replicate=replicate,
        minimum=np.array([_minimum(run.objective, minima) if with_minimum else np.nan for run in runs]),
    )


def _packed_batch(batch: Batch, with_minimum: bool) -> Packed:
    base, size = batch.base, len(batch)
    replicate = batch.values.get("replicate", np.full(size, base.replicate)).astype(np.uint64)
    params = {}
    for name in PLUGINS:
        plugin: Parametrised = getattr(batch[0], name)
        params[name] = np.repeat(plugin.pack()[:, None], size, axis=1)
        for path, values in batch.values.items():
            if path.startswith(f"{name}."):
                params[name][plugin.slots()[path.rpartition(".")[2]]] = values
    minima: dict[Objective, float] = {}
    minimum = np.full(size, np.nan)
    if with_minimum:
        varied = any(path.startswith("objective.") for path in batch.values)
        minimum[:] = [_minimum(run.objective, minima) for run in (batch if varied else [base])]
    return Packed(
        base=base,
        params=params,
        lr0=batch.values["lr0"].copy() if "lr0" in batch.values else _rates(base, replicate),
        x0=_points(base, replicate),
        key=np.full(size, base.noise_key, dtype=np.uint64),
        replicate=replicate,
        minimum=minimum,
    )


def _shared(run: Run) -> dict[str, Any]:
    """What the runs of one simulation must have in common."""
    types = {f"{name} type": type(getattr(run, name)) for name in PLUGINS}
    objective = run.objective
    shape = {"dimension": objective.dim, "data": objective.data_digest, "sample size": objective.uniforms}
    return {**types, **shape, "steps": run.steps, "ordering": run.ordering}


def _require_shared(run: Run, wanted: dict[str, Any], position: int) -> None:
    found = _shared(run)
    if found != wanted:
        other = ", ".join(name for name, value in found.items() if value != wanted[name])
        raise ValueError(f"runs must share plug-in types, dimension, data, steps; run {position} has another {other}")


def _rates(run: Run, replicate: NDArray[np.uint64]) -> Floats:
    return run.lr0.rates(replicate) if isinstance(run.lr0, LogUniform) else np.full(replicate.size, run.lr0)


def _points(run: Run, replicate: NDArray[np.uint64]) -> Floats:
    if isinstance(run.start, StandardNormal):
        return run.start.points(replicate, run.objective.dim)
    return np.repeat(np.array(run.start)[:, None], replicate.size, axis=1)


def _minimum(objective: Objective, known: dict[Objective, float]) -> float:
    if objective not in known:
        known[objective] = np.nan if objective.minimum is None else objective.minimum
    return known[objective]
