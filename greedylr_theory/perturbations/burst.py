"""Strong noise in the first part of every period, weak noise in the rest: the study's "burst"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

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
    """a = (loud s) z while step mod period < duration, else (quiet s) z, per lane."""
    amount, strength, own = state[AMOUNT], params[STRENGTH], draws[0]
    period, duration = params[OWN_PARAMETER], params[OWN_PARAMETER + 1]
    loud, quiet = params[OWN_PARAMETER + 2], params[OWN_PARAMETER + 3]
    for lane in range(loss.size):
        scale = loud[lane] if phase(step, period[lane]) < duration[lane] else quiet[lane]
        amount[lane] = scale * strength[lane] * own[lane]
    act(step, 1, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Burst(StudyPerturbation):
    """a_t = 3 s z_t while t mod 200 < 20, else 0.1 s z_t; z_t standard normal.

    N(0, 3 s) and N(0, 0.1 s) of the study are read as standard deviations 3 s and 0.1 s.

    Args:
        strength: s, in units of loss; the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        period: 200, distance in steps between the starts of bursts.
        duration: 20, length of a burst in steps.
        loud: 3, standard deviation during a burst in units of s.
        quiet: 0.1, standard deviation otherwise in units of s.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, unit="loss", doc="scale of the noise")
    period: int = param(200, symbol="P", domain=PERIOD, unit="steps", doc="distance of bursts", kind="int")
    duration: int = param(20, symbol="D", domain=DURATION, unit="steps", doc="length of a burst", kind="int")
    loud: float = param(3.0, symbol=r"\sigma_{in} / s", domain=NONNEGATIVE, doc="standard deviation in a burst, over s")
    quiet: float = param(0.1, symbol=r"\sigma_{out} / s", domain=NONNEGATIVE, doc="standard deviation outside, over s")

    kernel: ClassVar[Any] = disturb
    own_normals: ClassVar[int] = 1


PLUGIN = Burst
