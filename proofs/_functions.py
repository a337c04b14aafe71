"""Exact test functions: sums of piecewise quadratics in one coordinate each, whose constants can be verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from proofs._certificates import Relation

Point = tuple[Fraction, ...]


@dataclass(frozen=True)
class Piecewise:
    """phi(x) = a + b x + h x^2 / 2 on each piece.

    Args:
        breaks: where pieces meet, increasing; k numbers.
        pieces: (a, b, h) per piece; k + 1 triples. A break belongs to the piece on its left.

    >>> huber(Fraction(1)).value(Fraction(2)), huber(Fraction(1)).slope(Fraction(-2))
    (Fraction(3, 2), Fraction(-1, 1))
    """

    breaks: tuple[Fraction, ...]
    pieces: tuple[tuple[Fraction, Fraction, Fraction], ...]

    def _piece(self, x: Fraction) -> tuple[Fraction, Fraction, Fraction]:
        return self.pieces[sum(x > point for point in self.breaks)]

    def value(self, x: Fraction) -> Fraction:
        a, b, h = self._piece(x)
        return a + b * x + h * x * x / 2

    def slope(self, x: Fraction) -> Fraction:
        _, b, h = self._piece(x)
        return b + h * x

    def facts(self, smoothness: Fraction) -> dict[str, Relation]:
        """All that makes phi convex with an L-Lipschitz slope for the smallest possible L, as finitely many relations.

        phi and its slope are continuous at every break, and the curvature of every piece lies in [0, L] and
        reaches L: then the slope is nondecreasing and L-Lipschitz on the whole line.
        """
        facts: dict[str, Relation] = {}
        for (left, right), at in zip(pairwise(self.pieces), self.breaks, strict=True):
            values = [a + b * at + h * at * at / 2 for a, b, h in (left, right)]
            slopes = [b + h * at for _, b, h in (left, right)]
            facts[f"continuous at {at}"] = (values[0], "==", values[1])
            facts[f"slope continuous at {at}"] = (slopes[0], "==", slopes[1])
        for index, (_, _, h) in enumerate(self.pieces):
            facts[f"piece {index} is convex"] = (h, ">=", Fraction(0))
            facts[f"piece {index} has curvature at most L"] = (h, "<=", smoothness)
        return facts


@dataclass(frozen=True)
class Separable:
    """f(x) = sum of one piecewise quadratic per coordinate; callable as a sample of `_rules.run`."""

    coordinates: tuple[Piecewise, ...]

    def __call__(self, x: Point) -> tuple[Fraction, Point]:
        pairs = list(zip(self.coordinates, x, strict=True))
        return sum((phi.value(entry) for phi, entry in pairs), Fraction(0)), tuple(phi.slope(e) for phi, e in pairs)

    def facts(self, smoothness: Fraction, minimiser: Point) -> Mapping[str, Relation]:
        """Relations that make f convex and L-smooth, with L not improvable, and the given point its minimiser."""
        facts = {
            f"coordinate {index}: {sentence}": relation
            for index, phi in enumerate(self.coordinates)
            for sentence, relation in phi.facts(smoothness).items()
        }
        facts["some curvature equals L"] = (
            max(h for phi in self.coordinates for *_, h in phi.pieces),
            "==",
            smoothness,
        )
        for index, slope in enumerate(self(minimiser)[1]):
            facts[f"the gradient vanishes at the minimiser, coordinate {index}"] = (slope, "==", Fraction(0))
        return facts


def huber(curvature: Fraction, radius: Fraction = Fraction(1)) -> Piecewise:
    """h x^2 / 2 for abs(x) <= r, continued linearly: h r (abs(x) - r / 2)."""
    slope, offset = curvature * radius, curvature * radius * radius / 2
    zero = Fraction(0)
    return Piecewise((-radius, radius), ((-offset, -slope, zero), (zero, zero, curvature), (-offset, slope, zero)))


def square(curvature: Fraction, centre: Fraction = Fraction(0)) -> Piecewise:
    """h (x - c)^2 / 2.

    >>> square(Fraction(4), Fraction(1)).value(Fraction(2))
    Fraction(2, 1)
    """
    return Piecewise((), ((curvature * centre * centre / 2, -curvature * centre, curvature),))


@dataclass(frozen=True)
class MeanOfSquares:
    """f(x) = (1/n) sum_i h_i (x - c_i)^2 / 2 on the line: the smallest finite sum with gradient noise.

    >>> both = MeanOfSquares((Fraction(1), Fraction(3)), (Fraction(0), Fraction(1)))
    >>> both.minimiser, both.smoothness, both.strong_convexity, both.noise
    (Fraction(3, 4), Fraction(3, 1), Fraction(2, 1), Fraction(9, 16))
    """

    curvatures: Point
    centres: Point

    @property
    def functions(self) -> list[Separable]:
        """The f_i, as samples of `_rules.run`."""
        return [Separable((square(h, c),)) for h, c in zip(self.curvatures, self.centres, strict=True)]

    @property
    def minimiser(self) -> Fraction:
        return sum((h * c for h, c in zip(self.curvatures, self.centres, strict=True)), Fraction(0)) / sum(
            self.curvatures
        )

    @property
    def smoothness(self) -> Fraction:
        """L such that every f_i is L-smooth."""
        return max(self.curvatures)

    @property
    def strong_convexity(self) -> Fraction:
        """mu of f."""
        return sum(self.curvatures, Fraction(0)) / len(self.curvatures)

    @property
    def noise(self) -> Fraction:
        """sigma*^2, the mean square of the gradients of the f_i at the minimiser."""
        slopes = [f((self.minimiser,))[1][0] for f in self.functions]
        return sum((slope * slope for slope in slopes), Fraction(0)) / len(slopes)

    def suboptimality(self, x: Fraction) -> Fraction:
        """f(x) - f*."""
        return self.strong_convexity * (x - self.minimiser) ** 2 / 2
