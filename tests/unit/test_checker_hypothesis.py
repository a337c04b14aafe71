"""A conclusion that is a multiple of its hypothesis proves nothing; one that only looks so at a place is another."""

from __future__ import annotations

import pytest
import sympy

from proofs._exact import IllFormed
from proofs._sums import _require_other_than

a, b = sympy.symbols("a b")


@pytest.mark.parametrize("goal", [a, 3 * a, -a / 7, (a**2 * b - a * b) / (a * b - b)])
def test_a_multiple_of_the_hypothesis_is_no_conclusion(goal: sympy.Expr) -> None:
    with pytest.raises(IllFormed, match="nothing is proved"):
        _require_other_than("h", a, goal)


@pytest.mark.parametrize(
    ("hypothesis", "goal"),
    [
        (a, a + b),
        # equal at both places that the checker tries, 3/7 and 5/7, and nowhere else
        (a, a * (1 + (a - sympy.Rational(3, 7)) * (a - sympy.Rational(5, 7)))),
        # the hypothesis vanishes at the first place
        (a - sympy.Rational(3, 7), a),
        (sympy.Integer(0), a),
    ],
)
def test_what_is_another_statement_passes(hypothesis: sympy.Expr, goal: sympy.Expr) -> None:
    _require_other_than("h", hypothesis, goal)
