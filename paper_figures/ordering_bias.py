"""Where Algorithm 1 leaves the average of two samples: against their offset, and against its scaling factor F."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from greedylr_theory.objectives.two_sample import TwoSample
from greedylr_theory.plotting import LOOKS, THEORY, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.theory import ordering
from proofs._two_samples import simulated

_FACTORS = (0.25, 0.5)
_CAP, _STEPS, _RUNS, _START = 1e-3, 8000, 64, 0.9
_CAPS = (0.02, 0.25, 0.75)
_SHORT_RUNS = 8000


def draw() -> matplotlib.figure.Figure:
    """Left: mean of x_T from both sides against c. Right: the mean for c = 2 against F, in both orderings."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 3.7))
        left, right = figure.subplots(1, 2)
        _against_offset(left)
        _against_factor(right)
    return figure


def _against_offset(axes: Axes) -> None:
    offsets = np.linspace(-1.1, 1.1, 12)
    for factor, look in zip(_FACTORS, LOOKS, strict=False):
        bias = -ordering.limit_point(factor, _CAP)
        axes.plot([-2 * bias, offsets[-1]], [-bias, -bias], color=look.color, linestyle=THEORY.linestyle)
        axes.plot([offsets[0], 2 * bias], [bias, bias], color=look.color, linestyle=THEORY.linestyle)
        axes.plot([-2 * bias, 2 * bias], [-bias, bias], color=look.color, linestyle=":", linewidth=0.9)
        for side, marker in ((1.0, "^"), (-1.0, "v")):
            ends = [
                float(np.mean(simulated(c, factor, _CAP, side * _START, _STEPS, "before_update", _RUNS)))
                for c in offsets.tolist()
            ]
            axes.plot(
                offsets, ends, linestyle="", marker=marker, color=look.color, markerfacecolor="white", markersize=4.5
            )
    axes.axhline(0.0, color="0.6", linewidth=0.7)
    axes.set_xlabel(label(TwoSample.parameter("offset")))
    axes.set_ylabel(r"mean of $x_T$  ($x_\ast = 0$)")
    axes.set_ylim(-0.31, 0.31)
    names = [
        Line2D([], [], label=f"$F$ = {factor:g}", **{**THEORY.line(), "color": look.color})
        for factor, look in zip(_FACTORS, LOOKS, strict=False)
    ]
    starts = [
        Line2D([], [], label=f"$x_0$ = {sign}{_START:g}", color="0.3", marker=marker, linestyle="", markerfacecolor="w")
        for sign, marker in (("+", "^"), ("\u2212", "v"))
    ]
    axes.legend(handles=[*names, *starts], loc="upper right", ncols=2, fontsize=7)


def _against_factor(axes: Axes) -> None:
    factor = np.linspace(0.01, 0.99, 99)
    for cap, look in zip(_CAPS, LOOKS, strict=False):
        axes.plot(factor, [ordering.limit_point(f, cap) for f in factor.tolist()], color=look.color)
        axes.plot(
            factor, [ordering.predictable_bias(f, cap) for f in factor.tolist()], color=look.color, linestyle="--"
        )
        points = (0.1, 0.35, 0.6, 0.85)
        for rule in ("before_update", "after_update"):
            ends = [simulated(2.0, f, cap, 0.0, round(10 / cap) + 20, rule, _SHORT_RUNS) for f in points]
            axes.errorbar(
                points,
                [float(np.mean(values)) for values in ends],
                yerr=[2 * float(np.std(values, ddof=1)) / _SHORT_RUNS**0.5 for values in ends],
                linestyle="",
                marker=look.marker,
                color=look.color,
                markerfacecolor="white",
                markersize=4.5,
                elinewidth=0.8,
            )
    axes.plot(factor, [ordering.limit_point(f) for f in factor.tolist()], color="0.5", linewidth=0.8, linestyle=":")
    axes.axhline(0.0, color="0.6", linewidth=0.7)
    axes.set_xlabel(label(GreedyPrevious.parameter("factor")))
    axes.set_ylabel(r"mean of $x$ for $c = 2$")
    caps = [
        Line2D([], [], label=rf"$\gamma_{{\max}} L$ = {cap:g}", **look.line())
        for cap, look in zip(_CAPS, LOOKS, strict=False)
    ]
    kinds = [
        Line2D([], [], label="Algorithm 1", color="0.3"),
        Line2D([], [], label="predictable", color="0.3", linestyle="--"),
        Line2D([], [], label="Algorithm 1, small steps", color="0.5", linestyle=":"),
    ]
    for handle in caps:
        handle.set_linestyle("")
    axes.legend(handles=[*caps, *kinds], loc="lower right", ncols=2, fontsize=7)


FIGURE = Figure(
    name="ordering_bias",
    reads=(),
    claims=("ordering_bias", "ordering_predictable_bias", "ordering_two_attractors"),
    draw=draw,
    caption=(
        "Two parabolas with minimisers at -1 and 1, one raised by c; the minimiser of their mean is 0. Left: mean of "
        f"the last iterate of {_RUNS} runs per point of Algorithm 1 after {_STEPS} steps with cap gamma_max L = "
        f"{_CAP:g}, from x_0 = {_START:g} (triangles up) and -{_START:g} (down). Dashes: the attractors -B and B, B = "
        "(1-F)(1+g) / (3 + F + g(1-F)), over the offsets where they exist in the limit of small steps, abs(c) < 2B for "
        "both. Dots: the line c/2 between their basins. Right: the mean of the stationary law for c = 2 against F, for "
        f"three caps g; lines: closed forms, with the step size set from the sample of its own step (solid) or of "
        f"earlier ones (dashed); markers: mean of {_SHORT_RUNS} runs "
        "with bars of two standard errors; those on the left are at most 0.03 and not shown. No run diverged."
    ),
)
