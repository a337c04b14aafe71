"""What comes of runs whose parameters vary: one number per run, with diverged runs at a stated ceiling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.sensitivity.ranges import Range, number
from greedylr_theory.simulation.batch import Batch
from greedylr_theory.simulation.packed import packed
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import simulate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """log10 of (f(x_T) - f*) / (f(x_0) - f*), between a floor and a ceiling; a diverged run is at the ceiling.

    Args:
        minimum: f*; None for the objective's own, or 0 where the objective declares none.
        floor, ceiling: smallest and largest ratio that is told apart.

    Raises:
        ValueError: not 0 < floor < ceiling, or the minimum is not finite.
    """

    minimum: float | None = None
    floor: float = 1e-12
    ceiling: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.floor < self.ceiling < np.inf:
            raise ValueError(
                f"floor and ceiling must be 0 < floor < ceiling < inf, got {self.floor!r}, {self.ceiling!r}"
            )
        if self.minimum is not None and not np.isfinite(self.minimum):
            raise ValueError(f"minimum (f*) must be finite, got {self.minimum!r}")

    def words(self, run: Run) -> str:
        """What the outcome is, for a run of this kind."""
        known = self.minimum if self.minimum is not None else run.objective.minimum
        ratio = "f(x_T)/f(x_0), as f* is not known" if known is None else "(f(x_T) - f*)/(f(x_0) - f*)"
        return f"log10 of {ratio}, from {self.floor:g} to {self.ceiling:g}; diverged runs are at {self.ceiling:g}"


@dataclass(frozen=True, eq=False)
class Responses:
    """Outcomes (n, R) of n settings on R replicates; `diverged` and `clipped` (at the ceiling) say which (n, R)."""

    outcome: Floats
    diverged: NDArray[np.bool_]
    clipped: NDArray[np.bool_]

    @property
    def median(self) -> Floats:
        """(n,), over the replicates."""
        return np.median(self.outcome, axis=1)


@dataclass(frozen=True, eq=False)
class Curve:
    """Response to one parameter, the others as in the base run; arrays over its values.

    low, high: 10 and 90 % points over the replicates. diverged: share of the replicates.
    """

    range: Range
    base: float
    values: Floats
    median: Floats
    low: Floats
    high: Floats
    diverged: Floats


@dataclass(frozen=True, eq=False)
class Heat:
    """Median response (rows, columns) to two parameters, the others as in the base run."""

    across: Range
    up: Range
    across_values: Floats
    up_values: Floats
    base: tuple[float, float]
    median: Floats
    diverged: Floats


def respond(run: Run, values: Mapping[str, Floats], replicates: int, outcome: Outcome) -> Responses:
    """Outcomes of n settings, each on replicates 0 .. R - 1: every setting meets the same starts and the same noise.

    Args:
        values: {path: (n,)}; what is not named is as in the run. Nothing named: one setting, the run itself.

    Raises:
        ValueError: a combination of values is refused, or f* is neither declared nor given and a loss is negative.
    """
    settings = next((column.size for column in values.values()), 1)
    spread = {path: np.repeat(column, replicates) for path, column in values.items()}
    batch = Batch(run, {**spread, "replicate": np.tile(np.arange(float(replicates)), settings)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)  # a range is wide on purpose
        found = simulate(batch, stride=max(1, run.steps - 1))  # records the first step
    declared = packed(batch, with_minimum=True).minimum if outcome.minimum is None else outcome.minimum
    minimum = np.where(np.isnan(declared), 0.0, declared)
    first, last, lost = found.full_loss[:, 0], found.end_loss, found.diverged
    if outcome.minimum is None and np.any(np.isnan(declared) & ((found.best_loss < 0) | (~lost & (last < 0)))):
        raise ValueError(
            f"{type(run.objective).__name__} declares no minimum and its loss can be negative, so a minimum must be "
            "given, got none"
        )
    with np.errstate(all="ignore"):
        before, after = np.maximum(first - minimum, 0.0), np.maximum(last - minimum, 0.0)
        ratio = np.where(after == 0.0, 0.0, after / before)
        ratio = np.where(lost | np.isnan(ratio), np.inf, ratio)
        # the ends are exact: a clipped run has the very number that is stated
        logarithm = np.log10(np.clip(ratio, outcome.floor, outcome.ceiling))
    shape = settings, replicates
    return Responses(logarithm.reshape(shape), lost.reshape(shape), (ratio >= outcome.ceiling).reshape(shape))


def curves(run: Run, ranges: Sequence[Range], replicates: int, outcome: Outcome, points: int = 25) -> list[Curve]:
    """The response to each parameter alone."""
    grids = [entry.grid(points) for entry in ranges]
    bases = {entry.path: float(number(run, entry.path)[1]) for entry in ranges}
    total = sum(grid.size for grid in grids)
    values = {path: np.full(total, base) for path, base in bases.items()}
    first, parts = 0, list[slice]()
    for entry, grid in zip(ranges, grids, strict=True):
        part = slice(first, first + grid.size)
        values[entry.path][part] = grid
        first += grid.size
        parts.append(part)
    found = respond(run, values, replicates, outcome)
    return [
        Curve(
            range=entry,
            base=bases[entry.path],
            values=grid,
            median=np.median(found.outcome[part], axis=1),
            low=np.quantile(found.outcome[part], 0.1, axis=1),
            high=np.quantile(found.outcome[part], 0.9, axis=1),
            diverged=np.mean(found.diverged[part], axis=1),
        )
        for entry, grid, part in zip(ranges, grids, parts, strict=True)
    ]


def heat(run: Run, across: Range, up: Range, replicates: int, outcome: Outcome, points: int = 25) -> Heat:
    """The response to two parameters together."""
    columns, rows = across.grid(points), up.grid(points)
    values = {across.path: np.tile(columns, rows.size), up.path: np.repeat(rows, columns.size)}
    found = respond(run, values, replicates, outcome)
    shape = rows.size, columns.size
    return Heat(
        across=across,
        up=up,
        across_values=columns,
        up_values=rows,
        base=(float(number(run, across.path)[1]), float(number(run, up.path)[1])),
        median=found.median.reshape(shape),
        diverged=np.mean(found.diverged, axis=1).reshape(shape),
    )
