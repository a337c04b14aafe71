"""GreedyLR when losses are pure noise, independent with one continuous law: what its step size does by itself.

Then only the order of the losses matters, so every number below is the same for every such law. Rates are counted in
factors of F; a = ln(1/F).
"""

from __future__ import annotations

import math
import numbers
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from greedylr_theory.theory._record_runs import LONGEST_RUN, later_runs, pair_of_records, runs_begun_later, survivals

Floats = NDArray[np.float64]

#: from here on every further level is one more in the middle: ends do not feel each other, to 1e-24
_ENDS_APART = 48
#: losses whose records are followed one by one; the rest are summed in closed form
_FOLLOWED = 4000
#: largest patience for which 1 / (p + 1)! has enough digits in double precision
_LARGEST_PATIENCE = 169


def log_rate_variance(T: int, F: float) -> float:
    """Variance of ln(gamma_T / gamma_0) of the previous-loss rule after T comparisons: (T + 2) / 3 ln(1/F)^2.

    The mean is 0. T comparisons take T + 1 losses; the climb at a first loss that is compared with +infinity is not
    one of them. For T = 0 the variance is 0.

    Args:
        T: number of comparisons, at least 0.
        F: factor in (0, 1).

    Raises:
        ValueError: T or F lies outside its domain.

    Source: claim noise_log_rate_variance.

    >>> round(log_rate_variance(4, 0.5) / math.log(2) ** 2, 12)
    2.0
    """
    comparisons = _integer("T", T, least=0)
    return (comparisons + 2) / 3 * _log_inverse(F) ** 2 if comparisons else 0.0


def mean_growth(F: float) -> float:
    """lim E gamma_{T+1} / E gamma_T of the previous-loss rule: sinh(a) / a = (1/F - F) / (2 ln(1/F)) > 1.

    Args:
        F: factor in (0, 1). Below about 4e-312 the number exceeds double precision, and infinity is returned.

    Raises:
        ValueError: F lies outside (0, 1).

    Source: claim noise_mean_rate_grows.

    >>> round(mean_growth(0.5), 12)
    1.082021280667
    """
    a = _log_inverse(F)
    if F > 1e-9:
        return math.sinh(a) / a
    # F^2 is below half a rounding, and sinh(a) would leave the range too early
    half = 0.5 / a
    return half / F if half < F * 1.79e308 else math.inf


def stationary_law(levels: int) -> Floats:
    """Stationary masses of the step sizes of the previous-loss rule, clipped to K levels gamma_min F^-i.

    gamma_max / gamma_min is a power of F. Uniform for K = 1 and 2 only; an end has 1/sqrt(3) of the mass of a level in
    the middle as K grows.

    Args:
        levels: K, at least 1.

    Returns:
        Masses (K,), from the lowest level to the highest; symmetric, with sum 1.

    Raises:
        ValueError: K is not an integer of at least 1.

    Source: claims noise_clipped_law_is_not_uniform, noise_clipped_ends_weigh_inverse_root_three.

    >>> stationary_law(3).round(6)
    array([0.293408, 0.413184, 0.293408])
    """
    count = _integer("levels", levels, least=1)
    if count <= 2:
        return np.full(count, 1 / count)
    solved = _solved_law(min(count, _ENDS_APART))
    lower = solved[: (len(solved) + 1) // 2]
    half = np.concatenate([lower, np.full((count + 1) // 2 - lower.size, lower[-1])])
    law = np.concatenate([half, half[::-1][count % 2 :]])
    return law / math.fsum(law)


def _solved_law(levels: int) -> Floats:
    """q_j(u), the stationary density of "at least K - j" at the loss 1 - u, solves q_j' = q_{j+1} - q_{j-1} on [0, 1].

    q_{-1} = 0, q_{K-1} = 1, and q_j(0) is the integral of q_{j-1}: exp of the matrix, then linear equations.
    """
    unknown = levels - 1
    matrix = np.zeros((2 * unknown + 1, 2 * unknown + 1))
    for j in range(unknown):  # q_0 .. q_{K-2}, the constant 1, then the integrals of the q_j
        matrix[j, j + 1] = 1.0
        matrix[j, j - 1] -= j > 0
        matrix[unknown + 1 + j, j] = 1.0
    across = linalg.expm(matrix)[unknown + 1 :]
    start = np.eye(unknown, k=-1)  # integrals -> values at 0
    tails = np.linalg.solve(np.eye(unknown) - across[:, :unknown] @ start, across[:, unknown])
    masses = np.diff(tails, prepend=0.0, append=1.0)
    return (masses + masses[::-1]) / 2


def probability_any_increase(p: int, T: int | None = None) -> float:
    """P(the best-so-far rule raises its rate at all within T losses of pure noise).

    It takes p + 1 records in a row; loss t is a record with probability 1/t, independently. No threshold, smoothing,
    cooldown, warmup or reset; the best starts at +infinity, so that the first loss is a record.

    Args:
        p: patience, 0 .. 169.
        T: number of losses, at least 0; None for the limit.

    Raises:
        ValueError: p or T lies outside its domain.

    Source: claim noise_best_rarely_climbs.

    >>> probability_any_increase(0, 1), round(probability_any_increase(1), 12)
    (1.0, 0.632120558829)
    """
    patience = _integer("p", p, least=0)
    if patience > _LARGEST_PATIENCE:
        raise ValueError(f"p must be at most {_LARGEST_PATIENCE} (the probability is below 1e-309), got {p!r}")
    losses = None if T is None else _integer("T", T, least=0)
    if losses is not None and losses <= patience:
        return 0.0
    if patience == 0:
        return 1.0
    if patience == 1:
        return pair_of_records(losses)
    # everything in units of 1 / (p + 1)!, the probability that the first p + 1 losses are records
    unit = math.factorial(patience + 1)
    most = patience + _FOLLOWED
    last = most if losses is None else min(losses, most)
    none = [1.0] * (patience + 1)  # P(no such run among the first t), t = 0, 1, ...
    found, weight = 1.0, 1.0  # weight: (p + 1)! (t - p - 2)! / t!, after its factor at t
    none.append(1.0 - float(Fraction(1, unit)))
    for t in range(patience + 2, last + 1):
        # a run is completed at t: no record at t - p - 1, and no run before
        weight *= (t - patience - 2) / t if t > patience + 2 else 1 / t
        found += none[t - patience - 2] * weight * (t - patience - 2)
        none.append(1.0 - found / unit)
    if losses is None or losses > last:
        rest = later_runs(patience, last) - (0.0 if losses is None else later_runs(patience, losses))
        found += none[last] * rest
    return found / unit


def expected_decreases(p: int, T: int) -> float:
    """Expected number of decreases of the best-so-far rule within T losses: sum over t <= T of floor((t-1)/(p+1)) / t.

    Conventions as in `probability_any_increase`.

    Args:
        p: patience, at least 0.
        T: number of losses, at least 0.

    Raises:
        ValueError: p or T lies outside its domain.

    Source: claim noise_best_is_a_plain_decay.

    >>> expected_decreases(0, 3)  # 0 + 1/2 + 2/3
    1.1666666666666665
    """
    patience, losses = _integer("p", p, least=0), _integer("T", T, least=0)
    return math.fsum((t - 1) // (patience + 1) / t for t in range(1, losses + 1))


def expected_increases(p: int, T: int | None = None) -> float:
    """Expected number of increases of the best-so-far rule within T losses; for p = 0 it grows like ln T.

    The limit is the sum over l = p + 1, 2 (p + 1), ... of (1 + 1 / (l (l - 1))) / l!. Conventions as in
    `probability_any_increase`.

    Args:
        p: patience, 0 .. 169; at least 1 for the limit.
        T: number of losses, at least 0; None for the limit.

    Raises:
        ValueError: p or T lies outside its domain.

    Source: claim noise_best_is_a_plain_decay.

    >>> expected_increases(0, 3)  # 1 + 1/2 + 1/3
    1.8333333333333333
    """
    patience = _integer("p", p, least=0 if T is not None else 1)
    if patience > _LARGEST_PATIENCE:
        raise ValueError(f"p must be at most {_LARGEST_PATIENCE} (the number is below 1e-309), got {p!r}")
    losses = None if T is None else _integer("T", T, least=0)
    if patience == 0:
        return math.fsum(1 / t for t in range(1, (losses or 0) + 1))
    total = Fraction(0)
    for length in range(patience + 1, patience + LONGEST_RUN + 2, patience + 1):
        if losses is not None and length > losses:
            break
        # runs of at least `length` records that begin at loss 1, and at any other loss that ends in time
        total += Fraction(1, math.factorial(length)) + runs_begun_later(length, losses)
    return float(total)


def net_decreases_law(p: int, T: int) -> tuple[NDArray[np.int64], Floats]:
    """Law of decreases minus increases of the best-so-far rule after T losses: gamma_T = gamma_0 F^n.

    Conventions as in `probability_any_increase`. Time grows like T^2 p.

    Args:
        p: patience, at least 0.
        T: number of losses, at least 0.

    Returns:
        n = -T .. T and its probabilities, each (2 T + 1,).

    Raises:
        ValueError: p or T lies outside its domain.

    Source: claim noise_best_is_a_plain_decay.

    >>> values, probabilities = net_decreases_law(0, 2)  # up, then up or down
    >>> {int(n): float(q) for n, q in zip(values, probabilities) if q}
    {-2: 0.5, 0: 0.5}
    """
    patience, losses = _integer("p", p, least=0), _integer("T", T, least=0)
    # rows: both counts 0, good counts 1 .. p, bad counts 1 .. p
    mass = np.zeros((2 * patience + 1, 2 * losses + 1))
    mass[0, losses] = 1.0
    for t in range(1, losses + 1):
        good, bad = mass[: patience + 1], mass[[0, *range(patience + 1, 2 * patience + 1)]]
        moved = np.zeros_like(mass)
        # a record ends a run of failures, and the other way round
        moved[1 : patience + 1] += good[:-1] / t
        moved[0, :-1] += good[-1, 1:] / t
        moved[patience + 1 :] += bad[:-1] * ((t - 1) / t)
        moved[0, 1:] += bad[-1, :-1] * ((t - 1) / t)
        if patience:
            moved[1] += mass[patience + 1 :].sum(axis=0) / t
            moved[patience + 1] += mass[1 : patience + 1].sum(axis=0) * ((t - 1) / t)
        mass = moved
    return np.arange(-losses, losses + 1), mass.sum(axis=0)


def survival_above_floor(p: int, levels: int, T: int) -> Floats:
    """P(the rate has not reached the floor within t losses), t = 0 .. T; see `expected_time_to_floor`.

    Returns:
        Probabilities (T + 1,).

    Raises:
        ValueError: p, levels or T lies outside its domain.

    Source: claim noise_best_time_to_floor.

    >>> survival_above_floor(0, 1, 3).round(4)  # up at the first loss, then down twice with probability 1/2 2/3
    array([1.    , 1.    , 1.    , 0.6667])
    """
    steps = survivals(_integer("p", p, least=0), _integer("levels", levels, least=1))
    return np.array([next(steps) for _ in range(_integer("T", T, least=0) + 1)])


def expected_time_to_floor(p: int, levels: int) -> float:
    """Expected number of losses of pure noise until the best-so-far rule first reaches its floor.

    The rate starts m factors of F above the floor and is free to climb; conventions as in `probability_any_increase`.
    A rate that only decays would take m (p + 1) losses. Time and memory grow like (m (p + 1))^2 and m (p + 1).

    Args:
        p: patience, at least 0.
        levels: m, at least 1.

    Raises:
        ValueError: p or m lies outside its domain.

    Source: claim noise_best_time_to_floor.

    >>> round(expected_time_to_floor(10, 1), 9)
    20.48877881
    """
    total, least = 0.0, 0
    for t, survival in enumerate(survivals(_integer("p", p, least=0), _integer("levels", levels, least=1))):
        total += survival
        least = t if survival == 1.0 else least
        # what is left falls faster than geometrically
        if t > least and survival < 1e-19 * total:
            return total
    raise AssertionError("unreachable")


def _integer(symbol: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{symbol} must be an integer of at least {least}, got {value!r}")
    return int(value)


def _log_inverse(F: Any) -> float:
    number = isinstance(F, numbers.Real) and not isinstance(F, bool)
    if not (number and 0 < float(F) < 1):
        raise ValueError(f"F must lie in (0, 1), got {F!r}")
    return -math.log(float(F))
