"""Where the step size of the best-so-far rule dies: phase against F, one panel per patience."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl

from experiments.death import PATIENCE, STANDARD, log_product, outcomes
from greedylr_theory.plotting import LOOKS, Figure, label, style
from greedylr_theory.schedulers.greedy_best import GreedyBest
from greedylr_theory.theory import death

CLAIMS = ("death_criterion", "death_threshold")


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Panels p = 0, 1, 3, 10: the dead windows in grey with their ends, simulated runs on top, F_c as a line."""
    rows = outcomes(table)
    phases = np.linspace(0.2, 2.0, 541)
    factors, v = np.meshgrid(np.linspace(STANDARD[0], 0.52, 211), phases)
    product = {
        p: np.where(v >= 2.0 * factors, log_product(factors, p, np.maximum(v, 2.0 * factors)), np.nan) for p in PATIENCE
    }
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.0, 5.6))
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for axis, p in zip(axes.flat, PATIENCE, strict=True):
            limit = death.threshold(p)
            axis.contourf(factors[0], phases, product[p], levels=[0.0, np.inf], colors=["0.82"], zorder=1)
            axis.contour(factors[0], phases, product[p], levels=[0.0], colors=["0.35"], linewidths=0.8, zorder=2)
            axis.axvline(limit, color="0.2", linestyle=":", zorder=2)
            ends = np.array([STANDARD[0] - 0.01, STANDARD[-1] + 0.01])
            axis.plot(ends, 2.0 * ends, color="0.6", linewidth=0.7, zorder=1)
            of_patience = rows.filter(pl.col("scheduler.patience") == p)
            for dead, name, look, filled in ((True, "dies", LOOKS[2], True), (False, "lives", LOOKS[1], False)):
                some = of_patience.filter(pl.col("dead") == dead)
                axis.plot(
                    some["scheduler.factor"].to_numpy(), some["phase"].to_numpy(),
                    linestyle="none", marker="x" if filled else "o", markersize=3.0 if filled else 2.0,
                    color=look.color, markerfacecolor="white", markeredgewidth=0.7, zorder=3, label=name,
                )  # fmt: skip
            axis.set_title(f"$p$ = {p}: $F_c$ = {limit:.4f}")
            axis.set_xlim(*ends)
            axis.set_ylim(0.15, 2.05)
        for axis in axes[-1]:
            axis.set_xlabel(label(GreedyBest.parameter("factor")))
        for axis in axes[:, 0]:
            axis.set_ylabel(r"phase $v \in [2F, 2)$")
        handles, names = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=2, markerscale=1.6)
    return figure


FIGURE = Figure(
    name="death_of_the_step_size",
    reads=("death",),
    claims=CLAIMS,
    draw=draw,
    caption=(
        "Who dies under the best-so-far rule (GreedyBest without clips, stepped after the update) on one eigenvalue, "
        "against the scaling factor F and the phase v of the step size: the point of the lattice gamma_0 L F^k in "
        "[2F, 2). Grey: phases that die by the product of claim death_criterion, with the ends of the window. Dotted: "
        "the threshold F_c(p) above which no phase dies. Crosses and circles: simulated runs that die and that live; "
        "a run counts as dead when its last step size is below 1e-6 / L and its last loss above its best. The slanted "
        "line is v = 2F. 100 runs per F and patience at the standard size, 25 runs at the quick size, 900 steps each, "
        "first rates log-uniform in [0.01, 2] / L."
    ),
)
