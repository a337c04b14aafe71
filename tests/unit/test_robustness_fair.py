"""The fair robustness study: equal budgets, matched runs, and numbers that a table made by hand brings out again."""

import dataclasses
import functools
import itertools
import math
import re

import numpy as np
import polars as pl
import pytest

from experiments import _robustness_outcomes as outcomes
from experiments._robustness_arms import CHANNELS, arms, finite_sums
from experiments._robustness_conclusion import conclusion, kinds, of_equal_size, strongest
from experiments._robustness_contenders import GREEDY, SCHEDULES, SEE_THE_LOSS, STEPS, contenders
from experiments._robustness_table import BEST_GREEDY, BEST_SCHEDULE, EVERYWHERE, FAMILIES, FLOOR, PRIMARY, RIVAL, fair
from experiments.robustness_fair import RATES, SWEEP, judge
from greedylr_theory import simulate
from greedylr_theory.objectives import Logistic, Perceptron
from greedylr_theory.sweeps import Tuning, execute
from greedylr_theory.sweeps.cell import Cell

TINY = Tuning(rates=RATES[2:6:2], steps=10, tuning=2, evaluation=4, untuned=3, extension=0)


_FEW = re.compile(r"(noisy )?quadratic( 100)?/gradient descent/(none/.*|objective/adv.*|.*/gaussian/.*|.*/isotropic.*)")
standard = functools.cache(lambda: arms("standard"))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    quick = arms("quick")
    few = {
        name: quick[name] for name in quick if name.startswith(("quadratic 100/gradient", "noisy quadratic/gradient"))
    }
    small = dataclasses.replace(SWEEP, sizes={"quick": TINY}, arms=lambda size: few)
    return execute(small, "quick", tmp_path_factory.mktemp("results"), "local:1").table


def test_sizes_are_those_that_were_asked_for():
    large, quick = SWEEP.size("standard"), SWEEP.size("quick")
    assert (large.tuning, large.evaluation, large.steps) == (100, 500, 200)
    assert quick.steps == STEPS == 200
    wanted = standard()
    labels = pl.DataFrame([dict(arm.labels) for arm in wanted.values()])
    analytic = labels.filter(~pl.col("problem").is_in(list(finite_sums())))
    assert analytic["problem"].n_unique() == 9
    assert set(analytic["optimizer"]) == {"gradient descent", "momentum", "adam"}
    assert set(analytic["strength"]) == {0.0, 0.1, 0.5, 1.0}
    assert set(labels["channel"]) == {"none", *CHANNELS}
    assert {arm.evaluation for name, arm in wanted.items() if name.split("/")[0] in finite_sums()} == {30}
    assert set(arms("quick")) < set(wanted)
    assert len(wanted) == labels.unique().height == 1872


def test_everybody_has_the_same_budget_and_an_untuned_configuration():
    for arm in standard().values():
        assert {len(contender.second) for contender in arm.contenders.values()} == {4}
        assert all(contender.untuned is not None for contender in arm.contenders.values())
        assert set(GREEDY) <= set(arm.contenders)
        assert arm.scale > 0


def test_the_study_meets_its_own_numbers_untuned():
    found = GREEDY["GreedyStudy p=1"]
    assert found.untuned == {"lr0": 0.01, "max_lr": 1.0, "min_lr": 1e-5}
    assert SCHEDULES["cosine"].untuned == {"lr0": 0.01, "eta_min": 1e-5}
    # the quotients that are kept when the rate is tuned
    assert found.scaled["min_lr"] == pytest.approx(1e-5 / 0.01)
    assert any(cap["max_lr"] == pytest.approx(1.0 / 0.01) for cap in found.second)


def test_who_takes_part_depends_on_what_the_noise_permits():
    assert set(contenders("adam", "gradient")) == set(EVERYWHERE)
    assert {"Polyak", "AdGD", "Barzilai-Borwein"} <= set(contenders("gradient descent", "none"))
    assert "AdGD" not in contenders("gradient descent", "gradient")
    assert "Polyak" not in contenders("gradient descent", "objective")
    assert set(contenders("gradient descent", "observed_loss")) == set(SEE_THE_LOSS)


@pytest.mark.parametrize("problem", ["rosenbrock 2", "breast cancer"])
@pytest.mark.parametrize("name", ["cosine", "constant"])
def test_who_does_not_look_at_the_loss_has_the_clean_runs_bit_for_bit(problem, name):
    clean = standard()[f"{problem}/adam/none/none/0"]
    found = []
    for kind in ("none/none/0", "observed_loss/burst/0.5"):
        arm = standard()[f"{problem}/adam/{kind}"]
        both = dataclasses.replace(arm, contenders=clean.contenders, tuning=2, evaluation=3, untuned=1)
        cell = Cell("one", both, (name, "GreedyBest p=1"), both.protocol(TINY))
        found.append(dict(cell.table().filter(phase="evaluation").select("contender", "gap").iter_rows()))
    assert found[0][name] == found[1][name]
    assert found[0]["GreedyBest p=1"] != found[1]["GreedyBest p=1"]


def test_quadratics_are_those_of_the_study():
    """Sum of a_i (x_i - t_i)^2: curvatures from 2 to 2 kappa, starts at a distance of variance 2."""
    arm = standard()["quadratic 1000/adam/none/none/0"]
    values = arm.base.objective.specification()["eigenvalues"]
    assert (len(values), min(values), max(values)) == (15, 2.0, 2000.0)
    runs = [dataclasses.replace(arm.base, steps=1, lr0=1e-9, replicate=r) for r in range(400)]
    mean = float(np.mean(simulate(runs, stride=1).loss))
    # E = 2 sum a_i; the mean of 400 starts has a relative standard deviation of about 4 %
    assert mean == pytest.approx(2.0 * sum(values) / 2.0, rel=0.15)


def test_finite_sums_are_sampled():
    objectives = [problem.objective for problem in finite_sums().values()]
    assert [type(objective) for objective in objectives] == [Logistic, Logistic, Perceptron]
    assert all(objective.sampled for objective in objectives)


# a table made by hand


def made(gaps, tuning=None, labels=(("p", "adam", "gradient", "k"),)):
    """Rows of arms, one per label, from {contender: (arms, n)}; every contender has the grid 1, 2 and untuned runs."""
    rows = []
    for i, (problem, optimizer, channel, kind) in enumerate(labels):
        base = {
            "arm": f"{problem}/{optimizer}/{channel}/{kind}", "problem": problem, "optimizer": optimizer,
            "channel": channel, "perturbation": kind, "strength": 0.5,
        }  # fmt: skip
        for name in EVERYWHERE:
            values = gaps[name][i]
            middle = float(np.sort(values)[len(values) // 2]) if tuning is None else tuning[name][i]
            common = {**base, "contender": name, "runs": 3, "diverged": 0}
            rows.append({**common, "phase": "tuning", "stage": "grid", "median": middle, "chosen": True})
            rows.append({**common, "phase": "tuning", "stage": "grid", "median": 10.0 * middle, "chosen": False})
            counts = {"runs": len(values), "diverged": int(np.isinf(values).sum())}
            evaluated = {**common, **counts, "median": middle, "gap": list(values)}
            rows += [{**evaluated, "phase": phase, "stage": phase} for phase in ("evaluation", "untuned")]
    return pl.DataFrame(rows, infer_schema_length=None)


def random_gaps(arms, n, seed=0, **factors):
    rng = np.random.default_rng(seed)
    start = np.exp(rng.normal(size=n))
    noise = {name: np.exp(0.3 * rng.normal(size=(arms, n))) for name in EVERYWHERE}
    return {name: factors.get(name.replace(" ", "_"), 1.0) * start * noise[name] for name in EVERYWHERE}


LABELS = (*(("p", "adam", "gradient", kind) for kind in "abc"), ("q", "adam", "iterate", "a"))


def test_medians_are_those_of_the_typical_perturbation_by_start():
    gaps = random_gaps(4, 21)
    gaps["constant"][0, :5] = math.inf
    found = outcomes.medians(made(gaps, labels=LABELS))
    for row in found.iter_rows(named=True):
        rows = gaps[row["contender"]][:3] if row["problem"] == "p" else gaps[row["contender"]][3:]
        assert row["median"] == np.median([np.median(column) for column in rows.T])
        assert row["low"] <= row["median"] <= row["high"]
        assert (row["arms"], row["runs"]) == (len(rows), rows.size)
        assert row["diverged"] == np.isinf(rows).mean()
    assert found.height == 2 * len(EVERYWHERE)


def test_the_best_of_a_family_is_chosen_on_the_tuning_starts_alone():
    gaps = random_gaps(1, 21)
    tuning = {name: [float(i)] for i, name in enumerate(reversed(EVERYWHERE))}
    found = fair(made(gaps, tuning))
    (arm,) = found.arms["arm"]
    assert found.member(arm, BEST_GREEDY) == "GreedyStudy p=10"
    assert found.member(arm, BEST_SCHEDULE) == "reduce on plateau"
    entry = found.entry(arm, BEST_GREEDY)
    assert entry is not None
    np.testing.assert_array_equal(entry.gaps, gaps["GreedyStudy p=10"][0])


@pytest.mark.parametrize(("factor", "verdict"), [(0.5, "better"), (2.0, "worse"), (1.0, "undecided")])
def test_an_effect_that_is_there_is_found_with_its_direction_and_size(factor, verdict):
    gaps = random_gaps(4, 101, cosine=1.0 / factor)
    (first, second) = outcomes.against(made(gaps, labels=LABELS), PRIMARY, RIVAL).iter_rows(named=True)
    for row in (first, second):
        assert row["verdict"] == verdict
        # noise of 0.3 in two logarithms, of a median of 101
        assert row["ratio"] == pytest.approx(factor, rel=0.25)
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
        assert row["delta_low"] <= row["delta"] <= row["delta_high"]
        assert math.copysign(1.0, row["delta"]) == (1.0 if factor > 1 else -1.0) or factor == 1.0
        assert row["p_holm"] >= row["p"]
    a, b = gaps[PRIMARY], gaps[RIVAL]
    assert first["pairs_won"] == np.mean(a[:3] < b[:3])
    assert first["win_rate"] == np.mean(np.median(np.log(a[:3] / b[:3]), axis=0) < 0)
    assert first["ratio"] == pytest.approx(np.median(np.median(a[:3] / b[:3], axis=0)), rel=1e-12)
    assert (first["starts"], second["starts"]) == (101, 101)
    mirrored = outcomes.against(made(gaps, labels=LABELS), RIVAL, PRIMARY).row(0, named=True)
    assert mirrored["delta"] == pytest.approx(-first["delta"], abs=1e-12)
    assert mirrored["p"] == pytest.approx(first["p"], rel=1e-9)


def test_settings_are_compared_one_by_one_whatever_their_losses():
    # of two settings the one with large losses must not decide: GreedyLR wins the small one by far, loses the other
    labels = (("p", "adam", "gradient", "a"), ("p", "adam", "gradient", "b"))
    gaps = random_gaps(2, 41)
    gaps[RIVAL] = np.array([np.linspace(1.0, 2.0, 41), np.linspace(1e6, 2e6, 41)])
    gaps[PRIMARY] = gaps[RIVAL] * np.array([[0.01], [1.5]])
    row = outcomes.against(made(gaps, labels=labels), PRIMARY, RIVAL).row(0, named=True)
    assert row["verdict"] == "better"
    assert row["ratio"] == pytest.approx(math.sqrt(0.01 * 1.5), rel=1e-12)
    # Cliff's delta is the mean of those of the settings: -1 and that of the other one
    second = np.sign(gaps[PRIMARY][1][:, None] - gaps[RIVAL][1]).mean()
    assert row["delta"] == pytest.approx((-1.0 + second) / 2.0, abs=1e-12)


def test_one_lost_setting_each_way_is_a_tie_and_lost_runs_are_told():
    labels = (("p", "adam", "gradient", "a"), ("p", "adam", "gradient", "b"))
    gaps = random_gaps(2, 8)
    gaps[PRIMARY], gaps[RIVAL] = np.ones((2, 8)), np.ones((2, 8))
    gaps[PRIMARY][0, 0] = gaps[RIVAL][1, 0] = math.inf
    gaps[RIVAL][:, 1] = math.inf
    row = outcomes.against(made(gaps, labels=labels), PRIMARY, RIVAL).row(0, named=True)
    assert (row["ties"], row["win_rate"]) == (7, 1 / 8)
    assert (row["lost"], row["lost_other"]) == (1 / 16, 3 / 16)


def test_a_decided_difference_is_small_only_if_its_whole_interval_is():
    gaps = random_gaps(1, 60)
    ratio = np.where(np.arange(60) < 33, 0.97, 0.5)
    for wide, expected in ((False, 1), (True, 0)):
        gaps[PRIMARY] = gaps[RIVAL] * (ratio if wide else 0.97)
        found = kinds(outcomes.against(made(gaps), PRIMARY, RIVAL))
        assert (found["small"].height, found["better"].height) == (expected, 1 - expected)


def test_families_of_equal_size_draw_from_the_larger_one():
    alternatives = FAMILIES[BEST_SCHEDULE]
    # a single alternative is far better: it decides when it is drawn, in about half of the draws
    gaps = random_gaps(1, 60)
    for name in alternatives:
        gaps[name] *= 0.01 if name == alternatives[0] else 10.0
    data = made(gaps)
    assert outcomes.against(data)["verdict"].to_list() == ["worse"]
    drawn = of_equal_size(data, draws=20)
    assert ((drawn["better"] + drawn["worse"]) == 1).all()
    assert 3 <= drawn["worse"].sum() <= 17


def test_shares_of_diverged_runs_are_of_the_same_settings():
    labels = (("p", "adam", "none", "none"), ("p", "adam", "observed_loss", "a"))
    gaps = random_gaps(2, 8)
    gaps["cosine"][0, :4] = math.inf
    gaps[PRIMARY][0, :2] = math.inf
    data = made(gaps, labels=labels).filter((pl.col("channel") == "none") | pl.col("contender").is_in(SEE_THE_LOSS))
    shares = dict(outcomes.diverged(data).iter_rows())
    # cosine has its clean runs in both settings, GreedyLR its own in each
    assert (shares["cosine"], shares[PRIMARY], len(shares)) == (0.5, 1 / 8, len(EVERYWHERE))


def test_differences_below_the_floor_are_ties():
    gaps = random_gaps(1, 11)
    gaps[PRIMARY][:], gaps[RIVAL][:] = 1e-20, 1e-30
    row = outcomes.against(made(gaps), PRIMARY, RIVAL).row(0, named=True)
    assert (row["ties"], row["ratio"], row["p"], row["verdict"]) == (11, 1.0, 1.0, "undecided")
    assert outcomes.medians(made(gaps)).filter(contender=PRIMARY)["median"].to_list() == [FLOOR]


def test_pooled_pairs_count_a_tie_as_half_and_every_setting_alike():
    gaps = random_gaps(4, 9)
    gaps[PRIMARY][0, :3] = gaps[RIVAL][0, :3] = math.inf
    found = outcomes.pooled(made(gaps, labels=LABELS))
    wins = (gaps[PRIMARY] < gaps[RIVAL]) + 0.5 * (gaps[PRIMARY] == gaps[RIVAL])
    assert found.value == pytest.approx(wins.mean(), rel=1e-12)
    assert found.low < found.value < found.high
    clear = outcomes.pooled(made(gaps, labels=LABELS), margin=0.05)
    assert clear.value == pytest.approx((1.05 * gaps[PRIMARY] < gaps[RIVAL]).mean(), rel=1e-12)
    one = outcomes.pooled(made(gaps, labels=LABELS), channel="iterate")
    assert one.value == pytest.approx(wins[3].mean(), rel=1e-12)
    assert math.isnan(outcomes.pooled(made(gaps, labels=LABELS), channel="objective").value)


def test_ratios_ranks_heat_and_profiles_count_what_they_say():
    gaps = random_gaps(4, 15)
    gaps["step"][1, :8] = math.inf
    data = made(gaps, labels=LABELS)
    middles = np.array([[np.sort(row)[7] for row in gaps[name]] for name in EVERYWHERE])
    labels, found = outcomes.ratios(data)
    np.testing.assert_allclose(found, middles / middles.min(axis=0), rtol=1e-15)
    assert labels["perturbation"].to_list() == ["a", "b", "c", "a"]
    assert np.isinf(found[EVERYWHERE.index("step"), 1])
    profile = outcomes.profiles(data, np.array([1.0, 1.5, 1e9]), "gradient")
    assert profile["step"][2] == pytest.approx(2.0 / 3.0)
    assert profile["cosine"].tolist() == [
        np.mean(found[EVERYWHERE.index("cosine"), :3] <= tau) for tau in (1.0, 1.5, 1e9)
    ]
    heat = outcomes.heat(data, "gradient")
    assert heat.height == 3 * len(EVERYWHERE)
    cell = heat.filter(perturbation="b", contender="step").row(0, named=True)
    assert (cell["ratio"], cell["diverged"], cell["rank"]) == (math.inf, 8 / 15, float(len(EVERYWHERE)))
    ranks = outcomes.ranking(data)
    assert ranks["rank"].mean() == pytest.approx((len(EVERYWHERE) + 1) / 2)
    assert ranks["rank"].is_sorted()
    assert outcomes.profiles(data, np.ones(1), "objective") == {}


def test_the_area_credits_every_rate_of_the_grid():
    gaps = random_gaps(1, 15)
    tuning = {name: [2.0] for name in EVERYWHERE} | {"cosine": [1.0], "constant": [1000.0]}
    areas = dict(outcomes.sensitivity(made(gaps, tuning)).select("contender", "area").iter_rows())
    # the best is 1; the grid holds the median and ten times as much, a factor of 100 is worth nothing
    assert areas["cosine"] == pytest.approx((1.0 + 0.5) / 2)
    assert areas["step"] == pytest.approx((2.0 - math.log(2.0 * 20.0) / math.log(100.0)) / 2)
    assert areas["constant"] == 0.0


def test_schedules_in_the_channel_of_the_loss_have_the_runs_without_perturbation():
    labels = (("p", "adam", "none", "none"), ("p", "adam", "observed_loss", "a"))
    gaps = random_gaps(2, 9)
    data = made(gaps, labels=labels).filter((pl.col("channel") == "none") | pl.col("contender").is_in(SEE_THE_LOSS))
    found = fair(data)
    clean, seen = found.arms["arm"]
    schedule, greedy = found.entry(seen, "cosine"), found.entry(seen, PRIMARY)
    assert schedule is found.entry(clean, "cosine")
    assert schedule is not None
    assert greedy is not None
    np.testing.assert_array_equal(greedy.gaps, gaps[PRIMARY][1])
    assert outcomes.against(data, PRIMARY, RIVAL).height == 2


def test_the_strongest_effect_is_the_one_whose_interval_stays_farthest_from_one():
    rows = pl.DataFrame({
        "problem": ["a", "b", "c", "d"], "optimizer": ["x"] * 4, "channel": ["y"] * 4,
        "ratio_low": [0.1, 0.2, 2.0, 3.0], "ratio_high": [0.9, 0.3, 50.0, 4.0],
        "verdict": ["better", "better", "worse", "worse"],
    })  # fmt: skip
    assert strongest(rows, "better")["problem"].to_list() == ["b", "a"]
    assert strongest(rows, "worse", 1)["problem"].to_list() == ["d"]


@pytest.mark.parametrize(("factor", "words"), [(0.3, "better in 1, worse in 0"), (3.0, "better in 0, worse in 1")])
def test_the_conclusion_says_what_the_numbers_say(factor, words):
    greedy = {name.replace(" ", "_"): factor for name in FAMILIES[BEST_GREEDY]}
    sentences = conclusion(made(random_gaps(4, 60, **greedy), labels=LABELS))
    text = " ".join(sentences)
    assert f"Under perturbed gradients, GreedyLR is {words} of 1 groups" in text
    both = words.replace("1", "2")  # channels
    assert f"against the best alternative: {both} of 2 groups" in sentences[0]
    assert f"No group shows an effect {'against' if factor < 1 else 'in favour of'} GreedyLR." in text
    assert all(re.search(r"\d", sentence) for sentence in sentences if not sentence.startswith("No group"))


def test_a_real_table_is_judged_told_and_complete(table):
    judgements = judge(table)
    assert [judgement.prediction for judgement in judgements] == list(SWEEP.prediction)
    assert all(re.search(r"\d", judgement.evidence) for judgement in judgements)
    assert len(conclusion(table)) >= 8
    evaluated = table.filter(phase="evaluation")
    assert (evaluated["configurations"] == 2 + 4).all()
    assert (evaluated["gap"].list.len() == 4).all()
    assert (table.filter(phase="untuned")["gap"].list.len() == 3).all()
    pairs = {tuple(row) for row in evaluated.select("arm", "contender").iter_rows()}
    expected = {
        (name, contender)
        for name, arm in arms("quick").items()
        if name in set(evaluated["arm"])
        for contender in arm.contenders
    }
    assert pairs == expected
    for channel, phase in itertools.product(("none", "gradient"), ("evaluation", "untuned")):
        assert outcomes.ratios(table, channel, phase)[0].height > 0
