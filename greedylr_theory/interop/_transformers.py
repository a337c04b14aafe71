"""The schedules of `transformers.optimization`: a factor of the base rate at each step, by the functions' own keywords.

Each returns the factor as a function of the step; `base` is the base rate, which three of them need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Factor = Callable[[int], float]


def _after_warmup(warmup: int, later: Factor) -> Factor:
    """t / warmup during the warmup, `later` from its end on."""
    return lambda t: float(t) / float(max(1, warmup)) if t < warmup else later(t)


def _turned(cycles: float, share: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * float(cycles) * 2.0 * share))


def constant(base: float) -> Factor:
    return lambda t: 1.0


def constant_warmup(base: float, num_warmup_steps: int) -> Factor:
    return _after_warmup(num_warmup_steps, lambda t: 1.0)


def linear(base: float, num_warmup_steps: int, num_training_steps: int) -> Factor:
    total, length = num_training_steps, float(max(1, num_training_steps - num_warmup_steps))
    return _after_warmup(num_warmup_steps, lambda t: max(0.0, float(total - t) / length))


def cosine(base: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5) -> Factor:
    w, length = num_warmup_steps, float(max(1, num_training_steps - num_warmup_steps))
    return _after_warmup(w, lambda t: max(0.0, _turned(num_cycles, float(t - w) / length)))


def hard_restarts(base: float, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1) -> Factor:
    w, length = num_warmup_steps, float(max(1, num_training_steps - num_warmup_steps))

    def later(t: int) -> float:
        share = float(t - w) / length
        if share >= 1.0:
            return 0.0
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((float(num_cycles) * share) % 1.0))))

    return _after_warmup(w, later)


def polynomial(
    base: float, num_warmup_steps: int, num_training_steps: int, lr_end: float = 1e-7, power: float = 1.0,
    lr_init: float | None = None,
) -> Factor:  # fmt: skip
    """`lr_init`: the rate that lr_end is relative to, which is the optimizer's default and not that of a group."""
    initial = base if lr_init is None else lr_init
    if not initial > lr_end:
        raise ValueError(f"lr_end must be smaller than base_lr, got {lr_end!r} and {initial!r}")
    w, total = num_warmup_steps, num_training_steps

    def later(t: int) -> float:
        if t > total:
            return lr_end / initial
        left = 1 - (t - w) / (total - w)
        return ((initial - lr_end) * left**power + lr_end) / initial

    return _after_warmup(w, later)


def inverse_sqrt(base: float, num_warmup_steps: int, timescale: int | None = None) -> Factor:
    scale = (num_warmup_steps or 10_000) if timescale is None else timescale
    return _after_warmup(num_warmup_steps, lambda t: 1.0 / math.sqrt((t + (scale - num_warmup_steps)) / scale))


def cosine_floor(
    base: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5,
    min_lr: float | None = None, min_lr_rate: float | None = None,
) -> Factor:  # fmt: skip
    floor = _floor(base, min_lr, min_lr_rate)
    w, length = num_warmup_steps, float(max(1, num_training_steps - num_warmup_steps))
    return _after_warmup(w, lambda t: max(0.0, _turned(num_cycles, float(t - w) / length) * (1 - floor) + floor))


def cosine_floor_warmup_rate(
    base: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5,
    min_lr: float | None = None, min_lr_rate: float | None = None, warmup_lr_rate: float | None = None,
) -> Factor:  # fmt: skip
    """The warmup ends one step earlier than that of the others and the cosine is one step ahead."""
    floor = _floor(base, min_lr, min_lr_rate)
    w, length = float(num_warmup_steps), max(1.0, float(num_training_steps) - float(num_warmup_steps))

    def factor(t: int) -> float:
        if t < w and warmup_lr_rate is None:
            return (t + 1.0) / max(1.0, w)
        if t < w:
            first = float(warmup_lr_rate or 0.0)
            return first + (1.0 - first) * float(t) / max(1, w - 1)
        turned = 0.5 * (1.0 + math.cos(math.pi * num_cycles * 2.0 * ((t - w + 1.0) / length)))
        return max(0, turned * (1 - floor) + floor)

    return factor


def _floor(base: float, min_lr: float | None, min_lr_rate: float | None) -> float:
    if (min_lr is None) == (min_lr_rate is None):
        raise ValueError(f"give one of min_lr and min_lr_rate, got {min_lr!r} and {min_lr_rate!r}")
    return min_lr / base if min_lr is not None else float(min_lr_rate or 0.0)


def warmup_stable_decay(
    base: float, num_warmup_steps: int, num_decay_steps: int, num_training_steps: int | None = None,
    num_stable_steps: int | None = None, warmup_type: str = "linear", decay_type: str = "cosine",
    min_lr_ratio: float = 0, num_cycles: float = 0.5,
) -> Factor:  # fmt: skip
    if num_stable_steps is None and num_training_steps is None:
        raise ValueError("get_wsd_schedule needs num_training_steps or num_stable_steps, got neither")
    for kind, value in (("warmup_type", warmup_type), ("decay_type", decay_type)):
        if value not in ("linear", "cosine", "1-sqrt"):
            raise ValueError(f"{kind} must be 'linear', 'cosine' or '1-sqrt', got {value!r}")
    w, n = num_warmup_steps, num_decay_steps
    stable = (num_training_steps or 0) - w - n if num_stable_steps is None else num_stable_steps
    climbs: dict[str, Callable[[float], float]] = {
        "linear": lambda u: u,
        "cosine": lambda u: 0.5 * (1.0 - math.cos(math.pi * u)),
        "1-sqrt": lambda u: 1.0 - math.sqrt(1.0 - u),
    }
    descents: dict[str, Callable[[float], float]] = {
        "linear": lambda u: 1.0 - u,
        "cosine": lambda u: _turned(num_cycles, u),
        "1-sqrt": lambda u: 1.0 - math.sqrt(u),
    }

    def factor(t: int) -> float:
        if w <= t < w + stable:
            return 1.0
        if t >= w + stable + n:
            return min_lr_ratio
        value = climbs[warmup_type](t / max(1, w)) if t < w else descents[decay_type]((t - w - stable) / max(1, n))
        return max(0.0, value * (1.0 - min_lr_ratio) + min_lr_ratio)

    return factor


def by_type(
    base: float, name: str, num_warmup_steps: int | None = None, num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
) -> Factor:  # fmt: skip
    """get_scheduler: one of the others by the word of `TrainingArguments.lr_scheduler_type`."""
    rules: dict[str, tuple[Callable[..., Factor], tuple[str, ...]]] = {
        "linear": (linear, ("num_warmup_steps", "num_training_steps")),
        "cosine": (cosine, ("num_warmup_steps", "num_training_steps")),
        "cosine_with_restarts": (hard_restarts, ("num_warmup_steps", "num_training_steps")),
        "polynomial": (polynomial, ("num_warmup_steps", "num_training_steps")),
        "constant": (constant, ()),
        "constant_with_warmup": (constant_warmup, ("num_warmup_steps",)),
        "inverse_sqrt": (inverse_sqrt, ("num_warmup_steps",)),
        "cosine_with_min_lr": (cosine_floor, ("num_warmup_steps", "num_training_steps")),
        "cosine_warmup_with_min_lr": (cosine_floor_warmup_rate, ("num_warmup_steps", "num_training_steps")),
        "warmup_stable_decay": (warmup_stable_decay, ("num_warmup_steps",)),
    }
    if name not in rules:
        raise ValueError(f"the name of a table must be one of {', '.join(rules)}, got {name!r}")
    rule, needed = rules[name]
    given = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    for option in needed:
        if given[option] is None:
            raise ValueError(f"{name} needs {option}, got none")
    chosen = {option: given[option] for option in needed}
    if name == "warmup_stable_decay":
        chosen["num_training_steps"] = num_training_steps
    # the two constant schedules are made without further keywords, whatever is given
    extra = {} if name in ("constant", "constant_with_warmup") else dict(scheduler_specific_kwargs or {})
    return rule(base, **chosen, **extra)
