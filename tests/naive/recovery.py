"""Recovery from disturbances for one run, as lists and plain loops: (start, length, reference, excess) per episode.

Written from the definitions, not from the arrays: an episode that has not ended with the run has length inf.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Episode = tuple[int, float, float, float]


def excess(loss: Sequence[float], start: int, end: int) -> float:
    """What the losses after the start and before the end have above the first, summed in order."""
    total = 0.0
    for value in loss[start + 1 : end]:
        total += math.inf if math.isnan(value) else max(value - loss[start], 0.0)
    return total


def published_episodes(loss: Sequence[float], amount: Sequence[float]) -> list[Episode]:
    """Starts: amount > 0, none under way. Ends: the first later loss below 1.1 times the first."""
    found: list[Episode] = []
    step = 0
    while step < len(loss):
        if not (amount[step] > 0 and math.isfinite(loss[step])):
            step += 1
            continue
        later = [t for t in range(step + 1, len(loss)) if loss[t] < 1.1 * loss[step]]
        end = later[0] if later else len(loss)
        length = float(end - step) if later else math.inf
        found.append((step, length, loss[step], excess(loss, step, end)))
        step = end + 1  # at the step that ends one none starts
    return found


def recovery_episodes(loss: Sequence[float], disturbed: Sequence[bool], minimum: float = 0.0) -> list[Episode]:
    """Starts: disturbed, none under way. Ends: the disturbance without a gap is over, and f - f* within 10 %."""
    found: list[Episode] = []
    step = 0
    while step < len(loss):
        if not (disturbed[step] and math.isfinite(loss[step])):
            step += 1
            continue
        last = step
        while last + 1 < len(loss) and disturbed[last + 1]:
            last += 1
        limit = 1.1 * max(loss[step] - minimum, 0.0)
        later = [
            t for t in range(last + 1, len(loss)) if not math.isnan(loss[t]) and max(loss[t] - minimum, 0.0) <= limit
        ]
        end = later[0] if later else len(loss)
        length = float(end - last) if later else math.inf
        found.append((step, length, loss[step], excess(loss, step, end)))
        step = end  # the loss that ends one was computed before anything acted there
    return found


def steps_until(loss: Sequence[float], limit: float, after: int) -> float:
    """From step `after` to the first later one with a loss of at most the limit."""
    for step in range(after + 1, len(loss)):
        if loss[step] <= limit:
            return float(step - after)
    return math.inf
