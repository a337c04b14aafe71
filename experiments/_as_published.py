"""The published robustness study: its schedulers and disturbances, its published numbers, and how runs are pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments._study_problems import ANALYTIC
from greedylr_theory.contracts import Perturbation, Scheduler
from greedylr_theory.perturbations.adversarial import Adversarial
from greedylr_theory.perturbations.burst import Burst
from greedylr_theory.perturbations.drift import Drift
from greedylr_theory.perturbations.gaussian import Gaussian
from greedylr_theory.perturbations.oscillatory import Oscillatory
from greedylr_theory.perturbations.periodic_spike import PeriodicSpike
from greedylr_theory.perturbations.plateau import Plateau
from greedylr_theory.perturbations.random_spike import RandomSpike
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.cosine import Cosine
from greedylr_theory.schedulers.cosine_restarts import CosineRestarts
from greedylr_theory.schedulers.exponential import Exponential
from greedylr_theory.schedulers.greedy_study import GreedyStudy

Floats = NDArray[np.float64]

LR0, STEPS, FACTOR, FLOOR = 0.01, 200, 0.9, 1e-5

#: the arms of the study: GreedyLR twice. Its restarts are said to have T_mult = 2, which its code never reads
SCHEDULERS: Mapping[str, Scheduler] = {
    "GreedyLR p=1": GreedyStudy(factor=FACTOR, patience=1, min_lr=FLOOR, max_lr=1.0),
    "GreedyLR p=10": GreedyStudy(factor=FACTOR, patience=10, min_lr=FLOOR, max_lr=1.0),
    "cosine": Cosine(t_max=STEPS, eta_min=FLOOR),
    "cosine restarts": CosineRestarts(t_0=50, eta_min=FLOOR),
    "exponential": Exponential(factor=0.95),
}
#: ours, for comparison: a constant rate, and GreedyLR that may not climb above its first rate
ADDED: Mapping[str, Scheduler] = {
    "constant": Constant(),
    "capped p=1": GreedyStudy(factor=FACTOR, patience=1, min_lr=FLOOR, max_lr=LR0),
    "capped p=10": GreedyStudy(factor=FACTOR, patience=10, min_lr=FLOOR, max_lr=LR0),
}
#: a first rate ten times that of the study, for schedules that cannot climb
HIGHER: Mapping[str, Scheduler] = {
    "cosine from 0.1": Cosine(t_max=STEPS, eta_min=FLOOR),
    "constant 0.1": Constant(),
}
#: rows of the study's tables -> its arms; both patiences of GreedyLR are pooled
POOLED: Mapping[str, tuple[str, ...]] = {
    "GreedyLR": ("GreedyLR p=1", "GreedyLR p=10"),
    "cosine": ("cosine",),
    "cosine restarts": ("cosine restarts",),
    "exponential": ("exponential",),
}

#: "none" too has a strength in the study, and is run once for each; a spike of length 0 adds 0 at every step
KINDS: Mapping[str, Perturbation] = {
    "none": PeriodicSpike(duration=0),
    "gaussian": Gaussian(),
    "periodic spike": PeriodicSpike(),
    "random spike": RandomSpike(),
    "plateau": Plateau(),
    "oscillatory": Oscillatory(),
    "drift": Drift(),
    "burst": Burst(),
    "adversarial": Adversarial(),
}
STRENGTHS = (0.1, 0.5, 1.0)
SPIKES = ("periodic spike", "random spike")

#: label of the problem behind each of the twenty analytic names
NAMES = tuple(problem.label for names in ANALYTIC.values() for problem in names.values())
#: how many times the study is replayed at its own size
REPLAYS = 200


@dataclass(frozen=True)
class Published:
    """Medians of the final loss that were published for one row of the study.

    Args:
        median: over all 8,100 runs, as printed with Figure 4.
        analytic, networks: over the runs of each category, and clean over those without disturbance, from
            figures/final/comprehensive_performance_analysis.txt of the study's repository.
        runs, analytic_runs: how many runs the medians are of, from the same file.
    """

    median: float
    analytic: float
    networks: float
    clean: float
    runs: int
    analytic_runs: int


PUBLISHED: Mapping[str, Published] = {
    "GreedyLR": Published(0.148, 3.0848, 0.0006, 0.0749, 3241, 1081),
    "cosine": Published(0.232, 7.9597, 0.0012, 0.2303, 1620, 540),
    "cosine restarts": Published(0.226, 7.9598, 0.0015, 0.2282, 1619, 540),
    "exponential": Published(0.249, 36.1201, 0.1395, 0.2487, 1620, 540),
}
#: median of GreedyLR and of cosine under five of the disturbances, from docs/FINAL_COMPREHENSIVE_README.md of the
#: study's repository, which calls cosine the best of the others; without disturbance restarts are, by `clean` above
PUBLISHED_BY_KIND: Mapping[str, tuple[float, float]] = {
    "none": (0.075, 0.230),
    "gaussian": (0.151, 0.232),
    "adversarial": (0.154, 0.242),
    "periodic spike": (0.082, 0.226),
    "random spike": (0.149, 0.203),
}
#: Table 12: median and best of largest loss over mean of the last ten, and sample sizes
PUBLISHED_RECOVERY: Mapping[str, tuple[float, float, int]] = {
    "GreedyLR": (134.0, 72_999.0, 720),
    "cosine": (132.3, 5_067.4, 360),
    "cosine restarts": (35.7, 950.3, 360),
    "exponential": (4.9, 450.2, 360),
}
#: Table 13: 10th percentile, median and 90th percentile
PUBLISHED_PERCENTILES: Mapping[str, tuple[float, float, float]] = {
    "GreedyLR": (0.001, 0.01, 0.1),
    "cosine": (0.01, 0.3, 3.0),
    "cosine restarts": (0.02, 0.25, 2.5),
    "exponential": (1.0, 100.0, 1000.0),
}


@dataclass(frozen=True, eq=False)
class Grid:
    """One column of the sweep's table as arrays.

    Args:
        unmatched: (problem, scheduler) -> (kinds, strengths, replicates); each pair has starts of its own, shared by
            all disturbances.
        matched: (problem, scheduler) -> (replicates,), without disturbance; all schedulers have the same starts.
    """

    unmatched: Mapping[tuple[str, str], Floats]
    matched: Mapping[tuple[str, str], Floats]

    def replays(self, row: str, kinds: tuple[str, ...] = tuple(KINDS), problems: tuple[str, ...] = ()) -> Floats:
        """(REPLAYS, runs): replays of the study with its sample sizes, one run for each name, disturbance and arm.

        Every run takes a start at random, with replacement, from those of its problem and arm.
        """
        rng = np.random.default_rng(0)
        found: list[Floats] = []
        for problem in NAMES:
            if problems and problem not in problems:
                continue
            for arm in POOLED[row]:
                runs = self.unmatched[problem, arm]
                size = (REPLAYS, runs.shape[1])
                found += [runs[k].ravel()[rng.integers(runs[k].size, size=size)] for k in _places(kinds)]
        return np.concatenate(found, axis=1)

    def pooled(self, row: str, weights: Mapping[str, float] | None = None) -> tuple[Floats, Floats]:
        """Values and their weights: the undisturbed runs of every problem, weighted by its names or as told.

        As the disturbances change nothing, the undisturbed runs have the law of all.
        """
        shares = Counter(NAMES) if weights is None else weights
        values: list[Floats] = []
        parts: list[Floats] = []
        for problem, share in shares.items():
            for arm in POOLED[row]:
                runs = self.unmatched[problem, arm][0, 0]
                values.append(runs)
                parts.append(np.full(runs.size, share / runs.size / len(POOLED[row])))
        return np.concatenate(values), np.concatenate(parts)


def _places(kinds: tuple[str, ...]) -> list[int]:
    return [k for k, kind in enumerate(KINDS) if kind in kinds]


def weighted_median(values: Floats, weights: Floats) -> float:
    """Smallest value at which at least half of the weight is reached."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, 0.5 * reached[-1] * (1.0 - 1e-12))])


def grid(table: pl.DataFrame, column: str) -> Grid:
    """One column of all runs of the sweep; a diverged run has the value +inf."""
    keys = ("arm", "perturbation.strength", "replicate")
    rows = table.select(*keys, "status", column).sort(keys)
    arms = rows["arm"].unique(maintain_order=True).to_list()
    lost = rows["status"].to_numpy() != 0
    strengths = rows["perturbation.strength"].n_unique()
    values = np.where(lost, np.inf, rows[column].cast(pl.Float64).to_numpy()).reshape(len(arms), strengths, -1)
    by_arm: dict[str, Floats] = dict(zip(arms, values, strict=True))
    unmatched: dict[tuple[str, str], Floats] = {}
    matched: dict[tuple[str, str], Floats] = {}
    for name in arms:
        starts, problem, scheduler, kind = name.split("/")
        if starts == "matched":
            matched[problem, scheduler] = by_arm[name][0]
        elif kind == "none":
            unmatched[problem, scheduler] = np.stack([by_arm[f"{starts}/{problem}/{scheduler}/{k}"] for k in KINDS])
    return Grid(unmatched, matched)
