"""What pure noise leaves of the step size of the best-so-far rule, and whether it ever rises, by patience."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.axes import Axes

from experiments.noise_patience import PATIENCES, STEPS, SWEEP, raised, survival
from greedylr_theory.plotting import LOOKS, THEORY, Figure, Look, style
from greedylr_theory.statistics import Estimate, Floats
from greedylr_theory.theory import noise_regime

_POINTS = 7
_LOSSES = np.unique(np.geomspace(1, 3000, 60).astype(int))


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Left: share of runs that have lost fewer than n factors after T losses; right: P(any increase) against T."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 3.5))
        left, right = figure.subplots(1, 2)
        steps, shown = int(table["steps"].item(0)), set(table["scheduler.patience"].unique())
        for patience, look in zip(PATIENCES, LOOKS, strict=True):
            values, law = noise_regime.net_decreases_law(patience, steps)
            below = np.cumsum(law) - law
            plain = steps / (patience + 1)
            left.plot(values / plain, below, color=look.color, linestyle=look.linestyle)
            chances = [noise_regime.probability_any_increase(patience, int(T)) for T in _LOSSES]
            right.plot(
                _LOSSES, np.where(np.array(chances) > 0, chances, np.nan), color=look.color, linestyle=look.linestyle
            )
            if patience in shown:
                inside = values[(below > 2e-3) & (below < 1 - 2e-3)]
                chosen = inside[:: max(1, inside.size // _POINTS)]
                _points(left, chosen / plain, survival(table, patience, chosen), look, f"$p$ = {patience}")
                if (found := raised(table, patience)).value[0] > 0:
                    _points(right, np.array([steps]), found, look, "")
        left.axvline(1.0, label="plain decay, $F$ every $p+1$ losses", **THEORY.line())
        left.set_xlabel(f"factors of $F$ lost after {steps} losses, over {steps}/$(p+1)$")
        left.set_ylabel("share of runs that lost fewer")
        left.set_xlim(0.68, 1.03)
        right.set_xscale("log")
        right.set_yscale("log")
        right.set_ylim(1e-8, 3.0)
        right.set_xlabel("number of losses")
        right.set_ylabel("probability of any increase")
        figure.legend(loc="outside upper center", ncols=5)
    return figure


def _points(axes: Axes, place: Floats, found: Estimate, look: Look, text: str) -> None:
    ends = np.maximum([found.value - found.low, found.high - found.value], 0.0)
    axes.errorbar(
        place, found.value, yerr=ends, fmt=look.marker, color=look.color, markersize=4.5, markerfacecolor="white",
        elinewidth=0.8, label=text, zorder=4,
    )  # fmt: skip


FIGURE = Figure(
    name="noise_survival",
    reads=("noise_patience",),
    claims=("noise_best_is_a_plain_decay", "noise_best_rarely_climbs", "noise_best_time_to_floor"),
    draw=draw,
    caption=(
        "GreedyBest (F = 0.9, no clips) when losses are pure noise. Left: share of runs whose step size has lost fewer "
        f"than n factors of F after {STEPS} losses, against n over the number that a decay by F every p + 1 losses "
        "would lose (dashes at 1). Right: probability that the step size has risen at all, against the number of "
        "losses; for p = 10 it is 2.5e-8, and no run shows it. Lines: exact laws; points: "
        f"{SWEEP.size('standard').replicates} runs per patience ({SWEEP.size('quick').replicates} runs in the quick "
        "size) with 95 % Wilson intervals."
    ),
)
