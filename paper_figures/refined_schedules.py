"""From gradient norms to schedules: synthetic norms, the package's own runs, and recorded sequences if any."""

from __future__ import annotations

from typing import Any

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator
from scipy.ndimage import gaussian_filter1d

from experiments.refined_schedules import ARMS, POINTS, curves, kind_of
from greedylr_theory.plotting import LOOKS, THEORY, Figure, style
from greedylr_theory.recorded_norms import ENVIRONMENT, recorded_digest, recorded_sequences
from greedylr_theory.refinement import refine

#: norms at the shares 0, 0.003, 0.02, 0.03, 0.1 and 1 of the run, straight lines between
_SHARES = (0.0, 0.003, 0.02, 0.03, 0.1, 1.0)
SYNTHETIC = {
    "synthetic: flat": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "synthetic: fall, then flat": (15.0, 6.0, 4.0, 2.0, 1.0, 1.0),
    "synthetic: fall, then rise": (15.0, 6.0, 4.0, 2.0, 1.0, 2.0),
    "synthetic: fall, then fall": (15.0, 6.0, 4.0, 2.0, 1.0, 0.7),
}
_LENGTH = 2000
_COLUMNS = 5


def synthetic(name: str) -> np.ndarray:
    """Norms of 2000 steps, smoothed with a Gaussian of 2 % of the run."""
    x = np.linspace(0.0, 1.0, _LENGTH)
    return gaussian_filter1d(np.interp(x, _SHARES, SYNTHETIC[name]), sigma=0.02 * _LENGTH, mode="nearest")


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Two or three pairs of rows: norms above, schedules below; one column per series."""
    recorded = recorded_sequences()
    rows = 6 if recorded else 4
    with style():
        figure = matplotlib.figure.Figure(figsize=(9.4, 1.7 * rows))
        axes = figure.subplots(rows, _COLUMNS, sharex=True)
        for column, name in enumerate(SYNTHETIC):
            norms = synthetic(name)
            _pair((axes[0, column], axes[1, column]), name, norms, norms, refine(norms, smoothing=0.0))
        for column, arm in enumerate(ARMS):
            _own(table, arm, axes[2, column], axes[3, column])
        for column, (name, (kind, norms)) in enumerate(recorded.items()):
            found = refine(norms.values, kind=kind)
            pair = axes[4, column], axes[5, column]
            _pair(pair, f"{name.partition('_')[0]} ({kind})", norms.values, found.smoothed, found)
        for axis in axes.flat:
            if not axis.has_data():
                axis.remove()
        axes[0, 0].set_xticks([0.0, 0.5, 1.0])  # shared; few texts, since laying them out is what takes the time
        for row in range(0, rows, 2):
            axes[row, 0].set_ylabel("gradient norm")
            axes[row + 1, 0].set_ylabel("rate / peak")
        for axis in axes[-1, : len(recorded) or None]:
            axis.set_xlabel("share of the run")
        if not recorded:
            figure.supxlabel(f"Recorded sequences are drawn below when {ENVIRONMENT} names their folder.", fontsize=8)
    return figure


def _pair(pair: tuple[Axes, Axes], title: str, norms: np.ndarray, smoothed: np.ndarray, found: Any) -> None:
    above, below = pair
    x = np.linspace(0.0, 1.0, 1001)
    shares = np.linspace(0.0, 1.0, norms.size)
    if norms is not smoothed:
        above.plot(x, np.interp(x, shares, norms), color="0.75", linewidth=0.5)
    above.plot(x, np.interp(x, shares, smoothed), color=LOOKS[1].color)
    _log(above)
    above.set_title(title, fontsize=8)
    below.plot(x, found.at(x), color=LOOKS[0].color)
    fit = found.fit
    below.plot(x, fit.schedule(x.size), color=THEORY.color, linestyle=THEORY.linestyle, linewidth=0.9)
    _note(below, fit.warmup, fit.exponent)


def _own(table: pl.DataFrame, arm: str, above: Axes, below: Axes) -> None:
    """Every run that did not diverge, thin; the first one in full strength."""
    x = np.linspace(0.0, 1.0, POINTS)
    for curve in curves(table, arm, "norms")[:1]:
        above.plot(x, curve, color="0.75", linewidth=0.5)
    for name, axis, color in (("smoothed", above, LOOKS[1].color), ("schedule", below, "0.7")):
        for curve in curves(table, arm, name):
            axis.plot(x, curve, color=color, linewidth=0.5)
    for curve in curves(table, arm, "schedule")[:1]:
        below.plot(x, curve, color=LOOKS[0].color)
    _log(above)
    above.set_title(f"{arm} ({kind_of(arm)})", fontsize=8)
    rows = table.filter(pl.col("arm") == arm)
    _note(below, float(np.nanmedian(rows["warmup"].to_numpy())), float(np.nanmedian(rows["exponent"].to_numpy())))


def _log(axis: Axes) -> None:
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 30.0 * low else (1.0,), numticks=4))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(NullLocator())


def _note(axis: Axes, warmup: float, exponent: float) -> None:
    axis.set_ylim(0.0, 1.05)
    axis.set_yticks([0.0, 0.5, 1.0])
    axis.set_title(f"warmup {warmup:.1%}, exponent {exponent:.2f}", fontsize=6.5, pad=3)


FIGURE = Figure(
    name="refined_schedules",
    reads=("refined_schedules",),
    claims=("warmup_from_falling_norms",),
    draw=draw,
    caption=(
        "Gradient norms (above: raw in grey, at 201 points of one run where there are several, running median in "
        "blue) and the schedules refined from them (below, black), with the nearest warmup and polynomial decay in "
        "dashes. First two rows: synthetic norms of 2000 steps, smooth by themselves. Middle: own runs under linear "
        "decay to zero, one line per run, the first in full strength, 16 runs of 5000 steps each at the standard "
        "size, 6 runs of 1000 at the quick size; the numbers are medians over runs, and diverged runs are left out. "
        "l2 norms and weights G^-2 under SGD, l1 norms and weights 1/G under Adam. Last two rows: sequences that "
        "were recorded elsewhere, where a folder with them is given; their rows are taken as equally spaced, as in "
        "arXiv 2310.07831."
    ),
    outside=recorded_digest,
)
