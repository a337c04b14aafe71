"""AdamS: Adam with weight decay divided by the size of the gradients (Xie et al., arXiv 2011.11152)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Optimizer, optimizer_kernel
from greedylr_theory.optimizers import _moments
from greedylr_theory.params import NONNEGATIVE, Interval, param


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """Params: beta1, beta2, eps, lambda; state: first moments (d rows), second moments (d), scalars of `_moments`."""
    d, lanes = x.shape
    _moments.correct(lr, params, state, d)
    _moments.accumulate(gradient, params, state)
    decay, inverse_root, kept = (
        params[_moments.WEIGHT_DECAY], state[2 * d + _moments.INVERSE_ROOT], state[2 * d + _moments.KEPT],
    )  # fmt: skip
    for lane in range(lanes):
        kept[lane] = 0.0
    for i in range(d):
        second = state[d + i]
        for lane in range(lanes):
            kept[lane] += second[lane]
    for lane in range(lanes):
        size = np.sqrt(kept[lane] / d) * inverse_root[lane]
        kept[lane] = 1.0 if size == 0.0 else 1.0 - lr[lane] * decay[lane] / size
    _moments.move(params, state, x)


@dataclass(frozen=True)
class AdamS(Optimizer):
    """x <- x (1 - lr lambda / sqrt(vbar)), then the step of Adam from there.

    vbar is the mean over all coordinates of the bias-corrected second moment, that of the present gradient included.
    With eps = 0, scaling all gradients by c divides the decay by c and leaves Adam's step alone. While every gradient
    so far was zero there is no size to divide by, and nothing decays.

    Args:
        beta1, beta2: decay rates of the moments.
        eps: added to the root of the second moment, in loss / length; not to the root of vbar.
        weight_decay: lambda, in loss / length per unit of the rate.

    Source: arXiv 2011.11152, Algorithm AdamS, without its option amsgrad.
    """

    beta1: float = param(0.9, symbol=r"\beta_1", domain=Interval.left_closed(0, 1), doc="decay of the first moment")
    beta2: float = param(0.999, symbol=r"\beta_2", domain=Interval.left_closed(0, 1), doc="decay of the second moment")
    eps: float = param(
        1e-8, symbol=r"\epsilon", domain=Interval.left_closed(0, 1), unit="loss/length", doc="keeps the quotient finite"
    )
    weight_decay: float = param(
        5e-4, symbol=r"\lambda", domain=NONNEGATIVE, unit="loss/length/lr",
        doc="weight decay before the division by the size of the gradients",
    )  # fmt: skip

    kernel: ClassVar[Any] = update

    def state_rows(self, dim: int) -> int:
        return 2 * dim + _moments.ROWS


PLUGIN = AdamS
