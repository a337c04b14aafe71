"""Chebyshev step sizes: the best T steps for all quadratics of one condition number, in an order that is stable."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, Objective, OpenLoop
from greedylr_theory.params import Interval, param
from greedylr_theory.schedulers._open_loop import STEPS, cosines, steps_param


def stable_order(count: int) -> list[int]:
    """Order of the roots 1 ... count in which no product of factors grows (Lebedev and Finogenov 1971).

    Each root is followed by its mirror image, so that a long step comes after a short one, at every scale. A count that
    is not a power of two has a root in the middle at some scales; it comes last there (Samarskii and Nikolaev 1978).

    >>> stable_order(8)
    [1, 8, 4, 5, 2, 7, 3, 6]
    """
    if count <= 1:
        return [1] * count
    pairs = [root for first in stable_order(count // 2) for root in (first, count + 1 - first)]
    return pairs + [count // 2 + 1] * (count % 2)


@dataclass(frozen=True)
class Chebyshev(OpenLoop):
    """gamma_t = 2 gamma_0 / (1 + 1/kappa + (1 - 1/kappa) cos(pi (2 j - 1) / (2 T))), j = j(t) all of 1 ... T.

    gamma_0 stands for 1 / L. With it the residual of T steps on a quadratic with curvatures in [mu, L] is at most
    2 beta^T / (1 + beta^(2 T)), beta = (sqrt kappa - 1) / (sqrt kappa + 1), and no other T steps have a better worst
    case. After T steps the cycle repeats. In between the residual can be as large as about kappa / 4; in the order of
    the roots themselves rounding errors would grow to beta^-T.

    Args:
        condition: kappa = L / mu; taken from the objective when None.
        total: T; the length of the run when None.

    Raises:
        ValueError: condition is None and the objective does not declare L and a positive mu.

    Source: Young, J. Math. Phys. 32, 1953; the order: Lebedev and Finogenov, USSR Comput. Math. 11, 1971.
    """

    condition: float | None = param(
        None, symbol=r"\kappa", domain=Interval.left_closed(1, np.inf), optional=True,
        doc="condition number (default: that of the objective)",
    )  # fmt: skip
    total: int | None = steps_param(None, "T", "steps of a cycle (default: the whole run)", optional=True, domain=STEPS)

    def bound(self, objective: Objective) -> Chebyshev:
        if self.condition is not None:
            return self
        top, mu = objective.smoothness, objective.strong_convexity
        if top is None or mu is None or not mu > 0.0:
            name = type(objective).__name__
            raise ValueError(
                f"Chebyshev.condition (\\kappa) must be given, since {name} does not declare L and a positive mu"
            )
        return dataclasses.replace(self, condition=top / mu)

    def rates(self, lr0: float, steps: int) -> Floats:
        if self.condition is None:
            raise ValueError("Chebyshev.condition (\\kappa) must be given where there is no objective, got None")
        total, share = self.total or steps, 1.0 / self.condition
        turns = (2.0 * np.array(stable_order(total)) - 1.0) / (4.0 * total)
        cycle = 2.0 / ((1.0 + share) + (1.0 - share) * cosines(turns))
        return lr0 * cycle[np.arange(steps + 1) % total]


PLUGIN = Chebyshev
