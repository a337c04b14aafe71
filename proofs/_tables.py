"""Numbers printed in arXiv 2512.14527 that the claims about its tables start from, and how decimals are cut off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class Counts:
    """Comparisons of GreedyLR with another schedule: clearly better, better, clearly worse, worse (by less)."""

    yes: int
    yes_by_less: int
    no: int
    no_by_less: int

    @property
    def total(self) -> int:
        return self.yes + self.yes_by_less + self.no + self.no_by_less

    def shares(self) -> dict[str, Fraction]:
        """The five shares that the paper quotes, in per cent."""
        parts = {
            "as good or better": self.yes + self.yes_by_less + self.no_by_less,
            "better": self.yes + self.yes_by_less,
            "worse": self.no,
            "as good": self.yes_by_less + self.no_by_less,
            "clearly better": self.yes,
        }
        return {name: Fraction(100 * part, self.total) for name, part in parts.items()}


TABLE_1 = Counts(yes=48, yes_by_less=64, no=26, no_by_less=58)  #: by at least 0.1 in loss, or by less
TABLE_5 = Counts(yes=15, yes_by_less=4, no=4, no_by_less=1)  #: by at least 1 %, or by less
TABLE_2 = {
    "as good or better": "86.73",
    "better": "57.14",
    "worse": "13.27",
    "as good": "62.24",
    "clearly better": "24.49",
}
TABLE_6 = {
    "as good or better": "83.33",
    "better": "79.16",
    "worse": "16.66",
    "as good": "20.83",
    "clearly better": "62.5",
}
TABLE_3 = {"first": ("92.42", 66), "second": ("81.81", 66), "third": ("85.94", 64)}
TABLE_7 = {"10 %": "87.5", "50 %": "75", "100 %": "75"}  #: captioned "as good or better"

STAGES = ("10 %", "50 %", "100 %")
#: loss difference in per cent at three stages of training, better positive
TABLE_10: Mapping[str, tuple[Fraction, ...]] = {
    name: tuple(map(Fraction, entries))
    for name, entries in {
        "phi-2/simpleCoT": ("1", "0.5", "1.6"),
        "gemma/sql": ("47", "0.7", "1.5"),
        "falcon/French": ("12", "3", "3"),
        "falcon/sql": ("4", "0.7", "0.2"),
        "gemma/French": ("21", "-9", "-28"),
        "phi-2/xP3mt": ("-0.2", "-2.1", "-2.3"),
        "falcon/simpleCoT (r 32)": ("1.4", "1.4", "4"),
        "falcon/simpleCoT (r 16)": ("1.1", "1.8", "5.1"),
    }.items()
}
PRE_TRAINING = (Fraction(1), Fraction(3), Fraction("5.4"))  #: a ninth row of Table 10 that is not in Table 5

#: medians in the caption of Figure 4
GREEDY = Fraction("0.148")
OTHERS = {"cosine": Fraction("0.232"), "cosine with restarts": Fraction("0.226"), "exponential": Fraction("0.249")}


def rounded(value: Fraction, digits: int = 2) -> Fraction:
    """Nearest decimal, halves away from zero.

    >>> rounded(Fraction(250, 3)), rounded(Fraction(1, 8), 2)
    (Fraction(8333, 100), Fraction(13, 100))
    """
    scale = 10**digits
    sign = -1 if value < 0 else 1
    return sign * Fraction(int(abs(value) * scale + Fraction(1, 2)), scale)


def cut(value: Fraction, digits: int = 2) -> Fraction:
    """The decimal without what follows, towards zero.

    >>> cut(Fraction(500, 3))
    Fraction(8333, 50)
    """
    scale = 10**digits
    return (-1 if value < 0 else 1) * Fraction(int(abs(value) * scale), scale)


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def column(stage: int) -> list[Fraction]:
    """The eight entries of a stage."""
    return [row[stage] for row in TABLE_10.values()]


def printed(texts: Mapping[str, str], values: Mapping[str, Fraction]) -> dict[str, tuple[Fraction, Fraction, Fraction]]:
    """name -> (printed, rounded, cut off), to the digits that are printed."""
    found: dict[str, tuple[Fraction, Fraction, Fraction]] = {}
    for name, text in texts.items():
        digits = len(text.partition(".")[2])
        found[name] = (Fraction(text), rounded(values[name], digits), cut(values[name], digits))
    return found


def labels(counts: Counts, rng: np.random.Generator) -> np.ndarray:
    """The comparisons one by one in random order: 2, 1, -2, -1 for yes, yes*, no, no*."""
    parts = ((2, counts.yes), (1, counts.yes_by_less), (-2, counts.no), (-1, counts.no_by_less))
    return rng.permutation(np.concatenate([np.full(number, label) for label, number in parts]))


def shares_of(found: np.ndarray) -> dict[str, float]:
    """The five shares from labels, in double precision."""
    conditions = {
        "as good or better": found >= -1, "better": found > 0, "worse": found == -2, "as good": np.abs(found) == 1,
        "clearly better": found == 2,
    }  # fmt: skip
    return {name: float(100 * np.mean(condition)) for name, condition in conditions.items()}


def within_rounding(rng: np.random.Generator) -> np.ndarray:
    """Table 10 with every entry anywhere within half a unit of its last digit (0.1, or 1 where none is printed)."""
    exact = np.array([[float(entry) for entry in row] for row in TABLE_10.values()])
    unit = np.where(exact == np.round(exact), 1.0, 0.1)
    return exact + unit * rng.uniform(-0.5, 0.5, exact.shape)
