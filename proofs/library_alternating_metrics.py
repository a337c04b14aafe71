"""With patience p >= 1 a metric that improves at every other evaluation never changes the rate, however far it falls.

The good count is set to zero by every metric that does not improve, and the bad count by every one that does. If the
outcomes never agree p + 1 times in a row, then by induction neither count exceeds p: it is at most the length of the
current run of equal outcomes, which is at most p. So no rate is changed, at any time. For p >= 1 alternating outcomes
are of this kind, even though the best value falls for ever: the metrics 8, 9, 7, 9, 6, 9, 5, ... leave the rate as it
was. For p = 0 the same metrics alternate between rate / F and rate.

The converse holds as well: p + 1 equal outcomes in a row, counted from the last change or from the start and outside
cooldown and warmup, change the rate (or try to, at a bound). So the rule reacts to runs and not to trends: with
independent outcomes that improve with probability q the chance that any given p + 1 metrics in a row all improve is
q^(p+1), which is 2^-11 = 0.05 % for q = 1/2 and p = 10.

The checker proves the bound on the count by induction (the step is that a count grows by at most one within a run), and
runs the rule in fractions on every sequence of 10 outcomes for p = 1, 2, 3: the rate moves if and only if p + 1 equal
outcomes follow one another.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby

import numpy as np
import sympy

from proofs._certificates import INDUCTION, Chain, Enumeration, Induction, Relation
from proofs._claim import Check, Claim
from proofs._library_rule import Library, outcomes, patterns, same

LENGTH = 10
run_length, count, next_count = sympy.symbols("run_length count next_count")
ONE = sympy.Integer(1)


def rule(patience: int) -> Library:
    return Library(factor=Fraction(1, 2), patience=patience, min_lr=Fraction(0), max_lr=Fraction(10**9))


def count_within_a_run() -> Induction:
    """A count is at most the number of equal outcomes so far: both start at 0 and it grows by at most one."""
    return Induction(
        statement=run_length - count,
        start={run_length: 0 * ONE, count: 0 * ONE},
        advance={run_length: run_length + 1, count: next_count},
        terms=((ONE, INDUCTION), (ONE, "a count grows by at most one")),
        hypotheses={"a count grows by at most one": count + 1 - next_count},
    )


def longest_run(pattern: tuple[bool, ...]) -> int:
    return max(len(list(group)) for _, group in groupby(pattern))


def moves_only_after_runs(needed: int = 1) -> Enumeration:
    """The rate moves if and only if p + `needed` equal outcomes follow one another."""

    def relations(case: tuple[int, tuple[bool, ...]]) -> dict[str, Relation]:
        patience, pattern = case
        start = Fraction(1)
        rates = rule(patience).rates((start,), outcomes(pattern))
        moved = sum(rate != start for rate in rates)
        if longest_run(pattern) >= patience + needed:
            return {"the rate moves": (moved, ">", 0)}
        return {"the rate stays": (moved, "==", 0)}

    cases = {f"p = {p}, {''.join('wb'[b] for b in q)}": (p, q) for p in (1, 2, 3) for q in patterns(LENGTH)}
    return Enumeration(cases, relations)


def trace() -> Enumeration:
    metrics = [Fraction(n) for n in (8, 9, 7, 9, 6, 9)]
    one, two = Fraction(1), Fraction(2)
    return Enumeration(
        {"p = 1": (1, [one] * 6), "p = 0": (0, [two, one, two, one, two, one])},
        lambda case: same(rule(case[0]).rates((one,), metrics), case[1]),
    )


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "trace": trace(),
            "a count is at most its run": count_within_a_run(),
            "every sequence": moves_only_after_runs(),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on long random sequences of outcomes without p + 1 equal ones in a row, and alternating."""
    moved, instances = 0, 40
    for _ in range(instances):
        patience = int(rng.integers(1, 12))
        runs = rng.integers(1, patience + 1, 200)
        pattern = [index % 2 == 0 for index, length in enumerate(runs) for _ in range(length)]
        rates = rule(patience).replayed(Fraction(1), outcomes(pattern))
        moved += int(np.sum(rates != 1.0))
    return Check(
        margin=0.0 - moved,
        instances=instances,
        sentence=f"{moved} changes of the rate in {instances} sequences of some 1000 metrics whose best value falls",
    )


CLAIM = Claim(
    statement=(
        "Library rule, no cooldown and no warmup: the rate moves for the first time only when p + 1 metrics in a "
        "row have improved, or have not. So for p >= 1 a metric that improves at every other evaluation, e.g. 8, 9, "
        "7, 9, 6, 9, ..., never changes the rate; for p = 0 it alternates between gamma / F and gamma."
    ),
    published="The rate is increased when metrics improve consistently.",
    source="transformers, optimization.GreedyLR (2026); arXiv 2512.14527, Algorithms 2 and 3; the statement is ours",
    assumptions=(
        "a count grows by at most one: per metric, and starts at 0 when the outcome changes.",
        "The rate lies strictly between its bounds and eps is smaller than the change.",
    ),
    certificate=argument,
    check=check,
    control=lambda: moves_only_after_runs(needed=2),
    short="Patience counts outcomes in a row, not trends.",
    topic="library",
    finding=(
        "Patience counts outcomes in a row. With p >= 1 a metric that gets better at every other evaluation, such "
        "as 8, 9, 7, 9, 6, 9, ..., never moves the rate although the best value falls for ever: one bad metric "
        "forgets all the good ones before it, and the other way round."
    ),
    advice={
        "patience": (
            "On a metric that goes up and down the rate moves only after p + 1 equal outcomes in a row: a larger p "
            "makes that rarer, not steadier."
        )
    },
    unsettled=(
        "It is open how fast the rate drifts when outcomes are random and dependent, as those of a smoothed metric are."
    ),
)
