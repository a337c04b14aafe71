"""Between this package and deep-learning libraries; nothing of theirs is imported before it is needed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greedylr_theory.interop.to_torch import to_torch as to_torch

_HOME = {"to_torch": "to_torch"}

__all__ = ["to_torch"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found  # before the submodule of that name, which an import puts there
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
