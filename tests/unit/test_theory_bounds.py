"""theory.bounds: exact fractions, the ends of the domain, what is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from greedylr_theory.theory import bounds
from proofs import convergence_predictable, convergence_strongly_convex


def test_values_are_those_of_the_claims_in_fractions():
    rng = np.random.default_rng(1)
    for _ in range(50):
        R, sigma, L = (Fraction(int(n), int(m)) for n, m in rng.integers(1, 30, (3, 2)))
        high = Fraction(int(rng.integers(1, 100)), 100) / L
        low, mu = high * Fraction(int(rng.integers(1, 11)), 10), L * Fraction(int(rng.integers(1, 11)), 10)
        T = int(rng.integers(1, 9))
        exact = convergence_predictable.bound(R * R, sigma * sigma, L, low, high, T)
        assert bounds.predictable(R, sigma, L, low, high, T) == float(exact)
        exact = convergence_strongly_convex.bound(R * R, sigma * sigma, L, mu, low, high, T)
        assert bounds.strongly_convex(R, sigma, L, mu, low, high, T) == float(exact)


def test_the_ends_of_the_domain_keep_their_digits():
    near = math.nextafter(1.0, 0.0)  # 1 - 2^-53
    np.testing.assert_allclose(bounds.predictable(0.0, 1.0, 1.0, near, near, 1), near * 2.0**52, rtol=1e-15)
    # (1 - 1e-12)^(1e12), to the last digit: exp(-1 - 5e-13)
    value = bounds.strongly_convex(1.0, 0.0, 1.0, Fraction(1, 10**6), Fraction(1, 10**6), 0.5, 10**12)
    np.testing.assert_allclose(value, math.exp(-1.0 - 5e-13), rtol=1e-15)
    assert bounds.strongly_convex(2.0, 0.0, 1.0, 1.0, 0.5, 0.5, 0) == 4.0
    assert bounds.predictable(1e-160, 0.0, 1.0, 0.5, 0.5, 1) == pytest.approx(1e-320, rel=1e-3)  # a subnormal number


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"R": -1.0}, "the distance R must be a finite number >= 0, got -1.0"),
        ({"sigma": math.nan}, "the noise sigma must be a finite number >= 0, got nan"),
        ({"L": 0.0}, "the smoothness L must be a finite number > 0, got 0.0"),
        ({"gamma_min": 0.0}, "gamma_min must be a finite number > 0, got 0.0"),
        ({"gamma_max": 1.0}, r"gamma_max must lie in .gamma_min, 1/L\) = .0.25, 1/1.0\), got 1.0"),
        ({"gamma_max": 0.2}, "gamma_max must lie in"),
        ({"gamma_max": math.inf}, "gamma_max must lie in"),
        ({"T": 0}, "the number of steps T must be an integer >= 1, got 0"),
        ({"T": 2.5}, "the number of steps T must be an integer >= 1, got 2.5"),
        ({"R": "1"}, "the distance R must be a finite number >= 0, got '1'"),
    ],
)
def test_a_value_outside_its_domain_is_refused_in_one_sentence(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        bounds.predictable(
            **{"R": 1.0, "sigma": 1.0, "L": 1.0, "gamma_min": 0.25, "gamma_max": 0.5, "T": 10, **changed}
        )


@pytest.mark.parametrize("mu", [0.0, 1.5, -1.0, math.inf])
def test_strong_convexity_lies_between_zero_and_smoothness(mu):
    with pytest.raises(ValueError, match=r"the strong convexity mu must lie in \(0, L\]"):
        bounds.strongly_convex(1.0, 1.0, 1.0, mu, 0.25, 0.5, 10)
