"""The share of initial rates that an uncapped GreedyLR loses, against F, for several spectra."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl

from experiments.divergent_share import SPECTRA, SWEEP, least_share, shares
from greedylr_theory.plotting import LOOKS, THEORY, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.theory import cycle

_SILVER = 3.0 - 2.0 * 2.0**0.5
_GRID = np.concatenate(
    [_SILVER - np.geomspace(1e-9, _SILVER - 1e-3, 150)[::-1], np.linspace(_SILVER + 1e-9, 0.995, 150)]
)


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Two lines of theory, and the lost share with its interval on each spectrum."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(4.6, 3.7))
        axes = figure.subplots()
        axes.plot(
            _GRID, least_share(_GRID), label=r"$\ln\frac{2}{1+F}\,/\,\ln\frac{1}{F}$, any spectrum", **THEORY.line()
        )
        exact = [1.0 - cycle.converged_fraction(float(F)) for F in _GRID]
        axes.plot(_GRID, exact, color="0.1", label="$1 - P(F)$: any spectrum, exact for one")
        for k, (name, look) in enumerate(zip(SPECTRA, LOOKS[1:], strict=True)):
            factor, found = shares(table, name)
            ends = np.maximum([found.value - found.low, found.high - found.value], 0.0)
            # side by side, so that intervals do not hide each other
            axes.errorbar(
                factor + 0.006 * (k - 1), found.value, yerr=ends, fmt=look.marker, color=look.color, markersize=4.5,
                markerfacecolor="white", elinewidth=0.8, label=name, zorder=4,
            )  # fmt: skip
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(0.0, 1.05)
        axes.set_xlabel(label(GreedyPrevious.parameter("factor")))
        axes.set_ylabel("share of initial rates lost")
        figure.legend(loc="outside upper center", ncols=2)
    return figure


FIGURE = Figure(
    name="divergent_share",
    reads=("divergent_share",),
    claims=(
        "divergence_in_any_dimension", "convergence_in_any_dimension", "top_phase_does_not_suffice",
        "top_phase_above_one_half",
    ),
    draw=draw,
    caption=(
        "Share of log-uniform initial rates in [2e-4, 2] / L lost by the uncapped GreedyPrevious (full batches, "
        "stepped before the update), with its 95 % Wilson interval: runs that leave the range of floating point or "
        "end above their start. Dashes: the least share in any dimension, which grows with F; solid: the diverging "
        "share for one eigenvalue, a lower bound in any dimension. For F up to one half several eigenvalues lose "
        f"more. {SWEEP.size('standard').replicates} runs of {SWEEP.size('standard').steps} steps per point, "
        f"{SWEEP.size('quick').replicates} runs in the quick size; points are set side by side by 0.006."
    ),
)  # fmt: skip
