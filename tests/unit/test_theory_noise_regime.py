"""Numbers of the noise regime against exact counts, balls, and the ends of their domains; and those counts."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from greedylr_theory import replay
from greedylr_theory.schedulers import GreedyBest, GreedyPrevious
from greedylr_theory.theory import noise_regime
from proofs import noise_best_is_a_plain_decay, noise_best_rarely_climbs, noise_best_time_to_floor
from proofs import noise_clipped_law_is_not_uniform as clipped_law
from proofs._certificates import Enclosure
from proofs._checker import examine
from proofs._library_rule import outcomes, patterns
from proofs._pure_noise import Count, clipped_levels, clipped_masses, eulerian, mean_rate, records

PATIENCES = (0, 1, 2, 3, 10)
HALF = Fraction(1, 2)


def ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


@pytest.mark.parametrize("patience", [0, 1, 2, 3])
def test_the_counts_are_those_of_the_compiled_rule(patience):
    rule = GreedyBest(factor=0.5, patience=patience)
    for pattern in patterns(9):
        count, heights = Count(0), []
        for record in pattern:
            count = count.after(record, patience)
            heights.append(count.height)
        found = replay(rule, [float(loss) for loss in outcomes(pattern)], lr0=1.0)
        np.testing.assert_array_equal(np.log2(found), heights)


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_ranks_give_the_law_of_the_clipped_rule_over_all_orders(levels):
    rule = GreedyPrevious(factor=0.5, min_lr=2.0 ** (1 - levels), max_lr=1.0, first="none")
    found = np.zeros(levels)
    for order in itertools.permutations(range(5)):
        found[
            round(math.log2(replay(rule, [float(loss) for loss in order], 2.0 ** (1 - levels))[-1])) + levels - 1
        ] += 1
    np.testing.assert_allclose(found / 120, [float(mass) for mass in clipped_levels(levels, 5)], rtol=1e-14)


def test_eulerian_numbers_sum_to_factorials_and_are_those_of_the_tables():
    assert eulerian(6) == (1, 57, 302, 302, 57, 1)
    assert all(sum(eulerian(n)) == math.factorial(n) for n in range(1, 12))


@pytest.mark.parametrize("F", [1e-8, 0.5, 1 - 1e-8])
@pytest.mark.parametrize("T", [0, 1, 2, 7])
def test_variance_is_that_of_the_eulerian_law(T, F):
    counts = eulerian(T + 1)
    second = Fraction(sum(number * (2 * k - T) ** 2 for k, number in enumerate(counts)), math.factorial(T + 1))
    expected = float(second) * float(ball(Fraction(F)).log() ** 2)
    assert noise_regime.log_rate_variance(T, F) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("F", [1e-311, 1e-310, 1e-300, 1e-10, 1e-9, 1e-8, 0.1, 0.5, 0.95, 1 - 1e-8, 1 - 2.0**-53])
def test_growth_of_the_mean_is_right_at_the_ends_of_its_domain(F):
    before, ctx.prec = ctx.prec, 256
    exact = ball(Fraction(F))
    expected = float((1 / exact - exact) / (-2 * exact.log()))
    ctx.prec = before
    assert noise_regime.mean_growth(F) == pytest.approx(expected, rel=1e-14)
    assert noise_regime.mean_growth(F) >= 1


def test_growth_of_the_mean_is_the_limit_of_exact_ratios_and_leaves_double_precision_quietly():
    ratio = mean_rate(61, HALF) / mean_rate(60, HALF)
    assert noise_regime.mean_growth(0.5) == pytest.approx(float(ratio), rel=1e-14)  # what is left is (1 + pi^2/a^2)^-30
    assert noise_regime.mean_growth(1e-320) == math.inf


@pytest.mark.parametrize("levels", [2, 3, 4, 5, 8, 13, 24])
def test_stationary_masses_lie_in_their_balls(levels):
    before, ctx.prec = ctx.prec, 128
    exact = [float(mass) for mass in clipped_masses(levels)]
    ctx.prec = before
    np.testing.assert_allclose(noise_regime.stationary_law(levels), exact, rtol=1e-13)


@pytest.mark.parametrize("levels", [1, 2, 3, 47, 48, 49, 50, 51, 1000, 1001])
def test_stationary_laws_are_symmetric_and_complete(levels):
    law = noise_regime.stationary_law(levels)
    assert law.shape == (levels,)
    assert math.fsum(law) == pytest.approx(1, abs=1e-15)
    np.testing.assert_array_equal(law, law[::-1])


def test_laws_of_many_levels_continue_those_that_are_solved():
    # 52 levels are not solved for, but continued from 48
    direct = noise_regime._solved_law(52)
    np.testing.assert_allclose(noise_regime.stationary_law(52), direct / math.fsum(direct), rtol=1e-13)
    for levels in (49, 1000, 10**5):
        law = noise_regime.stationary_law(levels)
        assert 1 / law[levels // 2] == pytest.approx(levels - 1.0905968796, rel=1e-11)
        assert law[0] / law[levels // 2] == pytest.approx(1 / math.sqrt(3), rel=1e-12)


@pytest.mark.parametrize("patience", PATIENCES)
def test_probability_of_an_increase_is_that_of_exact_counts(patience):
    exact = noise_best_rarely_climbs.climbed(patience, 16)
    found = [noise_regime.probability_any_increase(patience, T) for T in range(17)]
    np.testing.assert_allclose(found, [float(share) for share in exact], rtol=1e-14)


@pytest.mark.parametrize(
    ("patience", "limit"),
    [(patience, float(digits)) for patience, digits in noise_best_rarely_climbs.DIGITS.items()],
)
def test_limits_of_the_probability_of_an_increase(patience, limit):
    assert noise_regime.probability_any_increase(patience) == pytest.approx(limit, rel=2e-12)  # digits given
    late = noise_regime.probability_any_increase(patience, 10**9)
    assert late == pytest.approx(limit, rel=4e-9)  # 1 / (e T) for p = 1
    assert late <= noise_regime.probability_any_increase(patience)


@pytest.mark.parametrize("T", [30, 31, 4001, 4002, 4003, 5000])
@pytest.mark.parametrize("patience", [1, 2, 3])
def test_probability_of_an_increase_is_right_where_the_method_changes(patience, T):
    none = [1.0] * (patience + 1)
    none.append(1 - 1 / math.factorial(patience + 1))
    for t in range(patience + 2, T + 1):
        none.append(none[-1] - none[t - patience - 2] * (t - patience - 2) / math.perm(t, patience + 2))
    assert noise_regime.probability_any_increase(patience, T) == pytest.approx(1 - none[T], rel=1e-12)


def test_the_largest_patience_still_has_all_digits():
    # nearly all of it is 1 / (p + 1)!; see the bounds of the claim
    lower = Fraction(1, math.factorial(170))
    found = Fraction(noise_regime.probability_any_increase(169))
    assert lower * (1 - Fraction(1, 10**14)) <= found <= lower * (1 + Fraction(1, 169 * 170) + Fraction(1, 10**14))


@pytest.mark.parametrize("patience", PATIENCES)
def test_mean_decreases_and_increases_are_those_of_exact_counts(patience):
    down = up = Fraction(0)
    laws = records(patience, Count(20), 15, floor=False)
    for t, orders in enumerate(itertools.islice(laws, 15), start=1):
        for count, number in orders.items():
            for record, weight in ((True, 1), (False, t - 1)):
                change = count.after(record, patience).height - count.height
                share = Fraction(weight * number, math.factorial(t))
                down, up = down + share * (change < 0), up + share * (change > 0)
        assert noise_regime.expected_decreases(patience, t) == pytest.approx(float(down), rel=1e-14, abs=0)
        assert noise_regime.expected_increases(patience, t) == pytest.approx(float(up), rel=1e-14, abs=0)


@pytest.mark.parametrize("T", [0, 1, 6, 15])
@pytest.mark.parametrize("patience", PATIENCES)
def test_law_of_net_decreases_is_that_of_exact_counts(patience, T):
    orders = list(records(patience, Count(0), T, floor=False))[T]
    exact = np.zeros(2 * T + 1)
    for count, number in orders.items():
        exact[T - count.height] += float(Fraction(number, math.factorial(T)))
    values, found = noise_regime.net_decreases_law(patience, T)
    np.testing.assert_allclose(found, exact, rtol=1e-13)
    mean = noise_regime.expected_decreases(patience, T) - noise_regime.expected_increases(patience, T)
    assert float(values @ found) == pytest.approx(mean, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("patience", [1, 2, 10, 60])
def test_mean_increases_have_a_limit(patience):
    limit = noise_regime.expected_increases(patience)
    assert noise_regime.expected_increases(patience, 10**6) == pytest.approx(limit, rel=2e-6)
    assert noise_regime.probability_any_increase(patience) <= limit * (1 + 1e-14)


@pytest.mark.parametrize("levels", [1, 2, 5])
@pytest.mark.parametrize("patience", PATIENCES)
def test_survival_is_that_of_exact_counts(patience, levels):
    exact = [
        Fraction(sum(orders.values()), math.factorial(t))
        for t, orders in enumerate(records(patience, Count(levels), 40, floor=True))
    ]
    found = noise_regime.survival_above_floor(patience, levels, 40)
    np.testing.assert_allclose(found, [float(share) for share in exact], rtol=1e-12)


@pytest.mark.parametrize(("patience", "levels"), [*noise_best_time_to_floor.DIGITS, (3, 4), (0, 30)])
def test_mean_time_to_the_floor_lies_between_exact_bounds(patience, levels):
    last = noise_best_time_to_floor.DIGITS.get((patience, levels), ("", 120))[1]
    low, high = noise_best_time_to_floor.bounds(patience, levels, last)
    found = Fraction(noise_regime.expected_time_to_floor(patience, levels))
    slack = Fraction(1, 10**13)
    assert low * (1 - slack) <= found <= high * (1 + slack)


@pytest.mark.parametrize(("patience", "levels"), [(47, 2), (48, 2), (49, 2), (60, 1), (1, 200), (300, 2)])
def test_mean_time_to_the_floor_of_a_rate_that_hardly_climbs_is_longer_than_plain_decay(patience, levels):
    # T losses lose at least (T - (p + 1) R_T) / (p + 1) factors, less climbs; see the claim on the plain decay
    plain = levels * (patience + 1)
    found = noise_regime.expected_time_to_floor(patience, levels)
    harmonic = sum(1 / t for t in range(1, 2 * plain))
    assert plain + 1 <= found <= plain + (patience + 2) * harmonic


@pytest.mark.parametrize(
    ("claim", "key", "moved"),
    [
        (noise_best_rarely_climbs, 2, "0.1919908746546"),
        (noise_best_is_a_plain_decay, 1, "0.796599599298"),
        (noise_best_time_to_floor, (2, 1), ("6.94893652721", 60)),
        (noise_best_time_to_floor, (10, 1), ("20.4887788101", 40)),  # too early for so many digits
        (clipped_law, 3, ("0.2934079930261",)),
    ],
)
def test_digits_are_decided_to_the_last_one(claim, key, moved, monkeypatch):
    names = {
        noise_best_rarely_climbs: "limits",
        noise_best_is_a_plain_decay: "climbs",
        noise_best_time_to_floor: "digits",
    }
    enclosure = Enclosure(getattr(claim, names.get(claim, "values")))
    monkeypatch.setattr(claim, "DIGITS", {key: claim.DIGITS[key]})
    assert examine(enclosure).verdict == "proved"
    monkeypatch.setattr(claim, "DIGITS", {key: moved})
    finding = examine(enclosure)
    assert finding.verdict == "open"
    assert not finding.ill_formed


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: noise_regime.log_rate_variance(-1, 0.5), r"T must be an integer of at least 0, got -1"),
        (lambda: noise_regime.log_rate_variance(1.5, 0.5), r"T must be an integer of at least 0, got 1\.5"),  # pyright: ignore[reportArgumentType]
        (lambda: noise_regime.log_rate_variance(1, 1.0), r"F must lie in \(0, 1\), got 1\.0"),
        (lambda: noise_regime.mean_growth(0.0), r"F must lie in \(0, 1\), got 0\.0"),
        (lambda: noise_regime.mean_growth(math.nan), r"F must lie in \(0, 1\), got nan"),
        (lambda: noise_regime.stationary_law(0), r"levels must be an integer of at least 1, got 0"),
        (lambda: noise_regime.stationary_law(True), r"levels must be an integer of at least 1, got True"),
        (lambda: noise_regime.probability_any_increase(170), r"p must be at most 169 .*got 170"),
        (lambda: noise_regime.probability_any_increase(1, -1), r"T must be an integer of at least 0, got -1"),
        (lambda: noise_regime.expected_increases(0), r"p must be an integer of at least 1, got 0"),
        (lambda: noise_regime.expected_decreases(-1, 3), r"p must be an integer of at least 0, got -1"),
        (lambda: noise_regime.net_decreases_law(0, -2), r"T must be an integer of at least 0, got -2"),
        (lambda: noise_regime.expected_time_to_floor(1, 0), r"levels must be an integer of at least 1, got 0"),
        (lambda: noise_regime.survival_above_floor(1, 1, -1), r"T must be an integer of at least 0, got -1"),
    ],
)
def test_a_number_outside_its_domain_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
