"""Table 3 splits the comparisons of Table 1 into three stages; its percentages are 61, 54 and 55 of 66, 66 and 64.

The stages have 66, 66 and 64 comparisons. The only counts whose percentages agree with the printed ones to within a
hundredth are

    61 / 66 = 92.4242...    printed 92.42
    54 / 66 = 81.8181...    printed 81.81: cut off, rounded it would be 81.82
    55 / 64 = 85.9375       printed 85.94: rounded, cut off it would be 85.93

so that two conventions are mixed within one table. The counts add up to 61 + 54 + 55 = 170 = 48 + 64 + 58: the table
shows shares of "as good or better" in the sense of Table 2, with the comparisons lost by less than 0.1 on GreedyLR's
side. The share is lower at the end (85.94) than after the first stage (92.42). It says nothing of the size of the
differences, nor whether the later stages contain the same runs, which they do: the three stages are three looks at the
same training runs, not independent evidence.

The checker goes through all counts from 0 to 66 and 64 and finds these three alone.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from proofs._certificates import Chain, Enumeration, Relation
from proofs._claim import Check, Claim
from proofs._tables import TABLE_1, TABLE_3, cut, rounded

COUNTS = {"first": 61, "second": 54, "third": 55}
HUNDREDTH = Fraction(1, 100)


def only_these(counts: dict[str, int] | None = None) -> Enumeration:
    """A count is within a hundredth of the printed percentage if and only if it is the one named."""
    wanted = counts or COUNTS

    def relations(case: tuple[str, int]) -> dict[str, Relation]:
        stage, count = case
        text, size = TABLE_3[stage]
        gap = abs(Fraction(100 * count, size) - Fraction(text))
        if count == wanted[stage]:
            return {"agrees": (gap, "<", HUNDREDTH)}
        return {"does not agree": (gap, ">=", HUNDREDTH)}

    cases = {f"{stage}: {n} of {size}": (stage, n) for stage, (_, size) in TABLE_3.items() for n in range(size + 1)}
    return Enumeration(cases, relations)


def conventions() -> Enumeration:
    """Which of the three are rounded, which cut off, and the sums."""
    values = {stage: Fraction(100 * COUNTS[stage], size) for stage, (_, size) in TABLE_3.items()}
    texts = {stage: Fraction(text) for stage, (text, _) in TABLE_3.items()}
    as_good_or_better = TABLE_1.yes + TABLE_1.yes_by_less + TABLE_1.no_by_less
    return Enumeration(
        {"Table 3": values},
        lambda found: {
            "second is cut off": (texts["second"], "==", cut(found["second"])),
            "second is not rounded": (texts["second"], "<", rounded(found["second"])),
            "third is rounded": (texts["third"], "==", rounded(found["third"])),
            "third is not cut off": (texts["third"], ">", cut(found["third"])),
            "first is both": (texts["first"], "==", rounded(found["first"])),
            "counts": (sum(COUNTS.values()), "==", as_good_or_better),
            "sizes": (sum(size for _, size in TABLE_3.values()), "==", TABLE_1.total),
        },
    )


def check(rng: np.random.Generator) -> Check:
    """All counts again in double precision, and the closest competitor of each."""
    nearest = np.inf
    for stage, (text, size) in TABLE_3.items():
        gaps = np.abs(100 * np.arange(size + 1) / size - float(text))
        nearest = min(nearest, float(np.partition(gaps, 1)[1])) if int(np.argmin(gaps)) == COUNTS[stage] else -1.0
    return Check(
        margin=nearest - 0.01,
        instances=sum(size + 1 for _, size in TABLE_3.values()),
        sentence=f"every other count is off by at least {nearest:.3f} percentage points",
    )


CLAIM = Claim(
    statement=(
        "Table 3 is 61/66, 54/66 and 55/64, together the 170 of 196 that Table 2 calls as good or better; 81.81 is "
        "cut off (81.82 rounded) and 85.94 is rounded. The share is lower at the end than after the first stage."
    ),
    published="As good or better in 92.42 %, 81.81 % and 85.94 % of the comparisons at the three stages.",
    source="arXiv 2512.14527, Table 3",
    assumptions=("Stages of 66, 66 and 64 comparisons; a printed percentage is within 0.01 of its quotient.",),
    certificate=lambda: Chain({"counts": only_these(), "conventions": conventions()}),
    check=check,
    control=lambda: only_these({**COUNTS, "second": 55}),
    short="Table 3 is 61/66, 54/66, 55/64; one is cut.",
    topic="tables",
    finding=(
        "Table 3's percentages are 61 of 66, 54 of 66 and 55 of 64 comparisons, 170 in all, as good or better in "
        "the sense of Table 2. One is cut off instead of rounded (81.81 for 81.82). The share falls from 92.42 % "
        "after the first stage to 85.94 % at the end."
    ),
)
