"""Under pure noise the best-so-far rule with p >= 1 may never raise its rate: it ever does with P = 1 - 1/e for p = 1.

Losses are independent with one continuous law. Better than the best so far means a record, and loss t is a record
with probability 1/t, independently (Renyi); the first is one, since the best starts at +infinity. The good count is
the length of the current run of records, less what climbs have used, so the first climb comes when p + 1 losses in a
row are records. For p = 0 that is the first loss. For p >= 1 let c_t = P(no climb within t losses), c_0 = ... = c_p =
1, c_{p+1} = 1 - 1/(p+1)!. The first climb comes at t > p + 1 if loss t - p - 1 is no record, the p + 1 after it are,
and there was none before:

    c_{t-1} - c_t = c_{t-p-2} w_t,    w_t = (1 - 1/(t-p-1)) (t-p-1)!/t! = 1/(t .. (t-p)) - 1/(t .. (t-p-1)).    (1)

Sums of w_t telescope: over t > N they are W_N = 1/(p N .. (N-p+1)) - 1/((p+1) N .. (N-p)). As c falls,

    1 - c_N + c_infinity W_N <= P(any climb) <= 1 - c_N + c_{N-p-1} W_N,

which gives any number of digits. N = p + 1, where W_N = 1/((p+1)! p (p+1)), and c <= 1 give, for every p >= 1,

    1/(p+1)! <= P(any climb) <= (1 + 1/(p (p+1))) / (p+1)!.

p = 1: c_T = D_{T+1}/(T T!), D_n the number of permutations of n without a fixed point, for D_{n+1} = n (D_n +
D_{n-1}) turns (1) into the identity that the checker verifies; so c_T -> 1/e. (The number of pairs of neighbouring
records is Poisson with mean 1.)

The checker verifies that identity; for every order of up to six losses, run through the rule, the probabilities of
(1); (1) and the closed form for p = 1 against exact counts of all orders of up to 14 losses; and the digits in balls.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache
from math import factorial, perm

import numpy as np
import sympy
from flint import arb, fmpq

from greedylr_theory.schedulers import GreedyBest
from greedylr_theory.theory.noise_regime import probability_any_increase
from proofs._certificates import BallRelation, Chain, Enclosure, Enumeration, Identity, Relation
from proofs._claim import Check, Claim
from proofs._pure_noise import Count, records, simulated
from proofs._symbols import ONE, T

before, two_before = sympy.symbols("before two_before")  #: D_{T-1}, D_{T-2}

#: patience -> P(any climb, ever)
DIGITS = {1: "0.632120558829", 2: "0.1919908746536", 3: "0.0451027365027", 10: "0.000000025279854825308"}
FOLLOWED = {1: 4000, 2: 4000, 3: 800, 10: 200}  #: N


def derangements(count: int) -> int:
    """D_n = n D_{n-1} + (-1)^n."""
    number = 1
    for n in range(1, count + 1):
        number = n * number + (-1) ** n
    return number


def closed_form(moved: sympy.Expr = ONE) -> Identity:
    """(1) for p = 1 times T!, with D_T and D_{T+1} in terms of D_{T-1} and D_{T-2}."""
    latest = (T - 1) * (before + two_before)  # D_T
    return Identity(latest + before, moved * T * (before + two_before) - two_before)


@cache
def climbed(patience: int, losses: int) -> tuple[Fraction, ...]:
    """P(any climb within t losses), t = 0 .. losses, from exact counts of orders."""
    laws = records(patience, Count(losses + 1), losses, floor=False)
    return tuple(
        Fraction(sum(number for count, number in orders.items() if count.climbed), factorial(t))
        for t, orders in enumerate(laws)
    )


def recursion(patience: int, losses: int) -> list[Fraction]:
    """c_t by (1)."""
    none = [Fraction(1)] * (patience + 1)
    none.append(1 - Fraction(1, factorial(patience + 1)))
    for t in range(patience + 2, losses + 1):
        step = (1 - Fraction(1, t - patience - 1)) / perm(t, patience + 1)
        none.append(none[t - 1] - none[t - patience - 2] * step)
    return none[: losses + 1]


def every_order() -> Enumeration:
    """The rule on all orders of up to six losses."""

    def relations(case: tuple[int, int]) -> dict[str, Relation]:
        patience, losses = case
        found = 0
        for order in itertools.permutations(range(losses)):
            count = Count(losses + 1)
            for t, loss in enumerate(order):
                count = count.after(all(loss < earlier for earlier in order[:t]), patience)
            found += count.climbed
        return {"share": (Fraction(found, factorial(losses)), "==", climbed(patience, losses)[-1])}

    return Enumeration({f"p = {p}, {n} losses": (p, n) for p in (0, 1, 2, 3) for n in (1, 2, 5, 6)}, relations)


def recursions() -> Enumeration:
    """(1) and the closed form for p = 1 against the exact counts; the bounds for every p."""

    def relations(patience: int) -> dict[str, Relation]:
        exact, found = climbed(patience, 14), {}
        if patience == 0:
            return {f"p = 0, {t} losses": (exact[t], "==", 1) for t in range(1, 15)}
        for t, none in enumerate(recursion(patience, 14)):
            found[f"{t} losses"] = (1 - exact[t], "==", none)
            if patience == 1 and t:
                found[f"{t} losses, closed form"] = (none, "==", Fraction(derangements(t + 1), t * factorial(t)))
        least = Fraction(1, factorial(patience + 1))
        if patience < 14:
            found["at least"] = (exact[-1], ">=", least)
        found["at most"] = (exact[-1], "<=", least * (1 + Fraction(1, patience * (patience + 1))))
        return found

    return Enumeration({f"p = {p}": p for p in (0, 1, 2, 3, 10)}, relations)


def limits(bits: int) -> dict[str, BallRelation]:
    """Both bounds round to the same digits."""
    found: dict[str, BallRelation] = {}
    for patience, digits in DIGITS.items():
        last = FOLLOWED[patience]
        none = [arb(1)] * (patience + 1)
        none.append(1 - 1 / arb(factorial(patience + 1)))
        passed = 1 - none[-1]
        for t in range(patience + 2, last + 1):
            step = none[t - patience - 2] * (t - patience - 2) / perm(t, patience + 2)
            passed += step
            none.append(none[t - 1] - step)
        rest = arb(fmpq(1, patience * perm(last, patience))) - arb(fmpq(1, (patience + 1) * perm(last, patience + 1)))
        if patience == 1:  # slow: the closed form gives the digits, (1) has to agree
            limit = 1 - arb(-1).exp()
            found["p = 1: the limit lies between the bounds"] = (abs(limit - passed - none[-1] * rest), "<", rest**2)
        else:
            limit = (passed + (none[-1] - rest) * rest).union(passed + none[last - patience - 1] * rest)
        found[f"p = {patience}"] = (limit, "rounds to", digits)
    return found


def argument(moved: sympy.Expr = ONE) -> Chain:
    """The certificate."""
    return Chain(
        {
            "closed form for p = 1": closed_form(moved),
            "every order": every_order(),
            "recursion": recursions(),
            "limits": Enclosure(limits),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on normal noise: which share of runs ever climbs within 200 losses."""
    runs, losses, worst, shares = 4096, 200, 0.0, []
    for patience in (1, 2, 3):
        rates = simulated(GreedyBest(factor=0.5, patience=patience), runs, losses, rng)
        share = float(np.mean(np.any(np.diff(rates, axis=1) > 0, axis=1)))
        expected = probability_any_increase(patience, losses)
        worst = max(worst, abs(share - expected) / np.sqrt(expected * (1 - expected) / runs))
        shares.append(f"{share:.4f} ({expected:.4f})")
    return Check(
        margin=1 - worst / 5,
        instances=3 * runs,
        sentence=(
            f"shares of {runs} runs of {losses} losses that climb, and probabilities: {', '.join(shares)} for p = 1, "
            f"2, 3; within {worst:.1f} of 5 standard errors. For p = 10 the event is too rare to be simulated"
        ),
    )


CLAIM = Claim(
    statement=(
        "Best-so-far rule, pure noise: P(any climb within T losses) is 1 for p = 0 and T >= 1, 1 - D_{T+1}/(T T!) -> "
        "1 - 1/e for p = 1 (D_n: derangements), and by the recursion (1) for p >= 2: in the limit 0.19199 for p = 2, "
        "0.04510 for p = 3, 2.528e-8 for p = 10; for every p >= 1 between 1/(p+1)! and (1 + 1/(p(p+1)))/(p+1)!."
    ),
    source="the statement is ours; records: Renyi (1962); pairs of them: Joffe, Marchand, Perron, Popadiuk (2004)",
    assumptions=(
        "Algorithms 2 and 3 of arXiv 2512.14527 with threshold 0, no smoothing, cooldown, warmup or reset; the best "
        "starts at +infinity.",
        "Independent losses with one continuous law.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(moved=sympy.Rational(1001, 1000)),
    figure="noise_survival",
    short="Pure noise: for p >= 2 the rate rarely climbs.",
    topic="noise",
    finding=(
        "Under pure noise the best-so-far rule needs p + 1 records in a row to raise its rate, and records become "
        "rare. With p = 1 it ever does so with probability 63.2 %, with p = 2 19.2 %, with p = 3 4.5 %, with "
        "the default p = 10 once in 40 million runs; with p = 0 it always does, at the first loss."
    ),
    advice={"patience": "With noise that hides progress, p >= 3 leaves the rate a chance below 5 % ever to rise."},
)
