"""A user's own plug-in, in one file outside the package: read, kept under a name with its digest, and imported.

The copy is what makes the rest simple. Worker processes find it under the same module name, with nothing sent along;
numba's cache belongs to this very source, so that another process does not compile and an edited file is another
module; and two versions of a file never share results, as the digest is part of every key.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from greedylr_theory import catalog
from greedylr_theory.compilation import cache_folder
from greedylr_theory.contracts import (
    OBJECTIVE,
    OPTIMIZER,
    PERTURBATION,
    SCHEDULER,
    Objective,
    Optimizer,
    Perturbation,
    Plugin,
    Scheduler,
)
from greedylr_theory.files import replace_file

#: {kind: its base class and the signature of its kernel}
KINDS: dict[str, tuple[type[Plugin], Any]] = {
    "objective": (Objective, OBJECTIVE),
    "optimizer": (Optimizer, OPTIMIZER),
    "scheduler": (Scheduler, SCHEDULER),
    "perturbation": (Perturbation, PERTURBATION),
}
_DIGITS = 16

__path__.append(str(cache_folder().parent / "plugins"))


def load_plugin(path: str | Path) -> Any:
    """The plug-in that a Python file exports as PLUGIN; the file is executed, as any import is.

    Args:
        path: a file of one's own, such as "halve_every.py". It is read once and imported from a copy; what it imports
            must be installed, and what it reads (a data set) belongs into a parameter.

    Returns:
        The class. It can be used like those of the package, in worker processes too, and carries the digest of the
        file into the key of every run.

    Raises:
        ValueError: the file is missing, badly named, not valid Python, fails when it is imported, or does not export a
            plug-in with a compiled kernel of the right signature.
    """
    file = Path(path)
    if not file.is_file() or file.suffix != ".py":
        raise ValueError(f"a plug-in must be an existing Python file, got {str(path)!r}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
        raise ValueError(f"a plug-in's file must be named in lower case, such as halve_every.py, got {file.name!r}")
    content = file.read_bytes()
    try:
        compile(content, str(file), "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise ValueError(f"{file} must be valid Python, got {error.args[0]} in line {line}") from None
    name = f"{file.stem}_{hashlib.sha256(content).hexdigest()[:_DIGITS]}"
    kept = Path(__path__[-1]) / f"{name}.py"
    if not kept.is_file() or kept.read_bytes() != content:
        replace_file(kept, content)
        importlib.invalidate_caches()
    module = _imported(f"{__name__}.{name}", file, kept)
    plugin: Any = getattr(module, "PLUGIN", None)
    if plugin is None:
        raise ValueError(f"{file} must export its class as PLUGIN, got no PLUGIN")
    _require_plugin(file, plugin)
    taken = catalog.names(f"greedylr_theory.{kind_of(plugin)}s")
    if file.stem in taken:
        raise ValueError(f"{file} must not have the name of one of the package's {kind_of(plugin)}s, got {file.stem!r}")
    return plugin


def kind_of(plugin: type[Plugin]) -> str:
    """ "objective", "optimizer", "scheduler" or "perturbation"."""
    return next(kind for kind, (base, _) in KINDS.items() if issubclass(plugin, base))


def _imported(name: str, file: Path, kept: Path) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever a user's file raises
        sys.modules.pop(name, None)
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(kept)]
        where = f"line {frames[-1]} of {file}" if frames else str(file)
        raise ValueError(f"{where} raises {type(error).__name__}: {_sentence(error)}") from error


def _sentence(error: Exception) -> str:
    """The lines of a message that say something: numba's tell what failed after where it was."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in str(error).splitlines()]
    telling = [
        line for line in lines if line and not line.startswith(("Failed in", "File ", "During:", "<source", "^"))
    ]
    return (" ".join(telling) or "no message")[:300]


def _require_plugin(file: Path, plugin: Any) -> None:
    bases = ", ".join(base.__name__ for base, _ in KINDS.values())
    if not isinstance(plugin, type) or not issubclass(plugin, tuple(base for base, _ in KINDS.values())):
        raise ValueError(f"PLUGIN of {file} must be a class derived from one of {bases}, got {plugin!r}")
    if plugin.__module__ != f"{__name__}.{plugin.__module__.rpartition('.')[2]}":
        raise ValueError(f"PLUGIN of {file} must be a class of this file, got {plugin.__name__} of {plugin.__module__}")
    declared = [name for name, value in vars(plugin).items() if isinstance(value, dataclasses.Field)]
    if declared or "__dataclass_fields__" not in vars(plugin):
        raise ValueError(f"PLUGIN of {file} must be decorated with @dataclass(frozen=True), got {plugin.__name__}")
    base, signature = KINDS[kind_of(plugin)]
    kernel = getattr(plugin, "kernel", None)
    signatures = list(getattr(kernel, "nopython_signatures", []))
    found = [str(entry) for entry in signatures]
    if kernel is None or not signatures or not any(entry.args == signature.args for entry in signatures):
        raise ValueError(
            f"{plugin.__name__}.kernel of {file} must be compiled by {base.__name__.lower()}_kernel or an adapter, "
            f"got {'none' if kernel is None else found[0] if found else 'a function that is not compiled'}"
        )
    if issubclass(plugin, Objective) and plugin.dim is Objective.dim:
        raise ValueError(f"{plugin.__name__} of {file} must have a dim, the number of its coordinates, got none")
