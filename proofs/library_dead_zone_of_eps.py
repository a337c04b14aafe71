"""Changes of at most eps are skipped: small rates are frozen, and a rate just above min_lr blocks the reset for ever.

A reduction is applied only if rate - max(rate F, min_lr) > eps, an increase only if min(rate / F, max_lr) - rate > eps.
Away from the bounds this means

    reduced only if  rate > eps / (1 - F),        increased only if  rate > eps F / (1 - F).

With the defaults (F = 0.95, eps = 1e-8) these are 2e-7 and 1.9e-7. A rate of at most 1.9e-7 never changes at all; one
between 1.9e-7 and 2e-7 can climb and not fall. The absolute eps knows nothing of the scale of the rates.

At the lower bound: if min_lr < rate <= min_lr + eps, a reduction is at most rate - min_lr <= eps and is skipped. Then
the rate stays above min_lr, so "all groups at or below min_lr" is false, the reset counter does not move, and no reset
ever comes, however long the metrics are bad. The same happens with several groups when one of them is in this zone.

Shortest traces, with F = 1/2, p = 0, eps = 1/4. Initial rate 1/4 = eps F / (1 - F), no bounds: the metrics 0, 1 give
1/4, 1/4, and for eps = 0 they give 1/2, 1/4. Initial rate 3/8 = max_lr: 3/8, 3/8, no fall. And with F = 9/16,
min_lr = 1, max_lr = 2 = initial rate, reset_start = 1: the metrics 0, 1, 1, ... give 2, 9/8, 9/8, ... for ever, where
eps = 0 gives 2, 9/8, 2 by a reset.

The checker proves the three inequalities on the whole domain 0 < F < 1 and runs the rule on all short sequences.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy

from proofs._certificates import Chain, Enumeration, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._library_rule import Library, outcomes, patterns, same
from proofs._symbols import ONE, F

rate, eps, floor, new, odds, below, gap = sympy.symbols("rate eps floor new odds below gap")
LENGTH = 7

# F = odds / (1 + odds) covers 0 < F < 1
FACTOR = {F: odds / (1 + odds)}
FACTOR_BACK = {odds: F / (1 - F)}


def frozen_downwards() -> Inequality:
    """rate <= eps / (1 - F): a fall by (1 - F) rate is at most eps."""
    slack = eps / (1 - F) - rate
    return Inequality(
        left=rate - rate * F,
        right=eps,
        terms=((1 - F, "rate is small"),),
        hypotheses={"rate is small": slack},
        domain=Domain(positive=(F, 1 - F, eps), where=FACTOR, inverse=FACTOR_BACK),
    )


def frozen_upwards() -> Inequality:
    """rate <= eps F / (1 - F): a climb by (1 / F - 1) rate is at most eps."""
    slack = eps * F / (1 - F) - rate
    return Inequality(
        left=rate / F - rate,
        right=eps,
        terms=(((1 - F) / F, "rate is smaller"),),
        hypotheses={"rate is smaller": slack},
        domain=Domain(positive=(F, 1 - F, eps), where=FACTOR, inverse=FACTOR_BACK),
    )


def stuck_above_the_floor() -> Inequality:
    """floor < rate <= floor + eps: the fall rate - new is at most eps, since new >= floor."""
    return Inequality(
        left=rate - new,
        right=eps,
        terms=((ONE, "new is at least the floor"), (ONE, "close to the floor")),
        hypotheses={"new is at least the floor": new - floor, "close to the floor": floor + eps - rate},
        domain=Domain(positive=(eps, floor)),
    )


def rule(
    eps: Fraction, min_lr: Fraction = Fraction(0), max_lr: Fraction = Fraction(8), reset_start: int = 500
) -> Library:
    return Library(factor=Fraction(1, 2), patience=0, eps=eps, min_lr=min_lr, max_lr=max_lr, reset_start=reset_start)


def frozen(start: Fraction = Fraction(1, 4)) -> Enumeration:
    """No sequence of outcomes moves a rate of at most eps F / (1 - F) = 1/4."""

    def relations(pattern: tuple[bool, ...]) -> dict[str, Relation]:
        return same(rule(Fraction(1, 4)).rates((start,), outcomes(pattern)), [start] * LENGTH)

    return Enumeration({"".join("wb"[b] for b in q): q for q in patterns(LENGTH)}, relations)


def no_reset(eps: Fraction = Fraction(1, 4)) -> Enumeration:
    """Bad metrics for ever, reset_start = 1, a start at max_lr = 2: a reset would bring the rate back to 2."""
    metrics = [Fraction(0), *[Fraction(1)] * 12]
    high, near = Fraction(2), Fraction(9, 8)
    blocked = Library(factor=near / high, patience=0, eps=eps, min_lr=Fraction(1), max_lr=high, reset_start=1)

    def relations(rule: Library) -> dict[str, Relation]:
        counter: dict[str, Relation] = {
            f"the counter after {t} metrics": (state.reset, "==", 1)
            for t, state in enumerate(rule.states((high,), metrics), start=1)
        }
        rates = same(rule.rates((high,), metrics), [high, *[near] * 12])
        return {**counter, **rates, "above min_lr": (near, ">", rule.min_lr)}

    return Enumeration({"counter": blocked}, relations)


def traces() -> Enumeration:
    metrics = [Fraction(0), Fraction(1)]
    quarter, three_eighths = Fraction(1, 4), Fraction(3, 8)
    return Enumeration(
        {
            "frozen": (rule(quarter), quarter, [quarter, quarter]),
            "no eps": (rule(Fraction(0)), quarter, [2 * quarter, quarter]),
            "larger": (rule(quarter), three_eighths, [2 * three_eighths, three_eighths]),
            "no fall": (rule(quarter, max_lr=three_eighths), three_eighths, [three_eighths] * 2),
        },
        lambda case: same(case[0].rates((case[1],), metrics), case[2]),
    )


def defaults() -> Enumeration:
    return Enumeration(
        {"defaults": Library()},
        lambda rule: {
            "eps / (1 - F)": (rule.eps / (1 - rule.factor), "==", Fraction(2, 10**7)),
            "eps F / (1 - F)": (rule.eps * rule.factor / (1 - rule.factor), "==", Fraction(19, 10**8)),
        },
    )


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "no fall": frozen_downwards(),
            "no climb": frozen_upwards(),
            "no fall near the floor": stuck_above_the_floor(),
            "traces": traces(),
            "no outcomes move it": frozen(),
            "no reset": no_reset(),
            "defaults": defaults(),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule with its defaults and random F, a little inside and outside the zone, on random metrics."""
    inside, outside, instances = 0.0, np.inf, 60
    for _ in range(instances):
        factor = float(rng.uniform(0.3, 0.99))
        edge = 1e-8 * factor / (1 - factor)
        metrics = list(rng.normal(size=100))
        library = Library(factor=Fraction(factor), patience=0, min_lr=Fraction(0), max_lr=Fraction(1))
        still = library.replayed(Fraction(edge * 0.999), metrics)
        inside = max(inside, float(np.max(np.abs(still / (edge * 0.999) - 1))))
        moved = library.replayed(Fraction(edge * 1.001), metrics)
        outside = min(outside, float(np.max(np.abs(moved / (edge * 1.001) - 1))))
    return Check(
        margin=min(outside, 1.0) if inside == 0 else -inside,
        instances=2 * instances,
        sentence=(
            f"0.1 % inside the zone the largest relative change over 100 random metrics is {inside:.3g}, 0.1 % outside "
            f"it is at least {outside:.3g}"
        ),
    )


CLAIM = Claim(
    statement=(
        "Library rule: a rate of at most eps F / (1 - F) never changes, one of at most eps / (1 - F) does not fall "
        "(1.9e-7 and 2e-7 by default), and one in (min_lr, min_lr + eps] is not reduced, and the reset counter "
        "stays."
    ),
    published="eps: smallest change of the rate that is made; reset_start: steps at min_lr before a reset.",
    source="transformers, optimization.GreedyLR (2026); the statement is ours",
    assumptions=(
        "rate is small: rate <= eps / (1 - F).",
        "rate is smaller: rate <= eps F / (1 - F).",
        "new is at least the floor: new = max(rate F, min_lr).",
        "close to the floor: rate <= min_lr + eps.",
        "0 < F < 1; no reset, which sets the rate to its initial value, and nobody else sets it.",
    ),
    certificate=argument,
    check=check,
    control=lambda: frozen(Fraction(1001, 4000)),
    short="Library: rates up to eps F/(1-F) never move.",
    topic="library",
    finding=(
        "Changes of at most eps are skipped. With the library's defaults a rate of at most 1.9e-7 never changes and "
        "one of at most 2e-7 is not reduced. A rate within eps above min_lr is never reduced to it, does not count "
        "as being at min_lr, and so keeps the reset from happening while it stays there."
    ),
    advice={"min_lr": "For rates around 1e-7 set eps far below (1 - F) times the smallest rate, or to 0."},
)
