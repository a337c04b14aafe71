"""Over which values a parameter is varied, and how they are spread."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.params import Interval, Parameter, Parametrised
from greedylr_theory.simulation.run import PLUGINS, Run
from greedylr_theory.simulation.start import LogUniform

Floats = NDArray[np.float64]

#: what everybody calls a reasonable value of these; the other ranges follow from the value that a parameter has
_USUAL = {"factor": (0.3, 0.99), "patience": (0.0, 30.0), "threshold": (1e-6, 0.1), "window_size": (1.0, 100.0)}
_RATE = "length^2/loss"
_NUMBERS = ("float", "int", "per_group")


@dataclass(frozen=True)
class Range:
    """Values of one parameter: uniform between two ends, or uniform in the logarithm, or every integer alike.

    Args:
        path: such as "scheduler.factor" or "lr0".
        declared: its declaration.
        low, high: ends, both possible; low < high.
        log: spread evenly in the logarithm; needs low > 0, and a number that is no integer.

    Raises:
        ValueError: the ends are not as above or outside the declared domain.
    """

    path: str
    declared: Parameter
    low: float
    high: float
    log: bool

    def __post_init__(self) -> None:
        name, domain = f"{self.path} ({self.declared.symbol})", self.declared.domain
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a range of {name} needs two finite ends in rising order, got {self.low:g}:{self.high:g}")
        if not self.declared.accepts(np.array([self.low, self.high])):
            kind = "integers" if self.integer else "numbers"
            raise ValueError(f"a range of {name} needs {kind} in {domain} as ends, got {self.low:g}:{self.high:g}")
        if self.log and (self.low <= 0 or self.integer):
            raise ValueError(
                f"a logarithmic range of {name} needs numbers above 0 that are no integers, "
                f"got {self.low:g}:{self.high:g}"
            )

    @property
    def integer(self) -> bool:
        return self.declared.kind == "int"

    def at(self, share: Floats) -> Floats:
        """Values at shares in [0, 1) of the distribution; its quantile function."""
        if self.integer:
            return np.minimum(self.low + np.floor(share * (self.high - self.low + 1.0)), self.high)
        if self.log:
            ratio = math.log(self.high / self.low)
            return np.clip(self.low * np.exp(share * ratio), self.low, self.high)
        return np.clip(self.low + share * (self.high - self.low), self.low, self.high)

    def grid(self, points: int) -> Floats:
        """About `points` different values from the lower end on, evenly spread."""
        if self.integer:
            return np.arange(self.low, self.high + 1.0, max(1.0, np.rint((self.high - self.low) / (points - 1))))
        values = (np.geomspace if self.log else np.linspace)(self.low, self.high, points)
        return np.clip(values, self.low, self.high)

    def __str__(self) -> str:
        """The distribution in words."""
        if self.integer:
            return f"integers {self.low:g} to {self.high:g}, alike"
        return f"{'log-uniform' if self.log else 'uniform'} on [{self.low:g}, {self.high:g}]"


def parsed(run: Run, text: str) -> Range:
    """A range from "path=low:high" or "path=low:high:log" or "path=low:high:uniform".

    Rates, and thresholds, are spread in the logarithm when nothing is said and the lower end is above 0.

    Raises:
        ValueError: the text is not of this form, or the run has no such number.
    """
    problem = f"a range must look like scheduler.factor=0.3:0.99 or lr0=1e-3:1:log, got {text!r}"
    path, equals, ends = text.partition("=")
    low, colon, rest = ends.partition(":")
    high, _, spread = rest.partition(":")
    if not (equals and colon) or spread not in ("", "log", "uniform"):
        raise ValueError(problem)
    try:
        numbers = float(low), float(high)
    except ValueError:
        raise ValueError(problem) from None
    declared, _ = number(run, path.strip())
    natural = _logarithmic(path, declared) and numbers[0] > 0
    return Range(path.strip(), declared, *numbers, log=spread == "log" or (spread == "" and natural))


def usual(run: Run) -> tuple[list[Range], dict[str, str]]:
    """Ranges of lr0 and of the scheduler's numbers, and the numbers that are held, each with the reason.

    F, patience, threshold and window have ranges of their own. Rates vary tenfold to both sides; a cap at infinity
    from the initial rate to a hundred times that. A parameter with a bounded domain takes it all, but for one
    hundredth of it at an open end. Anything else varies twofold to both sides. What is 0 is switched off and held.
    """
    ranges: list[Range] = []
    held: dict[str, str] = {}
    for path, owner, name in [("lr0", run, "lr0"), *_numbers(run)]:
        declared, value = owner.parameter(name), getattr(owner, name)
        if not isinstance(value, float | int):
            held[path] = "left open" if value is None else "several numbers, or a rule"
        elif name == "window_size" and not getattr(owner, "smooth", True):
            held[path] = "smooth is off"
        elif value == 0 and name not in _USUAL:
            held[path] = "0"
        else:
            ends = _ends(name, declared, float(value), run)
            refusal = _refusal(run, path, declared, ends)
            if refusal:
                held[path] = refusal
            else:
                ranges.append(Range(path, declared, *ends, log=_logarithmic(path, declared) and ends[0] > 0))
    return ranges, held


def number(run: Run, path: str) -> tuple[Parameter, float | int]:
    """Declaration and value of a number of a run that can be varied.

    Raises:
        ValueError: there is no such number.
    """
    declared = run.declared(path)
    plugin, _, name = path.partition(".")
    if (name and plugin not in PLUGINS) or (not name and path != "lr0") or declared.kind not in _NUMBERS:
        raise ValueError(f"what is varied must be lr0 or a number of a plug-in, got {path!r}")
    owner, leaf = getattr(run, plugin).owner(name) if name else (run, path)
    value: Any = getattr(owner, leaf)
    if not isinstance(value, float | int):
        raise ValueError(f"what is varied must have one number as its value, got {path} = {value!r}")
    return declared, value


def _numbers(run: Run) -> Iterator[tuple[str, Parametrised, str]]:
    """Path, owner and name of every number of the scheduler and of what is nested in it."""
    waiting: list[tuple[str, Parametrised]] = [("scheduler", run.scheduler)]
    while waiting:
        path, owner = waiting.pop(0)
        for name, declared in owner.parameters():
            if declared.kind in _NUMBERS:
                yield f"{path}.{name}", owner, name
        waiting += [(f"{path}.{prefix}", part) for prefix, part in owner.parts()]


def _ends(name: str, declared: Parameter, value: float, run: Run) -> tuple[float, float]:
    domain = declared.domain
    assert isinstance(domain, Interval)
    if name in _USUAL:
        low, high = _USUAL[name]
    elif declared.unit == _RATE and math.isinf(value):
        start = run.lr0.high if isinstance(run.lr0, LogUniform) else run.lr0
        return start, 100.0 * start
    elif declared.unit == _RATE:
        low, high = value / 10.0, value * 10.0
    elif math.isfinite(domain.low) and math.isfinite(domain.high) and declared.kind != "int":
        margin = 0.01 * (domain.high - domain.low)
        return (
            domain.low if domain.includes_low else domain.low + margin,
            domain.high if domain.includes_high else domain.high - margin,
        )
    else:
        low, high = sorted((0.5 * value, 2.0 * value))
    if declared.kind == "int":
        low, high = math.floor(low), math.ceil(high)
    return max(low, domain.low), min(high, domain.high)


def _refusal(run: Run, path: str, declared: Parameter, ends: tuple[float, float]) -> str:
    """Why a run does not take one of the ends; empty when it takes both."""
    for end in ends:
        try:
            run.replaced(path, int(end) if declared.kind == "int" else end)
        except ValueError as error:
            return f"the usual range is refused: {error}"
    return ""


def _logarithmic(path: str, declared: Parameter) -> bool:
    return declared.kind != "int" and (declared.unit == _RATE or path.rpartition(".")[2] == "threshold")
