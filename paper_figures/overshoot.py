"""How high the loss of an uncapped GreedyLR peaks, against F, with the leading order as F -> 1."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl

from experiments.overshoot import CONDITIONS, SWEEP, peaks
from greedylr_theory.plotting import LOOKS, THEORY, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.theory import cycle

_GRID = np.linspace(0.79, 0.987, 120)


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """ln(peak f / f_0) against F, and the same times ln(1/F) against ln(1/F), where the theory is a constant."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 3.4))
        left, right = figure.subplots(1, 2)
        small = np.log(1.0 / _GRID)
        for kappa, look in zip((*CONDITIONS, np.inf), (*LOOKS[1:], THEORY), strict=True):
            law = np.array([cycle.overshoot(float(F), kappa) for F in _GRID])
            finite = np.isfinite(kappa)
            power = f"10^{{{round(np.log10(kappa))}}}" if finite and kappa >= 1000 else f"{kappa:g}"
            name = rf"$\kappa = {power}$" if finite else r"$\kappa\to\infty$: $\frac{\pi^2}{2}/\ln\frac{1}{F}$"
            line = {"color": look.color, "linestyle": look.linestyle}
            left.plot(_GRID, law, label=name, **line)
            right.plot([0.0, small[0]], [law[0] * small[0]] * 2, **line)
            if not finite:
                continue
            factor, found = peaks(table, kappa)
            dots = {"linestyle": "none", "marker": look.marker, "color": look.color, "markersize": 3.5}
            left.plot(factor, found, markerfacecolor="white", markeredgewidth=0.7, **dots)
            right.plot(
                np.log(1.0 / factor), found * np.log(1.0 / factor), markerfacecolor="white", markeredgewidth=0.7, **dots
            )
        left.set_xlabel(label(GreedyPrevious.parameter("factor")))
        left.set_ylabel(r"$\ln(\max f / f_0)$")
        left.set_ylim(-5.0, 345.0)
        right.set_xlabel(r"$\ln(1/F)$")
        right.set_ylabel(r"$\ln(\max f / f_0)\;\ln(1/F)$")
        right.set_xlim(0.0, 0.24)
        right.set_ylim(0.0, 5.4)
        figure.legend(loc="outside upper center", ncols=4)
    return figure


FIGURE = Figure(
    name="overshoot",
    reads=("overshoot",),
    claims=("overshoot", "overshoot_constants"),
    draw=draw,
    caption=(
        "How far the loss rises above its start under the uncapped GreedyPrevious on quadratics with eigenvalues L "
        "and L/kappa, from small initial rates (full batches, stepped before the update, equal parts of f_0). "
        "Lines: leading order as F -> 1, (pi^2/2 - 4 Re Li_2(u)) / ln(1/F); on the right it is multiplied by "
        "ln(1/F), so that the theory is a constant that the points approach as ln(1/F) -> 0: from below and late "
        "when kappa is large. Runs whose step-size phase diverges are left out: about half of the "
        f"{SWEEP.size('standard').replicates} runs per point ({SWEEP.size('quick').replicates} runs in the quick "
        "size)."
    ),
)
