"""What the width of the smoothing window does to a refined schedule, and what the first few norms do."""

from __future__ import annotations

from typing import Literal

import matplotlib.figure
import numpy as np
import polars as pl
from matplotlib.axes import Axes

from experiments.refined_schedules import ARMS, POINTS, curves
from greedylr_theory.plotting import LOOKS, Figure, style
from greedylr_theory.recorded_norms import RecordedNorms, recorded_digest, recorded_sequences
from greedylr_theory.refinement import PUBLISHED_POINTS, refine

_LENGTH = 50_000
_COLUMNS = 5


def noisy() -> RecordedNorms:
    """Norms that fall from 15 to 1 within a tenth of the run, times log-normal noise of 30 %."""
    x = np.linspace(0.0, 1.0, _LENGTH)
    smooth = np.interp(x, [0.0, 0.003, 0.02, 0.03, 0.1, 1.0], [15.0, 6.0, 4.0, 2.0, 1.0, 1.0])
    values = smooth * np.exp(0.3 * np.random.default_rng(0).normal(size=_LENGTH))
    return RecordedNorms("synthetic", values, np.arange(_LENGTH, dtype=np.float64), 0)


def draw(table: pl.DataFrame) -> matplotlib.figure.Figure:
    """A panel per series: both conventions, and on own runs the first run of every problem."""
    series: dict[str, tuple[Literal["l2", "l1"], RecordedNorms]] = {"synthetic, 30 % noise": ("l2", noisy())}
    series |= recorded_sequences()
    panels = len(series) + len(ARMS)
    rows = -(-panels // _COLUMNS)
    with style():
        figure = matplotlib.figure.Figure(figsize=(9.4, 2.1 * rows + 0.5))
        axes = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
        for axis, (name, (kind, norms)) in zip(axes.flat, series.items(), strict=False):
            _series(axis, name.partition("_")[0], kind, norms)
        for axis, arm in zip(axes.flat[len(series) :], ARMS, strict=False):
            for name, look in (("schedule", LOOKS[0]), ("published", LOOKS[2])):
                for curve in curves(table, arm, name)[:1]:
                    axis.plot(np.linspace(0, 1, POINTS), curve, color=look.color, linestyle=look.linestyle)
            axis.set_title(arm, fontsize=8)
        for axis in axes.flat[panels:]:
            axis.remove()
        for k, axis in enumerate(axes.flat[:panels]):
            axis.set_ylim(0.0, 1.08)
            if k + _COLUMNS >= panels:
                axis.set_xlabel("share of the run")
                axis.tick_params(labelbottom=True)
        for axis in axes[:, 0]:
            axis.set_ylabel("rate / peak")
    return figure


def _series(axis: Axes, title: str, kind: Literal["l2", "l1"], norms: RecordedNorms) -> None:
    x, count = np.linspace(0.0, 1.0, 1001), norms.values.size
    found = refine(norms.values, kind=kind)
    published = refine(norms.values, kind=kind, window_basis="published")
    lines = [
        (found, LOOKS[0], f"fraction ({found.window / count:.1%})"),
        (published, LOOKS[2], f"published ({published.window / max(count, PUBLISHED_POINTS):.1%})"),
    ]
    if not norms.even:
        lines.append((refine(norms.at_even_steps(), kind=kind), LOOKS[1], "fraction, even steps"))
    for schedule, look, name in lines:
        axis.plot(x, schedule.at(x), color=look.color, linestyle=look.linestyle, label=name)
    axis.set_title(title, fontsize=8)
    axis.legend(fontsize=6, frameon=True, framealpha=0.8, edgecolor="none")


FIGURE = Figure(
    name="refinement_windows",
    reads=("refined_schedules",),
    claims=(),
    draw=draw,
    caption=(
        "Schedules refined from the same norms under two conventions of the smoothing window: a tenth of the run "
        "(solid), and 1001 samples whatever the length of the run, as in the published code (dash-dotted), which "
        "also leaves out the first and last two samples and interpolates to 10,000 points. The window's share of the "
        "run stands in the legend. Dashed: norms that were not recorded at equally spaced steps, interpolated to "
        "such. Synthetic norms of 50,000 steps, recorded sequences where a folder with them is given, and one of the "
        "16 runs (6 runs at the quick size) of every own problem; diverged runs are left out. On own runs both "
        "windows are a tenth of the run: what differs there is the first norm, from which the running median begins."
    ),
    outside=recorded_digest,
)
