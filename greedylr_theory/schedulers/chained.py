"""Several schedules at once, each multiplying the rate (ChainedScheduler of torch)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import Parametrised, param


@dataclass(frozen=True)
class Chained(OpenLoop):
    """gamma_t = gamma^1_t (gamma^2_t / gamma_0) (gamma^3_t / gamma_0) ...: the first rate times the others' factors.

    gamma^k_t is the rate that schedule k gives alone, from the same gamma_0. For schedules that multiply the rate this
    is what torch does, to rounding; a floor in length^2 / loss of one part (eta_min) is multiplied by the others here,
    where torch goes on from the product by its recursions.

    Args:
        schedules: schedules that are fixed in advance, among them `Warmup` before such a one.

    Raises:
        ValueError: a part observes losses, or is a Sequential, which counts phases of its own.

    Source: torch.optim.lr_scheduler.ChainedScheduler.
    """

    schedules: Any = param(symbol="schedules", doc="what multiplies the rate", kind="plugins")

    def check(self) -> None:
        for part in self.schedules:
            wrong = _not_fixed(part)
            if wrong is not None:
                raise ValueError(
                    f"Chained.schedules must be schedules that are fixed in advance, got {type(wrong).__name__}"
                )

    def rates(self, lr0: float, steps: int) -> Floats:
        if lr0 == 0.0:
            raise ValueError("Chained multiplies a base value, which must not be 0, got 0")
        first, *others = (_whole(part, lr0, steps) for part in self.schedules)
        for factor in others:
            first = first * (factor / lr0)
        return first


def _not_fixed(part: Parametrised) -> Parametrised | None:
    """What is no open-loop schedule, here or further inside."""
    if not isinstance(part, OpenLoop):
        return part
    return next((wrong for _, inner in part.parts() if (wrong := _not_fixed(inner)) is not None), None)


def _whole(part: OpenLoop, lr0: float, steps: int) -> Floats:
    """Rates (steps + 1,) of a schedule, all its phases put together."""
    values = np.empty(steps + 1)
    for phase in part.phases():
        last = steps + 1 if phase.last is None else min(phase.last, steps + 1)
        if phase.first < last:
            rule: Any = phase.scheduler
            own = rule.rates(lr0, max(1, min(last, steps) - phase.first))
            values[phase.first : last] = own[: last - phase.first]
    return values


PLUGIN = Chained
