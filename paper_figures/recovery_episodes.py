"""Recovery episodes as the robustness study counts them, on its own undisturbed runs, beside the published steps."""

from __future__ import annotations

import polars as pl

from experiments.recovery_as_published import (
    KINDS,
    LONGEST,
    PUBLISHED,
    SCHEDULES,
    counts,
    ended_at_once,
    mean_of_runs,
    middle,
)
from experiments.recovery_as_published import rows as runs_of
from greedylr_theory.plotting import Table

_SAID = {"GreedyLR p=1": PUBLISHED[0], "GreedyLR p=10": PUBLISHED[0], "cosine": PUBLISHED[1]}


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """One row per schedule and kind of disturbance, and one for all kinds."""
    found: list[dict[str, str | float | None]] = []
    for name in SCHEDULES:
        for kind in ("", *KINDS):
            runs = runs_of(table, "", name, kind)
            number = counts(runs, "published")
            if not number[1:].sum():  # no episode at all, or none that ended
                continue
            mean = mean_of_runs(runs)
            found.append(
                {
                    "schedule": name,
                    "kind": kind or "all",
                    "published steps": None if kind else _SAID.get(name),
                    "median": middle(number),
                    "mean of a run": float(mean.value),
                    "low": float(mean.low),
                    "high": float(mean.high),
                    "one step": ended_at_once(number),
                    "longer than 30": float(number[LONGEST + 1] / number[1:].sum()),
                    "not ended": float(number[0] / number.sum()),
                    "episodes": float(number.sum()),
                }
            )
    return pl.DataFrame(found)


TABLE = Table(
    name="recovery_episodes",
    reads=("recovery_as_published",),
    claims=("perturbation_channels",),
    rows=rows,
    caption=(
        "Recovery episodes by the rule of the robustness study's code, on runs by its protocol (Adam, lr 0.01, 200 "
        "steps, strengths 0.1, 0.5 and 1, four analytic problems), beside the 12 and 45 steps that arXiv 2512.14527 "
        "reports without a script. An episode begins where the added number is positive and ends at the first later "
        "step whose clean loss is below 1.1 times that of its beginning; the number changes nothing, so that nothing "
        "is recovered from. Median length over episodes, those that had not ended with the run counted as longest; "
        "median over runs of the mean length of those that ended, as the study averages, with its 95 % bootstrap "
        f"interval; shares of those that ended after one step and after more than {LONGEST}; share of all that had not "
        "ended."
    ),
)
