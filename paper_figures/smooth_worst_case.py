"""Exact worst cases on smooth convex functions: against the number of steps, and against the peak."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes

from greedylr_theory.objectives.huber import Huber
from greedylr_theory.plotting import LOOKS, THEORY, Figure, style
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.silver import Silver
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import simulate
from greedylr_theory.statistics import Floats
from greedylr_theory.theory import smooth
from greedylr_theory.theory.worst_case import worst_case

_LONGEST = 127
_SIMULATED = (1, 3, 7, 15, 31, 63, 127)
_STEPS = 5  #: of the right panel
_PEAKS = (0.25, 0.5, 0.75, 1.0, 1.5, 1.75, 2.0, 2.25)


def draw() -> matplotlib.figure.Figure:
    """Left: value against N. Right: value against the peak for five steps, solved for."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.2, 3.5))
        left, right = figure.subplots(1, 2)
        _against_steps(left)
        _against_peak(right)
        for axes in (left, right):
            axes.set_yscale("log")
            axes.set_ylabel(r"worst $f(x_N) - f_\ast$  [$L R^2$]")
    return figure


def _against_steps(axes: Axes) -> None:
    counts = np.arange(1, _LONGEST + 1)
    decay, constant, best, silver = LOOKS[1], LOOKS[3], LOOKS[2], LOOKS[0]
    values = [worst_case(decaying(1.0, int(N))).value for N in counts]
    axes.plot(counts, values, color=decay.color, linestyle=decay.linestyle, label="linear decay or cosine from $1/L$")
    values = [smooth.constant_step_value(1.0, int(N)) for N in counts]
    axes.plot(counts, values, color=constant.color, linestyle=constant.linestyle, label="constant $1/L$")
    values = [smooth.best_constant_step(int(N))[1] for N in counts]
    axes.plot(counts, values, color=best.color, linestyle=best.linestyle, label="best constant step")
    lengths = [2**k - 1 for k in range(1, 8)]
    values = [smooth.silver_value(k) for k in range(1, 8)]
    axes.plot(lengths, values, color=silver.color, linewidth=0.6, label="silver, $N = 2^k - 1$")
    for steps in _SIMULATED:
        for look, rates, scheduler, lr0 in (
            (constant, np.ones(steps), Constant(), 1.0),
            (
                best,
                np.full(steps, smooth.best_constant_step(steps)[0]),
                Constant(),
                smooth.best_constant_step(steps)[0],
            ),
            (silver, smooth.silver_steps((steps + 1).bit_length() - 1), Silver(), 1.0),
        ):
            f = Huber(dimension=1, radius=1 / (1 + 2 * float(np.sum(rates))), curvature=1.0)
            end = simulate([Run(objective=f, scheduler=scheduler, start=(1.0,), lr0=lr0, steps=steps)]).end_loss
            axes.plot(steps, end, linestyle="", marker=look.marker, color=look.color, markerfacecolor="white")
    axes.set_xscale("log")
    axes.set_xlabel("number of steps $N$")
    axes.legend(loc="lower left")


def _against_peak(axes: Axes) -> None:
    decay, constant, warm = LOOKS[1], LOOKS[3], LOOKS[0]
    peaks = np.linspace(0.2, 2.35, 200)
    values = [smooth.constant_step_value(float(p), _STEPS) for p in peaks]
    axes.plot(peaks, values, color=constant.color, linestyle=constant.linestyle, label="constant")
    bound = [smooth.lower_bound(decaying(float(p), _STEPS)) for p in peaks]
    axes.plot(peaks, bound, **THEORY.line(), label="no order of the decay has less")
    after = float(np.sum(decaying(1.0, _STEPS)[1:]))
    beyond = peaks[peaks > 1.5]
    axes.plot(
        beyond,
        (beyond - 1) ** 2 / (4 * after * beyond + 2),
        color=decay.color,
        linewidth=0.6,
        label="overshoot of the first step",
    )
    for look, name, make in ((decay, "linear decay", decaying), (warm, "one step of warmup, then decay", warmed)):
        values = [worst_case(make(p, _STEPS)).value for p in _PEAKS]
        axes.plot(
            _PEAKS, values, linestyle="", marker=look.marker, color=look.color, markerfacecolor="white", label=name
        )
    axes.set_ylim(0.02, 1.0)
    axes.set_xlabel("peak, in units of $1/L$")
    axes.set_title(f"$N$ = {_STEPS}")
    axes.legend(loc="upper left")


def decaying(peak: float, steps: int) -> Floats:
    """p (1 - t/N), t = 0 .. N - 1."""
    return peak * (1 - np.arange(steps) / steps)


def warmed(peak: float, steps: int) -> Floats:
    """p/2, then p (1 - t/(N-1)), t = 0 .. N - 2."""
    return np.append(peak / 2, decaying(peak, steps - 1))


FIGURE = Figure(
    name="smooth_worst_case",
    reads=(),
    claims=(
        *("capped_worst_case", "constant_step_smooth", "decay_loses_to_a_constant", "lower_bound_smooth"),
        "silver_steps_smooth",
    ),
    draw=draw,
    caption=(
        "Worst f(x_N) - f* over all convex L-smooth f and starts at distance R from a minimiser, without noise. Left: "
        "closed forms against the number of steps N. Linear decay 1 - t/N and the cosine, both from 1/L, have the same "
        f"sum (N + 1)/2, which alone decides below 1/L. Markers: {3 * len(_SIMULATED)} runs on Huber's function, N = "
        f"{', '.join(map(str, _SIMULATED))}. Right: N = {_STEPS}, against the peak p. Lines: constant steps in closed "
        "form; the larger of 1/(4 sum h + 2) and prod (1 - h)^2 / 2, which no order of the steps of linear decay can "
        "beat (long dashes); (p - 1)^2 / (4 S' + 2), S' the sum of all steps but the first (thin). Markers: exact "
        "values of linear decay, and of a first step of p/2 before linear decay from p in the rest; beyond p = 1 by a "
        "semidefinite program, with a relative tolerance below 1e-5."
    ),
)
