"""Where the step size of the previous-loss rule stands between two clips when losses are nearly all noise.

The objective falls along a line of slope 1, and the noise has 10^9 times the size of a step's progress: to the rule the
losses are independent and normal, and f(x_{T-1}) - f(x_T) is the step size after T losses, read off exactly.

The predictions were written before the first run; after it the largest number of levels went from 17 to 13, the steps
to 800 and the runs up, and both had held before that as well. They follow from claims noise_clipped_law_is_not_uniform
and noise_clipped_ends_weigh_inverse_root_three, for losses that are nothing but noise.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import polars as pl

from greedylr_theory.objectives.huber import Huber
from greedylr_theory.perturbations.loss_noise import LossNoise
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.simulation.run import Run
from greedylr_theory.statistics import Estimate, share
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep
from greedylr_theory.theory import noise_regime

LEVELS = (3, 5, 9, 13)
#: far enough from the kink of the objective for all steps, and near enough for exact differences
START, NOISE, STEPS = 10_000.0, 1e9, 800

PREDICTION = (
    "For 3, 5, 9 and 13 levels the share of runs at each level is that of the stationary law under pure noise, "
    "judged by the 99.99 % Wilson intervals.",
    "With 5 levels or more a uniform law is outside the interval of at least one level.",
)


@functools.cache
def arms() -> Mapping[str, Run]:
    """One base run; the lower clip sets the number of levels, the upper clip is 1 and F is 1/2."""
    base = Run(
        objective=Huber(dimension=1, radius=1.0, curvature=1.0),
        scheduler=GreedyPrevious(factor=0.5, max_lr=1.0),
        perturbation=LossNoise(scale=NOISE),
        start=(START,),
        lr0=0.5,
        steps=1,
        ordering="before_update",
    )
    return {"noise": base}


def shares(table: pl.DataFrame, levels: int, level: float = 0.95) -> Estimate:
    """Share of the runs at each of K levels, from the lowest, with Wilson intervals."""
    rows = table.filter(pl.col("scheduler.min_lr") == 2.0 ** (1 - levels))
    steps = (rows["final_loss"] - rows["end_loss"]).to_numpy()
    height = np.round(np.log2(steps)).astype(int) + levels - 1
    return share(np.bincount(height, minlength=levels), height.size, level=level)


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers."""
    found = {levels: shares(table, levels, level=0.9999) for levels in LEVELS}
    laws = {levels: noise_regime.stationary_law(levels) for levels in LEVELS}
    outside = [
        levels
        for levels, estimate in found.items()
        if np.any((laws[levels] < estimate.low) | (laws[levels] > estimate.high))
    ]
    uniform = [
        levels
        for levels, estimate in found.items()
        if np.all((1 / levels >= estimate.low) & (1 / levels <= estimate.high))
    ]
    ends = {levels: float(estimate.value[[0, -1]].mean() * levels) for levels, estimate in found.items()}
    outcomes = (
        (not outside, f"outside for {outside or 'no'} number of levels"),
        (not set(uniform) & {5, 9, 13}, f"share of an end times K: {', '.join(f'{v:.3f}' for v in ends.values())}"),
    )
    return [Judgement(text, *outcome) for text, outcome in zip(PREDICTION, outcomes, strict=True)]


AXES = {"scheduler.min_lr": tuple(2.0 ** (1 - levels) for levels in LEVELS)}

SWEEP = Sweep(
    name="noise_clipped_chain",
    question="How often does pure noise send the previous-loss rule to each of its levels between two clips?",
    prediction=PREDICTION,
    arms=arms,
    sizes={
        "standard": Size(axes=AXES, steps=STEPS, replicates=50_000),
        "quick": Size(axes=AXES, steps=STEPS, replicates=12_000),
    },
    judge=judge,
)
