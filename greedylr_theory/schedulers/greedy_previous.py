"""GreedyLR as analysed: compare with the previous loss (arXiv 2512.14527, Appendix A.3, Algorithm 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Scheduler, scheduler_kernel
from greedylr_theory.params import NONNEGATIVE, Choice, Interval, param
from greedylr_theory.schedulers._bounds import bound_warnings, check_bounds

FACTOR, MIN_LR, MAX_LR = range(3)
PREVIOUS, STARTED = range(2)


@scheduler_kernel
def adjust(step, groups, observed, x, gradient, params, state, lr):
    """gamma <- clip(gamma / F if l < previous l else gamma F); a tie counts as worse, as in Algorithm 1.

    State: previous loss, and whether there is one to compare with.
    """
    for lane in range(lr.size):
        rate, factor = lr[lane], params[FACTOR, lane]
        moved = rate / factor if observed[lane] < state[PREVIOUS, lane] else rate * factor
        moved = params[MAX_LR, lane] if moved > params[MAX_LR, lane] else moved
        moved = params[MIN_LR, lane] if moved < params[MIN_LR, lane] else moved
        lr[lane] = moved if state[STARTED, lane] == 1.0 else rate
        state[PREVIOUS, lane] = observed[lane]
        state[STARTED, lane] = 1.0


@dataclass(frozen=True)
class GreedyPrevious(Scheduler):
    """Divide the step size by F when the loss fell since the last step, multiply it by F otherwise.

    Args:
        factor: F.
        min_lr, max_lr: clips of the step size after every adjustment, in length^2 / loss; in `replay` they
            may be given per parameter group.
        first: what the first loss is compared with: "infinity" (the first adjustment is a climb) or "none"
            (no adjustment, and no clip, at the first loss).

    Raises:
        ValueError: a value lies outside its domain or min_lr exceeds max_lr.

    Source: arXiv 2512.14527, Appendix A.3, Algorithm 1; the clips as in Theorem A.1.
    """

    factor: float = param(0.95, symbol="F", domain=Interval.open(0, 1), doc="scaling factor")
    min_lr: float | tuple[float, ...] = param(
        0.0, symbol=r"\gamma_{min}", domain=NONNEGATIVE, unit="length^2/loss", doc="lower clip", kind="per_group"
    )
    max_lr: float | tuple[float, ...] = param(
        math.inf, symbol=r"\gamma_{max}", domain=Interval.left_open(0, math.inf), unit="length^2/loss",
        doc="upper clip", kind="per_group",
    )  # fmt: skip
    first: str = param(
        "infinity", symbol="l_{-1}", domain=Choice(("infinity", "none")), doc="convention for the first loss",
        kind="choice",
    )  # fmt: skip

    kernel: ClassVar[Any] = adjust

    def check(self) -> None:
        check_bounds(self)

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        return bound_warnings(
            self, lr0, "the first adjustment raises it to min_lr", "the first adjustment lowers it to max_lr"
        )

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        started = np.where(params[3] == 0.0, 1.0, 0.0)
        return np.stack([np.full(lr0.size, np.inf), started])


PLUGIN = GreedyPrevious
