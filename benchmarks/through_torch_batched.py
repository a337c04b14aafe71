"""PyTorch, many runs per operation: tensors (d, B), in place and without autograd where a user would write it so.

Gradients by formula and by autograd of the sum of the losses are both timed, at several numbers of runs per operation;
the fastest counts. torch.optim has one rate for all of a tensor, so the update is written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.contender import Choice, Contender
from benchmarks.through_torch import TURN, absent, loss_of, version
from benchmarks.workloads import BETA1, BETA2, EPS, STEPS, Floats, Outcome, Solver, Workload

BLOCKS = (1024, 4096, 16_384)


def formula(workload: Workload, x: Any, gradient: Any) -> Callable[[], Any]:
    """() -> loss (B,) at x, filling the gradient (d, B)."""
    import torch  # pyright: ignore[reportMissingImports]

    d = x.shape[0]
    scratch, other = torch.empty_like(x), torch.empty_like(x)
    h = torch.tensor(workload.eigenvalues)[:, None]

    def quadratic() -> Any:
        torch.mul(h, x, out=gradient)
        return torch.mul(gradient, x, out=scratch).sum(0).mul_(0.5)

    def rosenbrock() -> Any:
        head, tail, bend, rest = x[:-1], x[1:], scratch[:-1], other[:-1]
        torch.addcmul(tail, head, head, value=-1.0, out=bend)
        torch.sub(1.0, head, out=rest)
        loss = (bend * bend).sum(0).mul_(100.0).add_((rest * rest).sum(0))
        bend.mul_(200.0)
        gradient[0].zero_()
        gradient[1:].copy_(bend)
        gradient[:-1].sub_(rest.addcmul_(bend, head), alpha=2.0)
        return loss

    def rastrigin() -> Any:
        torch.mul(x, TURN, out=scratch)
        torch.sin(scratch, out=gradient)
        torch.cos(scratch, out=scratch).mul_(-10.0).addcmul_(x, x)
        gradient.mul_(10.0 * TURN).add_(x, alpha=2.0)
        return scratch.sum(0).add_(10.0 * d)

    def ackley() -> Any:
        torch.mul(x, TURN, out=scratch)
        torch.sin(scratch, out=gradient)
        waves = torch.cos(scratch, out=scratch).mean(0).exp_()
        root = torch.mul(x, x, out=scratch).mean(0).sqrt_()
        bowl = (-0.2 * root).exp_().mul_(20.0)
        radial = torch.where(root > 0.0, 0.2 / d * bowl / root, 0.0)
        gradient.mul_(TURN / d * waves).addcmul_(x, radial)
        return (20.0 - bowl).add_(math.e - waves)

    return {"quadratic": quadratic, "rosenbrock": rosenbrock, "rastrigin": rastrigin, "ackley": ackley}[
        workload.objective
    ]


def automatic(workload: Workload, x: Any, gradient: Any) -> Callable[[], Any]:
    """The same by autograd."""
    import torch  # pyright: ignore[reportMissingImports]

    loss_at = loss_of(workload)

    def evaluate() -> Any:
        with torch.enable_grad():
            tracked = x.detach().requires_grad_()
            loss = loss_at(tracked)
            gradient.copy_(torch.autograd.grad(loss.sum(), tracked)[0])
        return loss.detach()

    return evaluate


def update(workload: Workload, x: Any, gradient: Any) -> Callable[[int, Any], None]:
    """(step, rates (B,)) -> None: the optimizer's change of x; the gradient may be used up."""
    import torch  # pyright: ignore[reportMissingImports]

    first, second, scratch = torch.zeros_like(x), torch.zeros_like(x), torch.empty_like(x)

    def adam(t: int, rate: Any) -> None:
        # first / (1 - beta1) and second / (1 - beta2), so that a pass is saved
        first.mul_(BETA1).add_(gradient)
        second.mul_(BETA2).addcmul_(gradient, gradient)
        root = math.sqrt((1.0 - BETA2) / (1.0 - BETA2 ** (t + 1)))
        torch.sqrt(second, out=scratch).add_(EPS / root)
        torch.div(first, scratch, out=scratch)
        x.addcmul_(scratch, rate * ((1.0 - BETA1) / (1.0 - BETA1 ** (t + 1)) / root), value=-1.0)

    def descend(t: int, rate: Any) -> None:
        x.addcmul_(gradient, rate, value=-1.0)

    return adam if workload.adam else descend


def rule(workload: Workload, count: int) -> Callable[[int, Any, Any], Any]:
    """(step, rates, observed losses) -> next rates (B,)."""
    import torch  # pyright: ignore[reportMissingImports]

    table = torch.tensor(workload.rates)
    best = torch.full((count,), math.inf, dtype=torch.float64)
    good, bad = torch.zeros(count, dtype=torch.float64), torch.zeros(count, dtype=torch.float64)

    def greedy(t: int, rate: Any, observed: Any) -> Any:
        better = observed < best
        torch.minimum(best, observed, out=best)
        good.add_(1.0).mul_(better)
        bad.add_(1.0).masked_fill_(better, 0.0)
        up, down = good > workloads.PATIENCE, bad > workloads.PATIENCE
        good.masked_fill_(up, 0.0)
        bad.masked_fill_(down, 0.0)
        lowered = torch.where(down, rate * workloads.FACTOR, rate)
        return torch.where(up, rate / workloads.FACTOR, lowered).clamp_(workloads.MIN_LR, workload.max_lr)

    return greedy if workload.greedy else lambda t, rate, observed: rate.copy_(table[t + 1])


def disturber(workload: Workload, gradient: Any, count: int) -> Callable[[int, Any], Any]:
    """(step, loss) -> observed loss (B,), changing the gradient where that is what is disturbed."""
    import torch  # pyright: ignore[reportMissingImports]

    noise, previous = torch.empty_like(gradient), torch.ones(count, dtype=torch.float64)
    chance, height = torch.empty_like(previous), torch.empty_like(previous)

    def gradient_noise(t: int, loss: Any) -> Any:
        gradient.add_(noise.normal_(), alpha=workload.sigma)
        return loss

    def periodic_spike(t: int, loss: Any) -> Any:
        hit = t % workloads.SPIKE_EVERY < workloads.DURATION
        observed = loss.add(previous, alpha=workloads.STRENGTH) if hit else loss
        previous.copy_(loss)
        return observed

    def random_spike(t: int, loss: Any) -> Any:
        spikes = chance.uniform_() < workload.probability
        size = height.uniform_(workload.low, workload.low + workload.spread or workload.low)
        observed = loss.addcmul(previous, size.mul_(spikes), value=workloads.STRENGTH)
        previous.copy_(loss)
        return observed

    kinds = {"gradient_noise": gradient_noise, "periodic_spike": periodic_spike, "random_spike": random_spike}
    return kinds.get(workload.disturbance, lambda t, loss: loss)


def solve_block(workload: Workload, starts: Floats, gradients: str) -> Outcome:
    """All steps of the runs with starts (d, B)."""
    import torch  # pyright: ignore[reportMissingImports]

    with torch.no_grad():
        x = torch.tensor(starts)
        gradient, count = torch.empty_like(x), x.shape[1]
        value_and_gradient = (formula if gradients == "formula" else automatic)(workload, x, gradient)
        step, adjust = update(workload, x, gradient), rule(workload, count)
        disturbed = disturber(workload, gradient, count)
        rate = torch.full((count,), workload.lr0, dtype=torch.float64)
        best = torch.full((count,), math.inf, dtype=torch.float64)
        for t in range(STEPS):
            loss = value_and_gradient()
            torch.minimum(best, loss, out=best)
            observed = disturbed(t, loss)
            step(t, rate)
            rate = adjust(t, rate, observed)
        end = value_and_gradient()
        return Outcome(end.numpy(), torch.minimum(best, end).numpy())


def solver(workload: Workload, choice: Choice) -> Solver:
    import torch  # pyright: ignore[reportMissingImports]

    def solve(points: Floats) -> Outcome:
        torch.manual_seed(1)
        parts = [points[:, first : first + choice.block] for first in range(0, points.shape[1], choice.block)]
        outcomes = [solve_block(workload, np.ascontiguousarray(part), choice["gradients"]) for part in parts]
        return Outcome(*(np.concatenate(kind) for kind in zip(*outcomes, strict=True)))

    return solve


def choices(workload: Workload, quick: bool) -> list[Choice]:
    kinds, blocks = (("formula",), BLOCKS[1:2]) if quick else (("formula", "autograd"), BLOCKS)
    return [Choice(block, (("gradients", kind),)) for kind in kinds for block in blocks]


BATCHED = Contender(
    key="torch_batched",
    name="PyTorch, batched",
    absent=absent,
    version=version,
    choices=choices,
    solver=solver,
    runs=lambda block: max(block, 4096),
)
