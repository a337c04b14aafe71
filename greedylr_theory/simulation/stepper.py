"""Stepper: any scheduler, driven one metric at a time, with a state of plain numbers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from greedylr_theory.contracts import Floats, Objective, OpenLoop, Phase, Scheduler
from greedylr_theory.params import POSITIVE, Parameter, Parametrised, canonical_json

#: raise it when the meaning of the saved state changes
FORMAT = 1
#: without a horizon, tables begin with this many steps and double when they are used up
_TABLE = 1024
#: without a horizon, the state of a rule is laid out for this many steps; one that grows with them needs a horizon
_ENDLESS = 2**20

_RATE = Parameter(r"\gamma_0", "length^2/loss", "initial step size", POSITIVE, "per_group", False)


class Stepper:
    """One scheduler, its rates and its state, for one or several parameter groups.

    Args:
        scheduler: any rule that follows from metrics, any schedule, or one made of others.
        lr0: initial rate, or one per parameter group.
        steps: the horizon, how often `step` will be called at most; may be left out unless the rates depend on it.
        groups: number of parameter groups; taken from lr0 and the scheduler's bounds when left out.

    Raises:
        ValueError: a rate is not positive, numbers of groups differ, the horizon is missing or too short to be one,
            or the scheduler reads gradients, the objective or a constant of it.

    >>> from greedylr_theory.schedulers import GreedyLibrary
    >>> stepper = Stepper(GreedyLibrary(factor=0.5, patience=0), 0.25)
    >>> [float(stepper.step(metric)[0]) for metric in (3.0, 2.0, 2.5)]
    [0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        scheduler: Scheduler,
        lr0: float | Sequence[float],
        *,
        steps: int | None = None,
        groups: int | None = None,
    ) -> None:
        if steps is not None and (not isinstance(steps, int | np.integer) or steps < 1):
            raise ValueError(f"steps must be an integer of at least 1, or None, got {steps!r}")
        _require_metrics_to_suffice(scheduler)
        self.scheduler = scheduler
        self.steps = None if steps is None else int(steps)
        self.grouped, self._lr0 = _initial_rates(scheduler, lr0, groups)
        self._digest = hashlib.sha256(canonical_json(scheduler.specification()).encode()).hexdigest()
        self._begin()

    @property
    def rates(self) -> Floats:
        """Step sizes (groups,) in force."""
        return self._lr.copy()

    @property
    def lr0(self) -> tuple[float, ...]:
        """Initial rates, one per group."""
        return tuple(self._lr0.tolist())

    @property
    def observes(self) -> bool:
        """Whether the next step looks at the metric."""
        return not isinstance(self._phase_at(self.count + 1).scheduler, OpenLoop)

    def step(self, metric: float | None = None) -> Floats:
        """Rates (groups,) after one more metric; NaN and infinities are passed on to the rule.

        Raises:
            ValueError: the rule in charge needs a metric and gets none, or the horizon is passed. Nothing has changed.
        """
        count = self.count + 1
        if self.steps is not None and count > self.steps:
            raise ValueError(f"{self._name} was made for {self.steps} steps, got one more")
        phase, state, lr = self._phase, self._state, self._lr
        begins = phase.last is not None and count >= phase.last
        if begins:
            phase = self._phase_at(count)
        rule = phase.scheduler
        table = isinstance(rule, OpenLoop)
        if metric is None and not table:
            raise ValueError(f"{type(rule).__name__} sets the rate from a metric, got none at step {count}")
        if begins:
            state = self._state_of(phase)
            lr = rule.first_rates(state, self._lr0).copy()
        if table and self.steps is None and phase.last is None:
            state = self._long_enough(phase, state, count - phase.first)
        self._observed[:] = math.nan if metric is None else metric
        own = self._params[phase.path]
        rule.kernel(count - phase.first, lr.size, self._observed, self._nowhere, self._nowhere, own, state, lr)
        self.count, self._phase, self._state, self._lr = count, phase, state, lr
        return lr.copy()

    def state_dict(self) -> dict[str, Any]:
        """Everything that moves and what it belongs to: text, numbers and lists of numbers only."""
        table = isinstance(self._phase.scheduler, OpenLoop)  # which follows from the scheduler, lr0 and steps
        return {
            "format": FORMAT,
            "scheduler": self._digest,
            "steps": self.steps,
            "lr0": self._lr0.tolist(),
            "count": self.count,
            "rates": self._lr.tolist(),
            "state": [] if table else self._state.tolist(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned, to the bit; the initial rates are taken from there as well.

        Raises:
            ValueError: it is no such dictionary, or belongs to another scheduler, horizon or number of groups.
                Nothing has changed.
        """
        wanted = {"format": FORMAT, "scheduler": self._digest, "steps": self.steps}
        if not isinstance(cast(object, state), dict) or set(state) != {*wanted, "lr0", "count", "rates", "state"}:
            raise ValueError(f"the state must be what state_dict returned, got {_shortened(state)}")
        for name, value in wanted.items():
            if state[name] != value:
                raise ValueError(f"the state must belong to the same {name}, {value!r}, got {state[name]!r}")
        restored = Stepper.__new__(Stepper)
        restored.__dict__.update(self.__dict__)
        restored._resume(state)
        self.__dict__.update(restored.__dict__)

    def _resume(self, state: dict[str, Any]) -> None:
        groups, count = self._lr0.size, state["count"]
        try:
            lr0, rates = np.array(state["lr0"], dtype=np.float64), np.array(state["rates"], dtype=np.float64)
            inner = np.array(state["state"], dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"the state must be what state_dict returned, got {_shortened(state)}") from None
        if lr0.shape != (groups,) or rates.shape != (groups,):
            raise ValueError(f"the state must hold a rate for each of {groups} parameter groups, got {lr0.shape}")
        last = math.inf if self.steps is None else self.steps
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= last:
            raise ValueError(f"the state must hold a number of steps up to {last}, got {count!r}")
        self._lr0 = lr0
        self._begin()
        self.count, self._phase, self._lr = count, self._phase_at(count), rates
        self._state = self._state_of(self._phase)
        if not isinstance(self._phase.scheduler, OpenLoop):
            shape = self._state.shape
            if inner.shape != shape and not (inner.size == 0 == self._state.size):
                raise ValueError(f"the state must have shape {shape}, got {inner.shape}")
            self._state = np.ascontiguousarray(inner.reshape(shape))
        elif self.steps is None and self._phase.last is None:
            self._state = self._long_enough(self._phase, self._state, count - self._phase.first)

    @property
    def _name(self) -> str:
        return type(self.scheduler).__name__

    def _begin(self) -> None:
        scheduler, groups = self.scheduler, self._lr0.size
        columns = [scheduler.pack(group) for group in range(groups)]
        params = np.ascontiguousarray(np.array(columns).reshape(groups, -1).T)
        self._observed, self._nowhere = np.empty(groups), np.zeros((0, groups))
        self._phases = scheduler.phases()
        self._params = {
            phase.path: np.ascontiguousarray(params[scheduler.rows_of(phase.path)]) for phase in self._phases
        }
        self.count, self._phase = 0, self._phase_at(0)
        for phase in self._phases if self.steps is None else ():
            if phase.last is None:
                self._require_no_horizon(phase)
        self._state = self._state_of(self._phase)
        self._lr = self._phase.scheduler.first_rates(self._state, self._lr0).copy()

    def _phase_at(self, count: int) -> Phase:
        return next(
            phase for phase in self._phases if phase.first <= count and (phase.last is None or count < phase.last)
        )

    def _state_of(self, phase: Phase, horizon: int | None = None) -> Floats:
        """State of a phase at its start; `horizon` stands for the number of steps where none is given."""
        if self.steps is not None:
            last = self.steps if phase.last is None else min(phase.last, self.steps)
        elif phase.last is None:
            endless = _TABLE if isinstance(phase.scheduler, OpenLoop) else _ENDLESS
            last = phase.first + (horizon or endless)
        else:
            last = phase.last
        steps = max(1, last - phase.first)
        state = phase.scheduler.initial_state(self._params[phase.path], self._lr0, steps, 0)
        return np.array(state, order="C")  # of its own: a schedule may give one read-only column for all groups

    def _require_no_horizon(self, phase: Phase) -> None:
        if isinstance(phase.scheduler, OpenLoop):
            try:
                self._longer(phase, self._state_of(phase))
            except ValueError:  # a schedule that ends, such as OneCycle
                raise self._depends(phase) from None
        elif len(self._state_of(phase, _ENDLESS)) != len(self._state_of(phase, _ENDLESS + 1)):
            raise self._depends(phase)

    def _long_enough(self, phase: Phase, table: Floats, step: int) -> Floats:
        while step >= len(table):
            table = self._longer(phase, table)
        return table

    def _longer(self, phase: Phase, table: Floats) -> Floats:
        longer = self._state_of(phase, 2 * (len(table) - 1))
        if not np.array_equal(longer[: len(table)], table, equal_nan=True):
            raise self._depends(phase)
        return longer

    def _depends(self, phase: Phase) -> ValueError:
        return ValueError(f"{type(phase.scheduler).__name__} depends on how many steps there will be: give steps")


def _require_metrics_to_suffice(scheduler: Scheduler) -> None:
    if not isinstance(cast(object, scheduler), Scheduler):
        raise ValueError(f"scheduler must be a scheduler of this package, got {scheduler!r}")
    for rule in (phase.scheduler for phase in scheduler.phases()):
        if rule.needs_gradient or rule.search is not None:
            raise ValueError(f"only a rule that follows from metrics alone can be stepped, got {type(rule).__name__}")
    try:
        scheduler.bound(Objective())
    except ValueError as error:
        raise ValueError(f"every constant must be given where there is no objective to take it from: {error}") from None


def _initial_rates(scheduler: Scheduler, lr0: float | Sequence[float], groups: int | None) -> tuple[bool, Floats]:
    """Whether anything is given per group, and the initial rates (groups,)."""
    given = dict(_given_per_group(scheduler))
    rates = scheduler._validated("lr0", _RATE, lr0)  # pyright: ignore[reportPrivateUsage]
    if isinstance(rates, tuple):
        given["lr0"] = len(rates)
    if groups is not None:
        given["groups"] = groups
    if len(set(given.values())) > 1:
        counts = ", ".join(f"{name} {count}" for name, count in given.items())
        raise ValueError(f"lr0, min_lr and max_lr must have one entry per parameter group, got {counts}")
    count = next(iter(given.values()), 1)
    return bool(given), np.broadcast_to(np.asarray(rates, dtype=np.float64), count).copy()


def _given_per_group(owner: Parametrised, prefix: str = "") -> list[tuple[str, int]]:
    """Parameters with one entry per group, here and in nested parts, and how many entries they have."""
    found = [
        (prefix + name, len(value))
        for name, declared in owner.parameters()
        if declared.kind == "per_group" and isinstance(value := getattr(owner, name), tuple)
    ]
    return found + [entry for path, part in owner.parts() for entry in _given_per_group(part, f"{prefix}{path}.")]


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
