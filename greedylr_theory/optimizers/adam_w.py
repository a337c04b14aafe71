"""AdamW: Adam with weight decay that is decoupled from the gradient (Loshchilov and Hutter, arXiv 1711.05101)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Optimizer, optimizer_kernel
from greedylr_theory.optimizers import _moments
from greedylr_theory.params import NONNEGATIVE, Interval, param


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """Params: beta1, beta2, eps, lambda; state: first moments (d rows), second moments (d), scalars of `_moments`."""
    d, lanes = x.shape
    _moments.correct(lr, params, state, d)
    decay, kept = params[_moments.WEIGHT_DECAY], state[2 * d + _moments.KEPT]
    for lane in range(lanes):
        kept[lane] = 1.0 - lr[lane] * decay[lane]
    _moments.accumulate(gradient, params, state)
    _moments.move(params, state, x)


@dataclass(frozen=True)
class AdamW(Optimizer):
    """x <- x (1 - lr lambda), then the step of Adam from there.

    The decay does not go through the moments, and it is proportional to the rate in force, as in torch.optim.AdamW.
    It pulls towards zero: the run then ends near, not at, a minimiser of f.

    Args:
        beta1, beta2: decay rates of the moments.
        eps: added to the root of the second moment, in loss / length.
        weight_decay: lambda; the share of x that is taken off per step is lr lambda. {"optimizer.weight_decay": ...}
            in `Run.controls` puts it on a schedule of its own.

    Source: arXiv 1711.05101, Algorithm 2, with the rate in the place of its schedule multiplier, as in torch.
    """

    beta1: float = param(0.9, symbol=r"\beta_1", domain=Interval.left_closed(0, 1), doc="decay of the first moment")
    beta2: float = param(0.999, symbol=r"\beta_2", domain=Interval.left_closed(0, 1), doc="decay of the second moment")
    eps: float = param(
        1e-8, symbol=r"\epsilon", domain=Interval.left_closed(0, 1), unit="loss/length", doc="keeps the quotient finite"
    )
    weight_decay: float = param(
        0.01, symbol=r"\lambda", domain=NONNEGATIVE, unit="1/lr", doc="share of x taken off per unit of the rate"
    )

    kernel: ClassVar[Any] = update

    def state_rows(self, dim: int) -> int:
        return 2 * dim + _moments.ROWS


PLUGIN = AdamW
