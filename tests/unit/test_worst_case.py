"""Worst cases: closed forms against the solver, safety of the dual value, units, and what is refused."""

from __future__ import annotations

import builtins
import math
import sys
from typing import Any

import numpy as np
import pytest

from greedylr_theory.theory import _semidefinite, smooth
from greedylr_theory.theory.worst_case import semidefinite, worst_case

SOLVER = 1e-7  # relative; the solver is asked for 1e-10 and says by how much it fails

CLOSED: list[tuple[list[float], dict[str, Any]]] = [
    ([0.3, 1.0, 0.7], {}),
    ([1.4] * 3, {}),
    ([1.9] * 2, {}),
    ([2.2] * 2, {}),
    (list(smooth.silver_steps(2)), {}),
    ([0.2] * 3, {"problem": "smooth-strongly-convex", "mu": 0.2}),
    ([1.8] * 3, {"problem": "smooth-strongly-convex", "mu": 0.2}),
    ([0.1] * 3, {"problem": "lipschitz-convex"}),
    ([0.4] * 3, {"problem": "lipschitz-convex"}),
    ([0.1] * 3, {"problem": "lipschitz-convex", "measure": "average"}),
    ([0.9] * 3, {"problem": "lipschitz-convex", "measure": "average"}),
    ([(1 - t / 4) / 2 for t in (1, 2, 3)], {"problem": "lipschitz-convex"}),
    ([2.0 * (1 - t / 4) for t in (1, 2, 3)], {"problem": "lipschitz-convex"}),
    ([0.1, 0.2, 0.5], {"problem": "lipschitz-convex"}),
    ([0.6, 0.3, 0.05], {"problem": "lipschitz-convex"}),
    ([0.1, 0.7, 0.01, 0.2], {"problem": "lipschitz-convex"}),
    ([0.02, 0.01, 0.03], {"problem": "lipschitz-convex"}),
    ([2.0, 0.5, 3.0], {"problem": "lipschitz-convex"}),
    ([0.003, 0.0, 9.0, 0.2], {"problem": "lipschitz-convex"}),
]


@pytest.mark.parametrize(("steps", "setting"), CLOSED)
def test_closed_forms_agree_with_the_solver(steps, setting):
    pytest.importorskip("PEPit")
    closed, solved = worst_case(steps, **setting), semidefinite(steps, **setting)
    assert closed.method == "closed form"
    assert solved.method == "semidefinite program"
    assert closed.tolerance == 0 <= closed.attained == closed.value
    assert solved.value == pytest.approx(closed.value, rel=SOLVER)
    assert solved.value >= closed.value * (1 - 1e-12)  # it is safe: never below the truth but for rounding
    assert abs(solved.tolerance) < SOLVER
    assert set(closed.multipliers) == set()
    assert min(solved.multipliers.values()) >= 0
    if closed.worst_function is not None:
        assert closed.worst_function.attained == pytest.approx(closed.value, rel=1e-12)


def test_without_a_closed_form_the_solver_gives_a_safe_value_and_a_worst_function():
    pytest.importorskip("PEPit")
    steps = [1.7, 0.4, 1.2]
    found = worst_case(steps)
    assert found.method == "semidefinite program"
    assert "Clarabel" in found.source
    assert found.attained <= found.value * (1 + SOLVER)
    assert found.value >= smooth.lower_bound(steps) * (1 - SOLVER)
    assert found.worst_function is not None
    function = found.worst_function
    assert function.dimension <= 3
    assert function.attained == pytest.approx(found.value, rel=1e-4)  # the heuristic gives away a little
    np.testing.assert_allclose(function.points[0] @ function.points[0], 1.0, rtol=1e-4)
    np.testing.assert_allclose(
        np.diff(function.points, axis=0), -np.array(steps)[:, None] * function.gradients[:-1], atol=1e-4
    )


def test_other_units_scale_the_answer():
    pytest.importorskip("PEPit")
    steps, L, R = np.array([1.7, 0.4]), 3.0, 0.5
    measures: Any = (("last", L * R**2), ("gradient", L * R), ("average", L * R**2))
    for measure, unit in measures:
        one, other = worst_case(steps, measure=measure), worst_case(steps / L, measure=measure, L=L, R=R)
        assert other.value == pytest.approx(one.value * unit, rel=SOLVER)
        if other.worst_function is not None:
            assert other.worst_function.attained == pytest.approx(other.value, rel=1e-4)
    steps = np.array([0.3, 0.1])
    one = worst_case(steps, problem="lipschitz-convex")
    other = worst_case(steps * R / 7.0, problem="lipschitz-convex", G=7.0, R=R)
    assert other.value == pytest.approx(one.value * 7.0 * R, rel=SOLVER)


def test_a_wrong_multiplier_raises_the_value_and_never_lowers_it(monkeypatch):
    PEPit = pytest.importorskip("PEPit")
    steps = [1.7, 0.4]
    right = semidefinite(steps).value
    original = PEPit.constraint.Constraint.eval_dual
    for factor in (0.999, 1.001):
        monkeypatch.setattr(
            PEPit.constraint.Constraint, "eval_dual", lambda self, by=factor: _spoiled(original(self), by)
        )
        found = _semidefinite.solve(np.array(steps), "smooth-convex", "last", 0.0)
        assert found.upper > right
    monkeypatch.undo()


def _spoiled(weight: float, factor: float) -> float:
    return weight * factor if weight != 1 and weight > 0.2 else weight


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch):
    original = builtins.__import__

    def absent(name, *rest, **more):
        if name.split(".")[0] in ("PEPit", "cvxpy", "clarabel"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return original(name, *rest, **more)

    for name in [name for name in sys.modules if name.split(".")[0] in ("PEPit", "cvxpy", "clarabel")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'greedylr-theory\[pep\]'"):
        worst_case([1.7, 0.4])
    assert worst_case([0.5, 0.5]).value == pytest.approx(1 / 6)  # a closed form needs nothing


@pytest.mark.parametrize(
    ("steps", "setting", "message"),
    [
        ([1.0], {"problem": "convex"}, "problem must be one of smooth-convex, lipschitz-convex"),
        ([1.0], {"measure": "best"}, "measure must be one of last, average, gradient, got 'best'"),
        ([1.0], {"L": 0}, "L must be positive and finite, got 0"),
        ([1.0], {"R": math.inf}, "R must be positive and finite, got inf"),
        ([1.0], {"G": 2.0}, "G has no meaning for smooth-convex, got 2.0"),
        ([1.0], {"problem": "lipschitz-convex", "L": 2.0}, "L has no meaning for lipschitz-convex"),
        ([1.0], {"problem": "lipschitz-convex", "measure": "gradient"}, "whose worst subgradient is always G"),
        ([1.0], {"mu": 0.1}, "mu must be 0 for smooth-convex, got 0.1"),
        ([1.0], {"problem": "smooth-strongly-convex"}, r"mu must lie in \(0, L\) for smooth-strongly-convex, got 0"),
        ([1.0], {"problem": "smooth-strongly-convex", "mu": 1.0}, r"mu must lie in \(0, L\)"),
        ([-1.0], {}, r"steps must lie in \[0, inf\), got -1.0"),
        ([math.nan], {}, "steps must lie"),
        ([1e308], {"L": 1e10}, "steps must be finite in units of 1/L"),
        ([1.9, 0.1] * 40, {}, "steps must be at most 60 where no closed form is known"),
    ],
)
def test_bad_input_gets_one_sentence(steps, setting, message):
    with pytest.raises(ValueError, match=message):
        worst_case(steps, **setting)


@pytest.mark.slow
def test_ten_steps_take_less_than_five_seconds():
    import time

    pytest.importorskip("PEPit")
    begin = time.process_time()  # not the clock on the wall: others may use the machine
    found = worst_case(np.linspace(1.9, 0.3, 10))
    assert time.process_time() - begin < 5
    assert found.tolerance < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("N", [1, 3, 7])
def test_silver_and_constant_steps_against_the_solver(N):
    pytest.importorskip("PEPit")
    best = smooth.best_constant_step(N)[0]
    for steps in (smooth.silver_steps((N + 1).bit_length() - 1), [1.0] * N, [1.5] * N, [best] * N):
        assert semidefinite(steps).value == pytest.approx(worst_case(steps).value, rel=SOLVER)


@pytest.mark.slow
@pytest.mark.parametrize("T", range(2, 9))
def test_linear_decay_and_constant_steps_on_lipschitz_functions_against_the_solver(T):
    pytest.importorskip("PEPit")
    for measure in ("last", "average"):
        for steps in ([(1 - t / T) / math.sqrt(T) for t in range(1, T)], [0.9 / T] * (T - 1), [1.7 / T] * (T - 1)):
            solved = semidefinite(steps, problem="lipschitz-convex", measure=measure)
            known = worst_case(steps, problem="lipschitz-convex", measure=measure)
            assert solved.value == pytest.approx(known.value, rel=SOLVER)


def test_linear_decay_has_a_closed_form_for_any_length():
    T = 100_000
    found = worst_case((1 - np.arange(1, T) / T) / math.sqrt(T), problem="lipschitz-convex")
    assert found.value == pytest.approx(1 / math.sqrt(T), rel=1e-12)
    assert found.method == "closed form"
