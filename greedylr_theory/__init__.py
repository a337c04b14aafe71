"""Theory and numerical analysis of learning-rate schedules: simulate them, check what is claimed of them.

Public names are imported on first use, so that `import greedylr_theory` stays fast and loads no compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greedylr_theory.catalog import load as load
    from greedylr_theory.contracts import Status as Status
    from greedylr_theory.plugin_files import load_plugin as load_plugin
    from greedylr_theory.simulation.batch import Batch as Batch
    from greedylr_theory.simulation.replay import replay as replay
    from greedylr_theory.simulation.run import Run as Run
    from greedylr_theory.simulation.simulate import Trajectory as Trajectory
    from greedylr_theory.simulation.simulate import simulate as simulate
    from greedylr_theory.simulation.start import LogUniform as LogUniform
    from greedylr_theory.simulation.start import ScaledUniform as ScaledUniform
    from greedylr_theory.simulation.start import StandardNormal as StandardNormal

__version__ = "0.1.0"

_HOME = {
    "Batch": "simulation.batch",
    "LogUniform": "simulation.start",
    "Run": "simulation.run",
    "ScaledUniform": "simulation.start",
    "StandardNormal": "simulation.start",
    "Status": "contracts",
    "Trajectory": "simulation.simulate",
    "load": "catalog",
    "load_plugin": "plugin_files",
    "replay": "simulation.replay",
    "simulate": "simulation.simulate",
}

__all__ = [
    "Batch",
    "LogUniform",
    "Run",
    "ScaledUniform",
    "StandardNormal",
    "Status",
    "Trajectory",
    "load",
    "load_plugin",
    "replay",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
