"""What every rule with bounds on the rate shares: their order, and rates that start outside."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_bounds(rule: Any) -> None:
    """Raise ValueError unless min_lr <= max_lr, group by group."""
    low, high = rule.min_lr, rule.max_lr
    if isinstance(low, tuple) and isinstance(high, tuple) and len(low) != len(high):
        raise ValueError(
            f"{type(rule).__name__}.min_lr (\\gamma_{{min}}) and max_lr (\\gamma_{{max}}) must have one entry per "
            f"parameter group, got {len(low)} and {len(high)}"
        )
    groups = max(len(bound) if isinstance(bound, tuple) else 1 for bound in (low, high))
    lows = low if isinstance(low, tuple) else (low,) * groups
    highs = high if isinstance(high, tuple) else (high,) * groups
    if any(a > b for a, b in zip(lows, highs, strict=True)):
        raise ValueError(
            f"{type(rule).__name__}.min_lr (\\gamma_{{min}}) must not exceed max_lr (\\gamma_{{max}}), "
            f"got {low!r} > {high!r}"
        )


def bound_warnings(rule: Any, lr0: tuple[float, ...], below: str, above: str) -> list[str]:
    """Sentences about initial rates outside the bounds; `below` and `above` say what will happen to them."""
    lows, highs = np.broadcast_to(rule.min_lr, len(lr0)), np.broadcast_to(rule.max_lr, len(lr0))
    name = type(rule).__name__
    sentences: list[str] = []
    for rate, low, high in zip(lr0, lows, highs, strict=True):
        if rate < low:
            sentences.append(f"{name}: lr0 = {rate:g} lies below min_lr = {low:g}: {below}")
        if rate > high:
            sentences.append(f"{name}: lr0 = {rate:g} lies above max_lr = {high:g}: {above}")
    return list(dict.fromkeys(sentences))
