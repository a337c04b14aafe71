"""One run, one step after the other, with lists and floats: what the compiled driver must reproduce."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tests.naive import draws, elementary, from_theory, labels, objectives, optimizers, perturbations, schedulers


@dataclass
class Record:
    """What one run did; the names are those of Trajectory and GradientNorms, without the axis of runs."""

    loss: list[float] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    full_loss: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    l2: list[float] = field(default_factory=list)
    l1: list[float] = field(default_factory=list)
    x_end: list[float] = field(default_factory=list)
    end_loss: float = math.nan
    steps: int = 0
    status: int = 0
    final_loss: float = math.nan
    best_loss: float = math.inf
    peak_loss: float = -math.inf
    steps_to_tolerance: int = -1
    recovery_ratio: float = math.nan
    lr_changes: int = 0
    lr_sum: float = 0.0


def noise_key(objective: Any) -> int:
    """First 8 bytes of SHA-256 of the compact JSON of [file name, dimension]."""
    text = json.dumps([type(objective).__module__.rpartition(".")[2], objective.dim], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def start_point(run: Any) -> list[float]:
    """The given point, scaled standard normals, or uniforms scaled twice."""
    if isinstance(run.start, tuple):
        return list(run.start)
    if type(run.start).__name__ == "ScaledUniform":
        u = draws.uniforms(run.start.seed, run.replicate, draws.START, 0, run.objective.dim)
        sizes = run.objective.initial_scale.tolist()
        return [run.start.scale * size * (2.0 * value - 1.0) for size, value in zip(sizes, u, strict=True)]
    z = draws.normals(run.start.seed, run.replicate, draws.START, 0, run.objective.dim)
    return [run.start.scale * value for value in z]


def start_rate(run: Any) -> float:
    """The given rate, or one whose logarithm is uniform."""
    if isinstance(run.lr0, float):
        return run.lr0
    [share] = draws.uniforms(run.lr0.seed, run.replicate, draws.RATE, 0, 1)
    low, high = elementary.log(run.lr0.low), elementary.log(run.lr0.high)
    return min(run.lr0.high, max(run.lr0.low, elementary.exp(low + share * (high - low))))


class Controls:
    """Numbers of the optimizer and the objective that move; each is the rate of a scheduler of its own."""

    def __init__(self, run: Any) -> None:
        self.plugins = {"optimizer": run.optimizer, "objective": run.objective}
        self.twins = {path: schedulers.twin(rule, [float(self.value(path))], run.steps) for path, rule in run.controls}
        self.write()

    def value(self, path: str) -> Any:
        plugin, name = path.split(".")
        return getattr(self.plugins[plugin], name)

    def step(self, metric: float) -> None:
        for control in self.twins.values():
            control.step(metric)
        self.write()

    def write(self) -> None:
        for path, control in self.twins.items():
            plugin, name = path.split(".")
            whole = isinstance(self.value(path), int)
            value = round(control.lr[0]) if whole else control.lr[0]
            self.plugins[plugin] = dataclasses.replace(self.plugins[plugin], **{name: value})


def simulate(run: Any, *, tolerance: float = 1e-6) -> Record:
    """Every step of a run; lists of T entries, NaN after divergence."""
    dim = run.objective.dim
    key = noise_key(run.objective)
    x = start_point(run)
    rule = run.scheduler.bound(run.objective)
    scheduler = schedulers.twin(rule, [start_rate(run)], run.steps, run.ordering == "before_update")
    controls = Controls(run)
    optimizer = optimizers.twin(run.optimizer, dim)
    perturbation = perturbations.twin(run.perturbation, dim)
    record = Record(steps=run.steps)
    # a schedule has nothing to observe: its first rate is that of step 0 in either ordering
    before = run.ordering == "before_update" and not isinstance(scheduler, schedulers.OpenLoop)
    level = math.nan
    relabels = type(run.perturbation).__name__ in ("LabelNoise", "CorruptedBatches")
    sampled = run.objective.sampled or relabels
    for t in range(run.steps):
        objective, optimizer.rule = controls.plugins["objective"], controls.plugins["optimizer"]
        if relabels:
            sample = draws.uniforms(key, run.replicate, draws.SAMPLE, t, labels.draws_needed(run.objective))
            rows = labels.relabelled_rows(objective, run.perturbation, sample, run.objective.uniforms)
            evaluate = partial(objectives.value_and_gradient_of, objective, rows=rows)
        else:
            sample = draws.uniforms(key, run.replicate, draws.SAMPLE, t, run.objective.uniforms)
            evaluate = partial(objectives.value_and_gradient, objective, draws=sample)
        loss, gradient = evaluate(list(x))
        alive = math.isfinite(loss) and all(math.isfinite(value) for value in x)
        if not sampled:
            full_loss = loss
        else:
            full_loss = objectives.full_value_and_gradient(objective, list(x))[0] if alive else math.nan
        normal, uniform = perturbation.counts()
        observed = perturbation.disturb(
            t,
            loss,
            draws.normals(key, run.replicate, draws.NORMAL, t, normal),
            draws.uniforms(key, run.replicate, draws.UNIFORM, t, uniform),
            gradient,
            x,
        )
        record.loss.append(loss)
        record.observed.append(observed)
        record.full_loss.append(full_loss)
        if not alive:
            record.status, record.steps = 1, t
            break
        if t == 0 and run.objective.minimum is not None and not sampled:
            level = run.objective.minimum + tolerance * (loss - run.objective.minimum)
        if record.steps_to_tolerance < 0 and loss <= level:
            record.steps_to_tolerance = t
        scheduler.view = from_theory.View(list(x), list(gradient), loss, lambda point, at=evaluate: at(point)[0])
        if before:
            scheduler.step(observed)
        record.lr.append(scheduler.lr[0])
        record.l2.append(math.sqrt(schedulers.plain_sum([g * g for g in gradient])))
        record.l1.append(schedulers.plain_sum([abs(g) for g in gradient]))
        optimizer.move(x, gradient, scheduler.lr[0])
        if not before:
            scheduler.step(observed)
        controls.step(observed)
    summarise(record, record.loss[: record.steps])
    if record.status == 0:
        record.end_loss = objectives.full_value_and_gradient(controls.plugins["objective"], list(x))[0]
        if not (math.isfinite(record.end_loss) and all(math.isfinite(value) for value in x)):
            record.status = 1
    if record.status == 0:
        record.x_end = x
    else:
        record.x_end, record.end_loss, record.recovery_ratio = [math.nan] * dim, math.nan, math.nan
    for series in (record.loss, record.observed, record.full_loss, record.lr, record.l2, record.l1):
        series += [math.nan] * (run.steps - len(series))
    return record


def summarise(record: Record, losses: list[float]) -> None:
    """Summaries of the losses before the run ended, and of the rates used."""
    if losses:
        record.final_loss, record.best_loss, record.peak_loss = losses[-1], min(losses), max(losses)
        tail = losses[-10:]
        record.recovery_ratio = elementary.divided(record.peak_loss, schedulers.plain_sum(tail) / len(tail))
    record.lr_sum = schedulers.plain_sum(record.lr)
    record.lr_changes = [a == b for a, b in zip(record.lr, record.lr[1:], strict=False)].count(False)


def replay(
    rule: Any, metrics: Sequence[float], lr0: float | Sequence[float], *, min_lr: Any = None, max_lr: Any = None
) -> np.ndarray:
    """Rates in force after each metric: (T,) for one rate, (T, groups) when anything is given per group."""
    bounds = {name: value for name, value in (("min_lr", min_lr), ("max_lr", max_lr)) if value is not None}
    rule = dataclasses.replace(rule, **bounds)
    given = [lr0, getattr(rule, "min_lr", 0.0), getattr(rule, "max_lr", 0.0)]
    groups = [len(value) for value in given if not isinstance(value, int | float)]
    scheduler = schedulers.twin(rule, schedulers.spread(lr0, groups[0] if groups else 1), len(metrics))
    rates: list[list[float]] = []
    for metric in metrics:
        scheduler.step(float(metric))
        rates.append(list(scheduler.lr))
    table = np.array(rates).reshape(len(metrics), -1)
    return table if groups else table[:, 0]
