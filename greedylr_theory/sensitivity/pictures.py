"""Pictures of response curves, Sobol indices and heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from greedylr_theory.plotting import LOOKS, label, style
from greedylr_theory.sensitivity.indices import Indices
from greedylr_theory.sensitivity.ranges import Range
from greedylr_theory.sensitivity.responses import Curve, Heat

_OUTCOME = r"$\log_{10}$ relative suboptimality"


def draw_curves(curves: Sequence[Curve]) -> matplotlib.figure.Figure:
    """Median and 10-90 % band against each parameter; below, where there are any, the share of diverged runs."""
    columns = min(3, len(curves))
    rows = -(-len(curves) // columns)
    lost = any(np.any(curve.diverged > 0) for curve in curves)
    heights = [3.0, 1.0] * rows if lost else [1.0] * rows
    with style():
        figure = matplotlib.figure.Figure(figsize=(2.5 * columns + 0.4, (2.6 if lost else 2.0) * rows))
        grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
        first: Axes | None = None
        for position, curve in enumerate(curves):
            row, column = divmod(position, columns)
            axes = figure.add_subplot(grid[row * (2 if lost else 1), column], sharey=first)
            first = first or axes
            axes.fill_between(curve.values, curve.low, curve.high, color=LOOKS[1].color, alpha=0.25, linewidth=0)
            axes.plot(curve.values, curve.median, color=LOOKS[1].color)
            bottom = axes
            if lost:
                bottom = figure.add_subplot(grid[2 * row + 1, column], sharex=axes)
                bottom.fill_between(curve.values, 0.0, curve.diverged, color=LOOKS[2].color, alpha=0.6, linewidth=0)
                bottom.plot(curve.values, curve.diverged, color=LOOKS[2].color, linewidth=0.8)
                bottom.set_ylim(0.0, 1.0)
                axes.tick_params(labelbottom=False)
                if column == 0:
                    bottom.set_ylabel("diverged")
            if curve.range.low <= curve.base <= curve.range.high:
                axes.axvline(curve.base, color="0.4", linewidth=0.8, linestyle=":")
            if curve.range.log:
                axes.set_xscale("log")
            bottom.set_xlabel(_name(curve.range))
            if column == 0:
                axes.set_ylabel(_OUTCOME, fontsize=7)
        figure.suptitle("lines: median; bands: 10 to 90 % of the replicates; dotted: as given", fontsize=7)
    return figure


def draw_indices(ranges: Sequence[Range], found: Indices) -> matplotlib.figure.Figure:
    """First-order and total index of each parameter with intervals: of the outcome, and of divergence if it occurs."""
    panels = [(0, "outcome"), (1, "share of diverged runs")]
    panels = [(s, title) for s, title in panels if s == 0 or found.variance[s] > 0]
    with style():
        figure = matplotlib.figure.Figure(figsize=(1.6 + 2.9 * len(panels), 0.9 + 0.32 * len(ranges)))
        places = np.arange(len(ranges))[::-1]
        for axes, (s, title) in zip(np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels, strict=True):
            for shift, name, look, (value, low, high) in (
                (0.14, "alone (first order)", LOOKS[1], (found.first[s], found.first_low[s], found.first_high[s])),
                (-0.14, "with the others (total)", LOOKS[2], (found.total[s], found.total_low[s], found.total_high[s])),
            ):
                axes.hlines(places + shift, low, high, color=look.color, linewidth=1.0)
                axes.plot(
                    value, places + shift, linestyle="none", marker=look.marker, color=look.color,
                    markerfacecolor="white", label=name,
                )  # fmt: skip
            axes.axvline(0.0, color="0.6", linewidth=0.7)
            axes.set_xlabel(f"Sobol index, {title}")
            axes.set_yticks(places, [_name(entry) for entry in ranges])
            axes.set_ylim(-0.6, len(ranges) - 0.4)
        handles, names = axes.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=2)
    return figure


def draw_heat(found: Heat) -> matplotlib.figure.Figure:
    """Median outcome against two parameters; a cross marks the base run, dots where most runs diverged."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(4.4, 3.4))
        axes = figure.subplots()
        mesh = axes.pcolormesh(
            found.across_values, found.up_values, found.median, cmap="cividis", shading="nearest", rasterized=False
        )
        for values, entry, scale in (
            (found.across_values, found.across, axes.set_xscale), (found.up_values, found.up, axes.set_yscale),
        ):  # fmt: skip
            if entry.log and values.size > 1:
                scale("log")
        up, across = np.nonzero(found.diverged > 0.5)
        axes.plot(found.across_values[across], found.up_values[up], linestyle="none", marker=".", color="white", ms=2)
        inside = all(e.low <= b <= e.high for e, b in zip((found.across, found.up), found.base, strict=True))
        if inside:
            axes.plot(*found.base, marker="+", color="white", markersize=9, markeredgewidth=1.8)
        figure.colorbar(mesh, ax=axes, label=_OUTCOME)
        axes.set_xlabel(_name(found.across))
        axes.set_ylabel(_name(found.up))
        for axis, entry in ((axes.xaxis, found.across), (axes.yaxis, found.up)):
            if entry.integer:
                axis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title("cross: as given; dots: most runs diverged", fontsize=7)
    return figure


def _name(entry: Range) -> str:
    """The parameter's own name, symbol and unit."""
    owner = entry.path.partition(".")[0]
    own = entry.path.rpartition(".")[2].replace("_", " ")
    where = "" if owner in ("scheduler", entry.path) else f"{owner} "
    return f"{where}{own} {label(entry.declared, doc=False)}"
