"""The numbers of the cycle against routes that share no code with them: mpmath, quadrature, exact and compiled runs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.theory import cycle
from proofs import mean_rate_of_the_cycle, overshoot_constants
from proofs._functions import Separable, square
from proofs._rules import Greedy
from proofs._rules import run as exact_run

SILVER = 3 - 2 * math.sqrt(2)
FACTORS = (
    *(1e-300, 1e-8, 1e-3, 0.1, math.nextafter(SILVER, 0), math.nextafter(SILVER, 1), 0.19, 0.3),
    *(0.4999999, 0.5, 0.5000001, 0.8, 0.99, 1 - 1e-8, math.nextafter(1, 0)),
)
ACCURACY = 1e-12  #: promised is 1e-10; one rounding of a double is 1e-16


def relative(found: float, wanted: Any) -> float:
    return float(abs((mpmath.mpf(found) - wanted) / wanted))


@pytest.fixture(autouse=True)
def _digits():
    with mpmath.workdps(700):  # F = 1e-300 leaves 1 - 1e-300
        yield


def zeros(F: float):
    F = mpmath.mpf(F)
    return mpmath.polyroots([1, -(1 + F), 2 * F], extraprec=4000, maxsteps=200)


@pytest.mark.parametrize("F", FACTORS)
def test_windows_end_where_two_steps_keep_the_size(F):
    *second, first = cycle.divergence_windows(F)
    assert relative(first[0], 1 + mpmath.mpf(F)) < ACCURACY
    assert first[1] == 2.0
    assert bool(second) == (mpmath.mpf(F) < 3 - 2 * mpmath.sqrt(2))
    if second:
        low, high = zeros(F)
        # near F = 3 - 2 sqrt 2 a double cannot hold more of the gap between the two zeros
        assert relative(second[0][0], low) < ACCURACY
        assert relative(second[0][1], high) < ACCURACY
        assert 2 * F <= second[0][0] < second[0][1] <= 1


@pytest.mark.parametrize("F", FACTORS)
def test_share_is_one_minus_the_logarithmic_measure_of_the_windows(F):
    exact = mpmath.mpf(F)
    lost = mpmath.log(2 / (1 + exact))
    if exact < 3 - 2 * mpmath.sqrt(2):
        low, high = zeros(F)
        lost += mpmath.log(high / low)
    assert relative(cycle.converged_fraction(F), 1 - lost / mpmath.log(1 / exact)) < ACCURACY


@pytest.mark.parametrize("F", [0.03, 0.2, 0.45, 0.5, 0.9, 0.999])
def test_rate_is_the_mean_over_log_uniform_phases(F):
    with mpmath.workdps(30):
        exact = mpmath.mpf(F)

        def two_steps(s):
            v = 2 * exact**s
            return mpmath.log(abs((1 - v) * (1 - v / exact))) / 2

        singular = mpmath.log(2) / mpmath.log(1 / exact)  # v = 1
        points = [0, *([singular] if singular < 1 else []), 1]
        assert relative(cycle.mean_log_rate(F), mpmath.quad(two_steps, points)) < 1e-10


@pytest.mark.parametrize("F", FACTORS)
def test_rate_in_dilogarithms(F):
    exact = mpmath.mpf(F)
    difference = mpmath.re(mpmath.polylog(2, 2 * exact)) - (
        mpmath.pi**2 / 3 - mpmath.log(2 / exact) ** 2 / 2 - mpmath.polylog(2, exact / 2)
    )
    assert relative(cycle.mean_log_rate(F), difference / (2 * mpmath.log(1 / exact))) < ACCURACY


def test_best_and_neutral_factor_are_where_they_should_be():
    with mpmath.workdps(40):

        def gain(a):  # its derivative is known without dilogarithms
            return mpmath.quad(lambda s: mpmath.log(abs(5 - 4 * mpmath.cosh(s))), [0, mpmath.log(2), a])

        zero = mpmath.findroot(gain, 1.66)
        best = mpmath.findroot(lambda a: a * mpmath.log(4 * mpmath.cosh(a) - 5) - gain(a), 0.827)
        assert relative(cycle.neutral_factor(), mpmath.exp(-zero)) < ACCURACY
        assert relative(cycle.best_factor(), mpmath.exp(-best)) < ACCURACY
    assert cycle.mean_log_rate(cycle.neutral_factor()) == pytest.approx(0, abs=1e-15)


def test_the_constants_are_those_that_the_claims_enclose():
    enclosed = {
        mean_rate_of_the_cycle.BEST: cycle.best_factor(),
        mean_rate_of_the_cycle.NEUTRAL: cycle.neutral_factor(),
        overshoot_constants.PEAK: cycle.peak_step_size(),
    }
    for digits, found in enclosed.items():
        assert found == float(digits)


def test_the_best_factor_is_best_and_the_sign_changes_once():
    grid = [k / 500 for k in range(1, 500)]
    rates = [cycle.mean_log_rate(F) for F in grid]
    assert cycle.mean_log_rate(cycle.best_factor()) <= min(rates)
    assert all((rate > 0) == (cycle.neutral_factor() > F) for F, rate in zip(grid, rates, strict=True))


@pytest.mark.parametrize("kappa", [1 + 1e-9, 1.5, 10, 1e3, 1e300, math.inf])
def test_peak_step_size_is_where_the_largest_mode_is_back(kappa):
    with mpmath.workdps(40):
        u = mpmath.mpf(cycle.peak_step_size(kappa))

        def behind(u):
            slow = 0 if kappa == math.inf else mpmath.re(mpmath.polylog(2, u / mpmath.mpf(kappa)))
            return slow - mpmath.re(mpmath.polylog(2, u))

        assert behind(u * (1 - mpmath.mpf(10) ** -14)) < 0 < behind(u * (1 + mpmath.mpf(10) ** -14))
        peak = 2 * (mpmath.pi**2 / 4 - 2 * (mpmath.re(mpmath.polylog(2, u)) if kappa != math.inf else 0))
        for F in (1e-8, 0.5, 1 - 1e-8):
            assert relative(cycle.overshoot(F, kappa), peak / mpmath.log(1 / mpmath.mpf(F))) < ACCURACY


def _fate(F: Fraction, u0: Fraction, first: Any) -> str:
    """From an exact run of the published rule: what the last pair of equal step sizes did to x."""
    result = exact_run(
        (Fraction(1),), u0, [Separable((square(Fraction(1)),))] * 40, Greedy(F, first=first), "before_update"
    )
    sizes = [abs(point[0]) for point in result.points]
    if sizes[-1] == 0:
        return "finite"
    assert result.rates[-1] == result.rates[-3] != result.rates[-2]  # it is in the cycle
    ratio = sizes[-1] / sizes[-3]
    return "neutral" if ratio == 1 else "diverges" if ratio > 1 else "converges"


@pytest.mark.parametrize("first", ["infinity", "none"])
@pytest.mark.parametrize(
    "F", [Fraction(1, 20), Fraction(1, 8), Fraction(1, 6), Fraction(1, 2), Fraction(2, 3), Fraction(4, 5)]
)
def test_verdicts_are_those_of_exact_runs(F, first):
    special = [Fraction(2), 1 + F, 2 * F, Fraction(1, 2), Fraction(2, 3), Fraction(1)]
    starts = {Fraction(n, 60) for n in range(1, 200, 7)} | {s * F**k for s in special for k in (-3, -1, 0, 1, 4)}
    seen = set()
    for u0 in sorted(starts):
        wanted = _fate(F, u0, first)
        assert cycle.verdict(F, u0, first=first) == wanted, (F, u0)
        seen.add(wanted)
    assert {"finite", "neutral", "diverges", "converges"} == seen


def test_verdicts_are_those_of_the_simulator():
    rng = np.random.default_rng(3)
    # a window may be missed by rounding only within 1e-12 of its ends; none of these phases is that close
    rates, factors = 10 ** rng.uniform(-2, 1.5, 400), rng.uniform(0.05, 0.9, 400)
    base = Run(
        objective=Quadratic(eigenvalues=(1.0,)), optimizer=GradientDescent(), scheduler=GreedyPrevious(factor=0.5),
        perturbation=NoPerturbation(), start=(1.0,), lr0=1.0, steps=400, ordering="before_update",
    )  # fmt: skip
    trajectory = simulate(Batch(base, {"lr0": rates, "scheduler.factor": factors}), stride=1)
    early = trajectory.loss[:, 100:300:2]
    for r in range(400):
        wanted = cycle.verdict(float(factors[r]), float(rates[r]))
        grew = np.nanmax(np.where(np.isfinite(early[r]), early[r], np.inf)[-20:]) > early[r, 0]
        assert wanted == ("diverges" if trajectory.diverged[r] or grew else "converges")


def test_verdicts_at_the_ends_of_the_domain():
    assert cycle.verdict(math.nextafter(1, 0), 5e-324) in ("converges", "diverges")
    assert cycle.verdict(1e-300, 1e300) in ("converges", "diverges")
    assert cycle.verdict(2.0**-1074, 2.0**-1074) == "finite"  # one climb reaches 1
    assert cycle.verdict(0.5, 2.0**1023) == "finite"
    assert cycle.verdict(0.9, 1.0) == "converges"  # the first step is 1 / 0.9
    assert cycle.verdict(0.9, 1.0, first="none") == "finite"
    assert cycle.verdict(0.9, 0.9) == "finite"


@pytest.mark.parametrize("F", [Fraction(4, 9), Fraction(25, 36), Fraction(1, 4), Fraction(9, 16)])
def test_verdicts_halfway_between_powers(F):
    root = Fraction(math.isqrt(F.numerator), math.isqrt(F.denominator))
    for k in range(-6, 7):
        for u0 in (root * F**k, 2 * root * F**k):  # ln u_0 / ln F, or that of 2 / u_0, is half of an odd number
            for first in ("infinity", "none"):
                assert cycle.verdict(F, u0, first=first) == _fate(F, u0, first), (F, u0)


def test_share_is_that_of_the_verdicts_on_a_grid():
    for F in (0.1, 0.3, 0.7):
        grid = [2 * F ** ((k + 0.5) / 2000) for k in range(2000)]
        share = np.mean([cycle.verdict(F, v) == "converges" for v in grid])
        assert share == pytest.approx(cycle.converged_fraction(F), abs=2 / 2000)  # three ends of windows at most


@pytest.mark.parametrize("F", [0, 1, -0.5, 2, math.nan, math.inf, True, "a", None])
def test_a_factor_outside_its_domain_is_named(F):
    functions = (
        cycle.converged_fraction, cycle.divergence_windows, cycle.mean_log_rate, cycle.overshoot,
        lambda F: cycle.verdict(F, 1.0),
    )  # fmt: skip
    for function in functions:
        with pytest.raises(ValueError, match=r"factor \(F\) must lie in \(0, 1\), got"):
            function(F)


def test_other_arguments_outside_their_domain_are_named():
    for u0 in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"u0 \(gamma_0 lambda\) must lie in \(0, inf\), got"):
            cycle.verdict(0.5, u0)
    for kappa in (1, 0.5, math.nan):
        with pytest.raises(ValueError, match=r"kappa must lie in \(1, inf\], got"):
            cycle.overshoot(0.5, kappa)
    with pytest.raises(ValueError, match="first must be"):
        cycle.verdict(0.5, 1.0, first="later")  # pyright: ignore[reportArgumentType]
