"""Sum of squared hinges: convex, smooth, and quadratic with another Hessian in every cell of an arrangement."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from greedylr_theory.contracts import Floats, Objective, objective_kernel
from greedylr_theory.objectives import _explicit, _products, _rationals, _spectrum

#: hinges at a time, and rows of the workspace: their slopes
BLOCK = 16
#: steps and halvings of Newton's method; tables that need more have no declared minimum
STEPS, HALVINGS = 60, 60


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = 1/2 sum_i c_i max(0, a_i.x - b_i)^2 per lane; data (n, d + 2) holds the rows a_i and, last, b_i, c_i."""
    d, n = x.shape[0], data.shape[0]
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        _products.block_margins(workspace, 0, x, 0, data, start, size, d)
        for s in range(size):
            margin, threshold, weight = workspace[s], data[start + s, d], data[start + s, d + 1]
            for lane in range(loss.size):
                excess = margin[lane] - threshold
                excess = 0.0 if excess <= 0.0 else excess  # NaN stays
                slope = weight * excess
                margin[lane] = slope
                loss[lane] += 0.5 * slope * excess
        _products.add_block_multiples(gradient, 0, workspace, 0, data, start, size, d)
    _products.clear(workspace, 0, BLOCK)


class Solution(NamedTuple):
    """Exact, rounded at the end."""

    minimum: float
    minimiser: tuple[float, ...]


@dataclass(frozen=True)
class SquaredHinges(Objective):
    """f(x) = 1/2 sum_i c_i max(0, a_i.x - b_i)^2: a sum, not a mean.

    Convex with a Lipschitz gradient, piecewise quadratic. Rational numbers stay rational under gradient descent, which
    makes it the place to look for exact counterexamples; |x|^2 / 2 is the sum of hinges with rows 1 and -1.

    Args:
        features: A, n rows a_i of d numbers each.
        thresholds: b, n numbers; zeros when omitted.
        weights: c, n numbers, each at least 0; ones when omitted. With b in units of u, f is in units of c u^2.

    Raises:
        ValueError: the rows differ in length, a number is not finite, a weight is negative, or there are not as many
            thresholds or weights as rows.

    The minimum and a minimiser come from Newton's method in exact rationals, whose last iterate has gradient zero
    exactly; both are None for a table where that does not end.

    >>> SquaredHinges(features=((1.0, 1.0), (-1.0, 0.0), (0.0, -1.0)), thresholds=(-1.0, 0.0, 0.0)).minimum
    0.16666666666666666
    """

    features: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()

    kernel: ClassVar[Any] = value_and_gradient
    convex = True

    def check(self) -> None:
        rows = _explicit.rows("SquaredHinges", "features (A)", self.features)
        object.__setattr__(self, "features", rows)
        for name, symbol, usual in (("thresholds", "b", 0.0), ("weights", "c", 1.0)):
            given = getattr(self, name)
            omitted = isinstance(given, tuple) and not given
            found = (usual,) * len(rows) if omitted else _explicit.numbers("SquaredHinges", f"{name} ({symbol})", given)
            if len(found) != len(rows):
                raise ValueError(
                    f"SquaredHinges.{name} ({symbol}) must have one number per row of features (A), {len(rows)}, "
                    f"got {len(found)}"
                )
            object.__setattr__(self, name, found)
        if min(self.weights) < 0.0:
            raise ValueError(f"SquaredHinges.weights (c) must lie in [0, inf), got {min(self.weights)!r}")

    def specification(self) -> dict[str, Any]:
        table = {"features": self.features, "thresholds": self.thresholds, "weights": self.weights}
        return {**super().specification(), **table}

    @property
    def workspace_rows(self) -> int:
        return BLOCK

    @property
    def dim(self) -> int:
        return len(self.features[0])

    @cached_property
    def data(self) -> Floats:  # pyright: ignore[reportIncompatibleMethodOverride]
        return np.column_stack([np.array(part) for part in (self.features, self.thresholds, self.weights)])

    @cached_property
    def data_digest(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return hashlib.sha256(repr((self.features, self.thresholds, self.weights)).encode()).hexdigest()

    @cached_property
    def smoothness(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """A bound of the largest eigenvalue of sum_i c_i a_i a_i^T, above it by some 1e-13 of it at most.

        The gradient is L-Lipschitz with any number above the largest eigenvalue over the cells that exist. The sum over
        all rows is that number where some point lies beyond all hinges, and an upper bound otherwise.
        """
        entries = [
            [
                sum((Fraction(c) * Fraction(a[i]) * Fraction(a[j]) for a, c in self._pairs), Fraction(0))
                for j in range(self.dim)
            ]
            for i in range(self.dim)
        ]
        return _spectrum.largest_eigenvalue_bound_of(
            np.array([[_rationals.nearest(e) for e in row] for row in entries])
        )

    @property
    def _pairs(self) -> list[tuple[tuple[float, ...], float]]:
        return list(zip(self.features, self.weights, strict=True))

    @property
    def minimum(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return None if self._solution is None else self._solution.minimum

    @property
    def minimiser(self) -> tuple[float, ...] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return None if self._solution is None else self._solution.minimiser

    @cached_property
    def _solution(self) -> Solution | None:
        from flint import fmpq, fmpq_mat

        a, b, c = (
            _explicit.rational_matrix(table)
            for table in (self.features, [[value] for value in self.thresholds], [[value] for value in self.weights])
        )
        n, d = len(self.features), self.dim

        def excesses(x: Any) -> list[Any]:
            margins = a * x - b
            return [max(margins[i, 0], fmpq(0)) for i in range(n)]

        def value(found: list[Any]) -> Any:
            return sum((c[i, 0] * found[i] ** 2 for i in range(n)), fmpq(0)) / 2

        x = fmpq_mat(d, 1)
        for _ in range(STEPS):
            found = excesses(x)
            slope = a.transpose() * fmpq_mat([[c[i, 0] * found[i]] for i in range(n)])
            if all(slope[j, 0] == 0 for j in range(d)):
                return Solution(_rationals.nearest(value(found)), tuple(_rationals.nearest(x[j, 0]) for j in range(d)))
            beyond = [c[i, 0] if found[i] > 0 else fmpq(0) for i in range(n)]
            weighted = fmpq_mat([[beyond[i] * a[i, j] for j in range(d)] for i in range(n)])
            direction = _explicit.solved(a.transpose() * weighted, slope)
            size = fmpq(1)
            while value(excesses(x - size * direction)) >= value(found) and size > fmpq(1, 2**HALVINGS):
                size /= 2
            x = x - size * direction
        return None

    def expression(self, x: Any) -> Any:
        import sympy

        total = sympy.Integer(0)
        for row, b, c in zip(self.features, self.thresholds, self.weights, strict=True):
            excess = sum(sympy.Rational(a) * z for a, z in zip(row, x, strict=True)) - sympy.Rational(b)
            total += sympy.Piecewise((sympy.Rational(c) * excess**2 / 2, excess > 0), (0, True))
        return total


PLUGIN = SquaredHinges
