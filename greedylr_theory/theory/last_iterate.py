"""Subgradient steps x_{t+1} = x_t - eta_t g_t and the last iterate: schedules, their guarantees, and what resists them.

Counting, throughout: T iterates x_1 .. x_T and hence T - 1 steps eta_1 .. eta_{T-1}, but T subgradient norms G_1 ..
G_T: the norm at x_T, where no step is taken, counts as well. D is the distance of x_1 from a minimiser, f is convex.
Functions of a number N of steps have T = N + 1. Sums run in blocks, so that a million terms cost milliseconds and lose
less than 1e-12.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from greedylr_theory.objectives import Resisting
    from greedylr_theory.simulation.run import Run

Floats = NDArray[np.float64]

_BLOCK = 1024  #: terms per block of a long sum: its rounding errors grow with the root of the length only
_SPAN = 1e150  #: largest ratio of two norms: its square is still a double


def linear_decay_steps(D: float, G: float, T: int) -> Floats:
    """eta_t = D / (G sqrt T) (1 - t/T) for t = 1 .. T - 1: the T - 1 steps that produce x_T.

    Args:
        D: distance of x_1 from a minimiser, positive, in length.
        G: bound on the norm of every subgradient, positive, in loss / length.
        T: number of iterates, at least 1.

    Returns:
        The steps in length^2 / loss, (T - 1,).

    Raises:
        ValueError: an argument lies outside its domain.

    Source: arXiv 2310.07831; Zamani and Glineur, arXiv 2307.11134; claim linear_decay.

    >>> linear_decay_steps(D=2.0, G=1.0, T=4)
    array([0.75, 0.5 , 0.25])
    """
    D, G, T = _positive("D", D), _positive("G", G), _count("T", T, 1)
    return D / G / math.sqrt(T) * (np.arange(T - 1, 0, -1) / T)


def linear_decay_value(D: float, G: float, T: int) -> float:
    """D G / sqrt(T), in units of loss: what `linear_decay_steps` guarantee for f(x_T) - f*, and no steps do better.

    Args:
        D, G, T: as for `linear_decay_steps`; T iterates, T - 1 steps.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claims linear_decay and refined_schedule_is_minimax.

    >>> linear_decay_value(D=2.0, G=3.0, T=4)
    3.0
    """
    D, G, T = _positive("D", D), _positive("G", G), _count("T", T, 1)
    return D * G / math.sqrt(T)


def refined_steps(norms: ArrayLike, D: float) -> Floats:
    """eta_t = w_t w_{t+1:T} / w_{1:T}, w_t = D G_t^-2 / (sum_s G_s^-2)^(1/2): the T - 1 steps that produce x_T.

    w_{a:b} is the sum of w_a .. w_b. With equal norms these are the steps of linear decay. The norms are bounds that
    are known beforehand: norms measured in the same run break the guarantee for stochastic gradients.

    Args:
        norms: G_1 .. G_T, T positive numbers in loss / length, the last of them for x_T.
        D: distance of x_1 from a minimiser, positive, in length.

    Returns:
        The steps in length^2 / loss, (T - 1,).

    Raises:
        ValueError: an argument lies outside its domain.

    Source: arXiv 2310.07831; claim refined_schedule.

    >>> refined_steps([1.0, 1.0, 1.0, 1.0], D=2.0)
    array([0.75, 0.5 , 0.25])
    >>> refined_steps([2.0, 1.0, 1.0], D=1.5)  # warmup: the first norm is the largest
    array([0.22222222, 0.44444444])
    """
    sizes, D = _norms(norms), _positive("D", D)
    least = float(sizes.min())
    shares = (least / sizes) ** 2
    tails = _tails(shares)
    # w_t = D (least / G_t) / G_t / (sum of shares)^(1/2)
    return D / math.sqrt(tails[0]) * (least / sizes[:-1] / sizes[:-1]) * (tails[1:-1] / tails[0])


def refined_value(norms: ArrayLike, D: float) -> float:
    """D / (sum_t G_t^-2)^(1/2), in units of loss: what `refined_steps` guarantee for f(x_T) - f*.

    It holds for convex f with norm(g_t) <= G_t at x_1 .. x_T, and no T - 1 nonnegative steps guarantee less.

    Args:
        norms, D: as for `refined_steps`; T norms, T - 1 steps.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claims refined_schedule and refined_schedule_is_minimax.

    >>> refined_value([0.5, 0.5, 1.0], D=6.0)
    2.0
    """
    sizes, D = _norms(norms), _positive("D", D)
    least = float(sizes.min())
    return D * least / math.sqrt(math.fsum((least / sizes) ** 2))


def constant_step_value(eta: float, N: int, G: float, D: float) -> float:
    """Largest f(x_T) - f* after N = T - 1 steps of one size on convex f with norm(g_t) <= G, in units of loss.

    G D - N G^2 eta for eta <= D / (G r_N^2), else A G^2 eta + D^2 / (4 (N + A) eta), where r_0 = 1,
    r_{k+1} = r_k + 1/r_k and A = 1/2 + 1/2 sum_{k<N} r_k^-2, so that N + A = r_N^2 / 2. The cost is linear in N.

    Args:
        eta: the step, positive, in length^2 / loss.
        N: number of steps, at least 0; x_T = x_{N+1} is the last iterate.
        G: bound on the norm of every subgradient, positive, in loss / length.
        D: distance of x_1 from a minimiser, positive, in length.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: Zamani and Glineur, arXiv 2307.11134; claims constant_step_lipschitz and any_steps_worst_case.

    >>> constant_step_value(eta=0.5, N=1, G=1.0, D=1.0)
    0.75
    >>> constant_step_value(eta=0.0625, N=2, G=1.0, D=1.0)
    0.875
    """
    eta, N = _positive("eta", eta), _count("N", N, 0)
    G, D = _positive("G", G), _positive("D", D)
    if N == 0:
        return G * D
    excess, square = _constant_step(N)
    step = eta * G / D
    if step * square <= 1.0:
        return G * D * (1.0 - N * step)
    return G * D * 0.5 * ((1.0 + excess) * step + 1.0 / (square * step))


def best_constant_step(N: int, G: float, D: float) -> tuple[float, float]:
    """The constant step with the smallest `constant_step_value` for N = T - 1 steps, and that value.

    eta = D / (2 G (A (N + A))^(1/2)) and G D (A / (N + A))^(1/2), A as there; A grows like ln(N) / 4.

    Args:
        N: number of steps, at least 1.
        G: bound on the norm of every subgradient, positive, in loss / length.
        D: distance of x_1 from a minimiser, positive, in length.

    Returns:
        (eta in length^2 / loss, value in units of loss).

    Raises:
        ValueError: an argument lies outside its domain.

    Source: Zamani and Glineur, arXiv 2307.11134; claims constant_step_lipschitz and any_steps_worst_case.

    >>> eta, value = best_constant_step(N=2, G=1.0, D=1.0)  # A = 9/8
    >>> round(eta, 12), round(value, 12)
    (0.266666666667, 0.6)
    """
    N, G, D = _count("N", N, 1), _positive("G", G), _positive("D", D)
    excess, square = _constant_step(N)
    return D / G / math.sqrt((1.0 + excess) * square), G * D * math.sqrt((1.0 + excess) / square)


def general_bound(steps: ArrayLike, norms: ArrayLike, D: float) -> float:
    """D^2 / (2 sum_t eta_t) + 1/2 sum_t eta_t^2 G_t^2 / sum_{s >= min(t+1, T)} eta_s, a bound on f(x_T) - f*.

    Sums over t = 1 .. T. x_T is produced by T - 1 steps: eta_T is never taken, only a weight, and any positive number
    will do. With T - 1 steps the bound is the smallest over eta_T > 0; with T steps the last of them is eta_T. In
    units of loss. Where all norms are equal `worst_case_value` is exact, and about half of this.

    Args:
        steps: eta_1 .. eta_{T-1}, nonnegative, in length^2 / loss; or in addition eta_T, positive.
        norms: G_1 .. G_T, T positive numbers in loss / length.
        D: distance of x_1 from a minimiser, positive, in length.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: arXiv 2310.07831, Theorem 10, in the second form of claim general_step_bound.

    >>> general_bound([0.5, 0.5], norms=[1.0, 1.0], D=1.0)  # eta_2 = 1/2 is no step
    1.0
    >>> round(general_bound([0.5], norms=[1.0, 1.0], D=1.0), 6)
    0.940824
    """
    sizes, D = _norms(norms), _positive("D", D)
    given = np.asarray(steps, dtype=np.float64)
    if given.ndim != 1 or len(given) not in (len(sizes) - 1, len(sizes)):
        raise ValueError(
            f"steps must be T - 1 numbers, or T with the weight eta_T, for T = {len(sizes)} norms, "
            f"got shape {given.shape}"
        )
    _require_steps(given)
    largest = float(sizes.max())
    lengths, slopes = given * (largest / D), sizes / largest
    taken = lengths[: len(sizes) - 1]
    tails, squares = _tails(taken), (taken * slopes[:-1]) ** 2
    if len(given) < len(sizes):
        weight = _best_weight(tails, squares, float(slopes[-1]))
    elif given[-1] > 0:
        weight = float(lengths[-1])
    else:
        raise ValueError(
            "eta_T, the last of T steps, must be positive, since it only weighs x_T: leave it out, got 0.0"
        )
    penalties = _penalty(tails, squares, weight) + weight * float(slopes[-1]) ** 2
    return D * largest * 0.5 * (1.0 / (float(tails[0]) + weight) + penalties)


def worst_case_value(steps: ArrayLike, G: float, D: float) -> float:
    """Largest f(x_T) - f* after T - 1 steps of any sizes on convex f with norm(g_t) <= G, in units of loss.

    With m_T = 0, v = max(m_{t+1}, sqrt(eta_t)), m_t = v + eta_t / v and y = m_1^2: D^2 / (2 y) + G^2 (y/2 - S) for
    D <= G y, else G D - G^2 S, where S = sum_t eta_t. A step of 0 repeats an iterate and changes nothing. A common
    factor of the steps multiplies y and S; the best is D / (G sqrt(y (y - 2 S))), with the value G D sqrt(1 - 2 S/y).

    Args:
        steps: eta_1 .. eta_{T-1}, nonnegative, in length^2 / loss; they produce x_T.
        G: bound on the norms of all T subgradients, positive, in loss / length.
        D: distance of x_1 from a minimiser, positive, in length.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claim any_steps_worst_case.

    >>> worst_case_value([0.75, 0.5, 0.25], G=1.0, D=2.0)  # linear decay
    1.0
    >>> worst_case_value([0.5], G=1.0, D=1.0), constant_step_value(0.5, N=1, G=1.0, D=1.0)
    (0.75, 0.75)
    """
    sizes, G, D = np.asarray(steps, dtype=np.float64), _positive("G", G), _positive("D", D)
    if sizes.ndim != 1:
        raise ValueError(f"steps must be T - 1 numbers in a row, got shape {sizes.shape}")
    _require_steps(sizes)
    scaled = sizes[sizes > 0] * (G / D)
    tails = _tails(scaled)
    # m_t^2 = 2 (eta_t + .. + eta_{T-1}) + excess, which keeps the digits of a long sum
    excess = lost = 0.0
    for step, behind in zip(scaled[::-1].tolist(), tails[:0:-1].tolist(), strict=True):
        square = 2.0 * behind + excess
        if step >= square:  # v = sqrt(eta_t): m_t^2 = 4 eta_t, whatever comes later
            excess, lost = 2.0 * (step - behind), 0.0
        else:
            term = step * step / square - lost
            following = excess + term
            lost, excess = (following - excess) - term, following
    travelled = float(tails[0])
    y = 2.0 * travelled + excess
    if y <= 1.0:
        return G * D * (1.0 - travelled)
    return G * D * 0.5 * (1.0 / y + excess)


@dataclass(frozen=True)
class ResistingFunction:
    """A convex function on which no nonnegative steps get f(x_T) - f* below `value`, ready to be simulated.

    Args:
        objective: max(-value, max_i G_i x_i) in T dimensions; see there.
        start: x_1 = 0, at the distance D from a minimiser.
        value: D / (sum_t G_t^-2)^(1/2), which is f(x_t) - f* for every t = 1 .. T.
    """

    objective: Resisting
    start: tuple[float, ...]
    value: float

    def run(self, steps: Sequence[float] | Floats) -> Run:
        """Gradient descent from `start` with the T - 1 given steps, for `simulate`.

        Raises:
            ValueError: there are not T - 1 steps, or one is negative, or the first is not positive.
        """
        from greedylr_theory.schedulers import Table
        from greedylr_theory.simulation.run import Run

        sizes = np.asarray(steps, dtype=np.float64)
        if sizes.shape != (len(self.start) - 1,) or len(sizes) == 0:
            raise ValueError(
                f"steps must be T - 1 = {len(self.start) - 1} numbers, and at least 1, got shape {sizes.shape}"
            )
        first = _positive("eta_1", float(sizes[0]))
        return Run(
            objective=self.objective,
            scheduler=Table(factors=tuple(float(size / first) for size in sizes)),
            start=self.start,
            lr0=first,
            steps=len(sizes),
        )


def resisting_function(norms: ArrayLike, D: float) -> ResistingFunction:
    """The convex function that meets T - 1 steps with subgradients of norms G_1 .. G_T, whatever nonnegative steps.

    Every step moves one coordinate away from the maximum, and T - 1 steps cannot move all T of them: f(x_T) = f(x_1).

    Args:
        norms: G_1 .. G_T, T positive numbers in loss / length.
        D: distance of x_1 from a minimiser, positive, in length.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claim refined_schedule_is_minimax; after Nemirovski and Yudin (1983).

    >>> from greedylr_theory import simulate
    >>> resisting = resisting_function([1.0] * 4, D=2.0)
    >>> trajectory = simulate([resisting.run(linear_decay_steps(D=2.0, G=1.0, T=4))])
    >>> float(trajectory.end_loss[0]) - resisting.objective.minimum, resisting.value
    (1.0, 1.0)
    """
    from greedylr_theory.objectives import Resisting  # loads numba, which nothing else here needs

    sizes, D = _norms(norms), _positive("D", D)
    value = refined_value(sizes, D)
    return ResistingFunction(Resisting(slopes=tuple(sizes.tolist()), depth=value), (0.0,) * len(sizes), value)


@functools.lru_cache(maxsize=4096)
def _constant_step(N: int) -> tuple[float, float]:
    """(sum_{k<N} r_k^-2, r_N^2), by r_k^2 = 2 k + 1 + sum_{j<k} r_j^-2 with compensated additions."""
    excess, lost = 0.0, 0.0
    for k in range(N):
        term = 1.0 / (2 * k + 1 + excess) - lost
        following = excess + term
        lost = (following - excess) - term
        excess = following
    return excess, 2 * N + 1 + excess


def _penalty(tails: Floats, squares: Floats, weight: float, power: int = 1) -> float:
    """sum_{t<T} eta_t^2 G_t^2 / (sum_{t<s<T} eta_s + eta_T)^power; a step of 0 costs nothing."""
    paid = squares > 0
    return float(np.sum(squares[paid] / (tails[1:][paid] + weight) ** power))


def _best_weight(tails: Floats, squares: Floats, slope: float) -> float:
    """eta_T >= 0 that minimises the bound, which is convex in it: Newton's method from the left never overshoots.

    The derivative, increasing and concave, is negative where a single one of its terms outweighs G_T^2.
    """
    starts = np.append(np.sqrt(squares) / slope - tails[1:], 1.0 / slope - tails[0])
    weight = max(float(starts.max()), 0.0)
    for _ in range(200):
        rise = slope**2 - 1.0 / (tails[0] + weight) ** 2 - _penalty(tails, squares, weight, 2)
        if rise >= 0.0:
            break
        change = -rise / (2.0 / (tails[0] + weight) ** 3 + 2.0 * _penalty(tails, squares, weight, 3))
        weight += change
        if change <= 1e-9 * weight:  # the bound is flat there: it is good to the square of this
            break
    return float(weight)


def _tails(values: Floats) -> Floats:
    """Sums of values[t:] for t = 0 .. n, in blocks; the last is 0."""
    count = len(values)
    blocks = -(-count // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[:count] = values[::-1]
    within = np.cumsum(padded.reshape(blocks, _BLOCK), axis=1)
    before = np.concatenate(([0.0], np.cumsum(within[:-1, -1]))) if blocks else np.zeros(0)
    sums = (within + before[:, None]).reshape(-1)[:count]
    return np.concatenate((sums[::-1], [0.0]))


def _norms(norms: ArrayLike) -> Floats:
    sizes = np.asarray(norms, dtype=np.float64)
    if sizes.ndim != 1 or len(sizes) == 0:
        raise ValueError(f"norms must be T >= 1 numbers in a row, got shape {sizes.shape}")
    bad = ~((sizes > 0) & (sizes < math.inf))
    if bad.any():
        raise ValueError(
            f"norms (G_t) must lie in (0, inf), got {float(sizes[bad][0])!r} at t = {int(bad.argmax()) + 1}"
        )
    if sizes.max() / sizes.min() > _SPAN:
        raise ValueError(
            f"norms (G_t) must be within a factor {_SPAN:g} of each other, got {sizes.min()} and {sizes.max()}"
        )
    return sizes


def _require_steps(sizes: Floats) -> None:
    bad = ~((sizes >= 0) & (sizes < math.inf))
    if bad.any():
        raise ValueError(f"steps (eta_t) must lie in [0, inf), got {float(sizes[bad][0])!r}")


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool | str) or not 0 < value < math.inf:
        raise ValueError(f"{name} must lie in (0, inf), got {value!r}")
    return float(value)


def _count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be an integer, at least {least}, got {value!r}")
    return int(value)
