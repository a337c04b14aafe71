"""The function that resists subgradient steps: on it linear decay attains its bound D G / sqrt(T)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.params import NONNEGATIVE, POSITIVE, param


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = max(-v, max_i G_i x_i) per lane; params hold G (d rows), then v; workspace: the index that attains it."""
    d, lanes = x.shape
    floor, which = params[d], workspace[0]
    for lane in range(lanes):
        loss[lane] = 0.0 - floor[lane]
        which[lane] = -1.0
    for i in range(d):
        steepness, point, index = params[i], x[i], float(i)
        for lane in range(lanes):
            value = steepness[lane] * point[lane]
            higher = value > loss[lane]  # not of two that are equal: the smallest index keeps its place
            loss[lane] = value if higher else loss[lane]
            which[lane] = index if higher else which[lane]
    for i in range(d):
        steepness, slope, index = params[i], gradient[i], float(i)
        for lane in range(lanes):
            slope[lane] = steepness[lane] if which[lane] == index else 0.0
    for lane in range(lanes):
        which[lane] = 0.0


@dataclass(frozen=True)
class Resisting(Objective):
    """f(x) = max(-v, max_i G_i x_i), convex and max_i G_i-Lipschitz, not smooth (after Nemirovski and Yudin 1983).

    The subgradient is G_i e_i for the smallest i that attains the maximum, and 0 where f(x) = -v. Start at x_1 = 0 with
    as many coordinates as iterates, d = T, and let x_{t+1} = x_t - eta_t g_t with any positive step sizes. At 0 all
    coordinates tie, so g_1 = G_1 e_1; the first becomes negative, the others still tie, g_2 = G_2 e_2; and so on:
    g_t = G_t e_t has norm G_t, and the last coordinate of x_T is still 0. Hence f(x_1) = ... = f(x_T) = 0 whatever the
    schedule, and no average of the iterates is better.

    The minimum -v is attained where all G_i x_i <= -v, nearest to 0 at x_i = -v / G_i, at the distance
    D = v (sum_i G_i^-2)^(1/2). So f(x_T) - f* = v = D / (sum_t G_t^-2)^(1/2), which is D G / sqrt(T) when all G_i are
    G. Linear decay, eta_t = D / (G sqrt T) (1 - t/T), guarantees D G / sqrt(T) for every convex f with |g_t| <= G, and
    the refined schedule guarantees the former for |g_t| <= G_t (arXiv 2310.07831): neither constant can be improved, by
    these schedules or by others.

    Args:
        slopes: G, d numbers, the norm of each subgradient, in loss / length.
        depth: v = -f*, in units of loss. `at_distance` takes D instead.

    Raises:
        ValueError: a slope is not positive, or v is negative or not finite.

    >>> Resisting.at_distance(slopes=(2.0,) * 4, distance=3.0).depth  # D G / sqrt(T)
    3.0
    """

    slopes: tuple[float, ...] = param(
        symbol="G", domain=POSITIVE, unit="loss/length", doc="subgradient norm of each coordinate", kind="vector"
    )
    depth: float = param(1.0, symbol="v", domain=NONNEGATIVE, unit="loss", doc="depth of the floor below f(0) = 0")

    kernel: ClassVar[Any] = value_and_gradient
    convex = True
    strong_convexity = 0.0

    @classmethod
    def at_distance(cls, slopes: Sequence[float], distance: float) -> Self:
        """The function whose minimisers are at distance D from 0: v = D / (sum_i G_i^-2)^(1/2), rounded.

        Raises:
            ValueError: as for the class, or D is negative or not finite.
        """
        if not 0.0 <= distance < math.inf:
            raise ValueError(f"Resisting distance (D) must lie in [0, inf), got {distance!r}")
        unit = cls(slopes=tuple(slopes), depth=1.0)
        return cls(slopes=unit.slopes, depth=distance / unit.distance)

    @property
    def dim(self) -> int:
        return len(self.slopes)

    @property
    def workspace_rows(self) -> int:
        return 1

    @property
    def lipschitz(self) -> float:
        """max_i G_i: |f(x) - f(y)| <= max_i G_i |x - y|, and no smaller number will do."""
        return max(self.slopes)

    @property
    def distance(self) -> float:
        """D = v (sum_i G_i^-2)^(1/2), from 0 to the nearest minimiser, within a few units in the last place."""
        return self.depth * math.hypot(*(1.0 / slope for slope in self.slopes))

    @property
    def minimum(self) -> float:
        return 0.0 - self.depth

    @property
    def minimiser(self) -> tuple[float, ...]:
        """x_i = -v / G_i rounded away from 0, so that f is exactly -v there."""
        return tuple(_quotient_up(self.depth, slope) for slope in self.slopes)

    def expression(self, x: Any) -> Any:
        import sympy

        values = [sympy.Rational(slope) * z for slope, z in zip(self.slopes, x, strict=True)]
        pieces = [
            (value, sympy.And(*(value >= other for other in values), value > -sympy.Rational(self.depth)))
            for value in values
        ]
        return sympy.Piecewise(*pieces, (-sympy.Rational(self.depth), True))


def _quotient_up(depth: float, slope: float) -> float:
    size = depth / slope
    exact = math.isinf(size) or Fraction(size) * Fraction(slope) >= Fraction(depth)
    return 0.0 - (size if exact else math.nextafter(size, math.inf))


PLUGIN = Resisting
