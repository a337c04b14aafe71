"""Under pure noise the best-so-far rule is a decay by F every p + 1 losses, up to O(ln T) factors: exact means.

Losses are independent with one continuous law; loss t is a record with probability 1/t, independently (Renyi); R_T is
the number of records among T losses, of mean H_T = 1 + 1/2 + ... + 1/T and variance below H_T. Let d_T and c_T be the
numbers of decreases and climbs, so that ln gamma_T = ln gamma_0 - ln(1/F) (d_T - c_T).

(i) Every run. Losses are records, count towards a decrease, or are left over, at most p after each record; the first
loss is a record, and each climb takes p + 1 records. So (p + 1) d_T <= T - R_T, (p + 1) d_T >= T - (p + 1) R_T, and
(p + 1) c_T <= R_T: the rule loses d_T - c_T factors with

    T/(p+1) - R_T (p+2)/(p+1) <= d_T - c_T <= (T - R_T)/(p+1),      exactly T - 2 R_T for p = 0.

(ii) Mean decreases. There is one at t if the last record among t losses is k (p + 1) losses back, k >= 1; the place
of the last record is uniform, P(s) = (1/s)(1 - 1/(s+1)) ... (1 - 1/t) = 1/t. So

    E d_T = sum over t <= T of floor((t-1)/(p+1))/t = T/(p+1) - (p+2)/(2(p+1)) ln T + O(1),

as 1 + ((t-1) mod (p+1)), which is what the floor leaves of t, is (p+2)/2 in the mean.

(iii) Mean climbs. There is one at t if the run of records that ends at t has length l = k (p + 1), k >= 1. For runs
that begin at loss 1 that is 1/l!; for those that begin after a loss j that is no record, (1 - 1/j) j!/(j+l)! =
j!/(j+l)! - (j-1)!/(j+l)!. Both sums over j >= 1 telescope, to 1/((l-1) l!) and 1/(l l!), and for p >= 1

    E c_infinity = sum over l = p+1, 2(p+1), ... of (1 + 1/(l (l-1)))/l!,

which is 0.7966 for p = 1 and 2.528e-8 for p = 10: finitely many climbs ever. For p = 0 each record is one, E c_T =
H_T.

The checker verifies (i) for every sequence of up to eight outcomes run through the rule; the means against exact
counts of all orders of up to 14 losses; the telescoping terms; that the floor leaves (p+2)/2 over a period; and
digits.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import factorial, perm

import numpy as np
from flint import arb

from greedylr_theory.schedulers import GreedyBest
from greedylr_theory.theory.noise_regime import expected_decreases, expected_increases
from proofs._certificates import BallRelation, Chain, Enclosure, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._library_rule import patterns
from proofs._pure_noise import Count, records, simulated

LENGTH = 14
PATIENCES = (0, 1, 2, 3, 10)
DIGITS = {1: "0.796599599297", 2: "0.195882425740", 3: "0.0451641354652", 10: "0.0000000252798548253"}  #: E c_infinity


def every_sequence() -> Enumeration:
    """(i) for all sequences of eight outcomes that begin with a record, at every length."""

    def relations(patience: int) -> dict[str, Relation]:
        below, above = [], []
        for outcomes in patterns(8):
            count = Count(0)
            for t, outcome in enumerate(outcomes, start=1):
                count = count.after(outcome, patience)
                found, lost = sum(outcomes[:t]), -count.height * (patience + 1)
                below.append(lost - (t - (patience + 2) * found))
                above.append(t - found - lost)
        exact = max(map(abs, below)) if patience == 0 else 0
        return {"from below": (min(below), ">=", 0), "from above": (min(above), ">=", 0), "p = 0": (exact, "==", 0)}

    return Enumeration({f"p = {p}": p for p in range(5)}, relations)


@cache
def means(patience: int) -> tuple[tuple[Fraction, Fraction], ...]:
    """Mean numbers of decreases and climbs at each loss, by exact counts of orders."""
    found = []
    for t, orders in enumerate(records(patience, Count(LENGTH + 1), LENGTH, floor=False), start=1):
        down = up = 0
        for count, number in orders.items():
            for record, weight in ((True, 1), (False, t - 1)):
                change = count.after(record, patience).height - count.height
                down, up = down + weight * number * (change < 0), up + weight * number * (change > 0)
        found.append((Fraction(down, factorial(t)), Fraction(up, factorial(t))))
    return tuple(found[:LENGTH])


def climb_at(patience: int, t: int) -> Fraction:
    """P(climb at loss t) by (iii)."""
    total = Fraction(0)
    for length in range(patience + 1, t + 1, patience + 1):
        j = t - length
        total += Fraction(1, factorial(t)) if j == 0 else (1 - Fraction(1, j)) / perm(t, length)
    return total


def exact_means(moved: Fraction = Fraction(1)) -> Enumeration:
    """(ii) and (iii) at each of 14 losses."""

    def relations(patience: int) -> dict[str, Relation]:
        found: dict[str, Relation] = {}
        for t, (down, up) in enumerate(means(patience), start=1):
            found[f"decrease at {t}"] = (down, "==", moved * Fraction((t - 1) // (patience + 1), t))
            found[f"climb at {t}"] = (up, "==", climb_at(patience, t))
        return found

    return Enumeration({f"p = {p}": p for p in PATIENCES}, relations)


def telescoping() -> Enumeration:
    """Terms of both sums in (iii) as differences, and what the floor leaves over a period."""

    def relations(length: int) -> dict[str, Relation]:
        found: dict[str, Relation] = {}
        for j in range(1, 12):
            first = [Fraction(1, (length - 1) * perm(i + length - 1, length - 1)) for i in (j, j + 1)]
            second = [Fraction(1, length * perm(i + length - 1, length)) for i in (j, j + 1)]
            found[f"first sum, {j}"] = (first[0] - first[1], "==", Fraction(1, perm(j + length, length)))
            found[f"second sum, {j}"] = (second[0] - second[1], "==", Fraction(1, perm(j + length, length + 1)))
        left = sum(1 + (t - 1) % length for t in range(1, length + 1))
        found["left by the floor"] = (left, "==", Fraction(length * (length + 1), 2))
        return found

    return Enumeration({f"l = {length}": length for length in range(2, 13)}, relations)


def climbs(bits: int) -> dict[str, BallRelation]:
    """E c_infinity; what follows the last term is below twice the next factorial's inverse."""
    found: dict[str, BallRelation] = {}
    for patience, digits in DIGITS.items():
        total, length = arb(0), patience + 1
        while length < 60:
            total += (1 + 1 / arb(length * (length - 1))) / factorial(length)
            length += patience + 1
        found[f"p = {patience}"] = (total + arb(0, 2 / arb(factorial(length)).lower()), "rounds to", digits)
    return found


def argument(moved: Fraction = Fraction(1)) -> Chain:
    """The certificate."""
    return Chain(
        {
            "every sequence": every_sequence(),
            "means": exact_means(moved),
            "telescoping": telescoping(),
            "climbs": Enclosure(climbs),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Mean decreases and climbs of simulated runs of 300 losses."""
    runs, losses, worst, numbers = 4096, 300, 0.0, []
    for patience in (0, 1, 2, 10):
        rates = simulated(GreedyBest(factor=0.5, patience=patience), runs, losses, rng)
        moves = np.diff(np.log2(rates), axis=1, prepend=0.0)
        down, up = np.sum(moves < 0, axis=1), np.sum(moves > 0, axis=1)
        for found, expected in (
            (down, expected_decreases(patience, losses)),
            (up, expected_increases(patience, losses)),
        ):
            error = max(float(found.std()), np.sqrt(expected)) / np.sqrt(runs)
            worst = max(worst, abs(float(found.mean()) - expected) / error)
        numbers.append(f"{down.mean():.2f} and {up.mean():.3f}")
    return Check(
        margin=1 - worst / 5,
        instances=4 * runs,
        sentence=(
            f"mean decreases and climbs of {runs} runs of {losses} losses: {'; '.join(numbers)} for p = 0, 1, 2, 10; "
            f"within {worst:.1f} of 5 standard errors of the exact means"
        ),
    )


CLAIM = Claim(
    statement=(
        "Best-so-far rule, pure noise, T losses with R_T records: it loses between T/(p+1) - R_T (p+2)/(p+1) and (T "
        "- R_T)/(p+1) factors of F (T - 2 R_T for p = 0), in every run. E decreases = sum_{t<=T} "
        "floor((t-1)/(p+1))/t = T/(p+1) - (p+2)/(2(p+1)) ln T + O(1); E climbs ever = sum over multiples l of p+1 of "
        "(1 + 1/(l(l-1)))/l! for p >= 1, H_T for p = 0."
    ),
    source="the statement is ours; records: Renyi (1962)",
    assumptions=(
        "Algorithms 2 and 3 of arXiv 2512.14527 with threshold 0, no smoothing, cooldown, warmup or reset; the best "
        "starts at +infinity; no clips.",
        "The means: independent losses with one continuous law. The bounds for every run: any finite losses at all.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(moved=Fraction(1001, 1000)),
    figure="noise_survival",
    short="Under pure noise GreedyLR is a plain decay.",
    topic="noise",
    finding=(
        "Where noise hides progress, the best-so-far rule is an open-loop decay: F every p + 1 losses, slowed only "
        "by the records, of which there are about ln T among T losses. After 1,000 losses the rate has fallen on "
        "average by 985 factors of F for p = 0, 493.8 for p = 1 and 87.5 for p = 10; a plain decay would have lost "
        "1,000, 500 and 90.9. Climbs are finite in number for p >= 1: on average 0.80 in all for p = 1, 0.20 for p = "
        "2 and 2.5e-8 for p = 10."
    ),
    advice={
        "patience": (
            "Under noise the rate is multiplied by F every p + 1 losses whatever the model does: choose p and F as "
            "for an exponential schedule of that length."
        ),
    },
)
