"""Ackley's function: a cone that flattens far away, with a cosine wave on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.elementary import exp, expm1, fraction, sine_cosine_turn
from greedylr_theory.params import POSITIVE, Interval, param

TWO_PI = 2.0 * math.pi
E = math.e
#: workspace: |x|^2 and sum_i sin^2(pi nu x_i), and later the factors of x_i and of sin(2 pi nu x_i) in the gradient
SQUARES, WAVES = 0, 1


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f = a (1 - e^(-b r)) + e (1 - e^(-2 q)), r = |x| / sqrt(d), q = mean_i sin^2(pi nu x_i); params d, a, b, nu."""
    d, lanes = x.shape
    dim = float(d)
    height, decay, frequency = params[1], params[2], params[3]
    squares, waves = workspace[SQUARES], workspace[WAVES]
    for i in range(d):
        # rows by name: with indices in the inner loop the compiler gives up on vectorising it
        point, slope = x[i], gradient[i]
        for lane in range(lanes):
            sine, cosine = sine_cosine_turn(0.5 * fraction(frequency[lane] * point[lane]))
            squares[lane] += point[lane] * point[lane]
            waves[lane] += sine * sine
            slope[lane] = 2.0 * (sine * cosine)
    for lane in range(lanes):
        radius = math.sqrt(squares[lane] / dim)
        cone, wave = -decay[lane] * radius, -2.0 * (waves[lane] / dim)
        loss[lane] = -height[lane] * expm1(cone) - E * expm1(wave)
        # at the tip of the cone 0 / 0: a select, so that the gradient there is the wave's, which is 0
        pull = height[lane] * decay[lane] * exp(cone) / (dim * radius)
        squares[lane] = 0.0 if radius == 0.0 else pull
        waves[lane] = TWO_PI * frequency[lane] / dim * (E * exp(wave))
    for i in range(d):
        point, slope = x[i], gradient[i]
        for lane in range(lanes):
            slope[lane] = squares[lane] * point[lane] + waves[lane] * slope[lane]
    for lane in range(lanes):
        squares[lane] = 0.0
        waves[lane] = 0.0


@dataclass(frozen=True)
class Ackley(Objective):
    """f(x) = -a exp(-b |x| / sqrt d) - exp((1/d) sum_i cos 2 pi nu x_i) + a + e (Ackley 1987; Baeck 1996).

    Usually a = 20, b = 0.2 and c = 2 pi nu = 2 pi, the defaults here.

    Not differentiable at the minimiser 0, the tip of a cone of slope a b / sqrt(d) in every direction. The kernel
    gives the gradient 0 there. Where |x|^2 underflows to zero (all |x_i| below 1.5e-162) it leaves the cone out of loss
    and gradient as well. The gradient jumps, so `smoothness` is None. Never convex: f is bounded above, by a + e, and a
    convex function that is bounded above on the whole space is constant.

    Written as above, 20 + e - 20 - exp(1) leaves what the roundings leave, often 4.4e-16, and losses near 0 are right
    to some 1e-15 only. The kernel uses 1 - exp instead, with 1 - cos 2 u = 2 sin^2 u: two terms that are never negative
    and keep their relative precision, so that the loss is 0 at 0 and about a b |x| / sqrt(d) at the smallest x. Losses
    below 1e-15 thus mean what they say here, and need not in other implementations.

    Args:
        dimension: d.
        height: a, depth of the cone, in units of loss.
        decay: b, rate at which the cone flattens, in 1 / length.
        frequency: nu = c / (2 pi), waves per unit of length; a given nu, unlike c, has an exact period.

    Raises:
        ValueError: d is below 1, or a, b or nu is not positive.
    """

    dimension: int = param(
        2, symbol="d", domain=Interval.left_closed(1, 2.0**31), doc="number of coordinates", kind="int"
    )
    height: float = param(20.0, symbol="a", domain=POSITIVE, unit="loss", doc="depth of the cone")
    decay: float = param(0.2, symbol="b", domain=POSITIVE, unit="1/length", doc="rate at which the cone flattens")
    frequency: float = param(1.0, symbol=r"\nu", domain=POSITIVE, unit="1/length", doc="waves per unit of length")

    kernel: ClassVar[Any] = value_and_gradient
    convex = False
    minimum = 0.0

    @property
    def dim(self) -> int:
        return self.dimension

    @property
    def workspace_rows(self) -> int:
        return 2

    @property
    def minimiser(self) -> tuple[float, ...]:
        return (0.0,) * self.dimension

    def expression(self, x: Any) -> Any:
        import sympy

        a, b, nu = (sympy.Rational(value) for value in (self.height, self.decay, self.frequency))
        radius = sympy.sqrt(sum(z**2 for z in x) / len(x))
        waves = sum(sympy.cos(2 * sympy.pi * nu * z) for z in x) / len(x)
        return a * (1 - sympy.exp(-b * radius)) + sympy.E - sympy.exp(waves)


PLUGIN = Ackley
