"""Performance profiles of the fair robustness study, by channel: tuned, and at the published rate."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.lines import Line2D

from experiments._robustness_outcomes import profiles
from experiments._robustness_table import CHANNELS, EVERYWHERE
from experiments.robustness_fair import SWEEP
from greedylr_theory.plotting import LOOKS, Figure, style

#: drawn with a look of their own, in the order of the looks; everybody else is a thin line
SHOWN = ("GreedyStudy p=1", "cosine", "GreedyBest p=1", "constant")
LARGEST = 100.0
_TITLES = {
    "none": "no perturbation",
    "observed_loss": "observed loss",
    "gradient": "gradient",
    "iterate": "iterate",
    "objective": "objective",
}
_ROWS = {"evaluation": "tuned", "untuned": "at the rate 0.01"}


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Two rows of panels, tuned and not, a column per channel: share of settings against the factor of the best."""
    tau = np.geomspace(1.0, LARGEST, 161)
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.2, 4.2))
        axes = figure.subplots(2, len(CHANNELS), sharex=True, sharey=True)
        for row, (phase, title) in zip(axes, _ROWS.items(), strict=True):
            for axis, channel in zip(row, CHANNELS, strict=True):
                found = profiles(table, tau, channel, phase)
                for name in EVERYWHERE:
                    if name in found and name not in SHOWN:
                        kind = (0, (1, 1)) if name.startswith("Greedy") else (0, None)
                        axis.plot(tau, found[name], color="0.72", linewidth=0.7, linestyle=kind, zorder=1)
                for name, look in zip(SHOWN, LOOKS, strict=True):
                    if name in found:
                        axis.plot(tau, found[name], markevery=40, markersize=3.5, **look.line())
                axis.set_xscale("log")
                axis.set_xlim(1.0, LARGEST)
                axis.set_ylim(-0.02, 1.02)
                if phase == "evaluation":
                    axis.set_title(_TITLES[channel], fontsize=8)
            row[0].set_ylabel(f"{title}: share of settings", fontsize=7)
        axes[1, len(CHANNELS) // 2].set_xlabel(r"factor $\tau$ of the smallest median on the setting")
        lines = [Line2D([], [], label=name, **look.line()) for name, look in zip(SHOWN, LOOKS, strict=True)]
        lines += [
            Line2D([], [], color="0.72", linewidth=0.7, linestyle=(0, (1, 1)), label="other GreedyLR rules"),
            Line2D([], [], color="0.72", linewidth=0.7, label="other schedules"),
        ]
        figure.legend(handles=lines, loc="outside lower center", ncols=3)
    return figure


_SIZES = "; ".join(
    f"{name}: {size.tuning} starts to tune and {size.evaluation} starts to evaluate, {size.untuned} at the rate 0.01"
    for name, size in SWEEP.sizes.items()
)

FIGURE = Figure(
    name="robustness_profiles",
    reads=("robustness_fair",),
    claims=(),
    draw=draw,
    caption=(
        "Dolan-More performance profiles: the share of settings (problem, optimizer, perturbation, strength) on which "
        "the median of f(x_T) - f* after 200 steps is at most tau times the smallest median that any contender reaches "
        "there. Upper row: every contender tuned with the same budget and evaluated on other starts; lower row: all at "
        "the published rate 0.01 with the published bounds. A diverged run counts as +infinity; a setting on which "
        "more than half of a contender's runs diverge counts at no tau. Columns: what the perturbation acts on; where "
        "only the observed loss is perturbed, schedules that do not look at it have their runs without perturbation. "
        "Thin lines are the contenders without a look of their own; Polyak, Barzilai-Borwein and AdGD, which take part "
        "under gradient descent only, are left out. Sizes of the analytic problems: "
        f"{_SIZES}; finite sums have fewer."
    ),
)
