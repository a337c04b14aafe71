"""Convex 1-Lipschitz functions that are a maximum of tangents, given by inner products only: exact runs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from proofs._certificates import Relation

Matrix = Sequence[Sequence[Fraction]]


@dataclass(frozen=True)
class Tangents:
    """f(x) = max{0, max_k (f_k + <g_k, x - x_k>)} with x* = 0, and subgradient steps x_{k+1} = x_k - eta g_k on it.

    Args:
        gram: <g_j, g_k>, j, k = 0 .. N.
        weights: d = x_0 - x* = sum_k weights[k] g_k.
        eta: the step.
        values: f_k = f(x_k) - f*, k = 0 .. N.
    """

    gram: Matrix
    weights: Sequence[Fraction]
    eta: Fraction
    values: Sequence[Fraction]

    def product(self, k: int, j: int) -> Fraction:
        """<g_k, x_j - x*>."""
        row = self.gram[k]
        start = sum((w * entry for w, entry in zip(self.weights, row, strict=True)), Fraction(0))
        return start - self.eta * sum(row[:j], Fraction(0))

    @property
    def distance_squared(self) -> Fraction:
        return sum((w * self.product(k, 0) for k, w in enumerate(self.weights)), Fraction(0))

    def at(self, coefficients: Sequence[Fraction]) -> Fraction:
        """f at the mean of the iterates with these weights, which sum to 1."""
        tangents = [
            value
            + sum((c * (self.product(k, j) - self.product(k, k)) for j, c in enumerate(coefficients)), Fraction(0))
            for k, value in enumerate(self.values)
        ]
        return max(Fraction(0), *tangents)

    def facts(self) -> Mapping[str, Relation]:
        """All that makes this a run with steps eta on a convex 1-Lipschitz function with minimum 0, from distance 1."""
        indices = range(len(self.values))
        found: dict[str, Relation] = {"norm(x_0 - x*)^2": (self.distance_squared, "==", Fraction(1))}
        for k, pivot in enumerate(_pivots(self.gram)):
            found[f"the inner products are those of vectors, pivot {k}"] = (pivot, ">=", Fraction(0))
        for k in indices:
            found[f"norm(g_{k})^2"] = (self.gram[k][k], "==", Fraction(1))
            found[f"f* is the minimum, at x_{k}"] = (self.values[k], ">=", Fraction(0))
            tangent = self.values[k] - self.product(k, k)
            found[f"tangent {k} is not above f* at x*"] = (tangent, "<=", Fraction(0))
            for j in indices:
                if j != k:
                    tangent = self.values[k] + self.product(k, j) - self.product(k, k)
                    found[f"tangent {k} is not above f at x_{j}"] = (tangent, "<=", self.values[j])
        return found


def _pivots(matrix: Matrix) -> list[Fraction]:
    """Of symmetric elimination in order, -1 where it stops: all >= 0 just for the positive semidefinite."""
    rows = [list(row) for row in matrix]
    found: list[Fraction] = []
    for k in range(len(rows)):
        pivot = rows[k][k]
        found.append(pivot)
        if pivot == 0:
            if any(rows[k][k + 1 :]):
                found.append(Fraction(-1))
                break
            continue
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return found
