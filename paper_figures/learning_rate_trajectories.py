"""Step sizes of the schedules with 10-90 % bands: analogue of the paper's Figure 11, beside runs that are kicked."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.ticker import LogLocator, NullLocator

from experiments.recovery import SWEEP
from experiments.recovery_as_published import SWEEP as SWEEP_AS_PUBLISHED
from greedylr_theory.plotting import Figure, style
from paper_figures._recovery_panels import COLUMNS, PROBLEMS, SERIES, band, handles, kick_line, runs

_LOWEST = 1e-6


def draw(as_published: pl.DataFrame, recovery: pl.DataFrame) -> matplotlib.figure.Figure:
    """Rows are problems; columns: as published, kicked with the study's rates, kicked and tuned."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 5.2))
        axes = figure.subplots(len(PROBLEMS), len(COLUMNS), sharex=True, sharey=True, squeeze=False)
        for k, column in enumerate(COLUMNS):
            for row, problem in enumerate(PROBLEMS):
                panel = axes[row][k]
                panel.set_title(f"{problem}\n{column}")
                for name, (look, _) in SERIES.items():
                    found = runs(as_published, recovery, column, problem, name)
                    if found is None:
                        continue
                    kept = found.rates[np.all(np.isfinite(found.rates), axis=1)]  # a run that diverged has none
                    if len(kept):
                        band(panel, found.steps, np.maximum(kept, _LOWEST), look)
                kick_line(panel, column)
                panel.set_yscale("log")
                panel.yaxis.set_major_locator(LogLocator(numticks=8))
                panel.yaxis.set_minor_locator(NullLocator())
            axes[-1][k].set_xlabel("step $t$")
        for row in range(len(PROBLEMS)):
            axes[row][0].set_ylabel(r"step size $\gamma_t$ (Adam)")
        figure.legend(handles=handles(), loc="outside upper center", ncols=6)
    return figure


_SIZES = "; ".join(
    f"{name}: {SWEEP_AS_PUBLISHED.size(name).replicates} runs as published, {size.evaluation} runs kicked"
    for name, size in SWEEP.sizes.items()
)

FIGURE = Figure(
    name="learning_rate_trajectories",
    reads=("recovery_as_published", "recovery"),
    claims=(),
    draw=draw,
    caption=(
        "Step sizes gamma_t of the runs of Figure recovery_trajectories: lower median and band from 10 % to 90 %. "
        "Left: the published protocol, where GreedyLR starts at 0.01 and may climb to 1, and every other schedule "
        "starts at 0.01 and falls. Middle: the same rates with a kick of the iterate at step 100 (dots), at which "
        "GreedyLR lets its rate fall, since the losses after it are above the best. Right: rates, and caps of "
        "GreedyLR, tuned with equal budgets by the median of f(x_T) - f* of runs that are kicked at the same "
        "step. Exponential decay is by 0.95 per step as published and by 0.98 where runs are kicked. Runs that "
        "diverge have no rate and are left out here; rates below 1e-6 are drawn at 1e-6. Sizes: "
        f"{_SIZES}."
    ),
    source="arXiv 2512.14527, Figure 11",
    reproduced=(
        "In kind: the rates of the published schedules and rules at lr 0.01 are those on the left, on problems of the "
        "study; the published curves pool problems that are not named with them, so numbers cannot be compared."
    ),
)
