"""Losses that are pure noise, exactly: by the order of all losses, by the rank of the last one, by records.

Independent losses with one continuous law come in each of their n! orders with probability 1/n!; the last of them has
each rank among the first n with probability 1/n, whatever the order of the others; and loss t is a record (below all
before it) with probability 1/t, independently of the records before it (Renyi, 1962).
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import factorial

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from greedylr_theory import Run, simulate
from greedylr_theory.contracts import Scheduler
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import LossNoise
from greedylr_theory.simulation.batch import Batch
from proofs._rules import Greedy


def simulated(scheduler: Scheduler, runs: int, losses: int, rng: np.random.Generator, rate: float = 1.0) -> NDArray:
    """Rates (runs, losses) in force after each loss: normal noise on a flat objective, the compiled rule."""
    base = Run(
        objective=Quadratic(eigenvalues=(0.0,)),
        optimizer=GradientDescent(),
        scheduler=scheduler,
        perturbation=LossNoise(scale=1.0),
        start=(1.0,),
        lr0=rate,
        steps=losses,
        ordering="before_update",
        replicate=0,
    )
    first = int(rng.integers(0, 2**31))
    return simulate(Batch(base, {"replicate": np.arange(first, first + runs)}), stride=1).lr


@cache
def eulerian(n: int) -> tuple[int, ...]:
    """Number of orders of n losses with k falls, k = 0 .. n - 1: A(n, k) = (k + 1) A(n-1, k) + (n - k) A(n-1, k-1).

    >>> eulerian(4)
    (1, 11, 11, 1)
    """
    if n == 1:
        return (1,)
    before = (0, *eulerian(n - 1), 0)
    return tuple((k + 1) * before[k + 1] + (n - k) * before[k] for k in range(n))


@cache
def rates_of_all_orders(losses: int, rule: Greedy) -> Counter[Fraction]:
    """Rate after the last loss -> number of orders, from rate 1, by running the rule on every order."""
    found: Counter[Fraction] = Counter()
    for order in itertools.permutations(range(losses)):
        rate, previous = Fraction(1), None
        for loss in order:
            rate, previous = rule.next_rate(rate, loss, previous), loss
        found[rate] += 1
    return found


def mean_rate(comparisons: int, factor: Fraction) -> Fraction:
    """E gamma_T / gamma_0 of the rule without clips."""
    counts = eulerian(comparisons + 1)
    total = sum((n * factor ** (comparisons - 2 * k) for k, n in enumerate(counts)), Fraction(0))
    return total / factorial(comparisons + 1)


def clipped_levels(levels: int, losses: int) -> list[Fraction]:
    """Law of the level after so many losses, from the lowest of K: by level and rank of the last loss."""
    orders = [[1], *([0] for _ in range(levels - 1))]
    for n in range(1, losses):
        grown = [[0] * (n + 1) for _ in range(levels)]
        for level, row in enumerate(orders):
            sums = [0, *itertools.accumulate(row)]
            up, down = min(level + 1, levels - 1), max(level - 1, 0)
            for rank in range(n + 1):  # of the new loss among n + 1; those ranked lower before it were below it
                grown[down][rank] += sums[rank]
                grown[up][rank] += sums[n] - sums[rank]
        orders = grown
    return [Fraction(sum(row), factorial(losses)) for row in orders]


def clipped_tails(levels: int) -> list[arb]:
    """Stationary probability of the j + 1 highest of K levels, j = 0 .. K - 2, as balls.

    q_j' = q_{j+1} - q_{j-1} with q_{-1} = 0, q_{K-1} = 1 and q_j(0) = integral of q_{j-1}; see the claim on the law.
    """
    unknown = levels - 1
    size = 2 * unknown + 1
    rows = [[0] * size for _ in range(size)]
    for j in range(unknown):  # q_0 .. q_{K-2}, the constant 1, then the integrals of the q_j
        rows[j][j + 1] = 1
        if j:
            rows[j][j - 1] = -1
        rows[unknown + 1 + j][j] = 1
    across = arb_mat(rows).exp()
    left = [
        [(1 if i == j else 0) - (across[unknown + 1 + i, j + 1] if j + 1 < unknown else 0) for j in range(unknown)]
        for i in range(unknown)
    ]
    right = [[across[unknown + 1 + i, unknown]] for i in range(unknown)]
    solved = arb_mat(left).solve(arb_mat(right))
    return [solved[i, 0] for i in range(unknown)]


def clipped_masses(levels: int) -> list[arb]:
    """Stationary masses of the levels, from the highest to the lowest, as balls."""
    tails = [arb(0), *clipped_tails(levels), arb(1)]
    return [tails[i + 1] - tails[i] for i in range(levels)]


@dataclass(frozen=True, order=True)
class Count:
    """Where the best-so-far rule stands: factors of F above the floor, good and bad count, whether it ever climbed."""

    height: int
    good: int = 0
    bad: int = 0
    climbed: bool = False

    def after(self, record: bool, patience: int) -> Count:
        """One loss by Algorithms 2 and 3 without threshold, smoothing, cooldown, warmup and reset."""
        good, bad = (self.good + 1, 0) if record else (0, self.bad + 1)
        if bad > patience:
            return Count(self.height - 1, good, 0, self.climbed)
        if good > patience:
            return Count(self.height + 1, 0, bad, True)
        return Count(self.height, good, bad, self.climbed)


def records(patience: int, start: Count, losses: int, floor: bool) -> Iterator[dict[Count, int]]:
    """Number of orders of t losses by standing, t = 0 .. losses; with a floor, of those that have not met height 0."""
    orders = {start: 1}
    yield orders
    for t in range(1, losses + 1):
        grown: defaultdict[Count, int] = defaultdict(int)
        for count, number in orders.items():
            for record, weight in ((True, 1), (False, t - 1)):
                after = count.after(record, patience)
                if weight and (after.height > 0 or not floor):
                    grown[after] += weight * number
        orders = dict(grown)
        yield orders
