"""The exact rules take the rates of the compiled ones, and the library's those of the class where it is installed."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import replay
from greedylr_theory.contracts import ScheduleWarning
from greedylr_theory.schedulers import GreedyStudy
from proofs._library_rule import Library, outcomes, patterns, same
from proofs._study_rule import Study

EIGHTHS = st.integers(-40, 40).map(lambda n: Fraction(n, 8))
SPECIAL = st.sampled_from([math.inf, -math.inf, math.nan])


@st.composite
def rules(draw) -> Library:
    """Dyadic parameters, so that double precision makes no rounding error within the length of a test."""
    return Library(
        factor=Fraction(1, 2),
        patience=draw(st.integers(0, 3)),
        threshold=draw(st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(1, 2)])),
        relative=draw(st.booleans()),
        maximise=draw(st.booleans()),
        cooldown=draw(st.integers(0, 2)),
        warmup=draw(st.integers(0, 2)),
        min_lr=draw(st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1)])),
        max_lr=draw(st.sampled_from([Fraction(1), Fraction(8)])),
        eps=draw(st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(1, 2)])),
        window_size=draw(st.sampled_from([None, 1, 2, 4])),
        reset_start=draw(st.integers(0, 3)),
    )


START = st.sampled_from([Fraction(1, 8), Fraction(1), Fraction(2), Fraction(9, 8), Fraction(16)])


@settings(max_examples=150)
@given(rule=rules(), start=START, metrics=st.lists(EIGHTHS | SPECIAL, min_size=1, max_size=40))
def test_exact_rates_are_those_of_the_compiled_rule(rule, start, metrics):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        found = replay(rule.compiled(), [float(metric) for metric in metrics], lr0=float(start))
    np.testing.assert_array_equal(found, [float(rate) for rate in rule.rates((start,), metrics)])


@settings(max_examples=60)
@given(rule=rules(), starts=st.tuples(START, START), metrics=st.lists(EIGHTHS, min_size=1, max_size=30))
def test_two_parameter_groups_reset_together(rule, starts, metrics):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        found = replay(rule.compiled(), [float(m) for m in metrics], lr0=tuple(map(float, starts)))
    exact = [[float(rate) for rate in state.rates] for state in rule.states(starts, metrics)]
    np.testing.assert_array_equal(found, exact)


@settings(max_examples=60)
@given(rule=rules(), start=START, metrics=st.lists(EIGHTHS | SPECIAL, min_size=1, max_size=40))
def test_exact_rates_are_those_of_the_class_in_transformers(rule, start, metrics):
    torch = pytest.importorskip("torch")
    optimization = pytest.importorskip("transformers.optimization")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=float(start))
    compiled = rule.compiled()
    real = optimization.GreedyLR(optimizer, **{name: getattr(compiled, name) for name, _ in compiled.parameters()})
    for metric, rate in zip(metrics, rule.rates((start,), metrics), strict=True):
        real.step(float(metric))
        assert optimizer.param_groups[0]["lr"] == rate


def test_patterns_of_outcomes_are_seen_by_the_rule_as_such():
    rule = Library(patience=100)
    for pattern in patterns(7):
        states = list(rule.states((Fraction(1),), outcomes(pattern)))
        assert tuple(state.bad == 0 for state in states) == pattern
    assert len(list(patterns(7))) == 64


def test_relations_say_where_sequences_differ():
    assert same([1, 2], [1, 3])["rate after 2 metrics"] == (2, "==", 3)
    assert same([1, 2], [1])["length"] == (2, "==", 1)


@settings(max_examples=40)
@given(
    losses=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=60),
    patience=st.integers(0, 10),
    window=st.integers(1, 12),
    factor=st.sampled_from([0.5, 0.9, 0.95]),
)
def test_the_rule_of_the_study_takes_the_rates_of_the_compiled_one(losses, patience, window, factor):
    rule = Study(factor, patience, 1e-5, 1.0, window, momentum=0.9)
    compiled = GreedyStudy(factor=factor, patience=patience, window_size=window)
    np.testing.assert_array_equal(replay(compiled, losses, lr0=0.01), list(rule.rates(0.01, losses)))
