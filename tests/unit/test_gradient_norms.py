"""Gradient norms of simulated runs: those of the plain-Python twin, whatever sets the rates."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Batch, LogUniform, Run, simulate
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.gradient_norms import GradientNorms, gradient_norms
from greedylr_theory.objectives import LeastSquares, Perceptron, Quadratic
from greedylr_theory.optimizers import Adam, AdamW, Momentum
from greedylr_theory.perturbations import GradientNoise, LabelNoise
from greedylr_theory.schedulers import (
    Armijo,
    Constant,
    Cosine,
    GreedyPrevious,
    Linear,
    OneCycleMomentum,
    Polyak,
    Sequential,
    Step,
    Table,
    Warmup,
)
from tests.contract._examples import _NETWORK, _POINTS, assert_same_bits, several, working_run
from tests.naive.simulate import simulate as naive_simulate


def norms(runs: Any, **options: Any) -> GradientNorms:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return gradient_norms(runs, **options)


RUNS = {
    "constant": working_run(scheduler=Constant()),
    "table": working_run(scheduler=Table((1.0, 0.5, 2.0))),
    "noise on the gradient": working_run(scheduler=Cosine(), perturbation=GradientNoise(0.3)),
    "greedy before": working_run(scheduler=GreedyPrevious(factor=0.8), ordering="before_update"),
    "greedy after": working_run(scheduler=GreedyPrevious(factor=0.8), ordering="after_update"),
    "a rule that reads gradients": working_run(scheduler=Polyak()),
    "a search": working_run(scheduler=Armijo()),
    "phases": working_run(scheduler=Sequential((GreedyPrevious(factor=0.8), Step(3)), milestones=(7.0,))),
    "warmup": working_run(scheduler=Warmup(Cosine(), length=4)),
    "adam": working_run(optimizer=Adam(), scheduler=Linear(end_factor=0.1)),
    "weight decay in the optimizer": working_run(optimizer=AdamW(weight_decay=0.1)),
    "weight decay in the gradient": working_run(optimizer=Momentum(weight_decay=0.1)),
    "a control": working_run(optimizer=Momentum(), controls={"optimizer.momentum": OneCycleMomentum()}),
    "samples": working_run(objective=LeastSquares(**_POINTS, batch=2), scheduler=Cosine()),
    "other labels": working_run(LabelNoise(probability=0.3), scheduler=Cosine()),
    "a network": working_run(objective=Perceptron(**_NETWORK, batch=2), scheduler=Linear()),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_norms_are_those_of_the_plain_python_run(run: Run) -> None:
    """The fourth run diverges under most rules: NaN from there on, like the rates."""
    runs = several(run, 5)
    found = norms(runs)
    for r, one in enumerate(runs):
        record = naive_simulate(one)
        assert_same_bits(found.l2[r], np.array(record.l2), f"l2 norms of run {r}")
        assert_same_bits(found.l1[r], np.array(record.l1), f"l1 norms of run {r}")


def test_many_runs_in_any_layout_have_the_same_bits() -> None:
    """A Batch of 150 runs fills three blocks; threads, lists and the company a run is in change nothing."""
    base = dataclasses.replace(working_run(scheduler=Linear()), lr0=LogUniform(1e-3, 0.1))
    batch = Batch(base, {"replicate": np.arange(150), "scheduler.end_factor": np.linspace(0.0, 1.0, 150)})
    found = norms(batch)
    threaded, listed, alone = norms(batch, threads=2), norms(list(batch)), norms([batch[77]])
    for name in ("l2", "l1"):
        assert_same_bits(getattr(threaded, name), getattr(found, name))
        assert_same_bits(getattr(listed, name), getattr(found, name))
        assert_same_bits(getattr(alone, name)[0], getattr(found, name)[77])


def test_groups_that_are_cut_for_their_memory_are_put_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = several(working_run(scheduler=Cosine()), 70)
    found = norms(runs)
    monkeypatch.setattr("greedylr_theory.gradient_norms._BYTES_AT_ONCE", 1)
    assert_same_bits(norms(runs).l2, found.l2)


def test_norms_do_not_change_the_runs_they_are_taken_from() -> None:
    """x_T is the sum of the steps: gradient descent in one dimension gives the signs of the gradients as well."""
    run = Run(Quadratic((4.0,)), scheduler=GreedyPrevious(factor=0.5, max_lr=0.2), start=(1.0,), lr0=0.1, steps=30)
    trajectory, found = simulate([run], stride=1), norms([run])
    x = np.float64(1.0)
    for t in range(30):
        assert found.l2[0, t] == found.l1[0, t] == abs(4.0 * x)
        x -= trajectory.lr[0, t] * (4.0 * x)
    assert x == trajectory.x_end[0, 0]


def test_a_number_of_threads_must_be_one() -> None:
    with pytest.raises(ValueError, match=r"^threads must be an integer of at least 1, got 0$"):
        gradient_norms([working_run()], threads=0)
