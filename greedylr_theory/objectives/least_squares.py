"""Least squares on explicit small data, full batch or minibatch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from greedylr_theory.compilation import subroutine
from greedylr_theory.contracts import Floats, objective_kernel
from greedylr_theory.objectives import _explicit, _labels, _products, _rationals, _sampling, _spectrum
from greedylr_theory.objectives._finite_sum import FiniteSum

#: samples at a time, and rows of the workspace before those of the minibatch: their residuals
BLOCK = 16
#: rows of the minibatch beside the chosen samples, a row of the table and the marks: counts, and other labels
_COUNTS, _OTHER, _EXTRA = 0, 1, 2
#: row of the parameters, and how many there are when no perturbation adds to them
_BATCH, _PARAMS = 0, 2


@subroutine
def divide(gradient, loss, counts):
    """From sums to means over counts (B,) samples."""
    for lane in range(loss.size):
        loss[lane] /= counts[lane]
    for i in range(gradient.shape[0]):
        for lane in range(loss.size):
            gradient[i, lane] /= counts[lane]


@objective_kernel
def full_batch(x, params, data, draws, workspace, gradient, loss):
    """f(x) = (1/n) sum_i (a_i.x - b_i)^2 / 2 per lane; data (n, d + 1) holds the rows a_i and, last, b_i."""
    d, n = x.shape[0], data.shape[0]
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        _products.block_margins(workspace, 0, x, 0, data, start, size, d)
        for s in range(size):
            for lane in range(loss.size):
                residual = workspace[s, lane] - data[start + s, d]
                workspace[s, lane] = residual
                loss[lane] += 0.5 * residual * residual
        _products.add_block_multiples(gradient, 0, workspace, 0, data, start, size, d)
    workspace[0, :] = float(n)
    divide(gradient, loss, workspace[0])
    _products.clear(workspace, 0, BLOCK)


@objective_kernel
def minibatch(x, params, data, draws, workspace, gradient, loss):
    """The same mean over distinct rows chosen by the draws, as many as each lane's parameter says.

    A slot that a lane does not use adds a row times zero: no bit of a sum that began with +0 changes.
    """
    d, n = x.shape[0], data.shape[0]
    # the workspace is sized for the capacity: no parameter can lead outside of it
    capacity = workspace.shape[0] - BLOCK - _EXTRA - (d + 1) - n
    extra, first = BLOCK + capacity, BLOCK + capacity + _EXTRA
    chosen, marks = workspace[BLOCK:extra], workspace[first + d + 1 :]
    counts, other = workspace[extra + _COUNTS], workspace[extra + _OTHER]
    labels = _labels.first_draw(params[_BATCH], capacity)
    loss[:] = 0.0
    _products.clear(gradient, 0, d)
    top = _sampling.choose_distinct(draws, params[_BATCH], n, counts, chosen, marks)
    for slot in range(top):
        _sampling.gather(data, chosen, slot, workspace, first, 1, d + 1)
        if params.shape[0] > _PARAMS:
            _labels.other_targets(other, chosen, slot, draws, labels, data)
            _labels.replace(workspace[first + d], other, slot, draws, labels, params[_PARAMS:], data)
        _products.lane_margins(workspace, 0, x, 0, workspace, first, d)
        for lane in range(loss.size):
            residual = workspace[0, lane] - workspace[first + d, lane]
            residual = residual if float(slot) < counts[lane] else 0.0
            workspace[0, lane] = residual
            loss[lane] += 0.5 * residual * residual
        _products.add_lane_multiples(gradient, 0, workspace, 0, workspace, first, d)
    divide(gradient, loss, counts)
    _sampling.unmark(chosen, top, marks)
    _products.clear(workspace, 0, first + d + 1)


class Solution(NamedTuple):
    """Exact solution, rounded at the end."""

    minimum: float
    minimiser: tuple[float, ...]
    gradient_noise: float


@dataclass(frozen=True)
class LeastSquares(FiniteSum):
    """f(x) = (1/n) sum_i f_i(x), f_i(x) = (a_i.x - b_i)^2 / 2, convex and smooth.

    Args:
        features: A, n rows a_i of d numbers each.
        targets: b, n numbers, in units of the square root of loss.
        batch: samples per step, drawn anew each step without repetition; None for all of them. The loss and the
            gradient of a step are then means over the sample, unbiased for those of f.
        largest_batch: samples per step that the arrays are sized for, so that a schedule can move `batch` within
            [1, largest_batch] during a run; `batch` when None, which then stays as it is.

    Raises:
        ValueError: the rows differ in length, a number is not finite, targets and rows differ in number, or not
            batch <= largest_batch <= n.

    The minimum, a minimiser and the gradient noise come from the normal equations solved in exact rationals.

    >>> line = LeastSquares(features=((1.0, 1.0), (1.0, 2.0), (1.0, 3.0)), targets=(1.0, 2.0, 2.0))
    >>> line.minimum == 1 / 36, [round(c, 12) for c in line.minimiser]
    (True, [0.666666666667, 0.5])
    """

    features: tuple[tuple[float, ...], ...]
    targets: tuple[float, ...]
    batch: int | None = _sampling.batch_param()
    largest_batch: int | None = _sampling.largest_batch_param()

    convex = True

    def check(self) -> None:
        object.__setattr__(self, "features", _explicit.rows("LeastSquares", "features (A)", self.features))
        object.__setattr__(self, "targets", _explicit.numbers("LeastSquares", "targets (b)", self.targets))
        if len(self.targets) != len(self.features):
            raise ValueError(
                f"LeastSquares.targets (b) must have one number per row of features (A), {len(self.features)}, "
                f"got {len(self.targets)}"
            )
        self.check_batch()

    def specification(self) -> dict[str, Any]:
        return {**super().specification(), "features": self.features, "targets": self.targets}

    @property
    def full_kernel(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return full_batch

    @property
    def minibatch_kernel(self) -> Any:
        return minibatch

    @property
    def full_rows(self) -> int:
        return BLOCK

    def sample_rows(self, capacity: int) -> int:
        return BLOCK + capacity + _EXTRA + self.dim + 1 + len(self.features)

    @property
    def dim(self) -> int:
        return len(self.features[0])

    @cached_property
    def data(self) -> Floats:  # pyright: ignore[reportIncompatibleMethodOverride]
        return np.column_stack([np.array(self.features), np.array(self.targets)])

    @cached_property
    def data_digest(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return hashlib.sha256(repr((self.features, self.targets)).encode()).hexdigest()

    @cached_property
    def smoothness(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """L, the largest eigenvalue of A^T A / n, never below it and at most some 1e-13 of it above."""
        return _spectrum.largest_eigenvalue_bound(self.data[:, :-1])

    @cached_property
    def sample_smoothness(self) -> float:
        """L_max = max_i |a_i|^2: every f_i is L_max-smooth, and so is every minibatch. Rounded up."""
        return _spectrum.largest_squared_row_norm(self.data[:, :-1])

    @cached_property
    def strong_convexity(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """mu, a rigorous lower bound of the smallest eigenvalue of A^T A / n; 0 when A has (nearly) dependent columns.

        The bound is below that eigenvalue by some 1e-13 of the largest one.
        """
        return _spectrum.smallest_eigenvalue_bound(self.data[:, :-1])

    @property
    def minimum(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._solution.minimum

    @property
    def minimiser(self) -> tuple[float, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._solution.minimiser

    @property
    def gradient_noise(self) -> float:
        """sigma*^2 = (1/n) sum_i |grad f_i(x*)|^2, the same at every minimiser."""
        return self._solution.gradient_noise

    @cached_property
    def _solution(self) -> Solution:
        from flint import fmpq

        n, d = len(self.features), self.dim
        a, b = _explicit.rational_matrix(self.features), _explicit.rational_matrix([[value] for value in self.targets])
        # the normal equations always have a solution
        x = _explicit.solved(a.transpose() * a, a.transpose() * b)
        residual = a * x - b
        squares = [residual[i, 0] ** 2 for i in range(n)]
        noise = sum((squares[i] * a[i, j] ** 2 for i in range(n) for j in range(d)), fmpq(0)) / n
        return Solution(
            minimum=_rationals.nearest(sum(squares, fmpq(0)) / (2 * n)),
            minimiser=tuple(_rationals.nearest(x[j, 0]) for j in range(d)),
            gradient_noise=_rationals.nearest(noise),
        )

    def expression(self, x: Any) -> Any:
        import sympy

        residuals = [
            sum(sympy.Rational(a) * z for a, z in zip(row, x, strict=True)) - sympy.Rational(b)
            for row, b in zip(self.features, self.targets, strict=True)
        ]
        return sum(residual**2 for residual in residuals) / (2 * len(residuals))


PLUGIN = LeastSquares
