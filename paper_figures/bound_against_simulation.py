"""The bounds of the repaired theorems against simulation: mean squared distance after T steps, by the cap."""

from __future__ import annotations

import matplotlib.figure
import polars as pl

from experiments.noise_floor import DISTANCE, RATIOS, outcomes
from greedylr_theory.plotting import LOOKS, THEORY, Figure, style

CLAIMS = ("convergence_predictable", "convergence_strongly_convex")


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Panels gamma_max / gamma_min = 1 and 4: simulated means with their errors, and the two bounds."""
    rows = outcomes(table)
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.0, 3.2))
        axes = figure.subplots(1, 2, sharex=True, sharey=True)
        for axis, ratio in zip(axes, RATIOS, strict=True):
            some = rows.filter(pl.col("ratio") == ratio)
            for (factor,), group in some.group_by("scheduler.factor", maintain_order=True):
                group = group.sort("scheduler.max_lr")
                cap = group["scheduler.max_lr"].to_numpy()
                look = LOOKS[1] if factor == rows["scheduler.factor"].min() else LOOKS[2]
                axis.errorbar(
                    cap, group["mean"].to_numpy(), yerr=4.0 * group["error"].to_numpy(),
                    label=f"simulated, $F$ = {factor:g}", **(look.line() | {"linestyle": "none"}), zorder=4,
                )  # fmt: skip
            line = some.unique("scheduler.max_lr").sort("scheduler.max_lr")
            cap = line["scheduler.max_lr"].to_numpy()
            axis.plot(cap, line["last"].to_numpy(), label="bound on the last iterate", **THEORY.line())
            axis.plot(
                cap,
                line["average"].to_numpy(),
                color="0.2",
                linestyle=":",
                label="bound on the average, in the same unit",
            )
            axis.set_title(rf"$\gamma_{{max}} / \gamma_{{min}}$ = {ratio}")
            axis.set_yscale("log")
            axis.set_xlabel(r"cap $\gamma_{max} L$")
        axes[0].set_ylabel(r"mean of $\|x_T - x_*\|^2$ [length$^2$]")
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=2)
    return figure


FIGURE = Figure(
    name="bound_against_simulation",
    reads=("noise_floor",),
    claims=CLAIMS,
    draw=draw,
    caption=(
        "Mean of norm(x_T - x*)^2 after T = 200 steps of stochastic gradient descent against the cap of the step "
        f"size, for two parabolas with minimisers 1 and -1, R = {DISTANCE:g}, mu = L = sigma = 1, GreedyPrevious "
        "stepped after the update. Bars: four standard errors. Dashes: the bound of convergence_strongly_convex. "
        "Dots: twice the bound of convergence_predictable, which is about f at the average iterate, f - f* being "
        "half the squared distance here. 2000 runs per point at the standard size, 500 runs at the quick size; none "
        "diverges."
    ),
)
