"""Rastrigin's function: a parabola with a cosine wave on it in every coordinate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.elementary import fraction, sine_cosine_turn
from greedylr_theory.objectives._rationals import rounded_down, rounded_up
from greedylr_theory.params import NONNEGATIVE, POSITIVE, Interval, param

FOUR_PI = 4.0 * math.pi
#: pi^2 lies strictly between this and 1e-35 more
_PI_SQUARED = Fraction("9.86960440108935861883449099987615113")


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = s sum_i [x_i^2 + 2 A sin^2(pi x_i)] per lane; params hold d (from x's shape here), A, s."""
    d, lanes = x.shape
    amplitude, scale = params[1], params[2]
    for lane in range(lanes):
        loss[lane] = 0.0
    for i in range(d):
        # rows by name: with indices in the inner loop the compiler gives up on vectorising it
        point, slope = x[i], gradient[i]
        for lane in range(lanes):
            sine, cosine = sine_cosine_turn(0.5 * fraction(point[lane]))
            wave = amplitude[lane] * sine
            loss[lane] += scale[lane] * (point[lane] * point[lane] + 2.0 * (wave * sine))
            slope[lane] = scale[lane] * (2.0 * point[lane] + FOUR_PI * (wave * cosine))


@dataclass(frozen=True)
class Rastrigin(Objective):
    """f(x) = s [A d + sum_i (x_i^2 - A cos 2 pi x_i)] (Rastrigin 1974; Muehlenbein, Schomisch and Born 1991).

    The kernel takes 1 - cos 2 pi x as 2 sin^2 pi x: nothing cancels, the loss is never negative, and it keeps its
    relative precision down to f* = 0, where A d - sum A cos 2 pi x_i leaves an error of some 1e-15 A d. Where |x_i| is
    2^51 or more the wave is dropped: there x_i is a multiple of 1/2, where the wave has no slope, and x_i^2 > 10^30.

    The curvature along an axis is s (2 + 4 pi^2 A cos 2 pi x_i), so that f is convex only for A <= 1 / (2 pi^2) =
    0.0506..., with `strong_convexity` s (2 - 4 pi^2 A); otherwise that is None. A shift of the minimiser is a shift of
    the start: nothing in a run tells them apart, up to rounding.

    Args:
        dimension: d.
        amplitude: A of the wave, in units of loss; its period is 1 in units of length.
        scale: s, factor of the whole function.

    Raises:
        ValueError: d is below 1, A is negative, or s is not positive.
    """

    dimension: int = param(
        2, symbol="d", domain=Interval.left_closed(1, 2.0**31), doc="number of coordinates", kind="int"
    )
    amplitude: float = param(10.0, symbol="A", domain=NONNEGATIVE, unit="loss", doc="amplitude of the cosine wave")
    scale: float = param(1.0, symbol="s", domain=POSITIVE, unit="1", doc="factor of the whole function")

    kernel: ClassVar[Any] = value_and_gradient
    minimum = 0.0

    @property
    def dim(self) -> int:
        return self.dimension

    @property
    def convex(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether A <= 1 / (2 pi^2), decided in rationals; no float64 is so close that pi^2 needed more digits."""
        return 2 * Fraction(self.amplitude) * (_PI_SQUARED + Fraction(1, 10**35)) <= 1

    @property
    def smoothness(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """L = s (2 + 4 pi^2 A), the curvature at the minimiser, rounded up."""
        exact = Fraction(self.scale) * (2 + 4 * Fraction(self.amplitude) * (_PI_SQUARED + Fraction(1, 10**35)))
        return rounded_up(exact)

    @property
    def strong_convexity(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """mu = s (2 - 4 pi^2 A), the curvature half-way between two minima, rounded down; None when not convex."""
        if not self.convex:
            return None
        exact = Fraction(self.scale) * (2 - 4 * Fraction(self.amplitude) * (_PI_SQUARED + Fraction(1, 10**35)))
        return max(rounded_down(exact), 0.0)

    @property
    def minimiser(self) -> tuple[float, ...]:
        return (0.0,) * self.dimension

    def expression(self, x: Any) -> Any:
        import sympy

        a, s = sympy.Rational(self.amplitude), sympy.Rational(self.scale)
        return s * (a * len(x) + sum(z**2 - a * sympy.cos(2 * sympy.pi * z) for z in x))


PLUGIN = Rastrigin
