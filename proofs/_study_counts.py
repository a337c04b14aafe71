"""How the 8,100 runs of the robustness study split, and what its Tables 12 and 13 print."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

FAMILIES, NAMES, KINDS, STRENGTHS = 12, 5, 9, 3
#: arms per row of the tables: GreedyLR has two values of patience
ARMS: Mapping[str, int] = {"GreedyLR": 2, "cosine": 1, "cosine restarts": 1, "exponential": 1}

#: Table 12: median recovery, sample size; best recovery from its text and the study's repository
RECOVERY: Mapping[str, tuple[Fraction, Fraction, int]] = {
    "GreedyLR": (Fraction("134.0"), Fraction(72_999), 720),
    "cosine": (Fraction("132.3"), Fraction("5067.4"), 360),
    "cosine restarts": (Fraction("35.7"), Fraction("950.3"), 360),
    "exponential": (Fraction("4.9"), Fraction("450.2"), 360),
}
#: Table 13: 10th percentile, median, 90th percentile, range
PERCENTILES: Mapping[str, tuple[Fraction, Fraction, Fraction, int]] = {
    "GreedyLR": (Fraction("0.001"), Fraction("0.01"), Fraction("0.1"), 100),
    "cosine": (Fraction("0.01"), Fraction("0.3"), Fraction(3), 300),
    "cosine restarts": (Fraction("0.02"), Fraction("0.25"), Fraction("2.5"), 125),
    "exponential": (Fraction(1), Fraction(100), Fraction(1000), 1000),
}


def runs(row: str, kinds: int = KINDS) -> int:
    """Runs of one row under some of the nine disturbances: each combination once.

    >>> sum(map(runs, ARMS)), runs("GreedyLR", kinds=2)
    (8100, 720)
    """
    return FAMILIES * NAMES * kinds * STRENGTHS * ARMS[row]
