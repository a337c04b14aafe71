"""JAX in float64: one step of one run, vmapped over runs, scanned over steps, compiled.

vmap of a scan and a scan of a vmapped step are the same program; the second lets a step's noise be drawn for all runs
at once, which is faster. Gradients by formula and by jax.value_and_grad, runs along the first or the last axis, two
generators where there is noise, and several numbers of runs per call are timed; the fastest counts. Compile time does
not count.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.contender import Choice, Contender
from benchmarks.workloads import BETA1, BETA2, EPS, STEPS, Floats, Outcome, Solver, Workload

BLOCKS = (128, 256, 1024)
TURN = 2.0 * math.pi


def absent() -> str | None:
    try:
        import jax  # pyright: ignore[reportMissingImports]
    except ImportError:
        return "JAX is not installed: pip install 'greedylr-theory[bench]'"
    jax.config.update("jax_enable_x64", True)
    return None


def version() -> str:
    import jax  # pyright: ignore[reportMissingImports]

    return jax.__version__


def loss_at(workload: Workload, x: Any) -> Any:
    """Loss of one run at x (d,)."""
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

    if workload.objective == "quadratic":
        return 0.5 * jnp.sum(workload.eigenvalues * x * x)
    if workload.objective == "rosenbrock":
        bend, rest = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
        return jnp.sum(100.0 * bend * bend + rest * rest)
    if workload.objective == "rastrigin":
        return 10.0 * workload.dim + jnp.sum(x * x - 10.0 * jnp.cos(TURN * x))
    root = jnp.sqrt(jnp.mean(x * x))
    return 20.0 - 20.0 * jnp.exp(-0.2 * root) + math.e - jnp.exp(jnp.mean(jnp.cos(TURN * x)))


def by_formula(workload: Workload, x: Any) -> tuple[Any, Any]:
    """(loss, gradient (d,)) of one run."""
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

    d = workload.dim
    if workload.objective == "quadratic":
        slope = workload.eigenvalues * x
        return 0.5 * jnp.sum(slope * x), slope
    if workload.objective == "rosenbrock":
        bend, rest = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
        zero = jnp.zeros(1)
        left, right = 400.0 * bend * x[:-1] + 2.0 * rest, 200.0 * bend
        return jnp.sum(100.0 * bend * bend + rest * rest), jnp.concatenate([zero, right]) - jnp.concatenate(
            [left, zero]
        )
    sine, cosine = jnp.sin(TURN * x), jnp.cos(TURN * x)
    if workload.objective == "rastrigin":
        return 10.0 * d + jnp.sum(x * x - 10.0 * cosine), 2.0 * x + 10.0 * TURN * sine
    root = jnp.sqrt(jnp.mean(x * x))
    bowl, waves = 20.0 * jnp.exp(-0.2 * root), jnp.exp(jnp.mean(cosine))
    radial = jnp.where(root > 0.0, 0.2 / d * bowl / root, 0.0)
    return (20.0 - bowl) + (math.e - waves), radial * x + TURN / d * waves * sine


def next_rate(workload: Workload, rate: Any, memory: Any, observed: Any) -> tuple[Any, Any]:
    """GreedyBest for one run; memory is (best, good, bad)."""
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

    best, good, bad = memory
    better = observed < best
    good, bad = jnp.where(better, good + 1.0, 0.0), jnp.where(better, 0.0, bad + 1.0)
    up, down = good > workloads.PATIENCE, bad > workloads.PATIENCE
    raised = jnp.minimum(rate / workloads.FACTOR, workload.max_lr)
    lowered = jnp.maximum(rate * workloads.FACTOR, workloads.MIN_LR)
    rate = jnp.where(up, raised, jnp.where(down, lowered, rate))
    return rate, (jnp.minimum(best, observed), jnp.where(up, 0.0, good), jnp.where(down, 0.0, bad))


def step(workload: Workload, gradients: str, carry: Any, now: Any, draws: Any) -> Any:
    """One step of one run; now is a row of `per_step`."""
    import jax  # pyright: ignore[reportMissingImports]
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

    x, moments, rate, memory, previous, smallest = carry
    t, following, scale, inverse_root = now
    if gradients == "formula":
        loss, gradient = by_formula(workload, x)
    else:
        loss, gradient = jax.value_and_grad(lambda point: loss_at(workload, point))(x)
    observed = loss
    if workload.disturbance == "gradient_noise":
        gradient = gradient + workload.sigma * draws
    elif workload.disturbance == "periodic_spike":
        hit = t % workloads.SPIKE_EVERY < workloads.DURATION
        observed = loss + jnp.where(hit, workloads.STRENGTH * previous, 0.0)
    elif workload.disturbance == "random_spike":
        height = workloads.STRENGTH * previous * (workload.low + workload.spread * draws[1])
        observed = loss + jnp.where(draws[0] < workload.probability, height, 0.0)
    if workload.adam:
        first = BETA1 * moments[0] + (1.0 - BETA1) * gradient
        second = BETA2 * moments[1] + (1.0 - BETA2) * gradient * gradient
        moments = (first, second)
        x = x - rate * scale * first / (jnp.sqrt(second) * inverse_root + EPS)
    else:
        x = x - rate * gradient
    if workload.greedy:
        rate, memory = next_rate(workload, rate, memory, observed)
    else:
        rate = following
    return x, moments, rate, memory, loss, jnp.minimum(smallest, loss)


def per_step(workload: Workload) -> tuple[Any, ...]:
    """Step, next rate of the cosine schedule and Adam's two corrections, each (T,): left to the compiler, a power
    would be computed anew for every run and coordinate."""
    t = np.arange(STEPS)
    return t, workload.rates[1:], 1.0 / (1.0 - BETA1 ** (t + 1.0)), 1.0 / np.sqrt(1.0 - BETA2 ** (t + 1.0))


def solver(workload: Workload, choice: Choice) -> Solver:
    import jax  # pyright: ignore[reportMissingImports]
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

    axis = {"first": 0, "last": 1}[choice["runs"]]
    gradients, d = choice["gradients"], workload.dim
    vector = (axis, (axis, axis) if workload.adam else (), 0, (0, 0, 0) if workload.greedy else (), 0, 0)
    drawn = axis if workload.random else None
    batched = jax.vmap(
        lambda carry, now, draws: step(workload, gradients, carry, now, draws),
        in_axes=(vector, None, drawn),
        out_axes=vector,
    )

    def draw(key: Any, t: Any, count: int) -> Any:
        rows = d if workload.disturbance == "gradient_noise" else 2
        shape = (count, rows) if axis == 0 else (rows, count)
        kind = jax.random.normal if workload.disturbance == "gradient_noise" else jax.random.uniform
        return kind(jax.random.fold_in(key, t), shape, jnp.float64)

    @jax.jit
    def solve_block(x: Any, key: Any) -> Any:
        count = x.shape[axis]
        zeros, infinite = jnp.zeros(count), jnp.full(count, jnp.inf)
        moments = (jnp.zeros_like(x), jnp.zeros_like(x)) if workload.adam else ()
        memory = (infinite, zeros, zeros) if workload.greedy else ()
        rate = jnp.full(count, workload.lr0)

        def advance(carry: Any, now: Any) -> Any:
            # a barrier, since the draws would otherwise be computed again for every use
            draws = jax.lax.optimization_barrier(draw(key, now[0], count)) if workload.random else None
            carry = batched(carry, now, draws)
            if not workload.greedy:
                carry = (*carry[:2], jnp.broadcast_to(carry[2], (count,)), *carry[3:])
            return carry, None

        begin = (x, moments, rate, memory, jnp.ones(count), infinite)
        (x, *_, smallest), _ = jax.lax.scan(advance, begin, tuple(jnp.asarray(part) for part in per_step(workload)))
        end = jax.vmap(lambda point: by_formula(workload, point)[0], in_axes=axis)(x)
        return end, jnp.minimum(smallest, end)

    def solve(points: Floats) -> Outcome:
        keys = jax.random.split(jax.random.key(1, impl=choice["generator"]), -(-points.shape[1] // choice.block))
        outcomes = []
        for part, key in zip(range(0, points.shape[1], choice.block), keys, strict=True):
            x = points[:, part : part + choice.block]
            outcomes.append(solve_block(jnp.asarray(x if axis == 1 else x.T), key))
        return Outcome(*(np.concatenate([np.asarray(part) for part in kind]) for kind in zip(*outcomes, strict=True)))

    return solve


def choices(workload: Workload, quick: bool) -> list[Choice]:
    generators = ("threefry2x32", "rbg") if workload.random and not quick else ("threefry2x32",)
    kinds, axes = (("formula",), ("first",)) if quick else (("formula", "value_and_grad"), ("last", "first"))
    return [
        Choice(block, (("gradients", kind), ("runs", axis), ("generator", generator)))
        for kind, axis, generator in product(kinds, axes, generators)
        for block in (BLOCKS[1:2] if quick else BLOCKS[1:] if workload.random else BLOCKS)
    ]


BATCHED = Contender(
    key="jax",
    name="JAX, jit(vmap(scan))",
    absent=absent,
    version=version,
    choices=choices,
    solver=solver,
    runs=lambda block: max(block, 4096),
)
