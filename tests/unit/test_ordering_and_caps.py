"""Faults planted in the claims on the ordering and on caps: each is found, for its mathematics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy

from proofs import _two_samples as two_samples
from proofs import capped_smaller_factor_can_be_worse as worse
from proofs import capped_smaller_factor_in_one_dimension as one_dimension
from proofs import capped_worst_case as worst_case
from proofs import ordering_bias, ordering_breaks_theorem_a1, ordering_predictable_bias, ordering_two_attractors
from proofs._certificates import Chain, Counterexample, Enumeration
from proofs._checker import examine
from proofs._rules import Greedy, Ordering, run

MORE, LESS = sympy.Rational(1001, 1000), sympy.Rational(999, 1000)
SIMPLEST = worse.SIMPLEST


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda: Chain({"spread": worst_case.spread(), "sum": worst_case.descent(MORE)}), "differ"),
        (lambda: one_dimension.argument(MORE), "not shown to be nonnegative"),
        (lambda: worse.argument({"shorter": replace(SIMPLEST, step=2)}), "behind at step 2 fails"),
        (lambda: worse.argument({"later": replace(SIMPLEST, step=4)}), "ahead at step 3 fails"),
        (lambda: worse.argument({"larger L": replace(SIMPLEST, smoothness=Fraction(4))}), "L is an eigenvalue"),
        (lambda: worse.argument({"smaller L": replace(SIMPLEST, smoothness=Fraction(1))}), "the larger one"),
        (
            lambda: worse.argument({"elsewhere": replace(SIMPLEST, minimiser=(Fraction(0), Fraction(1)))}),
            "the gradient vanishes",
        ),
        (lambda: ordering_bias.argument(2 * LESS), "differ"),
        (lambda: ordering_two_attractors.argument(LESS), "differ"),
        (lambda: ordering_predictable_bias.argument(4 * LESS), "differ"),
        (lambda: ordering_breaks_theorem_a1.argument(-ordering_breaks_theorem_a1.BOUND * MORE), "differ"),
    ],
)
def test_a_fault_is_found(broken: Callable[[], Any], reason: str) -> None:
    finding = examine(broken())
    assert finding.verdict == "open"
    assert not finding.ill_formed
    assert reason in finding.sentence


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"c": Fraction(0)}, "E x_3 is as computed"),  # the letters no longer decide
        ({"min_lr": Fraction(1, 7)}, "min_lr <= gamma_t"),
        ({"L_max": Fraction(1, 2)}, "curvature at most L"),
        ({"max_lr": Fraction(1)}, "max_lr < 1/L_max"),
    ],
)
def test_the_counterexample_needs_each_of_its_numbers(changed: dict[str, Fraction], reason: str) -> None:
    certificate = ordering_breaks_theorem_a1.enumerated()
    assert examine(certificate).verdict == "refuted"
    instance = {**certificate.instance, **changed}
    finding = examine(Counterexample(instance, certificate.hypotheses, certificate.consequences))
    assert finding.verdict == "open"
    assert reason in finding.sentence


def test_an_offset_of_two_is_enough_but_only_strictly_inside() -> None:
    """At x = 1 a step on sample 1 stays there: equal losses tie, and the rate falls."""
    one, two = two_samples.samples(Fraction(2))
    rule = Greedy(Fraction(1, 2), low=Fraction(1, 8), high=Fraction(1, 2))
    half = Fraction(1, 2)
    for start, rates in ((Fraction(1), (half, half / 2)), (Fraction(999, 1000), (half, half))):
        assert run((start,), half, [one, one], rule, "before_update").rates == rates
    assert run((Fraction(999, 1000),), half, [one, two], rule, "before_update").rates == (half, half)


def test_means_follow_from_the_rule_for_either_ordering() -> None:
    orderings: list[tuple[Ordering, int]] = [("before_update", 0), ("after_update", 1)]
    for ordering, lag in orderings:
        paths = list(two_samples.runs(Fraction(2), Fraction(1, 3), Fraction(2, 5), Fraction(1, 7), 6, ordering))
        found = [sum((path.points[t][0] for path in paths), Fraction(0)) / len(paths) for t in range(7)]
        assert found == two_samples.means(Fraction(1, 3), Fraction(2, 5), Fraction(1, 7), 6, lag)
        assert found != two_samples.means(Fraction(1, 3), Fraction(2, 5), Fraction(1, 7), 6, 1 - lag)


def test_values_are_attained_exactly() -> None:
    """The enumeration fails when the bound is one part in a thousand larger."""
    instance = next(iter(worst_case.cases().values()))
    assert examine(Enumeration({"exact": instance}, worst_case.attained)).verdict == "proved"

    def off(at: Any) -> Any:
        facts = dict(worst_case.attained(at))
        value, relation, bound = facts["f(x_N) - f* is the bound"]
        return {"f(x_N) - f* is the bound": (value, relation, bound * Fraction(1001, 1000))}

    assert examine(Enumeration({"off": instance}, off)).verdict == "open"
