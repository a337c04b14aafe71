"""A penalty after every success: the study's "adversarial"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import perturbation_kernel
from greedylr_theory.params import NONNEGATIVE, param
from greedylr_theory.perturbations._study import AMOUNT, OWN_PARAMETER, OWN_STATE, STRENGTH, StudyPerturbation, act


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """a = share s l_{t-1} if l_{t-1} < l_{t-2}, else 0, per lane; state holds l_{t-1} and l_{t-2}."""
    amount, last, before = state[AMOUNT], state[OWN_STATE], state[OWN_STATE + 1]
    strength, share = params[STRENGTH], params[OWN_PARAMETER]
    for lane in range(loss.size):
        fell = step >= 2 and last[lane] < before[lane]
        amount[lane] = share[lane] * strength[lane] * last[lane] if fell else 0.0
        before[lane] = last[lane]
        last[lane] = loss[lane]
    act(step, 0, params, draws, state, observed, gradient, x)


@dataclass(frozen=True)
class Adversarial(StudyPerturbation):
    """a_t = 0.5 s l_{t-1} if l_{t-1} < l_{t-2}, else 0.

    The study says "if the last loss fell". Before the loss of step t is recorded, the last one is l_{t-1}, and it
    fell if it is below the one before it. This reading is an assumption: it takes two recorded losses, so the amount
    is 0 at t = 0 and t = 1 (the 1 that stands for l_{-1} elsewhere is not a loss that could have fallen), and a tie
    is not a fall.

    Args:
        strength: s, height relative to the last recorded loss; the study took 0.1, 0.5 and 1.
        channel: "as_published" (default; changes nothing), "observed_loss", "gradient" (isotropic noise of norm
            about a_t), "iterate" (the same as a kick), or "objective" (a tilt of slope a_t).
        share: 0.5, height in units of s l_{t-1}.

    Raises:
        ValueError: a value lies outside its domain.

    Source: arXiv 2512.14527, App. A.6.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, doc="height relative to the last loss")
    share: float = param(0.5, symbol=r"a / (s l)", domain=NONNEGATIVE, doc="height in units of strength")

    kernel: ClassVar[Any] = disturb
    own_rows: ClassVar[int] = 2


PLUGIN = Adversarial
