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
    """Compile every kernel once: the first worker does it while the others wait, and all read its cache."""
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
        _compile_once()


def _compile_once() -> None:
    from greedylr_theory.compilation import cache_folder

    done = cache_folder() / "compiled-for-tests"
    if done.exists():
        return
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "compiling.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return
        load: Callable[[str], Any] = importlib.import_module("greedylr_theory").load
        for folder in ("objectives", "optimizers", "schedulers", "perturbations"):
            load(f"greedylr_theory.{folder}")
        importlib.import_module("greedylr_theory.simulation.simulate")
        for path in sorted((Path(__file__).parents[1] / "docs/how-to/examples").glob("*.py")):
            importlib.import_module("greedylr_theory").load_plugin(path)
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
