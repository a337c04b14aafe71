"""One disturbance of known size at a known step: to see how a run recovers from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, Interval, param
from greedylr_theory.perturbations._study import (
    AMOUNT,
    DURATION,
    OWN_PARAMETER,
    STRENGTH,
    StudyPerturbation,
    act,
)


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = s while first <= step < first + duration, else 0, per lane."""
    amount, strength = state[AMOUNT], params[STRENGTH]
    first, duration = params[OWN_PARAMETER], params[OWN_PARAMETER + 1]
    for lane in range(loss.size):
        age = float(step) - first[lane]
        during = (age >= 0.0) & (age < duration[lane])
        amount[lane] = strength[lane] if during else 0.0
    act(step, 0, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Kick(StudyPerturbation):
    """a_t = s for first <= t < first + duration, else 0.

    None of the study's kinds, whose spikes come at every period or at random and whose bursts begin at t = 0, when
    there is nothing yet to recover. It acts through the same channels. Runs with the same replicate are kicked in the
    same direction, whatever is compared.

    Args:
        strength: s, in the unit of the channel: loss, loss / length for gradient and objective, length for iterate.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about s), "iterate" (the same as a kick), or "objective" (a tilt of slope s).
        first: 100, the step of the first disturbance.
        duration: 1, number of disturbed steps; a kick has an own direction at each of them.

    Raises:
        ValueError: a value lies outside its domain.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, doc="size, in the unit of the channel")
    first: int = param(
        100, symbol="t_0", domain=Interval.closed(0, 2.0**31), unit="steps", doc="first disturbed step", kind="int"
    )
    duration: int = param(1, symbol="D", domain=DURATION, unit="steps", doc="number of disturbed steps", kind="int")

    kernel: ClassVar[Any] = disturb


PLUGIN = Kick
