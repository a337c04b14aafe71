"""Random finite sums for numerical checks: tiny ones with exact expectations, least squares in the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from greedylr_theory import Run, Trajectory, simulate
from greedylr_theory.objectives import LeastSquares
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._functions import MeanOfSquares
from proofs._rules import Greedy, all_runs
from proofs._rules import Run as ExactRun

Number = TypeVar("Number", float, Fraction)

REPLICATES = 256
#: how many standard errors are added to a simulated mean before it is compared with a bound
ERRORS = 4
SAMPLING = f"{REPLICATES} replicates each, mean plus {ERRORS} standard errors"  #: for the sentence of a check

#: (problem, x_0, gamma_min, gamma_max, all equally likely runs) -> expectation / bound
ExactRatio = Callable[[MeanOfSquares, Fraction, Fraction, Fraction, list[ExactRun]], Fraction]


def exact_ratios(rng: np.random.Generator, ratio: ExactRatio, count: int, steps: int = 6) -> list[Fraction]:
    """Ratios on random two-sample problems, all 2^T sample paths enumerated; the step size is predictable."""
    ratios: list[Fraction] = []
    while len(ratios) < count:
        problem = MeanOfSquares(_rationals(rng, 2, 1, 9), _rationals(rng, 2, -6, 7))
        if len(set(problem.centres)) == 1:
            continue  # no gradient noise
        (start,), (share, spread) = _rationals(rng, 1, -9, 10), rng.integers(1, 10, size=2)
        high = Fraction(int(share), 10) / problem.smoothness
        low = high * Fraction(int(spread), 10)
        rule = Greedy(Fraction(int(rng.integers(2, 9)), 10), low, high)
        runs = list(all_runs((start,), low, problem.functions, steps, rule, "after_update"))
        ratios.append(ratio(problem, start, low, high, runs))
    return ratios


def _rationals(rng: np.random.Generator, size: int, low: int, high: int) -> tuple[Fraction, ...]:
    return tuple(
        Fraction(int(n), int(m)) for n, m in zip(rng.integers(low, high, size), rng.integers(1, 4, size), strict=True)
    )


@dataclass(frozen=True)
class Problem:
    """A least-squares problem with its constants, and the step sizes of a run on it.

    R_squared is norm(x_0 - x*)^2, noise is sigma*^2, L the smoothness of the worst sample, mu the strong convexity
    of the mean, low and high the clips of the step size.
    """

    objective: LeastSquares
    start: tuple[float, ...]
    minimiser: np.ndarray
    minimum: float
    R_squared: float
    noise: float
    L: float
    mu: float
    factor: float
    low: float
    high: float
    steps: int


def random_sums(rng: np.random.Generator, count: int, steps: int = 100) -> list[Problem]:
    """Least-squares problems with eight samples in three dimensions, without a perfect fit."""
    problems: list[Problem] = []
    for _ in range(count):
        features, targets, start = rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=3)
        minimiser, *_ = np.linalg.lstsq(features, targets, rcond=None)
        residuals = features @ minimiser - targets
        squares = np.sum(features**2, axis=1)
        high = float(rng.uniform(0.1, 0.9)) / float(np.max(squares))
        problems.append(
            Problem(
                objective=LeastSquares(
                    features=tuple(tuple(map(float, row)) for row in features),
                    targets=tuple(map(float, targets)),
                    batch=1,
                ),
                start=tuple(map(float, start)),
                minimiser=minimiser,
                minimum=float(np.mean(residuals**2) / 2),
                R_squared=float(np.sum((start - minimiser) ** 2)),
                noise=float(np.mean(squares * residuals**2)),
                L=float(np.max(squares)),
                mu=float(np.linalg.eigvalsh(features.T @ features / 8)[0]),
                factor=float(rng.uniform(0.3, 0.95)),
                low=high * float(rng.uniform(0.2, 1.0)),
                high=high,
                steps=steps,
            )
        )
    return problems


def simulated_ratio(
    problem: Problem, measure: Callable[[Trajectory, Problem], np.ndarray], allowed: Callable[[Problem], float]
) -> float:
    """(mean + 4 standard errors) / bound over independent replicates of stochastic gradient descent.

    Args:
        problem: see `random_sums`.
        measure: one number per replicate, (R,), whose expectation is bounded.
        allowed: the bound.
    """
    base = Run(
        objective=problem.objective,
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=problem.factor, min_lr=problem.low, max_lr=problem.high),
        perturbation=NoPerturbation(),
        start=problem.start,
        lr0=problem.low,
        steps=problem.steps,
        ordering="after_update",
        replicate=0,
    )
    runs = [replace(base, replicate=index) for index in range(REPLICATES)]
    values = measure(simulate(runs, stride=1), problem)
    error = float(np.std(values, ddof=1)) / REPLICATES**0.5
    return (float(np.mean(values)) + ERRORS * error) / allowed(problem)
