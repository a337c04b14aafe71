"""What step sizes a scheduler would have chosen for metrics that were logged."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from greedylr_theory.contracts import Floats, Scheduler, ScheduleWarning
from greedylr_theory.simulation.stepper import Stepper


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
    bounds = {name: value for name, value in (("min_lr", min_lr), ("max_lr", max_lr)) if value is not None}
    for name in bounds:
        scheduler.parameter(name)
    scheduler = dataclasses.replace(scheduler, **bounds) if bounds else scheduler
    stepper = Stepper(scheduler, lr0, steps=values.size)
    for sentence in [*scheduler.warnings(stepper.lr0), *scheduler.metric_warnings(values)]:
        warnings.warn(sentence, ScheduleWarning, stacklevel=2)
    rates = np.array([stepper.step(metric) for metric in values])
    return rates if stepper.grouped else rates[:, 0]


def _metrics(metrics: ArrayLike) -> Floats:
    try:
        values = np.asarray(metrics, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"metrics must be a non-empty list of numbers, got {metrics!r}") from None
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"metrics must be a non-empty list of numbers, got an array of shape {values.shape}")
    return values
