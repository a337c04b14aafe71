"""Against the real thing: GreedyLR of transformers, and CosineAnnealingLR and Adam of torch, where installed."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import Run, replay, simulate
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.schedulers import Constant, Cosine, GreedyLibrary
from tests.naive.simulate import replay as naive_replay
from tests.properties._strategies import metrics, plugins

torch = pytest.importorskip("torch")
optimization = pytest.importorskip("transformers.optimization")

# exact on purpose: the same double precision arithmetic in the same order
LR0 = st.sampled_from([0.1, 1e-3, 0.5, 1.0]) | st.floats(1e-6, 10.0)


def real_rates(scheduler: GreedyLibrary, logged: list[float], lr0: tuple[float, ...]) -> Any:
    """Rates (T, groups) after each metric, from the class that users run."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lr0]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    options = {name: getattr(scheduler, name) for name, _ in scheduler.parameters()}
    real = optimization.GreedyLR(optimizer, **options)
    rates: list[list[float]] = []
    for metric in logged:
        real.step(metric)
        rates.append([group["lr"] for group in optimizer.param_groups])
    return np.array(rates)


def assert_library_equals_real_class(data: st.DataObject) -> None:
    logged = data.draw(metrics(), "metrics")
    count = data.draw(st.sampled_from([1, 1, 2, 3]), "groups")
    scheduler = data.draw(plugins(GreedyLibrary, count), "scheduler")
    lr0 = data.draw(st.tuples(*[LR0] * count), "lr0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        ours = replay(scheduler, logged, lr0)
    real = real_rates(scheduler, logged, lr0)
    np.testing.assert_array_equal(ours, real, strict=True)
    np.testing.assert_array_equal(naive_replay(scheduler, logged, lr0), real, strict=True)


@settings(max_examples=300)
@given(data=st.data())
def test_library_rule_equals_the_class_in_transformers(data: st.DataObject) -> None:
    assert_library_equals_real_class(data)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(data=st.data())
def test_library_rule_equals_the_class_in_transformers_after_a_long_search(data: st.DataObject) -> None:
    assert_library_equals_real_class(data)


def test_defaults_and_names_are_those_of_transformers() -> None:
    import inspect

    wanted = {
        name: parameter.default
        for name, parameter in inspect.signature(optimization.GreedyLR).parameters.items()
        if name not in ("optimizer", "verbose")
    }
    assert {entry.name: entry.default for entry in dataclasses.fields(GreedyLibrary)} == wanted


def test_the_trainer_does_what_the_claim_about_it_assumes() -> None:
    """library_steps_per_evaluation: defaults of the arguments, and when GreedyLR is stepped."""
    import inspect

    from transformers import TrainingArguments, trainer  # pyright: ignore[reportMissingImports]

    defaults = {entry.name: entry.default for entry in dataclasses.fields(TrainingArguments)}
    assert defaults["logging_steps"] == 500
    assert defaults["eval_steps"] is None  # then logging_steps is used
    assert defaults["num_train_epochs"] == 3.0
    assert defaults["learning_rate"] == 5e-5
    source = inspect.getsource(trainer.Trainer)
    stepped = [line.strip() for line in source.splitlines() if "lr_scheduler.step(" in line]
    # once for all other schedulers, after the guard that leaves this one out, and once with the evaluated metric
    assert stepped == ["self.lr_scheduler.step()", "self.lr_scheduler.step(metrics[metric_to_check])"]
    before = source.partition("self.lr_scheduler.step()")[0].splitlines()[-2]
    assert "if not isinstance(self.lr_scheduler, (torch.optim.lr_scheduler.ReduceLROnPlateau, GreedyLR))" in before
    made = inspect.getsource(trainer.Trainer.create_scheduler)
    assert "greater_is_better" not in made  # the direction of the metric does not reach the scheduler
    assert "skip_scheduler=True" in source.partition("eval_on_start")[2][:200]


def test_simulated_run_equals_the_class_in_transformers() -> None:
    """The rule inside the driver, in the ordering of practice: step the optimizer, then the scheduler."""
    scheduler = GreedyLibrary(patience=1, factor=0.8, cooldown=1, warmup=1, smooth=True, window_size=3, max_lr=0.3)
    run = Run(Quadratic(eigenvalues=(1.0, 9.0)), scheduler=scheduler, lr0=0.2, steps=120)
    trajectory = simulate([run], stride=1)
    real = real_rates(scheduler, trajectory.observed[0].tolist(), (0.2,))[:, 0]
    np.testing.assert_array_equal(trajectory.lr[0, 1:], real[:-1])
    assert len(set(real)) > 5


@pytest.mark.parametrize(("t_max", "eta_min"), [(10, 0.0), (7, 1e-3), (50, 0.01), (1, 0.02)])
def test_cosine_equals_torch_beyond_its_end_as_well(t_max: int, eta_min: float) -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    real = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=t_max, eta_min=eta_min)
    rates: list[float] = []
    for _ in range(5 * t_max):
        optimizer.step()
        real.step()
        rates.append(optimizer.param_groups[0]["lr"])
    ours = replay(Cosine(t_max=t_max, eta_min=eta_min), np.zeros(5 * t_max), lr0=0.1)
    # torch multiplies each rate into the next one: relative to the largest rate its rounding stays below 1e-12
    np.testing.assert_allclose(ours, rates, rtol=1e-12, atol=1e-13)
    assert ours[t_max - 1] == eta_min


@pytest.mark.parametrize("beta1", [0.9, 0.0])
def test_adam_equals_torch_on_the_same_gradients(beta1: float) -> None:
    eigenvalues, start, lr, steps = (1.0, 30.0, 0.2), (1.0, -2.0, 0.5), 0.05, 200
    x = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    h = torch.tensor(eigenvalues, dtype=torch.float64)
    optimizer = torch.optim.Adam([x], lr=lr, betas=(beta1, 0.99), eps=1e-6, foreach=False)
    losses: list[float] = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = 0.5 * (h * x * x).sum()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    run = Run(
        Quadratic(eigenvalues=eigenvalues), optimizer=Adam(beta1=beta1, beta2=0.99, eps=1e-6), scheduler=Constant(),
        start=start, lr0=lr, steps=steps,
    )  # fmt: skip
    trajectory = simulate([run], stride=1)
    # 1 - beta^t is a moving average here and a power there, and quotients are grouped differently: a few units in
    # the last place per step, which the contraction of the quadratic does not amplify
    np.testing.assert_allclose(trajectory.x_end[0], x.detach().numpy(), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(trajectory.loss[0], losses, rtol=1e-10, atol=1e-14)
    assert math.isfinite(trajectory.final_loss[0])
