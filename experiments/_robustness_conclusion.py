"""The fair robustness study in plain words, computed from its table."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from experiments import _robustness_outcomes as outcomes
from experiments._robustness_outcomes import NEGLIGIBLE
from experiments._robustness_table import (
    BEST_GREEDY,
    BEST_SCHEDULE,
    CHANNELS,
    EVERYWHERE,
    FAMILIES,
    PRIMARY,
    RIVAL,
    fair,
)
from greedylr_theory.statistics import Estimate

WHERE = {
    "none": "without perturbation",
    "observed_loss": "where only the loss that is looked at is perturbed",
    "gradient": "under perturbed gradients",
    "iterate": "under kicks of the iterate",
    "objective": "under a tilted objective",
}


def conclusion(table: pl.DataFrame) -> list[str]:
    """Sentences: the answer in numbers; what was compared, where GreedyLR is better, worse, and where nothing can be
    told; the strongest effects in each direction; the study's rule against cosine at the study's rate and tuned; what
    else was seen."""
    rows = outcomes.against(table, BEST_GREEDY, BEST_SCHEDULE)
    return [
        _answer(rows),
        _scope(table, rows),
        _equal_size(table, rows),
        *(_channel(rows, channel) for channel in CHANNELS if rows.filter(channel=channel).height),
        _strongest(rows, "better"),
        _strongest(rows, "worse"),
        _single_rule(table),
        _published_pair(table),
        _ranks(table),
        _rates(table),
        _diverged(table),
    ]


def strongest(rows: pl.DataFrame, verdict: str, count: int = 3) -> pl.DataFrame:
    """The rows of `against` with a verdict whose interval of the ratio stays farthest from 1, at most so many."""
    # of the end that is nearest to 1: an effect is as strong as the data vouch for
    end = pl.col("ratio_high") if verdict == "better" else 1.0 / pl.col("ratio_low")
    return rows.filter(verdict=verdict).sort(end, "problem", "optimizer", "channel").head(count)


def kinds(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Rows of `against` by what is told of them: "better", "worse", "small" (decided, hardly apart), "undecided"."""
    small = (pl.col("verdict") != "undecided") & pl.col("small")
    told = rows.with_columns(kind=pl.when(small).then(pl.lit("small")).otherwise(pl.col("verdict")))
    return {kind: told.filter(kind=kind) for kind in ("better", "worse", "small", "undecided")}


def of_equal_size(table: pl.DataFrame, draws: int = 20) -> pl.DataFrame:
    """How many groups are better, worse, small and undecided when both families are as large as the smaller one.

    The best of the smaller family meets the best of as many of the larger one, drawn at random: one row per draw.
    """
    small, large = sorted((BEST_GREEDY, BEST_SCHEDULE), key=lambda name: len(FAMILIES[name]))
    rng = np.random.default_rng(0)
    rows: list[dict[str, int]] = []
    for _ in range(draws):
        places = rng.choice(len(FAMILIES[large]), len(FAMILIES[small]), replace=False)
        drawn = tuple(FAMILIES[large][place] for place in places)
        greedy, other = (small, drawn) if small == BEST_GREEDY else (drawn, small)
        rows.append({kind: found.height for kind, found in kinds(outcomes.against(table, greedy, other)).items()})
    return pl.DataFrame(rows)


def _scope(table: pl.DataFrame, rows: pl.DataFrame) -> str:
    found = fair(table)
    sizes = [len(FAMILIES[family]) for family in (BEST_GREEDY, BEST_SCHEDULE)]
    runs = table["runs"].sum()
    return (
        f"{found.arms.height} settings on {found.arms['problem'].n_unique()} problems, {runs:,} runs. In each setting "
        f"the best of {sizes[0]} GreedyLR rules meets the best of {sizes[1]} alternatives, both chosen on the tuning "
        f"starts; {rows.height} groups (problem, optimizer, channel) are compared start by start on the evaluation "
        "starts, with Holm's correction over the groups. A configuration is chosen by its median, which tolerates runs "
        "that diverge as long as they are fewer than half. The number behind quadratic is its condition, that behind "
        "rosenbrock its dimension."
    )


def _answer(rows: pl.DataFrame) -> str:
    return (
        f"With everybody tuned alike, the best GreedyLR rule against the best alternative: {_counts(kinds(rows))}. "
        "What the groups are, and which they are, stands below."
    )


def _equal_size(table: pl.DataFrame, rows: pl.DataFrame) -> str:
    found, drawn = kinds(rows), of_equal_size(table)
    size = min(len(FAMILIES[family]) for family in (BEST_GREEDY, BEST_SCHEDULE))
    told = ", ".join(
        f"{words} in {drawn[kind].mean():.1f} (from {drawn[kind].min()} to {drawn[kind].max()})"
        for kind, words in (("better", "better"), ("worse", "worse"))
    )
    return (
        f"The number of alternatives matters: against the best of all GreedyLR is better in {found['better'].height} "
        f"and worse in {found['worse'].height} of {rows.height} groups; against the best of {size} of them, drawn at "
        f"random {drawn.height} times, it is {told}. Groups apart by less than {NEGLIGIBLE - 1:.0%} are not counted."
    )


def _counts(found: dict[str, pl.DataFrame]) -> str:
    total = sum(rows.height for rows in found.values())
    text = f"better in {found['better'].height}, worse in {found['worse'].height} of {total} groups"
    if found["small"].height:
        text += f"; in {found['small'].height} the two differ, but by less than {NEGLIGIBLE - 1:.0%}"
    if found["undecided"].height:
        text += f"; in {found['undecided'].height} the difference is undecided"
    return text


def _channel(rows: pl.DataFrame, channel: str) -> str:
    found = kinds(rows.filter(channel=channel))
    words = {
        "better": "better", "worse": "worse", "small": f"less than {NEGLIGIBLE - 1:.0%} apart",
        "undecided": "undecided",
    }  # fmt: skip
    parts = [f"{words[kind]}: {_named(rows)}" for kind, rows in found.items() if rows.height]
    return f"{_raised(WHERE[channel])}, GreedyLR is {_counts(found)}. {_raised('; '.join(parts))}."


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _named(rows: pl.DataFrame) -> str:
    problems: dict[str, list[str]] = {}
    for problem, optimizer in rows.select("problem", "optimizer").iter_rows():
        problems.setdefault(problem, []).append(optimizer)
    return ", ".join(f"{problem} ({' and '.join(optimizers)})" for problem, optimizers in problems.items())


def _strongest(rows: pl.DataFrame, verdict: str) -> str:
    found = strongest(rows.filter(~pl.col("small")), verdict)
    direction = "in favour of GreedyLR" if verdict == "better" else "against GreedyLR"
    if found.height == 0:
        return f"No group shows an effect {direction}."
    return f"The strongest effects {direction}: {'; '.join(_effect(row) for row in found.iter_rows(named=True))}."


def _effect(row: dict[str, Any]) -> str:
    return (
        f"{row['problem']} with {row['optimizer']} {WHERE[row['channel']]}, {row['ratio']:.3g} times the "
        f"suboptimality [{row['ratio_low']:.3g}, {row['ratio_high']:.3g}], Cliff's delta {row['delta']:+.2f} "
        f"[{row['delta_low']:+.2f}, {row['delta_high']:+.2f}], p = {row['p_holm']:.1g}{_lost(row)}"
    )


def _lost(row: dict[str, Any]) -> str:
    """Runs that diverged, where there are any: a ratio may be 0 or infinite for that reason alone."""
    if not row["lost"] and not row["lost_other"]:
        return ""
    return f", {row['lost']:.1%} of GreedyLR's runs diverged and {row['lost_other']:.1%} of the alternative's"


def _single_rule(table: pl.DataFrame) -> str:
    rows = outcomes.against(table, PRIMARY, BEST_SCHEDULE)
    found = kinds(rows)
    return f"{PRIMARY} alone, tuned, against the best alternative: {_counts(found)}."


def _share(rate: Estimate) -> str:
    return f"{float(rate.value):.1%} [{float(rate.low):.1%}, {float(rate.high):.1%}]"


def _published_pair(table: pl.DataFrame) -> str:
    told: list[str] = []
    for name, optimizer in (("over all optimizers", None), ("under Adam, the study's optimizer,", "adam")):
        if optimizer is None or optimizer in fair(table).arms["optimizer"]:
            untuned, tuned = (_won(table, phase, optimizer) for phase in ("untuned", "evaluation"))
            told.append(f"{name} it wins {untuned} at the study's rate 0.01 and {tuned} tuned")
    return (
        f"{PRIMARY} against {RIVAL}, of all pairs of runs, ties counting half: {'; '.join(told)} (intervals over the "
        "starts)."
    )


def _won(table: pl.DataFrame, phase: str, optimizer: str | None) -> str:
    """Share of the pairs won, and how many are won and lost by more than a negligible difference."""
    margin = NEGLIGIBLE - 1.0
    won, lost = (
        float(outcomes.pooled(table, *pair, phase=phase, optimizer=optimizer, margin=margin).value)
        for pair in ((PRIMARY, RIVAL), (RIVAL, PRIMARY))
    )
    rate = _share(outcomes.pooled(table, phase=phase, optimizer=optimizer))
    return f"{rate} (by more than {margin:.0%} it wins {won:.1%} and loses {lost:.1%})"


def _ranks(table: pl.DataFrame) -> str:
    ranks = outcomes.ranking(table)
    first, last = ranks.head(3), ranks.tail(1)
    named = ", ".join(f"{name} {rank:.1f}" for name, rank in first.select("contender", "rank").iter_rows())
    greedy = ranks.filter(pl.col("contender").is_in(FAMILIES[BEST_GREEDY])).row(0, named=True)
    return (
        f"Mean rank among the {len(EVERYWHERE)} that take part everywhere, over all settings: {named}; best GreedyLR "
        f"rule {greedy['contender']} {greedy['rank']:.1f}; last {last['contender'][0]} {last['rank'][0]:.1f}."
    )


def _rates(table: pl.DataFrame) -> str:
    areas = outcomes.sensitivity(table).filter(pl.col("channel") != "observed_loss")
    mean = areas.group_by("contender").agg(area=(pl.col("area") * pl.col("arms")).sum() / pl.col("arms").sum())
    found = dict(mean.filter(pl.col("contender").is_in(EVERYWHERE)).sort("area", "contender").iter_rows())
    names = list(found)
    return (
        "What a rate taken blindly from the grid is worth (area under the profile over the grid, 1 is best; where only "
        "the loss that is looked at is perturbed is left out): "
        f"{PRIMARY} {found[PRIMARY]:.2f}, {RIVAL} {found[RIVAL]:.2f}, constant {found['constant']:.2f}; most "
        f"{names[-1]} {found[names[-1]]:.2f}, least {names[0]} {found[names[0]]:.2f}."
    )


def _diverged(table: pl.DataFrame) -> str:
    shares = outcomes.diverged(table)
    low, high = shares.row(0, named=True), shares.row(-1, named=True)
    others = " and ".join(f"{name} {share:.2%}" for name, share in (_named_share(shares, n) for n in (PRIMARY, RIVAL)))
    return (
        f"Diverged after tuning, of the runs in the settings in which all {shares.height} take part: {others}; least "
        f"{low['contender']} {low['share']:.2%}, most {high['contender']} {high['share']:.2%}."
    )


def _named_share(shares: pl.DataFrame, name: str) -> tuple[str, float]:
    return name, float(shares.filter(contender=name)["share"][0])
