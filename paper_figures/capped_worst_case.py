"""What F costs in the worst case, below the cap 1/L and without noise."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from greedylr_theory.objectives.huber import Huber
from greedylr_theory.plotting import LOOKS, THEORY, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import simulate
from greedylr_theory.statistics import Floats
from greedylr_theory.theory import capped

_STEPS = (3, 10, 30, 100)
_FIRST = 0.05  #: gamma_0 L; the cap is 1/L, L = R = 1
_RADII = 60


def draw() -> matplotlib.figure.Figure:
    """Worst case against F for several N, and the largest value that Huber's functions of many radii reach."""
    factor = np.linspace(0.01, 0.99, 197)
    simulated = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98])
    with style():
        figure = matplotlib.figure.Figure(figsize=(5.0, 3.6))
        axes = figure.subplots()
        for steps, look in zip(_STEPS, LOOKS, strict=True):
            worst = [capped.worst_case(_step_sizes(F, steps), 1.0, 1.0) for F in factor.tolist()]
            axes.plot(factor, worst, color=look.color)
            found = _largest(simulated, steps)
            axes.plot(simulated, found, linestyle="", marker=look.marker, color=look.color, markerfacecolor="white")
        axes.axvline(_FIRST, **THEORY.line())
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_xlabel(label(GreedyPrevious.parameter("factor")))
        axes.set_ylabel(r"worst $f(x_N) - f_\ast$  [$L R^2$]")
        counts = [
            Line2D([], [], label=f"$N$ = {steps}", **{**look.line(), "linestyle": "-"})
            for steps, look in zip(_STEPS, LOOKS, strict=True)
        ]
        line = Line2D([], [], label=r"$\gamma_0 / \gamma_{\max}$", **THEORY.line())
        figure.legend(handles=[*counts, line], loc="outside upper center", ncols=5, handlelength=2.2, columnspacing=1.4)
    return figure


def _step_sizes(F: float, steps: int) -> list[float]:
    return [min(_FIRST / F ** (t + 1), 1.0) for t in range(steps)]


def _largest(factor: Floats, steps: int) -> Floats:
    """Largest f(x_N) over radii from 1e-3 to 1, per factor."""
    radii = np.geomspace(1e-3, 1.0, _RADII)
    base = Run(
        objective=Huber(dimension=1, radius=1.0, curvature=1.0),
        scheduler=GreedyPrevious(max_lr=1.0),
        start=(1.0,),
        lr0=_FIRST,
        steps=steps,
        ordering="before_update",
    )
    values = {"scheduler.factor": np.repeat(factor, _RADII), "objective.radius": np.tile(radii, factor.size)}
    return np.max(simulate(Batch(base, values)).end_loss.reshape(factor.size, _RADII), axis=1)


FIGURE = Figure(
    name="capped_worst_case",
    reads=(),
    claims=("capped_worst_case",),
    draw=draw,
    caption=(
        "Worst f(x_N) - f* over all convex L-smooth functions and starts at distance R from a minimiser, against F, "
        f"for N = {', '.join(map(str, _STEPS))} steps of Algorithm 1 without noise, gamma_0 = {_FIRST:g}/L, cap 1/L. "
        "Lines: L R^2 / (4 sum_t h_t + 2), h_t = min(gamma_0 L / F^(t+1), 1). It is flat up to F = gamma_0 / gamma_max "
        f"(dashes) and grows beyond. Markers: the largest f(x_N) of {_RADII} runs on Huber's functions of curvature L "
        "whose radii are spaced evenly in logarithm from R/1000 to R, a grid that knows nothing of the worst radius R "
        "/ (2 sum_t h_t + 1), so that they lie slightly below. No run diverged."
    ),
)
