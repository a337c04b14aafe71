"""What theory promises for the last iterate on convex Lipschitz functions, schedule by schedule, against T."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import minimize_scalar

from greedylr_theory.contracts import OpenLoop
from greedylr_theory.objectives.resisting import Resisting
from greedylr_theory.plotting import LOOKS, THEORY, Figure, Look, style
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.cosine import Cosine
from greedylr_theory.schedulers.inverse_sqrt import InverseSqrt
from greedylr_theory.schedulers.linear import Linear
from greedylr_theory.schedulers.step import Step
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import simulate
from greedylr_theory.statistics import Floats
from greedylr_theory.theory import last_iterate
from proofs.constant_step_lipschitz import end_in_floats

_ITERATES = np.unique(np.round(np.geomspace(2, 1e4, 26)).astype(int))
_SIMULATED = (4, 16, 64, 256)
_DROPS = 3  #: of the step-wise schedule, tenfold at equal distances

SHAPES: dict[str, tuple[OpenLoop, Look]] = {
    "constant": (Constant(), LOOKS[2]),
    r"$1/\sqrt{t}$": (InverseSqrt(), LOOKS[3]),
    f"{_DROPS} tenfold drops": (Step(), LOOKS[1]),
    "cosine": (Cosine(), Look("#8A8A8A", "v", (0, (4, 1, 1, 1, 1, 1)))),
    "linear, which is refined for equal norms": (Linear(), LOOKS[0]),
}


def draw() -> matplotlib.figure.Figure:
    """Worst cases and bounds in units of what no steps can beat, G D / sqrt T."""
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.2, 3.4))
        left, right = figure.subplots(1, 2)
        _exact(left)
        _bounds(right)
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_xlabel("number of iterates $T$")
        left.set_ylabel(r"worst $f(x_T) - f_\ast$  [$G D / \sqrt{T}$]")
        right.set_ylabel(r"bound on $f(x_T) - f_\ast$  [$G D / \sqrt{T}$]")
        left.set_title("exact worst cases")
        right.set_title("one bound for all schedules, best rate for each")
    return figure


def _exact(axes: Axes) -> None:
    constant = [last_iterate.best_constant_step(int(T) - 1, 1.0, 1.0)[1] * math.sqrt(T) for T in _ITERATES]
    axes.plot(_ITERATES, constant, color=LOOKS[2].color, label="best constant step, last iterate")
    for name, (shape, look) in SHAPES.items():
        if not isinstance(shape, Constant | Linear):
            values = [best_value(shape, int(T)) * math.sqrt(T) for T in _ITERATES]
            axes.plot(_ITERATES, values, color=look.color, linestyle=look.linestyle, label=name)
    axes.axhline(1.0, color=LOOKS[0].color, label="linear decay; mean of constant steps")
    axes.axhline(
        1.0,
        **{**THEORY.line(), "linewidth": 4.0, "color": "0.75", "linestyle": "-"},
        zorder=1,
        label="no steps have less",
    )
    points = [_constant_run(T) for T in _SIMULATED]
    axes.plot(_SIMULATED, points, linestyle="", marker=LOOKS[2].marker, color=LOOKS[2].color, markerfacecolor="white")
    points = [_linear_run(T) for T in _SIMULATED]
    axes.plot(
        _SIMULATED,
        points,
        linestyle="",
        marker=LOOKS[0].marker,
        color=LOOKS[0].color,
        markerfacecolor="white",
        zorder=4,
    )
    axes.set_ylim(0.93, 2.3)  # room for the legend
    axes.legend(loc="upper left")


def _bounds(axes: Axes) -> None:
    for name, (shape, look) in SHAPES.items():
        values = [best_bound(shape, int(T)) * math.sqrt(T) for T in _ITERATES]
        axes.plot(_ITERATES, values, color=look.color, linestyle=look.linestyle, label=name)
    axes.axhline(1.0, **THEORY.line())
    axes.set_ylim(0.9, 4.6)
    axes.legend(loc="upper left")


def best_bound(shape: OpenLoop, T: int) -> float:
    """The bound for any steps, for the best base rate of a schedule's shape: 2 sqrt(a b) for a / c + b c."""
    steps, norms = _shaped(shape, T), np.ones(T)

    def with_weight(exponent: float) -> float:  # of x_T, the number eta_T that is no step
        weighted = np.append(steps, math.exp(exponent))
        distance = 1 / (2 * float(np.sum(weighted)))
        return 2 * math.sqrt(distance * (last_iterate.general_bound(weighted, norms, 1.0) - distance))

    found: Any = minimize_scalar(with_weight, bounds=(-12.0, 3.0), method="bounded")
    return float(found.fun)


def best_value(shape: OpenLoop, T: int) -> float:
    """The exact worst case at the best base rate; it falls with the rate up to the best and rises from there."""
    steps = _shaped(shape, T)

    def scaled(exponent: float) -> float:
        return last_iterate.worst_case_value(math.exp(exponent) * steps, 1.0, 1.0)

    found: Any = minimize_scalar(scaled, bounds=(-12.0, 3.0), method="bounded", options={"xatol": 1e-3})
    return float(found.fun)  # flat there: good to 1e-6


def _shaped(shape: OpenLoop, T: int) -> Floats:
    """T - 1 steps with base rate 1; linear decay is 1 - t/T, t = 1 .. T - 1."""
    if isinstance(shape, Step):
        shape = Step(period=max(1, math.ceil((T - 1) / (_DROPS + 1))), factor=0.1)
    return 1 - np.arange(1, T) / T if isinstance(shape, Linear) else shape.rates(1.0, T)[: T - 1]


def _linear_run(T: int) -> float:
    """The simulator on the resisting function, f(x_T) - f* times sqrt T."""
    f = Resisting.at_distance(slopes=(1.0,) * T, distance=1.0)
    peak = float(last_iterate.linear_decay_steps(1.0, 1.0, T)[0])
    scheduler = Linear(start_factor=1.0, end_factor=0.0, total=T - 1)
    end = simulate([Run(objective=f, scheduler=scheduler, start=(0.0,) * T, lr0=peak, steps=T - 1)]).end_loss
    return (float(end[0]) - f.minimum) * math.sqrt(T)


def _constant_run(T: int) -> float:
    size: Floats = np.ones(T)
    for k in range(T - 1):
        size[k + 1] = size[k] + 1 / size[k]
    step = last_iterate.best_constant_step(T - 1, 1.0, 1.0)[0]
    return end_in_floats(size, step, T - 1) * math.sqrt(T)


FIGURE = Figure(
    name="last_iterate_bounds",
    reads=(),
    claims=(
        "linear_decay",
        "any_steps_worst_case",
        "general_step_bound",
        "constant_step_lipschitz",
        "averaging_lipschitz",
    ),
    draw=draw,
    caption=(
        "Convex G-Lipschitz f, start at distance D, T iterates and T - 1 steps, in units of G D / sqrt T, which no "
        "steps can beat (thick grey, long dashes). Left: exact worst cases of the last iterate under five schedules, "
        "each at the base rate that is best for it, and of the mean of constant steps; markers: 8 runs on the "
        f"functions that resist them, T = {', '.join(map(str, _SIMULATED))}. Right: the bound D^2 / (2 sum eta) + 1/2 "
        "sum_t eta_t^2 G^2 / sum_(s >= min(t+1, T)) eta_s for the same schedules, each at the base rate that is best "
        "for this bound, up to T = 10,000. It is about twice the exact value in the left panel: that says something "
        "of the bound, not of the schedules."
    ),
)
