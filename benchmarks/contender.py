"""What a competitor's module offers, so that the comparison treats all alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.workloads import Solver, Workload


@dataclass(frozen=True)
class Choice:
    """One way to run a competitor: how many runs at a time, and what else its author may choose."""

    block: int
    options: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.options)[name]

    def __str__(self) -> str:
        return " ".join([*(f"{name}={value}" for name, value in self.options), f"block={self.block}"])


@dataclass(frozen=True)
class Contender:
    """A competitor.

    Args:
        key: name on the command line.
        name: name in the table.
        absent: () -> why it cannot run here, or None.
        version: () -> what it is.
        choices: (workload, sizes tried) -> the choices among which the fastest counts.
        solver: (workload, choice) -> Solver, with everything compiled or imported that can be beforehand.
        runs: (block) -> runs in one timing, long enough for the clock and a multiple of the block.
    """

    key: str
    name: str
    absent: Callable[[], str | None]
    version: Callable[[], str]
    choices: Callable[[Workload, bool], list[Choice]]
    solver: Callable[[Workload, Choice], Solver]
    runs: Callable[[int], int]
