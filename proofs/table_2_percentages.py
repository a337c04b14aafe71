"""The percentages of Table 2 follow from the counts of Table 1; its "better" and "worse" are not each other's opposite.

Of 196 comparisons 48 are yes (better by at least 0.1 in loss), 64 yes* (by less), 26 no and 58 no* (worse by less).
Then, rounded to two decimals,

    as good or better   (48 + 64 + 58) / 196 = 86.73       better           (48 + 64) / 196 = 57.14
    worse                          26 / 196 = 13.27        as good          (64 + 58) / 196 = 62.24
    clearly better                 48 / 196 = 24.49

as printed (13.265... would be 13.26 if cut off, so the table is rounded). "Better" counts all comparisons that came out
better, by however little; "worse" only those worse by at least 0.1. Treated alike, GreedyLR is better in 57.14 % and
worse in 42.86 % of the comparisons, or clearly better in 24.49 % and clearly worse in 13.27 %, with 62.24 % in between.
"As good or better", 86.73 %, includes the 58 comparisons that GreedyLR lost by less than 0.1; by the same count the
other schedules are as good or better in (26 + 58 + 64) / 196 = 75.51 %.

Were the 196 comparisons independent fair coins, 112 or more wins, or 84 or fewer, would have probability 0.0535. They
are not independent (several schedules and stages per run share a GreedyLR run), so the evidence is weaker still.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np

from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._tables import TABLE_1, TABLE_2, Counts, labels, printed, rounded, shares_of


def follows(counts: Counts = TABLE_1) -> Enumeration:
    """Every percentage is its quotient, rounded."""

    def relations(name: str) -> dict[str, Relation]:
        text, nearest, _ = printed(TABLE_2, counts.shares())[name]
        return {"printed": (text, "==", nearest)}

    return Enumeration({name: name for name in TABLE_2}, relations)


def treated_alike() -> Enumeration:
    """Sum, the percentage that tells rounding from cutting off, the other side, and the sign test."""
    total, half = TABLE_1.total, Fraction(1, 2)
    worse = TABLE_1.no + TABLE_1.no_by_less
    not_better = Fraction(100 * (worse + TABLE_1.yes_by_less), total)
    wins = TABLE_1.yes + TABLE_1.yes_by_less
    two_sided = 2 * sum((comb(total, k) * half**total for k in range(wins, total + 1)), Fraction(0))
    _, nearest, shortened = printed(TABLE_2, TABLE_1.shares())["worse"]
    return Enumeration(
        {"Table 1": total},
        lambda number: {
            "196 comparisons": (number, "==", 196),
            "worse by any amount": (rounded(Fraction(100 * worse, number)), "==", Fraction("42.86")),
            "others as good or better": (rounded(not_better), "==", Fraction("75.51")),
            "rounded, not cut off": (nearest, ">", shortened),
            "sign test": (rounded(two_sided, 4), "==", Fraction("0.0535")),
        },
    )


def check(rng: np.random.Generator) -> Check:
    """The comparisons listed one by one, and the sign test by simulated coins."""
    found = shares_of(labels(TABLE_1, rng))
    worst = max(abs(found[name] - float(text)) for name, text in TABLE_2.items())
    coins = 200_000
    wins = rng.binomial(196, 0.5, coins)
    share = float(np.mean(np.abs(wins - 98) >= 14))
    deviation = 4 * np.sqrt(0.0535 * 0.9465 / coins)
    return Check(
        margin=min(0.005 - worst, deviation - abs(share - 0.0535)),
        instances=5,
        sentence=(
            f"percentages from 196 labels differ by {worst:.4f} at most from those printed; {coins} series of "
            f"coins are as uneven as 112 of 196 with frequency {share:.4f} (4 standard errors: {deviation:.4f})"
        ),
    )


CLAIM = Claim(
    statement=(
        "Table 2 follows from Table 1, rounded. Its better (57.14) counts any advantage, its worse (13.27) only "
        "disadvantages of at least 0.1: treated alike they are 57.14 and 42.86, or 24.49 and 13.27. A fair coin "
        "does as well as 112 of 196, on either side, with probability 0.0535."
    ),
    published="GreedyLR is as good or better in 86.73 % of the comparisons, better in 57.14 %, worse in 13.27 %.",
    source="arXiv 2512.14527, Tables 1 and 2",
    assumptions=("Counts as printed in Table 1.", "The sign test takes the comparisons as independent."),
    certificate=lambda: Chain({"percentages": follows(), "treated alike": treated_alike()}),
    check=check,
    control=lambda: follows(Counts(yes=48, yes_by_less=64, no=27, no_by_less=57)),  # one comparison moved
    short="Table 2 follows from Table 1; better/worse are asymmetric.",
    topic="tables",
    finding=(
        "The percentages of Table 2 follow from the counts of Table 1. Its headline, as good or better in 86.73 % "
        "of 196 comparisons, includes the 58 that GreedyLR lost by less than 0.1; counted the same way the other "
        "schedules are as good or better in 75.51 %. Better by any amount is 57.14 %, worse by any amount 42.86 %; "
        "196 independent fair coins would give a split at least as uneven with probability 0.0535."
    ),
    unsettled=(
        "By how much GreedyLR is better or worse cannot be said from the counts: the losses behind the 196 "
        "comparisons are not in the tables used here."
    ),
)
