"""Warmup, a plateau, and a decay (get_wsd_schedule of transformers; arXiv 2404.06395)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.params import Choice, param
from greedylr_theory.schedulers._open_loop import RATIO, cosines, ramp, steps_param


@dataclass(frozen=True)
class WarmupStableDecay(OpenLoop):
    """From floor gamma_0 up to gamma_0 in w steps, gamma_0 for s steps, down to floor gamma_0 in n steps; that holds.

    Shapes of the climb in u = t / w: u, (1 - cos(pi u)) / 2, 1 - sqrt(1 - u); of the descent: 1 - u,
    (1 + cos(pi u)) / 2, 1 - sqrt(u). Source: transformers.get_wsd_schedule.

    Args:
        warmup: w.
        decay: n.
        stable: s; what the run leaves when None.
        warmup_shape, decay_shape: "linear", "cosine" or "1-sqrt" (warmup_type, decay_type).
        floor: smallest rate over gamma_0 (min_lr_ratio).
    """

    warmup: int = steps_param(10, "w", "steps of the warmup")
    decay: int = steps_param(20, "n", "steps of the decay")
    stable: int | None = steps_param(None, "s", "steps of the plateau (default: the rest of the run)", optional=True)
    warmup_shape: str = param(
        "linear", symbol="up", domain=Choice(("linear", "cosine", "1-sqrt")), doc="shape of the climb", kind="choice"
    )
    decay_shape: str = param(
        "cosine",
        symbol="down",
        domain=Choice(("linear", "cosine", "1-sqrt")),
        doc="shape of the descent",
        kind="choice",
    )
    floor: float = param(0.0, symbol="r_{min}", domain=RATIO, doc="smallest rate over the base rate")

    def rates(self, lr0: float, steps: int) -> Floats:
        stable = max(0, steps - self.warmup - self.decay) if self.stable is None else self.stable
        t = np.arange(steps + 1.0)
        up, down = ramp(t, self.warmup), ramp(np.maximum(t - (self.warmup + stable), 0.0), self.decay)
        climb = {
            "linear": lambda: up,
            "cosine": lambda: 0.5 * (1.0 - cosines(0.5 * up)),
            "1-sqrt": lambda: 1.0 - np.sqrt(1.0 - up),
        }
        fall = {
            "linear": lambda: 1.0 - down,
            "cosine": lambda: 0.5 * (1.0 + cosines(0.5 * down)),
            "1-sqrt": lambda: 1.0 - np.sqrt(down),
        }
        rising, falling = (
            factor * (1.0 - self.floor) + self.floor
            for factor in (climb[self.warmup_shape](), fall[self.decay_shape]())
        )
        middle = np.where(t < self.warmup + stable, 1.0, falling)
        middle = np.where(t >= self.warmup + stable + self.decay, self.floor, middle)
        return lr0 * np.where(t < self.warmup, rising, middle)


PLUGIN = WarmupStableDecay
