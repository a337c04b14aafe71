"""What GreedyLR reaches, and which share of the runs it loses, against its scaling factor F."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from experiments._f_sweep_outcomes import late_divergent_share, outcomes
from experiments.f_sweep import CAPS, PROBLEMS, RULES, SWEEP
from greedylr_theory.plotting import LOOKS, THEORY, Figure, label, style
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.statistics import Floats, median, share
from paper_figures._factor_axis import shares_over_factor

CLAIM = "convergence_deterministic_last_iterate"
#: nothing is shown far below what any use could resolve, nor far above the start
_LOWEST, _ABOVE_START = 1e-30, 1e2
_TITLES = {"quadratic": r"quadratic, $\kappa = 100$", "rosenbrock": "Rosenbrock", "logistic": "logistic regression"}


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """Panels problem x (uncapped, capped): median of f(x_T) - f*, and below it the share of diverged runs."""
    rows = outcomes(table).sort("scheduler.factor", "replicate")
    factor = rows["scheduler.factor"].unique().sort().to_numpy()
    with style():
        figure = matplotlib.figure.Figure(figsize=(7.4, 7.6))
        axes = figure.subplots(
            4, len(PROBLEMS), sharex=True, gridspec_kw={"height_ratios": [3.0, 1.1, 3.0, 1.1]}, squeeze=False
        )
        for column, problem in enumerate(PROBLEMS):
            of_problem = rows.filter(pl.col("problem") == problem)
            start = float(np.median((of_problem["initial_loss"] - of_problem["minimum"]).to_numpy()))
            for row, cap in enumerate(CAPS):
                upper, lower = axes[2 * row][column], axes[2 * row + 1][column]
                _panel(upper, lower, of_problem.filter(pl.col("cap") == cap), factor, start)
                upper.set_title(f"{_TITLES.get(problem, problem)}\n{_capped(cap)}")
            if problem == "quadratic":
                axes[1][column].plot(factor, late_divergent_share(factor), color="0.2", linestyle=":", zorder=5)
            axes[-1][column].set_xlabel(label(GreedyPrevious.parameter("factor")))
        for row in (0, 2):
            axes[row][0].set_ylabel(r"median of $f(x_T) - f_*$")
            axes[row + 1][0].set_ylabel("diverged")
        starts, steps = rows["replicate"].n_unique(), int(rows["steps"].item(0))
        _legend(figure, f"{starts} starts per point, $T$ = {steps}")
    return figure


def _capped(cap: str) -> str:
    return r"capped at $\gamma \leq 1/L$" if cap == "capped" else "uncapped"


def _panel(upper: Axes, lower: Axes, rows: pl.DataFrame, factor: Floats, start: float) -> None:
    every = max(1, factor.size // 12)
    highest = start * _ABOVE_START
    upper.axhline(start, color="0.6", linewidth=0.7)
    for k, (rule, look) in enumerate(zip(RULES, LOOKS, strict=True)):
        of_rule = rows.filter(pl.col("rule") == rule)
        gap = of_rule["gap"].to_numpy().reshape(factor.size, -1)
        middle, lost = median(gap), share(of_rule["lost"].to_numpy().reshape(gap.shape).sum(axis=1), gap.shape[1])
        drawn = {**look.line(), "markevery": (k * every // len(RULES), every), "zorder": 3 + 0.1 * k}
        inside = [np.clip(values, _LOWEST, highest) for values in (middle.value, middle.low, middle.high)]
        upper.plot(factor, inside[0], clip_on=False, **drawn)
        upper.fill_between(factor, inside[1], inside[2], color=look.color, alpha=0.18, linewidth=0)
        lower.plot(factor, lost.value, clip_on=False, **drawn)
        lower.fill_between(factor, lost.low, lost.high, color=look.color, alpha=0.18, linewidth=0)
        bound = of_rule["bound"].to_numpy().reshape(gap.shape)
        if np.all(np.isfinite(bound)):
            upper.plot(factor, np.median(bound, axis=1), zorder=5, **THEORY.line())
    upper.set_yscale("log")
    upper.yaxis.set_major_locator(LogLocator(numticks=6))
    upper.yaxis.set_minor_locator(NullLocator())
    upper.set_ylim(upper.dataLim.ymin / 1.6, upper.dataLim.ymax * 1.6)
    shares_over_factor(lower)


def _legend(figure: matplotlib.figure.Figure, size: str) -> None:
    rules = [
        Line2D([], [], label=rule.replace("p=", "$p$ = "), **look.line())
        for rule, look in zip(RULES, LOOKS, strict=True)
    ]
    lines = [
        Line2D([], [], label=f"median of the bound {CLAIM}", **THEORY.line()),
        Line2D([], [], color="0.2", linestyle=":", label="share for one eigenvalue"),
        Line2D([], [], color="0.6", linewidth=0.7, label="median of $f(x_0) - f_*$"),
    ]
    figure.legend(handles=rules, loc="outside upper center", ncols=4, title=size, title_fontsize=8)
    figure.legend(handles=lines, loc="outside lower center", ncols=3)


_SIZES = "; ".join(
    f"{name}: {size.replicates} starts, {size.steps} steps, {len(size.axes['scheduler.factor'])} values of F"
    for name, size in SWEEP.sizes.items()
)

FIGURE = Figure(
    name="f_sensitivity",
    reads=("f_sweep",),
    claims=(CLAIM,),
    draw=draw,
    caption=(
        "Median of the final suboptimality f(x_T) - f* against the scaling factor F, with its 95 % bootstrap "
        "percentile interval (2,000 resamples), and below it the share of diverged runs with its 95 % Wilson "
        "interval. A run counts as diverged when a value is not finite or when it ends above its start, f(x_T) > "
        "f(x_0); a run that is not finite has the value +infinity in the medians, and none is left out. Every point "
        "has the same starts and the same initial rates, log-uniform in [1e-3, 1] / L; the scheduler is stepped after "
        "the update. For Rosenbrock L is that of the box where all |x_i| <= 2. Values beyond the axis are drawn on its "
        "edge; where f* is not 0, a suboptimality below about 1e-16 f* is rounding, and no axis goes below 1e-30. Long "
        "dashes: median over the starts of R^2 / (2 sum_t gamma_t) with gamma_t = min(gamma_0 / F^t, 1/L) and R = "
        f"|x_0 - x*|, for the capped GreedyPrevious on convex problems without noise ({CLAIM}). Dots: share of "
        "the log-uniform phases of the step size that diverge with one eigenvalue, where this ordering ends in a cycle "
        "of six steps, counted on a grid; no claim of the ledger covers it, for one eigenvalue or for many. "
        f"Sizes: {_SIZES}."
    ),
)
