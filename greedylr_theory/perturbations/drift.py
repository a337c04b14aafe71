"""A loss that rises steadily: the study's "drift"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.perturbations._study import AMOUNT, OWN_PARAMETER, STRENGTH, StudyPerturbation, act


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = rate s step per lane."""
    amount, strength, rate = state[AMOUNT], params[STRENGTH], params[OWN_PARAMETER]
    for lane in range(loss.size):
        amount[lane] = rate[lane] * strength[lane] * float(step)
    act(step, 0, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Drift(StudyPerturbation):
    """a_t = 0.001 s t.

    Args:
        strength: s, in units of loss; the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        rate: 0.001, growth per step in units of s.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, unit="loss", doc="scale of the growth")
    rate: float = param(0.001, symbol=r"\rho", domain=NONNEGATIVE, unit="1/step", doc="growth in units of s")

    kernel: ClassVar[Any] = disturb


PLUGIN = Drift
