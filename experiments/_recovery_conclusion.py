"""The experiment on recovery in plain words, computed from its table; of arms that are not there nothing is said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from experiments._recovery_table import (
    ADAM,
    BEST,
    CONSTANT,
    COSINE,
    DESCENT,
    GOAL,
    HALF,
    HASTY_STUDY,
    KICK,
    LOGISTIC,
    QUADRATIC,
    ROSENBROCK,
    SAMPLED_GOAL,
    SMOOTHED,
    UNFORESEEN,
    Recovered,
    recovered,
)
from greedylr_theory.statistics import share

PLACES = ((QUADRATIC, ADAM), (QUADRATIC, DESCENT), (ROSENBROCK, ADAM), (LOGISTIC, ADAM))
#: (words, disturbance, phase)
SETTINGS = (
    ("untuned", KICK, "untuned"),
    ("tuned", KICK, "evaluation"),
    ("tuned without the kick", UNFORESEEN, "evaluation"),
)
#: steps that arXiv 2512.14527 gives for GreedyLR and for cosine
PUBLISHED = (12, 45)
_STUDY = f"GreedyLR ({HASTY_STUDY})"


def conclusion(table: pl.DataFrame) -> list[str]:
    """Sentences: steps after a kick, untuned and tuned; who is there sooner; patience; smoothing; what is
    left of the published ratio."""
    every = [*BEST.values()]
    sentences = (
        _times(table, *SETTINGS[0]),
        _times(table, *SETTINGS[1]),
        _sooner(table),
        _cost(table, BEST, "Patience of the best-so-far rule", every[-1], every[0]),
        _cost(table, {0: BEST[10], **SMOOTHED}, "Smoothing by a window, 0 for none, at p=10", SMOOTHED[50], BEST[10]),
        _published(table),
    )
    return [sentence for sentence in sentences if sentence]


def _found(table: pl.DataFrame, disturbance: str, phase: str, names: Sequence[str]) -> dict[str, list[Recovered]]:
    """{place: runs of these contenders}, of the places where all of them are."""
    phases = table.filter(pl.col("phase") == phase)
    there = set(phases.select("arm", "contender").iter_rows())
    found: dict[str, list[Recovered]] = {}
    for problem, optimizer in PLACES:
        arm = f"{problem}/{optimizer}/{disturbance}"
        if all((arm, name) in there for name in names):
            found[f"{problem} ({optimizer})"] = [recovered(phases, arm, name, phase) for name in names]
    return found


def _number(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.4g}"


def _steps(runs: Recovered) -> str:
    """Median with its interval, and the share of the runs that do not get there."""
    middle = runs.common
    lost = share(int(np.isinf(runs.regained).sum()), runs.regained.size)
    return (
        f"{_number(float(middle.value))} [{_number(float(middle.low))}, {_number(float(middle.high))}], missed by "
        f"{float(lost.value):.1%} [{float(lost.low):.1%}, {float(lost.high):.1%}]"
    )


def _times(table: pl.DataFrame, words: str, disturbance: str, phase: str) -> str:
    names = (HASTY_STUDY, COSINE, CONSTANT)
    found = _found(table, disturbance, phase, names)
    if not found:
        return ""
    told = "; ".join(
        f"{place}: " + ", ".join(f"{name} {_steps(runs)}" for name, runs in zip(names, each, strict=True))
        for place, each in found.items()
    )
    sampled = any(place.startswith(LOGISTIC) for place in found)
    goal = f"{GOAL:g} of its start" + (f" ({SAMPLED_GOAL:g} for {LOGISTIC} regression)" if sampled else "")
    return (
        f"{words.capitalize()}, steps from a kick at step {HALF} until f - f* is at most {goal} (median, 95 % "
        f"interval, share of the runs that miss it): {told}."
    )


def _order(one: Recovered, other: Recovered) -> str:
    """Whether the first is there sooner from the same start and kick in most of the pairs that differ."""
    wins, losses = int(np.sum(one.regained < other.regained)), int(np.sum(one.regained > other.regained))
    if wins + losses == 0:
        return "undecided"
    won = share(wins, wins + losses)
    return "sooner" if won.low > 0.5 else "later" if won.high < 0.5 else "undecided"


def _told(orders: Mapping[str, str]) -> str:
    """ "sooner on a and b, later on c", in this order."""
    parts: list[str] = []
    for word in ("sooner", "later", "undecided"):
        places = [place for place, order in orders.items() if order == word]
        if places:
            parts.append(f"{word} on {' and '.join(places)}")
    return ", ".join(parts)


def _sooner(table: pl.DataFrame) -> str:
    parts: list[str] = []
    for words, disturbance, phase in SETTINGS:
        found = _found(table, disturbance, phase, (HASTY_STUDY, COSINE, CONSTANT))
        if found:
            against = [{place: _order(each[0], each[k]) for place, each in found.items()} for k in (1, 2)]
            parts.append(f"{words}, against cosine {_told(against[0])}, against a constant rate {_told(against[1])}")
    if not parts:
        return ""
    return (
        f"Start by start (decided where the 95 % interval of the pairs won leaves out one half), {_STUDY} is there: "
        f"{'; '.join(parts)}."
    )


def _cost(table: pl.DataFrame, rules: Mapping[int, str], words: str, most: str, least: str) -> str:
    """Steps by patience or window where all have the same rate, then which of the two ends is there sooner."""
    parts: list[str] = []
    for place, each in _found(table, KICK, "untuned", list(rules.values())).items():
        told = ", ".join(f"{number}: {_steps(runs)}" for number, runs in zip(rules, each, strict=True))
        if place.startswith(QUADRATIC):
            parts.append(f"steps on {place}, untuned, {told}")
    for setting, disturbance, phase in SETTINGS[:2]:
        found = _found(table, disturbance, phase, (most, least))
        if found:
            orders = {place: _order(*each) for place, each in found.items()}
            parts.append(f"{setting}, {most} is there {_told(orders)}, against {least}")
    return f"{words}: {'; '.join(parts)}." if parts else ""


def _published(table: pl.DataFrame) -> str:
    """Cosine's median over GreedyLR's, to the common level, against the published ratio."""
    published = PUBLISHED[1] / PUBLISHED[0]
    parts: list[str] = []
    for words, disturbance, phase in SETTINGS[:2]:
        found = _found(table, disturbance, phase, (HASTY_STUDY, COSINE))
        ratios = {
            place: (float(cosine.common.value), float(greedy.common.value)) for place, (greedy, cosine) in found.items()
        }
        if ratios:
            met = sum(math.isfinite(b) and a >= published * b for a, b in ratios.values())
            told = ", ".join(f"{_ratio(a, b)} on {place}" for place, (a, b) in ratios.items())
            parts.append(f"{words} {told}, so at least as large on {met} of {len(ratios)}")
    if not parts:
        return ""
    return (
        f"Published are {PUBLISHED[0]} steps for GreedyLR against {PUBLISHED[1]} for cosine, {published:g} times as "
        f"many; here cosine's median over that of {HASTY_STUDY} is {'; '.join(parts)}."
    )


def _ratio(cosine: float, greedy: float) -> str:
    if math.isinf(greedy):
        return "none (neither median is reached)" if math.isinf(cosine) else "0 (only cosine's is reached)"
    return "infinite (only GreedyLR's is reached)" if math.isinf(cosine) else f"{cosine / greedy:.3g}"
