"""Triangular cycles between two rates (arXiv 1506.01186; CyclicLR of torch)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import POSITIVE, Choice, param
from greedylr_theory.schedulers._open_loop import STEPS, products, steps_param


@dataclass(frozen=True)
class Cyclic(OpenLoop):
    """Up from gamma_0 to max_lr and back, again and again; gamma_0 is the *lower* bound.

    Source: torch.optim.lr_scheduler.CyclicLR. With scale_mode "cycle" exp_range shrinks once a cycle, not once a step.

    Args:
        max_lr: upper bound, in length^2 / loss.
        up, down: steps of the climb and of the descent (step_size_up, step_size_down); down = up when None.
        mode: "triangular" (constant height), "triangular2" (halved every cycle), "exp_range" (height times gamma^t).
        gamma: base of exp_range.
    """

    max_lr: float = param(symbol=r"\gamma_{max}", domain=POSITIVE, unit="length^2/loss", doc="upper bound")
    up: int = steps_param(2000, "n_{up}", "steps of the climb", domain=STEPS)
    down: int = steps_param(0, "n_{down}", "steps of the descent; 0: as many as up")
    mode: str = param(
        "triangular",
        symbol="mode",
        domain=Choice(("triangular", "triangular2", "exp_range")),
        doc="how the height changes",
        kind="choice",
    )
    gamma: float = param(1.0, symbol="g", domain=POSITIVE, doc="base of exp_range")

    def rates(self, lr0: float, steps: int) -> Floats:
        total = float(self.up + (self.down or self.up))
        t = np.arange(steps + 1.0)
        cycle = np.floor(1.0 + t / total)
        share = 1.0 + t / total - cycle
        peak = self.up / total
        height = np.where(share <= peak, share / peak, (share - 1.0) / (peak - 1.0))
        scale = np.ones(steps + 1)
        if self.mode == "triangular2":
            scale = 0.5 ** (cycle - 1.0)  # powers of two are exact
        elif self.mode == "exp_range":
            scale = products(1.0, np.full(steps, self.gamma))
        return lr0 + (self.max_lr - lr0) * height * scale


PLUGIN = Cyclic
