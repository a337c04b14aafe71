"""Minimum of l2-regularised logistic regression: Newton's method, then a certificate from strong convexity."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from greedylr_theory.objectives._blas import single_thread
from greedylr_theory.objectives._tables import Floats, Table

#: what the certificate must guarantee: f(x) - f* <= RELATIVE_GAP f(x)
RELATIVE_GAP = 1e-12
_STEPS, _PATIENCE = 200, 2
_UNIT_ROUNDOFF = 2.0**-53


class Minimum(NamedTuple):
    """value: f(x), above f* by at most `gap`; point: x (d,)."""

    value: float
    point: tuple[float, ...]
    gap: float


@functools.lru_cache(maxsize=256)
def minimum(table: Table, l2: float) -> Minimum:
    """Minimise over the whole table.

    f is l2-strongly convex, so f(x) - f* <= |grad f(x)|^2 / (2 l2) wherever x comes from. The computed gradient norm
    enters with a bound of its rounding error added to it.

    Raises:
        RuntimeError: the gap cannot be certified below RELATIVE_GAP f(x) in double precision.
    """
    with single_thread():
        return _newton(table, l2)


def _newton(table: Table, l2: float) -> Minimum:
    from scipy.linalg import cho_factor, cho_solve

    model = _Binary(table, l2) if len(table.classes) == 2 else _Multinomial(table, l2)
    x = np.zeros(model.dim)
    best, stalled = Minimum(math.inf, tuple(x), math.inf), 0
    for _ in range(_STEPS):
        value, gradient, error = model.value_gradient_error(x)
        gap = (float(np.linalg.norm(gradient)) + error) ** 2 / (2.0 * l2)
        improved = gap < 0.5 * best.gap
        if gap < best.gap:
            best = Minimum(value, tuple(x.tolist()), gap)
        direction = cho_solve(cho_factor(model.hessian(x)), gradient)
        decrease = float(gradient @ direction)
        size = 1.0
        # near the minimum the loss no longer resolves the decrease, and there the full step is the right one
        near = decrease <= 1e-10 * value
        while not near and model.value(x - size * direction) > value - 0.25 * size * decrease:
            size *= 0.5
        stalled = stalled + 1 if near and not improved else 0
        if stalled == _PATIENCE:
            break
        x = x - size * direction
    if best.gap <= RELATIVE_GAP * best.value:
        return best
    raise RuntimeError(
        f"the minimum of the logistic loss is certified only to {best.gap:.1e} at a value of {best.value:.3g} "
        f"for l2 = {l2:g}; a larger l2 helps"
    )


class _Binary:
    """Labels -1 and 1; the rows of `signed` are y_i a_i."""

    def __init__(self, table: Table, l2: float) -> None:
        self.signed = table.values[:, :-1] * table.values[:, -1:]
        self.l2, self.n, self.dim = l2, self.signed.shape[0], self.signed.shape[1]

    def value(self, x: Floats) -> float:
        terms = np.logaddexp(0.0, -(self.signed @ x))
        return math.fsum(terms) / self.n + 0.5 * self.l2 * math.fsum(x * x)

    def value_gradient_error(self, x: Floats) -> tuple[float, Floats, float]:
        gradient = -self.signed.T @ _sigmoid(-(self.signed @ x)) / self.n + self.l2 * x
        return self.value(x), gradient, _gradient_error(np.abs(self.signed), x[None], self.l2)

    def hessian(self, x: Floats) -> Floats:
        p = _sigmoid(self.signed @ x)
        return (self.signed.T * (p * (1.0 - p))) @ self.signed / self.n + self.l2 * np.eye(self.dim)


class _Multinomial:
    """Labels 0 .. K-1; x holds the weights of one class after the other."""

    def __init__(self, table: Table, l2: float) -> None:
        self.rows = table.values[:, :-1]
        self.classes = len(table.classes)
        self.chosen = table.values[:, -1:] == np.arange(self.classes)
        self.l2, self.n, self.dim = l2, self.rows.shape[0], self.classes * self.rows.shape[1]

    def value(self, x: Floats) -> float:
        logits = self.rows @ x.reshape(self.classes, -1).T
        top = logits.max(axis=1, keepdims=True)
        total = np.log(np.sum(np.exp(logits - top), axis=1)) - (logits - top)[self.chosen]
        return math.fsum(total) / self.n + 0.5 * self.l2 * math.fsum(x * x)

    def probabilities(self, x: Floats) -> Floats:
        logits = self.rows @ x.reshape(self.classes, -1).T
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def value_gradient_error(self, x: Floats) -> tuple[float, Floats, float]:
        slopes = self.probabilities(x) - self.chosen
        gradient = (slopes.T @ self.rows / self.n).ravel() + self.l2 * x
        error = _gradient_error(np.abs(self.rows), x.reshape(self.classes, -1), self.l2)
        return self.value(x), gradient, error

    def hessian(self, x: Floats) -> Floats:
        p, width = self.probabilities(x), self.rows.shape[1]
        matrix = self.l2 * np.eye(self.dim)
        for k in range(self.classes):
            for j in range(k + 1):
                weights = p[:, k] * (float(j == k) - p[:, j])
                block = (self.rows.T * weights) @ self.rows / self.n
                rows, columns = slice(k * width, (k + 1) * width), slice(j * width, (j + 1) * width)
                matrix[rows, columns] += block
                if j < k:
                    matrix[columns, rows] += block.T
        return matrix


def _sigmoid(z: Floats) -> Floats:
    from scipy.special import expit

    return expit(z)


def _gradient_error(sizes: Floats, weights: Floats, l2: float) -> float:
    """Bound of the rounding error of the computed gradient, in the Euclidean norm, to first order.

    sizes (n, w) are |a_i|, weights (K, w). A logit is off by at most (w + 2) u sum_j |a_ij| |w_j|, a probability by at
    most half the largest such error plus a few u (K sums and an exponential), and a sum over n samples by n u times
    the sum of sizes.
    """
    n, width = sizes.shape
    classes = weights.shape[0]
    logit = (width + 2) * np.max(sizes @ np.abs(weights).T, axis=1)
    per_sample = 0.5 * logit + n + classes + 16
    # one class' part of the gradient is off by at most this vector, and there are `classes` of them
    data_part = _UNIT_ROUNDOFF * (sizes.T @ per_sample) / n
    return math.sqrt(classes) * float(np.linalg.norm(data_part)) + 4 * _UNIT_ROUNDOFF * l2 * float(
        np.linalg.norm(weights)
    )
