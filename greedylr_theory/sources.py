"""Which of the project's files a module is made of, and their digest: what it computes changes with nothing else."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

_OURS = ("greedylr_theory", "proofs", "experiments", "paper_figures")


def files(module: str) -> list[Path]:
    """The module's file and those of everything of this project that it imports, directly or not, in order of name.

    Imports are read from the text, so nothing is imported. Of a name that a package makes on demand it is not known
    from which file it comes; then all files of that package's folder count.
    """
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = None if name in found else _path(name)
        if path is not None:
            found[name] = path
            waiting += _imported(path)
    return [found[name] for name in sorted(found)]


@functools.cache
def digest(module: str) -> str:
    """SHA-256 of the names and texts of those files, as they were when this process first asked."""
    total = hashlib.sha256()
    for path in files(module):
        total.update(f"{path.parent.name}/{path.name}\n".encode() + path.read_bytes())
    return total.hexdigest()


@functools.cache
def _path(name: str) -> Path | None:
    if name.partition(".")[0] not in _OURS:
        return None
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # the parent is a file: the name is something inside it
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


@functools.cache
def _imported(path: Path) -> tuple[str, ...]:
    tree = ast.parse(path.read_bytes())
    return tuple(name for node in ast.walk(tree) for name in _names(node))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
        yield node.module
        parent = _path(node.module)
        if parent is None or parent.name != "__init__.py":
            return
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            if _path(inner) is not None:
                yield inner
            else:
                yield from (f"{node.module}.{file.stem}" for file in sorted(parent.parent.glob("[!_]*.py")))
