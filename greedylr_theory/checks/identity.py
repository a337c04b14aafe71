"""What identifies a plug-in: equal when pickled, one key, a canonical specification, a key for every value."""

from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check, Violation
from greedylr_theory.checks._subject import field_of, several_runs
from greedylr_theory.params import Choice, canonical_json


def measure(plugin: Any) -> str:
    run = several_runs(plugin, 1)[0]
    copy = pickle.loads(pickle.dumps(run))
    if copy != run or copy.key != run.key or hash(copy) != hash(run):
        raise Violation(f"a run is another after pickling: key {copy.key}, was {run.key}")
    if not np.array_equal(getattr(copy, field_of(plugin)).pack(), plugin.pack(), equal_nan=True):
        raise Violation("the packed parameters are others after pickling")
    text = canonical_json(run.specification())
    if canonical_json(json.loads(text)) != text:
        raise Violation("the specification is no canonical JSON: its parameters must be numbers, words and lists")
    changed: list[str] = []
    for name, declared in plugin.parameters():
        other = _another(plugin, name, declared)
        if other is None:
            continue
        if dataclasses.replace(run, **{field_of(plugin): other}).key == run.key:
            raise Violation(f"the key is the same whatever {name} is")
        changed.append(name)
    return f"key {run.key[:8]}..., and another when this was changed: {', '.join(changed) or 'nothing'}"


def _another(plugin: Any, name: str, declared: Any) -> Any:
    """A copy with another legal value of one number or word, or None when none was found."""
    value = getattr(plugin, name)
    candidates = {
        "bool": [not value],
        "choice": list(declared.domain.options) if isinstance(declared.domain, Choice) else [],
        "int": [1, 2, 3, 5, 7],
        "float": [0.25, 0.5, 0.75, 1.0, 2.0, 10.0],
        "per_group": [0.25, 0.5, 0.75, 1.0, 2.0, 10.0],
    }.get(declared.kind, [])
    shape = plugin.dim if hasattr(plugin, "dim") else None
    for candidate in candidates:
        try:
            other = dataclasses.replace(plugin, **{name: candidate})
        except ValueError:
            continue
        if candidate != value and (shape is None or other.dim == shape):
            return other
    return None


CHECK = Check("it has an identity", measure)
