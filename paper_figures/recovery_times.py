"""How long kicked runs take to recover, by schedule, tuned and untuned."""

from __future__ import annotations

import numpy as np
import polars as pl

from experiments.recovery import (
    ADAM,
    DESCENT,
    FACTOR,
    FEW,
    GOAL,
    GREEDY,
    KICK,
    KICKED,
    LATE_KICK,
    SCHEDULES,
    UNFORESEEN,
    recovered,
)
from greedylr_theory.plotting import Table
from greedylr_theory.statistics import median

_PHASES = {"tuned": "evaluation", "untuned": "untuned"}


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """One row per problem, optimizer, kick, schedule and setting."""
    found: list[dict[str, str | float]] = []
    for problem, optimizer in KICKED:
        for kick in (KICK, UNFORESEEN, LATE_KICK):
            for name in (*GREEDY, *SCHEDULES) if kick == KICK else FEW:
                for setting, phase in _PHASES.items():
                    if setting == "untuned" and (optimizer != ADAM or kick == UNFORESEEN):
                        continue
                    runs = recovered(table, f"{problem}/{optimizer}/{kick}", name, phase)
                    same, own, never = median(runs.regained), runs.middle, runs.never
                    found.append(
                        {
                            "problem": problem,
                            "optimizer": optimizer,
                            "kick": kick,
                            "schedule": name,
                            "setting": setting,
                            "lr0": runs.lr0,
                            "steps to the common level": float(same.value),
                            "low": float(same.low),
                            "high": float(same.high),
                            "never there": float(np.isinf(runs.regained).mean()),
                            "steps to the own level": float(own.value),
                            "own low": float(own.low),
                            "own high": float(own.high),
                            "own never": float(never.value),
                            "excess": float(median(runs.excess).value),
                            "f - f* before": float(median(runs.before).value),
                            "f - f* at the end": float(median(runs.gap).value),
                        }
                    )
    return pl.DataFrame(found)


TABLE = Table(
    name="recovery_times",
    reads=("recovery",),
    claims=(),
    rows=rows,
    caption=(
        "Recovery from a kick of the iterate at step 100 (kick, unforeseen kick) or 160 (late kick) of 200. Steps to "
        f"the common level: from the kick until f - f* is at most {GOAL:g} (f(x_0) - f*), median over runs with its "
        "95 % bootstrap interval, and the share of runs that never got there. Steps to the own level: until f - f* is "
        "within 10 % of what the run had before the kick, which rewards having been behind; own never is the share "
        "that did not. Excess: sum of what the losses until then are above the loss before the kick, in units of loss, "
        "median. What did not happen within the run is inf and takes part in every median. Tuned: rate (and cap, for "
        f"rules of GreedyLR, all with F = {FACTOR:g}) by equal budgets on other replicates, kicked at the same step, "
        "or not kicked for the unforeseen kick; untuned: rate 0.01 and a cap of 1, under "
        f"{ADAM}; under {DESCENT} there is no published rate."
    ),
)
