"""PyTorch, one run after the other: autograd, torch.optim, and the schedule in Python.

This is what an experiment with a schedule looks like in most papers. torch.optim's default and its fused form are both
timed; the faster counts.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.contender import Choice, Contender
from benchmarks.workloads import BETA1, BETA2, EPS, STEPS, Floats, Outcome, Solver, Workload

TURN = 2.0 * math.pi


def absent() -> str | None:
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        return "PyTorch is not installed: pip install 'greedylr-theory[bench]'"
    torch.set_num_threads(1)
    return None


def version() -> str:
    import torch  # pyright: ignore[reportMissingImports]

    return torch.__version__


def loss_of(workload: Workload) -> Callable[[Any], Any]:
    """x (d,) or (d, B) -> loss () or (B,), as tensors that autograd follows."""
    import torch  # pyright: ignore[reportMissingImports]

    def quadratic(x: Any) -> Any:
        return 0.5 * (h.view(-1, *[1] * (x.dim() - 1)) * x * x).sum(0)

    def rosenbrock(x: Any) -> Any:
        head, tail = x[:-1], x[1:]
        return (100.0 * (tail - head * head) ** 2 + (1.0 - head) ** 2).sum(0)

    def rastrigin(x: Any) -> Any:
        return 10.0 * x.shape[0] + (x * x - 10.0 * torch.cos(TURN * x)).sum(0)

    def ackley(x: Any) -> Any:
        root = torch.sqrt((x * x).mean(0))
        return 20.0 - 20.0 * torch.exp(-0.2 * root) + math.e - torch.exp(torch.cos(TURN * x).mean(0))

    h = torch.tensor(workload.eigenvalues)
    return {"quadratic": quadratic, "rosenbrock": rosenbrock, "rastrigin": rastrigin, "ackley": ackley}[
        workload.objective
    ]


class Greedy:
    """GreedyBest for one run."""

    def __init__(self, workload: Workload) -> None:
        self.max_lr, self.best, self.good, self.bad = workload.max_lr, math.inf, 0, 0

    def next_rate(self, rate: float, observed: float, t: int) -> float:
        if observed < self.best:
            self.best, self.good, self.bad = observed, self.good + 1, 0
        else:
            self.good, self.bad = 0, self.bad + 1
        if self.good > workloads.PATIENCE:
            self.good = 0
            return min(rate / workloads.FACTOR, self.max_lr)
        if self.bad > workloads.PATIENCE:
            self.bad = 0
            return max(rate * workloads.FACTOR, workloads.MIN_LR)
        return rate


class Cosine:
    """Cosine annealing from a table."""

    def __init__(self, workload: Workload) -> None:
        self.rates = workload.rates.tolist()

    def next_rate(self, rate: float, observed: float, t: int) -> float:
        return self.rates[t + 1]


def spike_height(workload: Workload, t: int, previous: float) -> float:
    """What is added to the loss that the schedule sees."""
    if workload.disturbance == "periodic_spike":
        return workloads.STRENGTH * previous if t % workloads.SPIKE_EVERY < workloads.DURATION else 0.0
    if workload.disturbance == "random_spike" and random.random() < workload.probability:
        return workloads.STRENGTH * previous * (workload.low + workload.spread * random.random())
    return 0.0


def solve_one(workload: Workload, loss_at: Callable[[Any], Any], start: Floats, fused: bool) -> tuple[float, float]:
    """(loss at x_T, smallest loss) of one run."""
    import torch  # pyright: ignore[reportMissingImports]

    x = torch.tensor(start, requires_grad=True)
    if workload.adam:
        optimizer = torch.optim.Adam([x], lr=workload.lr0, betas=(BETA1, BETA2), eps=EPS, fused=fused)
    else:
        optimizer = torch.optim.SGD([x], lr=workload.lr0, fused=fused)
    scheduler = Greedy(workload) if workload.greedy else Cosine(workload)
    group, best, previous = optimizer.param_groups[0], math.inf, 1.0
    noisy = workload.disturbance == "gradient_noise"
    for t in range(STEPS):
        optimizer.zero_grad()
        loss = loss_at(x)
        loss.backward()
        if noisy:
            gradient: Any = x.grad
            gradient.add_(torch.randn_like(gradient), alpha=workload.sigma)
        optimizer.step()
        value = loss.item()
        best = min(best, value)
        observed = value + spike_height(workload, t, previous)
        group["lr"] = scheduler.next_rate(group["lr"], observed, t)
        previous = value
    with torch.no_grad():
        end = loss_at(x).item()
    return end, min(best, end)


def solver(workload: Workload, choice: Choice) -> Solver:
    import torch  # pyright: ignore[reportMissingImports]

    loss_at = loss_of(workload)

    def solve(points: Floats) -> Outcome:
        torch.manual_seed(1)
        random.seed(1)
        rows = np.array([solve_one(workload, loss_at, start, choice["fused"]) for start in points.T])
        return Outcome(rows[:, 0], rows[:, 1])

    return solve


LOOP = Contender(
    key="torch",
    name="PyTorch, a loop per run",
    absent=absent,
    version=version,
    choices=lambda workload, quick: [Choice(1, (("fused", fused),)) for fused in (True, False)],
    solver=solver,
    runs=lambda block: 4,
)
