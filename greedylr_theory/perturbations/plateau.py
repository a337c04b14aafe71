"""Weak noise in the first part of every period: the study's "plateau"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.perturbations._study import (
    AMOUNT,
    DURATION,
    OWN_PARAMETER,
    PERIOD,
    STRENGTH,
    StudyPerturbation,
    act,
    phase,
)


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = (scale s) z while step mod period < floor(duration + stretch s), else 0, per lane."""
    amount, strength, own = state[AMOUNT], params[STRENGTH], draws[0]
    period, duration = params[OWN_PARAMETER], params[OWN_PARAMETER + 1]
    stretch, scale = params[OWN_PARAMETER + 2], params[OWN_PARAMETER + 3]
    for lane in range(loss.size):
        end = np.floor(duration[lane] + stretch[lane] * strength[lane])
        noise = scale[lane] * strength[lane] * own[lane]
        amount[lane] = noise if phase(step, period[lane]) < end else 0.0
    act(step, 1, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Plateau(StudyPerturbation):
    """a_t = 0.05 s z_t while t mod 100 < int(20 + 30 s), else 0; z_t standard normal.

    N(0, 0.05 s) of the study is read as standard deviation 0.05 s.

    Args:
        strength: s, scales noise and length of a plateau; in units of loss, where the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        period: 100, distance in steps between the starts of plateaus.
        duration: 20, length of a plateau in steps at s = 0.
        stretch: 30, what a unit of s adds to it, in steps; the sum is rounded down.
        scale: 0.05, standard deviation in units of s.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, unit="loss", doc="scale of noise and of length")
    period: int = param(100, symbol="P", domain=PERIOD, unit="steps", doc="distance of plateaus", kind="int")
    duration: int = param(20, symbol="D", domain=DURATION, unit="steps", doc="length at s = 0", kind="int")
    stretch: float = param(
        30.0, symbol=r"\Delta D", domain=NONNEGATIVE, unit="steps", doc="what a unit of s adds to the length"
    )
    scale: float = param(0.05, symbol=r"\sigma / s", domain=NONNEGATIVE, doc="standard deviation in units of s")

    kernel: ClassVar[Any] = disturb
    own_normals: ClassVar[int] = 1


PLUGIN = Plateau
