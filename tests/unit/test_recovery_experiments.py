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


def told(steps, arms=("quadratic/Adam/kick", "Rosenbrock/Adam/kick"), phases=("evaluation", "untuned")):
    """Conclusion from a table in which a contender needs so many steps, and one run in eight never gets there."""
    rows = []
    for arm in arms:
        for phase in phases:
            for name, needed in steps.items():
                values = [needed + k % 3 if k % 8 else math.inf for k in range(40)]
                numbers = dict.fromkeys(("length", "excess", "before", "gap"), values)
                rows.append({"arm": arm, "contender": name, "phase": phase, "lr0": 0.1, "regained": values, **numbers})
    return recovery.conclusion(pl.DataFrame(rows))


STEPS = {
    "study p=1": 10, "cosine": 50, "constant": 30, "best-so-far p=0": 60, "best-so-far p=1": 60, "best-so-far p=5": 60,
    "best-so-far p=10": 40, "best-so-far p=20": 20, "best-so-far p=10, window 10": 40,
    "best-so-far p=10, window 50": 70,
}  # fmt: skip


def test_the_conclusion_says_who_is_there_sooner_in_either_direction():
    untuned, tuned, sooner, patience, smoothing, published = told(STEPS)
    assert untuned.startswith("Untuned, steps from a kick at step 100 until f - f* is at most 0.001 of its start")
    assert "quadratic (Adam): study p=1 11 [" in untuned
    assert "missed by 12.5% [5.5%, 26.1%], cosine 51 [" in tuned
    assert "against cosine sooner on quadratic (Adam) and Rosenbrock (Adam), against a constant rate sooner" in sooner
    assert "p=20 is there sooner on quadratic (Adam) and Rosenbrock (Adam), against best-so-far p=0" in patience
    assert "window 50 is there later on quadratic (Adam) and Rosenbrock (Adam), against best-so-far p=10" in smoothing
    assert "untuned 4.64 on quadratic (Adam), 4.64 on Rosenbrock (Adam), so at least as large on 2 of 2" in published
    turned = {**STEPS, "study p=1": 50, "cosine": 10, "best-so-far p=20": 90, "best-so-far p=10, window 50": 15}
    _, _, sooner, patience, smoothing, published = told(turned)
    assert "against cosine later on quadratic (Adam) and Rosenbrock (Adam), against a constant rate later" in sooner
    assert "p=20 is there later on" in patience
    assert "window 50 is there sooner on" in smoothing
    assert "untuned 0.216 on" in published
    assert "at least as large on 0 of 2" in published
    even = told({**STEPS, "cosine": 10})
    assert "against cosine undecided on" in even[2]


def test_the_conclusion_is_silent_on_what_was_not_run_and_says_what_never_gets_there():
    lost = {**STEPS, "cosine": math.inf}
    assert "infinite (only GreedyLR's is reached) on quadratic (Adam)" in told(lost)[-1]
    assert "cosine never [never, never], missed by 100.0% [91.2%, 100.0%]" in told(lost)[0]
    nobody = told({**lost, "study p=1": math.inf})
    assert "none (neither median is reached) on quadratic (Adam)" in nobody[-1]
    assert "at least as large on 0 of 2" in nobody[-1]
    assert recovery.SWEEP.conclusion is recovery.conclusion
    assert told(STEPS, arms=("quadratic/Adam/spikes",)) == []
    few = {name: STEPS[name] for name in ("study p=1", "cosine")}
    (published,) = told(few, phases=("evaluation",))
    assert "untuned" not in published
    (tuned, *_) = told(STEPS, arms=("logistic/Adam/kick",), phases=("evaluation",))
    assert "0.001 of its start (0.05 for logistic regression)" in tuned


def counted(greedy, cosine, channel="as_published"):
    """A table with one run of each schedule, whose episodes are as long as is listed; 0 for one that did not end."""
    table = []
    for name, lengths in (("GreedyLR p=1", greedy), ("cosine", cosine)):
        number = np.bincount(lengths, minlength=LONGEST + 2).astype(float).tolist()
        arm = f"quadratic/{name}/periodic spike/{channel}"
        table.append({"arm": arm, "published": number, "real": number, "published_sum": float(sum(lengths))})
    return pl.DataFrame(table)


def test_what_the_published_count_gives_is_told_in_either_direction():
    conclusion = recovery_as_published.conclusion
    told, means, shares = conclusion(counted([12, 12, 12], [45 - LONGEST] * 2 + [1]))
    assert "gives a median of 12 steps for GreedyLR p=1 and 15 steps for cosine: less, as published, for" in told
    assert "12.000 [12.000, 12.000] for GreedyLR p=1 (published 12: inside) and 10.333 [" in means
    assert "(published 45: outside)" in means
    assert "0.0% for GreedyLR p=1 and 33.3% for cosine" in shares
    assert ": the same for GreedyLR." in conclusion(counted([1, 1], [1]))[0]
    assert (
        "more steps than there are for GreedyLR p=1 and 1 step for cosine: more for"
        in (conclusion(counted([0, 0, 5], [1]))[0])
    )
    (real,) = conclusion(counted([2, 2, 0], [31, 31], "gradient"))
    assert "2 steps for GreedyLR p=1 (33.3% not ended) and more than 30 steps for cosine (0.0% not ended)" in real
    assert conclusion(counted([2], [3]).head(1)) == []
