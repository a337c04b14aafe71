"""One NaN or infinite metric in the smoothing window stops all improvements until a reset: the rate decays.

The smoothed metric is a running sum over the number of values in the window: the new value is added, then the oldest
subtracted. A sum with NaN is NaN, for ever. After +infinity the sum is infinite; when the infinity leaves the window,
infinity is subtracted from infinity, which is NaN, again for ever. The same with -infinity. So from the first
non-finite metric on every average is NaN or infinite. No comparison with NaN is true, +infinity lies below nothing
(min mode), and -infinity counts as an improvement once, after which nothing lies below it. So from the next metric on
every one of them is bad, however good it is: every p + 1 metrics the rate is multiplied by F, down to min_lr.

Only a reset empties the window. With the defaults it comes after the rate has arrived at min_lr and 499 further
reductions, which take 5489 metrics. Without smoothing the same value costs one bad count (or, for -infinity in min
mode, it is the best value for ever and stops the improvements as well).

Shortest trace: w = 2, p = 0, F = 1/2, initial rate 1, metrics 3, NaN, 2, 1 give the rates 2, 1, 1/2, 1/4; without
smoothing 2, 1, 2, 4. The metrics after it may be any: the checker runs all sequences of six outcomes. For numbers that
are not finite the sums above are exact; all rates are fractions.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._library_rule import Library, outcomes, patterns, same

SPECIAL = {"NaN": math.nan, "infinity": math.inf, "-infinity": -math.inf}
AFTER = 6


def rule(window: int | None, patience: int = 0, reset_start: int = 500, min_lr: Fraction = Fraction(0)) -> Library:
    return Library(
        factor=Fraction(1, 2), patience=patience, min_lr=min_lr, max_lr=Fraction(10**6), window_size=window,
        reset_start=reset_start, threshold=Fraction(0), eps=Fraction(0),
    )  # fmt: skip


def nothing_improves(smoothed: bool = True) -> Enumeration:
    """After the special value each metric halves the rate (p = 0), whatever it is."""

    def relations(case: tuple[str, int, tuple[bool, ...]]) -> dict[str, Relation]:
        name, window, pattern = case
        metrics = [Fraction(3), SPECIAL[name], *outcomes(pattern)]
        rates = rule(window if smoothed else None).rates((Fraction(1),), metrics)
        return {f"metric {t} halves the rate": (rates[t], "==", rates[t - 1] / 2) for t in range(2, len(rates))}

    cases = [(name, window, q) for name in SPECIAL for window in (1, 2, 3, 5) for q in patterns(AFTER)]
    return Enumeration({f"{n}, w = {w}, {''.join('wb'[b] for b in q)}": (n, w, q) for n, w, q in cases}, relations)


def traces() -> Enumeration:
    one, half = Fraction(1), Fraction(1, 2)
    metrics = [Fraction(3), math.nan, Fraction(2), Fraction(1)]
    floor = rule(2, reset_start=2, min_lr=half)
    reset = [Fraction(3), math.nan, Fraction(2), Fraction(1), Fraction(0)]
    return Enumeration(
        {
            "smoothed": (rule(2), metrics, [2 * one, one, half, half / 2]),
            "not smoothed": (rule(None), metrics, [2 * one, one, 2 * one, 4 * one]),
            "a reset empties the window": (floor, reset, [2 * one, one, half, one, 2 * one]),
        },
        lambda case: same(case[0].rates((one,), case[1]), case[2]),
    )


def argument() -> Chain:
    """The certificate."""
    return Chain({"traces": traces(), "whatever follows": nothing_improves()})


def check(rng: np.random.Generator) -> Check:
    """The compiled rule with steadily improving metrics around one special value: its rate only falls afterwards."""
    wrong, instances, metrics_seen = 0, 60, 0
    for index in range(instances):
        window, patience = int(rng.integers(1, 60)), int(rng.integers(0, 4))
        metrics = np.sort(rng.uniform(0, 10, 200))[::-1].copy()
        at = int(rng.integers(1, 100))
        metrics[at] = list(SPECIAL.values())[index % 3]
        rates = rule(window, patience).replayed(Fraction(1), list(metrics))
        metrics_seen += 199 - at
        # -infinity is itself an improvement, NaN and infinity are bad already
        first = at + 1 if index % 3 == 2 else at
        reductions = (np.arange(first, 200) - first + 1) // (patience + 1)
        wrong += int(np.sum(rates[first:] != rates[first - 1] * 0.5**reductions))
    return Check(
        margin=0.0 - wrong,
        instances=instances,
        sentence=(
            f"{metrics_seen} metrics after one special value, each better than all before it: after {wrong} of them "
            "the rate is not F^k times what it was, k = bad metrics // (p + 1)"
        ),
    )


CLAIM = Claim(
    statement=(
        "Library rule with smoothing: after one NaN or infinite metric no metric counts as an improvement until a "
        "reset, whatever its value: the rate is multiplied by F at every p + 1 metrics, down to min_lr."
    ),
    published="Smoothing compares the average of the last window_size metrics.",
    source="transformers, optimization.GreedyLR and StreamingAverage (2026); the statement is ours",
    assumptions=(
        "Arithmetic of IEEE 754 for NaN and infinities; min mode (in max mode the infinities change places).",
        "Changes exceed eps, no cooldown; reset_start is not reached.",
    ),
    certificate=argument,
    check=check,
    control=lambda: nothing_improves(smoothed=False),
    short="One NaN in a smoothed metric ends all improvements.",
    topic="library",
    finding=(
        "With smoothing on, one NaN or infinite metric poisons the running sum: from then on nothing counts as an "
        "improvement, and the rate is multiplied by F every p + 1 metrics, down to min_lr, until a reset empties "
        "the window. With the other defaults that takes 5489 metrics at min_lr. Without smoothing a NaN costs one "
        "bad count."
    ),
    advice={"smoothing": "Do not pass NaN or infinite metrics to a smoothed scheduler: skip the step instead."},
)
