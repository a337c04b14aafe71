"""Rationals to floats: on the stated side, next to it, and infinite only beyond the largest float."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
import pytest

from greedylr_theory.objectives import LeastSquares
from greedylr_theory.objectives._rationals import nearest, rounded_down, rounded_up

LARGEST = Fraction(sys.float_info.max)


def test_rounding_is_to_the_neighbour_on_the_stated_side() -> None:
    rng = np.random.default_rng(0)
    numbers = [
        Fraction(*map(int, rng.integers(1, 2**40, size=2))) * Fraction(2) ** int(rng.integers(-80, 80))
        for _ in range(200)
    ]
    for number in [*numbers, *(-number for number in numbers), Fraction(1, 3), Fraction(5, 10**320)]:
        up, down = rounded_up(number), rounded_down(number)
        assert Fraction(math.nextafter(up, -math.inf)) < number <= Fraction(up)
        assert Fraction(down) <= number < Fraction(math.nextafter(down, math.inf))
        assert nearest(number) in (up, down)
    for exact in (Fraction(0), Fraction(3, 8), LARGEST, -LARGEST):
        assert rounded_up(exact) == rounded_down(exact) == nearest(exact) == exact


def test_only_what_is_beyond_the_largest_float_becomes_infinite() -> None:
    little = Fraction(1, 10)
    assert (rounded_up(LARGEST + little), rounded_down(LARGEST + little)) == (math.inf, float(LARGEST))
    assert (rounded_up(-LARGEST - little), rounded_down(-LARGEST - little)) == (-float(LARGEST), -math.inf)
    for huge in (Fraction(10) ** 400, LARGEST * 2):
        assert (nearest(huge), rounded_up(huge), rounded_down(huge)) == (math.inf, math.inf, float(LARGEST))
        assert (nearest(-huge), rounded_up(-huge), rounded_down(-huge)) == (-math.inf, -float(LARGEST), -math.inf)


@pytest.mark.parametrize("target", [1e200, -1e200])
def test_a_minimum_beyond_the_largest_float_is_infinite(target: float) -> None:
    assert LeastSquares(features=((0.0,), (1.0,)), targets=(target, 1.0)).minimum == math.inf
