"""The best-so-far rule (arXiv 2512.14527, Algorithms 2 and 3) without clips, threshold or smoothing, in fractions.

As run on a quadratic with the scheduler stepped after the update; comparisons go through `less`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory import Run, Trajectory, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyBest
from greedylr_theory.simulation.batch import Batch

Less = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Standing:
    """Where the rule stands between two losses; best is None before the first."""

    rate: Any
    best: Any = None
    good: int = 0
    bad: int = 0


@dataclass(frozen=True)
class Best:
    """F, the patience p, and what decides ``a < b``.

    >>> rule, standing = Best(Fraction(1, 2), patience=1), Standing(Fraction(1))
    >>> for loss in (4, 3, 3, 3):  # two records, then two that are none: a tie is worse
    ...     standing = rule.step(standing, Fraction(loss))
    ...     print(standing.rate, standing.good, standing.bad)
    1 1 0
    2 0 0
    2 0 1
    1 0 0
    """

    factor: Any
    patience: int
    less: Less = operator.lt

    def step(self, standing: Standing, loss: Any) -> Standing:
        """After a loss: count, and move the rate when a count exceeds the patience."""
        if standing.best is None or self.less(loss, standing.best):
            standing = replace(standing, best=loss, good=standing.good + 1, bad=0)
        else:
            standing = replace(standing, good=0, bad=standing.bad + 1)
        if standing.bad > self.patience:
            return replace(standing, rate=standing.rate * self.factor, bad=0)
        if standing.good > self.patience:
            return replace(standing, rate=standing.rate / self.factor, good=0)
        return standing


@dataclass(frozen=True)
class ExactRun:
    """T steps: x_0 .. x_T, the rates used and the next one, f(x_0) .. f(x_{T-1}), and which were records."""

    points: tuple[tuple[Fraction, ...], ...]
    rates: tuple[Fraction, ...]
    next_rate: Fraction
    losses: tuple[Fraction, ...]
    records: tuple[bool, ...]

    @property
    def last_records(self) -> list[int]:
        """The t at which a record is followed by a loss that is none."""
        return [t for t in range(len(self.records) - 1) if self.records[t] and not self.records[t + 1]]


def run(
    factor: Fraction,
    patience: int,
    rate: Fraction,
    steps: int,
    eigenvalues: Sequence[Fraction] = (Fraction(1),),
    start: Sequence[Fraction] = (Fraction(1),),
    enough: Callable[[list[bool], Fraction], bool] = lambda records, rate: False,
) -> ExactRun:
    """Gradient descent on sum_i lambda_i x_i^2 / 2; the rule sees f(x_t) after the step from x_t.

    It ends after `steps`, or when `enough` says so, given which losses were records and the rate in force.
    """
    rule, standing, x = Best(factor, patience), Standing(rate), tuple(start)
    points, rates, losses, records = [x], [], [], []
    while len(losses) < steps and not enough(records, standing.rate):
        loss = sum((h * entry * entry / 2 for h, entry in zip(eigenvalues, x, strict=True)), Fraction(0))
        x = tuple(entry - standing.rate * h * entry for h, entry in zip(eigenvalues, x, strict=True))
        rates.append(standing.rate)
        records.append(standing.best is None or loss < standing.best)
        standing = rule.step(standing, loss)
        points.append(x)
        losses.append(loss)
    return ExactRun(tuple(points), tuple(rates), standing.rate, tuple(losses), tuple(records))


def simulated(
    patience: int,
    values: dict[str, NDArray[np.float64]],
    steps: int,
    eigenvalues: Sequence[float] = (1.0,),
    start: Sequence[float] = (1.0,),
    factor: float = 0.5,
) -> Trajectory:
    """Runs of the compiled rule that differ in `values`; the first and the last step are recorded."""
    base = Run(
        objective=Quadratic(eigenvalues=tuple(eigenvalues)),
        optimizer=GradientDescent(),
        scheduler=GreedyBest(factor=factor, patience=patience),
        perturbation=NoPerturbation(),
        start=tuple(start),
        lr0=1.0,
        steps=steps,
        ordering="after_update",
        replicate=0,
    )
    return simulate(Batch(base, values), stride=steps - 1)
