"""Trainer calls the scheduler once per evaluation: the rate first changes after p + 1 evaluations at the earliest.

A count grows by at most one per call and is compared by ">": count > p takes p + 1 calls. Counts start at zero after
every change, so the k-th change comes at call k (p + 1) at the earliest (later with cooldown or warmup), and after E
calls the rate lies between gamma_0 F^k and gamma_0 F^-k with k = floor(E / (p + 1)). With an evaluation every m steps
the first change comes after m (p + 1) training steps.

What this means (transformers 5: other schedulers are stepped at every update, this one and reduce-on-plateau only with
the metric of an evaluation; an evaluation before the first step does not count; without an evaluation strategy Trainer
refuses the scheduler; if eval_steps is not given it is logging_steps, 500 by default; p is 10 by default):

| evaluation | calls before the first change | training steps |
|---|---|---|
| every 500 steps (default) | 11 | 5,500 |
| every 100 steps | 11 | 1,100 |
| every 10 steps | 11 | 110 |
| once per epoch | 11 | 11 epochs |
| once per epoch, p = 0 | 1 | 1 epoch |

With the default of 3 epochs, one evaluation each and p = 10 there are 3 calls: the rate never changes and GreedyLR is a
constant rate. A run of 1,000 steps with an evaluation every 100 has 10 calls: the same. Trainer makes the metric the
loss unless told otherwise, and passes the scheduler no direction: with an accuracy the mode must be set to "max" in
lr_scheduler_kwargs, or improvements count as failures.

Verified by the checker: the count is at most the number of calls (induction); every sequence of outcomes for p = 0, 1,
2, 3: nothing before call p + 1, a change there if all agree, and the bounds on the rate; the table.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy

from proofs._certificates import INDUCTION, Chain, Enumeration, Induction, Relation
from proofs._claim import Check, Claim
from proofs._library_rule import Library, outcomes, patterns

calls, count, next_count = sympy.symbols("calls count next_count")
ONE = sympy.Integer(1)
LENGTH = 8

#: name -> p, training steps per evaluation (in epochs where it says so), calls and training steps to the first change
SETTINGS = {
    "every 500 steps": (10, 500, 11, 5500),
    "every 100 steps": (10, 100, 11, 1100),
    "every 10 steps": (10, 10, 11, 110),
    "once per epoch, in epochs": (10, 1, 11, 11),
    "once per epoch, p = 0, in epochs": (0, 1, 1, 1),
}


def rule(patience: int) -> Library:
    return Library(factor=Fraction(1, 2), patience=patience, min_lr=Fraction(0), max_lr=Fraction(2**20))


def count_is_at_most_calls() -> Induction:
    return Induction(
        statement=calls - count,
        start={calls: 0 * ONE, count: 0 * ONE},
        advance={calls: calls + 1, count: next_count},
        terms=((ONE, INDUCTION), (ONE, "a count grows by at most one")),
        hypotheses={"a count grows by at most one": count + 1 - next_count},
    )


def every_sequence(sooner: int = 0) -> Enumeration:
    """No change before call p + 1 - sooner; bounds on the rate after every call."""

    def relations(case: tuple[int, tuple[bool, ...]]) -> dict[str, Relation]:
        patience, pattern = case
        rates = rule(patience).rates((Fraction(1),), outcomes(pattern))
        first = next((call for call, rate in enumerate(rates, start=1) if rate != 1), LENGTH + 1)
        found: dict[str, Relation] = {"first change": (first, ">=", patience + 1)}
        if len(set(pattern[: patience + 1])) == 1:
            found["all agree"] = (first, "==", patience + 1 - sooner)
        for call, rate in enumerate(rates, start=1):
            changes = call // (patience + 1)
            found[f"not above after call {call}"] = (rate, "<=", Fraction(2) ** changes)
            found[f"not below after call {call}"] = (rate, ">=", Fraction(1, 2) ** changes)
        return found

    cases = {f"p = {p}, {''.join('wb'[b] for b in q)}": (p, q) for p in range(4) for q in patterns(LENGTH)}
    return Enumeration(cases, relations)


def table() -> Enumeration:
    def relations(case: tuple[int, int, int, int]) -> dict[str, Relation]:
        patience, interval, evaluations, steps = case
        rates = rule(patience).rates((Fraction(1),), outcomes([True] * (patience + 2)))
        first = next(call for call, rate in enumerate(rates, start=1) if rate != 1)
        return {"evaluations": (first, "==", evaluations), "training steps": (first * interval, "==", steps)}

    return Enumeration(SETTINGS, relations)


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {"a count is at most the calls": count_is_at_most_calls(), "sequences": every_sequence(), "table": table()}
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule with an evaluation every m steps of random lengths of runs."""
    early, instances, tight = 0, 60, 0
    for _ in range(instances):
        patience, interval = int(rng.integers(0, 15)), int(rng.integers(1, 200))
        evaluations = int(rng.integers(patience + 1, 80))
        improving = bool(rng.integers(0, 2))
        metrics = -np.arange(evaluations) if improving else rng.normal(size=evaluations)
        rates = rule(patience).replayed(Fraction(1), list(metrics))
        per_step = np.repeat(np.concatenate([[1.0], rates]), interval)
        early += int(np.any(per_step[: interval * (patience + 1)] != 1.0))
        calls_made = np.arange(1, evaluations + 1)
        early += int(np.any(np.abs(np.log2(rates)) > calls_made // (patience + 1)))
        tight += int(improving and per_step[interval * (patience + 1)] == 2.0)
    return Check(
        margin=0.0 - early,
        instances=instances,
        sentence=f"{early} runs change earlier or by more than said; {tight} change exactly at step m (p + 1)",
    )


CLAIM = Claim(
    statement=(
        "Stepped once per evaluation, as Trainer does, the rate first changes at evaluation p + 1, at the earliest, "
        "and after E evaluations lies within gamma_0 F^(+-k), k = floor(E / (p + 1)). With p = 10: every 500 steps, "
        "5,500 training steps; once per epoch, 11 epochs, so that with 3 epochs the rate is constant."
    ),
    published="patience: number of epochs with no improvement after which the rate is adjusted (10).",
    source="transformers, Trainer, TrainingArguments, optimization.GreedyLR (2026); the statement is ours",
    assumptions=(
        "a count grows by at most one: per call of the scheduler.",
        "The scheduler is called with the metric after each evaluation and at no other time (transformers 5).",
        "Evaluations are equally spaced; no resumption from a checkpoint with counts in it.",
    ),
    certificate=argument,
    check=check,
    control=lambda: every_sequence(sooner=1),  # count >= p instead of count > p
    short="Trainer: no change before p + 1 evaluations.",
    topic="library",
    finding=(
        "In the Trainer of transformers GreedyLR is called once per evaluation, not once per step, so its rate "
        "cannot change before p + 1 evaluations. With evaluation by steps at its default interval of 500 and p = 10 "
        "that is 5,500 training steps; with one evaluation per epoch it is 11 epochs, and a run of 3 epochs has a "
        "constant rate. After E evaluations the rate has moved by at most F to the power floor(E / (p + 1)), either "
        "way."
    ),
    advice={
        "patience": (
            "Divide the number of evaluations in the run by p + 1: that is the largest number of changes of the "
            "rate. If it is below 1 the rate is constant; evaluate more often or lower p."
        ),
        "metric": 'For a metric that should rise, pass mode="max": Trainer does not pass the direction on.',
    },
)
