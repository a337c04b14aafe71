"""Spikes at random times: the study's "random spike"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, Interval, param
from greedylr_theory.perturbations._study import (
    AMOUNT,
    OWN_PARAMETER,
    OWN_STATE,
    STRENGTH,
    StudyPerturbation,
    act,
    last_loss,
)


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = s l_prev (low + spread U) if V < probability, else 0, per lane; the last two draws are V, U."""
    amount, previous, strength = state[AMOUNT], state[OWN_STATE], params[STRENGTH]
    probability, low, spread = params[OWN_PARAMETER], params[OWN_PARAMETER + 1], params[OWN_PARAMETER + 2]
    chance, height = draws[draws.shape[0] - 2], draws[draws.shape[0] - 1]
    for lane in range(loss.size):
        share = low[lane] + spread[lane] * height[lane]
        spike = strength[lane] * last_loss(step, previous[lane]) * share
        amount[lane] = spike if chance[lane] < probability[lane] else 0.0
        previous[lane] = loss[lane]
    act(step, 0, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class RandomSpike(StudyPerturbation):
    """With probability 0.02 a_t = s l_{t-1} (0.5 + 1.5 U_t), U_t uniform in [0, 1), else 0; l_{-1} = 1.

    Args:
        strength: s, height of a spike relative to the last recorded loss; the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        probability: 0.02, of a spike at a step, independent over steps.
        low: 0.5, lowest height in units of s l_{t-1}.
        spread: 1.5, width of the range of heights in the same units.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, doc="height of a spike relative to the last loss")
    probability: float = param(0.02, symbol=r"\pi", domain=Interval.closed(0, 1), doc="of a spike at a step")
    low: float = param(0.5, symbol=r"h_{min}", domain=NONNEGATIVE, doc="lowest height in units of strength")
    spread: float = param(1.5, symbol=r"\Delta h", domain=NONNEGATIVE, doc="width of the range of heights")

    kernel: ClassVar[Any] = disturb
    own_uniforms: ClassVar[int] = 2
    own_rows: ClassVar[int] = 1


PLUGIN = RandomSpike
