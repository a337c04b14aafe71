"""Spikes at regular distances: the study's "periodic spike"."""

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
    OWN_STATE,
    PERIOD,
    STRENGTH,
    StudyPerturbation,
    act,
    last_loss,
    phase,
)


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = s l_prev while step mod (period + floor(stretch s)) < duration, else 0, per lane; state holds l_prev."""
    amount, previous, strength = state[AMOUNT], state[OWN_STATE], params[STRENGTH]
    period, stretch, duration = params[OWN_PARAMETER], params[OWN_PARAMETER + 1], params[OWN_PARAMETER + 2]
    for lane in range(loss.size):
        now = phase(step, period[lane] + np.floor(stretch[lane] * strength[lane]))
        spike = strength[lane] * last_loss(step, previous[lane])
        amount[lane] = spike if now < duration[lane] else 0.0
        previous[lane] = loss[lane]
    act(step, 0, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class PeriodicSpike(StudyPerturbation):
    """a_t = s l_{t-1} while t mod (50 + int(50 s)) < 3, else 0; l_{-1} = 1.

    Args:
        strength: s, height of a spike relative to the last recorded loss; the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        period: 50, distance in steps between the starts of spikes at s = 0.
        stretch: 50, what a unit of s adds to it, in steps; the product is rounded down.
        duration: 3, length of a spike in steps; one as long as the period never ends.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, doc="height of a spike relative to the last loss")
    period: int = param(50, symbol="P", domain=PERIOD, unit="steps", doc="distance of spikes at s = 0", kind="int")
    stretch: float = param(
        50.0, symbol=r"\Delta P", domain=NONNEGATIVE, unit="steps", doc="what a unit of s adds to the distance"
    )
    duration: int = param(3, symbol="D", domain=DURATION, unit="steps", doc="length of a spike", kind="int")

    kernel: ClassVar[Any] = disturb
    own_rows: ClassVar[int] = 1


PLUGIN = PeriodicSpike
