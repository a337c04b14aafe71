"""Curves, indices and a heat map of one run, together: computed, written to files, and as a dictionary."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory import plotting
from greedylr_theory.files import replace_file
from greedylr_theory.optimizers.gradient_descent import GradientDescent
from greedylr_theory.params import canonical_json
from greedylr_theory.perturbations.no_perturbation import NoPerturbation
from greedylr_theory.sensitivity import pictures
from greedylr_theory.sensitivity.indices import Indices, estimate
from greedylr_theory.sensitivity.ranges import Range, parsed, usual
from greedylr_theory.sensitivity.responses import Curve, Heat, Outcome, curves, heat, respond
from greedylr_theory.simulation.run import Run
from greedylr_theory.sweeps.shard import Shard

Floats = NDArray[np.float64]
#: what a name leaves out
_USUAL = (GradientDescent, NoPerturbation)


@dataclass(frozen=True, eq=False)
class Study:
    """What was varied and what came of it.

    Args:
        held: {path: why it was not varied}.
        base_median: median outcome of the run as it was given.
        diverged, clipped: shares of the runs behind the indices that diverged, and that are at the ceiling.
    """

    run: Run
    ranges: list[Range]
    held: dict[str, str]
    outcome: Outcome
    replicates: int
    seed: int
    base_median: float
    curves: list[Curve]
    indices: Indices
    diverged: float
    clipped: float
    heat: Heat | None


def study(
    run: Run,
    *,
    ranges: Sequence[str] = (),
    only: bool = False,
    pair: str | None = None,
    replicates: int = 16,
    samples: int = 256,
    points: int = 25,
    outcome: Outcome | None = None,
    seed: int = 0,
) -> Study:
    """Vary the parameters of a run.

    Args:
        ranges: texts such as "scheduler.factor=0.3:0.99", see `parsed`; beside or in place of the `usual` ones.
        only: vary nothing else.
        pair: two paths with a comma, for the heat map.

    Raises:
        ValueError: a range, the pair or a size is wrong, or a combination of values is refused by the scheduler.
    """
    for name, value, least in (("replicates", replicates, 1), ("points", points, 2)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if seed < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {seed}")
    entries = [parsed(run, text) for text in ranges]
    given = {entry.path: entry for entry in entries}
    for path in given:
        if (count := sum(entry.path == path for entry in entries)) > 1:
            raise ValueError(f"a parameter must be given one range, got {count} for {path}")
    found, held = ([], {}) if only else usual(run)
    chosen = {**{entry.path: entry for entry in found}, **given}
    held = {path: reason for path, reason in held.items() if path not in given}
    if not chosen:
        raise ValueError("nothing is varied: a range must be given, such as scheduler.factor=0.3:0.99, got none")
    across, up = _pair(pair, chosen)
    outcome = outcome or Outcome()
    varied = list(chosen.values())
    shares = np.zeros(2)

    def outputs(points_in_cube: Floats) -> Floats:
        values = {entry.path: entry.at(points_in_cube[k]) for k, entry in enumerate(varied)}
        responses = respond(run, values, replicates, outcome)
        shares[:] = responses.diverged.mean(), responses.clipped.mean()
        return np.stack([responses.median, responses.diverged.mean(axis=1)])

    return Study(
        run=run,
        ranges=varied,
        held=held,
        outcome=outcome,
        replicates=replicates,
        seed=seed,
        base_median=float(respond(run, {}, replicates, outcome).median[0]),
        curves=curves(run, varied, replicates, outcome, points),
        indices=estimate(outputs, len(varied), samples, seed=seed),
        diverged=float(shares[0]),
        clipped=float(shares[1]),
        heat=None if across is None or up is None else heat(run, across, up, replicates, outcome, points),
    )


def seconds(run: Run, ranges: int, *, replicates: int, samples: int, points: int, pair: bool) -> float:
    """Rough time of one core that a study takes, for its runs alone."""
    settings = samples * (ranges + 2) + points * ranges + (points**2 if pair else 0) + 1
    return 1e-9 * Shard("", run, {}, settings * replicates, 0, settings * replicates).nanoseconds


def as_dict(made: Study) -> dict[str, Any]:
    """Everything in a study, ready for JSON."""
    found = made.indices

    def interval(value: Floats, low: Floats, high: Floats, s: int, k: int) -> dict[str, float]:
        return {"value": float(value[s, k]), "low": float(low[s, k]), "high": float(high[s, k])}

    def index(s: int, k: int) -> dict[str, Any]:
        return {
            "first_order": interval(found.first, found.first_low, found.first_high, s, k),
            "total": interval(found.total, found.total_low, found.total_high, s, k),
        }

    content: dict[str, Any] = {
        "run": json.loads(canonical_json(made.run.specification())),
        "outcome": made.outcome.words(made.run),
        "replicates": made.replicates,
        "seed": made.seed,
        "settings": found.settings,
        "variance": found.variance[0],
        "base": made.base_median,
        "diverged": made.diverged,
        "at_ceiling": made.clipped,
        "held": made.held,
        "parameters": [
            {
                "path": curve.range.path,
                "distribution": str(curve.range),
                "base": curve.base if np.isfinite(curve.base) else str(curve.base),
                "indices": index(0, k),
                "indices_of_divergence": index(1, k) if found.variance[1] > 0 else None,
                "curve": {
                    name: getattr(curve, name).tolist() for name in ("values", "median", "low", "high", "diverged")
                },
            }
            for k, curve in enumerate(made.curves)
        ],
    }
    if made.heat is not None:
        content["heat"] = {
            "across": made.heat.across.path,
            "up": made.heat.up.path,
            **{
                name: getattr(made.heat, name).tolist() for name in ("across_values", "up_values", "median", "diverged")
            },
        }
    return content


def name_of(made: Study) -> str:
    """Of the files of a study: scheduler and objective, optimizer and perturbation unless they are the usual ones.

    Ten digits at the end identify the run, the versions of its plug-ins and all options, so that two studies share a
    name only if they are the same.
    """
    parts = [made.run.scheduler, "on", made.run.objective]
    parts += [part for part in (made.run.optimizer, made.run.perturbation) if not isinstance(part, _USUAL)]
    words = [part if isinstance(part, str) else part.plugin_name().rpartition(":")[2] for part in parts]
    content = {
        "run": made.run.specification(),
        "data": made.run.objective.data_digest,
        "varied": [[entry.path, entry.low, entry.high, entry.log] for entry in made.ranges],
        "outcome": dataclasses.asdict(made.outcome),
        "replicates": made.replicates,
        "settings": made.indices.settings,
        "points": [curve.values.size for curve in made.curves],
        "heat": None if made.heat is None else [made.heat.across.path, made.heat.up.path, *made.heat.median.shape],
        "seed": made.seed,
    }
    digest = hashlib.sha256(canonical_json(content).encode()).hexdigest()
    return "_".join([*words, digest[:10]])


def write(made: Study, folder: Path) -> list[Path]:
    """Write the pictures and a JSON file, named by `name_of`; returns their paths."""
    name = name_of(made)
    provenance = {
        "run": made.run.key,
        "varied": {entry.path: str(entry) for entry in made.ranges},
        "outcome": made.outcome.words(made.run),
        "replicates": made.replicates,
        "settings": made.indices.settings,
        "seed": made.seed,
    }
    drawn = {
        "curves": pictures.draw_curves(made.curves),
        "indices": pictures.draw_indices(made.ranges, made.indices),
    }
    if made.heat is not None:
        drawn["heat"] = pictures.draw_heat(made.heat)
    numbers = folder / f"{name}.json"
    replace_file(numbers, f"{json.dumps(as_dict(made), indent=1, allow_nan=False)}\n".encode())
    written = [numbers]
    for kind, picture in drawn.items():
        written += plotting.save(picture, f"{name}_{kind}", folder, provenance)
    return written


def _pair(text: str | None, chosen: dict[str, Range]) -> tuple[Range | None, Range | None]:
    if text is None:
        return None, None
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or names[0] == names[1] or not set(names) <= chosen.keys():
        raise ValueError(
            f"a heat map needs two of {', '.join(chosen)} (--range adds one), joined by a comma, got {text!r}"
        )
    return chosen[names[0]], chosen[names[1]]
