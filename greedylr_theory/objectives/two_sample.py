"""Two parabolas side by side, one of them sampled at each step."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.objectives._rationals import nearest
from greedylr_theory.params import POSITIVE, REAL, param


@objective_kernel
def one_sample(x, params, data, draws, workspace, gradient, loss):
    """f_1 = h/2 (x - s)^2 + c if the draw is below 1/2, else f_2 = h/2 (x + s)^2, s = Delta/2; params h, Delta, c."""
    curvature, separation, offset = params[0], params[1], params[2]
    point, slope, uniform = x[0], gradient[0], draws[0]
    for lane in range(loss.size):
        first = uniform[lane] < 0.5
        half = 0.5 * separation[lane]
        gap = point[lane] - (half if first else -half)
        pull = curvature[lane] * gap
        slope[lane] = pull
        loss[lane] = 0.5 * pull * gap + (offset[lane] if first else 0.0)


@objective_kernel
def both_samples(x, params, data, draws, workspace, gradient, loss):
    """f = (f_1 + f_2) / 2 = h/2 x^2 + (h s^2 + c) / 2, s = Delta/2."""
    curvature, separation, offset = params[0], params[1], params[2]
    point, slope = x[0], gradient[0]
    for lane in range(loss.size):
        half = 0.5 * separation[lane]
        pull = curvature[lane] * point[lane]
        slope[lane] = pull
        loss[lane] = 0.5 * pull * point[lane] + 0.5 * (curvature[lane] * half * half + offset[lane])


@dataclass(frozen=True)
class TwoSample(Objective):
    """f = (f_1 + f_2) / 2 in one dimension, f_1(x) = h/2 (x - Delta/2)^2 + c, f_2(x) = h/2 (x + Delta/2)^2.

    Each step sees f_1 or f_2, with probability 1/2 each. The offset c changes no gradient, but a scheduler that
    compares losses sees it: where c is large and the sample is not that of the step before, the comparison tells which
    one was drawn and nothing about progress.

    Args:
        curvature: h of both, in loss / length^2.
        separation: Delta, distance between the minimisers of f_1 and f_2, in units of length.
        offset: c, added to f_1, in units of loss.

    Raises:
        ValueError: h or Delta is not positive, or c is not finite.
    """

    curvature: float = param(1.0, symbol="h", domain=POSITIVE, unit="loss/length^2", doc="curvature of both parabolas")
    separation: float = param(
        2.0, symbol=r"\Delta", domain=POSITIVE, unit="length", doc="distance between the minimisers of the two samples"
    )
    offset: float = param(0.0, symbol="c", domain=REAL, unit="loss", doc="constant added to the first sample")

    kernel: ClassVar[Any] = one_sample
    full_kernel: ClassVar[Any] = both_samples
    uniforms = 1
    convex = True
    minimiser = (0.0,)

    @property
    def dim(self) -> int:
        return 1

    @property
    def smoothness(self) -> float:
        return self.curvature

    @property
    def sample_smoothness(self) -> float:
        """L_max = h, of either sample."""
        return self.curvature

    @property
    def strong_convexity(self) -> float:
        return self.curvature

    @property
    def minimum(self) -> float:
        """f* = h Delta^2 / 8 + c / 2, to the nearest float64."""
        h, separation, c = Fraction(self.curvature), Fraction(self.separation), Fraction(self.offset)
        return nearest(h * separation**2 / 8 + c / 2)

    @property
    def gradient_noise(self) -> float:
        """sigma*^2 = (h Delta / 2)^2, to the nearest float64: both samples pull equally hard at x* = 0."""
        return nearest((Fraction(self.curvature) * Fraction(self.separation) / 2) ** 2)

    def expression(self, x: Any) -> Any:
        import sympy

        h, separation, c = (sympy.Rational(value) for value in (self.curvature, self.separation, self.offset))
        first = h / 2 * (x[0] - separation / 2) ** 2 + c
        return (first + h / 2 * (x[0] + separation / 2) ** 2) / 2


PLUGIN = TwoSample
