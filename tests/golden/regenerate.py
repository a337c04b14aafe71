"""Digests of what every plug-in does on fixed runs, kept in digests.json beside the plug-in's version.

    python -m tests.golden.regenerate          write what is new or has a new version; refuse anything else
    python -m tests.golden.regenerate --moved  accept digests that moved without a new version

The second form is for a change of the driver or of the draws, which moves all numbers at once: name it in
CHANGELOG.md. A plug-in whose numbers move gets a higher `version` instead, so that stored results of the old
one are not taken for its own.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from greedylr_theory import Run, load, simulate
from greedylr_theory.contracts import Plugin, ScheduleWarning
from greedylr_theory.schedulers import Cosine, Exponential, GreedyBest

DIGESTS = Path(__file__).parent / "digests.json"
FOLDERS = ("objectives", "optimizers", "schedulers", "perturbations")

_PAUSES = {"patience": 1, "cooldown": 2, "warmup": 1}

#: parameters of plug-ins that have no defaults, or whose defaults leave most of the kernel idle
OPTIONS: dict[str, dict[str, Any]] = {
    "objectives/expression": {
        "text": "log(cosh(x0)) + sin(x1)**2/(1+x0**2) + max(x1, x2)**2 + sqrt(1+x2**2) + abs(x2)**1.5"
    },
    "objectives/least_squares": {"features": ((1.0, 0.5), (0.1, 2.0), (-1.5, 1.0)), "targets": (1.0, 0.3, -2.0)},
    "objectives/resisting": {"slopes": (1.0, 2.0, 0.5)},
    "objectives/rotated_quadratic": {"eigenvalues": (0.5, 3.0, 10.0)},
    "objectives/squared_hinges": {"features": ((1.0, 0.5), (-0.1, -2.0), (-1.5, 1.0)), "thresholds": (-1.0, 0.3, 0.0)},
    "objectives/perceptron": {"inputs": 4, "samples": 12, "hidden": (5.0, 3.0), "activation": "tanh", "batch": 5},
    "objectives/quadratic": {"eigenvalues": (0.5, 3.0, 10.0)},
    "optimizers/adam_s": {"weight_decay": 0.1},
    "optimizers/momentum": {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
    "schedulers/barzilai_borwein": {"variant": 2},
    "schedulers/chebyshev": {"total": 8},
    "schedulers/chained": {"schedules": (Cosine(), Exponential(0.99))},
    "schedulers/cyclic": {"max_lr": 0.1, "up": 30},
    "schedulers/one_cycle": {"total": 201},
    "schedulers/polynomial": {"power": 2.0},
    "schedulers/table": {"factors": (1.0, 0.5, 0.75)},
    "schedulers/warmup_hard_restarts": {"cycles": 2},
    "schedulers/one_cycle_momentum": {"total": 201, "smallest": 0.05, "largest": 0.1},
    "schedulers/reduce_on_plateau": {"patience": 1, "cooldown": 2, "factor": 0.9},
    "schedulers/sequential": {
        "stages": (Exponential(0.99), GreedyBest(patience=1, max_lr=0.15)),
        "milestones": (20.0,),
    },
    "schedulers/warmup": {"after": GreedyBest(patience=1, max_lr=0.15)},
    "perturbations/adversarial": {"channel": "observed_loss"},
    "perturbations/burst": {"channel": "gradient"},
    "perturbations/drift": {"channel": "objective"},
    "perturbations/gaussian": {"channel": "gradient"},
    "perturbations/kick": {"channel": "iterate", "duration": 4},
    "perturbations/oscillatory": {"channel": "objective"},
    "perturbations/periodic_spike": {"channel": "observed_loss"},
    "perturbations/plateau": {"channel": "iterate"},
    "perturbations/random_spike": {"channel": "objective", "strength": 1.0},
    "schedulers/greedy_best": {**_PAUSES, "threshold": 0.01, "max_lr": 0.15, "reset_start": 60},
    "schedulers/greedy_library": {**_PAUSES, "smooth": True, "window_size": 4, "max_lr": 0.15, "reset_start": 2},
    "schedulers/greedy_study": {"patience": 1, "adaptive_patience": True, "max_lr": 0.15},
}
#: these read data sets of other packages, whose next release may round them differently
SKIPPED = ("objectives/logistic",)


def digests() -> dict[str, dict[str, Any]]:
    """{folder/file: {version, loss, lr, x_end}} for every plug-in that is not skipped."""
    found: dict[str, dict[str, Any]] = {}
    for folder in FOLDERS:
        for name, plugin in load(f"greedylr_theory.{folder}").items():
            if f"{folder}/{name}" in SKIPPED:
                continue
            made = plugin(**OPTIONS.get(f"{folder}/{name}", {}))
            found[f"{folder}/{name}"] = {"version": plugin.version} | digest(folder, made)
    return found


def digest(folder: str, plugin: Plugin) -> dict[str, str]:
    """SHA-256 (32 hexadecimal digits) of losses, rates and last iterates of eight replicates."""
    from greedylr_theory.objectives import LeastSquares, Quadratic
    from greedylr_theory.perturbations import LossNoise
    from greedylr_theory.schedulers import GreedyPrevious

    # rates that no objective here diverges at, and for the rest rates inside the default bounds of every rule
    lr0 = 5e-4 if folder == "objectives" else 0.05
    parts: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(0.05, 1.0, 10.0)),
        "scheduler": GreedyPrevious(factor=0.9, max_lr=2.0 * lr0),
        "perturbation": LossNoise(scale=0.01),
    }
    parts[folder.removesuffix("s")] = plugin
    if parts["perturbation"].relabels:
        parts["objective"] = LeastSquares(**OPTIONS["objectives/least_squares"])
    runs = [Run(**parts, lr0=lr0, steps=200, replicate=r) for r in range(8)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        trajectory = simulate(runs, stride=1)
    assert not trajectory.diverged.any(), "NaN would hide what moved"
    return {
        name: hashlib.sha256(np.ascontiguousarray(getattr(trajectory, name), dtype="<f8").tobytes()).hexdigest()[:32]
        for name in ("loss", "lr", "x_end")
    }


def stored() -> dict[str, dict[str, Any]]:
    """The digests on file."""
    return json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}


def moved(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    """Plug-ins whose numbers differ from those on file under the same version."""
    return [
        name for name in new if name in old and old[name]["version"] == new[name]["version"] and old[name] != new[name]
    ]


def main(arguments: list[str]) -> int:
    """Write digests.json; exit code 1 and nothing written when numbers moved without a new version."""
    new = digests()
    names = moved(stored(), new)
    if names and "--moved" not in arguments:
        print(f"numbers moved without a new version: {', '.join(names)}; raise their `version`, or see --moved")
        return 1
    DIGESTS.write_text(json.dumps(new, indent=2, sort_keys=True) + "\n")
    print(f"{len(new)} digests written to {DIGESTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
