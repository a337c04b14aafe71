"""to_torch(scheduler, optimizer): any of our schedulers in charge of the step sizes of a torch optimizer."""

from __future__ import annotations

import functools
import importlib
import warnings
from typing import Any

import numpy as np

from greedylr_theory.contracts import Scheduler, ScheduleWarning
from greedylr_theory.simulation.stepper import Stepper


def to_torch(scheduler: Scheduler, optimizer: Any, *, steps: int | None = None) -> Any:
    """Drive a torch optimizer with a scheduler of this package.

    The rates are those that `replay` gives for the same metrics, bit for bit; they are computed in double precision,
    whatever the parameters are in, and a rate that something else writes into the optimizer is overwritten.

    Args:
        scheduler: a rule that follows from metrics, a schedule, or one made of others. Bounds can be given per
            parameter group.
        optimizer: a torch optimizer; the rates of its parameter groups are the initial ones.
        steps: how often `step` will be called at most. Needed by schedules that are stretched over the training.

    Returns:
        A torch LRScheduler. `step(metrics=None)` is called after `optimizer.step()`; the metric may be a number or a
        tensor with one element, NaN included, and may be left out while a schedule is in charge. `last_epoch` counts
        the calls, `get_last_lr()` returns the rates in force, and `state_dict()`, of numbers, text and lists only,
        lets `load_state_dict()` go on to the bit, rates of the optimizer included.

    Raises:
        ModuleNotFoundError: torch is not installed.
        ValueError: the scheduler reads gradients or the objective, must be stepped before the update, or depends on
            the number of steps and gets none; an initial rate is not positive; numbers of groups differ.

    Warns:
        ScheduleWarning: the configuration, or a metric, cannot do what one would think; each sentence once.
    """
    try:
        torch: Any = importlib.import_module("torch")
    except ModuleNotFoundError:
        raise ModuleNotFoundError("to_torch needs torch: pip install 'greedylr-theory[torch]'") from None
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise ValueError(f"optimizer must be a torch optimizer, got {optimizer!r}")
    groups = optimizer.param_groups
    stepper = Stepper(scheduler, [float(group["lr"]) for group in groups], steps=steps, groups=len(groups))
    for rule in (phase.scheduler for phase in scheduler.phases()):
        if rule.ordering == "before_update":
            raise ValueError(f"{type(rule).__name__} has to see the loss before the update, torch steps it afterwards")
    return _scheduler_class()(stepper, optimizer)


@functools.cache
def _scheduler_class() -> Any:
    torch: Any = importlib.import_module("torch")

    class SteppedLR(torch.optim.lr_scheduler.LRScheduler):
        """A Stepper behind the interface of torch.optim.lr_scheduler."""

        def __init__(self, stepper: Stepper, optimizer: Any) -> None:
            # as ReduceLROnPlateau, without that of LRScheduler, which would step at once
            self.optimizer = optimizer
            self._stepper, self._warned = stepper, set[str]()
            self.base_lrs = list(stepper.lr0)
            for group, lr in zip(optimizer.param_groups, stepper.lr0, strict=True):
                group["initial_lr"] = lr
            self._warn(stepper.scheduler.warnings(stepper.lr0), 4)
            self._write_rates()

        @property
        def last_epoch(self) -> int:
            return self._stepper.count

        def step(self, metrics: Any = None) -> None:
            metric = None if metrics is None else _number(metrics)
            if metric is not None and self._stepper.observes:
                self._warn(self._stepper.scheduler.metric_warnings(np.array([metric])), 3)
            self._stepper.step(metric)
            self._write_rates()

        def get_last_lr(self) -> list[Any]:
            return self._stepper.rates.tolist()

        def get_lr(self) -> list[Any]:
            return self.get_last_lr()

        def state_dict(self) -> dict[str, Any]:
            return self._stepper.state_dict()

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            self._stepper.load_state_dict(state_dict)
            self.base_lrs = list(self._stepper.lr0)
            self._write_rates()

        def _write_rates(self) -> None:
            self._last_lr = self.get_last_lr()
            for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=True):
                if isinstance(group["lr"], torch.Tensor):
                    group["lr"].fill_(lr)  # a captured graph reads this very tensor
                else:
                    group["lr"] = lr

        def _warn(self, sentences: list[str], stacklevel: int) -> None:
            for sentence in dict.fromkeys(sentences):
                if sentence not in self._warned:
                    self._warned.add(sentence)
                    warnings.warn(sentence, ScheduleWarning, stacklevel=stacklevel)

    return SteppedLR


def _number(metrics: Any) -> float:
    try:
        # item() also takes tensors that require a gradient
        return float(metrics.item() if hasattr(metrics, "item") else metrics)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"metrics must be one number, got {metrics!r}") from None
