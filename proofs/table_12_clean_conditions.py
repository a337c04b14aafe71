"""Table 12 is said to be about clean conditions; its sample sizes are those of two of the eight disturbances.

The study runs every combination of 12 families, 5 names, 9 disturbances ("none" among them) and 3 strengths once for
cosine, for restarts and for exponential decay, and twice for GreedyLR (two values of patience): 1,620 and 3,240 runs,
in all 8,100. Under one disturbance that is 180 and 360. Table 12 is introduced as recovery under clean conditions, and
has 360 and 720 runs: twice as many as there are without disturbance, and as many as there are under the two kinds of
spikes, which the published plotting code selects.

That the label is wrong has a weightier side: the table was meant to show recovery from spikes, the spikes change
nothing (`noise_added_to_the_loss`), and so it can be called clean with the same right. See `table_12_sample_sizes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from proofs._certificates import Counterexample, Relation
from proofs._claim import Check, Claim
from proofs._study_counts import ARMS, KINDS, NAMES, RECOVERY, STRENGTHS, runs


def argument(kinds: int = 1) -> Counterexample:
    """All runs add up to 8,100 with every combination once; the printed sizes are not those of so many disturbances."""

    def hypotheses(at: Mapping[str, Fraction]) -> dict[str, Relation]:
        return {
            "8,100 runs": (sum(map(runs, ARMS)), "==", 8100),
            "equal shares of the disturbances": (KINDS * runs("cosine", kinds=1), "==", runs("cosine")),
            "printed for cosine": (at["cosine"], "==", RECOVERY["cosine"][2]),
        }

    def consequences(at: Mapping[str, Fraction]) -> dict[str, Relation]:
        return {f"runs of {row}": (at[row], "==", runs(row, kinds=kinds)) for row in ARMS}

    return Counterexample({row: Fraction(size) for row, (_, _, size) in RECOVERY.items()}, hypotheses, consequences)


def check(rng: np.random.Generator) -> Check:
    """The 8,100 combinations listed, shuffled and counted."""
    clean = np.arange(KINDS) == 0
    listed = np.tile(clean.repeat(STRENGTHS), 12 * NAMES)
    counted = int(rng.permutation(listed).sum())
    return Check(
        margin=float(min(abs(RECOVERY[row][2] - ARMS[row] * counted) for row in ARMS)),
        instances=len(listed),
        sentence=f"{counted} clean runs per arm; the margin is the smallest difference from a printed size, in runs",
    )


CLAIM = Claim(
    statement=(
        "False. Without disturbance there are 180 runs of each other schedule and 360 of GreedyLR; Table 12 has 360 "
        "and 720, the numbers under two of the nine disturbances."
    ),
    published="Table 12 quantifies recovery under clean conditions, without disturbance.",
    source="arXiv 2512.14527, Appendix A.6.1, Table 12",
    assumptions=("Each of the 12 * 5 * 9 * 3 combinations is run once per arm, as in the study's code.",),
    certificate=argument,
    check=check,
    control=lambda: argument(kinds=2),
    corrected="table_12_sample_sizes",
    short="Table 12 is not about clean conditions.",
    topic="tables",
    finding=(
        "Table 12, recovery under clean conditions, has sample sizes of 720 and 360. The study has half as many clean "
        "runs; the sizes are those of its two kinds of spikes."
    ),
)
