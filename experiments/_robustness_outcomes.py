"""The fair robustness study's table as arrays, and what is told, judged and drawn from it.

The unit of evidence is the start (replicate): within a group, a problem with an optimizer and a channel, the value of a
contender at one start is the median of f(x_T) - f* over the group's perturbations and strengths, which all have the
same unit of loss. Starts are independent, so that tests and intervals of a group count each start once. Nothing is
pooled over problems but ranks, ratios to the best, and shares of pairs.

In the channel "observed_loss" a contender that does not look at the loss has the runs without perturbation, which are
the same bit for bit. Suboptimalities below `FLOOR` count as `FLOOR`: there differences are rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments._robustness_arms import ADAPTIVE, GREEDY, PLATEAU, SCHEDULES
from greedylr_theory import statistics

Floats = NDArray[np.float64]
Group = tuple[str, str, str]

#: in units of loss
FLOOR = 1e-12
#: the rule that the published study praises, and what it is compared with
PRIMARY, RIVAL = "GreedyStudy p=1", "cosine"
#: of each arm, the contender of a family with the smallest tuning median: chosen without the evaluation replicates
BEST_GREEDY, BEST_SCHEDULE = "best GreedyLR", "best schedule"
FAMILIES = {BEST_GREEDY: tuple(GREEDY), BEST_SCHEDULE: (*SCHEDULES, *PLATEAU)}
#: who takes part everywhere, in the order in which tables and figures show them
EVERYWHERE = (*GREEDY, *SCHEDULES, *PLATEAU)
CONTENDERS = (*EVERYWHERE, *ADAPTIVE)
CHANNELS = ("none", "observed_loss", "gradient", "iterate", "objective")
_LABELS = ("arm", "problem", "optimizer", "channel", "perturbation", "strength")
#: factor of the best within which a rate of the grid still counts for something
AREA_LARGEST = 100.0


@dataclass(frozen=True, eq=False)
class _Entry:
    gaps: Floats
    tuning: float


class Fair:
    """Evaluations and tuning medians by arm and contender."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.arms = table.select(_LABELS).unique(maintain_order=True)
        tuned = table.filter((pl.col("phase") == "tuning") & pl.col("chosen"))
        medians = {(row[0], row[1]): row[2] for row in tuned.select("arm", "contender", "median").iter_rows()}
        self._found: dict[tuple[str, str, str], _Entry] = {}
        for phase in ("evaluation", "untuned"):
            rows = table.filter(phase=phase).select("arm", "contender", "gap")
            ends = np.cumsum(rows["gap"].list.len().to_numpy())
            values = np.maximum(rows["gap"].explode().to_numpy(), FLOOR) if rows.height else np.zeros(0)
            parts = np.split(values, ends[:-1])
            for (arm, contender), gaps in zip(rows.select("arm", "contender").iter_rows(), parts, strict=False):
                self._found[phase, arm, contender] = _Entry(gaps, medians[arm, contender])
        clean = self.arms.filter(channel="none").select("problem", "optimizer", clean="arm")
        joined = self.arms.filter(channel="observed_loss").join(clean, on=["problem", "optimizer"], how="inner")
        self._clean = dict(joined.select("arm", "clean").iter_rows())

    def gaps(self, arm: str, contender: str, phase: str = "evaluation") -> Floats | None:
        """Suboptimalities (n,) by start; None where the contender did not take part."""
        entry = self._entry(phase, arm, self.member(arm, contender))
        return None if entry is None else entry.gaps

    def member(self, arm: str, contender: str) -> str:
        """The contender itself; of "best GreedyLR" and "best schedule" the one with the smallest tuning median."""
        if contender not in FAMILIES:
            return contender
        entries = {name: self._entry("evaluation", arm, name) for name in FAMILIES[contender]}
        return min((entry.tuning, name) for name, entry in entries.items() if entry is not None)[1]

    def tuning(self, arm: str, contender: str) -> float:
        """Median on the tuning replicates of the configuration that was chosen; NaN where it did not take part."""
        entry = self._entry("evaluation", arm, contender)
        return np.nan if entry is None else entry.tuning

    def _entry(self, phase: str, arm: str, contender: str) -> _Entry | None:
        own = self._found.get((phase, arm, contender))
        return own if own is not None else self._found.get((phase, self._clean.get(arm, arm), contender))

    def groups(self) -> dict[Group, list[str]]:
        """Arms of every (problem, optimizer, channel)."""
        found: dict[Group, list[str]] = {}
        for arm, problem, optimizer, channel in self.arms.select(_LABELS[:4]).iter_rows():
            found.setdefault((problem, optimizer, channel), []).append(arm)
        return found

    def matrix(self, arms: Sequence[str], contender: str, phase: str = "evaluation") -> Floats | None:
        """Suboptimalities (arms, n); None where the contender takes no part in one of the arms."""
        rows = [gaps for arm in arms if (gaps := self.gaps(arm, contender, phase)) is not None]
        return np.array(rows) if len(rows) == len(arms) else None


def typical(matrix: Floats) -> Floats:
    """Median over the arms of a group, start by start: (arms, n) -> (n,)."""
    ordered = np.sort(matrix, axis=0)
    return 0.5 * ordered[(len(matrix) - 1) // 2] + 0.5 * ordered[len(matrix) // 2]


_LAST: list[tuple[pl.DataFrame, Fair]] = []


def fair(table: pl.DataFrame) -> Fair:
    """Arrays of a table; those of the last one are kept."""
    if not _LAST or _LAST[0][0] is not table:
        _LAST[:] = [(table, Fair(table))]
    return _LAST[0][1]


def medians(table: pl.DataFrame, phase: str = "evaluation") -> pl.DataFrame:
    """One row per group and contender.

    Columns: problem, optimizer, channel, contender; `arms`, perturbations times strengths; `median` over the starts of
    the typical suboptimality with `low` and `high` (95 % bootstrap); `diverged`, share of all runs, with `diverged_low`
    and `diverged_high` (Wilson); `runs`.

    Args:
        phase: "evaluation" (tuned) or "untuned" (the study's rate 0.01 and bounds).
    """
    found = fair(table)
    rows: list[tuple[object, ...]] = []
    by_count: dict[int, list[tuple[int, Floats]]] = {}
    for group, arms in found.groups().items():
        for contender in CONTENDERS:
            matrix = found.matrix(arms, contender, phase)
            if matrix is not None:
                by_count.setdefault(matrix.shape[1], []).append((len(rows), typical(matrix)))
                rows.append((*group, contender, len(arms), int(np.isinf(matrix).sum()), matrix.size))
    names = ["problem", "optimizer", "channel", "contender", "arms", "lost", "runs"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    estimates = np.empty((3, len(rows)))
    for entries in by_count.values():
        for first in range(0, len(entries), 256):  # 2,000 resamples of each row at once
            places, values = zip(*entries[first : first + 256], strict=True)
            estimate = statistics.median(np.array(values))
            estimates[:, list(places)] = estimate.value, estimate.low, estimate.high
    shares = statistics.share(frame["lost"].to_numpy(), np.maximum(frame["runs"].to_numpy(), 1))
    return frame.with_columns(
        median=estimates[0], low=estimates[1], high=estimates[2],
        diverged=shares.value, diverged_low=shares.low, diverged_high=shares.high,
    ).drop("lost")  # fmt: skip


def against(
    table: pl.DataFrame, greedy: str = BEST_GREEDY, other: str = BEST_SCHEDULE, phase: str = "evaluation"
) -> pl.DataFrame:
    """One row per group: the first contender against the second, start by start; smaller is better.

    Columns: problem, optimizer, channel; `starts`, `win_rate` of the first with `win_low`, `win_high` (Wilson), `ties`;
    `ratio`, median over the starts of the first's suboptimality over the second's, with `ratio_low`, `ratio_high` (95 %
    bootstrap); `delta`, Cliff's, negative when the first is better, with `delta_low`, `delta_high`; `p` of the
    signed-rank test of the logarithms and `p_holm` over all rows; `pairs_won`, share of all pairs of runs of the group;
    `verdict`: "better", "worse", or "undecided" where p_holm exceeds 0.05 or the interval of the ratio holds 1.
    """
    found = fair(table)
    groups: list[Group] = []
    pairs: list[tuple[Floats, Floats]] = []
    won: list[float] = []
    for group, arms in found.groups().items():
        a, b = found.matrix(arms, greedy, phase), found.matrix(arms, other, phase)
        if a is not None and b is not None and a.shape[1] > 1:
            groups.append(group)
            pairs.append((typical(a), typical(b)))
            won.append(float(np.mean(a < b)))
    columns: dict[str, list[float]] = {name: [] for name in _COMPARED}
    for a, b in pairs:
        compared, delta = statistics.compare(a, b), statistics.cliffs_delta(a, b)
        p = statistics.wilcoxon(a, b, ratios=True).p
        ratio, wins = compared.log_ratio, compared.win_rate
        entries = (
            a.size, wins.value, wins.low, wins.high, compared.ties,
            *(np.exp(end) for end in (ratio.value, ratio.low, ratio.high)), delta.value, delta.low, delta.high, p,
        )  # fmt: skip
        for name, entry in zip(_COMPARED, entries, strict=True):
            columns[name].append(float(entry))
    frame = pl.DataFrame(groups, schema=["problem", "optimizer", "channel"], orient="row")
    frame = frame.with_columns(*(pl.Series(name, values, dtype=pl.Float64) for name, values in columns.items()))
    adjusted = statistics.holm(frame["p"].to_numpy()) if frame.height else np.zeros(0)
    significant = pl.col("p_holm") <= 0.05
    return frame.with_columns(p_holm=adjusted, pairs_won=pl.Series(won, dtype=pl.Float64)).with_columns(
        verdict=pl.when(significant & (pl.col("ratio_high") < 1))
        .then(pl.lit("better"))
        .when(significant & (pl.col("ratio_low") > 1))
        .then(pl.lit("worse"))
        .otherwise(pl.lit("undecided"))
    )


_COMPARED = (
    "starts", "win_rate", "win_low", "win_high", "ties", "ratio", "ratio_low", "ratio_high", "delta", "delta_low",
    "delta_high", "p",
)  # fmt: skip


def pooled(
    table: pl.DataFrame,
    greedy: str = PRIMARY,
    other: str = RIVAL,
    phase: str = "evaluation",
    channel: str | None = None,
) -> statistics.Estimate:
    """Share of all pairs of runs in which the first has the smaller suboptimality, a tie counting as half.

    Every arm has the same weight. The 95 % interval resamples the starts of each problem (2,000 times), so it tells
    the noise of the starts and not how another choice of problems would have come out.
    """
    found = fair(table)
    per_problem: dict[str, list[Floats]] = {}
    for (problem, _, where), arms in found.groups().items():
        a, b = found.matrix(arms, greedy, phase), found.matrix(arms, other, phase)
        if a is not None and b is not None and channel in (None, where):
            per_problem.setdefault(problem, []).append((a < b) + 0.5 * (a == b))
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
        values = [found.gaps(row[0], name, phase) for name in names]
        if all(gaps is not None for gaps in values):
            labels.append(row)
            costs.append([float(typical(gaps[:, None])[0]) for gaps in values if gaps is not None])
    frame = pl.DataFrame(labels, schema=list(_LABELS), orient="row")
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
            runs = [fair(table).gaps(arms["arm"][int(place)], name, phase) for place in places]
            lost = np.mean([np.mean(np.isinf(gaps)) for gaps in runs if gaps is not None])
            middle = float(typical(of_kind[i][:, None])[0])
            rows.append((perturbation, name, len(places), middle, float(ranks[i]), float(lost)))
    names = ["perturbation", "contender", "arms", "ratio", "rank", "diverged"]
    return pl.DataFrame(rows, schema=names, orient="row")


def ranking(table: pl.DataFrame, channel: str | None = None, phase: str = "evaluation") -> pl.DataFrame:
    """Mean rank over the arms of a channel of everyone who takes part everywhere, best first: contender, rank, arms."""
    arms, found = ratios(table, channel, phase)
    ranks = statistics.average_ranks(found) if arms.height else np.full(len(EVERYWHERE), np.nan)
    return pl.DataFrame({"contender": EVERYWHERE, "rank": ranks, "arms": [arms.height] * len(EVERYWHERE)}).sort("rank")


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
