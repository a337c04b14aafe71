"""The fair robustness study in plain words, computed from its table."""

from __future__ import annotations

from typing import Any

import polars as pl

from experiments import _robustness_outcomes as outcomes
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
#: a ratio this far from 1 or less is told as a tie of medians however significant it is
NEGLIGIBLE = 1.05


def conclusion(table: pl.DataFrame) -> list[str]:
    """Sentences: the answer in numbers; what was compared, where GreedyLR is better, worse, and where nothing can be
    told; the strongest effects in each direction; the study's rule against cosine at the study's rate and tuned; what
    else was seen."""
    rows = outcomes.against(table, BEST_GREEDY, BEST_SCHEDULE)
    return [
        _answer(rows),
        _scope(table, rows),
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


def _scope(table: pl.DataFrame, rows: pl.DataFrame) -> str:
    found = fair(table)
    sizes = [len(FAMILIES[family]) for family in (BEST_GREEDY, BEST_SCHEDULE)]
    runs = table["runs"].sum()
    return (
        f"{found.arms.height} settings on {found.arms['problem'].n_unique()} problems, {runs:,} runs. In each setting "
        f"the best of {sizes[0]} GreedyLR rules meets the best of {sizes[1]} alternatives, both chosen on the tuning "
        f"starts; {rows.height} groups (problem, optimizer, channel) are compared start by start on the evaluation "
        "starts, with Holm's correction over the groups. The families differ in size, which favours the larger one a "
        "little. The number behind quadratic is its condition, that behind rosenbrock its dimension."
    )


def _answer(rows: pl.DataFrame) -> str:
    return (
        f"With everybody tuned alike, the best GreedyLR rule against the best alternative: {_counts(_kinds(rows))}. "
        "What the groups are, and which they are, stands below."
    )


def _kinds(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows by what is told of them: a verdict, or "small" for a significant difference that is next to none."""
    small = (pl.col("verdict") != "undecided") & pl.col("ratio").is_between(1.0 / NEGLIGIBLE, NEGLIGIBLE)
    kinds = rows.with_columns(kind=pl.when(small).then(pl.lit("small")).otherwise(pl.col("verdict")))
    return {kind: kinds.filter(kind=kind) for kind in ("better", "worse", "small", "undecided")}


def _counts(found: dict[str, pl.DataFrame]) -> str:
    total = sum(rows.height for rows in found.values())
    text = f"better in {found['better'].height}, worse in {found['worse'].height} of {total} groups"
    if found["small"].height:
        text += f"; in {found['small'].height} the two differ by less than {NEGLIGIBLE - 1:.0%}"
    if found["undecided"].height:
        text += f"; in {found['undecided'].height} the difference is noise"
    return text


def _channel(rows: pl.DataFrame, channel: str) -> str:
    found = _kinds(rows.filter(channel=channel))
    words = {
        "better": "better", "worse": "worse", "small": f"less than {NEGLIGIBLE - 1:.0%} apart", "undecided": "noise",
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
    found = strongest(rows, verdict)
    direction = "in favour of GreedyLR" if verdict == "better" else "against GreedyLR"
    if found.height == 0:
        return f"No group shows an effect {direction}."
    return f"The strongest effects {direction}: {'; '.join(_effect(row) for row in found.iter_rows(named=True))}."


def _effect(row: dict[str, Any]) -> str:
    return (
        f"{row['problem']} with {row['optimizer']} {WHERE[row['channel']]}, {row['ratio']:.3g} times the "
        f"suboptimality [{row['ratio_low']:.3g}, {row['ratio_high']:.3g}], Cliff's delta {row['delta']:+.2f} "
        f"[{row['delta_low']:+.2f}, {row['delta_high']:+.2f}], p = {row['p_holm']:.1g}"
    )


def _single_rule(table: pl.DataFrame) -> str:
    rows = outcomes.against(table, PRIMARY, BEST_SCHEDULE)
    counts = [rows.filter(verdict=verdict).height for verdict in ("better", "worse", "undecided")]
    return (
        f"{PRIMARY} alone, tuned, against the best alternative: better in {counts[0]}, worse in {counts[1]}, undecided "
        f"in {counts[2]} of {rows.height} groups."
    )


def _share(rate: Estimate) -> str:
    return f"{float(rate.value):.1%} [{float(rate.low):.1%}, {float(rate.high):.1%}]"


def _published_pair(table: pl.DataFrame) -> str:
    told = [
        f"{name} it wins {_share(outcomes.pooled(table, phase='untuned', optimizer=optimizer))} of the pairs at the "
        f"study's rate 0.01 and {_share(outcomes.pooled(table, optimizer=optimizer))} tuned"
        for name, optimizer in (("over all optimizers", None), ("under Adam, the study's optimizer,", "adam"))
        if optimizer is None or optimizer in fair(table).arms["optimizer"]
    ]
    return f"{PRIMARY} against {RIVAL}, ties counting half: {'; '.join(told)} (intervals over the starts)."


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
        "What a rate taken blindly from the grid is worth (area under the profile over the grid, 1 is best): "
        f"{PRIMARY} {found[PRIMARY]:.2f}, {RIVAL} {found[RIVAL]:.2f}, constant {found['constant']:.2f}; most "
        f"{names[-1]} {found[names[-1]]:.2f}, least {names[0]} {found[names[0]]:.2f}."
    )


def _diverged(table: pl.DataFrame) -> str:
    rows = table.filter(phase="evaluation").group_by("contender").agg(pl.col("diverged", "runs").sum())
    shares = rows.with_columns(share=pl.col("diverged") / pl.col("runs")).sort("share", "contender")
    low, high = shares.row(0, named=True), shares.row(-1, named=True)
    primary = shares.filter(contender=PRIMARY).row(0, named=True)
    return (
        f"Diverged after tuning: {PRIMARY} {primary['share']:.2%} of its runs, {low['contender']} {low['share']:.2%}, "
        f"{high['contender']} {high['share']:.2%}."
    )
