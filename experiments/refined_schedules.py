"""Which schedules the gradient norms of the package's own runs recommend, and where their warmup comes from.

Runs under a linear decay to zero, norms of the gradients that the optimizer was given at every step, schedules refined
from them under both conventions of the smoothing window. For weights w_t = G_t^-2 and S = sum of all weights after t +
1, eta_{t+1} > eta_t if and only if G_t^2 - G_{t+1}^2 > 1 / S: the recommended rate rises where norms fall fast enough,
and for no other reason.

The predictions below were written before the first run.

Learned since: to the left of the first step the series is continued by the first norm, so that more than half of the
first window are copies of it, and the smoothed norms begin with that one sample, whatever its noise; half a window
later nothing is left of it. So even flat norms give no linear decay in a third of the runs, and a peak at about 5 % of
a run is the end of that stretch. The published code leaves out the first two samples and continues by the third: where
norms fall within a few steps or are noisy, this alone changes the beginning, and with the peak the scale of all the
rest. The last prediction looked at the width of the window only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greedylr_theory.gradient_norms import gradient_norms
from greedylr_theory.objectives.logistic import Logistic
from greedylr_theory.objectives.perceptron import Perceptron
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.optimizers.adam import Adam
from greedylr_theory.perturbations.gradient_noise import GradientNoise
from greedylr_theory.refinement import refine
from greedylr_theory.schedulers.linear import Linear
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import Trajectory
from greedylr_theory.simulation.start import ScaledUniform
from greedylr_theory.sweeps.sweep import Judgement, Size, Sweep

#: points of the curves in the table, equally spaced over the run
POINTS = 201
NOISE, MINIBATCH, FULL, NETWORK, ADAM = (
    "noise only", "logistic, minibatch", "logistic, full batch", "perceptron, SGD", "perceptron, Adam",
)  # fmt: skip
ARMS = (NOISE, MINIBATCH, FULL, NETWORK, ADAM)

PREDICTIONS = (
    "Noise only, from the minimiser: the norms are flat and the schedule is linear decay; the fitted exponent lies in "
    "[0.9, 1.1] and the fitted warmup is at most 3 % in at least 90 % of the runs.",
    "Logistic regression with minibatches: norms fall at first, then settle; the peak comes after the first step and "
    "before half of the run in at least 90 % of the runs.",
    "Logistic regression with full batches: norms fall until the end, and the peak comes after half of the run in at "
    "least 90 % of the runs; such a schedule is a constant rate or a climb, with a drop at the end.",
    "The perceptron under SGD and under Adam: the peak comes later than 2 % of the run in at least 90 % of the runs.",
    "The two conventions of the window give schedules that differ by less than 0.1 of the peak at every point in at "
    "least 90 % of the runs of at most 10,000 steps, for which the published window is the usual 10 % or more of the "
    "run.",
)


def arms() -> Mapping[str, Run]:
    """A base run per problem; the replicate is set by the sweep."""
    decay: dict[str, Any] = {"scheduler": Linear(start_factor=1.0, end_factor=0.0), "steps": 1}
    network = Perceptron(hidden=(16.0,), batch=16)
    return {
        NOISE: Run(
            Quadratic((1.0,) * 20), perturbation=GradientNoise(1.0), start=(0.0,) * 20, lr0=0.1, **decay
        ),
        MINIBATCH: Run(Logistic("breast_cancer", l2=1e-3, batch=16), lr0=0.1, **decay),
        FULL: Run(Logistic("breast_cancer", l2=1e-3), lr0=0.1, **decay),
        NETWORK: Run(network, start=ScaledUniform(), lr0=0.1, **decay),
        ADAM: Run(network, optimizer=Adam(), start=ScaledUniform(), lr0=0.003, **decay),
    }  # fmt: skip


def kind_of(arm: str) -> Any:
    """Norms for which a schedule is refined: l1 under Adam, l2 otherwise."""
    return "l1" if arm == ADAM else "l2"


def measure(batch: Batch, trajectory: Trajectory) -> dict[str, NDArray[Any]]:
    """Columns of what is refined from the norms of each run, and curves of `POINTS` points; NaN after divergence."""
    norms = gradient_norms(batch)
    wanted = norms.l1 if isinstance(batch.base.optimizer, Adam) else norms.l2
    kind: Any = "l1" if isinstance(batch.base.optimizer, Adam) else "l2"
    shares = np.linspace(0.0, 1.0, POINTS)
    rows: list[dict[str, Any]] = []
    for r, values in enumerate(wanted):
        if trajectory.diverged[r]:
            nothing = np.full(POINTS, np.nan)
            numbers = dict.fromkeys(("peak_share", "warmup", "exponent", "deviation"), np.nan)
            rows.append({**numbers, "norms": nothing, "smoothed": nothing, "schedule": nothing, "published": nothing})
            continue
        found, published = refine(values, kind=kind), refine(values, kind=kind, window_basis="published")
        rows.append(
            {
                "peak_share": found.argmax / (values.size - 1),
                "warmup": found.fit.warmup,
                "exponent": found.fit.exponent,
                "deviation": found.fit.deviation,
                "norms": np.interp(shares, np.linspace(0.0, 1.0, values.size), values),
                "smoothed": np.interp(shares, np.linspace(0.0, 1.0, values.size), found.smoothed),
                "schedule": found.at(shares),
                "published": published.at(shares),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def curves(table: pl.DataFrame, arm: str, name: str) -> NDArray[np.float64]:
    """(runs, POINTS) of one curve of the runs of an arm that did not diverge."""
    rows = table.filter((pl.col("arm") == arm) & pl.col("peak_share").is_not_nan())
    return np.array(rows[name].to_list()).reshape(-1, POINTS)


def judge(table: pl.DataFrame) -> list[Judgement]:
    """Whether each prediction held, with the numbers."""
    numbers = {arm: table.filter(pl.col("arm") == arm) for arm in ARMS}
    steps = int(table["steps"].to_numpy().max())

    def share(arm: str, condition: pl.Expr) -> float:
        return float(numbers[arm].select(condition.mean()).item())

    linear = share(NOISE, pl.col("exponent").is_between(0.9, 1.1) & (pl.col("warmup") <= 0.03))
    early = share(MINIBATCH, (pl.col("peak_share") > 0.0) & (pl.col("peak_share") < 0.5))
    late = share(FULL, pl.col("peak_share") > 0.5)
    networks = [share(arm, pl.col("peak_share") > 0.02) for arm in (NETWORK, ADAM)]
    apart = np.concatenate(
        [np.max(np.abs(curves(table, arm, "schedule") - curves(table, arm, "published")), axis=1) for arm in ARMS]
    )
    near = float(np.mean(apart < 0.1))

    def peaks(arm: str) -> str:
        low, middle, high = np.nanquantile(numbers[arm]["peak_share"].to_numpy(), [0.1, 0.5, 0.9])
        return f"peak at {low:.1%}, {middle:.1%}, {high:.1%} of the run (10 %, median, 90 % of the runs)"

    exponents = np.nanquantile(numbers[NOISE]["exponent"].to_numpy(), [0.1, 0.5, 0.9])
    verdicts = (
        (linear >= 0.9, f"{linear:.0%} of the runs; exponents {', '.join(f'{e:.3f}' for e in exponents)}"),
        (early >= 0.9, f"{early:.0%} of the runs; {peaks(MINIBATCH)}"),
        (late >= 0.9, f"{late:.0%} of the runs; {peaks(FULL)}"),
        (min(networks) >= 0.9, f"{networks[0]:.0%} and {networks[1]:.0%} of the runs; {peaks(NETWORK)}; {peaks(ADAM)}"),
        (
            near >= 0.9 and steps <= 10_000,
            f"{near:.0%} of the runs of {steps} steps; largest difference {np.max(apart):.3f}, "
            f"median {np.median(apart):.3f}",
        ),
    )
    return [Judgement(text, bool(held), evidence) for text, (held, evidence) in zip(PREDICTIONS, verdicts, strict=True)]


SWEEP = Sweep(
    name="refined_schedules",
    question="Which schedule do the gradient norms of a run recommend, and where does a warmup come from?",
    prediction=PREDICTIONS,
    arms=arms,
    sizes={
        "standard": Size(axes={}, steps=5_000, replicates=16),
        "quick": Size(axes={}, steps=1_000, replicates=6),
    },
    judge=judge,
    measure=measure,
)
