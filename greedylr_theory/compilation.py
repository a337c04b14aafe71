"""Compiled kernels and their cache on disk.

numba notices a change of a function's own file only, so an edited helper would leave stale machine code
behind. The cache folder is therefore keyed by a digest of every file that kernels elsewhere call into, and of the
library versions. Public plug-in files call into those files only (tests/unit/test_compilation.py), so editing a plug-in
or adding one recompiles that one.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numpy as np
from numba.core.compiler import Compiler

#: files with functions that kernels in other files call; a kernel's own file is numba's affair
_SOURCES = (
    "compilation.py", "contracts.py", "elementary.py", "simulation/draws.py", "simulation/driver.py",
    "objectives/_*.py", "optimizers/_*.py", "schedulers/_*.py", "perturbations/_*.py",
)  # fmt: skip


#: versions of LLVM that have the option below; one that lacked it would end the process
_HOISTING_LLVM = range(17, 23)
if llvmlite.binding.llvm_version_info[0] in _HOISTING_LLVM:
    # LLVM would check for overlap once for all rows of an array, find that row i + 1 of one trip is row i of the next,
    # and run the loop over lanes without vectors; checked row by row, it does not
    llvmlite.binding.set_option("greedylr_theory", "-hoist-runtime-checks=false")


class DistinctArrays(Compiler):
    """Compile for arguments that do not overlap: the driver passes no two arrays that share memory."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.flags.noalias = True


@functools.cache
def source_digest() -> str:
    """SHA-256 (16 hexadecimal digits) of the kernel sources and the versions that compile them."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for version in (numba.__version__, llvmlite.__version__, np.__version__, platform.python_version()):
        digest.update(version.encode())
    for path in sorted(path for pattern in _SOURCES for path in package.glob(pattern)):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path:
    """Where compiled kernels are kept: GREEDYLR_CACHE, else the user's cache folder."""
    base = os.environ.get("GREEDYLR_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "greedylr_theory" / source_digest()


def kernel(signature: Any) -> Callable[[Callable[..., None]], Any]:
    """Compile a block kernel for one explicit signature, cached between processes.

    No two of its arguments may overlap. No fastmath: it gains nothing here and breaks every test for NaN and infinity.
    """

    def compiled(function: Callable[..., None]) -> Any:
        names, wanted = list(inspect.signature(function).parameters), len(signature.args)
        if len(names) != wanted:
            raise ValueError(
                f"a kernel of this kind must take {wanted} arguments, got {function.__name__}({', '.join(names)})"
            )
        # numba picks the cache folder while decorating; other people's numba functions keep theirs
        previous = numba.config.CACHE_DIR  # type: ignore[attr-defined]
        numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
        try:
            options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
            return numba.njit(signature, pipeline_class=DistinctArrays, **options)(function)
        finally:
            numba.config.CACHE_DIR = previous  # type: ignore[attr-defined]

    return compiled


#: For scalar functions that lane loops call: they vectorise across them only when nothing is left to call.
inlined = numba.njit(error_model="numpy", nogil=True, forceinline=True)
#: For functions with lane loops of their own: compiled once, since inlining them buys nothing and takes seconds.
subroutine = numba.njit(error_model="numpy", nogil=True)
