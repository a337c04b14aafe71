"""Between this package and torch or transformers: their schedules by their own names, and live objects."""

from __future__ import annotations

from greedylr_theory.interop.from_torch import from_torch
from greedylr_theory.interop.schedules import names, schedule
from greedylr_theory.interop.to_torch import to_torch
from greedylr_theory.interop.torch_schedule import TorchSchedule

__all__ = ["TorchSchedule", "from_torch", "names", "schedule", "to_torch"]
