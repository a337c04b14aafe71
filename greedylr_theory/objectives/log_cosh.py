"""log cosh: a smooth relative of Huber's function, with derivatives of all orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.elementary import expm1, log1p
from greedylr_theory.params import POSITIVE, Interval, param

LN2 = 0.6931471805599453
#: from here on log cosh z is |z| - ln 2, and tanh z is 1, to the last bit: e^-40 is below a quarter of a unit
FAR = 20.0


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = sum_i c r^2 log cosh(x_i / r) per lane; params hold d (from x's shape here), r, c.

    With E = e^|z| - 1: cosh z - 1 = E^2 / (2 (1 + E)) and tanh |z| = E (E + 2) / (E (E + 2) + 2), nothing cancels.
    """
    d, lanes = x.shape
    radius, curvature = params[1], params[2]
    for lane in range(lanes):
        loss[lane] = 0.0
    for i in range(d):
        point, slope = x[i], gradient[i]
        for lane in range(lanes):
            outer, size = curvature[lane] * radius[lane], abs(point[lane])
            z = size / radius[lane]
            far = z > FAR
            grown = expm1(FAR if far else z)
            near_value = outer * (radius[lane] * log1p(grown * grown / (2.0 * (1.0 + grown))))
            loss[lane] += outer * (size - radius[lane] * LN2) if far else near_value
            sinh = grown * (grown + 2.0)
            rise = outer * (sinh / (sinh + 2.0))
            slope[lane] = rise if point[lane] > 0.0 else -rise


@dataclass(frozen=True)
class LogCosh(Objective):
    """f(x) = sum_i c r^2 log cosh(x_i / r), about c x_i^2 / 2 near 0 and c r |x_i| far away (Green 1990).

    Convex. The curvature c / cosh(x_i / r)^2 is largest at 0, where it is c: exactly c-smooth. It falls to 0 far away,
    so f is strictly but not strongly convex: the exact constant is 0.

    Args:
        dimension: d.
        radius: r, where the parabola bends into a line, in units of length.
        curvature: c at the minimiser, in loss / length^2.

    Raises:
        ValueError: d is below 1, or r or c is not positive.
    """

    dimension: int = param(
        1, symbol="d", domain=Interval.left_closed(1, 2.0**31), doc="number of coordinates", kind="int"
    )
    radius: float = param(1.0, symbol="r", domain=POSITIVE, unit="length", doc="where the parabola bends into a line")
    curvature: float = param(1.0, symbol="c", domain=POSITIVE, unit="loss/length^2", doc="curvature at the minimiser")

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
        return sum(c * r**2 * sympy.log(sympy.cosh(z / r)) for z in x)


PLUGIN = LogCosh
