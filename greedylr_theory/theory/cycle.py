"""Algorithm 1 on f = lambda x^2 / 2 without a cap: the cycle of the step size, and which phases converge.

In the dimensionless step u = gamma lambda the rule climbs below 2 and falls from 2 on, so that every run ends in the
cycle v, v / F, v, ... of its phase v: the point of the lattice u_0 F^k in [2F, 2). Two steps multiply x by
q = (1 - v) (1 - v / F). Conventions: ordering "before_update", first="infinity", a tie of losses counts as worse.

Numbers are computed in ball arithmetic and rounded once. A float stands for the binary number it is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal

from flint import arb, ctx

from greedylr_theory.theory._balls import ball, dilogarithm, nearest, rational, root, sign

Number = float | Fraction
Verdict = Literal["converges", "diverges", "neutral", "finite"]

_BITS_OF_EXPONENTS = 256  #: the quotient of two logarithms of doubles is below 2^64


def divergence_windows(F: Number) -> tuple[tuple[float, float], ...]:
    """Intervals of the phase v where a run with one eigenvalue diverges: where |q| > 1, inside [2F, 2).

    (1 + F, 2) for every F; for F < 3 - 2 sqrt 2 also (v_-, v_+), the zeros of v^2 - (1 + F) v + 2F. At the ends
    |q| = 1, or v = 2, which is the phase 2F.

    Args:
        F: scaling factor, in (0, 1).

    Returns:
        (low, high) pairs, increasing.

    Raises:
        ValueError: F does not lie in (0, 1).

    Source: claim phases_that_converge.

    >>> divergence_windows(0.5)
    ((1.5, 2.0),)
    >>> [(round(low, 4), round(high, 4)) for low, high in divergence_windows(0.125)]
    [(0.3048, 0.8202), (1.125, 2.0)]
    """
    factor = _factor(F)
    upper = (nearest(lambda: 1 + ball(factor)), 2.0)
    if not _second_window(factor):
        return (upper,)
    return (nearest(lambda: 2 * ball(factor) / _high(factor)), nearest(lambda: _high(factor))), upper


def converged_fraction(F: Number) -> float:
    """P(F): share of the log-uniform phases v in [2F, 2), hence of log-uniform initial rates, that converge.

    P = 1 - (ln(2 / (1 + F)) + ln(v_+ / v_-)) / ln(1 / F), the second logarithm for F < 3 - 2 sqrt 2 only. It tends to
    1/2 as F -> 1 and to 0 as F -> 0, and is largest at 3 - 2 sqrt 2.

    Raises:
        ValueError: F does not lie in (0, 1).

    Source: claim converged_share.

    >>> round(converged_fraction(0.5), 12)  # log2(3/2)
    0.584962500721
    """
    factor = _factor(F)

    def share() -> arb:
        lost = (2 / (1 + ball(factor))).log()
        if _second_window(factor):
            lost += (_high(factor) ** 2 / (2 * ball(factor))).log()  # v_- v_+ = 2F
        return 1 - lost / -ball(factor).log()

    return nearest(share)


def mean_log_rate(F: Number) -> float:
    """R(F): mean over log-uniform phases of the growth of ln |x| per step, (1/2) ln |q|.

    R = (Re Li_2(2F) - Re Li_2(2/F)) / (2 ln(1/F)); in f it is twice as much. Negative where the mean run converges.

    Raises:
        ValueError: F does not lie in (0, 1).

    Source: claim mean_rate_of_the_cycle.

    >>> round(mean_log_rate(0.5), 12)
    -0.300351362313
    """
    factor = _factor(F)
    return nearest(lambda: _gain(ball(factor)) / (-2 * ball(factor).log()))


@functools.cache
def best_factor() -> float:
    """The F that minimises `mean_log_rate`: the only zero of the derivative, below 1/2.

    Source: claim mean_rate_of_the_cycle.

    >>> round(best_factor(), 12)
    0.437376590275
    """

    # with a = ln(1/F): a d(2 a R)/da - 2 a R, which increases in a beyond ln 2
    def slope(F: arb) -> arb:
        return _gain(F) + F.log() * ((1 - 2 * F) * (2 - F) / F).log()

    return root(slope, Fraction(1, 4), Fraction(499, 1000))


@functools.cache
def neutral_factor() -> float:
    """The F in (0, 1) where `mean_log_rate` is 0: below it the mean run diverges, above it it converges.

    Source: claim mean_rate_of_the_cycle.

    >>> round(neutral_factor(), 12)
    0.190192147635
    """
    return root(lambda F: -_gain(F), Fraction(1, 20), Fraction(3, 8))


def verdict(F: Number, u0: Number, *, first: Literal["infinity", "none"] = "infinity") -> Verdict:
    """What becomes of a run with one eigenvalue, from any x_0 that is not 0, in exact arithmetic.

    Args:
        F: scaling factor, in (0, 1); a float is the binary number it is, a Fraction what it says.
        u0: gamma_0 lambda, the initial step size before the rule has changed it, > 0.
        first: what the first loss is compared with; "infinity" makes the first step u0 / F, "none" u0.

    Returns:
        "converges" (x -> 0), "diverges" (|x| -> infinity), "neutral" (|x| ends in a cycle of two values), or
        "finite" (some step has u = 1 and the run is at the minimiser from then on).

    Raises:
        ValueError: F or u0 lies outside its domain, or `first` is neither.

    Source: claims two_cycle and phases_that_converge.

    >>> [verdict(0.5, u) for u in (1.25, 1.5, 1.75, 0.25)]
    ['converges', 'neutral', 'diverges', 'finite']
    >>> verdict(Fraction(1, 6), Fraction(2, 3))
    'neutral'
    """
    factor = _factor(F)
    start = rational(u0, "u0 (gamma_0 lambda)", "(0, inf)", 0)
    if first not in ("infinity", "none"):
        raise ValueError(f"first must be 'infinity' or 'none', got {first!r}")
    power = _exponent(factor, start)
    # the climb passes 1 when it begins at or below it; the cycle holds 1 only when 2F <= 1
    if _is_power(factor, start, power) and (power >= (first == "infinity") or 2 * factor <= 1):
        return "finite"
    k = _exponent(factor, 2 / start)  # u_0 F^k is 2, up to a factor F
    while _compared(factor, start, k, lambda v, F: v - 2) >= 0:
        k += 1
    while _compared(factor, start, k - 1, lambda v, F: v - 2) < 0:
        k -= 1
    # 1 - q^2 is this times v / F^2
    outcome = _compared(factor, start, k, lambda v, F: (1 + F - v) * (v * v - (1 + F) * v + 2 * F))
    return ("neutral", "converges", "diverges")[outcome]


def overshoot(F: Number, kappa: Number = math.inf) -> float:
    """ln(peak f / f_0) to leading order as F -> 1, without a cap, for more than one eigenvalue.

    (pi^2 / 2 - 4 Re Li_2(u)) / ln(1/F) with u = peak_step_size(kappa), which for kappa = infinity is
    (pi^2 / 2) / ln(1/F). The peak is the first: where the falling step size passes 2 / L. The error is of the order of
    ln(kappa / ln(1/F)); kappa = infinity stands for ln(kappa) large, yet small against 1 / ln(1/F). A negative value
    says that f does not come back to f_0.

    Args:
        F: scaling factor, in (0, 1).
        kappa: ratio of the largest to the smallest eigenvalue, > 1.

    Raises:
        ValueError: F or kappa lies outside its domain.

    Source: claim overshoot.

    >>> round(overshoot(0.95), 6)
    96.20755
    """
    factor = _factor(F)
    if kappa == math.inf:
        return nearest(lambda: arb.pi() ** 2 / (-2 * ball(factor).log()))
    condition = rational(kappa, "kappa", "(1, inf]", 1)
    peak = Fraction(peak_step_size(condition))
    return nearest(lambda: (arb.pi() ** 2 / 2 - 4 * dilogarithm(ball(peak))) / -ball(factor).log())


def peak_step_size(kappa: Number = math.inf) -> float:
    """Limit of the largest gamma L as F -> 1, without a cap: where the largest mode has come back to the slowest.

    The zero beyond 2 of Re Li_2(u) - Re Li_2(u / kappa), hence of Re Li_2(u) for kappa = infinity.

    Args:
        kappa: ratio of the largest to the smallest eigenvalue, > 1.

    Raises:
        ValueError: kappa does not exceed 1.

    Source: claim overshoot_constants.

    >>> round(peak_step_size(), 12)
    12.595170369845
    """
    condition = None if kappa == math.inf else rational(kappa, "kappa", "(1, inf]", 1)
    return _peak(condition)


@functools.cache
def _peak(condition: Fraction | None) -> float:
    def passed(u: arb) -> arb:
        slow = arb(0) if condition is None else dilogarithm(u / ball(condition))
        return slow - dilogarithm(u)

    return root(passed, Fraction(2), Fraction(13) if condition is None else min(Fraction(13), 2 * condition))


def _factor(F: Number) -> Fraction:
    return rational(F, "factor (F)", "(0, 1)", 0, 1)


def _second_window(factor: Fraction) -> bool:
    """F < 3 - 2 sqrt 2."""
    return factor * factor - 6 * factor + 1 > 0


def _high(factor: Fraction) -> arb:
    """v_+, the larger zero of v^2 - (1 + F) v + 2F."""
    discriminant = ball(factor * factor - 6 * factor + 1)
    return (1 + ball(factor) + discriminant.sqrt()) / 2


def _gain(F: arb) -> arb:
    """2 R ln(1/F)."""
    return dilogarithm(2 * F) - dilogarithm(2 / F)


def _exponent(factor: Fraction, value: Fraction) -> int:
    """The whole number nearest to ln value / ln F: the power of F, if the value is one."""
    with ctx.workprec(_BITS_OF_EXPONENTS):
        quotient = ball(value).log() / ball(factor).log()
        middle = quotient.mid().fmpq()  # in fractions: near a half, rounding a sum of balls leaves the floor open
        return int((2 * middle.p + middle.q) // (2 * middle.q))


def _is_power(factor: Fraction, start: Fraction, power: int) -> bool:
    return _attainable(start, power) and start == factor**power


def _attainable(start: Fraction, power: int) -> bool:
    """Whether u_0 F^k can be 1, 2, 1 + F or a zero of v^2 - (1 + F) v + 2F.

    With F = a / b in lowest terms each needs b^(|k| - 1) to divide twice the numerator or the denominator of u_0.
    """
    return abs(power) <= start.numerator.bit_length() + start.denominator.bit_length() + 2


def _compared(factor: Fraction, start: Fraction, k: int, polynomial: Callable[..., Any]) -> int:
    """Sign of a polynomial in v = u_0 F^k and F."""
    vanishes = _attainable(start, k) and polynomial(start * factor**k, factor) == 0
    return sign(lambda: polynomial(ball(start) * ball(factor) ** k, ball(factor)), vanishes)
