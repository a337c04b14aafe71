"""The same runs through this package, a PyTorch loop and vectorised NumPy, on one core.

    python benchmarks/compare.py

Adam with lr 0.01, 200 steps, on a quadratic (d 15, eigenvalues 1 .. 100) and on Rosenbrock's function (d 5), under
GreedyBest (patience 1, factor 0.9) and under cosine annealing. PyTorch takes one run at a time with autograd and
torch.optim.Adam (the faster of its default and its fused form); NumPy takes many runs per operation, at its best number
of them. First all three follow the same runs from the same starts, and the losses after the last step must agree; then
they take turns, several times each, and medians and ratios are printed. Times are CPU times of this one-threaded
process from call to result, so that other programs on the machine count little.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from greedylr_theory import Batch, Run, StandardNormal, simulate
from greedylr_theory.objectives import Quadratic, Rosenbrock
from greedylr_theory.optimizers import Adam
from greedylr_theory.schedulers import Cosine, GreedyBest

STEPS, LR0, PATIENCE, FACTOR = 200, 0.01, 1, 0.9
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
EIGENVALUES = np.logspace(0.0, 2.0, 15)
START = StandardNormal(seed=1)
#: the losses agree to this relative distance: the three round differently, and 200 steps of Adam amplify it
TOLERANCE = 1e-9
BLOCKS = (256, 1024, 4096, 16384)

Losses = np.ndarray


@dataclass(frozen=True)
class Workload:
    """One objective under one schedule."""

    name: str
    dim: int
    objective: str
    schedule: str

    @property
    def run(self) -> Run:
        quadratic = self.objective == "quadratic"
        return Run(
            objective=Quadratic(eigenvalues=tuple(EIGENVALUES.tolist()))
            if quadratic
            else Rosenbrock(dimension=self.dim),
            optimizer=Adam(beta1=BETA1, beta2=BETA2, eps=EPS),
            scheduler=GreedyBest(patience=PATIENCE, factor=FACTOR) if self.schedule == "greedy" else Cosine(),
            start=START,
            lr0=LR0,
            steps=STEPS,
        )


WORKLOADS = [
    Workload("quadratic d 15, GreedyBest", 15, "quadratic", "greedy"),
    Workload("quadratic d 15, cosine", 15, "quadratic", "cosine"),
    Workload("Rosenbrock d 5, GreedyBest", 5, "rosenbrock", "greedy"),
    Workload("Rosenbrock d 5, cosine", 5, "rosenbrock", "cosine"),
]


def starts(workload: Workload, count: int) -> Losses:
    """Starting points (d, R) of replicates 0 .. R-1, as the package draws them."""
    return START.points(np.arange(count, dtype=np.uint64), workload.dim)


def through_package(workload: Workload, count: int) -> Losses:
    """Loss at x_T of `count` runs."""
    return simulate(Batch(workload.run, {"replicate": np.arange(count)})).end_loss


class PlainGreedyBest:
    """GreedyBest for one run: what the benchmark needs of it."""

    def __init__(self) -> None:
        self.best, self.good, self.bad = math.inf, 0, 0

    def next_rate(self, rate: float, loss: float, t: int) -> float:
        if loss < self.best:
            self.best, self.good, self.bad = loss, self.good + 1, 0
        else:
            self.good, self.bad = 0, self.bad + 1
        if self.good > PATIENCE:
            self.good = 0
            return rate / FACTOR
        if self.bad > PATIENCE:
            self.bad = 0
            return rate * FACTOR
        return rate


class PlainCosine:
    """Cosine annealing for any number of runs."""

    def next_rate(self, rate: Any, loss: Any, t: int) -> Any:
        return 0.0 * rate + LR0 * 0.5 * (1.0 + math.cos(math.pi * (t + 1) / STEPS))


class VectorGreedyBest:
    """GreedyBest for R runs at once."""

    def __init__(self, count: int) -> None:
        self.best, self.good, self.bad = np.full(count, np.inf), np.zeros(count), np.zeros(count)

    def next_rate(self, rate: Losses, loss: Losses, t: int) -> Losses:
        better = loss < self.best
        np.minimum(self.best, loss, out=self.best)
        self.good = np.where(better, self.good + 1.0, 0.0)
        self.bad = np.where(better, 0.0, self.bad + 1.0)
        up, down = self.good > PATIENCE, self.bad > PATIENCE
        self.good[up], self.bad[down] = 0.0, 0.0
        return np.where(up, rate / FACTOR, np.where(down, rate * FACTOR, rate))


def through_torch(workload: Workload, points: Losses, fused: bool) -> Losses:
    """Loss at x_T of one run after the other, from starts (d, R)."""
    import torch  # pyright: ignore[reportMissingImports]

    h = torch.tensor(EIGENVALUES)

    def loss_at(x: Any) -> Any:
        if workload.objective == "quadratic":
            return 0.5 * (h * x * x).sum()
        head, tail = x[:-1], x[1:]
        return (100.0 * (tail - head * head) ** 2 + (1.0 - head) ** 2).sum()

    final: list[float] = []
    for start in points.T:
        x = torch.tensor(start, requires_grad=True)
        optimizer = torch.optim.Adam([x], lr=LR0, betas=(BETA1, BETA2), eps=EPS, fused=fused)
        scheduler = PlainGreedyBest() if workload.schedule == "greedy" else PlainCosine()
        group = optimizer.param_groups[0]
        for t in range(STEPS):
            optimizer.zero_grad()
            loss = loss_at(x)
            loss.backward()
            optimizer.step()
            group["lr"] = scheduler.next_rate(group["lr"], loss.item(), t)
        final.append(loss_at(x).item())
    return np.array(final)


def through_numpy(workload: Workload, points: Losses, block: int) -> Losses:
    """Loss at x_T, `block` runs per operation, from starts (d, R)."""
    parts = [points[:, first : first + block] for first in range(0, points.shape[1], block)]
    return np.concatenate([_numpy_block(workload, np.ascontiguousarray(part)) for part in parts])


def _numpy_block(workload: Workload, x: Losses) -> Losses:
    h = EIGENVALUES[:, None]
    gradient, scratch = np.empty_like(x), np.empty_like(x)

    def loss_at(x: Losses) -> Losses:
        if workload.objective == "quadratic":
            np.multiply(h, x, out=gradient)
            return 0.5 * np.einsum("ij,ij->j", gradient, x)
        bend = x[1:] - x[:-1] * x[:-1]
        rest = 1.0 - x[:-1]
        gradient[1:] = 200.0 * bend
        gradient[0] = 0.0
        gradient[:-1] -= 400.0 * bend * x[:-1] + 2.0 * rest
        return 100.0 * np.einsum("ij,ij->j", bend, bend) + np.einsum("ij,ij->j", rest, rest)

    first, second = np.zeros_like(x), np.zeros_like(x)
    rate = np.full(x.shape[1], LR0)
    scheduler = VectorGreedyBest(x.shape[1]) if workload.schedule == "greedy" else PlainCosine()
    for t in range(STEPS):
        loss = loss_at(x)
        first *= BETA1
        np.multiply(gradient, 1.0 - BETA1, out=scratch)
        first += scratch
        second *= BETA2
        gradient *= gradient
        gradient *= 1.0 - BETA2
        second += gradient
        np.sqrt(second, out=scratch)
        scratch *= 1.0 / math.sqrt(1.0 - BETA2 ** (t + 1))
        scratch += EPS
        np.divide(first, scratch, out=scratch)
        scratch *= rate / (1.0 - BETA1 ** (t + 1))
        x -= scratch
        rate = scheduler.next_rate(rate, loss, t)
    return loss_at(x)


def nanoseconds(contenders: dict[str, tuple[Callable[[], Losses], int]], repeats: int) -> dict[str, float]:
    """Median time per run and step of each; values are (work, runs it does). They take turns, after one warm-up."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, (work, count) in contenders.items():
            begin = time.process_time()
            work()
            if turn > 0:
                times[name].append((time.process_time() - begin) / (count * STEPS) * 1e9)
    return {name: statistics.median(values) for name, values in times.items()}


def disagreement(name: str, computed: Losses, wanted: Losses) -> float:
    """Largest relative distance; a ClickException when it exceeds the tolerance."""
    distance = float(np.max(np.abs(computed - wanted) / wanted))
    if not distance <= TOLERANCE:
        raise click.ClickException(f"{name} ends {distance:.1e} (relative) away from this package, above {TOLERANCE:g}")
    return distance


def pin_to_one_core() -> str:
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned (no sched_setaffinity on this system)"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"pinned to core {core}"


def torch_version() -> str | None:
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        return None
    torch.set_num_threads(1)
    return torch.__version__


@click.command(help=__doc__.split("\n\n")[0] if __doc__ else None)
@click.option(
    "--runs", default=20_480, type=click.IntRange(1), show_default=True, help="Runs per timing of this package."
)
@click.option(
    "--torch-runs", default=8, type=click.IntRange(1), show_default=True, help="Runs per timing of the PyTorch loop."
)
@click.option(
    "--repeats", default=5, type=click.IntRange(1), show_default=True, help="Timings, of which the median counts."
)
@click.option(
    "--common", default=16, type=click.IntRange(1), show_default=True, help="Runs on which all must agree first."
)
def main(runs: int, torch_runs: int, repeats: int, common: int) -> None:
    console = Console(width=120)
    where, version = pin_to_one_core(), torch_version()
    if version is None:
        console.print(
            "PyTorch is not installed, so its column is left out: pip install 'greedylr-theory[torch]'.", markup=False
        )
    table = Table(title=f"ns per run and step, {STEPS} steps of Adam, medians of {repeats}, {where}")
    columns = ["workload", "this package", "NumPy (block)", "ratio", "PyTorch loop", "ratio", "largest disagreement"]
    for column in columns:
        table.add_column(column, justify="left" if column == "workload" else "right")
    for workload in WORKLOADS:
        table.add_row(*measured(workload, runs, torch_runs, repeats, common, version is not None))
    console.print(table)
    console.print(
        f"numpy {np.__version__}, torch {version or 'absent'}; losses after the last step agree to {TOLERANCE:g}"
    )


def measured(workload: Workload, runs: int, torch_runs: int, repeats: int, common: int, with_torch: bool) -> list[str]:
    """One row of the table: agreement first, then times."""
    points = starts(workload, max(runs, common))
    wanted = through_package(workload, common)
    distance = disagreement("NumPy", through_numpy(workload, points[:, :common], common), wanted)
    contenders: dict[str, tuple[Callable[[], Losses], int]] = {
        "package": (lambda: through_package(workload, runs), runs)
    }
    for block in (block for block in BLOCKS if block <= runs):
        whole = points[:, : block * max(1, 4096 // block)]
        contenders[f"numpy {block}"] = (lambda block=block, x=whole: through_numpy(workload, x, block), whole.shape[1])
    for fused in (False, True) if with_torch else ():
        final = through_torch(workload, points[:, :common], fused)
        distance = max(distance, disagreement("PyTorch", final, wanted))
        few = points[:, :torch_runs]
        contenders[f"torch {fused}"] = (lambda fused=fused, x=few: through_torch(workload, x, fused), few.shape[1])
    times = nanoseconds(contenders, repeats)
    ours, row = times["package"], [workload.name, f"{times['package']:.1f}"]
    for kind in ("numpy", "torch"):
        best = min((name for name in times if name.startswith(kind)), key=lambda name: times[name], default=None)
        if best is None:
            row += ["-", "-"]
        else:
            note = f" ({best.split()[1]})" if kind == "numpy" else ""
            row += [
                f"{times[best]:,.0f}{note}",
                f"{times[best] / ours:,.1f}" if kind == "numpy" else f"{times[best] / ours:,.0f}",
            ]
    return [*row, f"{distance:.1e}"]


if __name__ == "__main__":
    main()
