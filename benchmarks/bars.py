"""How fast is fast enough: what the ratios of times (others over this package) are held against.

The ratio to C is asked for the other way round in words (time of this package over that of C): at most 0.30 of scalar
code and at most 1.5 of vectorised code in geometric mean, and at most 2 of vectorised code in every workload.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

#: contender -> (bar on the geometric mean, bar on every workload) of others over package
BARS: dict[str, tuple[float | None, float | None]] = {
    "torch": (8000.0, 3000.0),
    "torch_batched": (7.0, None),
    "numpy": (4.0, None),
    "jax": (4.5, None),
    "c": (1.0 / 0.30, None),
    "c_lanes": (1.0 / 1.5, 1.0 / 2.0),
}


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def judged(ratios: dict[str, list[float]]) -> list[dict[str, Any]]:
    """One entry per bar: what was asked and what was measured."""
    found: list[dict[str, Any]] = []
    for key, values in ratios.items():
        mean_bar, each_bar = BARS.get(key, (None, None))
        for what, bar, value in (
            ("geometric mean", mean_bar, geometric_mean(values)),
            ("every workload", each_bar, min(values)),
        ):
            if bar is not None:
                found.append({"against": key, "what": what, "bar": bar, "measured": value, "met": value >= bar})
    return found


def table(entries: list[dict[str, Any]]) -> Table:
    shown = Table(title="bars: time of the other over time of this package, at least")
    for column in ("against", "what", "bar", "measured", "package / other", ""):
        shown.add_column(column, justify="left" if column in ("against", "what", "") else "right")
    for entry in entries:
        bar, value = entry["bar"], entry["measured"]
        shown.add_row(
            entry["against"], entry["what"], f"{bar:,.3g}" if bar < 100 else f"{bar:,.0f}",
            f"{value:,.3g}" if value < 100 else f"{value:,.0f}", f"{1 / value:.3g} (bar {1 / bar:.3g})",
            "met" if entry["met"] else "missed",
        )  # fmt: skip
    return shown
