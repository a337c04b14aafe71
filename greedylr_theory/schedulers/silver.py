"""Silver step sizes: long steps at the places of a ruler (Altschuler and Parrilo, arXiv 2309.07879, 2309.16530)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from greedylr_theory.contracts import Floats, OpenLoop


@dataclass(frozen=True)
class Silver(OpenLoop):
    """gamma_t = gamma_0 (1 + rho^(nu(t+1) - 1)), rho = 1 + sqrt 2, nu(n) the number of times that 2 divides n.

    t counts from 0. gamma_0 stands for 1 / L: with it T = 2^k - 1 steps reach
    f(x_T) - f* <= L R^2 / (1 + sqrt(4 rho^(2 k) - 3)) for every convex L-smooth f, which falls like T^-1.27, without
    momentum. The steps do not depend on the length of the run, but its length matters: after 2^k steps, the last of
    them long, the worst case is at least that of one step, (sqrt 2 - 1)^2 L R^2 / 2.

    Source: arXiv 2309.16530, Theorem 1.1.
    """

    def rates(self, lr0: float, steps: int) -> Floats:
        root = np.sqrt(2.0)
        # the powers of rho from -1 on; 1 / rho = sqrt 2 - 1
        powers = np.concatenate([[root - 1.0], np.multiply.accumulate(np.append(1.0, np.full(32, 1.0 + root)))])
        count = np.arange(1, steps + 2)
        return lr0 * (1.0 + powers[np.bitwise_count((count & -count) - 1)])


PLUGIN = Silver
