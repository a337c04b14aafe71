"""What an objective declares, against how it behaves."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from tests.contract._examples import evaluated, examples


def points(dim: int, count: int, seed: int) -> Any:
    """(d, B) at scales from a hundredth to ten: near the minimum and far from it."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(dim, count)) * 10.0 ** rng.uniform(-2, 1, size=count)


@pytest.mark.parametrize("full", [False, True], ids=["sample", "whole"])
@examples("objectives")
def test_gradient_is_the_first_taylor_coefficient(plugin: Any, full: bool) -> None:
    """f(x + h v) - f(x) - h g.v is O(h^2): ten times smaller h, a hundred times smaller remainder."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(plugin.dim, 40))
    v = rng.normal(size=x.shape)
    loss, gradient = evaluated(plugin, x, full=full)

    def remainder(h: float) -> Any:
        return np.abs(evaluated(plugin, x + h * v, full=full)[0] - loss - h * (gradient * v).sum(axis=0))

    coarse, fine = remainder(1e-3), remainder(1e-4)
    rounding = 1e-14 * (1.0 + np.abs(loss))  # some tens of units in the last place of f
    assert np.all((fine <= 0.02 * coarse) | (fine <= rounding))  # an exact gradient gives 0.01, a wrong one 0.1
    assert np.max(coarse) > 0 or plugin.smoothness == 0


@examples("objectives")
def test_value_and_gradient_equal_the_symbolic_expression(plugin: Any) -> None:
    import sympy

    symbols = sympy.symbols(f"x:{plugin.dim}", real=True)
    expression = sympy.sympify(plugin.expression(list(symbols)))
    slopes = [sympy.diff(expression, symbol) for symbol in symbols]
    exact = sympy.lambdify(symbols, [expression, *slopes], "mpmath", cse=True)
    x = np.random.default_rng(11).normal(size=(plugin.dim, 5))
    loss, gradient = evaluated(plugin, x, full=True)
    for lane in range(x.shape[1]):
        with mpmath.workdps(40):
            value, *wanted = (float(number) for number in exact(*[mpmath.mpf(float(entry)) for entry in x[:, lane]]))
        # each sum rounds a few times per term; the largest slope sets the scale where terms cancel
        np.testing.assert_allclose(loss[lane], value, rtol=1e-13)
        np.testing.assert_allclose(gradient[:, lane], wanted, rtol=1e-12, atol=1e-14 * max(map(abs, wanted)))


@examples("objectives")
def test_declared_constants_are_never_violated(plugin: Any) -> None:
    x, y = points(plugin.dim, 400, 1), points(plugin.dim, 400, 2)
    y[:, 200:] = x[:, 200:] + 1e-3 * (y[:, 200:] - x[:, 200:])  # local as well as global
    (fx, gx), (fy, gy) = evaluated(plugin, x, full=True), evaluated(plugin, y, full=True)
    distance = np.sqrt(((x - y) ** 2).sum(axis=0))
    change = np.sqrt(((gx - gy) ** 2).sum(axis=0))
    # the gradients were rounded before they were subtracted
    rounding = 1e-13 * (np.abs(gx).max(axis=0) + np.abs(gy).max(axis=0)) + 1e-15
    if plugin.smoothness is not None:
        assert np.all(change <= plugin.smoothness * distance + rounding)
    if plugin.strong_convexity is not None:
        inner = ((gx - gy) * (x - y)).sum(axis=0)
        assert np.all(inner >= plugin.strong_convexity * distance**2 - rounding * distance)
    if plugin.convex:
        linear = fx + (gx * (y - x)).sum(axis=0)
        assert np.all(fy >= linear - 1e-12 * (1.0 + np.abs(fx) + np.abs(fy)))
    if plugin.minimum is not None:
        assert np.all(fx >= plugin.minimum - 1e-14 * (1.0 + abs(plugin.minimum)))


@examples("objectives", lambda plugin: plugin.minimiser is not None)
def test_minimiser_has_the_declared_minimum_and_no_slope(plugin: Any) -> None:
    loss, gradient = evaluated(plugin, np.array(plugin.minimiser)[:, None], full=True)
    np.testing.assert_allclose(loss[0], plugin.minimum, rtol=1e-12, atol=1e-15)
    if plugin.smoothness is not None:
        # f(x) - f* <= 1e-12 f* and smoothness bound the slope: |g|^2 <= 2 L (f - f*)
        bound = np.sqrt(2 * plugin.smoothness * 1e-12 * max(plugin.minimum, 1e-12))
        assert np.sqrt((gradient**2).sum()) <= bound
