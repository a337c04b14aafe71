"""The published rule in exact arithmetic: ties, clips, conventions, orderings, and agreement with the simulator."""

from __future__ import annotations

import operator
from fractions import Fraction

import numpy as np
import pytest
import sympy

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._functions import MeanOfSquares, Piecewise, Separable, huber, square
from proofs._rules import Greedy, State, advance, all_runs
from proofs._rules import run as exact_run

HALF = Fraction(1, 2)


def parabola(x):
    return x[0] ** 2 / 2, x


@pytest.mark.parametrize(
    ("loss", "expected"), [(Fraction(1), Fraction(6)), (Fraction(2), HALF * 3), (Fraction(3), HALF * 3)]
)
def test_a_fall_divides_a_tie_and_a_rise_multiply(loss, expected):
    assert Greedy(HALF).next_rate(Fraction(3), loss, previous=Fraction(2)) == expected


def test_the_first_loss_climbs_or_changes_nothing_not_even_to_the_clips():
    assert Greedy(HALF, high=Fraction(4)).next_rate(Fraction(3), Fraction(9), previous=None) == 4
    assert Greedy(HALF, high=Fraction(1), first="none").next_rate(Fraction(3), Fraction(9), previous=None) == 3


def test_clips_hold_from_both_sides():
    rule = Greedy(HALF, low=Fraction(2), high=Fraction(5))
    assert rule.next_rate(Fraction(3), Fraction(1), Fraction(2)) == 5
    assert rule.next_rate(Fraction(3), Fraction(2), Fraction(1)) == 2


def test_orderings_differ_by_when_the_adjusted_rate_is_used():
    # x_0 = 1, gamma_0 = 1/4: before the update the step takes 1/2, after it 1/4
    before = exact_run((Fraction(1),), Fraction(1, 4), [parabola] * 2, Greedy(HALF), "before_update")
    after = exact_run((Fraction(1),), Fraction(1, 4), [parabola] * 2, Greedy(HALF), "after_update")
    assert before.rates == (Fraction(1, 2), Fraction(1))
    assert after.rates == (Fraction(1, 4), Fraction(1, 2))
    assert before.points[-1] == (Fraction(0),)
    assert after.points[-1] == (Fraction(3, 8),)


def test_every_comparison_goes_through_the_oracle():
    seen = []

    def less(a, b):
        seen.append((a, b))
        return operator.lt(a, b)

    rule = Greedy(HALF, Fraction(1), Fraction(2), less=less)
    rule.next_rate(Fraction(3), Fraction(1), Fraction(2))
    assert seen == [(1, 2), (2, 6), (2, 1)]  # loss, upper clip, lower clip


def test_symbols_run_the_same_code():
    gamma, g, x, F = sympy.symbols("gamma g x F")
    state = State((x,), gamma, previous=sympy.Symbol("l"))
    after, loss, used = advance(state, lambda _: (x**2, (g,)), Greedy(F, less=lambda a, b: True), "before_update")
    assert (after.x, used, loss) == ((x - gamma * g / F,), gamma / F, x**2)


def test_all_runs_are_all_sequences_of_samples():
    problem = MeanOfSquares((Fraction(1), Fraction(2)), (Fraction(0), Fraction(1)))
    runs = list(all_runs((Fraction(1),), Fraction(1, 4), problem.functions, 3, Greedy(HALF), "after_update"))
    assert len(runs) == 8
    assert len({run.points for run in runs}) == 8


@pytest.mark.parametrize("ordering", ["before_update", "after_update"])
@pytest.mark.parametrize("first", ["infinity", "none"])
def test_the_simulator_runs_the_same_rule(ordering, first):
    # halves and quarters: float64 is exact on these for as long as the numerators fit in 53 bits
    rule = Greedy(HALF, Fraction(1, 8), Fraction(3, 2), first)
    f = Separable((square(Fraction(1)), square(Fraction(3, 2))))
    exact = exact_run((Fraction(1), Fraction(-2)), Fraction(1, 4), [f] * 7, rule, ordering)
    run = Run(
        objective=Quadratic(eigenvalues=(1.0, 1.5)),
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=0.5, min_lr=0.125, max_lr=1.5, first=first),
        perturbation=NoPerturbation(),
        start=(1.0, -2.0),
        lr0=0.25,
        steps=7,
        ordering=ordering,
        replicate=0,
    )
    trajectory = simulate([run], stride=1)
    np.testing.assert_array_equal(trajectory.lr[0], [float(rate) for rate in exact.rates])
    np.testing.assert_array_equal(trajectory.x_end[0], [float(x) for x in exact.points[-1]])
    np.testing.assert_array_equal(trajectory.loss[0], [float(loss) for loss in exact.losses])


def holds(relation):
    left, comparison, right = relation
    return {"==": operator.eq, "<=": operator.le, ">=": operator.ge}[comparison](left, right)


def test_facts_hold_for_a_smooth_convex_function_and_fail_for_others():
    at = (Fraction(0),)
    assert all(map(holds, Separable((huber(Fraction(3), Fraction(2)),)).facts(Fraction(3), at).values()))
    assert not all(map(holds, Separable((huber(Fraction(3)),)).facts(Fraction(2), at).values()))  # not 2-smooth
    assert not all(map(holds, Separable((huber(Fraction(3)),)).facts(Fraction(4), at).values()))  # L not the smallest
    assert not all(map(holds, Separable((square(Fraction(-1)),)).facts(Fraction(1), at).values()))  # concave
    assert not all(map(holds, Separable((square(Fraction(1)),)).facts(Fraction(1), (Fraction(1),)).values()))
    zero, one = Fraction(0), Fraction(1)
    kink = Piecewise((zero,), ((zero, -one, one), (zero, one, one)))
    jump = Piecewise((zero,), ((zero, zero, one), (one, zero, one)))
    for broken in (kink, jump):
        assert not all(map(holds, broken.facts(Fraction(1)).values()))


def test_constants_of_a_finite_sum_are_those_of_its_definition():
    problem = MeanOfSquares((Fraction(1), Fraction(3)), (Fraction(-1), Fraction(2)))
    mean = lambda x: sum(f((x,))[0] for f in problem.functions) / 2  # noqa: E731
    at = problem.minimiser
    assert problem.suboptimality(Fraction(5)) == mean(Fraction(5)) - mean(at)
    assert sum(f((at,))[1][0] for f in problem.functions) == 0
    assert problem.noise == sum(f((at,))[1][0] ** 2 for f in problem.functions) / 2
