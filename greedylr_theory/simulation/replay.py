"""What step sizes a scheduler would have chosen for metrics that were logged."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from greedylr_theory.contracts import Floats, Scheduler, ScheduleWarning
from greedylr_theory.params import POSITIVE, Parameter

_RATE = Parameter(r"\gamma_0", "length^2/loss", "initial step size", POSITIVE, "per_group", False)


def replay(
    scheduler: Scheduler,
    metrics: ArrayLike,
    lr0: float | Sequence[float],
    *,
    min_lr: float | Sequence[float] | None = None,
    max_lr: float | Sequence[float] | None = None,
) -> Floats:
    """Step size in force after each metric.

    Args:
        scheduler: any rule or schedule.
        metrics: T losses or other metrics, in order; NaN and infinities are passed on to the rule.
        lr0: initial rate, or one per parameter group.
        min_lr, max_lr: replace the scheduler's own bounds, per group if sequences.

    Returns:
        Rates (T,), or (T, groups) if lr0, min_lr or max_lr (here or on the scheduler) is a sequence.

    Raises:
        ValueError: metrics are not a non-empty list of numbers, a rate is not positive, group counts differ, or the
            rule reads gradients.

    Warns:
        ScheduleWarning: the configuration cannot do what one would think; the text says what happens.

    >>> from greedylr_theory.schedulers import GreedyLibrary
    >>> replay(GreedyLibrary(factor=0.5, patience=0), [3.0, 2.0, 2.5], lr0=0.25)
    array([0.5, 1. , 0.5])
    """
    values = _metrics(metrics)
    for rule in (phase.scheduler for phase in scheduler.phases()):
        if rule.needs_gradient:
            raise ValueError(f"replay needs a rule that follows from metrics alone, got {type(rule).__name__}")
    bounds = {name: value for name, value in (("min_lr", min_lr), ("max_lr", max_lr)) if value is not None}
    for name in bounds:
        scheduler.parameter(name)
    scheduler = dataclasses.replace(scheduler, **bounds) if bounds else scheduler
    grouped: dict[str, tuple[float, ...]] = {
        name: value for name in ("min_lr", "max_lr") if isinstance(value := getattr(scheduler, name, None), tuple)
    }
    rates = scheduler._validated("lr0", _RATE, lr0)  # pyright: ignore[reportPrivateUsage]
    if isinstance(rates, tuple):
        grouped["lr0"] = rates
    if len({len(value) for value in grouped.values()}) > 1:
        counts = ", ".join(f"{name} {len(value)}" for name, value in grouped.items())
        raise ValueError(f"lr0, min_lr and max_lr must have one entry per parameter group, got {counts}")
    groups = len(next(iter(grouped.values()))) if grouped else 1
    initial = tuple(np.broadcast_to(np.asarray(rates, dtype=np.float64), groups).tolist())
    for sentence in [*scheduler.warnings(initial), *scheduler.metric_warnings(values)]:
        warnings.warn(sentence, ScheduleWarning, stacklevel=2)
    result = _replayed(scheduler, values, np.array(initial), groups)
    return result if grouped else result[:, 0]


def _replayed(scheduler: Scheduler, metrics: Floats, lr0: Floats, groups: int) -> Floats:
    params = np.ascontiguousarray(np.array([scheduler.pack(group) for group in range(groups)]).reshape(groups, -1).T)
    lr = lr0.copy()
    nowhere: Any = np.zeros((0, groups))
    observed = np.empty(groups)
    rates = np.empty((metrics.size, groups))
    for phase in scheduler.phases():
        last = metrics.size + 1 if phase.last is None else min(phase.last, metrics.size + 1)
        own, rule = np.ascontiguousarray(params[scheduler.rows_of(phase.path)]), phase.scheduler
        state = rule.initial_state(own, lr0, max(1, min(last, metrics.size) - phase.first), 0)
        for step in range(max(1, phase.first), last):
            if step == phase.first:
                lr[:] = rule.first_rates(state, lr0)
            observed[:] = metrics[step - 1]
            rule.kernel(step - phase.first, groups, observed, nowhere, nowhere, own, state, lr)
            rates[step - 1] = lr
    return rates


def _metrics(metrics: ArrayLike) -> Floats:
    try:
        values = np.asarray(metrics, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"metrics must be a non-empty list of numbers, got {metrics!r}") from None
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"metrics must be a non-empty list of numbers, got an array of shape {values.shape}")
    return values
