"""The schedules of `torch.optim.lr_scheduler` and of transformers by their own names, value for value.

torch steps most of its schedules by recursion (rate of step t from that of step t - 1), so that roundings pile up and
cosines near their zero lose digits. The recursions are carried out here in the same order of operations in plain
Python, with the C library's cosine, so that the rates are torch's own and not merely near them. The plug-ins in
`greedylr_theory.schedulers` use closed forms instead, which are the same schedules to rounding.
"""

from __future__ import annotations

import inspect
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: a schedule as torch sees it: the rate at step 0 and what the rate of step t becomes from that of step t - 1
Steps = Iterable[float]


def schedule(name: str, *, base_lr: float, steps: int, **options: Any) -> NDArray[np.float64]:
    """Rates after 0, 1, ..., `steps` scheduler steps, as the real scheduler gives them.

    Args:
        name: a class of `torch.optim.lr_scheduler`, such as "StepLR", or a function of transformers, such as
            "get_linear_schedule_with_warmup"; `names()` lists them.
        base_lr: rate of the optimizer; for CyclicLR the lower bound; OneCycleLR does not use it (give `max_lr`).
        steps: number of scheduler steps, at least 0.
        options: keywords of the class or function. SequentialLR and ChainedScheduler take `schedulers` as a list of
            [name, {options}]; LambdaLR and MultiplicativeLR take `factors`, a list, in place of a function.

    Returns:
        Rates (steps + 1,).

    Raises:
        ValueError: there is no such schedule or option, one is missing, a value is impossible, or OneCycleLR would be
            stepped beyond its end.

    >>> schedule("StepLR", base_lr=1.0, steps=4, step_size=2, gamma=0.5)
    array([1.  , 1.  , 0.5 , 0.5 , 0.25])
    """
    if name not in _SCHEDULES:
        raise ValueError(f"there is no schedule {name!r}; there are: {', '.join(names())}")
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 0:
        raise ValueError(f"steps must be an integer of at least 0, got {steps!r}")
    if isinstance(base_lr, bool) or not isinstance(base_lr, int | float) or not 0.0 <= base_lr < math.inf:
        raise ValueError(f"base_lr must be a finite number of at least 0, got {base_lr!r}")
    return np.array(_rates(name, float(base_lr), int(steps), options), dtype=np.float64)


def names() -> list[str]:
    """Every name that `schedule` takes."""
    return sorted(_SCHEDULES)


def _rates(name: str, base: float, steps: int, options: dict[str, Any]) -> list[float]:
    rule = _SCHEDULES[name]
    try:
        inspect.signature(rule).bind(base, steps, **options)
    except TypeError as error:
        known = ", ".join(list(inspect.signature(rule).parameters)[2:]) or "none"
        raise ValueError(f"{name}: {error}; its options are: {known}") from None
    try:
        found = list(rule(base, steps, **options))
    except (TypeError, ZeroDivisionError, IndexError, OverflowError) as error:
        raise ValueError(f"{name} cannot be computed from {options!r}: {error}") from None
    return found[: steps + 1]


def _whole(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be an integer of at least {low}, got {value!r}")
    return int(value)


@dataclass(frozen=True)
class _Recursion:
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


def _stepped(first: float, steps: int, move: Callable[[int, float], float]) -> _Recursion:
    return _Recursion(first, steps, move)


def _step(base: float, steps: int, step_size: int, gamma: float = 0.1) -> Steps:
    size = _whole("step_size", step_size, 1)
    return _stepped(base, steps, lambda t, rate: rate * gamma if t % size == 0 else rate)


def _multi_step(base: float, steps: int, milestones: Sequence[int], gamma: float = 0.1) -> Steps:
    counts = Counter(milestones)
    first = base * gamma ** counts[0] if 0 in counts else base
    return _stepped(first, steps, lambda t, rate: rate * gamma ** counts[t] if t in counts else rate)


def _constant(base: float, steps: int, factor: float = 1.0 / 3.0, total_iters: int = 5) -> Steps:
    if not 0.0 <= factor <= 1.0:
        raise ValueError(f"factor must lie in [0, 1], got {factor!r}")
    return _stepped(base * factor, steps, lambda t, rate: rate * (1.0 / factor) if t == total_iters else rate)


def _linear(
    base: float, steps: int, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0, total_iters: int = 5
) -> Steps:
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


def _exponential(base: float, steps: int, gamma: float) -> Steps:
    return _stepped(base, steps, lambda t, rate: rate * gamma)


def _polynomial(base: float, steps: int, total_iters: int = 5, power: float = 1.0) -> Steps:
    def move(t: int, rate: float) -> float:
        if t > total_iters:
            return rate
        return rate * ((1.0 - t / total_iters) / (1.0 - (t - 1) / total_iters)) ** power

    return _stepped(base, steps, move)


def _cosine(base: float, steps: int, T_max: int, eta_min: float = 0.0) -> Steps:
    _whole("T_max", T_max, 1)

    def move(t: int, rate: float) -> float:
        if (t - 1 - T_max) % (2 * T_max) == 0:
            return rate + (base - eta_min) * (1 - math.cos(math.pi / T_max)) / 2
        turned = (1 + math.cos(math.pi * t / T_max)) / (1 + math.cos(math.pi * (t - 1) / T_max))
        return turned * (rate - eta_min) + eta_min

    return _stepped(base, steps, move)


def _cosine_restarts(base: float, steps: int, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Steps:
    period, since = _whole("T_0", T_0, 1), 0
    _whole("T_mult", T_mult, 1)
    for _ in range(steps + 1):
        yield eta_min + (base - eta_min) * (1 + math.cos(math.pi * since / period)) / 2
        since += 1
        if since >= period:
            since, period = since - period, period * T_mult


def _one_cycle(
    base: float, steps: int, max_lr: float, total_steps: int | None = None, epochs: int | None = None,
    steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
    cycle_momentum: bool = True, base_momentum: float = 0.85, max_momentum: float = 0.95, div_factor: float = 25.0,
    final_div_factor: float = 1e4, three_phase: bool = False,
) -> Steps:  # fmt: skip
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch, got neither")
        total_steps = _whole("epochs", epochs, 1) * _whole("steps_per_epoch", steps_per_epoch, 1)
    total = _whole("total_steps", total_steps, 1)
    if steps >= total:
        raise ValueError(f"OneCycleLR can make at most {total - 1} steps with total_steps {total}, got {steps}")
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


def _cyclic(
    base: float, steps: int, max_lr: float, step_size_up: int = 2000, step_size_down: int | None = None,
    mode: str = "triangular", gamma: float = 1.0, scale_mode: str = "cycle", cycle_momentum: bool = True,
    base_momentum: float = 0.8, max_momentum: float = 0.9,
) -> Steps:  # fmt: skip
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


def _table(base: float, steps: int, factors: Sequence[float]) -> Steps:
    if len(factors) < steps + 1:
        raise ValueError(f"factors must have {steps + 1} entries for {steps} steps, got {len(factors)}")
    return (base * factor for factor in factors)


def _multiplicative(base: float, steps: int, factors: Sequence[float]) -> Steps:
    if len(factors) < steps:
        raise ValueError(f"factors must have {steps} entries for {steps} steps, got {len(factors)}")
    return _stepped(base, steps, lambda t, rate: rate * factors[t - 1])


def _parts(schedulers: Any) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for part in schedulers if isinstance(schedulers, list | tuple) else ():
        if not isinstance(part, list | tuple) or not part or part[0] not in _CLOSED_AND_CHAINABLE:
            raise ValueError(
                f"schedulers must be a list of [name, {{options}}] with names among "
                f"{', '.join(_CLOSED_AND_CHAINABLE)}, got {part!r}"
            )
        found.append((part[0], dict(part[1]) if len(part) > 1 else {}))
    if not found:
        raise ValueError(f"schedulers must be a non-empty list of [name, {{options}}], got {schedulers!r}")
    return found


def _sequential(base: float, steps: int, schedulers: Any, milestones: Sequence[int]) -> Steps:
    """Each part in turn, counted from its milestone, where it begins from the base rate."""
    parts = _parts(schedulers)
    if len(milestones) != len(parts) - 1:
        raise ValueError(f"milestones must be one fewer than the {len(parts)} schedulers, got {milestones!r}")
    starts = [0, *milestones]
    tables = [_rates(name, base, max(0, steps - starts[k]), options) for k, (name, options) in enumerate(parts)]
    for t in range(steps + 1):
        k = bisect_right(milestones, t)
        yield tables[k][t - starts[k]]


def _chained(base: float, steps: int, schedulers: Any) -> Steps:
    """At each step every part moves the rate that the part before it left, by its own recursion."""
    parts = _parts(schedulers)
    for name, options in parts:
        _rates(name, base, 0, options)  # one sentence about a bad option
    rate = base
    for name, options in parts:
        first: Any = _SCHEDULES[name](1.0, 0, **options)
        rate *= first.first
    moves = [_SCHEDULES[name](base, steps, **options) for name, options in parts]
    yield rate
    for t in range(1, steps + 1):
        for part in moves:
            recursion: Any = part
            rate = recursion.move(t, rate)
        yield rate


def _warm(factor: Callable[[int], float]) -> Callable[[float, int], Steps]:
    return lambda base, steps: (base * factor(t) for t in range(steps + 1))


def _get_constant(base: float, steps: int) -> Steps:
    return (base * 1 for _ in range(steps + 1))


def _get_constant_warm(base: float, steps: int, num_warmup_steps: int) -> Steps:
    w = num_warmup_steps
    return _warm(lambda t: float(t) / float(max(1.0, w)) if t < w else 1.0)(base, steps)


def _get_linear(base: float, steps: int, num_warmup_steps: int, num_training_steps: int) -> Steps:
    w, total = num_warmup_steps, num_training_steps

    def factor(t: int) -> float:
        if t < w:
            return float(t) / float(max(1, w))
        return max(0.0, float(total - t) / float(max(1, total - w)))

    return _warm(factor)(base, steps)


def _get_cosine(
    base: float, steps: int, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Steps:
    w, total = num_warmup_steps, num_training_steps

    def factor(t: int) -> float:
        if t < w:
            return float(t) / float(max(1, w))
        progress = float(t - w) / float(max(1, total - w))
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * float(num_cycles) * 2.0 * progress)))

    return _warm(factor)(base, steps)


def _get_hard_restarts(
    base: float, steps: int, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1
) -> Steps:
    w, total = num_warmup_steps, num_training_steps

    def factor(t: int) -> float:
        if t < w:
            return float(t) / float(max(1, w))
        progress = float(t - w) / float(max(1, total - w))
        if progress >= 1.0:
            return 0.0
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((float(num_cycles) * progress) % 1.0))))

    return _warm(factor)(base, steps)


def _get_polynomial(
    base: float, steps: int, num_warmup_steps: int, num_training_steps: int, lr_end: float = 1e-7, power: float = 1.0
) -> Steps:
    if not base > lr_end:
        raise ValueError(f"lr_end must be smaller than base_lr, got {lr_end!r} and {base!r}")
    w, total = num_warmup_steps, num_training_steps

    def factor(t: int) -> float:
        if t < w:
            return float(t) / float(max(1, w))
        if t > total:
            return lr_end / base
        left = 1 - (t - w) / (total - w)
        return ((base - lr_end) * left**power + lr_end) / base

    return _warm(factor)(base, steps)


def _get_inverse_sqrt(base: float, steps: int, num_warmup_steps: int, timescale: int | None = None) -> Steps:
    w = num_warmup_steps
    scale = (w or 10_000) if timescale is None else timescale

    def factor(t: int) -> float:
        return float(t) / float(max(1, w)) if t < w else 1.0 / math.sqrt((t + (scale - w)) / scale)

    return _warm(factor)(base, steps)


def _get_cosine_floor(
    base: float, steps: int, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5,
    min_lr: float | None = None, min_lr_rate: float | None = None,
) -> Steps:  # fmt: skip
    if (min_lr is None) == (min_lr_rate is None):
        raise ValueError(f"give one of min_lr and min_lr_rate, got {min_lr!r} and {min_lr_rate!r}")
    floor = min_lr / base if min_lr is not None else float(min_lr_rate or 0.0)
    w, total = num_warmup_steps, num_training_steps

    def factor(t: int) -> float:
        if t < w:
            return float(t) / float(max(1, w))
        progress = float(t - w) / float(max(1, total - w))
        turned = 0.5 * (1.0 + math.cos(math.pi * float(num_cycles) * 2.0 * progress))
        return max(0, turned * (1 - floor) + floor)

    return _warm(factor)(base, steps)


def _get_wsd(
    base: float, steps: int, num_warmup_steps: int, num_decay_steps: int, num_training_steps: int | None = None,
    num_stable_steps: int | None = None, warmup_type: str = "linear", decay_type: str = "cosine",
    min_lr_ratio: float = 0, num_cycles: float = 0.5,
) -> Steps:  # fmt: skip
    if num_stable_steps is None and num_training_steps is None:
        raise ValueError("get_wsd_schedule needs num_training_steps or num_stable_steps, got neither")
    for kind, value in (("warmup_type", warmup_type), ("decay_type", decay_type)):
        if value not in ("linear", "cosine", "1-sqrt"):
            raise ValueError(f"{kind} must be 'linear', 'cosine' or '1-sqrt', got {value!r}")
    w, n = num_warmup_steps, num_decay_steps
    stable = (num_training_steps or 0) - w - n if num_stable_steps is None else num_stable_steps

    def factor(t: int) -> float:
        if t < w:
            progress = float(t) / float(max(1, w))
            value = {
                "linear": lambda: progress,
                "cosine": lambda: 0.5 * (1.0 - math.cos(math.pi * progress)),
                "1-sqrt": lambda: 1.0 - math.sqrt(1.0 - progress),
            }[warmup_type]()
            return max(0.0, value * (1.0 - min_lr_ratio) + min_lr_ratio)
        if t < w + stable:
            return 1.0
        if t < w + stable + n:
            progress = float(t - w - stable) / float(max(1, n))
            value = {
                "linear": lambda: 1.0 - progress,
                "cosine": lambda: 0.5 * (1.0 + math.cos(math.pi * float(num_cycles) * 2.0 * progress)),
                "1-sqrt": lambda: 1.0 - math.sqrt(progress),
            }[decay_type]()
            return max(0.0, value * (1.0 - min_lr_ratio) + min_lr_ratio)
        return min_lr_ratio

    return _warm(factor)(base, steps)


_SCHEDULES: dict[str, Callable[..., Steps]] = {
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _cosine_restarts,
    "OneCycleLR": _one_cycle,
    "CyclicLR": _cyclic,
    "LambdaLR": _table,
    "MultiplicativeLR": _multiplicative,
    "SequentialLR": _sequential,
    "ChainedScheduler": _chained,
    "get_constant_schedule": _get_constant,
    "get_constant_schedule_with_warmup": _get_constant_warm,
    "get_linear_schedule_with_warmup": _get_linear,
    "get_cosine_schedule_with_warmup": _get_cosine,
    "get_cosine_with_hard_restarts_schedule_with_warmup": _get_hard_restarts,
    "get_polynomial_decay_schedule_with_warmup": _get_polynomial,
    "get_inverse_sqrt_schedule": _get_inverse_sqrt,
    "get_cosine_with_min_lr_schedule_with_warmup": _get_cosine_floor,
    "get_wsd_schedule": _get_wsd,
}
_CLOSED_AND_CHAINABLE = (
    "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR",
)  # fmt: skip
