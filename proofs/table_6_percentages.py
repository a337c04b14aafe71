"""The percentages of Table 6 follow from the counts of Table 5, two of them cut off rather than rounded.

With yes 15, yes* 4, no 4, no* 1 of 24:

    as good or better  20 / 24 = 83.333...  printed 83.33      better  19 / 24 = 79.166...  printed 79.16
    worse               4 / 24 = 16.666...  printed 16.66      as good  5 / 24 = 20.833...  printed 20.83
    clearly better     15 / 24 = 62.5       printed 62.5

Rounded, 79.16 and 16.66 would be 79.17 and 16.67; Table 2 is rounded (13.27 for 13.265...). As printed, as good or
better and worse add up to 99.99. As in Table 2, better counts any advantage and worse only those of at least 1 %: worse
by any amount is 5 / 24 = 20.83 %. The 24 entries are three looks at eight runs. If runs rather than looks are counted,
at the end of training GreedyLR is better in 6 of 8, and fair coins give 6 or more of 8, or 2 or fewer, with probability
37/128 = 0.289: with eight runs this is no evidence of a difference.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np

from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._tables import TABLE_5, TABLE_6, Counts, labels, printed, shares_of

CUT = ("better", "worse")


def follows(counts: Counts = TABLE_5) -> Enumeration:
    """Every percentage is its quotient, cut off; two are not its rounding."""

    def relations(name: str) -> dict[str, Relation]:
        text, nearest, shortened = printed(TABLE_6, counts.shares())[name]
        return {
            "cut off": (text, "==", shortened),
            "rounded" if name not in CUT else "not rounded": (text, "==" if name not in CUT else "<", nearest),
        }

    return Enumeration({name: name for name in TABLE_6}, relations)


def by_run() -> Enumeration:
    """Sign test of 6 of 8, two-sided, and the sum of what is printed."""
    two_sided = 2 * Fraction(sum(comb(8, k) for k in range(6, 9)), 2**8)
    shown = Fraction(TABLE_6["as good or better"]) + Fraction(TABLE_6["worse"])
    return Enumeration(
        {"6 of 8": two_sided},
        lambda value: {"probability": (value, "==", Fraction(37, 128)), "sum": (shown, "==", Fraction("99.99"))},
    )


def check(rng: np.random.Generator) -> Check:
    """The comparisons listed one by one, and coins."""
    found = shares_of(labels(TABLE_5, rng))
    worst = max(abs(found[name] - float(text)) for name, text in TABLE_6.items())
    coins = 200_000
    share = float(np.mean(np.abs(rng.binomial(8, 0.5, coins) - 4) >= 2))
    deviation = 4 * np.sqrt(0.289 * 0.711 / coins)
    return Check(
        margin=min(0.01 - worst, deviation - abs(share - 37 / 128)),
        instances=5,
        sentence=(
            f"percentages from 24 labels differ by {worst:.4f} at most from those printed (0.01: cut off); coins are "
            f"as uneven as 6 of 8 with frequency {share:.4f} (4 standard errors: {deviation:.4f})"
        ),
    )


CLAIM = Claim(
    statement=(
        "Table 6 follows from Table 5; 79.16 and 16.66 are cut off (79.17, 16.67 rounded). Per run, at the end of "
        "training, GreedyLR is better in 6 of 8: as uneven as that, on either side, with probability 37/128 for "
        "coins."
    ),
    published="As good or better 83.33 %, better 79.16 %, worse 16.66 %, as good 20.83 %, clearly better 62.5 %.",
    source="arXiv 2512.14527, Tables 5 and 6",
    assumptions=("Counts as printed in Table 5.", "The sign test takes the eight runs as independent."),
    certificate=lambda: Chain({"percentages": follows(), "by run": by_run()}),
    check=check,
    control=lambda: follows(Counts(yes=15, yes_by_less=4, no=5, no_by_less=0)),
    short="Table 6 follows from Table 5, partly cut off.",
    topic="tables",
    finding=(
        "Table 6 follows from Table 5, with two of its percentages cut off instead of rounded. Its 24 comparisons "
        "are three looks at eight runs; at the end of training GreedyLR is better in 6 of 8, and coins are at least "
        "as uneven with probability 0.289."
    ),
)
