"""Every contender of the fair robustness study in every channel: rank, profile, sensitivity to the rate, divergence."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from experiments import _robustness_outcomes as outcomes
from experiments._robustness_table import CHANNELS, EVERYWHERE, fair
from experiments.robustness_fair import SWEEP
from greedylr_theory.plotting import Table

FACTOR = 2.0


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """A row for every channel and contender that takes part everywhere, the best mean rank first."""
    areas = outcomes.sensitivity(table)
    known = {(row["channel"], row["contender"]): row for row in areas.iter_rows(named=True)}
    found: list[dict[str, Any]] = []
    for channel in CHANNELS:
        ranks = outcomes.ranking(table, channel)
        untuned = dict(outcomes.ranking(table, channel, "untuned").select("contender", "rank").iter_rows())
        within = outcomes.profiles(table, np.array([FACTOR]), channel)
        lost = _diverged(table, channel)
        for row in ranks.iter_rows(named=True):
            name = row["contender"]
            area = known.get((channel, name), {})
            found.append(
                {
                    "channel": channel, "contender": name, "settings": row["arms"], "mean rank": row["rank"],
                    f"within {FACTOR:g} times the best": float(within[name][0]) if name in within else None,
                    "area over rates": area.get("area"), "area, low": area.get("low"), "area, high": area.get("high"),
                    "diverged": lost.get(name), "mean rank at 0.01": untuned[name],
                }
            )  # fmt: skip
    return pl.DataFrame(found, infer_schema_length=None)


def _diverged(table: pl.DataFrame, channel: str) -> dict[str, float]:
    arms = fair(table).arms.filter(channel=channel)["arm"]
    found: dict[str, float] = {}
    for name in EVERYWHERE:
        entries = [fair(table).entry(arm, name) for arm in arms]
        shares = [np.mean(np.isinf(entry.gaps)) for entry in entries if entry is not None]
        if shares:
            found[name] = float(np.mean(shares))
    return found


_SIZES = "; ".join(f"{name}: {size.evaluation} starts evaluated" for name, size in SWEEP.sizes.items())

TABLE = Table(
    name="robustness_contenders",
    reads=("robustness_fair",),
    claims=(),
    rows=rows,
    caption=(
        "Contenders by channel over all settings (problem, optimizer, perturbation, strength): mean rank of the median "
        f"f(x_T) - f* after tuning; share of settings on which it is at most {FACTOR:g} times the smallest; area under "
        "the performance profile over the grid of initial rates against the smallest tuned median on the setting, 1 "
        f"when every rate is as good as that and nothing beyond {outcomes.AREA_LARGEST:g} times, with the 10 and 90 % "
        "quantiles of the settings; share of diverged runs after tuning; mean rank at the published rate 0.01 with the "
        "published bounds. Where only the observed loss is perturbed, schedules that do not look at it have their runs "
        f"without perturbation and no area of their own. Sizes on the analytic problems: {_SIZES}."
    ),
)
