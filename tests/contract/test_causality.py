"""A step size depends on what was observed before it was needed, and on nothing later."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from greedylr_theory import Run, replay
from greedylr_theory.contracts import OpenLoop, Plugin, ScheduleWarning
from tests.contract._examples import assert_same_bits, examples, from_metrics, several, simulated, working_run


def rates(scheduler: Any, metrics: Any, lr0: Any = 0.1) -> Any:
    """replay() for configurations that are odd on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        return replay(scheduler, metrics, lr0)


def noisy_descent(length: int) -> Any:
    rng = np.random.default_rng(length)
    return np.exp(-0.05 * np.arange(length)) + 0.1 * rng.normal(size=length)


@examples("schedulers", from_metrics)
def test_a_later_metric_cannot_change_an_earlier_rate(plugin: Any) -> None:
    metrics = noisy_descent(60)
    expected = rates(plugin, metrics)
    for t in (0, 1, 17, 59):
        for value in (-1e9, 1e9, math.nan, math.inf):
            changed = metrics.copy()
            changed[t] = value
            assert_same_bits(rates(plugin, changed)[:t], expected[:t])


def has_no_horizon(plugin: Any) -> bool:
    """Unlike a schedule stretched over the run, whose length it knows."""
    own = not any(declared.optional and getattr(plugin, name) is None for name, declared in plugin.parameters())
    return own and all(has_no_horizon(part) for _, part in plugin.parts())


@examples("schedulers", lambda plugin: has_no_horizon(plugin) and from_metrics(plugin))
def test_a_prefix_of_the_metrics_gives_a_prefix_of_the_rates(plugin: Any) -> None:
    metrics = noisy_descent(60)
    expected = rates(plugin, metrics)
    for length in (1, 2, 30, 59):
        assert_same_bits(rates(plugin, metrics[:length]), expected[:length])


@examples("schedulers", lambda plugin: not from_metrics(plugin))
def test_what_follows_from_gradients_cannot_be_replayed_and_knows_no_later_step(plugin: Any) -> None:
    with pytest.raises(ValueError, match=rf"follows from metrics alone .* got {type(plugin).__name__}$") as caught:
        rates(plugin, noisy_descent(9))
    assert "\n" not in str(caught.value)
    run = working_run(plugin)
    expected = simulated([run])
    for length in (1, 2, 17):
        assert_same_bits(simulated([run.replaced("steps", length)]).lr, expected.lr[:, :length])


@examples("schedulers", from_metrics)
def test_a_run_uses_the_rates_that_replay_gives_for_what_it_observed(plugin: Any) -> None:
    """before_update: lr[t] follows from observed[: t + 1]; after_update: from observed[:t] alone."""
    runs = [run for r, run in enumerate(several(working_run(plugin, ordering="before_update"))) if r != 3]
    before = simulated(runs)
    after = simulated([run.replaced("ordering", "after_update") for run in runs])
    for r, run in enumerate(runs):
        if not isinstance(plugin, OpenLoop) and len(plugin.phases()) == 1:
            assert_same_bits(before.lr[r], rates(plugin, before.observed[r], run.lr0))
        assert_same_bits(after.lr[r, 1:], rates(plugin, after.observed[r], run.lr0)[:-1])
        if len(plugin.phases()) == 1 and not isinstance(plugin, OpenLoop):
            assert after.lr[r, 0] == run.lr0


@examples("schedulers", lambda plugin: isinstance(plugin, OpenLoop) and len(plugin.phases()) == 1)
def test_an_open_loop_ignores_the_ordering(plugin: Plugin) -> None:
    before, after = (simulated([working_run(plugin, ordering=name)]) for name in ("before_update", "after_update"))
    assert_same_bits(before.lr, after.lr)


def test_the_orderings_differ_by_one_observation() -> None:
    """With a single spike in the loss, the predictable ordering reacts one step later."""
    from greedylr_theory.objectives import Quadratic
    from greedylr_theory.perturbations import LossNoise
    from greedylr_theory.schedulers import GreedyPrevious

    flat = Run(
        Quadratic(eigenvalues=(0.0,)),
        scheduler=GreedyPrevious(factor=0.5),
        perturbation=LossNoise(1.0),
        lr0=1.0,
        steps=9,
    )
    after, before = (simulated([flat.replaced("ordering", name)]) for name in ("after_update", "before_update"))
    assert_same_bits(after.observed, before.observed)
    assert_same_bits(after.lr[:, 1:], before.lr[:, :-1])
    assert after.lr[0, 0] == 1.0
    assert before.lr[0, 0] == 2.0
