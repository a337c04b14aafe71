"""Iterations on quadratics against the condition number: GreedyLR by its cap, and its peers."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.lines import Line2D

from experiments.acceleration import CONDITIONS, GREEDY, TOLERANCE, iterations
from greedylr_theory.plotting import LOOKS, THEORY, Figure, style
from greedylr_theory.statistics import median

CLAIM = "no_acceleration_below_a_cap"
#: panel -> its series, in the order of the looks
_PANELS = {
    r"GreedyLR, cap $1/L$": (*GREEDY[:3], "GD 1/L"),
    r"GreedyLR, cap $1.9/L$": (*GREEDY[3:6], "GD 2/(L+mu)"),
    "GreedyLR, no cap": GREEDY[6:],
    "Peers": ("Polyak", "silver", "AdGD", "Barzilai-Borwein"),
}
_NAMES = {"GD 1/L": r"constant $1/L$", "GD 2/(L+mu)": r"constant $2/(L+\mu)$"}


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Four panels with medians and their intervals over the runs that converge; Chebyshev steps in each."""
    found = iterations(table)
    kappa = np.array(CONDITIONS, dtype=np.float64)
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.2, 6.4))
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for axis, (title, series) in zip(axes.flat, _PANELS.items(), strict=True):
            for name, look in zip(series, LOOKS, strict=False):
                counts = found[name]
                shares = np.mean(np.isfinite(counts), axis=1)
                places = np.flatnonzero(shares > 0)
                middle = [median(counts[k][np.isfinite(counts[k])]) for k in places]
                value, low, high = (np.array([getattr(m, end) for m in middle]) for end in ("value", "low", "high"))
                lost = 1.0 - float(shares.min())
                note = f" ({lost:.0%} lost)" if lost > 0 else ""
                axis.plot(kappa[places], value, label=_short(name) + note, **look.line())
                axis.fill_between(kappa[places], low, high, color=look.color, alpha=0.18, linewidth=0)
            middle = np.median(found["Chebyshev"], axis=1)
            axis.plot(kappa, middle, **THEORY.line())
            for power in (1.0, 0.5):
                axis.plot(kappa, 3.0 * kappa**power, color="0.5", linestyle=":", linewidth=0.8, zorder=1)
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_title(title)
            axis.legend(loc="upper left", fontsize=7)
        for axis in axes[-1]:
            axis.set_xlabel(r"condition number $\kappa$")
        for axis in axes[:, 0]:
            axis.set_ylabel("iterations")
        lines = [
            Line2D([], [], label="Chebyshev steps", **THEORY.line()),
            Line2D([], [], color="0.5", linestyle=":", linewidth=0.8, label=r"$3 \kappa$ and $3 \sqrt{\kappa}$"),
        ]
        figure.legend(handles=lines, loc="outside lower center", ncols=2)
    return figure


def _short(name: str) -> str:
    for cap in (" cap 1/L", " cap 1.9/L", " uncapped"):
        name = name.removesuffix(cap)
    return _NAMES.get(name, name.replace("F=", "$F$ = ").replace("p=", "$p$ = "))


FIGURE = Figure(
    name="iterations_against_condition",
    reads=("acceleration",),
    claims=(CLAIM,),
    draw=draw,
    caption=(
        f"Iterations until f(x_t) <= {TOLERANCE:g} f(x_0) on quadratics with twelve irregularly spaced eigenvalues, L "
        "= 1, against the condition number: medians with their 95 % bootstrap percentile intervals over the runs that "
        "reach the tolerance within 20000 steps; the largest share that does not is in the legend. Algorithm 1 (before "
        "the update) and the best-so-far rule (after it), with and without caps, and methods that are given L, mu or "
        "f* where they need them, from the same two starts and the same first rates, log-uniform in [0.01, 1] / L, "
        "where there is a choice. Below a cap c / L the order kappa / c is proved for every rule. 40 runs per point at "
        "the standard size, 10 runs at the quick size."
    ),
)
