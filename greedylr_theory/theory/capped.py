"""Gradient descent with steps of at most 1/L on convex L-smooth functions: the exact worst case, and the way to a cap.

Below 1/L the loss never rises, so that GreedyLR only climbs: gamma_t = min(gamma_0 / F^(t+1), gamma_max) in the
ordering of Algorithm 1, until the minimum is reached exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq


@dataclass(frozen=True)
class Multipliers:
    """Weights of interpolation inequalities (dimensionless) whose sum bounds f(x_N) - f*.

    Args:
        consecutive: lambda_1 .. lambda_N, of f_{k-1} >= f_k + <g_k, x_{k-1} - x_k> + norm(g_{k-1} - g_k)^2 / (2L).
        minimiser: tau_0 .. tau_N, of f* >= f_k + <g_k, x* - x_k> + norm(g_k)^2 / (2L); they sum to 1.
    """

    consecutive: tuple[float, ...]
    minimiser: tuple[float, ...]


def worst_case(step_sizes: Sequence[float], L: float, R: float) -> float:
    """Largest f(x_N) - f* over all convex L-smooth f and norm(x_0 - x*) <= R: L R^2 / (4 L sum_t gamma_t + 2).

    Attained by Huber's function of radius R / (2 L sum_t gamma_t + 1) and curvature L, from x_0 = R.

    Args:
        step_sizes: gamma_0 .. gamma_{N-1}, in [0, 1/L] (up to rounding of the product), in length^2 / loss.
        L: smoothness, in loss / length^2.
        R: distance of the start from a minimiser, in length.

    Returns:
        The worst case, in units of loss.

    Raises:
        ValueError: a step size, L or R lies outside its domain.

    Source: claim capped_worst_case.

    >>> worst_case([0.25, 0.5, 0.5], L=2.0, R=1.0)  # 2 / (4 * 2.5 + 2)
    0.16666666666666666
    """
    steps = _dimensionless(step_sizes, L)
    if not (0 <= R < math.inf):
        raise ValueError(f"R must lie in [0, inf), got {R!r}")
    return L * R * R / (4 * math.fsum(steps) + 2)


def multipliers(step_sizes: Sequence[float], L: float) -> Multipliers:
    """The weights that prove `worst_case`: lambda_k = s_k / (2 s_N - s_{k-1}), s_k = L (gamma_0 + .. + gamma_{k-1}).

    tau_k = lambda_{k+1} - lambda_k, with lambda_0 = 0 and lambda_{N+1} = 1, all nonnegative. What is left of the bound
    is a sum of squares with the weights tau_i ((2 s_N + 1) tau_j - h_j), and in addition lambda_i (1 - h_{i-1}) for
    j = i - 1, of norm(g_i - g_j)^2 / (2L), j < i, and one square that contains x_0 - x*.

    Args:
        step_sizes: gamma_0 .. gamma_{N-1}, in (0, 1/L] (up to rounding of the product), in length^2 / loss.
        L: smoothness, in loss / length^2.

    Raises:
        ValueError: a step size or L lies outside its domain.

    Source: claim capped_worst_case.

    >>> multipliers([0.5, 0.5], L=2.0)
    Multipliers(consecutive=(0.25, 0.6666666666666666), minimiser=(0.25, 0.4166666666666667, 0.3333333333333333))
    """
    steps = _dimensionless(step_sizes, L)
    if not all(steps):
        raise ValueError(f"step_sizes must be positive, got {min(steps)!r} / L")
    if not steps:
        return Multipliers((), (1.0,))
    total = math.fsum(steps)
    travelled = [0.0]
    for h in steps:
        travelled.append(travelled[-1] + h)
    lam = [0.0] + [travelled[k] / (2 * total - travelled[k - 1]) for k in range(1, len(steps) + 1)]
    # lambda_{k+1} - lambda_k without the cancellation
    before, after = [0.0, *steps], [*steps, 0.0]
    tau = [(lam[k] * before[k] + after[k]) / (2 * total - travelled[k]) for k in range(len(lam))]
    return Multipliers(tuple(lam[1:]), tuple(tau))


def steps_to_cap(F: float | Fraction, lr0: float | Fraction, lr_max: float | Fraction) -> int:
    """Number of climbs from lr0 to the cap: the smallest k >= 0 with lr0 / F^k >= lr_max.

    Exact for the numbers given: a float stands for the binary number that it is, so that 0.1 is not 1/10; pass
    fractions where ties matter. A simulation, which rounds every quotient, may need one more or one fewer at a tie
    that is none in binary.

    Args:
        F: scaling factor, in (0, 1).
        lr0: initial step size, positive, in the unit of lr_max.
        lr_max: the cap, positive and finite.

    Returns:
        k, in climbs.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claim capped_worst_case.

    >>> steps_to_cap(0.5, 0.125, 1.0), steps_to_cap(0.5, 0.126, 1.0), steps_to_cap(0.9, 2.0, 1.0)
    (3, 3, 0)
    >>> steps_to_cap(Fraction(1, 10), Fraction(1, 1000), 1)
    3
    """
    for name, value in (("lr0", lr0), ("lr_max", lr_max)):
        if not (0 < value < math.inf):
            raise ValueError(f"{name} must be positive and finite, got {value!r}")
    if not (0 < F < 1):
        raise ValueError(f"F must lie in (0, 1), got {F!r}")
    factor, ratio = Fraction(F), Fraction(lr0) / Fraction(lr_max)
    if ratio >= 1:
        return 0
    with ctx.workprec(64):
        while True:
            climbs = _ball(ratio).log() / _ball(factor).log()
            lowest, highest = (int(end.floor().fmpq().p) for end in (climbs.lower(), climbs.upper()))
            if lowest == highest:
                return lowest + 1
            # the ball holds one integer; F^k = ratio is possible only while F^k has no more digits than the ratio
            if highest - lowest == 1 and _is_power(ratio, factor, highest):
                return highest
            ctx.prec *= 2


def _is_power(ratio: Fraction, factor: Fraction, k: int) -> bool:
    if k * (factor.denominator.bit_length() - 1) > ratio.denominator.bit_length():
        return False
    return factor**k == ratio


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _dimensionless(step_sizes: Sequence[float], L: float) -> list[float]:
    """h_t = gamma_t L."""
    if not (0 < L < math.inf):
        raise ValueError(f"L must be positive and finite, got {L!r}")
    steps = [gamma * L for gamma in step_sizes]
    for gamma, h in zip(step_sizes, steps, strict=True):
        if not (0 <= h <= 1):
            raise ValueError(f"step_sizes must lie in [0, 1/L] with L = {L!r}, got {gamma!r}")
    return steps
