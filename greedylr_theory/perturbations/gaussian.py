"""Normal noise at every step: the study's "gaussian"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.perturbations._study import AMOUNT, STRENGTH, StudyPerturbation, act


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = s z per lane; draws hold z, then what the channel takes."""
    amount, strength, own = state[AMOUNT], params[STRENGTH], draws[0]
    for lane in range(loss.size):
        amount[lane] = strength[lane] * own[lane]
    act(step, 1, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Gaussian(StudyPerturbation):
    """a_t = s z_t with z_t standard normal, independent over steps.

    N(0, s) of the study is read as standard deviation s, as numpy.random.normal(0, s) has it.

    Args:
        strength: s, standard deviation of the amount, in units of loss; the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, unit="loss", doc="standard deviation of the amount")

    kernel: ClassVar[Any] = disturb
    own_normals: ClassVar[int] = 1


PLUGIN = Gaussian
