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

from greedylr_theory.contracts import SLOTS, Floats, Objective, OpenLoop, Optimizer, Perturbation, Plugin, Scheduler
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
            Algorithm 1). Left out: the one that the scheduler needs, else "after_update".
        controls: {"optimizer.momentum": scheduler, "objective.batch": ...}: other numbers of the optimizer or the
            objective that move during the run. The declared value is the base value of the scheduler, which is
            stepped after every update; numbers of steps or samples are rounded to the nearest integer.
        replicate: which of the independent noise streams and starts this run uses, 0 <= replicate < 2^32.

    Raises:
        ValueError: a value lies outside its domain, a plug-in is of the wrong kind, start does not have the
            objective's dimension, the scheduler needs the other ordering, or a control cannot be set.
    """

    objective: Objective
    optimizer: Optimizer = field(default_factory=GradientDescent, kw_only=True)
    scheduler: Scheduler = field(kw_only=True)
    perturbation: Perturbation = field(default_factory=NoPerturbation, kw_only=True)
    start: tuple[float, ...] | StandardNormal = field(default_factory=StandardNormal, kw_only=True)
    lr0: float | LogUniform = param(symbol=r"\gamma_0", domain=POSITIVE, unit="length^2/loss", doc="initial step size")
    steps: int = param(symbol="T", domain=Interval.closed(1, 2**31), unit="steps", doc="number of updates", kind="int")
    ordering: str = param(
        None,
        symbol="ordering",
        domain=Choice(("before_update", "after_update")),
        doc="whether the scheduler is stepped before or after the update",
        kind="choice",
        optional=True,
    )
    controls: Any = field(default=(), kw_only=True)
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
        self._check_ordering()
        self._check_controls()
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

    def _check_ordering(self) -> None:
        phases = self.scheduler.phases()
        needed = {phase.scheduler.ordering for phase in phases} - {None}
        ordering = self.ordering or (needed.pop() if len(needed) == 1 else "after_update")
        if needed - {ordering}:
            rule = next(phase.scheduler for phase in phases if phase.scheduler.ordering not in (None, ordering))
            raise ValueError(
                f"Run.ordering must be {rule.ordering!r} for {type(rule).__name__}, which is no other rule in the "
                f"other ordering, got {ordering!r}"
            )
        object.__setattr__(self, "ordering", ordering)

    def _check_controls(self) -> None:
        given: Any = self.controls
        problem = "Run.controls must map paths such as 'optimizer.momentum' to schedulers"
        try:
            pairs = given.items() if isinstance(given, Mapping) else given
            controls = tuple(sorted(((str(path), rule) for path, rule in pairs), key=lambda pair: pair[0]))
        except (TypeError, ValueError):
            raise ValueError(f"{problem}, got {given!r}") from None
        if len(dict(controls)) < len(controls):
            raise ValueError(f"{problem}, each once, got {given!r}")
        object.__setattr__(self, "controls", controls)
        for path, rule in self.controls:
            plugin, _, name = path.partition(".")
            if plugin not in ("optimizer", "objective"):
                raise ValueError(f"Run.controls must name optimizer.<number> or objective.<number>, got {path!r}")
            owner: Plugin = getattr(self, plugin)
            declared, value = owner.parameter(name), getattr(owner, name)
            if declared.kind not in ("float", "int") or value is None:
                raise ValueError(f"Run.controls can move numbers that have a value, got {path!r} = {value!r}")
            if not self._moves_alone(owner, name):
                raise ValueError(f"Run.controls cannot move {path!r}, which decides more than one number of the kernel")
            if not isinstance(rule, Scheduler) or rule.search is not None or len(rule.phases()) != 1:
                raise ValueError(f"Run.controls[{path!r}] must be one rule or schedule without parts, got {rule!r}")
            if rule.ordering == "before_update":
                raise ValueError(
                    f"Run.controls[{path!r}] is stepped after every update, which {type(rule).__name__} cannot be"
                )
            limits = [getattr(rule, bound, None) for bound in ("min_lr", "max_lr")]
            if not isinstance(rule, OpenLoop) and any(x is None or x not in owner.control_range(name) for x in limits):
                raise ValueError(
                    f"Run.controls[{path!r}] must keep within {owner.control_range(name)} by its min_lr and max_lr, "
                    f"got {rule!r}"
                )
        used = len(self.scheduler.phases()) + len(self.controls)
        if used > SLOTS:
            raise ValueError(f"Run takes at most {SLOTS} phases of the scheduler and controls together, got {used}")

    def _moves_alone(self, owner: Any, name: str) -> bool:
        """Whether a number is nothing but its row of the kernel's parameters: no dimension, data or size of state."""
        value, row = getattr(owner, name), owner.slots()[name].start
        steps = (value + 1, value - 1) if owner.parameter(name).kind == "int" else (0.5 * value, 2.0 * value, 0.5)
        for other in steps:
            try:
                changed: Any = owner.with_value(name, other)
            except ValueError:
                continue
            if isinstance(owner, Objective):
                same = (changed.dim, changed.data_digest) == (owner.dim, owner.data_digest)
            else:
                same = changed.state_rows(self.objective.dim) == owner.state_rows(self.objective.dim)
            before, after = owner.pack(), changed.pack()
            if not same or not np.array_equal(np.delete(before, row), np.delete(after, row), equal_nan=True):
                return False
        return True

    def specification(self) -> dict[str, Any]:
        spec = {name: getattr(self, name) for name, _ in self.parameters()}
        for name in (*PLUGINS, "start", "lr0"):
            value = getattr(self, name)
            spec[name] = value.specification() if isinstance(value, Parametrised) else value
        if self.controls:
            spec["controls"] = {path: rule.specification() for path, rule in self.controls}
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
        """Copy with one value changed, named as "scheduler.factor", "scheduler.after.factor" or "lr0"."""
        plugin, _, name = path.partition(".")
        if not name:
            if plugin not in {entry.name for entry in dataclasses.fields(self)}:
                known = ", ".join(dict(self.parameters()))
                raise ValueError(f"Run has no parameter {plugin!r}; its parameters are: {known}")
            return dataclasses.replace(self, **{plugin: value})
        return dataclasses.replace(self, **{plugin: self._plugin(plugin, path).with_value(name, value)})

    def declared(self, path: str) -> Parameter:
        """Declaration behind a path such as "scheduler.factor"."""
        plugin, _, name = path.partition(".")
        if not name:
            return self.parameter(plugin)
        owner, leaf = self._plugin(plugin, path).owner(name)
        return owner.parameter(leaf)

    def _plugin(self, plugin: str, path: str) -> Parametrised:
        owner = getattr(self, plugin, None) if plugin in (*PLUGINS, "start", "lr0") else None
        if not isinstance(owner, Parametrised):
            raise ValueError(f"a parameter path must start with one of {', '.join(PLUGINS)}, got {path!r}")
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
    params: dict[str, Floats]  # plug-in, or path of a control -> (p, R)
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
        params=_stacked([_vectors(run) for run in runs]),
        lr0=np.array([_rates(run, replicate[r : r + 1])[0] for r, run in enumerate(runs)]),
        x0=np.stack([_points(run, replicate[r : r + 1])[:, 0] for r, run in enumerate(runs)], axis=1),
        key=np.array([run.noise_key for run in runs], dtype=np.uint64),
        replicate=replicate,
        minimum=np.array([_minimum(run.objective, minima) if with_minimum else np.nan for run in runs]),
    )


def _packed_batch(batch: Batch, with_minimum: bool) -> Packed:
    base, size = batch.base, len(batch)
    replicate = batch.values.get("replicate", np.full(size, base.replicate)).astype(np.uint64)
    params = {name: np.repeat(vector[:, None], size, axis=1) for name, vector in _vectors(batch[0]).items()}
    if _binds(base) and any(path.startswith("objective.") for path in batch.values):
        params = _stacked([_vectors(run) for run in batch])
    else:
        for path, values in batch.values.items():
            name, _, rest = path.partition(".")
            if rest:
                params[name][getattr(batch[0], name).slots()[rest]] = values
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


def _vectors(run: Run) -> dict[str, Floats]:
    """Packed parameters of every plug-in and control, open ones taken from the objective."""
    found = {name: getattr(run, name).pack() for name in PLUGINS if name != "scheduler"}
    found["scheduler"] = run.scheduler.bound(run.objective).pack()
    return found | {path: rule.bound(run.objective).pack() for path, rule in run.controls}


def _stacked(vectors: list[dict[str, Floats]]) -> dict[str, Floats]:
    """Matrices (p, R) from the vectors of R runs."""
    return {name: np.array([vector[name] for vector in vectors]).T.copy() for name in vectors[0]}


def _binds(run: Run) -> bool:
    """Whether a scheduler takes constants from the objective."""
    return any(rule.bound(run.objective) != rule for rule in (run.scheduler, *dict(run.controls).values()))


def _shared(run: Run) -> dict[str, Any]:
    """What the runs of one simulation must have in common."""
    types = {f"{name} type": type(getattr(run, name)) for name in PLUGINS}
    objective = run.objective
    shape = {"dimension": objective.dim, "data": objective.data_digest, "sample size": objective.uniforms}
    phases = [(type(phase.scheduler), phase.path, phase.first, phase.last) for phase in run.scheduler.phases()]
    controls = [(path, type(rule), _width(rule)) for path, rule in run.controls]
    channel = {"channel of the perturbation": run.perturbation.channel}  # its kernels need different draws
    widths = {f"number of {name} parameters": _width(getattr(run, name)) for name in PLUGINS}
    return {
        **types, **shape, **widths, **channel, "steps": run.steps, "ordering": run.ordering, "phases": phases,
        "controls": controls,
    }  # fmt: skip


def _width(plugin: Parametrised) -> int:
    return max((rows.stop for rows in plugin.slots().values()), default=0)


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
