"""What the figures of recovery share: which runs are shown in which column, and how bands are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from experiments.recovery import ADAM, CURVE, HALF, HASTY_STUDY, KICK, PATIENT_STUDY, QUADRATIC, ROSENBROCK
from experiments.recovery_as_published import STRIDE
from experiments.recovery_as_published import rows as published_rows
from greedylr_theory.plotting import LOOKS, Look

Floats = NDArray[np.float64]

PROBLEMS = (QUADRATIC, ROSENBROCK)
#: as published, where nothing is disturbed; kicked with the study's rates; kicked and tuned
PUBLISHED = "as published:\nnothing is disturbed"
UNTUNED, TUNED = "kicked at half time,\nrate 0.01", "kicked at half time,\ntuned"
COLUMNS = (PUBLISHED, UNTUNED, TUNED)
#: name -> look, and what it is called where runs are kicked
SERIES: Mapping[str, tuple[Look, str]] = {
    "GreedyLR p=1": (LOOKS[0], HASTY_STUDY),
    "GreedyLR p=10": (LOOKS[1], PATIENT_STUDY),
    "cosine": (LOOKS[2], "cosine"),
    "cosine restarts": (LOOKS[3], "cosine restarts"),
    "exponential": (Look("#8A8A8A", "v", (0, (2, 2))), "exponential"),
    "constant": (Look("#7B3294", "x", (0, (8, 2, 1, 2))), "constant"),
}


@dataclass(frozen=True, eq=False)
class Runs:
    """Steps (k,) and what runs had there (n, k)."""

    steps: Floats
    losses: Floats
    rates: Floats


def published(table: pl.DataFrame, problem: str, name: str) -> pl.DataFrame:
    """The undisturbed runs of one schedule, under the study's periodic spikes."""
    found = published_rows(table, problem, name, "periodic spike")
    return found.filter(pl.col("perturbation.strength") == pl.col("perturbation.strength").max())


def kicked(table: pl.DataFrame, column: str, problem: str, name: str) -> dict[str, list[float]]:
    """Lists over the kicked runs of one schedule."""
    found = table.filter(
        (pl.col("arm") == f"{problem}/{ADAM}/{KICK}")
        & (pl.col("contender") == SERIES[name][1])
        & (pl.col("phase") == ("evaluation" if column == TUNED else "untuned"))
    )
    return found.to_dicts()[0]


def runs(as_published: pl.DataFrame, recovery: pl.DataFrame, column: str, problem: str, name: str) -> Runs | None:
    """Curves of one schedule in one column; None where it was not run."""
    if column == PUBLISHED:
        found = published(as_published, problem, name)
        if not found.height:
            return None
        losses, rates = (np.array(found[key].to_list()) for key in ("losses", "rates"))
        return Runs(STRIDE * np.arange(losses.shape[1], dtype=np.float64), losses, rates)
    row = kicked(recovery, column, problem, name)
    losses, rates = (np.array([row[f"{key} {t}"] for t in CURVE], dtype=np.float64).T for key in ("loss", "rate"))
    return Runs(np.array(CURVE, dtype=np.float64), losses, rates)


def tenths(values: Floats) -> tuple[Floats, Floats, Floats]:
    """10 %, 50 % and 90 % along the first axis, without interpolation, so that infinite values stay what they are."""
    return (
        np.quantile(values, 0.1, axis=0, method="lower"),
        np.quantile(values, 0.5, axis=0, method="lower"),
        np.quantile(values, 0.9, axis=0, method="higher"),
    )


def band(axes: Axes, steps: Floats, values: Floats, look: Look) -> None:
    """Median and 10 % to 90 % of values (n, k) at k steps."""
    low, middle, high = tenths(values)
    line = {**look.line(), "markevery": 6, "markersize": 3.5}
    axes.plot(steps, middle, **line)
    axes.fill_between(steps, low, np.where(np.isfinite(high), high, 1e300), color=look.color, alpha=0.13, linewidth=0)


def kick_line(axes: Axes, column: str) -> None:
    if column != PUBLISHED:
        axes.axvline(HALF, color="0.5", linewidth=0.8, linestyle=(0, (1, 2)))


def handles() -> list[Line2D]:
    return [Line2D([], [], label=name, **look.line()) for name, (look, _) in SERIES.items()]
