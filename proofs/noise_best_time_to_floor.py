"""Under pure noise the best-so-far rule falls to its floor almost as fast as a decay by F every p + 1 losses.

The rate starts m factors of F above the floor, free to climb. Loss t is a record with probability 1/t, independently
(Renyi), so (height above the floor, good count, bad count) is a Markov chain in inhomogeneous time, started at (m, 0,
0); tau is the first t with height 0, and E tau = sum over t >= 0 of P(tau > t). Counting orders gives t! P(tau > t)
exactly.

Remainder. Let the chain stand at height x > 0 at time N, and let R be the number of records among the next s losses.
At most p of the losses between two records, or before the first, do not count towards a decrease, and a climb uses up
p + 1 records, of which at most p are of the past:

    (p + 1) decreases >= s - R - p (R + 1),        (p + 1) climbs <= R + p.

So as long as the floor is not met, x - 1 >= decreases - climbs >= (s - (p + 2) R - 2p) / (p + 1). With sigma the
remaining time, used at s = sigma - 1, and E R <= E sigma / (N + 1) by optional stopping (first for min(sigma, n),
then n -> infinity),

    E sigma <= (x (p + 1) + p) / (1 - (p + 2)/(N + 1)),      N > p + 1.

Hence sum_{t<N} P(tau > t) <= E tau <= that + sum over x of P(tau > N, height x at N) times this bound. In particular
E tau is finite, and the probability is so small for moderate N that the bounds agree to 12 digits.

A rate that only decays would take m (p + 1) losses. For p = 0 the first loss always climbs, and E tau is 5.6102 for m
= 1. The checker verifies the inequality between the counts from the two above, both of them for every sequence of up
to eight records and failures run through the rule, and the digits, by exact integers.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache
from math import factorial

import numpy as np
import sympy
from flint import arb, fmpq

from greedylr_theory.schedulers import GreedyBest
from greedylr_theory.theory.noise_regime import expected_time_to_floor, survival_above_floor
from proofs._certificates import BallRelation, Chain, Enclosure, Enumeration, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._pure_noise import Count, records, simulated

p, s, R, decreases, climbs = sympy.symbols("p s R decreases climbs")

#: (patience, factors above the floor) -> E tau, and N
DIGITS = {
    (0, 1): ("5.61019500660", 44),
    (0, 2): ("7.08986045397", 44),
    (0, 10): ("16.8295689806", 60),
    (1, 1): ("6.08760284154", 50),
    (1, 10): ("26.4917082439", 70),
    (2, 1): ("6.94893652720", 60),
    (2, 10): ("37.1741770727", 90),
    (10, 1): ("20.4887788101", 150),
    (10, 10): ("129.854167447", 260),
}


def counts(patience: sympy.Expr = p) -> Inequality:
    """Decreases less climbs, from the two bounds."""
    return Inequality(
        left=(s - (patience + 2) * R - 2 * patience) / (p + 1),
        right=decreases - climbs,
        terms=((1 / (p + 1), "decreases"), (1 / (p + 1), "climbs")),
        hypotheses={
            "decreases": (p + 1) * decreases - (s - R - p * (R + 1)),
            "climbs": R + p - (p + 1) * climbs,
        },
        domain=Domain(nonnegative=(p,)),
    )


def sequences() -> Enumeration:
    """Both bounds on the counts for every sequence of eight outcomes, from every standing of the counts."""

    def relations(case: tuple[int, Count]) -> dict[str, Relation]:
        patience, start = case
        slack_down, slack_up = [], []
        for outcomes in itertools.product((True, False), repeat=8):
            count, down, up = start, 0, 0
            for outcome in outcomes:
                after = count.after(outcome, patience)
                down += after.height < count.height
                up += after.height > count.height
                count = after
            found = sum(outcomes)
            slack_down.append((patience + 1) * down - (8 - found - patience * (found + 1)))
            slack_up.append(found + patience - (patience + 1) * up)
        return {"decreases": (min(slack_down), ">=", 0), "climbs": (min(slack_up), ">=", 0)}

    starts = [(q, Count(99, good, bad)) for q in range(4) for good in range(q + 1) for bad in range(q + 1 - good)]
    return Enumeration(
        {f"p = {q}, counts {c.good}, {c.bad}": (q, c) for q, c in starts if not (c.good and c.bad)}, relations
    )


@cache
def bounds(patience: int, levels: int, last: int) -> tuple[Fraction, Fraction]:
    """Lower and upper bound on E tau from the exact law up to N losses."""
    total, remaining = Fraction(0), Fraction(0)
    for t, orders in enumerate(records(patience, Count(levels), last, floor=True)):
        if t < last:
            total += Fraction(sum(orders.values()), factorial(t))
        else:
            left = sum(number * (c.height * (patience + 1) + patience) for c, number in orders.items())
            remaining = Fraction(left, factorial(t)) / (1 - Fraction(patience + 2, t + 1))
    return total, total + remaining


def digits(bits: int) -> dict[str, BallRelation]:
    """E tau, between its bounds."""
    found: dict[str, BallRelation] = {}
    for (patience, levels), (number, last) in DIGITS.items():
        low, high = (arb(fmpq(end.numerator, end.denominator)) for end in bounds(patience, levels, last))
        found[f"p = {patience}, m = {levels}"] = (low.union(high), "rounds to", number)
    return found


def argument(patience: sympy.Expr = p) -> Chain:
    """The certificate."""
    return Chain({"counts": counts(patience), "sequences": sequences(), "digits": Enclosure(digits)})


def check(rng: np.random.Generator) -> Check:
    """First losses after which simulated runs stand at the floor; and the public functions against exact bounds."""
    worst, apart, means, runs = 0.0, 0.0, [], 4096
    for (patience, levels), (_, last) in DIGITS.items():
        low, high = map(float, bounds(patience, levels, last))
        apart = max(apart, abs(expected_time_to_floor(patience, levels) / low - 1), high / low - 1)
    for patience, levels in ((0, 2), (1, 2), (2, 1), (10, 1)):
        rule = GreedyBest(factor=0.5, patience=patience)
        rates = simulated(rule, runs, 160, rng, rate=2.0**levels)
        times = np.argmax(rates == 1.0, axis=1) + 1.0
        arrived = np.any(rates == 1.0, axis=1)
        expected = expected_time_to_floor(patience, levels)
        survival = survival_above_floor(patience, levels, 160)
        # E tau^2 = sum of (2t + 1) P(tau > t)
        spread = np.sqrt(float(np.sum((2 * np.arange(161) + 1) * survival)) - expected**2)
        worst = max(worst, abs(float(times.mean()) - expected) / (spread / np.sqrt(runs)), 99.0 * (not arrived.all()))
        means.append(f"{times.mean():.2f} ({expected:.2f})")
    return Check(
        margin=min(1 - worst / 5, 1e-12 - apart),
        instances=4 * runs + len(DIGITS),
        sentence=(
            f"mean times of {runs} simulated runs, and E tau: {', '.join(means)} for (p, m) = (0, 2), (1, 2), (2, 1), "
            f"(10, 1), within {worst:.1f} of 5 standard errors; the public function is within {apart:.1e} of the "
            f"exact bounds"
        ),
    )


CLAIM = Claim(
    statement=(
        "Best-so-far rule, pure noise, started m factors of F above its floor and free to climb: the mean number of "
        "losses until it first stands at the floor is finite, and for (p, m) = (0, 1): 5.6102, (1, 1): 6.0876, (2, 1): "
        "6.9489, (10, 1): 20.4888, (0, 10): 16.8296, (1, 10): 26.4917, (2, 10): 37.1742, (10, 10): 129.854."
    ),
    source="the statement is ours; records: Renyi (1962)",
    assumptions=(
        "decreases: at most p of the losses between two records, before the first or after the last do not count.",
        "climbs: each uses p + 1 records in a row, of which at most p are older.",
        "Algorithms 2 and 3 of arXiv 2512.14527 with threshold 0, no smoothing, cooldown, warmup or reset; the best "
        "starts at +infinity; no upper clip.",
        "Independent losses with one continuous law.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(patience=p * sympy.Rational(999, 1000)),
    figure="noise_survival",
    short="Pure noise: mean time in which the rate dies.",
    topic="noise",
    finding=(
        "Under pure noise the best-so-far rule sends its rate to the floor. Ten factors of F take 16.8 losses on "
        "average for p = 0, 26.5 for p = 1, 37.2 for p = 2 and 129.9 for p = 10, where a rate that only decays would "
        "take 10, 20, 30 and 110. So with the default p = 10 and F = 0.95 a rate is halved by noise alone in about "
        "176 losses, and all but surely it does not come back."
    ),
    advice={
        "min_lr": ("Under noise the rate gets there soon after (p + 1) ln(lr0/min_lr)/ln(1/F) losses: choose it."),
    },
)
