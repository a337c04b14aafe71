"""Rosenbrock's curved valley."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.objectives._rationals import rounded_up
from greedylr_theory.params import POSITIVE, Interval, param


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = s sum_i [100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2] per lane; params hold d (from x's shape here), then s."""
    d, lanes = x.shape
    for lane in range(lanes):
        loss[lane] = 0.0
        gradient[0, lane] = 0.0
    for i in range(d - 1):
        for lane in range(lanes):
            scale = params[1, lane]
            bend = x[i + 1, lane] - x[i, lane] * x[i, lane]
            rest = 1.0 - x[i, lane]
            loss[lane] += scale * (100.0 * bend * bend + rest * rest)
            gradient[i, lane] -= scale * (400.0 * bend * x[i, lane] + 2.0 * rest)
            gradient[i + 1, lane] = scale * (200.0 * bend)


@dataclass(frozen=True)
class Rosenbrock(Objective):
    """f(x) = s sum_{i<d} [100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2] (Rosenbrock 1960; the chained form for d > 2).

    The gradient is not Lipschitz on the whole space, so `smoothness` is None; on a box see `smoothness_on_box`.
    Not convex: at (0, 1) the curvature along the first axis is -398 s.

    Args:
        dimension: d, at least 2.
        scale: s, in units of loss.

    Raises:
        ValueError: d is below 2 or s is not positive.
    """

    dimension: int = param(
        2, symbol="d", domain=Interval.left_closed(2, 2.0**31), doc="number of coordinates", kind="int"
    )
    scale: float = param(1.0, symbol="s", domain=POSITIVE, unit="loss", doc="factor of the whole function")

    kernel: ClassVar[Any] = value_and_gradient
    convex = False
    minimum = 0.0

    @property
    def dim(self) -> int:
        return self.dimension

    @property
    def minimiser(self) -> tuple[float, ...]:
        return (1.0,) * self.dimension

    def smoothness_on_box(self, radius: float) -> float:
        """Upper bound of the Hessian's spectral norm where all |x_i| <= radius, in loss / length^2.

        The norm of a symmetric matrix is at most its largest absolute row sum (Gershgorin). The Hessian over s is
        tridiagonal: entries -400 x_i beside the diagonal, and on it 1200 x_i^2 - 400 x_{i+1} + 2 in row 1, the
        same plus 200 in rows 2 .. d-1, and 200 in row d. With all |x_i| <= R the absolute row sums are at most
        1200 R^2 + 800 R + 2 (row 1), 1200 R^2 + 1200 R + 202 (middle rows, there are none for d = 2) and
        400 R + 200 (row d), so their maximum is a bound: for d >= 3 the middle rows'. It is computed in exact
        rationals and rounded up.

        Args:
            radius: R, in units of length, finite and at least 0.

        Raises:
            ValueError: R is negative or not finite.

        >>> Rosenbrock().smoothness_on_box(1.0), Rosenbrock(dimension=3).smoothness_on_box(1.0)
        (2002.0, 2602.0)
        """
        if not 0.0 <= radius < math.inf:
            raise ValueError(f"radius (R) must lie in [0, inf), got {radius!r}")
        r = Fraction(radius)
        ends = max(1200 * r**2 + 800 * r + 2, 400 * r + 200)
        bound = ends if self.dimension == 2 else 1200 * r**2 + 1200 * r + 202
        return rounded_up(Fraction(self.scale) * bound)

    def expression(self, x: Any) -> Any:
        import sympy

        return sympy.Rational(self.scale) * sum(
            100 * (after - before**2) ** 2 + (1 - before) ** 2 for before, after in pairwise(x)
        )


PLUGIN = Rosenbrock
