"""Each check fails on a plug-in with the fault that it is there for, and says what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from greedylr_theory import checks
from greedylr_theory.adapters import per_run
from greedylr_theory.contracts import (
    Objective,
    Optimizer,
    Perturbation,
    Scheduler,
    objective_kernel,
    optimizer_kernel,
    perturbation_kernel,
    scheduler_kernel,
)
from greedylr_theory.objectives import Expression, Quadratic
from greedylr_theory.params import param


@objective_kernel
def with_faults(x, params, data, draws, workspace, gradient, loss):
    """x^2 / 2 per lane with the fault that params[0] names."""
    fault = params[0, 0]
    for lane in range(loss.size):
        z = x[0, lane]
        loss[lane] = 0.5 * z * z
        gradient[0, lane] = 1.01 * z if fault == 1.0 else z
        if fault == 2.0:
            gradient[1, lane] = 0.0
        if fault == 3.0:
            loss[lane] += 1e-9 * x[0, 0]
        if fault == 4.0:
            workspace[0, lane] = 1.0
        if fault == 5.0:
            x[0, lane] = z + 1e-12
        if fault == 6.0:
            gradient[0, lane] = np.nan
        if fault == 7.0 and z != z:
            loss[0] = z
        if fault == 8.0:
            loss[lane] += 0.0 * x[2, lane]
        if fault == 9.0 and lane == 0:
            gradient[0, lane] = gradient[0, lane] if loss[1] > 0.0 else 0.0


@dataclass(frozen=True)
class Faulty(Objective):
    """x^2 / 2.

    Args:
        fault: which one.
    """

    fault: int = param(0, symbol="k", doc="which fault", kind="int")
    kernel: ClassVar[Any] = with_faults
    workspace_rows: ClassVar[int] = 1  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]
    dim: ClassVar[int] = 1  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]
    smoothness = 1.0
    strong_convexity = 1.0
    convex = True
    minimum = 0.0
    minimiser = (0.0,)

    def expression(self, x: Any) -> Any:
        return x[0] ** 2 / 2


def failed(plugin: Any) -> dict[str, str]:
    """{check: what it says} of the checks that fail."""
    return {result.name: result.measured for result in checks.run(plugin) if not result.passed}


def test_a_sound_objective_passes_every_check() -> None:
    results = checks.run(Faulty())
    assert all(result.passed for result in results), failed(Faulty())
    assert sum(result.applies for result in results) >= 10


@pytest.mark.parametrize(
    ("fault", "check", "says"),
    [
        (1, "the gradient is the slope of f", "not to 0.01, at x = ("),
        (1, "value and gradient equal the sympy expression", "the expression"),
        (1, "declared constants hold", "smoothness (L) is violated"),
        (2, "the kernel keeps to its arrays", "writes behind the rows of gradient"),
        (3, "lanes, chunks, threads and order change nothing", "numbers differ, first"),
        (4, "the kernel keeps to its arrays", "workspace at zero"),
        (5, "the kernel keeps to its arrays", "changes x, which is not its own"),
        (6, "ordinary numbers give ordinary numbers", "its gradient is not"),
        (7, "a diverging run leaves its neighbours alone", "beside a run that diverges"),
        (8, "the kernel keeps to its arrays", "with other numbers around the arrays"),
    ],
)
def test_a_fault_of_an_objective_is_found(fault: int, check: str, says: str) -> None:
    assert says in failed(Faulty(fault))[check]


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"declared_smoothness": 1.9}, "smoothness (L) is violated at"),
        ({"declared_strong_convexity": 0.51}, "strong_convexity (mu) is violated at"),
        ({"declared_convex": True}, "convexity is violated"),
        ({"declared_minimum": 0.01}, "minimum (f*) is violated"),
    ],
)
def test_a_constant_that_a_user_declares_wrongly_is_found(declared: dict[str, Any], says: str) -> None:
    """x^2 + y^2 / 4 has L = 2, mu = 1/2 and f* = 0; with -(y - 9)^4 / 1000 added it is not convex."""
    text = "x0**2 + x1**2/4" + ("-(x1-9)**4/1000" if "declared_convex" in declared else "")
    assert says in failed(Expression(text, **declared))["declared constants hold"]
    right = Expression("x0**2+x1**2/4", declared_smoothness=2.0, declared_strong_convexity=0.5, declared_convex=True)
    assert not failed(right)


def test_a_wrong_minimiser_is_found() -> None:
    wrong = Expression("x0**2", declared_minimum=0.0, declared_minimiser=(1e-3,))
    assert "f is 1e-06 at the minimiser" in failed(wrong)["the minimiser is one"]
    steep = Expression("x0**2", declared_minimum=0.0, declared_smoothness=2.0, declared_minimiser=(1e-5,))
    assert "the minimiser is one" in failed(steep)


@scheduler_kernel
def writes_to_gradient(step, groups, observed, x, gradient, params, state, lr):
    for lane in range(lr.size):
        state[1, lane] = lr[lane]
        gradient[0, lane] = 0.0


@dataclass(frozen=True)
class Grabbing(Scheduler):
    """Takes more rows of state than it asks for, and writes where it must not."""

    kernel: ClassVar[Any] = writes_to_gradient

    def initial_state(self, params: Any, lr0: Any, steps: int, dim: int) -> Any:
        return np.zeros((1, lr0.size))


@dataclass(frozen=True)
class Negative(Scheduler):
    """A rate below zero."""

    kernel: ClassVar[Any] = per_run(lambda step, observed, params, state, lr: -lr)


def test_faults_of_a_scheduler_are_found() -> None:
    assert "writes behind the rows of state" in failed(Grabbing())["the kernel keeps to its arrays"]
    assert "negative or not finite" in failed(Negative())["ordinary numbers give ordinary numbers"]


@optimizer_kernel
def averages_over_lanes(step, lr, gradient, params, state, x):
    for i in range(x.shape[0]):
        for lane in range(lr.size):
            x[i, lane] -= lr[lane] * gradient[i, 0]


@dataclass(frozen=True)
class Averaging(Optimizer):
    kernel: ClassVar[Any] = averages_over_lanes


def test_faults_of_an_optimizer_are_found() -> None:
    found = failed(Averaging())
    assert {"lanes, chunks, threads and order change nothing", "it describes itself"} <= set(found)


@perturbation_kernel
def leaves_its_channel(step, loss, params, draws, state, observed, gradient, x):
    for lane in range(loss.size):
        observed[lane] = 2.0 * loss[lane]
        x[0, lane] += 1e-9


@dataclass(frozen=True)
class Leaving(Perturbation):
    """Doubles what the scheduler sees, and moves the iterate."""

    kernel: ClassVar[Any] = leaves_its_channel
    channel = "observed_loss"


def test_a_perturbation_that_leaves_its_channel_is_found() -> None:
    assert "changes x, which is not its own" in failed(Leaving())["the kernel keeps to its arrays"]


def test_an_error_of_the_plugin_itself_is_a_failed_check() -> None:
    @dataclass(frozen=True)
    class Broken(Quadratic):
        def expression(self, x: Any) -> Any:
            raise KeyError("no such symbol")

    assert "raises KeyError" in failed(Broken((1.0,)))["value and gradient equal the sympy expression"]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("no_such_plugin", {}, "must be FILE.py or the name of a plug-in, got 'no_such_plugin'"),
        ("missing.py", {}, "must be an existing Python file, got 'missing.py'"),
        ("quadratic", {}, "Quadratic.eigenvalues has no default: give one by --set eigenvalues="),
        ("huber", {"radius": "-1"}, r"Huber.radius \(r\) must lie in"),
        ("huber", {"width": "1"}, "has no parameter 'width'"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(name: str, values: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checks.plugin_of(name, values)
