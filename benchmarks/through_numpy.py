"""NumPy, many runs per operation: arrays (d, B), everything in place, moments kept up to their constant factors.

The number of runs per operation and the bit generator are chosen per workload: the fastest counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.contender import Choice, Contender
from benchmarks.workloads import BETA1, BETA2, EPS, STEPS, Floats, Outcome, Solver, Workload

BLOCKS = (256, 1024, 4096, 16_384)
GENERATORS = ("SFC64", "PCG64DXSM")


def objective(workload: Workload, x: Floats, gradient: Floats) -> Callable[[], Floats]:
    """() -> loss (B,) at x (d, B), filling the gradient; scratch space is allocated once."""
    d, count = x.shape
    if workload.objective == "quadratic":
        h = workload.eigenvalues[:, None]

        def quadratic() -> Floats:
            np.multiply(h, x, out=gradient)
            loss = np.einsum("ij,ij->j", gradient, x)
            loss *= 0.5
            return loss

        return quadratic
    if workload.objective == "rosenbrock":
        head, tail = x[:-1], x[1:]
        bend, rest, product = np.empty((3, d - 1, count))

        def rosenbrock() -> Floats:
            np.multiply(head, head, out=bend)
            np.subtract(tail, bend, out=bend)
            np.subtract(1.0, head, out=rest)
            loss = np.einsum("ij,ij->j", bend, bend)
            loss *= 100.0
            loss += np.einsum("ij,ij->j", rest, rest)
            np.multiply(bend, 200.0, out=bend)
            gradient[0] = 0.0
            gradient[1:] = bend
            np.multiply(bend, head, out=product)
            np.add(product, rest, out=product)
            np.multiply(product, 2.0, out=product)
            np.subtract(gradient[:-1], product, out=gradient[:-1])
            return loss

        return rosenbrock
    angle, cosine = np.empty((2, d, count))
    if workload.objective == "rastrigin":

        def rastrigin() -> Floats:
            np.multiply(x, 2.0 * math.pi, out=angle)
            np.cos(angle, out=cosine)
            np.sin(angle, out=gradient)
            loss = np.einsum("ij,ij->j", x, x)
            loss -= 10.0 * cosine.sum(axis=0)
            loss += 10.0 * d
            np.multiply(gradient, 20.0 * math.pi, out=gradient)
            np.add(gradient, np.multiply(x, 2.0, out=angle), out=gradient)
            return loss

        return rastrigin

    def ackley() -> Floats:
        np.multiply(x, 2.0 * math.pi, out=angle)
        np.cos(angle, out=cosine)
        np.sin(angle, out=gradient)
        root = np.sqrt(np.einsum("ij,ij->j", x, x) / d)
        bowl, waves = 20.0 * np.exp(-0.2 * root), np.exp(cosine.sum(axis=0) / d)
        np.multiply(gradient, 2.0 * math.pi / d * waves, out=gradient)
        radial = np.divide(0.2 / d * bowl, root, out=np.zeros_like(root), where=root > 0.0)
        np.add(gradient, np.multiply(x, radial, out=angle), out=gradient)
        return (20.0 - bowl) + (math.e - waves)

    return ackley


def update(workload: Workload, x: Floats, gradient: Floats) -> Callable[[int, Floats], None]:
    """(step, rates (B,)) -> None: the optimizer's change of x; the gradient is used up."""
    scratch = np.empty_like(x)
    if not workload.adam:

        def descend(t: int, rate: Floats) -> None:
            np.multiply(gradient, rate, out=gradient)
            np.subtract(x, gradient, out=x)

        return descend
    first, second = np.zeros_like(x), np.zeros_like(x)

    def adam(t: int, rate: Floats) -> None:
        # first / (1 - beta1) and second / (1 - beta2), so that two passes are saved
        np.multiply(first, BETA1, out=first)
        np.add(first, gradient, out=first)
        np.multiply(gradient, gradient, out=gradient)
        np.multiply(second, BETA2, out=second)
        np.add(second, gradient, out=second)
        np.sqrt(second, out=scratch)
        root = math.sqrt((1.0 - BETA2) / (1.0 - BETA2 ** (t + 1)))
        np.add(scratch, EPS / root, out=scratch)
        np.divide(first, scratch, out=scratch)
        np.multiply(scratch, rate * ((1.0 - BETA1) / (1.0 - BETA1 ** (t + 1)) / root), out=scratch)
        np.subtract(x, scratch, out=x)

    return adam


def rule(workload: Workload, count: int) -> Callable[[int, Floats, Floats], None]:
    """(step, rates, observed losses) -> None: the schedule's change of the rates (B,)."""
    if not workload.greedy:
        table = workload.rates

        def cosine(t: int, rate: Floats, observed: Floats) -> None:
            rate[:] = table[t + 1]

        return cosine
    best, good, bad = np.full(count, np.inf), np.zeros(count), np.zeros(count)
    better, moved = np.empty((2, count), dtype=bool)

    def greedy(t: int, rate: Floats, observed: Floats) -> None:
        np.less(observed, best, out=better)
        np.minimum(observed, best, out=best)
        np.add(good, 1.0, out=good)
        np.multiply(good, better, out=good)
        np.add(bad, 1.0, out=bad)
        np.copyto(bad, 0.0, where=better)
        np.greater(good, workloads.PATIENCE, out=moved)
        np.divide(rate, workloads.FACTOR, out=rate, where=moved)
        np.copyto(good, 0.0, where=moved)
        np.greater(bad, workloads.PATIENCE, out=moved)
        np.multiply(rate, workloads.FACTOR, out=rate, where=moved)
        np.copyto(bad, 0.0, where=moved)
        np.minimum(rate, workload.max_lr, out=rate)
        np.maximum(rate, workloads.MIN_LR, out=rate)

    return greedy


def disturber(workload: Workload, gradient: Floats, rng: Any) -> Callable[[int, Floats], Floats]:
    """(step, loss) -> observed loss (B,), changing the gradient where that is what is disturbed."""
    noise, previous = np.empty_like(gradient), np.ones(gradient.shape[1])
    chance = np.empty_like(previous)

    def gradient_noise(t: int, loss: Floats) -> Floats:
        rng.standard_normal(out=noise)
        np.multiply(noise, workload.sigma, out=noise)
        np.add(gradient, noise, out=gradient)
        return loss

    def periodic_spike(t: int, loss: Floats) -> Floats:
        hit = t % workloads.SPIKE_EVERY < workloads.DURATION
        observed = loss + workloads.STRENGTH * previous if hit else loss
        previous[:] = loss
        return observed

    def random_spike(t: int, loss: Floats) -> Floats:
        rng.random(out=chance)
        hit = np.flatnonzero(chance < workload.probability)  # few, so that heights are drawn for these only
        observed = loss.copy()
        observed[hit] += workloads.STRENGTH * previous[hit] * (workload.low + workload.spread * rng.random(hit.size))
        previous[:] = loss
        return observed

    kinds = {"gradient_noise": gradient_noise, "periodic_spike": periodic_spike, "random_spike": random_spike}
    return kinds.get(workload.disturbance, lambda t, loss: loss)


def solve_block(workload: Workload, starts: Floats, rng: Any) -> Outcome:
    """All steps of the runs with starts (d, B)."""
    x = starts.copy()
    gradient, rate = np.empty_like(x), np.full(x.shape[1], workload.lr0)
    value_and_gradient, step = objective(workload, x, gradient), update(workload, x, gradient)
    disturbed, adjust = disturber(workload, gradient, rng), rule(workload, rate.size)
    best = np.full(rate.size, np.inf)
    for t in range(STEPS):
        loss = value_and_gradient()
        np.minimum(best, loss, out=best)
        observed = disturbed(t, loss)
        step(t, rate)
        adjust(t, rate, observed)
    end = value_and_gradient()
    return Outcome(end, np.minimum(best, end))


def solver(workload: Workload, choice: Choice) -> Solver:
    def solve(points: Floats) -> Outcome:
        rng = np.random.Generator(getattr(np.random, choice["generator"])(1))
        parts = [points[:, first : first + choice.block] for first in range(0, points.shape[1], choice.block)]
        outcomes = [solve_block(workload, np.ascontiguousarray(part), rng) for part in parts]
        return Outcome(*(np.concatenate(kind) for kind in zip(*outcomes, strict=True)))

    return solve


def choices(workload: Workload, quick: bool) -> list[Choice]:
    generators = GENERATORS if workload.random and not quick else GENERATORS[:1]
    blocks = BLOCKS if not quick else (1024, 4096)
    return [Choice(block, (("generator", generator),)) for generator in generators for block in blocks]


BATCHED = Contender(
    key="numpy",
    name="NumPy, batched",
    absent=lambda: None,
    version=lambda: np.__version__,
    choices=choices,
    solver=solver,
    runs=lambda block: max(block, 4096),
)
