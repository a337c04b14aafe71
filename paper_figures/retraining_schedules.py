"""The schedules that gradient norms recommend, in every cell of the retraining study, and the norms themselves."""

from __future__ import annotations

from typing import Any

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.lines import Line2D

from experiments._retraining_outcomes import Cells
from experiments.retraining import BATCH, SWEEP
from greedylr_theory.plotting import LOOKS, THEORY, Figure, Look, style

_SHORT = {"breast_cancer": "breast cancer", "breast_cancer perceptron": "breast cancer,\nperceptron"}
_DRAWN = dict(zip(("refined", "refined from several runs", "refined twice", "warmup + polynomial"), LOOKS, strict=True))


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Rows of panels: schedules and norms under each optimizer; columns: problems."""
    cells = Cells(table)
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 2.0 + 2.6 * len(cells.optimizers)))
        axes = figure.subplots(
            2 * len(cells.optimizers), len(cells.problems), sharex=True, sharey="row", squeeze=False,
            height_ratios=[1.6, 1.0] * len(cells.optimizers),
        )  # fmt: skip
        for row, optimizer in enumerate(cells.optimizers):
            for column, problem in enumerate(cells.problems):
                upper, lower = axes[2 * row][column], axes[2 * row + 1][column]
                for name, look in _DRAWN.items():
                    found = cells.row(problem, optimizer, name, "schedule")
                    factor = np.array(found["factor"])
                    place = np.linspace(0.0, 1.0, factor.size)
                    upper.plot(place, factor, **_line(look))
                    if found["norm"] is not None:
                        norm = np.array(found["norm"])
                        lower.plot(place, norm / norm[0], **_line(look))
                upper.plot([0.0, 1.0], [1.0, 0.0], **THEORY.line())
                lower.set_yscale("log")
                if row == 0:
                    upper.set_title(_SHORT.get(problem, problem), fontsize=7)
            axes[2 * row][0].set_ylabel(f"{optimizer}\nrate over peak")
            axes[2 * row + 1][0].set_ylabel("norm over\nthe first")
        for axis in axes[-1]:
            axis.set_xlabel("$t / T$")
        lines = [Line2D([], [], label=name, **_line(look)) for name, look in _DRAWN.items()]
        figure.legend(
            handles=[*lines, Line2D([], [], label="linear", **THEORY.line())], loc="outside lower center", ncols=3
        )
    return figure


def _line(look: Look) -> dict[str, Any]:
    return {"color": look.color, "linestyle": look.linestyle, "linewidth": 1.0}


_SIZES = "; ".join(f"{name}: {size.steps} steps, {size.tuning} runs for tuning" for name, size in SWEEP.sizes.items())

FIGURE = Figure(
    name="retraining_schedules",
    reads=("retraining",),
    claims=(),
    draw=draw,
    caption=(
        "Schedules made from gradient norms and the smoothed norms they are made from, over the first of these. "
        "Refined: from the norms of 1 run under linear decay at its tuned peak; from several runs: from the mean of "
        "the norms of the runs with all tuning seeds; twice: from 1 run under the refined schedule at its own tuned "
        "peak; warmup + polynomial: best fit of that form to the refined one. Norms are of minibatches of "
        f"{BATCH} samples, smoothed by a running median over a tenth of the run: l2 norms and weights 1/G^2 for "
        f"gradient descent, l1 norms and weights 1/G for Adam. Sizes: {_SIZES}."
    ),
)
