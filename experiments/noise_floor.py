"""How near to its bounds stochastic gradient descent comes under a predictable GreedyLR with steps below 1/L.

Two parabolas on the line, one sampled per step: f_1 = (x - 1)^2 / 2, f_2 = (x + 1)^2 / 2, so that f(x) - f* = x^2 / 2,
mu = L = 1 and the noise at the solution is sigma^2 = 1. The scheduler is stepped after the update, so that no step size
depends on the sample of its own step; between the clips gamma_min and gamma_max it does what GreedyPrevious does.

The predictions below were written before the first run.

Learned since, and left out of the predictions: the second one forgot the start. After T steps of size gamma a constant
rate keeps (1 - gamma mu)^(2T) of the squared distance where the bound keeps (1 - gamma mu)^T, so that this part is
loose by e^4 at gamma = 0.02 / L and T = 200. Where only the floor is left the bound is loose by (2 - gamma L) / (1 -
gamma L), at most 3 up to 0.5 / L.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.objectives.two_sample import TwoSample
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.run import Run
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep
from greedylr_theory.theory import bounds

Floats = NDArray[np.float64]

#: gamma_max L
CAPS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97)
#: gamma_max / gamma_min
RATIOS = (1, 4)
DISTANCE = 3.0  #: R
STEPS = 200
#: standard errors added to a mean before it is compared with a bound: a chance of 3e-5 per comparison
ERRORS = 4.0

PREDICTIONS = (
    "The bound of claim convergence_strongly_convex holds everywhere: the mean of norm(x_T - x*)^2 plus four standard "
    "errors lies below it for every gamma_max, both ratios gamma_max / gamma_min and both F.",
    "With a constant step size it is tight to a factor 4 up to gamma_max = 0.5 / L, and at gamma_max = 0.97 / L too "
    "large by a factor of at least 20, because 1 - gamma_max L stands in its denominator.",
    "A ratio of 4 between the clips costs more in the bound than in the runs: at gamma_max = 0.35 / L bound over mean "
    "is at least twice what it is at ratio 1, for both F.",
    "The last iterate also obeys the bound that claim convergence_predictable states for the average: f(x_T) - f* has "
    "a mean that, plus four standard errors, lies below it for every setting.",
)


def arms() -> Mapping[str, Run]:
    """One base run per ratio and cap; F and the replicate are set by the sweep."""
    return {
        f"ratio {ratio}/cap {cap:g}": Run(
            objective=TwoSample(),
            scheduler=GreedyPrevious(min_lr=cap / ratio, max_lr=cap),
            start=(DISTANCE,),
            lr0=cap / ratio,
            steps=1,
            ordering="after_update",
        )
        for ratio in RATIOS
        for cap in CAPS
    }


def outcomes(table: pl.DataFrame) -> pl.DataFrame:
    """A row per setting: F, ratio, cap, mean of norm(x_T - x*)^2, its standard error, and both bounds on it."""
    square = 2.0 * (pl.col("end_loss") - pl.col("minimum"))  # f - f* = x^2 / 2
    rows = (
        table.with_columns(square=square)
        .group_by("scheduler.factor", "scheduler.min_lr", "scheduler.max_lr", "steps")
        .agg(mean=pl.col("square").mean(), error=pl.col("square").std() / pl.len().sqrt())
        .sort("scheduler.factor", "scheduler.min_lr", "scheduler.max_lr")
    )
    low, high = rows["scheduler.min_lr"].to_list(), rows["scheduler.max_lr"].to_list()
    steps = rows["steps"].to_list()
    clips = list(zip(low, high, steps, strict=True))
    last = [bounds.strongly_convex(DISTANCE, 1.0, 1.0, 1.0, least, most, T) for least, most, T in clips]
    average = [2.0 * bounds.predictable(DISTANCE, 1.0, 1.0, least, most, T) for least, most, T in clips]
    ratio = np.rint(np.array(high) / np.array(low)).astype(np.int64)
    return rows.with_columns(ratio=pl.Series(ratio), last=pl.Series(last), average=pl.Series(average))


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers."""
    rows = outcomes(table)
    upper = rows["mean"] + ERRORS * rows["error"]
    tightest = [float((upper / rows[name]).max()) for name in ("last", "average")]  # pyright: ignore[reportArgumentType]
    over = rows.with_columns(over=rows["last"] / rows["mean"])
    constant = over.filter(pl.col("ratio") == 1)
    most = _float(constant.filter(pl.col("scheduler.max_lr") <= 0.5)["over"].max())
    near = _float(constant.filter(pl.col("scheduler.max_lr") == 0.97)["over"].min())
    middle = over.filter(pl.col("scheduler.max_lr") == 0.35).sort("ratio", "scheduler.factor")["over"].to_numpy()
    gain = middle[middle.size // 2 :] / middle[: middle.size // 2]
    settings = f"{rows.height} settings"
    verdicts = (
        (tightest[0] <= 1.0, f"largest (mean + 4 errors) / bound {tightest[0]:.3f} over {settings}"),
        (
            most <= 4.0 and near >= 20.0,
            f"bound over mean at most {most:.2f} up to 0.5 / L, at least {near:.1f} at 0.97 / L",
        ),
        (bool(np.all(gain >= 2.0)), f"bound over mean grows by factors {', '.join(f'{g:.2f}' for g in gain)}"),
        (tightest[1] <= 1.0, f"largest (mean + 4 errors) / bound {tightest[1]:.3f} over {settings}"),
    )
    return [Judgement(text, *verdict) for text, verdict in zip(PREDICTIONS, verdicts, strict=True)]


def _float(value: object) -> float:
    return float(value)  # pyright: ignore[reportArgumentType]


SWEEP = Sweep(
    name="noise_floor",
    question=(
        "How near to its bounds comes stochastic gradient descent under a predictable GreedyLR with steps below 1/L?"
    ),
    prediction=PREDICTIONS,
    arms=arms,
    sizes={
        "standard": Size(axes={"scheduler.factor": (0.5, 0.9)}, steps=STEPS, replicates=2000),
        "quick": Size(axes={"scheduler.factor": (0.5, 0.9)}, steps=STEPS, replicates=500),
    },
    judge=judge,
)
