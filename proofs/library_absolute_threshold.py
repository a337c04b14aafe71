"""An absolute threshold ties the rule to the unit of the loss, and allows only finitely many improvements.

A metric counts as an improvement if it falls below best - delta. Multiply all metrics by c > 0: the comparison becomes
c current < c best - delta, the same as before with threshold delta / c. So the rule with an absolute threshold is not
invariant under a change of the unit of loss, unless delta is multiplied by c as well; then it is (checked on every
branch of one step, for every state, with smoothing or without). With a relative threshold, or delta = 0, nothing has to
be changed. The rates themselves are untouched here: only what the scheduler sees is multiplied.

Every improvement lowers the best by more than delta, so that a metric bounded below by m improves at most

    1 + (l_1 - m) / delta   times

in the whole run, l_1 being the first metric. On a loss that converges, the improvements end when it is within delta of
its limit; from then on every p + 1 metrics lower the rate, down to min_lr, whatever the schedule did before. Without a
floor it goes to zero.

Shortest trace: delta = 1/4, p = 0, F = 1/2, initial rate 1, metrics 1, 1/2 give 2, 4; the same metrics in units four
times as large, 1/4, 1/8, give 2, 1. Both metrics are needed, since the first is always an improvement.

Verified by the checker: both equivariances, on all branch paths; the traces; the bound on the number of improvements by
induction (count (delta) <= l_1 - best after the first).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from proofs._certificates import INDUCTION, Chain, Enumeration, Equivariance, Induction, Less, Program
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._library_rule import Library, State, same
from proofs._symbols import ONE, F

c, delta, first, best, count, next_best, next_count = sympy.symbols("c delta first best count next_best next_count")

METRICS = ("metric", "best", "total", "oldest")
NAMES = (*METRICS, "rate", "threshold", "low", "high", "eps", "factor")


def one_step(counts: tuple[int, int], relative: bool, smooth: bool) -> Program:
    """One step of the rule from any state with the given good and bad count; p = 1, no cooldown or warmup."""

    def program(inputs: Mapping[str, Any], less: Less) -> Mapping[str, Any]:
        rule = Library(
            factor=inputs["factor"], patience=1, threshold=inputs["threshold"], relative=relative, less=less,
            min_lr=inputs["low"], max_lr=inputs["high"], eps=inputs["eps"], window_size=2 if smooth else None,
        )  # fmt: skip
        window = (inputs["oldest"], inputs["total"] - inputs["oldest"]) if smooth else ()
        total = inputs["total"] if smooth else Fraction(0)
        state = State((inputs["rate"],), inputs["best"], *counts, reset=3, window=window, total=total)
        after = rule.step(state, inputs["metric"], (inputs["rate"],))
        if after.best is None:  # a reset: every metric of the state is forgotten
            return {"rate": after.rates[0]}
        kept = {"total": after.total} if smooth else {}
        return {"rate": after.rates[0], "best": after.best, **kept}

    return program


def change_of_unit(relative: bool, unit_of_threshold: sympy.Expr) -> Equivariance:
    """All metrics times c, and the threshold times its unit: the same rates."""
    programs = {
        f"good {good}, bad {bad}, {'smoothed' if smooth else 'raw'}": one_step((good, bad), relative, smooth)
        for good, bad in ((0, 0), (1, 0), (0, 1))
        for smooth in (False, True)
    }
    symbols = {name: sympy.Symbol(name) for name in NAMES} | {"factor": F}
    units: dict[str, Any] = dict.fromkeys(NAMES, ONE) | dict.fromkeys(METRICS, c) | {"threshold": unit_of_threshold}
    return Equivariance(programs, symbols, units, Domain(positive=(c, F)))


def few_improvements() -> Induction:
    """delta times the number of improvements after the first is at most first - best."""
    return Induction(
        statement=first - best - delta * count,
        start={best: first, count: 0 * ONE},
        advance={best: next_best, count: next_count},
        terms=((ONE, INDUCTION), (ONE, "an improvement is larger than delta")),
        hypotheses={"an improvement is larger than delta": best - next_best - delta * (next_count - count)},
        domain=Domain(positive=(delta,)),
    )


def rule(threshold: Fraction, relative: bool = False) -> Library:
    return Library(
        factor=Fraction(1, 2),
        patience=0,
        threshold=threshold,
        relative=relative,
        min_lr=Fraction(0),
        max_lr=Fraction(8),
    )


def traces() -> Enumeration:
    one, two, four, quarter = Fraction(1), Fraction(2), Fraction(4), Fraction(1, 4)
    metrics = [one, one / 2]
    scaled = [quarter * metric for metric in metrics]
    return Enumeration(
        {
            "one unit": (rule(quarter), metrics, [two, four]),
            "another unit": (rule(quarter), scaled, [two, one]),
            "threshold in the new unit": (rule(quarter / 4), scaled, [two, four]),
            "relative": (rule(quarter, relative=True), scaled, [two, four]),
        },
        lambda case: same(case[0].rates((one,), case[1]), case[2]),
    )


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "traces": traces(),
            "absolute, threshold times c": change_of_unit(False, c),
            "relative, threshold as it is": change_of_unit(True, ONE),
            "few improvements": few_improvements(),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule: powers of two change no rate when the threshold goes along; improvements are few without."""
    different, most, instances = 0, 0.0, 50
    for _ in range(instances):
        metrics = 4 * np.exp(-0.05 * np.arange(200)) * np.exp(0.1 * rng.normal(size=200))
        unit, threshold = 2.0 ** int(rng.integers(-8, 9)), float(rng.uniform(0.001, 0.2))
        plain = rule(Fraction(threshold)).replayed(Fraction(1), list(metrics))
        moved = rule(Fraction(threshold * unit)).replayed(Fraction(1), list(metrics * unit))
        different += int(np.sum(plain != moved))
        climbs = int(np.sum(np.diff(plain, prepend=1.0) > 0))
        most = max(most, climbs / (1 + (metrics[0] - metrics.min()) / threshold))
    return Check(
        margin=1 - most if different == 0 else -1.0,
        instances=instances,
        sentence=(
            f"{different} rates differ when metrics and threshold are multiplied by one power of 2; the number of "
            f"climbs is at most {most:.3g} of its bound"
        ),
    )


CLAIM = Claim(
    statement=(
        "Library and detailed rule: with an absolute threshold delta, metrics times c > 0 give the rates of "
        "threshold delta / c, so the rule depends on the unit of loss (not so for a relative threshold or delta = "
        "0). A metric bounded below by m improves at most 1 + (l_1 - m) / delta times in a run."
    ),
    published="threshold: for measuring a new optimum, 1e-6 in absolute terms by default.",
    source="transformers, optimization.GreedyLR (2026); the statement is ours",
    assumptions=(
        "an improvement is larger than delta: a metric counts if it lies below best - delta.",
        "p = 1 stands for every p in the certificate of the equivariance: counts are compared with integers only.",
        "Exact arithmetic; bit for bit where c is a power of two.",
        "The number of improvements is for min mode and a run without a reset.",
    ),
    certificate=argument,
    check=check,
    control=lambda: change_of_unit(False, ONE),  # the threshold left as it was
    short="Absolute thresholds depend on the unit of loss.",
    topic="library",
    finding=(
        "The library's threshold is 1e-6 in the unit of the metric. Multiplying the metric by c is the same as "
        "dividing the threshold by c, so the rule is not free of units. An absolute threshold also limits the "
        "number of improvements in a run to 1 + (first metric - lowest metric) / threshold; after that every p + 1 "
        "metrics lower the rate, down to min_lr."
    ),
    advice={
        "threshold": "Give the threshold in the unit of the metric, below the progress per evaluation that matters."
    },
)
