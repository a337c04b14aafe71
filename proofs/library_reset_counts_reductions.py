"""reset_start is documented as a number of steps at min_lr. It counts reductions, and the arriving one is the first.

The counter goes down by one at each *reduction* that leaves every parameter group at or below its bound, and a reset
happens when it reaches zero. A reduction takes p + 1 metrics without improvement after a change, and the cooldown
(c metrics that are ignored) comes before. The reduction that arrives at the bound counts already. So without any
improvement the reset comes

    (reset_start - 1) (p + c + 1)  metrics after the arrival at the bound,

which is reset_start only by coincidence: 499 x 11 = 5489 metrics for the defaults (500, p = 10, c = 0). An improvement
sets the bad count to zero, but leaves the counter as it is; an *increase* restores it. reset_start = 0 does not mean
"never": like 1 it resets at the arrival, so that the bound is never kept.

Shortest traces, F = 1/2, min_lr = 1, initial rate 2, p = 1, metrics 0, 1, 1, 1, 1, ...: the rates are 2, 2, 1 (arrival
at the third metric), then 1, 2 for reset_start = 2, and 1, 1, 1, 2 for reset_start = 3: four steps and not three.

Proof of the number: after the arrival bad = 0 and the cooldown is c. While nothing improves, c metrics are ignored and
the next p + 1 raise the bad count to p + 1 > p: a reduction, which changes no rate, since new = max(rate F, min_lr) =
min_lr = rate, and lowers the counter by one. The same again until it is zero; the arrival left it at reset_start - 1.
The checker runs the rule in fractions for every p <= 4, c <= 3, reset_start <= 5.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._library_rule import Library, same

START = Fraction(2)


def rule(reset_start: int, patience: int, cooldown: int) -> Library:
    return Library(
        factor=Fraction(1, 2), patience=patience, cooldown=cooldown, min_lr=Fraction(1), max_lr=Fraction(2),
        reset_start=reset_start,
    )  # fmt: skip


def waiting(reset_start: int, patience: int, cooldown: int) -> int:
    """Metrics from the arrival at the bound to the reset, by running the rule; nothing improves after the first."""
    metrics = [Fraction(0)] + [Fraction(1)] * ((reset_start + 2) * (patience + cooldown + 2))
    rates = rule(reset_start, patience, cooldown).rates((START,), metrics)
    arrival = rates.index(Fraction(1)) if Fraction(1) in rates else patience + 1
    return rates.index(START, arrival) - arrival


def lengths(extra: int = 0) -> Enumeration:
    """(reset_start - 1)(p + c + 1) + extra metrics, and 0 for reset_start = 0."""

    def relations(case: tuple[int, int, int]) -> dict[str, Relation]:
        reset_start, patience, cooldown = case
        expected = max(reset_start - 1, 0) * (patience + cooldown + 1) + extra
        return {"metrics at the bound": (waiting(*case), "==", expected)}

    cases = itertools.product(range(6), range(5), range(4))
    return Enumeration({f"reset_start = {r}, p = {p}, cooldown = {c}": (r, p, c) for r, p, c in cases}, relations)


def traces() -> Enumeration:
    two, one = START, Fraction(1)
    metrics = [Fraction(0), *[Fraction(1)] * 6]
    improved = [Fraction(0), Fraction(1), Fraction(1), Fraction(-1), Fraction(1), Fraction(1)]
    return Enumeration(
        {
            "reset_start = 2": (rule(2, 1, 0), metrics[:5], [two, two, one, one, two]),
            "reset_start = 3": (rule(3, 1, 0), metrics[:7], [two, two, one, one, one, one, two]),
            "an improvement does not restore the counter": (rule(2, 1, 0), improved, [two, two, one, one, one, two]),
        },
        lambda case: same(case[0].rates((START,), case[1]), case[2]),
    )


def argument() -> Chain:
    """The certificate."""
    defaults = Enumeration(
        {"defaults": Library()}, lambda rule: {"metrics": ((rule.reset_start - 1) * (rule.patience + 1), "==", 5489)}
    )
    return Chain({"traces": traces(), "every small setting": lengths(), "defaults": defaults})


def check(rng: np.random.Generator) -> Check:
    """The compiled rule with larger numbers, the defaults among them."""
    settings = [(500, 10, 0), *(tuple(int(n) for n in rng.integers((2, 0, 0), (40, 12, 9))) for _ in range(20))]
    wrong = 0
    for reset_start, patience, cooldown in settings:
        expected = (reset_start - 1) * (patience + cooldown + 1)
        metrics = [0.0] + [1.0] * (expected + patience + cooldown + 5)
        rates = rule(reset_start, patience, cooldown).replayed(START, metrics)
        arrival = int(np.argmax(rates == 1.0))
        wrong += int(np.argmax(rates[arrival:] == 2.0)) != expected
    return Check(
        margin=0.0 - wrong,
        instances=len(settings),
        sentence=f"{wrong} of {len(settings)} settings differ from (reset_start - 1)(p + c + 1), 5489 by default",
    )


CLAIM = Claim(
    statement=(
        "Library rule: reset_start counts reductions that leave all groups at or below min_lr, the arriving one "
        "included. Without improvement the reset comes (reset_start - 1)(p + cooldown + 1) metrics after the "
        "arrival (5489 by default), at the arrival itself for reset_start <= 1; only an increase restores the "
        "counter."
    ),
    published="reset_start is the number of steps to wait at min_lr before everything returns to the start.",
    source="transformers, optimization.GreedyLR (2026), documentation of reset_start; the statement is ours",
    assumptions=(
        "No metric improves on the best by more than the threshold after the arrival.",
        "One parameter group, or several that arrive together.",
    ),
    certificate=argument,
    check=check,
    control=lambda: lengths(extra=1),  # as if the arriving reduction did not count
    short="Library: reset_start counts reductions, not steps.",
    topic="library",
    finding=(
        "The library's reset_start is not a number of steps at min_lr. It counts attempted reductions there, and "
        "each of them takes p + 1 metrics without improvement (plus the cooldown): with the defaults the reset "
        "comes 5489 metrics after the rate has arrived at min_lr, not 500. An improvement does not restart the "
        "count, an increase of the rate does, and reset_start = 0 resets at once instead of never."
    ),
    advice={
        "reset": (
            "To wait about n metrics at min_lr before a reset, set reset_start to n / (p + cooldown + 1) + 1. To "
            "switch resets off make it larger than the run, not 0."
        )
    },
)
