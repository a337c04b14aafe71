"""A schedule from gradient norms, one number at a time: sorted windows, sums over all that follows."""

from __future__ import annotations

import math
from collections.abc import Sequence


def refined(norms: Sequence[float], exponent: int, window: int) -> list[float]:
    """eta_t = w_t (w_{t+1} + ... + w_T) over the largest, w_t = (median of the window around t)^-exponent."""
    weights = [median ** -float(exponent) for median in running_median(norms, window)]
    rates = [w * math.fsum(weights[t + 1 :]) for t, w in enumerate(weights)]
    return [rate / max(rates) for rate in rates]


def published(norms: Sequence[float], exponent: int, share: float, points: int) -> list[float]:
    """The pipeline of the code published with arXiv 2310.07831, there with share 0.1 and 10,000 points."""
    left = [norm for norm in norms if math.isfinite(norm)][2:-2]
    if len(left) < points:
        left = interpolated(left, points)
    window = 2 * (int(share * points) // 2) + 1
    # the padding is longer than half a window, and cut off again
    medians = interpolated(running_median(left, window), points)
    return refined(medians, exponent, 1)


def running_median(norms: Sequence[float], window: int) -> list[float]:
    """Middle of the sorted window of an odd number of entries; before the first that one, beyond the last reflected."""
    half, last = window // 2, len(norms) - 1

    def entry(i: int) -> float:
        if i < 0:
            return norms[0]
        while not 0 <= i <= last:  # a mirror at either end, which shows the entry on it once
            i = 2 * last - i if i > last else -i
        return norms[i]

    return [sorted(entry(i) for i in range(t - half, t + half + 1))[half] for t in range(len(norms))]


def interpolated(values: Sequence[float], points: int) -> list[float]:
    """Straight lines between the values, at equally spaced places from the first to the last."""
    found: list[float] = []
    for k in range(points):
        place = k * (len(values) - 1) / (points - 1)
        left = min(int(place), len(values) - 2)
        found.append(values[left] + (place - left) * (values[left + 1] - values[left]))
    return found
