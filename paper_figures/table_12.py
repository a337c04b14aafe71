"""Table 12 of the GreedyLR paper: recovery ratios in full, with what they are made of."""

from __future__ import annotations

import numpy as np
import polars as pl

from experiments._as_published import POOLED, PUBLISHED_RECOVERY, SPIKES, grid
from experiments.perceptron_as_published import outcomes
from experiments.recovery import ADAM, GOAL, HASTY_STUDY, KICK, QUADRATIC, ROSENBROCK, recovered
from experiments.robustness_as_published import first_is_largest
from greedylr_theory.plotting import Table


def rows(table: pl.DataFrame, perceptron: pl.DataFrame, recovery: pl.DataFrame) -> pl.DataFrame:
    """One row per schedule: published, replayed, the perceptron, how often it is first over last, and a real kick."""
    early, whole = grid(table, "early_ratio"), grid(table, "recovery_ratio")
    small, first = outcomes(perceptron, "early_ratio"), first_is_largest(table)
    found: list[dict[str, object]] = []
    for row, (median, best, size) in PUBLISHED_RECOVERY.items():
        replays = early.replays(row, kinds=SPIKES)
        middle, largest = np.median(replays, axis=1), replays.max(axis=1)
        found.append(
            {
                "schedule": row,
                "published median": median,
                "published best": best,
                "published sample size": size,
                "analytic: median": float(np.median(middle)),
                "2.5 %": float(np.quantile(middle, 0.025)),
                "97.5 %": float(np.quantile(middle, 0.975)),
                "analytic: best": float(np.median(largest)),
                "best, 2.5 %": float(np.quantile(largest, 0.025)),
                "best, 97.5 %": float(np.quantile(largest, 0.975)),
                "analytic: sample size": replays.shape[1],
                "analytic: median over all 200 losses": float(np.median(whole.replays(row, kinds=SPIKES))),
                "perceptron: median": float(np.median(small[row])),
                "first loss is the largest, % of the runs": 100.0 * float(np.mean([first[arm] for arm in POOLED[row]])),
                **_fair(recovery, row),
            }
        )
    return pl.DataFrame(found)


def _fair(recovery: pl.DataFrame, row: str) -> dict[str, float]:
    """Steps back after a kick, tuned, on both problems under Adam, with the share of runs that never came back."""
    found: dict[str, float] = {}
    for problem in (QUADRATIC, ROSENBROCK):
        runs = recovered(recovery, f"{problem}/{ADAM}/{KICK}", HASTY_STUDY if row == "GreedyLR" else row)
        found[f"fair, {problem}: steps back"] = float(runs.common.value)
        found[f"fair, {problem}: low"] = float(runs.common.low)
        found[f"fair, {problem}: high"] = float(runs.common.high)
        found[f"fair, {problem}: never, %"] = 100.0 * float(np.isinf(runs.regained).mean())
    return found


TABLE = Table(
    name="table_12",
    reads=("robustness_as_published", "perceptron_as_published", "recovery"),
    claims=("table_12_clean_conditions", "table_12_sample_sizes", "noise_added_to_the_loss"),
    rows=rows,
    caption=(
        "Recovery ratio of the robustness study: largest over mean of the last ten of a run's first hundred recorded "
        "losses. The published sample sizes are those of the two kinds of spikes in all 12 families; ours are a third "
        "of them, the analytic families: median and best with the 95 % range over 200 replays of that size. The "
        "perceptron has 135 starts (270 runs of GreedyLR) at the standard size. Then: in how many of the undisturbed "
        "runs on the analytic names the ratio is first loss over last, because no recorded loss exceeds the first. "
        "Fair: the iterate is kicked at step 100 under Adam, and every schedule was tuned with the same budget "
        "(GreedyLR with p = 1; exponential with a factor of 0.98): median number of steps, with its 95 % bootstrap "
        f"interval, from the kick until f - f* is at most {GOAL:g} (f(x_0) - f*), and the share of runs that never got "
        "there."
    ),
    source="arXiv 2512.14527, Table 12",
    reproduced=(
        "Not as it stands: the published numbers pool 12 families; their medians are of the order of the perceptron's, "
        "not of the analytic families', and the best of single runs needs the study's random state."
    ),
)
