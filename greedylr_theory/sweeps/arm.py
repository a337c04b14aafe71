"""What a comparison is made of: contenders, the protocol that tunes them, and the problems on which they meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from greedylr_theory.contracts import Perturbation, Scheduler
from greedylr_theory.simulation.run import Run


@dataclass(frozen=True, eq=False)
class Contender:
    """A scheduler and which of its numbers are tuned.

    Args:
        scheduler: with the numbers that are not tuned; lr0 is always tuned.
        scaled: {"max_lr": 10.0}: numbers of the scheduler that are set to this multiple of lr0.
        second: configurations tried after the rates, at the best of them: {"lr0": factor} moves the rate,
            {"max_lr": multiple} replaces an entry of `scaled`. All contenders of a problem have equally many.
        untuned: one configuration in absolute numbers, {"lr0": 0.01, "max_lr": 1.0}, evaluated beside the tuned one;
            it names everything that `scaled` does.

    Raises:
        ValueError: a number is named that cannot be set.
    """

    scheduler: Scheduler
    scaled: Mapping[str, float] = field(default_factory=dict[str, float])
    second: tuple[Mapping[str, float], ...] = ()
    untuned: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        known = {"lr0", *self.scaled}
        for given in self.second:
            if not known.issuperset(given):
                raise ValueError(f"Contender.second can set {', '.join(sorted(known))}, got {dict(given)!r}")
        if self.untuned is not None and set(self.untuned) != known:
            raise ValueError(f"Contender.untuned must give {', '.join(sorted(known))}, got {dict(self.untuned)!r}")

    def specification(self) -> dict[str, Any]:
        """Everything that identifies it, ready for canonical JSON."""
        second = [dict(given) for given in self.second]
        untuned = None if self.untuned is None else dict(self.untuned)
        return {
            "scheduler": self.scheduler.specification(), "scaled": dict(self.scaled), "second": second,
            "untuned": untuned,
        }  # fmt: skip


@dataclass(frozen=True)
class Tuning:
    """How contenders are tuned and evaluated.

    Args:
        rates: grid of initial rates in ascending order, in units of the problem's `scale`; the same for everybody.
        steps: T of every run.
        tuning: replicates 0 .. tuning - 1 choose the configuration, by the smallest median outcome.
        evaluation: the replicates after these are what is reported.
        untuned: the first so many of them meet the configuration that is not tuned; all of them when None.
        extension: while the best rate lies on the edge of the grid, one more is tried beyond it, at most so often.

    Raises:
        ValueError: fewer than two rates, or not ascending and positive, or a count out of range.
    """

    rates: tuple[float, ...]
    steps: int
    tuning: int
    evaluation: int
    untuned: int | None = None
    extension: int = 4

    def __post_init__(self) -> None:
        if len(self.rates) < 2 or self.rates[0] <= 0 or list(self.rates) != sorted(set(self.rates)):
            raise ValueError(f"Tuning.rates must be at least two positive numbers that ascend, got {self.rates!r}")
        if min(self.steps, self.tuning, self.evaluation) < 1 or self.extension < 0:
            raise ValueError(
                f"Tuning needs steps and replicates of at least 1 and an extension of at least 0, got {self}"
            )
        if self.untuned is not None and not 0 <= self.untuned <= self.evaluation:
            raise ValueError(f"Tuning.untuned must lie in [0, {self.evaluation}], got {self.untuned!r}")


@dataclass(frozen=True, eq=False)
class Arm:
    """A problem on which contenders meet.

    Args:
        base: objective, optimizer, perturbation, start; its scheduler, lr0, steps and replicate are replaced.
        scale: unit of the rates, in length^2 / loss (a length for Adam).
        contenders: {name: contender}, all with equally many second configurations.
        labels: further columns that describe the problem.
        tuning, evaluation, untuned: in place of those of the `Tuning`, for problems that are expensive.
        together: contenders per cell, the unit that is stored; all of them when None.
        tuned_under: the disturbance of the runs that choose the configuration, where it is not that of `base`: to see
            how a schedule meets what it was not tuned for.

    Raises:
        ValueError: budgets differ, or the scale is not positive.
    """

    base: Run
    scale: float
    contenders: Mapping[str, Contender]
    labels: Mapping[str, str | float] = field(default_factory=dict[str, "str | float"])
    tuning: int | None = None
    evaluation: int | None = None
    untuned: int | None = None
    together: int | None = None
    tuned_under: Perturbation | None = None

    def __post_init__(self) -> None:
        budgets = {name: len(contender.second) for name, contender in self.contenders.items()}
        if not budgets or len(set(budgets.values())) > 1:
            raise ValueError(f"all contenders of an arm need equally many second configurations, got {budgets}")
        if not 0 < self.scale < np.inf:
            raise ValueError(f"Arm.scale must be positive and finite, got {self.scale!r}")

    def protocol(self, tuning: Tuning) -> Tuning:
        """The protocol with this arm's own numbers of replicates."""
        named = {"tuning": self.tuning, "evaluation": self.evaluation, "untuned": self.untuned}
        changed: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        return dataclasses.replace(tuning, **changed) if changed else tuning
