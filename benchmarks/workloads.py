"""The nine workloads, and how this package runs them.

Together they cover five objectives, two optimizers, an adaptive and a fixed schedule, and runs without disturbance,
with Gaussian noise on the gradient and with spikes on the loss that the schedule sees. All have 200 steps.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from greedylr_theory import Batch, Run, StandardNormal, objectives, simulate
from greedylr_theory.optimizers import Adam, GradientDescent
from greedylr_theory.perturbations import GradientNoise, NoPerturbation, PeriodicSpike, RandomSpike
from greedylr_theory.schedulers import Cosine, GreedyBest

Floats = NDArray[np.float64]

STEPS, PATIENCE, FACTOR, MIN_LR = 200, 1, 0.9, 1e-6
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
STRENGTH, PERIOD, STRETCH, DURATION = 0.5, 50, 50.0, 3
#: steps from one periodic spike to the next, as the plug-in has it
SPIKE_EVERY = PERIOD + int(STRETCH * STRENGTH)
SEED = 1


class Outcome(NamedTuple):
    """What every contender computes of R runs: loss at x_T and smallest loss on the way, each (R,)."""

    end: Floats
    best: Floats


#: from starting points (d, R) to the outcome
Solver = Callable[[Floats], Outcome]


@dataclass(frozen=True)
class Workload:
    """One objective, optimizer, schedule and disturbance; numbers are those of the package's plug-ins."""

    name: str
    objective: str  # quadratic, rosenbrock, rastrigin, ackley
    dim: int
    optimizer: str = "adam"  # or gradient_descent
    schedule: str = "greedy"  # or cosine
    disturbance: str = "none"  # or gradient_noise, periodic_spike, random_spike
    lr0: float = 0.01
    max_lr: float = 0.1
    sigma: float = 0.1
    probability: float = 0.02
    low: float = 0.5
    spread: float = 1.5

    @property
    def random(self) -> bool:
        """Whether the contenders, each with a generator of its own, meet different numbers."""
        return self.disturbance in ("gradient_noise", "random_spike")

    @property
    def greedy(self) -> bool:
        return self.schedule == "greedy"

    @property
    def adam(self) -> bool:
        return self.optimizer == "adam"

    @property
    def silenced(self) -> Workload:
        """The same code path without chance: noise of scale 0, or a spike of one height at every step."""
        return dataclasses.replace(self, sigma=0.0, probability=1.0, spread=0.0)

    @property
    def eigenvalues(self) -> Floats:
        return np.logspace(0.0, 2.0, self.dim)

    @property
    def rates(self) -> Floats:
        """Rates (T + 1,) of the cosine schedule, which every contender reads from a table."""
        return self.lr0 * (0.5 * (1.0 + np.cos(np.pi * np.arange(STEPS + 1) / STEPS)))

    @property
    def magnitude(self) -> float:
        """Size of the terms that cancel in the loss near a minimum: rounding errors are relative to it."""
        return {"quadratic": 0.0, "rosenbrock": 0.0, "rastrigin": 20.0 * self.dim, "ackley": 22.0}[self.objective]

    @property
    def run(self) -> Run:
        disturbances: dict[str, Any] = {
            "none": NoPerturbation,
            "gradient_noise": lambda: GradientNoise(scale=self.sigma),
            "periodic_spike": lambda: PeriodicSpike(
                strength=STRENGTH, channel="observed_loss", period=PERIOD, stretch=STRETCH, duration=DURATION
            ),
            "random_spike": lambda: RandomSpike(
                strength=STRENGTH,
                channel="observed_loss",
                probability=self.probability,
                low=self.low,
                spread=self.spread,
            ),
        }
        greedy = GreedyBest(patience=PATIENCE, factor=FACTOR, min_lr=MIN_LR, max_lr=self.max_lr)
        return Run(
            objective=self._objective(),
            optimizer=Adam(beta1=BETA1, beta2=BETA2, eps=EPS) if self.adam else GradientDescent(),
            scheduler=greedy if self.greedy else Cosine(),
            perturbation=disturbances[self.disturbance](),
            start=StandardNormal(seed=SEED),
            lr0=self.lr0,
            steps=STEPS,
        )

    def _objective(self) -> Any:
        if self.objective == "quadratic":
            return objectives.Quadratic(eigenvalues=tuple(self.eigenvalues.tolist()))
        return getattr(objectives, self.objective.capitalize())(dimension=self.dim)


WORKLOADS = (
    Workload("quadratic d 15, Adam, greedy", "quadratic", 15),
    Workload("quadratic d 15, Adam, greedy, gradient noise", "quadratic", 15, disturbance="gradient_noise"),
    Workload("quadratic d 15, gradient descent, cosine", "quadratic", 15, "gradient_descent", "cosine"),
    Workload("Rosenbrock d 5, Adam, greedy", "rosenbrock", 5),
    Workload("Rosenbrock d 5, Adam, cosine, gradient noise", "rosenbrock", 5, "adam", "cosine", "gradient_noise"),
    Workload(
        "Rosenbrock d 2, gradient descent, greedy, periodic spikes",
        "rosenbrock",
        2,
        "gradient_descent",
        "greedy",
        "periodic_spike",
        1e-4,
        2e-4,
    ),
    Workload("Rastrigin d 10, Adam, greedy", "rastrigin", 10),
    Workload("Rastrigin d 10, Adam, greedy, random spikes", "rastrigin", 10, disturbance="random_spike"),
    Workload("Ackley d 8, Adam, greedy", "ackley", 8),
)


def starts(workload: Workload, count: int) -> Floats:
    """Starting points (d, R) of replicates 0 .. R-1, as the package draws them."""
    return StandardNormal(seed=SEED).points(np.arange(count, dtype=np.uint64), workload.dim)


def through_package(workload: Workload, count: int) -> Outcome:
    """Replicates 0 .. R-1 from the call to the result, starting points included."""
    trajectory = simulate(Batch(workload.run, {"replicate": np.arange(count)}))
    return Outcome(trajectory.end_loss, np.minimum(trajectory.best_loss, trajectory.end_loss))
