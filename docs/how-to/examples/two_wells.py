"""A function with two wells along each axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.params import POSITIVE, Interval, param


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = h sum_i (x_i^2 - 1)^2 / 4 per lane; params hold d (from x's shape here), then h."""
    d, lanes = x.shape
    height = params[1]
    for lane in range(lanes):
        loss[lane] = 0.0
    for i in range(d):
        point, slope = x[i], gradient[i]
        for lane in range(lanes):
            rest = point[lane] * point[lane] - 1.0
            loss[lane] += 0.25 * height[lane] * (rest * rest)
            slope[lane] = height[lane] * (rest * point[lane])


@dataclass(frozen=True)
class TwoWells(Objective):
    """f(x) = h sum_i (x_i^2 - 1)^2 / 4: minima at all points of -1 and 1, a maximum along each axis at 0.

    Args:
        dimension: d.
        height: h, four times f at the maximum between two wells, in units of loss.
    """

    dimension: int = param(2, symbol="d", domain=Interval.closed(1, 10_000), doc="number of coordinates", kind="int")
    height: float = param(1.0, symbol="h", domain=POSITIVE, unit="loss", doc="four times the height between wells")

    kernel: ClassVar[Any] = value_and_gradient
    convex = False
    minimum = 0.0

    @property
    def dim(self) -> int:
        return self.dimension

    @property
    def minimiser(self) -> tuple[float, ...]:
        return (1.0,) * self.dimension

    def expression(self, x: Any) -> Any:
        import sympy

        return sympy.Rational(self.height) * sum((z**2 - 1) ** 2 for z in x) / 4


PLUGIN = TwoWells
