"""Table 13's percentiles and Figure 4's medians are not about the same runs, nor about runs chosen at random from them.

For exponential decay Table 13 has a 10th percentile of 1 and a median of 100; Figure 4's median over its 1,620 runs is
0.249. Whatever the rounding (1 is at least 1/2), a 10th percentile cannot lie above the median of the same numbers.

Could Table 13 be about a part of the runs, such as the 360 under spikes (Table 12)? At most 810 of the 1,620 runs lie
above the median 0.249, and at least 324 of the 360 must lie above 1/2. If the part is chosen by the disturbance, which
changes no loss (`noise_added_to_the_loss`), the 360 are a draw without replacement, and the chance of at least 324 from
the 810 is

    sum_{k >= 324} C(810, k) C(810, 360 - k) / C(1620, 360) < 10^-70,

less still if fewer than 810 lie above 1/2. So Table 13 is about other numbers: losses of another selection of problems,
or at another step, or read off a picture. All of its ranges are quotients of its own percentiles (100, 300, 125, 1000).

The checker compares in fractions and sums the chances exactly.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np

from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._study_counts import PERCENTILES, RECOVERY, runs
from proofs._tables import OTHERS

RUNS, SAMPLE = runs("exponential"), RECOVERY["exponential"][2]
ABOVE = RUNS // 2  #: at most so many exceed the median
NEEDED = SAMPLE - SAMPLE // 10  #: at least so many of the sample are at or above its 10th percentile
LEAST = Fraction(1, 2)  #: the least that rounds to the printed 1
BOUND = Fraction(1, 10**70)


def chance(needed: int = NEEDED) -> Fraction:
    """Chance that a random part of the runs has so many above the median."""
    ways = sum(comb(ABOVE, k) * comb(RUNS - ABOVE, SAMPLE - k) for k in range(needed, SAMPLE + 1))
    return Fraction(ways, comb(RUNS, SAMPLE))


def order(tenth: Fraction = LEAST) -> Enumeration:
    """The 10th percentile exceeds the median by more than any rounding."""
    half_unit = Fraction(1, 2000)
    return Enumeration(
        {"exponential": tenth}, lambda value: {"10th percentile": (value, ">", OTHERS["exponential"] + half_unit)}
    )


def ranges() -> Enumeration:
    """Table 13's last column from its first and third."""

    def relations(row: str) -> dict[str, Relation]:
        low, _, high, span = PERCENTILES[row]
        return {"range": (high / low, "==", span)}

    return Enumeration({row: row for row in PERCENTILES}, relations)


def parts(needed: int = NEEDED) -> Enumeration:
    """The chance that a part chosen at random agrees."""
    return Enumeration({"spikes": needed}, lambda number: {"chance": (chance(number), "<", BOUND)})


def check(rng: np.random.Generator) -> Check:
    """Random parts of the runs: the largest number above the median that occurs."""
    instances = 2000
    found = rng.hypergeometric(ABOVE, RUNS - ABOVE, SAMPLE, instances)
    return Check(
        margin=float(NEEDED - found.max()) / SAMPLE,
        instances=instances,
        sentence=f"at most {found.max()} of {SAMPLE} are above the median in {instances} random parts, not {NEEDED}",
    )


CLAIM = Claim(
    statement=(
        "Table 13 is not about the runs of Figure 4: for exponential decay its 10th percentile, 1, exceeds their "
        "median, 0.249. Nor about a random part of them of the size of Table 12: the chance that 324 of 360 exceed 1/2 "
        "is below 10^-70."
    ),
    source="arXiv 2512.14527, Table 13, Table 12 and Figure 4; the comparison is ours",
    assumptions=(
        "Numbers as printed: 1 is at least 1/2, 0.249 at most 0.2495.",
        "For the chance: 360 of the 1,620 runs chosen independently of their losses, as by a disturbance that does "
        "nothing.",
    ),
    certificate=lambda: Chain({"order": order(), "parts": parts(), "ranges": ranges()}),
    check=check,
    control=lambda: order(Fraction(249, 1000)),  # a percentile that may equal the median
    short="Table 13 contradicts the medians of Figure 4.",
    topic="tables",
    finding=(
        "Table 13 gives exponential decay a 10th percentile of 1, where Figure 4 has a median of 0.249 over all its "
        "runs. The two cannot describe the same runs, and as the study's disturbances change no loss they cannot, with "
        "any real chance, describe the runs under some of them either. Table 13's percentiles fit no selection of the "
        "study's runs that the paper names."
    ),
)
