"""A sine in the loss: the study's "oscillatory"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.compilation import inlined
from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.elementary import ROUNDER, sine_cosine_turn
from greedylr_theory.params import Interval, param
from greedylr_theory.perturbations._study import (
    AMOUNT,
    OWN_PARAMETER,
    OWN_STATE,
    STRENGTH,
    StudyPerturbation,
    act,
    last_loss,
)

# 2 pi in three parts, the first two of 33 bits: four times those of fdlibm's e_rem_pio2.c
TURN_HIGH, TURN_MIDDLE, TURN_LOW = (
    4.0 * 1.57079632673412561417e00,
    4.0 * 6.07710050630396597660e-11,
    4.0 * 2.02226624879595063154e-21,
)
INVERSE_TURN = 0.15915494309189535

# faster sines would be noise, and the largest angle stays within the range of sine_cosine_turn
FREQUENCY = Interval.closed(0, 1000)


@inlined
def sine(angle):
    """sin of an angle in radians; absolute error below 1e-15 up to 6e6, then 1e-16 |angle|."""
    # whole turns are taken off without rounding, as a division by 2 pi alone would lose 1e-16 |angle|
    whole = (angle * INVERSE_TURN + ROUNDER) - ROUNDER
    rest = ((angle - whole * TURN_HIGH) - whole * TURN_MIDDLE) - whole * TURN_LOW
    return sine_cosine_turn(rest * INVERSE_TURN)[0]


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = s l_prev sin(step (frequency + s)) per lane; state holds l_prev."""
    amount, previous, strength, frequency = state[AMOUNT], state[OWN_STATE], params[STRENGTH], params[OWN_PARAMETER]
    for lane in range(loss.size):
        wave = sine(float(step) * (frequency[lane] + strength[lane]))
        amount[lane] = strength[lane] * last_loss(step, previous[lane]) * wave
        previous[lane] = loss[lane]
    act(step, 0, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Oscillatory(StudyPerturbation):
    """a_t = s l_{t-1} sin(t (0.1 + s)); l_{-1} = 1.

    The sine is a polynomial, the same on every machine: within 1e-15 of the exact one up to angles of 6e6, which s = 1
    reaches after 5 million steps.

    Args:
        strength: s in [0, 1000], amplitude relative to the last recorded loss, and part of the frequency; the study
            took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        frequency: 0.1, in radians per step, at s = 0.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=FREQUENCY, doc="amplitude relative to the last loss")
    frequency: float = param(0.1, symbol=r"\omega", domain=FREQUENCY, unit="1/step", doc="frequency at s = 0")

    kernel: ClassVar[Any] = disturb
    own_rows: ClassVar[int] = 1


PLUGIN = Oscillatory
