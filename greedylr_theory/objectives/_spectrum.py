"""Eigenvalue bounds, of A^T A / n or of a matrix, that hold rigorously although they are computed in floating point.

An eigenvalue routine gives a guess t. That t I - G is positive definite is then decided by a Cholesky factorisation:
if it runs to completion in floating point, the smallest eigenvalue of the k x k matrix M that it was given is at
least -g(k+1) / (1 - g(k+1)) trace(M), where g(m) = m u / (1 - m u) and u = 2^-53 (Demmel 1989; Rump 2006, "Verification
of positive definiteness", Theorem 2.3). The product G = A^T A itself, summed in any order, differs from the exact one
by at most g(n) |A|^T |A| in each entry (Higham 2002, section 3.5), so by at most g(n) times the squared Frobenius norm
of A in the spectral norm. The bounds are about k^2 u + n u wide relative to the largest eigenvalue.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from greedylr_theory.objectives._blas import single_thread

Floats = npt.NDArray[np.float64]

UNIT_ROUNDOFF = 2.0**-53
#: covers the few roundings in the scalar arithmetic of a bound
_UP, _DOWN = 1.0 + 32 * UNIT_ROUNDOFF, 1.0 - 32 * UNIT_ROUNDOFF


def largest_eigenvalue_bound(rows: Floats) -> float:
    """A number that the largest eigenvalue of A^T A / n does not exceed; rows is A (n, k)."""
    with single_thread():
        return _largest_eigenvalue_bound(rows)


def smallest_eigenvalue_bound(rows: Floats) -> float:
    """A number >= 0 that the smallest eigenvalue of A^T A / n is not below; 0 when A is close to rank deficient."""
    with single_thread():
        return _smallest_eigenvalue_bound(rows)


def largest_squared_row_norm(rows: Floats) -> float:
    """A number that max_i |a_i|^2 does not exceed; rows is A (n, k)."""
    # k products and k - 1 sums, in any order, are off by a factor of at most 1 + g(k)
    return float(np.max(np.sum(rows * rows, axis=1))) * (1.0 + 2 * rows.shape[1] * UNIT_ROUNDOFF) * _UP


def largest_eigenvalue_bound_of(matrix: Floats) -> float:
    """The same for a positive semidefinite matrix (k, k) whose entries were rounded to the nearest float64."""
    if not np.all(np.isfinite(matrix)):
        return math.inf
    # the spectral norm of what was rounded off is at most its Frobenius norm
    error = UNIT_ROUNDOFF * float(np.linalg.norm(matrix)) * (1.0 + 4 * matrix.size * UNIT_ROUNDOFF)
    with single_thread():
        return _upper_bound(matrix, error) * _UP


def _largest_eigenvalue_bound(rows: Floats) -> float:
    gram = _gram(rows)
    return math.inf if gram is None else _upper_bound(gram, _product_error(rows)) / rows.shape[0] * _UP


def _upper_bound(gram: Floats, error: float) -> float:
    """Of the matrices within `error` of G in the spectral norm."""
    k = gram.shape[0]
    guess = max(float(np.linalg.eigvalsh(gram)[-1]), 0.0)
    margin = 8 * k * UNIT_ROUNDOFF * float(np.trace(gram))
    while True:
        top = guess + margin
        if not top > 0.0 or _is_factorised(top * np.eye(k) - gram):
            # the subtraction rounds each diagonal entry of t I - G by at most u t
            slack = UNIT_ROUNDOFF * top + _factorisation_error(k, k * top)
            return top + slack + error
        margin *= 4.0


def _smallest_eigenvalue_bound(rows: Floats) -> float:
    n, k = rows.shape
    gram = _gram(rows)
    if gram is None:
        return 0.0
    guess, trace = float(np.linalg.eigvalsh(gram)[0]), float(np.trace(gram))
    margin = 8 * k * UNIT_ROUNDOFF * trace
    while guess > margin:
        bottom = guess - margin
        if _is_factorised(gram - bottom * np.eye(k)):
            slack = UNIT_ROUNDOFF * trace + _factorisation_error(k, trace)
            return max((bottom - slack - _product_error(rows)) / n * _DOWN, 0.0)
        margin *= 4.0
    return 0.0


def _gram(rows: Floats) -> Floats | None:
    with np.errstate(over="ignore"):
        gram = rows.T @ rows
    return gram if np.all(np.isfinite(gram)) else None


def _is_factorised(matrix: Floats) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _gamma(m: int) -> float:
    return m * UNIT_ROUNDOFF / (1.0 - m * UNIT_ROUNDOFF)


def _factorisation_error(k: int, trace: float) -> float:
    return _gamma(k + 1) / (1.0 - _gamma(k + 1)) * trace


def _product_error(rows: Floats) -> float:
    # the norm is computed with the same kind of error, hence twice
    return 2.0 * _gamma(rows.shape[0]) * float(np.sum(rows * rows))
