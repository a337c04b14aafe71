"""The test functions of the robustness study as printed, differentiated by torch, against the kernels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from greedylr_theory.objectives import Ackley, LogCosh, Quadratic, Rastrigin, Rosenbrock
from tests.contract._examples import evaluated

torch: Any = pytest.importorskip("torch")


def quadratic(condition: float) -> tuple[Any, Callable[[Any], Any]]:
    """sum_i a_i (x_i - t_i)^2, a log-spaced from 1 to the condition number: curvatures 2 a_i."""
    target = np.random.default_rng(3).normal(size=15)
    a = torch.logspace(0, math.log10(condition), 15, dtype=torch.float64)
    objective = Quadratic.log_spaced(15, condition, smallest=2.0, target=tuple(target.tolist()))
    return objective, lambda x: (a * (x - torch.tensor(target)) ** 2).sum()


def rosenbrock(x: Any) -> Any:
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def rastrigin(x: Any) -> Any:
    return 10.0 * len(x) + (x**2 - 10.0 * torch.cos(2.0 * math.pi * x)).sum()


def ackley(x: Any) -> Any:
    cone = -20.0 * torch.exp(-0.2 * torch.sqrt((x**2).mean()))
    return cone - torch.exp(torch.cos(2.0 * math.pi * x).mean()) + 20.0 + math.e


def log_cosh(x: Any) -> Any:
    return torch.log(torch.cosh(x)).sum()


CASES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "quadratic, condition 1": quadratic(1.0),
    "quadratic, condition 100": quadratic(100.0),
    "quadratic, condition 1000": quadratic(1000.0),
    "Rosenbrock, d = 2": (Rosenbrock(), rosenbrock),
    "Rosenbrock, d = 5": (Rosenbrock(dimension=5), rosenbrock),
    "Rastrigin, d = 10": (Rastrigin(dimension=10), rastrigin),
    "Ackley, d = 8": (Ackley(dimension=8), ackley),
    "log cosh, d = 4": (LogCosh(dimension=4), log_cosh),
}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_torch(name: str) -> None:
    objective, printed = CASES[name]
    points = np.random.default_rng(1).normal(size=(objective.dim, 20))
    loss, gradient = evaluated(objective, points)
    for lane in range(points.shape[1]):
        x = torch.tensor(points[:, lane], requires_grad=True)
        value = printed(x)
        value.backward()
        # as printed, terms of size A d or 20 cancel, and torch's cosines and the eigenvalues are off in the last place
        np.testing.assert_allclose(loss[lane], value.item(), rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(gradient[:, lane], x.grad.numpy(), rtol=1e-12, atol=1e-12)
