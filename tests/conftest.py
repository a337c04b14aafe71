"""Settings of the whole suite: hypothesis profiles, one compilation for all workers, a maker of small runs."""

from __future__ import annotations

import fcntl
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
# the same examples every time, unless one goes looking: HYPOTHESIS_PROFILE=search make test
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile every kernel once: the workers share them out, and all read the same cache."""
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
        _compile_once()


def _compile_once() -> None:
    from greedylr_theory.compilation import cache_folder

    done = cache_folder() / "compiled-for-tests"
    if done.exists():
        return
    cache_folder().mkdir(parents=True, exist_ok=True)
    package: Any = importlib.import_module("greedylr_theory")
    names: Callable[[str], list[str]] = importlib.import_module("greedylr_theory.catalog").names
    # what the others call comes first, and so once; the driver takes longest
    tasks = [("greedylr_theory.simulation.draws", importlib.import_module)]
    tasks += [("greedylr_theory.simulation.simulate", importlib.import_module)]
    for folder in ("objectives", "optimizers", "schedulers", "perturbations"):
        home = f"greedylr_theory.{folder}"
        tasks += [(f"{home}.{name}", importlib.import_module) for name in names(home)]
    examples = sorted((Path(__file__).parents[1] / "docs/how-to/examples").glob("*.py"))
    tasks += [(str(path), package.load_plugin) for path in examples]
    for leave_out in (True, False):  # what another worker is busy with, before one waits for it
        for number, (name, compile_) in enumerate(tasks):
            with (cache_folder() / f"compiling-{number}.lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | (fcntl.LOCK_NB if leave_out and number else 0))
                except BlockingIOError:
                    continue
                compile_(name)
    done.touch()


@pytest.fixture
def small_run() -> Callable[..., Any]:
    """Maker of a run that takes milliseconds; every field can be replaced."""

    def make(**fields: Any) -> Any:
        from greedylr_theory import Run
        from greedylr_theory.objectives import Quadratic
        from greedylr_theory.schedulers import GreedyPrevious

        usual: dict[str, Any] = {
            "objective": Quadratic(eigenvalues=(1.0, 10.0)),
            "scheduler": GreedyPrevious(factor=0.5),
            "lr0": 0.05,
            "steps": 30,
        }
        return Run(**usual | fields)

    return make
