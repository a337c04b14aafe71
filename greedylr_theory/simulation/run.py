"""Run: the frozen specification of one simulation."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from greedylr_theory.contracts import SLOTS, Objective, OpenLoop, Optimizer, Perturbation, Plugin, Scheduler
from greedylr_theory.optimizers.gradient_descent import GradientDescent
from greedylr_theory.params import POSITIVE, Choice, Interval, Parameter, Parametrised, canonical_json, param
from greedylr_theory.perturbations.no_perturbation import NoPerturbation
from greedylr_theory.simulation.start import LogUniform, StandardNormal, StartRule

PLUGINS = ("objective", "optimizer", "scheduler", "perturbation")
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
        controls: {"optimizer.beta1": scheduler, "objective.l2": ...}: other numbers of the optimizer or the objective
            that move during the run; not those that decide a shape, such as a dimension. The size of a minibatch
            can move where the objective's `largest_batch` says how far.
            The declared value is the base value of the scheduler, which is stepped after every update; whole numbers
            are rounded to the nearest.
        replicate: which of the independent noise streams and starts this run uses, 0 <= replicate < 2^32.

    Raises:
        ValueError: a value lies outside its domain, a plug-in is of the wrong kind, start does not have the
            objective's dimension, the scheduler needs the other ordering, or a control cannot be set.
    """

    objective: Objective
    optimizer: Optimizer = field(default_factory=GradientDescent, kw_only=True)
    scheduler: Scheduler = field(kw_only=True)
    perturbation: Perturbation = field(default_factory=NoPerturbation, kw_only=True)
    start: tuple[float, ...] | StartRule = field(default_factory=StandardNormal, kw_only=True)
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
        if self.perturbation.relabels and self.objective.relabelled_kernel is None:
            raise ValueError(
                f"Run.perturbation cannot be {type(self.perturbation).__name__}, which replaces labels of a finite "
                f"sum, with {type(self.objective).__name__}, which has none"
            )
        self._check_ordering()
        self._check_controls()
        if isinstance(self.start, StartRule):
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
                same = _shape(changed) == _shape(owner)
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


def _shape(objective: Any) -> tuple[Any, ...]:
    """What the arrays of a simulation are laid out for."""
    return objective.dim, objective.data_digest, objective.uniforms, objective.workspace_rows
