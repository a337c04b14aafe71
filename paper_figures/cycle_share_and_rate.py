"""The share of initial rates that converge without a cap, and the mean rate, against F."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl

from experiments.cycle_phases import SWEEP, columns
from greedylr_theory.plotting import LOOKS, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.statistics import share
from greedylr_theory.theory import cycle

_SILVER = 3.0 - 2.0 * 2.0**0.5
_GRID = np.concatenate(
    [np.geomspace(1e-4, 0.03, 60), _SILVER - np.geomspace(1e-9, 0.14, 100)[::-1], np.linspace(0.1716, 0.999, 250)]
)


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """P(F) and R(F): theory as lines, shares and means of simulated runs as points."""
    factor, _, growth = columns(table)
    values = np.unique(factor)
    of_F = [growth[factor == F] for F in values]
    shrinks = [share(np.array([np.sum(part < 0)]), part.size) for part in of_F]
    mean = np.array([np.mean(part) for part in of_F])
    error = np.array([np.std(part, ddof=1) / part.size**0.5 for part in of_F])
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 3.1))
        left, right = figure.subplots(1, 2)
        left.plot(_GRID, [cycle.converged_fraction(float(F)) for F in _GRID], color="0.1")
        middle = np.array([found.value[0] for found in shrinks])
        ends = np.array([[found.value[0] - found.low[0], found.high[0] - found.value[0]] for found in shrinks]).T
        drawn = {"fmt": "o", "color": LOOKS[1].color, "markersize": 3.0, "elinewidth": 0.8, "zorder": 4}
        left.errorbar(values, middle, yerr=np.maximum(ends, 0.0), **drawn)
        left.axvline(_SILVER, color="0.6", linewidth=0.7)
        left.axhline(0.5, color="0.6", linewidth=0.7)
        left.text(_SILVER + 0.015, 0.06, r"$3 - 2\sqrt{2}$")
        left.set_ylim(0.0, 1.0)
        left.set_ylabel("share of initial rates that converge, $P$")
        right.plot(_GRID, [cycle.mean_log_rate(float(F)) for F in _GRID], color="0.1")
        right.errorbar(values, mean, yerr=2.0 * error, **drawn)
        right.axhline(0.0, color="0.6", linewidth=0.7)
        best, neutral = cycle.best_factor(), cycle.neutral_factor()
        right.plot([best, neutral], [cycle.mean_log_rate(best), 0.0], "D", color=LOOKS[2].color, markersize=5, zorder=5)
        right.annotate(f"best, {best:.4f}", (best, cycle.mean_log_rate(best)), xytext=(0.5, -0.43))
        right.annotate(f"neutral, {neutral:.4f}", (neutral, 0.0), xytext=(0.23, 0.06))
        right.set_ylim(-0.5, 1.2)
        right.set_ylabel(r"mean of $\ln|x|$ per step, $R$")
        for axes in (left, right):
            axes.set_xlim(0.0, 1.0)
            axes.set_xlabel(label(GreedyPrevious.parameter("factor")))
    return figure


FIGURE = Figure(
    name="cycle_share_and_rate",
    reads=("cycle_phases",),
    claims=("converged_share", "mean_rate_of_the_cycle"),
    draw=draw,
    caption=(
        "One eigenvalue, no cap, full batches, phases of the step size log-uniform. Left: the share P(F) of initial "
        "rates that converge, with the share of simulated runs whose loss shrinks and its 95 % Wilson interval; at "
        "most 69.7 %, at F = 3 - 2 sqrt 2, and one half as F tends to 1. Right: the mean growth R(F) of ln|x| per "
        "step, in dilogarithms, with the mean over simulated runs and twice its standard error; the best F and the "
        f"F where the mean changes sign. {SWEEP.size('standard').replicates} runs of {SWEEP.size('standard').steps} "
        f"steps per F, {SWEEP.size('quick').replicates} runs in the quick size."
    ),
)
