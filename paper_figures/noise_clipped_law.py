"""Stationary laws of the step size of the previous-loss rule between two clips, under pure noise."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl

from experiments.noise_clipped_chain import LEVELS, SWEEP, shares
from greedylr_theory.plotting import LOOKS, THEORY, Figure, style
from greedylr_theory.theory import noise_regime


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Mass of each level over that of the middle one: theory joined by lines, shares of runs on top."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(5.2, 3.7))
        axes, shown = figure.subplots(), set(table["scheduler.min_lr"].unique())
        for height, text in ((1.0, ""), (1 / np.sqrt(3), r"$1/\sqrt{3}$")):
            axes.axhline(height, label=text, **(THEORY.line() if text else {"color": "0.8", "linewidth": 0.7}))
        for k, (levels, look) in enumerate(zip(LEVELS, LOOKS, strict=True)):
            law = noise_regime.stationary_law(levels)
            middle, place = law[levels // 2], np.linspace(0.0, 1.0, levels)
            axes.plot(place, law / middle, color=look.color, linestyle=look.linestyle, linewidth=1.0)
            if 2.0 ** (1 - levels) not in shown:
                continue
            found = shares(table, levels)
            ends = np.maximum([found.value - found.low, found.high - found.value], 0.0) / middle
            # side by side, so that intervals do not hide each other
            axes.errorbar(
                place + 0.008 * (k - 1.5), found.value / middle, yerr=ends, fmt=look.marker, color=look.color,
                markersize=4.5, markerfacecolor="white", elinewidth=0.8, label=f"$K$ = {levels}", zorder=4,
            )  # fmt: skip
        axes.set_xlabel(r"$\ln(\gamma / \gamma_{min})\,/\,\ln(\gamma_{max} / \gamma_{min})$")
        axes.set_ylabel("share of the time, over that of the middle")
        axes.set_ylim(0.5, 1.12)
        figure.legend(loc="outside upper center", ncols=5)
    return figure


FIGURE = Figure(
    name="noise_clipped_law",
    reads=("noise_clipped_chain",),
    claims=("noise_clipped_law_is_not_uniform", "noise_clipped_ends_weigh_inverse_root_three"),
    draw=draw,
    caption=(
        "Step size of GreedyPrevious (F = 1/2) between two clips, K levels apart by factors of F, when losses are pure "
        "noise: share of the time at each level over that of the middle level. Lines: the stationary law; points: "
        f"shares of runs after {SWEEP.size('standard').steps} losses with 95 % Wilson intervals, divided by the "
        f"stationary share of the middle ({SWEEP.size('standard').replicates} runs per K, "
        f"{SWEEP.size('quick').replicates} runs in the quick size). The law is uniform for two levels only; at an end "
        "it tends to 1/sqrt(3) of the middle (dashes). Points are set side by side by 0.008."
    ),
)
