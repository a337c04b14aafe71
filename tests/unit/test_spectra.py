"""Spectra named by a rule, and the rotation that turns their axes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.stats
import sympy

from greedylr_theory.objectives import Quadratic, RotatedQuadratic
from tests.contract._examples import evaluated


@pytest.mark.parametrize(("d", "kappa", "low"), [(15, 1000.0, 1.0), (7, 3.7, 0.3), (2, 1e12, 1e-5), (4, 1.0, 2.0)])
def test_log_spaced_eigenvalues_are_the_nearest_floats(d: int, kappa: float, low: float) -> None:
    found = Quadratic.log_spaced(d, kappa, low).eigenvalues
    assert found[0] == low
    assert found[-1] == low * kappa
    with mpmath.workdps(60):
        exact = [mpmath.mpf(low) * mpmath.mpf(kappa) ** (mpmath.mpf(i) / (d - 1)) for i in range(d)]
        assert found == tuple(float(value) for value in exact)


@pytest.mark.parametrize(("d", "alpha", "high"), [(20, 2.0, 1.0), (9, 0.5, 3.0), (3, 0.0, 7.0), (1, 1.5, 0.2)])
def test_power_law_eigenvalues_are_the_nearest_floats(d: int, alpha: float, high: float) -> None:
    found = Quadratic.power_law(d, alpha, high).eigenvalues
    with mpmath.workdps(60):
        assert found == tuple(float(mpmath.mpf(high) * mpmath.mpf(i) ** -mpmath.mpf(alpha)) for i in range(1, d + 1))


def test_spectra_are_reached_from_the_command_line() -> None:
    for plugin in (Quadratic, RotatedQuadratic):
        assert plugin.parse("eigenvalues", "log_spaced:3:100") == (1.0, 10.0, 100.0)
        assert plugin.parse("eigenvalues", " power_law:3:1:2.0") == (2.0, 1.0, 2.0 / 3.0)
        assert plugin.parse("eigenvalues", "1,2.5") == (1.0, 2.5)
    assert Quadratic.log_spaced(3, 100.0, target=(1.0, 2.0, 3.0)).target == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log_spaced:3", r"must be numbers joined by commas or log_spaced:d:kappa\[:h_min\], got 'log_spaced:3'$"),
        ("log_spaced", r"must be numbers joined by commas or log_spaced:d:kappa"),
        ("power_law:x:1", r"must be numbers joined by commas or power_law:d:alpha"),
        ("log_spaced:3:0.5", r"^condition \(kappa\) must lie in \[1, inf\), got 0\.5$"),
        ("log_spaced:3:nan", r"^condition \(kappa\) must lie in \[1, inf\), got nan$"),
        ("log_spaced:3:2:0", r"^smallest \(h_min\) must lie in \(0, inf\), got 0\.0$"),
        ("log_spaced:1:2", r"^condition \(kappa\) must be 1 for a single eigenvalue, got 2\.0$"),
        ("power_law:0:1", r"^dimension \(d\) must lie in \[1, inf\), got 0$"),
        ("power_law:3:-1", r"^exponent \(alpha\) must lie in \[0, inf\), got -1\.0$"),
        ("power_law:3:1:inf", r"^largest \(h_max\) must lie in \(0, inf\), got inf$"),
    ],
)
def test_bad_spectra_give_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Quadratic.parse("eigenvalues", text)


def test_a_dimension_that_is_no_integer_is_refused() -> None:
    bad: Any = 2.5
    with pytest.raises(ValueError, match=r"^dimension \(d\) must be an integer, got 2\.5$"):
        Quadratic.log_spaced(bad, 10.0)


def exact_hessian(objective: RotatedQuadratic) -> sympy.Matrix:
    symbols = sympy.symbols(f"x:{objective.dim}")
    return sympy.hessian(sympy.expand(objective.expression(list(symbols))), symbols)


@pytest.mark.parametrize("reflections", [0, 1, 2, None])
def test_the_rotated_hessian_has_exactly_the_eigenvalues(reflections: int | None) -> None:
    """In rationals: the characteristic polynomial is the product of (t - h_i)."""
    h = (0.5, 3.0, 8.0, 8.0)
    objective = RotatedQuadratic(eigenvalues=h, seed=4, reflections=reflections)
    t: Any = sympy.Symbol("t")
    polynomial = exact_hessian(objective).charpoly(t).as_expr()
    assert sympy.expand(polynomial - sympy.prod([t - sympy.Rational(value) for value in h])) == 0


def test_the_kernel_applies_the_exact_hessian() -> None:
    objective = RotatedQuadratic(eigenvalues=(0.5, 3.0, 8.0), target=(1.0, -2.0, 0.25), seed=11)
    hessian = np.array(exact_hessian(objective).tolist(), dtype=float)
    assert np.min(np.abs(hessian)) > 0.01, "every axis is turned"
    x = np.random.default_rng(0).normal(size=(3, 20))
    offset = x - np.array(objective.target)[:, None]
    loss, gradient = evaluated(objective, x)
    # four reflections, each off by a few units in the last place of the norm
    np.testing.assert_allclose(gradient, hessian @ offset, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(loss, 0.5 * np.einsum("ib,ij,jb->b", offset, hessian, offset), rtol=1e-13)


def test_the_minimum_is_exact_and_losses_are_never_negative() -> None:
    objective = RotatedQuadratic(eigenvalues=(0.0, 0.0, 1.0, 1e6), target=(0.1, 0.2, 0.3, 0.4), seed=2)
    x = np.array(objective.target)[:, None] + np.random.default_rng(1).normal(size=(4, 50)) * 1e-9
    x[:, 0] = objective.target
    loss, gradient = evaluated(objective, x)
    assert loss[0] == 0.0
    np.testing.assert_array_equal(gradient[:, 0], 0.0)
    assert np.all(loss >= 0.0)


def test_vectors_are_multiples_of_the_grid_and_follow_the_seed() -> None:
    objective = RotatedQuadratic(eigenvalues=(1.0,) * 5, seed=1)
    assert all(Fraction(entry) * 2**20 % 1 == 0 for vector in objective.vectors for entry in vector)
    assert [vector.count(0.0) for vector in objective.vectors] == [0, 1, 2, 3]
    other = RotatedQuadratic(eigenvalues=(1.0,) * 5, seed=2)
    assert other.data_digest != objective.data_digest
    assert RotatedQuadratic(eigenvalues=(2.0,) * 5, seed=1).data_digest == objective.data_digest
    assert RotatedQuadratic(eigenvalues=(1.0,)).data.shape == (0, 2)


def rotation(objective: RotatedQuadratic) -> Any:
    q = np.eye(objective.dim)
    for *v, factor in objective.data.tolist():
        q = q - factor * np.outer(q @ np.array(v), v)
    return q


def test_all_directions_are_equally_likely() -> None:
    """Haar: the square of any entry of a column in d = 5 is Beta(1/2, 2), for the first column and for the last.

    Control: a reflection in a normal vector itself, without the shift that turns an axis into it, is another law.
    """
    turned = [rotation(RotatedQuadratic(eigenvalues=(1.0,) * 5, seed=seed)) for seed in range(400)]
    for q in turned[:20]:
        np.testing.assert_allclose(q.T @ q, np.eye(5), atol=1e-14)
    law = scipy.stats.beta(0.5, 2.0)
    for i, j in ((0, 0), (3, 0), (0, 4), (4, 4), (2, 2)):
        assert scipy.stats.kstest([q[i, j] ** 2 for q in turned], law.cdf).pvalue > 1e-3
    v = np.random.default_rng(0).normal(size=(400, 5))
    plain = (1.0 - 2.0 * v[:, 0] ** 2 / (v**2).sum(axis=1)) ** 2
    assert scipy.stats.kstest(plain, law.cdf).pvalue < 1e-6
    assert math.isclose(np.mean([q[0, 0] ** 2 for q in turned]), 0.2, rel_tol=0.2)
