"""Hand-written C: one run after the other (c/scalar.c), and many runs side by side (c/lanes.c).

The sources are compiled for each workload by gcc with -O3 -march=native into a temporary folder, with the dimension
and what is computed as macros, so that each workload has a fused loop of its own. Runs side by side may also use
-ffast-math (objects only: linked without it, since it would make the whole process flush subnormal numbers to zero) and
either the vector functions of the C library or polynomials; the fastest choice that agrees counts. The code over lanes
exists a second time with everything that simulate() returns of a run (largest loss, recovery, steps to tolerance,
changes and sum of the rate, whether and when it diverged): the same deliverables, for comparison; no bar is set on it.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import shutil
import subprocess
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.contender import Choice, Contender
from benchmarks.workloads import Floats, Outcome, Solver, Workload

SOURCES = Path(__file__).parent / "c"
FLAGS = ("-std=gnu11", "-O3", "-march=native", "-fPIC", "-D_GNU_SOURCE", "-Wall", "-Wundef", "-Werror", "-Wno-unused")
#: of the code over lanes: without them a square root sets errno and a select may trap, and neither vectorises
SAFE = ("-fno-math-errno", "-fno-trapping-math")
#: the default of simulate: the relative suboptimality whose first step is a summary
TOLERANCE = 1e-6
#: rows of the summaries of c/lanes.c: last recorded loss, largest, sum of the last ten, step at which the tolerance is
#: reached, changes of the rate, sum of the rates, step at which a run ended (-1: it did not)
SUMMARIES = ("final", "peak", "tail_sum", "reached", "changes", "rate_sum", "ended")
LANES = (16, 32, 64, 128)

_NUMBERS = (
    "lr0", "factor", "patience", "min_lr", "max_lr", "beta1", "beta2", "eps", "sigma", "strength", "probability", "low",
    "spread", "tolerance",
)  # fmt: skip
_POINTER = ctypes.POINTER(ctypes.c_double)


class Setting(ctypes.Structure):
    """struct setting of c/setting.h."""

    _fields_ = (
        *((name, ctypes.c_double) for name in _NUMBERS),
        *((name, ctypes.c_int64) for name in ("steps", "period", "duration")),
        *((name, _POINTER) for name in ("eigenvalues", "rates")),
    )


def absent() -> str | None:
    return None if shutil.which("gcc") else "gcc is not installed"


def version() -> str:
    shown = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout
    return shown.splitlines()[0]


@functools.cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="greedylr-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@functools.cache
def library(source: str, macros: tuple[tuple[str, Any], ...], flags: tuple[str, ...] = ()) -> ctypes.CDLL:
    """Shared library of one source under these macros and additional flags."""
    stem = _folder() / f"{source}-{abs(hash((source, macros, flags))):x}"
    compiled, linked = stem.with_suffix(".o"), stem.with_suffix(".so")
    defined = [f"-D{name}={value}" for name, value in macros]
    vector_library = ["-lmvec"] if dict(macros).get("LIBMVEC") else []
    for command in (
        ["gcc", *FLAGS, *flags, *defined, "-c", str(SOURCES / f"{source}.c"), "-o", str(compiled)],
        ["gcc", "-shared", str(compiled), "-o", str(linked), *vector_library, "-lm"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr}")
    return ctypes.CDLL(str(linked))


def _macros(workload: Workload) -> tuple[tuple[str, Any], ...]:
    return (
        ("DIM", workload.dim),
        ("OBJECTIVE", workload.objective.upper()),
        ("ADAM", int(workload.adam)),
        ("GREEDY", int(workload.greedy)),
        ("DISTURBANCE", workload.disturbance.upper()),
    )


def _pointer(array: Floats) -> Any:
    return array.ctypes.data_as(_POINTER)


def _solver(workload: Workload, loaded: ctypes.CDLL) -> Solver:
    return lambda points: solved(workload, loaded, points)[0]


def _setting(workload: Workload, eigenvalues: Floats, rates: Floats) -> Setting:
    return Setting(
        lr0=workload.lr0, factor=workloads.FACTOR, patience=workloads.PATIENCE, min_lr=workloads.MIN_LR,
        max_lr=workload.max_lr, beta1=workloads.BETA1, beta2=workloads.BETA2, eps=workloads.EPS, sigma=workload.sigma,
        strength=workloads.STRENGTH, probability=workload.probability, low=workload.low, spread=workload.spread,
        tolerance=TOLERANCE, steps=workloads.STEPS, period=workloads.SPIKE_EVERY, duration=workloads.DURATION,
        eigenvalues=_pointer(eigenvalues), rates=_pointer(rates),
    )  # fmt: skip


def solved(workload: Workload, loaded: ctypes.CDLL, points: Floats) -> tuple[Outcome, Floats]:
    """Outcome and, of a library built with SUMMARIES, the summaries (7, R)."""
    eigenvalues, rates, starts = workload.eigenvalues, workload.rates, np.ascontiguousarray(points)
    setting, runs = _setting(workload, eigenvalues, rates), starts.shape[1]
    outcome, summaries = Outcome(np.empty(runs), np.empty(runs)), np.empty((len(SUMMARIES), runs))
    arrays = (starts, outcome.end, outcome.best, summaries)
    loaded.solve(ctypes.byref(setting), ctypes.c_int64(runs), *(_pointer(array) for array in arrays))
    return outcome, summaries


def draws(loaded: ctypes.CDLL, count: int) -> tuple[Floats, Floats]:
    """`count` normals and uniforms of a library's generators."""
    found = np.empty(count), np.empty(count)
    loaded.draw(ctypes.c_int64(count), *(_pointer(part) for part in found))
    return found


def scalar_choices(workload: Workload, quick: bool) -> list[Choice]:
    return [Choice(1)]


def scalar_library(workload: Workload) -> ctypes.CDLL:
    return library("scalar", _macros(workload))


def lane_choices(workload: Workload, quick: bool) -> list[Choice]:
    transcendental = workload.objective in ("rastrigin", "ackley") or workload.disturbance == "gradient_noise"
    options = product((False, True), ("polynomials", "libmvec") if transcendental else ("polynomials",))
    return [
        Choice(lanes, (("fast_math", fast_math), ("functions", functions)))
        for fast_math, functions in (options if not quick else ((True, "polynomials"),))
        for lanes in (LANES if not quick else (32, 64))
    ]


def lane_library(workload: Workload, choice: Choice, summaries: bool) -> ctypes.CDLL:
    options = (
        ("LANES", choice.block),
        ("LIBMVEC", int(choice["functions"] == "libmvec")),
        ("SUMMARIES", int(summaries)),
    )
    return library("lanes", (*_macros(workload), *options), ("-ffast-math",) if choice["fast_math"] else SAFE)


def summary_choices(workload: Workload, quick: bool) -> list[Choice]:
    # -ffast-math would take away the test for runs that end
    safe = [choice for choice in lane_choices(workload, False) if not choice["fast_math"]]
    return safe if not quick else [choice for choice in safe if choice.block == 64 and choice["functions"] != "libmvec"]


SCALAR = Contender(
    key="c",
    name="C, scalar",
    absent=absent,
    version=version,
    choices=scalar_choices,
    solver=lambda workload, choice: _solver(workload, scalar_library(workload)),
    runs=lambda block: 4096,
)
LANED = Contender(
    key="c_lanes",
    name="C, vectorised over runs",
    absent=absent,
    version=version,
    choices=lane_choices,
    solver=lambda workload, choice: _solver(workload, lane_library(workload, choice, summaries=False)),
    runs=lambda block: 20_480,
)
SUMMARISED = Contender(
    key="c_summaries",
    name="C, vectorised, with all summaries",
    absent=absent,
    version=version,
    choices=summary_choices,
    solver=lambda workload, choice: _solver(workload, lane_library(workload, choice, summaries=True)),
    runs=lambda block: 20_480,
)
