"""What is told, judged and drawn from the fair robustness study: medians, comparisons, profiles, ranks, sensitivity.

The unit of evidence is the start (replicate). Two contenders are compared setting by setting, from the same start with
the same noise: within a group, a problem with an optimizer and a channel, the value of a start is the median over the
group's perturbations and strengths of the logarithm of the one suboptimality over the other. Starts are independent,
so that tests and intervals of a group count each start once. Nothing is pooled over problems but ranks, ratios to the
best, and shares of pairs. Where a single contender is told (`medians`), its value at a start is the median over the
group.

In the channel "observed_loss" a contender that does not look at the loss has the runs without perturbation, which are
the same bit for bit. Suboptimalities below `FLOOR` count as `FLOOR`: there differences are rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from experiments._robustness_table import (
    BEST_GREEDY,
    BEST_SCHEDULE,
    CONTENDERS,
    EVERYWHERE,
    FLOOR,
    LABELS,
    PRIMARY,
    RIVAL,
    Floats,
    Group,
    Who,
    fair,
    typical,
)
from greedylr_theory import statistics

#: factor of the best within which a rate of the grid still counts for something
AREA_LARGEST = 100.0
#: two contenders whose ratio lies, with its interval, this close to 1 are told as equal, however significant it is
NEGLIGIBLE = 1.05
#: resamples of this many rows at once fit in memory
_ROWS = 256


def _by_count(rows: Sequence[Floats]) -> list[list[int]]:
    """Places of the rows, those of equal length together, at most `_ROWS` at once."""
    places: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.size, []).append(place)
    return [found[first : first + _ROWS] for found in places.values() for first in range(0, len(found), _ROWS)]


def medians(table: pl.DataFrame, phase: str = "evaluation", names: Sequence[str] = CONTENDERS) -> pl.DataFrame:
    """One row per group and contender.

    Columns: problem, optimizer, channel, contender; `arms`, perturbations times strengths; `median` over the starts of
    the typical suboptimality with `low` and `high` (95 % bootstrap); `diverged`, share of all runs, with `diverged_low`
    and `diverged_high` (Wilson); `runs`.

    Args:
        phase: "evaluation" (tuned) or "untuned" (the study's rate 0.01 and bounds).
        names: contenders, or families such as "best GreedyLR".
    """
    found = fair(table)
    rows, values = list[tuple[object, ...]](), list[Floats]()
    for group, arms in found.groups().items():
        for contender in names:
            matrix = found.matrix(arms, contender, phase)
            if matrix is not None:
                values.append(typical(matrix))
                rows.append((*group, contender, len(arms), int(np.isinf(matrix).sum()), matrix.size))
    schema = ["problem", "optimizer", "channel", "contender", "arms", "lost", "runs"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    ends = np.empty((3, len(rows)))
    for places in _by_count(values):
        estimate = statistics.median(np.array([values[place] for place in places]))
        ends[:, places] = estimate.value, estimate.low, estimate.high
    shares = statistics.share(frame["lost"].to_numpy(), frame["runs"].to_numpy())
    return frame.drop("lost").with_columns(
        median=ends[0], low=ends[1], high=ends[2],
        diverged=shares.value, diverged_low=shares.low, diverged_high=shares.high,
    )  # fmt: skip


def against(
    table: pl.DataFrame, greedy: Who = BEST_GREEDY, other: Who = BEST_SCHEDULE, phase: str = "evaluation"
) -> pl.DataFrame:
    """One row per group: the first contender against the second, start by start; smaller is better.

    Columns: problem, optimizer, channel; `starts`, `win_rate` of the first with `win_low`, `win_high` (Wilson), `ties`;
    `ratio`, median over the starts of the first's suboptimality over the second's (at each start the median over the
    group's settings), with `ratio_low`, `ratio_high` (95 % bootstrap); `delta`, Cliff's, mean over the settings,
    negative when the first is better, with `delta_low`, `delta_high`; `p` of the signed-rank test of the logarithms and
    `p_holm` over all rows; `pairs_won`, share of all pairs of runs of the group; `lost` and `lost_other`, shares of the
    runs that diverged; `verdict`: "better", "worse", or "undecided" where p_holm exceeds 0.05 or the interval of the
    ratio holds 1; `small`, whether that interval lies within `NEGLIGIBLE` of 1.
    """
    found = fair(table)
    groups, told = list[Group](), list[tuple[float, ...]]()
    compared = list[Floats]()
    for group, arms in found.groups().items():
        a, b = found.matrix(arms, greedy, phase), found.matrix(arms, other, phase)
        if a is not None and b is not None:
            groups.append(group)
            compared.append(_by_start(a, b))
            delta = statistics.cliffs_delta(a, b, settings=True)
            shares = np.mean(a < b), np.mean(np.isinf(a)), np.mean(np.isinf(b))
            told.append((float(delta.value), float(delta.low), float(delta.high), *map(float, shares)))
    columns = {name: np.empty(len(groups)) for name in _COMPARED}
    for places in _by_count(compared):
        for name, values in _compared(np.array([compared[place] for place in places])).items():
            columns[name][places] = values
    names = ("delta", "delta_low", "delta_high", "pairs_won", "lost", "lost_other")
    columns |= dict(zip(names, np.array(told).reshape(len(groups), len(names)).T, strict=True))
    frame = pl.DataFrame(groups, schema=["problem", "optimizer", "channel"], orient="row")
    significant = pl.col("p_holm") <= 0.05
    return frame.with_columns(**columns, p_holm=statistics.holm(columns["p"])).with_columns(
        small=(pl.col("ratio_low") >= 1.0 / NEGLIGIBLE) & (pl.col("ratio_high") <= NEGLIGIBLE),
        verdict=pl.when(significant & (pl.col("ratio_high") < 1))
        .then(pl.lit("better"))
        .when(significant & (pl.col("ratio_low") > 1))
        .then(pl.lit("worse"))
        .otherwise(pl.lit("undecided")),
    )


def _by_start(a: Floats, b: Floats) -> Floats:
    """Median over the settings of ln(a / b) at each start: (settings, n) -> (n,); two diverged runs have ratio 1."""
    with np.errstate(invalid="ignore"):
        ordered = np.sort(np.where(a == b, 0.0, np.log(a) - np.log(b)), axis=0)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    # one way as infinite as the other: neither is better
    opposite = np.isneginf(low) & np.isposinf(high)
    return 0.5 * np.where(opposite, 0.0, low) + 0.5 * np.where(opposite, 0.0, high)


_COMPARED = ("starts", "win_rate", "win_low", "win_high", "ties", "ratio", "ratio_low", "ratio_high", "p")


def _compared(logarithms: Floats) -> Mapping[str, Floats]:
    """Columns `_COMPARED` for rows (groups, starts) of logarithms of ratios."""
    count = logarithms.shape[1]
    ratio, wins = statistics.median(logarithms), statistics.share(np.sum(logarithms < 0.0, axis=1), count)
    columns = (
        np.full(len(logarithms), float(count)), wins.value, wins.low, wins.high,
        np.sum(logarithms == 0.0, axis=1).astype(np.float64), np.exp(ratio.value), np.exp(ratio.low),
        np.exp(ratio.high), statistics.wilcoxon(logarithms, np.zeros(1)).p,
    )  # fmt: skip
    return dict(zip(_COMPARED, columns, strict=True))


def pooled(
    table: pl.DataFrame,
    greedy: str = PRIMARY,
    other: str = RIVAL,
    phase: str = "evaluation",
    channel: str | None = None,
    optimizer: str | None = None,
    margin: float = 0.0,
) -> statistics.Estimate:
    """Share of all pairs of runs in which the first has the smaller suboptimality, a tie counting as half.

    With a margin, of those in which that of the second is larger by more than this share; a tie then counts nothing.

    Every arm has the same weight. The 95 % interval resamples the starts of each problem (2,000 times), so it tells
    the noise of the starts and not how another choice of problems would have come out.
    """
    found = fair(table)
    per_problem: dict[str, list[Floats]] = {}
    for (problem, moved, where), arms in found.groups().items():
        a, b = found.matrix(arms, greedy, phase), found.matrix(arms, other, phase)
        if a is not None and b is not None and channel in (None, where) and optimizer in (None, moved):
            per_problem.setdefault(problem, []).append(((1.0 + margin) * a < b) + (0.0 if margin else 0.5) * (a == b))
    if not per_problem:
        return statistics.Estimate(*(np.array(np.nan) for _ in range(3)))
    scores = [np.concatenate(matrices) for matrices in per_problem.values()]
    weights = np.array([len(matrix) for matrix in scores], dtype=np.float64)
    rng = np.random.default_rng(0)
    resampled = np.zeros(2000)
    for matrix, weight in zip(scores, weights, strict=True):
        n = matrix.shape[1]
        resampled += weight * matrix.mean(axis=0)[rng.integers(0, n, size=(2000, n))].mean(axis=1)
    resampled /= weights.sum()
    value = sum(weight * matrix.mean() for matrix, weight in zip(scores, weights, strict=True)) / weights.sum()
    return statistics.Estimate(np.array(value), np.quantile(resampled, 0.025), np.quantile(resampled, 0.975))


def ratios(
    table: pl.DataFrame,
    channel: str | None = None,
    phase: str = "evaluation",
    names: Sequence[str] = EVERYWHERE,
    optimizer: str | None = None,
) -> tuple[pl.DataFrame, Floats]:
    """Ratio of each contender's median to the smallest on the arm: the arms' labels, and (contenders, arms).

    Arms are those of the channel and optimizer (all when None) in which all of `names` took part.
    """
    found = fair(table)
    labels, costs = list[tuple[object, ...]](), list[list[float]]()
    for row in found.arms.iter_rows():
        if channel not in (None, row[3]) or optimizer not in (None, row[2]):
            continue
        entries = [found.entry(row[0], name, phase) for name in names]
        if all(entry is not None for entry in entries):
            labels.append(row)
            costs.append([entry.median for entry in entries if entry is not None])
    frame = pl.DataFrame(labels, schema=list(LABELS), orient="row")
    matrix = np.array(costs).T.reshape(len(names), len(costs))
    return frame, statistics.performance_ratios(matrix) if len(costs) else matrix


def profiles(
    table: pl.DataFrame,
    tau: Floats,
    channel: str | None = None,
    phase: str = "evaluation",
    names: Sequence[str] = EVERYWHERE,
    optimizer: str | None = None,
) -> dict[str, Floats]:
    """Dolan-More performance profile of every contender over the arms of a channel, at the factors tau."""
    arms, found = ratios(table, channel, phase, names, optimizer)
    if arms.height == 0:
        return {}
    return dict(zip(names, statistics.performance_profile(found, tau), strict=True))


def heat(table: pl.DataFrame, channel: str, phase: str = "evaluation", optimizer: str | None = None) -> pl.DataFrame:
    """One row per perturbation and contender, over problems, optimizers and strengths of a channel.

    Columns: perturbation, contender, `arms`; `ratio`, median over the arms of the ratio to the best median on the arm;
    `rank`, mean rank among the contenders, 1 being best; `diverged`, share of runs.
    """
    arms, found = ratios(table, channel, phase, optimizer=optimizer)
    rows: list[tuple[object, ...]] = []
    for perturbation in arms["perturbation"].unique(maintain_order=True):
        places = np.flatnonzero((arms["perturbation"] == perturbation).to_numpy())
        of_kind = found[:, places]
        ranks = statistics.average_ranks(of_kind)
        for i, name in enumerate(EVERYWHERE):
            entries = [fair(table).entry(arms["arm"][int(place)], name, phase) for place in places]
            lost = np.mean([np.mean(np.isinf(entry.gaps)) for entry in entries if entry is not None])
            middle = float(typical(of_kind[i][:, None])[0])
            rows.append((perturbation, name, len(places), middle, float(ranks[i]), float(lost)))
    names = ["perturbation", "contender", "arms", "ratio", "rank", "diverged"]
    return pl.DataFrame(rows, schema=names, orient="row")


def ranking(table: pl.DataFrame, channel: str | None = None, phase: str = "evaluation") -> pl.DataFrame:
    """Mean rank over the arms of a channel of everyone who takes part everywhere, best first: contender, rank, arms."""
    arms, found = ratios(table, channel, phase)
    ranks = statistics.average_ranks(found) if arms.height else np.full(len(EVERYWHERE), np.nan)
    return pl.DataFrame({"contender": EVERYWHERE, "rank": ranks, "arms": [arms.height] * len(EVERYWHERE)}).sort("rank")


def diverged(table: pl.DataFrame) -> pl.DataFrame:
    """Share of the evaluated runs that diverged, least first, of everyone who takes part everywhere: contender, share.

    All have the same settings, those included in which a contender has the runs without perturbation.
    """
    found, shares = fair(table), list[tuple[str, float]]()
    for name in EVERYWHERE:
        lost = [np.isinf(entry.gaps) for arm in found.arms["arm"] if (entry := found.entry(arm, name)) is not None]
        shares.append((name, float(np.mean(np.concatenate(lost)))))
    return pl.DataFrame(shares, schema=["contender", "share"], orient="row").sort("share", "contender")


def sensitivity(table: pl.DataFrame) -> pl.DataFrame:
    """How much the initial rate matters: area under the performance profile over the rates of the grid.

    For each arm, the medians on the tuning replicates at the grid's rates over the smallest median that any contender
    reaches on the arm; 1 when every rate does as well as that, and a rate that is 100 times worse, or diverges, counts
    nothing. Columns: channel, contender, `area` (mean over the arms), `low`, `high` (10 and 90 % of the arms), `arms`.
    """
    tuning = table.filter(phase="tuning").with_columns(pl.col("median").clip(lower_bound=FLOOR))
    best = tuning.group_by("arm").agg(best=pl.col("median").min())
    grid = tuning.filter(stage="grid").join(best, on="arm")
    # twice infinite: no rate does anything
    ratio = pl.when(pl.col("median").is_infinite()).then(np.inf).otherwise(pl.col("median") / pl.col("best"))
    credit = (1.0 - ratio.log() / np.log(AREA_LARGEST)).clip(lower_bound=0.0)
    areas = grid.group_by("arm", "channel", "contender", maintain_order=True).agg(area=credit.mean())
    return areas.group_by("channel", "contender", maintain_order=True).agg(
        low=pl.col("area").quantile(0.1), high=pl.col("area").quantile(0.9), arms=pl.len(), area=pl.col("area").mean()
    )
