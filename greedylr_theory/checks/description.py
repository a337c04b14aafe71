"""It says what it is: docstrings of the file and of the class, which names every parameter with its meaning."""

from __future__ import annotations

import inspect
import re
from typing import Any

from greedylr_theory.checks._check import Check, Violation


def measure(plugin: Any) -> str:
    kind = type(plugin)
    text = inspect.getdoc(kind) or ""
    if not text or text.startswith(f"{kind.__name__}("):  # a dataclass without docstring shows its signature
        raise Violation(f"{kind.__name__} has no docstring")
    module = inspect.getmodule(kind)
    if module is None or not module.__doc__:
        raise Violation(f"the file of {kind.__name__} has no docstring: one line that says what it is")
    names: list[str] = []
    for name, declared in kind.parameters():
        if not re.search(rf"\b{name}\b", text):
            raise Violation(f"the docstring does not say what {name} is")
        if not (declared.symbol and declared.doc and declared.unit) or "\n" in declared.doc or declared.doc[-1] == ".":
            raise Violation(f"{name} needs a symbol, a unit and a doc of one line without a full stop")
        names.append(name)
    return f"parameters described: {', '.join(names) or 'none'}"


CHECK = Check("it describes itself", measure)
