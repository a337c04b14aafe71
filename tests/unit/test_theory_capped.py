"""The worst case below 1/L, its multipliers and the climbs to a cap, against exact arithmetic over the whole domain."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from greedylr_theory.theory import capped
from proofs._checker import examine
from proofs.capped_worst_case import written_out

SIZES = [(), (1.0,), (1e-8,), (0.25, 0.5, 1.0), (1e-12, 1.0, 1e-12), (1 / 3,) * 40, (1e-9, *(1.0,) * 5, 1e-9)]


def exact_multipliers(sizes: tuple[float, ...]) -> tuple[list[Fraction], list[Fraction]]:
    """lambda_0 .. lambda_{N+1} and their differences, as in the claim."""
    at = [sum(map(Fraction, sizes[:k]), Fraction(0)) for k in range(len(sizes) + 1)]
    lam = [Fraction(0), *(at[k] / (2 * at[-1] - at[k - 1]) for k in range(1, len(at))), Fraction(1)]
    return lam, [lam[k + 1] - lam[k] for k in range(len(at))]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("L", [1.0, 0.25])
def test_values_have_twelve_digits(sizes: tuple[float, ...], L: float) -> None:
    steps = [h / L for h in sizes]
    exact = Fraction(L) * Fraction(3) ** 2 / (4 * sum(map(Fraction, sizes), Fraction(0)) + 2)
    assert capped.worst_case(steps, L, 3.0) == pytest.approx(float(exact), rel=1e-14)
    lam, tau = exact_multipliers(sizes)
    found = capped.multipliers(steps, L)
    np.testing.assert_allclose(found.consecutive, [float(value) for value in lam[1:-1]], rtol=1e-12)
    np.testing.assert_allclose(found.minimiser, [float(value) for value in tau], rtol=1e-12)


def test_weights_of_squares_are_positive() -> None:
    """w_ij of the proof; a step beyond 1/L would make one of them negative."""
    rng = np.random.default_rng(1)
    for _ in range(100):
        sizes = tuple(map(float, rng.uniform(0.01, 1.0, size=int(rng.integers(1, 8)))))
        tau, total = exact_multipliers(sizes)[1], sum(map(Fraction, sizes))
        assert min(tau) > 0
        assert all((2 * total + 1) * t > Fraction(h) for t, h in zip(tau, (*sizes, 0.0), strict=True))


@pytest.mark.slow
def test_three_steps_written_out() -> None:
    assert examine(written_out(3)).verdict == "proved"


@pytest.mark.parametrize(
    ("F", "lr0", "lr_max", "climbs"),
    [
        (0.5, 0.125, 1.0, 3),
        (0.5, math.nextafter(0.125, 0), 1.0, 4),
        (0.5, math.nextafter(0.125, 1), 1.0, 3),
        (0.75, 0.75**20, 1.0, 20),  # exact in binary
        (0.1, 1e-3, 1.0, 4),  # the double nearest to 1/1000 is above a cube of that nearest to 1/10, or not: not a tie
        (Fraction(1, 10), Fraction(1, 1000), Fraction(1), 3),
        (Fraction(2, 3), Fraction(8, 27), 1, 3),
        (0.5, 2.0**-1074, 2.0**1000, 2074),
        (1e-300, 1e-3, 1.0, 1),
        (0.9, 1.0, 1.0, 0),
        (0.9, 2.0, 1.0, 0),
    ],
)
def test_climbs_to_the_cap(F: float, lr0: float, lr_max: float, climbs: int) -> None:
    assert capped.steps_to_cap(F, lr0, lr_max) == climbs
    exact, k = Fraction(lr0), 0
    while exact < lr_max:
        exact, k = exact / Fraction(F), k + 1
    assert k == climbs


@pytest.mark.parametrize("F", [1e-8, 1 - 1e-8])
def test_climbs_at_the_ends_of_the_domain(F: float) -> None:
    """k = ceil(ln(lr_max / lr0) / -log1p(F - 1)), far from an integer here."""
    quotient = math.log(3e7) / -(math.log1p(F - 1) if F > 0.5 else math.log(F))
    assert capped.steps_to_cap(F, 1e-7, 3.0) == math.ceil(quotient)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: capped.worst_case([1.01], 1.0, 1.0), r"^step_sizes must lie in \[0, 1/L\] with L = 1\.0, got 1\.01$"),
        (lambda: capped.worst_case([-0.1], 1.0, 1.0), "^step_sizes must lie"),
        (lambda: capped.worst_case([math.nan], 1.0, 1.0), "^step_sizes must lie"),
        (lambda: capped.worst_case([1.0], 0.0, 1.0), r"^L must be positive and finite, got 0\.0$"),
        (lambda: capped.worst_case([1.0], 1.0, -1.0), r"^R must lie in \[0, inf\), got -1\.0$"),
        (lambda: capped.multipliers([0.5, 0.0], 1.0), r"^step_sizes must be positive, got 0\.0 / L$"),
        (lambda: capped.steps_to_cap(1.0, 0.1, 1.0), r"^F must lie in \(0, 1\), got 1\.0$"),
        (lambda: capped.steps_to_cap(0.5, 0.0, 1.0), r"^lr0 must be positive and finite, got 0\.0$"),
        (lambda: capped.steps_to_cap(0.5, 0.1, math.inf), "^lr_max must be positive and finite, got inf$"),
    ],
)
def test_values_outside_the_domain_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
