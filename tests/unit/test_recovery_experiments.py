"""The experiments on recovery: what a run's outcome is, how episodes are counted and averaged."""

import dataclasses
import math

import numpy as np
import polars as pl
import pytest

from experiments import recovery, recovery_as_published
from experiments.recovery import FEW, GOAL, GREEDY, HALF, KICK, SCHEDULES, arms, outcome
from experiments.recovery_as_published import LONGEST, ended_at_once, mean_of_runs, middle
from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.perturbations import Kick
from greedylr_theory.schedulers import Constant, GreedyBest
from greedylr_theory.simulation.batch import Batch


def kicked(strength, lr0=0.05, steps=200):
    base = Run(
        objective=Quadratic(eigenvalues=(1.0,)),
        scheduler=Constant(),
        perturbation=Kick(strength=1.0, channel="iterate", first=HALF),
        start=(1.0,),
        lr0=lr0,
        steps=steps,
    )
    batch = Batch(base, {"perturbation.strength": np.array(strength), "replicate": np.arange(len(strength))})
    return outcome(batch, simulate(batch, stride=1))


def test_outcome_of_a_kick_that_can_be_computed():
    """On x^2 / 2 each step multiplies f by (1 - gamma)^2: from x after the kick the rest follows."""
    found = kicked([3.0, 0.0], lr0=0.1)
    assert found["before"].tolist() == [pytest.approx(0.5 * 0.9 ** (2 * HALF), rel=1e-12), math.inf]
    for name, limit in (("length", 1.1 * found["before"][0]), ("regained", GOAL * 0.5)):
        contractions = math.log(found["loss 101"][0] / limit) / (-2.0 * math.log(0.9))
        steps = 1 + math.ceil(contractions)
        assert found[name][0] == (steps if steps < HALF else math.inf)
        assert found[name][1] == math.inf  # nothing acted: there is no episode, and nothing to wait for
    assert math.isinf(found["length"][0])  # back to where 100 steps have led takes more than 99
    assert 10 < found["regained"][0] < 60
    assert found["gap"][1] == pytest.approx(0.5 * 0.9**400, rel=1e-12)


def test_a_run_that_diverges_is_infinite_everywhere():
    found = kicked([1.0], lr0=1e4)
    assert [found[name][0] for name in ("gap", "length", "excess", "before", "regained")] == [math.inf] * 5


def test_everybody_meets_kicks_and_a_few_meet_the_rest():
    quick, standard = arms("quick"), arms("standard")
    assert set(standard) - set(quick) == {f"{recovery.LOGISTIC}/{recovery.ADAM}/{KICK}"}
    for arm in quick.values():
        everybody = arm.labels["disturbance"] in (KICK, recovery.SPIKES)
        assert set(arm.contenders) == ({*GREEDY, *SCHEDULES} if everybody else set(FEW))


@pytest.mark.parametrize("patience", [0, 1, 5])
def test_what_is_left_of_the_best_so_far_rule_after_a_kick(patience):
    """Until a loss is below the best, the steps sum to at most (p + 1) gamma / (1 - F); to nearly that if none is."""
    run = Run(
        objective=Quadratic(eigenvalues=(0.01, 1.0)),
        scheduler=GreedyBest(factor=0.9, patience=patience, max_lr=0.5),
        perturbation=Kick(strength=30.0, channel="iterate", first=50),
        start=(1.0, 1.0),
        lr0=0.5,
        steps=1000,
    )
    found = simulate([dataclasses.replace(run, replicate=r) for r in range(20)], stride=1)
    never = 0
    for loss, lr in zip(found.loss, found.lr, strict=True):
        below = np.flatnonzero(loss[51:] < loss[:51].min())
        end = 51 + (below[0] if below.size else loss[51:].size)
        limit = (patience + 1) * lr[51] / 0.1
        assert lr[51:end].sum() <= limit * (1.0 + 1e-12)
        if not below.size:
            never += 1
            assert lr[51:].sum() >= 0.99 * limit
    assert never > 0 or patience == 5


def test_counted_episodes_have_the_median_and_share_of_their_list():
    lengths = [1, 1, 2, 5, 1, LONGEST + 7, math.inf]
    number = np.zeros(LONGEST + 2)
    for length in lengths:
        number[0 if math.isinf(length) else min(int(length), LONGEST + 1)] += 1
    assert middle(number) == np.median(lengths) == 2
    assert ended_at_once(number) == 3 / 6
    number[0] += 9
    assert middle(number) == math.inf


def test_a_run_without_ended_episodes_has_no_mean():
    rows = [[2.0, 0.0, 0.0, 3.0], [1.0, 0.0, 0.0, 0.0]]
    table = pl.DataFrame({"published": rows, "published_sum": [12.0, 0.0]})
    assert mean_of_runs(table).value == 4.0


def test_bursts_do_not_come_back_within_the_published_runs():
    """So that in the study the only burst meets the start, where nothing has been gained."""
    burst = recovery_as_published.KINDS["burst"]()
    assert burst.period >= recovery_as_published.STEPS
