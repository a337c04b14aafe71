"""In the library a rate below its min_lr is never reduced: it can only climb, and attempts to reduce it end in a reset.

A reduction computes new = max(rate F, min_lr) and is applied only if rate - new > eps. While rate < min_lr,

    rate - new <= rate - min_lr < 0 <= eps,

so it is skipped, whatever the metrics say: the first step of the certificate. An increase, min(rate / F, max_lr), is
applied as usual. So the rate of such a run never falls until it has climbed above min_lr; from then on it cannot come
back below min_lr except by a reset. And a reduction that leaves every group at or below its bound counts: after
reset_start of them without an increase in between, everything returns to the start, including the initial rate.

Shortest trace: F = 1/2, p = 0, min_lr = 1, initial rate 1/4. The metrics 0, 1 (better, worse) give the rates 1/2, 1/2
where the same rule with min_lr = 0 gives 1/2, 1/4; the first metric is always an improvement, so two are needed. With
reset_start = 2 the metrics 0, 1, 1 give 1/2, 1/2, 1/4: the last is a reset.

This is the case of the library's defaults in its Trainer: the initial rate is 5e-5 there and min_lr is 1e-3, so the
rate has to climb 59 times by 1/F = 20/19, in runs of p + 1 = 11 improving evaluations (649 in all), before a reduction
can do anything. Verified by the checker: the inequality above; the traces; that no sequence of up to 7 outcomes, for
p = 0, 1, 2, lowers a rate below the bound; the number 59.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import sympy

from proofs._certificates import Chain, Enumeration, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._library_rule import Library, outcomes, patterns, same

rate, floor, new, eps, gap = sympy.symbols("rate floor new eps gap")
ONE = sympy.Integer(1)
LENGTH = 7


def skipped() -> Inequality:
    """rate - new <= eps, so that a reduction below the floor is not applied."""
    return Inequality(
        left=rate - new,
        right=eps,
        terms=((ONE, "new is at least the floor"), (eps, 1), (floor - rate, 1)),
        hypotheses={"new is at least the floor": new - floor},
        domain=Domain(
            positive=(rate, floor - rate), nonnegative=(eps,), where={floor: rate + gap}, inverse={gap: floor - rate}
        ),
    )


def rule(patience: int = 0, reset_start: int = 500, floor: Fraction = Fraction(1)) -> Library:
    return Library(factor=Fraction(1, 2), patience=patience, min_lr=floor, max_lr=Fraction(4), reset_start=reset_start)


def never_lowered(start: Fraction) -> Enumeration:
    """No sequence of outcomes lowers a rate that starts below the floor, before it has climbed above."""

    def relations(case: tuple[int, tuple[bool, ...]]) -> dict[str, Relation]:
        patience, pattern = case
        rates = [start, *rule(patience).rates((start,), outcomes(pattern))]
        steps: dict[str, Relation] = {
            f"metric {t}": (after, ">=", before)
            for t, (before, after) in enumerate(pairwise(rates), start=1)
            if before < 1 or t == 1
        }
        return {**steps, "never below the start": (min(rates), ">=", start)}

    cases = {f"p = {p}, {''.join('wb'[b] for b in q)}": (p, q) for p in range(3) for q in patterns(LENGTH)}
    return Enumeration(cases, relations)


def traces() -> Enumeration:
    start, half, quarter = (Fraction(1, 4),), Fraction(1, 2), Fraction(1, 4)
    metrics = [Fraction(0), Fraction(1), Fraction(1)]
    return Enumeration(
        {
            "below the floor": (rule(), metrics[:2], [half, half]),
            "without a floor": (rule(floor=Fraction(0)), metrics[:2], [half, quarter]),
            "a reset": (rule(reset_start=2), metrics, [half, half, quarter]),
        },
        lambda case: same(case[0].rates(start, case[1]), case[2]),
    )


def climbs_of_the_defaults() -> Enumeration:
    initial, climb = Fraction(5, 10**5), 1 / Library().factor
    return Enumeration(
        {"5e-5 to 1e-3": 59},
        lambda n: {
            "after n climbs": (initial * climb**n, ">=", Library().min_lr),
            "not after n - 1": (initial * climb ** (n - 1), "<", Library().min_lr),
        },
    )


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "a reduction is skipped": skipped(),
            "every sequence of outcomes": never_lowered(Fraction(1, 4)),
            "traces": traces(),
            "climbs with the defaults": climbs_of_the_defaults(),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on random metrics: the rate never falls while it is below min_lr."""
    lowest, steps, instances = np.inf, 0, 60
    for _ in range(instances):
        start = Fraction(int(rng.integers(1, 1000)), 1000)
        # few improvements, so that most of a run is spent below the floor
        metrics = np.cumsum(rng.normal(0.5, 1.0, 200))
        rates = rule(int(rng.integers(0, 4))).replayed(start, list(metrics))
        before = np.concatenate([[float(start)], rates[:-1]])
        below = before < 1
        steps += int(np.sum(below))
        lowest = min(lowest, float(np.min((rates / before - 1)[below], initial=np.inf)))
    trace = max(rule(reset_start=2).deviation(Fraction(1, 4), [0, 1, 1]), rule().deviation(Fraction(1, 4), [0, 1]))
    return Check(
        margin=lowest if trace == 0 else -1.0,
        instances=instances + 2,
        sentence=f"in {steps} steps below min_lr the smallest relative change is {lowest:.3g}; the traces agree",
    )


CLAIM = Claim(
    statement=(
        "Library rule: a rate below its min_lr is not reduced by any metrics; it can only climb until it is above "
        "min_lr, or return to its initial value by a reset, towards which every attempted reduction counts. With "
        "the Trainer's initial rate 5e-5 and the default min_lr 1e-3 this lasts for 59 climbs."
    ),
    published="On a plateau the rate is multiplied by the factor, down to min_lr.",
    source="transformers, optimization.GreedyLR and TrainingArguments (2026); the statement is ours",
    assumptions=(
        "new is at least the floor: new = max(rate F, min_lr).",
        "0 < F < 1, eps >= 0; a reduction is applied if rate - new > eps, as in the source.",
        "One parameter group; of several, all have to be at or below their bounds for an attempt to count.",
        "The number 59 is for F = 0.95, min_lr = 1e-3, initial rate 5e-5.",
    ),
    certificate=argument,
    check=check,
    control=lambda: never_lowered(Fraction(1001, 1000)),  # just above the floor: reductions work
    short="Library: a rate below min_lr is never reduced.",
    topic="library",
    finding=(
        "In the library a rate that lies below its min_lr is never reduced, however bad the metric: a reduction "
        "would raise it and is skipped. Such a rate can only climb, or return to its start by a reset. The defaults "
        "are in this state: the Trainer starts at 5e-5 and min_lr is 1e-3, so 59 climbs, each after at least 11 "
        "improving evaluations in a row, come before the first reduction can take effect."
    ),
    advice={
        "min_lr": (
            "Set min_lr below the initial rate; the library's default of 1e-3 is 20 times the Trainer's default "
            "rate of 5e-5."
        )
    },
)
