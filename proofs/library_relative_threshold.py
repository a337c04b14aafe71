"""With a relative threshold and negative metrics, a worse metric counts as an improvement.

In min mode "better" means current < best (1 - delta). For best > 0 the right side lies below the best; for best < 0 it
lies above it, by delta times abs(best). So every metric with

    best < current < (1 - delta) best        (best < 0)

is worse than the best, counts as an improvement, and becomes the new best. Metrics that rise towards zero by less than
delta of their size each time, best_k = -b q^k with 1 - delta < q < 1, all count as improvements: with p = 0 the rate
climbs at every step, up to max_lr, while the metric gets worse at every step. In max mode best (1 + delta) does the
same. At best = 0 the threshold is zero. An absolute threshold has none of this. Metrics that can be negative are log
likelihoods, rewards, contrastive losses, and losses with a subtracted constant.

Shortest trace: delta = 1/2, p = 0, F = 1/2, initial rate 1, metrics -8, -6: the second is worse by a quarter, and the
rates are 2, 4. For delta = 0 they are 2, 1. The first metric is always an improvement, so two are needed.

Verified by the checker, for both modes: with best = -b, b > 0, current = -q b, q = 1 - delta + s, s > 0, the sides of
the comparison differ by s b > 0, and current - best = (1 - q) b > 0; the traces; and that on a hundred metrics that
rise from -1 towards 0 by the factor 999/1000 the rate climbs a hundred times at delta = 1/500, and only once at a delta
of 1/1000 or less.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy

from proofs._certificates import Chain, Enumeration, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._library_rule import Library, same

b, s, r = sympy.symbols("b s r")
ONE = sympy.Integer(1)


def rule(delta: Fraction, maximise: bool = False, relative: bool = True) -> Library:
    return Library(
        factor=Fraction(1, 2), patience=0, threshold=delta, relative=relative, maximise=maximise, min_lr=Fraction(0),
        max_lr=Fraction(2**200), eps=Fraction(0),
    )  # fmt: skip


def counts_although_worse() -> Chain:
    """best = -b, delta = r + s and current = -(1 - r) b in min mode, -(1 + r) b in max mode."""
    domain = Domain(positive=(b, s, r))
    best, current, larger, delta = -b, -(1 - r) * b, -(1 + r) * b, r + s
    return Chain(
        {
            "counts as an improvement": Inequality(current, best * (1 - delta), ((s * b, 1),), domain=domain),
            "is worse": Inequality(best, current, ((r * b, 1),), domain=domain),
            "counts, max mode": Inequality(best * (1 + delta), larger, ((s * b, 1),), domain=domain),
            "is worse, max mode": Inequality(larger, best, ((r * b, 1),), domain=domain),
        }
    )


def traces() -> Enumeration:
    one, two, four = Fraction(1), Fraction(2), Fraction(4)
    half, metrics = Fraction(1, 2), [Fraction(-8), Fraction(-6)]
    mirrored = [-metric for metric in metrics]
    return Enumeration(
        {
            "worse by a quarter": (rule(half), metrics, [two, four]),
            "no threshold": (rule(Fraction(0)), metrics, [two, one]),
            "absolute threshold": (rule(half, relative=False), metrics, [two, one]),
            "positive metrics": (rule(half), [Fraction(6), Fraction(8)], [two, one]),
            "max mode, negative metrics": (rule(half, maximise=True), [Fraction(-6), Fraction(-8)], [two, four]),
            "max mode, positive metrics": (rule(half, maximise=True), mirrored, [two, one]),
        },
        lambda case: same(case[0].rates((one,), case[1]), case[2]),
    )


def climbs(smallest: Fraction = Fraction(1, 500)) -> Enumeration:
    """A hundred metrics -q^k, q = 999/1000: climbs at every step from `smallest` on, only at the first for 1/1000."""
    metrics = [-(Fraction(999, 1000) ** k) for k in range(100)]

    def relations(delta: Fraction) -> dict[str, Relation]:
        top = max(rule(delta).rates((Fraction(1),), metrics))
        return {"highest rate": (top, "==", Fraction(2) ** (100 if delta >= smallest else 1))}

    deltas = (Fraction(1, 2), Fraction(1, 500), Fraction(1, 1000), Fraction(1, 10**6), Fraction(0))
    return Enumeration({f"delta = {delta}": delta for delta in deltas}, relations)


def argument() -> Chain:
    """The certificate."""
    return Chain({**counts_although_worse().steps, "traces": traces(), "a hundred metrics": climbs()})


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on metrics that rise towards zero by a little less, or a little more, than delta."""
    wrong, instances = 0, 100
    for _ in range(instances):
        delta, steps = float(rng.uniform(0.01, 0.5)), 30
        ratios = 1 - delta * rng.uniform(0.1, 0.999, steps)
        metrics = -float(rng.uniform(0.1, 10)) * np.cumprod(ratios)
        rising = rule(Fraction(delta)).replayed(Fraction(1), list(metrics))
        wrong += int(np.sum(rising != 2.0 ** np.arange(1, steps + 1)))
        beyond = np.cumprod(1 - delta * rng.uniform(1.001, 1.9, steps))
        falling = rule(Fraction(delta)).replayed(Fraction(1), list(-beyond))
        wrong += int(np.sum(falling[1:] >= falling[:-1]))
    return Check(
        margin=0.0 - wrong,
        instances=2 * instances,
        sentence=f"{wrong} of {60 * instances} rates are not as said; all metrics get worse at every step",
    )


CLAIM = Claim(
    statement=(
        "Library and detailed rule with a relative threshold delta > 0, best < 0: every metric between best and (1 "
        "- delta) best (min mode; between (1 + delta) best and best in max mode) is worse and counts as an "
        "improvement. Metrics -b q^k, 1 - delta < q < 1, get worse for ever and raise the rate at every step (p = "
        "0)."
    ),
    published="A metric counts as better if it falls below best (1 - threshold).",
    source="transformers, optimization.GreedyLR (2026); arXiv 2512.14527, Algorithm 2; the statement is ours",
    assumptions=("0 < delta < 1, threshold_mode 'rel'.", "The climbs stay below max_lr and exceed eps."),
    certificate=argument,
    check=check,
    control=lambda: climbs(Fraction(1, 1000)),  # at delta = 1 - q exactly the comparison is a tie: no improvement
    short="Relative threshold, negative metrics: worse counts as better.",
    topic="library",
    finding=(
        "A relative threshold misjudges negative metrics such as log likelihoods or rewards: best (1 - delta) lies "
        "above a negative best, so a metric that is worse by less than delta of its size counts as an improvement "
        "and becomes the new best. A metric that creeps from -1 towards 0 by 0.1 % per evaluation raises the rate "
        "every time at delta = 1/500. The library's default, an absolute threshold, is not affected."
    ),
    advice={"threshold": "Where the metric can be negative, use an absolute threshold."},
)
