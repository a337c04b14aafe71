"""Huber's function: quadratic near the minimiser, linear far from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.params import POSITIVE, Interval, param


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = sum_i (c x_i^2 / 2 if |x_i| <= r else c r (|x_i| - r / 2)) per lane; params hold d, r, c."""
    d, lanes = x.shape
    for lane in range(lanes):
        loss[lane] = 0.0
    for i in range(d):
        for lane in range(lanes):
            radius, curvature = params[1, lane], params[2, lane]
            inner, outer = curvature * x[i, lane], curvature * radius
            size = abs(x[i, lane])
            inside = size <= radius
            # both sides are computed before either is chosen: a select vectorises where a branch does not
            parabola, line = 0.5 * inner * x[i, lane], outer * (size - 0.5 * radius)
            signed = outer if x[i, lane] > 0.0 else -outer
            loss[lane] += parabola if inside else line
            gradient[i, lane] = inner if inside else signed


@dataclass(frozen=True)
class Huber(Objective):
    """f(x) = sum_i h(x_i), h(z) = c z^2 / 2 for |z| <= r and c r (|z| - r / 2) beyond (Huber 1964).

    Convex and exactly c-smooth, but not strongly convex: beyond r the curvature is 0.

    Args:
        dimension: d.
        radius: r, where the parabola turns into a line, in units of length.
        curvature: c of the parabola, in loss / length^2.

    Raises:
        ValueError: d is below 1, or r or c is not positive.
    """

    dimension: int = param(
        1, symbol="d", domain=Interval.left_closed(1, 2.0**31), doc="number of coordinates", kind="int"
    )
    radius: float = param(1.0, symbol="r", domain=POSITIVE, unit="length", doc="end of the quadratic part")
    curvature: float = param(
        1.0, symbol="c", domain=POSITIVE, unit="loss/length^2", doc="curvature of the quadratic part"
    )

    kernel: ClassVar[Any] = value_and_gradient
    convex = True
    minimum = 0.0
    strong_convexity = 0.0

    @property
    def dim(self) -> int:
        return self.dimension

    @property
    def smoothness(self) -> float:
        return self.curvature

    @property
    def minimiser(self) -> tuple[float, ...]:
        return (0.0,) * self.dimension

    def expression(self, x: Any) -> Any:
        import sympy

        r, c = sympy.Rational(self.radius), sympy.Rational(self.curvature)
        return sum(
            sympy.Piecewise((c * z**2 / 2, sympy.Abs(z) <= r), (c * r * (sympy.Abs(z) - r / 2), True)) for z in x
        )


PLUGIN = Huber
