"""Which phases of the step size converge without a cap, and how low a cap has to be to save them all."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.cycle_phases import SWEEP, columns
from greedylr_theory.plotting import LOOKS, THEORY, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.theory import cycle

CLAIMS = ("two_cycle", "phases_that_converge", "cap_in_any_dimension", "cap_in_one_dimension")
_SILVER = 3.0 - 2.0 * 2.0**0.5
_SHADE = "#D9D9D9"
#: F with a window each: to both sides of 3 - 2 sqrt 2, so that the second one ends in its tip
_GRID = np.concatenate(
    [_SILVER - np.geomspace(1e-9, _SILVER - 1e-4, 300)[::-1], np.linspace(_SILVER + 1e-9, 0.999, 200)]
)


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Phases against F, all of it and near the second window, and the sharp cap against F."""
    factor, phase, growth = columns(table)
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 3.3))
        whole, near, cap = figure.subplots(1, 3, gridspec_kw={"width_ratios": [1.5, 1.0, 1.0]})
        for axes in (whole, near):
            _windows(axes)
            # three simulated points in a column of this many are enough to see by
            for grew, look in ((False, LOOKS[1]), (True, LOOKS[2])):
                chosen = (growth > 0) == grew
                axes.plot(
                    factor[chosen][::4], phase[chosen][::4], linestyle="none", markersize=1.8, color=look.color,
                    marker="o" if not grew else "x", markeredgewidth=0.6,
                )  # fmt: skip
            axes.set_xlabel(label(GreedyPrevious.parameter("factor")) if axes is whole else "$F$")
            axes.set_ylim(0.0, 2.0)
        whole.set_xlim(0.0, 1.0)
        whole.text(0.5, 0.85, "$v = 2F$")
        near.set_xlim(0.0, 0.22)
        whole.set_ylabel(r"phase $v$: lower step size times $\lambda$")
        _caps(cap)
        figure.legend(
            handles=[
                Patch(facecolor=_SHADE, edgecolor="0.3", label="diverges (theory)"),
                Line2D([], [], linestyle="none", marker="x", color=LOOKS[2].color, label="simulated, grows"),
                Line2D(
                    [], [], linestyle="none", marker="o", color=LOOKS[1].color, markersize=3, label="simulated, shrinks"
                ),
            ],
            loc="outside upper center",
            ncols=3,
        )
    return figure


def _windows(axes: Axes) -> None:
    windows = [cycle.divergence_windows(float(F)) for F in _GRID]
    axes.fill_between(_GRID, [found[-1][0] for found in windows], 2.0, color=_SHADE, edgecolor="0.3", linewidth=0.8)
    two = np.array([len(found) == 2 for found in windows])
    second = np.array([found[0] for found in windows if len(found) == 2])
    axes.fill_between(_GRID[two], second[:, 0], second[:, 1], color=_SHADE, edgecolor="0.3", linewidth=0.8)
    axes.plot([0.0, 1.0], [0.0, 2.0], color="0.2", linewidth=0.9)


def _caps(axes: Axes) -> None:
    sharp = np.array([cycle.divergence_windows(float(F))[0][0] / F for F in _GRID])
    below = _GRID < _SILVER
    for part in (below, ~below):
        axes.plot(_GRID[part], sharp[part], color="0.1", linewidth=1.4)
    axes.plot(_GRID[below], 1.0 + 1.0 / _GRID[below], **THEORY.line())
    axes.axhline(2.0, color="0.6", linewidth=0.7)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 8.0)
    axes.set_xlabel("$F$")
    axes.set_ylabel(r"sharp cap $\gamma_{max}\lambda$")
    axes.text(0.42, 3.4, "$1 + 1/F$")
    axes.text(0.03, 1.2, "$2/v_+$")


FIGURE = Figure(
    name="cycle_phase_diagram",
    reads=("cycle_phases",),
    claims=CLAIMS,
    draw=draw,
    caption=(
        "Left and middle: the phases v in [2F, 2) of the step size that converge and diverge for one eigenvalue "
        "lambda without a cap, full batches, scheduler stepped before the update. Shaded: the windows of "
        "divergence, (1 + F, 2) for every F and (v_-, v_+), which ends at F = 3 - 2 sqrt 2 = 0.1716. Marks: "
        f"simulated runs that start in their cycle, every fourth of {SWEEP.size('standard').replicates} runs per F "
        f"({SWEEP.size('quick').replicates} in the quick size), crosses where the loss grows, dots where it shrinks. "
        "Right: the largest cap below which every run converges, 1 + 1/F above 3 - 2 sqrt 2 and 2/v_+ below; "
        "dashes: 1 + 1/F where it is too large; thin: 2."
    ),
)
