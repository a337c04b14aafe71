"""packed(runs): the numbers of many runs as arrays with the run last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Floats, Objective, common
from greedylr_theory.simulation.batch import Batch, require_shared, shared
from greedylr_theory.simulation.run import PLUGINS, Run
from greedylr_theory.simulation.start import LogUniform, StartRule


@dataclass(frozen=True)
class Packed:
    """Arrays of R runs, the run last: what the driver needs, before it is cut into blocks."""

    base: Run
    params: dict[str, Floats]  # plug-in, or path of a control -> (p, R), `common` where all runs share them
    lr0: Floats
    starts: Callable[[slice], Floats]  # x_0 (d, n) of the runs in a slice, made when they are needed
    key: NDArray[np.uint64]
    replicate: NDArray[np.uint64]
    minimum: Floats


def packed(runs: Sequence[Run], *, with_minimum: bool) -> Packed:
    """Collect the numbers of many runs.

    Raises:
        ValueError: there are no runs, or they mix plug-in types, dimensions, data or step counts.
    """
    if len(runs) == 0:
        raise ValueError("simulate needs at least one run, got none")
    if isinstance(runs, Batch):
        return _packed_batch(runs, with_minimum)
    base = runs[0]
    wanted = shared(base)
    for r, run in enumerate(runs):
        if not isinstance(cast(object, run), Run):
            raise ValueError(f"runs must be Run objects or a Batch, got {run!r} at position {r}")
        require_shared(run, wanted, r)
    replicate = np.array([run.replicate for run in runs], dtype=np.uint64)
    minima: dict[Objective, float] = {}
    x0 = np.stack([_points(run, replicate[r : r + 1])[:, 0] for r, run in enumerate(runs)], axis=1)
    return Packed(
        base=base,
        params=_stacked([_vectors(run) for run in runs]),
        lr0=np.array([_rates(run, replicate[r : r + 1])[0] for r, run in enumerate(runs)]),
        starts=lambda part: x0[:, part],
        key=np.array([run.noise_key for run in runs], dtype=np.uint64),
        replicate=replicate,
        minimum=np.array([_minimum(run.objective, minima) if with_minimum else np.nan for run in runs]),
    )


def _packed_batch(batch: Batch, with_minimum: bool) -> Packed:
    base, size = batch.base, len(batch)
    replicate = batch.values.get("replicate", np.full(size, base.replicate)).astype(np.uint64)
    first = batch[0]
    params = {name: common(vector, size) for name, vector in _vectors(first).items()}
    if _binds(base) and any(path.startswith("objective.") for path in batch.values):
        params = _stacked([_vectors(run) for run in batch])
    else:
        for path, values in batch.values.items():
            name, _, rest = path.partition(".")
            if rest:
                params[name] = np.array(params[name])  # a column for every run
                params[name][getattr(first, name).slots()[rest]] = values
    minima: dict[Objective, float] = {}
    minimum = np.broadcast_to(np.nan, size)
    if with_minimum:
        varied = any(path.startswith("objective.") for path in batch.values)
        found = [_minimum(run.objective, minima) for run in (batch if varied else [base])]
        minimum = np.broadcast_to(np.array(found), size)
    return Packed(
        base=base,
        params=params,
        lr0=batch.values["lr0"].copy() if "lr0" in batch.values else _rates(base, replicate),
        starts=lambda part: _points(base, replicate[part]),
        key=np.broadcast_to(np.uint64(base.noise_key), size),
        replicate=replicate,
        minimum=minimum,
    )


def _vectors(run: Run) -> dict[str, Floats]:
    """Packed parameters of every plug-in and control, open ones taken from the objective."""
    found = {name: getattr(run, name).pack() for name in PLUGINS if name != "scheduler"}
    found["scheduler"] = run.scheduler.bound(run.objective).pack()
    return found | {path: rule.bound(run.objective).pack() for path, rule in run.controls}


def _stacked(vectors: list[dict[str, Floats]]) -> dict[str, Floats]:
    """Matrices (p, R) from the vectors of R runs."""
    stacked: dict[str, Floats] = {}
    for name, first in vectors[0].items():
        if all(vector[name].tobytes() == first.tobytes() for vector in vectors):
            stacked[name] = common(first, len(vectors))
        else:
            stacked[name] = np.array([vector[name] for vector in vectors]).T.copy()
    return stacked


def _binds(run: Run) -> bool:
    """Whether a scheduler takes constants from the objective."""
    return any(rule.bound(run.objective) != rule for rule in (run.scheduler, *dict(run.controls).values()))


def _rates(run: Run, replicate: NDArray[np.uint64]) -> Floats:
    return run.lr0.rates(replicate) if isinstance(run.lr0, LogUniform) else np.full(replicate.size, run.lr0)


def _points(run: Run, replicate: NDArray[np.uint64]) -> Floats:
    if isinstance(run.start, StartRule):
        return run.start.points_for(run.objective, replicate)
    return np.repeat(np.array(run.start)[:, None], replicate.size, axis=1)


def _minimum(objective: Objective, known: dict[Objective, float]) -> float:
    if objective not in known:
        known[objective] = np.nan if objective.minimum is None else objective.minimum
    return known[objective]
