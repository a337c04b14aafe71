"""The recursions of `torch.optim.lr_scheduler`, in torch's own order of operations.

Each function takes the base rate, the number of scheduler steps and the keywords of the class in torch, and gives the
rates after 0, 1, ... steps; see `greedylr_theory.interop.schedules`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Rates = Iterable[float]


def _whole(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be an integer of at least {low}, got {value!r}")
    return int(value)


@dataclass(frozen=True)
class Recursion:
    """first, move(1, first), move(2, ...), ..."""

    first: float
    steps: int
    move: Callable[[int, float], float]

    def __iter__(self) -> Iterator[float]:
        rate = self.first
        yield rate
        for t in range(1, self.steps + 1):
            rate = self.move(t, rate)
            yield rate


def _stepped(first: float, steps: int, move: Callable[[int, float], float]) -> Recursion:
    return Recursion(first, steps, move)


def step(base: float, steps: int, step_size: int, gamma: float = 0.1) -> Rates:
    size = _whole("step_size", step_size, 1)
    return _stepped(base, steps, lambda t, rate: rate * gamma if t % size == 0 else rate)


def multi_step(base: float, steps: int, milestones: Sequence[int], gamma: float = 0.1) -> Rates:
    counts = Counter(milestones)
    first = base * gamma ** counts[0] if 0 in counts else base
    return _stepped(first, steps, lambda t, rate: rate * gamma ** counts[t] if t in counts else rate)


def reduced_start(base: float, steps: int, factor: float = 1.0 / 3.0, total_iters: int = 5) -> Rates:
    if not 0.0 <= factor <= 1.0:
        raise ValueError(f"factor must lie in [0, 1], got {factor!r}")
    return _stepped(base * factor, steps, lambda t, rate: rate * (1.0 / factor) if t == total_iters else rate)


def linear(
    base: float, steps: int, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0, total_iters: int = 5
) -> Rates:
    if not 0.0 < start_factor <= 1.0 or not 0.0 <= end_factor <= 1.0:
        raise ValueError(
            f"start_factor must lie in (0, 1] and end_factor in [0, 1], got {start_factor!r} and {end_factor!r}"
        )
    span = end_factor - start_factor

    def move(t: int, rate: float) -> float:
        if t > total_iters:
            return rate
        return rate * (1.0 + span / (total_iters * start_factor + (t - 1) * span))

    return _stepped(base * start_factor, steps, move)


def exponential(base: float, steps: int, gamma: float) -> Rates:
    return _stepped(base, steps, lambda t, rate: rate * gamma)


def polynomial(base: float, steps: int, total_iters: int = 5, power: float = 1.0) -> Rates:
    def move(t: int, rate: float) -> float:
        if t > total_iters:
            return rate
        return rate * ((1.0 - t / total_iters) / (1.0 - (t - 1) / total_iters)) ** power

    return _stepped(base, steps, move)


def cosine(base: float, steps: int, T_max: int, eta_min: float = 0.0) -> Rates:
    _whole("T_max", T_max, 1)

    def move(t: int, rate: float) -> float:
        if (t - 1 - T_max) % (2 * T_max) == 0:
            return rate + (base - eta_min) * (1 - math.cos(math.pi / T_max)) / 2
        turned = (1 + math.cos(math.pi * t / T_max)) / (1 + math.cos(math.pi * (t - 1) / T_max))
        return turned * (rate - eta_min) + eta_min

    return _stepped(base, steps, move)


def cosine_restarts(base: float, steps: int, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Rates:
    period, since = _whole("T_0", T_0, 1), 0
    _whole("T_mult", T_mult, 1)
    for _ in range(steps + 1):
        yield eta_min + (base - eta_min) * (1 + math.cos(math.pi * since / period)) / 2
        since += 1
        if since >= period:
            since, period = since - period, period * T_mult


def one_cycle(
    base: float, steps: int, max_lr: float, total_steps: int | None = None, epochs: int | None = None,
    steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
    cycle_momentum: bool = True, base_momentum: float = 0.85, max_momentum: float = 0.95, div_factor: float = 25.0,
    final_div_factor: float = 1e4, three_phase: bool = False,
) -> Rates:  # fmt: skip
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch, got neither")
        total_steps = _whole("epochs", epochs, 1) * _whole("steps_per_epoch", steps_per_epoch, 1)
    total = _whole("total_steps", total_steps, 1)
    if steps > total:  # torch lets it go one step beyond the end of the cycle, along the last curve
        raise ValueError(f"OneCycleLR can make at most {total} steps with total_steps {total}, got {steps}")
    if anneal_strategy not in ("cos", "linear") or not 0.0 <= pct_start <= 1.0:
        raise ValueError(
            f"anneal_strategy must be 'cos' or 'linear' and pct_start lie in [0, 1], got {anneal_strategy!r} and "
            f"{pct_start!r}"
        )
    first = max_lr / div_factor
    last = first / final_div_factor
    phases = [(float(pct_start * total) - 1, first, max_lr)]
    if three_phase:
        phases += [(float(2 * pct_start * total) - 2, max_lr, first), (total - 1, first, last)]
    else:
        phases += [(total - 1, max_lr, last)]
    for t in range(steps + 1):
        begin: float = 0
        for i, (end, low, high) in enumerate(phases):
            if t <= end or i == len(phases) - 1:
                share = (t - begin) / (end - begin)
                if anneal_strategy == "linear":
                    yield (high - low) * share + low
                else:
                    yield high + (low - high) / 2.0 * (math.cos(math.pi * share) + 1)
                break
            begin = end


def cyclic(
    base: float, steps: int, max_lr: float, step_size_up: int = 2000, step_size_down: int | None = None,
    mode: str = "triangular", gamma: float = 1.0, scale_mode: str = "cycle", cycle_momentum: bool = True,
    base_momentum: float = 0.8, max_momentum: float = 0.9,
) -> Rates:  # fmt: skip
    if mode not in ("triangular", "triangular2", "exp_range"):
        raise ValueError(f"mode must be 'triangular', 'triangular2' or 'exp_range', got {mode!r}")
    up = float(step_size_up)
    total = up + (float(step_size_down) if step_size_down is not None else up)
    for t in range(steps + 1):
        cycle = math.floor(1 + t / total)
        x = 1.0 + t / total - cycle
        scale = x / (up / total) if x <= up / total else (x - 1) / (up / total - 1)
        height = (max_lr - base) * scale
        if mode == "triangular":
            yield base + height * 1.0
        elif mode == "triangular2":
            yield base + height * (1 / (2.0 ** (cycle - 1)))
        else:
            yield base + height * gamma**t


def table(base: float, steps: int, factors: Sequence[float]) -> Rates:
    if len(factors) < steps + 1:
        raise ValueError(f"factors must have {steps + 1} entries for {steps} steps, got {len(factors)}")
    return [base * factor for factor in factors[: steps + 1]]


def multiplicative(base: float, steps: int, factors: Sequence[float]) -> Rates:
    if len(factors) < steps:
        raise ValueError(f"factors must have {steps} entries for {steps} steps, got {len(factors)}")
    return _stepped(base, steps, lambda t, rate: rate * factors[t - 1])
