"""What the claims about schedules say beside their certificates: numbers in sentences, and cases to be refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from greedylr_theory.refinement import refine
from greedylr_theory.theory import last_iterate, smooth
from greedylr_theory.theory.worst_case import worst_case
from proofs import constant_step_smooth, refined_bound_needs_independent_norms, refined_schedule
from proofs._certificates import Counterexample
from proofs._checker import examine
from proofs.any_steps_worst_case import Run, facts


def test_numbers_of_the_best_constant_steps():
    best = [smooth.best_constant_step(N) for N in (1, 2, 3, 4)]
    text = " ".join((constant_step_smooth.__doc__ or "").split())
    assert "the best is " + ", ".join(f"{round(h, 4):g}" for h, _ in best) in text
    below = [math.floor(value * 1e5) / 1e5 for _, value in best[1:]]  # what nothing is better than is rounded down
    assert "no constant step is better than {:.5f}, {:.5f} and {:.5f}".format(*below) in text
    near = [smooth.constant_step_value(h, N) for h, N in ((321 / 200, 2), (167 / 100, 3), (1713 / 1000, 4))]
    assert "the worst case is {:.5f}, {:.5f} and {:.5f}".format(*near) in text


def test_the_weights_of_the_worst_function_are_those_of_the_least_y():
    sentence = "w_k = W_{k+1}, where first w_t >= W_{t+1}: w_{1:T} is the y of the steps"
    for weights, least in (((3, 2, 1), True), ((4, 2, 1), False), ((1, 4, 3), False)):
        run = Run([Fraction(w) for w in weights], Fraction(1))
        left, _, right = facts((run, Fraction(1)))[sentence]
        assert (left == right) == least
        if least:
            y = 2 * (
                last_iterate.worst_case_value([float(eta) for eta in run.steps], 1.0, 1e-6) + float(sum(run.steps))
            )
            assert math.isclose(y, float(run.tails[0]), rel_tol=1e-9)  # D^2/(2 y) is 1e-12


def test_weights_of_an_independent_run_are_part_of_the_counterexample():
    module = refined_bound_needs_independent_norms
    large = module.example(Fraction(1000), Fraction(1001, 1000), Fraction(300), (module.EARLIER,))
    assert examine(large).verdict == "refuted"
    step = module.argument().steps["by a factor of 300"]
    assert isinstance(step, Counterexample)
    assert module.EARLIER in step.consequences(large.instance)


def test_slowly_falling_norms_give_no_warmup():
    x = (np.arange(2000) + 0.5) / 2000
    for norms in ((1 - x) ** 0.24, np.exp(-0.33 * x)):  # a < 1/4, c < (ln 2)/2
        assert np.all(np.diff(norms) < 0)
        assert np.argmax(refine(norms, smoothing=0.0).schedule) == 0
    assert refine(np.exp(-0.36 * x), smoothing=0.0).argmax > 0


def test_what_knowing_the_norms_gains_over_equal_weights():
    norms = np.array([3.0, 1.0, 0.5, 2.0])
    scale = 1 / math.sqrt(np.sum(norms**2))
    equal = refined_schedule.published_bound(np.full(4, scale), norms, 1.0)
    assert math.isclose(equal, math.sqrt(np.sum(norms**2)) / 4, rel_tol=1e-14)
    gain = math.sqrt(np.mean(norms**2) * np.mean(norms**-2.0))
    assert math.isclose(equal, gain * last_iterate.refined_value(norms, 1.0), rel_tol=1e-14)


@pytest.mark.slow
def test_beyond_the_best_constant_step_a_decay_of_the_same_peak_can_be_better():
    pytest.importorskip("PEPit")
    decay = worst_case([1.8, 1.2, 0.6]).value
    assert 1 / (2 + 4 * 3.6) < 0.0695 < decay < 0.0696 < 0.13 < smooth.constant_step_value(1.8, 3)
    assert math.isclose(decay, 0.8**2 / (2 * (2 * 1.8 + 1)), rel_tol=1e-6)
