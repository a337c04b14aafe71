"""A schedule of torch or transformers by its own name, as a scheduler of this package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from greedylr_theory.contracts import Floats, OpenLoop
from greedylr_theory.interop.schedules import schedule
from greedylr_theory.params import Parameter, canonical_json, param

#: larger than any floor that options could name, so that they can be checked before the base rate is known
_LARGE = 1e100


@dataclass(frozen=True)
class TorchSchedule(OpenLoop):
    """gamma_t = the rate after t steps of the real scheduler with base rate gamma_0, to the bit.

    The catalogue has the same schedules by closed forms, which vectorise and whose parameters can be varied; this one
    follows the recursions of torch in their own order, for a comparison with a training run.

    Args:
        name: a class of torch or a function of transformers, as for `interop.schedule`.
        options: its keywords, a mapping or JSON text. OneCycleLR without max_lr takes gamma_0 for it.

    Raises:
        ValueError: as `interop.schedule`.

    >>> TorchSchedule("StepLR", {"step_size": 2, "gamma": 0.5}).rates(1.0, 4)
    array([1.  , 1.  , 0.5 , 0.5 , 0.25])
    """

    name: str = param(symbol="name", doc="class of torch or function of transformers", kind="text")
    options: Any = param("{}", symbol="options", doc="keywords of the class or function as JSON", kind="text")

    @classmethod
    def _validated(cls, name: str, declared: Parameter, value: Any) -> Any:
        if name == "options" and isinstance(value, Mapping):
            return canonical_json(dict(value))
        return super()._validated(name, declared, value)

    def check(self) -> None:
        try:
            options = json.loads(self.options)
        except ValueError:
            options = None
        if not isinstance(options, dict):
            raise ValueError(f"TorchSchedule.options must be a mapping or a JSON object, got {self.options!r}")
        self.rates(_LARGE, 0)

    @cached_property
    def _keywords(self) -> dict[str, Any]:
        return json.loads(self.options)

    def rates(self, lr0: float, steps: int) -> Floats:
        peak = {"max_lr": lr0} if self.name == "OneCycleLR" else {}
        return schedule(self.name, base_lr=lr0, steps=steps, **peak | self._keywords)
