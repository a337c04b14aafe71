"""Folder = noun, file = instance, one exported name: the loader that serves every such folder."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable
from typing import Any


def load(package: str, export: str | tuple[str, ...] = "PLUGIN") -> dict[str, Any]:
    """Import every public file of a package and return what each exports, by file name.

    Args:
        package: importable name, e.g. "greedylr_theory.schedulers" or "proofs".
        export: the name each file exports: PLUGIN, CLAIM, SWEEP or PAGE; or several, of which it exports one: a file of
            paper_figures has a FIGURE or a TABLE.

    Returns:
        {file name: exported object} in alphabetical order; files that start with "_" are skipped.

    Raises:
        ValueError: the package does not exist.
        AttributeError: a public file lacks the export, or has more than one of several.

    >>> sorted(load("greedylr_theory.optimizers"))
    ['adam', 'adam_s', 'adam_w', 'adaptive_heavy_ball', 'gradient_descent', 'momentum']
    """
    return {name: instance(package, name, export) for name in names(package)}


def names(package: str) -> list[str]:
    """File names in a catalogue, alphabetical, without importing the files."""
    try:
        folder = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ValueError(
            f"package must be importable, such as 'greedylr_theory.schedulers', got {package!r}; "
            "proofs, experiments and paper_figures exist only in an editable checkout"
        ) from None
    return sorted(entry.name for entry in pkgutil.iter_modules(folder.__path__) if not entry.name.startswith("_"))


def instance(package: str, name: str, export: str | tuple[str, ...] = "PLUGIN") -> Any:
    """What one file of a catalogue exports.

    Raises:
        ValueError: there is no such file; the message lists those that exist.
        AttributeError: as in `load`.
    """
    known = names(package)
    if name not in known:
        raise ValueError(f"{package} has no {name!r}; it has: {', '.join(known)}")
    module = importlib.import_module(f"{package}.{name}")
    if isinstance(export, str):
        return getattr(module, export)
    found = [word for word in export if hasattr(module, word)]
    if len(found) != 1:
        raise AttributeError(
            f"{package}.{name} must export one of {', '.join(export)}, got {', '.join(found) or 'none'}"
        )
    return getattr(module, found[0])


def spelled(package: str, name: str) -> str:
    """The file name that is meant by a class name or by one without its underscores; any other name as it is.

    >>> spelled("greedylr_theory.optimizers", "AdamW"), spelled("greedylr_theory.optimizers", "sgd")
    ('adam_w', 'sgd')
    """
    bare = name.replace("_", "").lower()
    return next((file for file in names(package) if file.replace("_", "") == bare), name)


def lazy_classes(package: str) -> Callable[[str], Any]:
    """A module-level ``__getattr__`` that finds class CosineDecay in file cosine_decay, on first use.

    The module also gets the names of all its classes, for `dir` and `import *`.
    """

    def attribute(name: str) -> Any:
        if name == "__all__":
            return classes()
        file = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        if name.startswith("_") or not name[:1].isupper() or file not in names(package):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{file}"), name)

    def classes() -> list[str]:
        return ["".join(word.capitalize() for word in file.split("_")) for file in names(package)]

    module = vars(sys.modules[package])
    module["__dir__"] = lambda: sorted({*module, *classes()})
    return attribute
