"""Final suboptimality of every schedule over that of linear decay, on every problem, under both optimizers."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from experiments._retraining_cell import CONTENDERS, REFINED
from experiments._retraining_outcomes import Cells, overall
from experiments.retraining import SWEEP
from greedylr_theory.plotting import LOOKS, Figure, style

REFERENCE = "linear"
_OTHERS = tuple(name for name in CONTENDERS if name != REFERENCE)
#: the range of ratios that is shown at least, and at most
_NARROWEST, _WIDEST, _LEAST, _MOST = 0.2, 5.0, 1e-3, 1e3
_SHORT = {"breast_cancer": "breast cancer", "breast_cancer perceptron": "breast cancer,\nperceptron"}


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Rows of panels: optimizers; columns: problems, and all of them together."""
    cells = Cells(table)
    rows = cells.comparisons([(name, REFERENCE) for name in _OTHERS])
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 5.2))
        columns = [*cells.problems, None]
        axes = figure.subplots(len(cells.optimizers), len(columns), sharex=True, sharey=True, squeeze=False)
        for row, optimizer in enumerate(cells.optimizers):
            for column, problem in enumerate(columns):
                axis = axes[row][column]
                _panel(axis, rows.filter(pl.col("optimizer") == optimizer), problem, optimizer)
                if row == 0:
                    axis.set_title("all" if problem is None else _SHORT.get(problem, problem), fontsize=7)
            axes[row][0].set_ylabel(optimizer)
        # the axes are shared: one range for all, and no wider than any use could need
        drawn = [edge for axis in axes.flat for edge in axis.dataLim.intervalx if math.isfinite(edge) and edge > 0]
        axes[0][0].set_xlim(max(_LEAST, min(*drawn, _NARROWEST) / 1.3), min(_MOST, max(*drawn, _WIDEST) * 1.3))
        for axis in axes[-1]:
            axis.set_xlabel("ratio to linear", fontsize=7)
        shapes = [
            Line2D([], [], linestyle="", label="no earlier run", **_marker(False)),
            Line2D([], [], linestyle="", label="refined from gradient norms", **_marker(True)),
        ]
        figure.legend(handles=shapes, loc="outside lower center", ncols=2)
    return figure


def _marker(refined: bool) -> dict[str, Any]:
    look = LOOKS[1] if refined else LOOKS[0]
    return {"color": look.color, "marker": look.marker, "markersize": 3.5, "markerfacecolor": "white"}


def _panel(axis: Axes, rows: pl.DataFrame, problem: str | None, optimizer: str) -> None:
    for place, name in enumerate(_OTHERS):
        if problem is None:
            found = overall(rows, name, REFERENCE, optimizer)
            value, low, high = found.value, found.low, found.high
        else:
            entry = rows.row(by_predicate=(pl.col("a") == name) & (pl.col("problem") == problem), named=True)
            value, low, high = entry["ratio"], entry["low"], entry["high"]
        drawn = _marker(name in REFINED)
        ends = np.clip([low, high], _LEAST, _MOST)
        axis.plot(ends, [place, place], color=drawn["color"], linewidth=1.0)
        if math.isfinite(value):
            axis.plot([value], [place], linestyle="", **drawn)
    axis.axvline(1.0, color="0.5", linewidth=0.7, zorder=1)
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 1.0, 10.0, 100.0]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_locator(FixedLocator(range(len(_OTHERS))))
    axis.set_yticklabels(_OTHERS, fontsize=6)
    axis.set_ylim(len(_OTHERS) - 0.5, -0.5)


_SIZES = "; ".join(f"{name}: {size.evaluation} runs and {size.steps} steps" for name, size in SWEEP.sizes.items())

FIGURE = Figure(
    name="retraining",
    reads=("retraining",),
    claims=(),
    draw=draw,
    caption=(
        "Final suboptimality f(x_T) - f* of every schedule over that of linear decay with the same starts and samples: "
        "median of the quotients with its 95 % bootstrap percentile interval over the seeds; left of 1 is better than "
        "linear decay. Right-most panels: geometric mean over the problems with Student's 95 % interval of its "
        "logarithm. For perceptrons, whose f* is not known, 0 stands for it. The peak rate of every schedule is tuned "
        "on one grid with other seeds. Squares are schedules made from gradient norms: refined from one run under "
        "linear decay at its tuned peak (l2 norms for gradient descent, l1 norms for Adam), the best warmup and "
        "polynomial decay that fits it, refined from the mean of the norms of several runs (one for each tuning seed), "
        "and refined again from one run under the refined schedule. Intervals over seeds hold these schedules and the "
        f"tuned rates fixed. Diverged runs count as +infinity. Runs per point: {_SIZES}."
    ),
)
