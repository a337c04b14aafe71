"""The same runs through this package and its competitors, side by side in one process on one core.

    python benchmarks/compare.py --json results/benchmark.json

Nine workloads of 200 steps (workloads.py); competitors: a PyTorch loop per run, PyTorch and NumPy over many runs at
once, JAX jit(vmap(scan)) in float64, and C written by hand, one run after the other and vectorised over runs. A
competitor that cannot run here is named. For each workload the fastest choice of every competitor (how many runs at a
time, generator, compiler flags) is found; it must agree with this package (agreement.py); then all take turns and the
medians of their CPU times per run and step are compared. Compilation is not counted, on either side. The time of this
package is that of one call of simulate, from the specification to all summaries, starting points included; competitors
are given the starting points and compute the loss at the end and the smallest on the way.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import json
import time
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks import (
    agreement,
    bars,
    machine,
    through_c,
    through_jax,
    through_numpy,
    through_torch,
    through_torch_batched,
    timing,
)
from benchmarks.contender import Choice, Contender
from benchmarks.workloads import (
    STEPS,
    WORKLOADS,
    Floats,
    Outcome,
    Solver,
    Workload,
    starts,
    through_package,
)

CONTENDERS = (
    through_torch.LOOP, through_torch_batched.BATCHED, through_numpy.BATCHED, through_jax.BATCHED, through_c.SCALAR,
    through_c.LANED, through_c.SUMMARISED,
)  # fmt: skip
RUNS = 20_480
#: runs that are compared before timing: of batched contenders, and of those that take one run at a time
COMMON, COMMON_SLOW = 1024, 32


def measured(workload: Workload, contenders: list[Contender], repeats: int, quick: bool) -> dict[str, Any]:
    """Agreement, choices and times of one workload."""
    points = starts(workload, RUNS)
    wanted = through_package(workload.silenced, COMMON), through_package(workload, COMMON)
    turns: dict[str, Any] = {"package": (lambda: through_package(workload, RUNS), RUNS)}
    about: dict[str, Any] = {}
    for contender in contenders:
        tried = timing.by_speed(contender, workload, points, quick)
        refused: dict[str, str] = {}
        for _, choice, solve in tried:
            try:
                found = agreed(contender, workload, choice, solve, points, wanted)
            except RuntimeError as problem:
                refused[str(choice)] = str(problem)
                continue
            break
        else:
            raise click.ClickException(next(iter(refused.values())))
        times = {str(other): took for took, other, _ in tried}
        about[contender.key] = {"choice": str(choice), **found, "tried_ns": times, "refused": refused}
        part = points[:, : contender.runs(choice.block)].copy()
        turns[contender.key] = (lambda solve=solve, part=part: solve(part), part.shape[1])
    times = timing.interleaved(turns, repeats)
    medians = {key: timing.median(values) for key, values in times.items()}
    ratios = {key: value / medians["package"] for key, value in medians.items() if key != "package"}
    return {
        "workload": workload.name, "medians_ns": medians, "ratios": ratios, "repeats_ns": times, "contenders": about,
    }  # fmt: skip


def agreed(
    contender: Contender,
    workload: Workload,
    choice: Choice,
    solve: Solver,
    points: Floats,
    wanted: tuple[Outcome, Outcome],
) -> dict[str, float]:
    """How far a choice is from the package, without chance and with it; a RuntimeError when that is too far."""
    count = COMMON_SLOW if contender.runs(choice.block) < COMMON_SLOW else COMMON
    count = min(count, points.shape[1])
    silenced = contender.solver(workload.silenced, choice)(points[:, :count].copy())
    plain, noisy = (_first(outcome, count) for outcome in wanted)
    found = {"distance": agreement.require_close(workload, contender.name, silenced, plain)}
    if workload.random:
        outcome = solve(points[:, :count].copy())
        found["standard_errors"] = agreement.require_same_law(workload, contender.name, outcome, noisy)
    return found


def _first(outcome: Outcome, count: int) -> Outcome:
    return Outcome(*(part[:count] for part in outcome))


def tables(rows: list[dict[str, Any]], contenders: list[Contender], repeats: int, where: str) -> list[Table]:
    """Times, then ratios, with the bars beside their means."""
    title = f"ns per run and step of {STEPS}, CPU time, medians of {repeats}, {where}"
    times, ratios = Table(title=title), Table(title="times of the others over the time of this package")
    for table in (times, ratios):
        table.add_column("workload")
    times.add_column("package", justify="right")
    for contender in contenders:
        for table in (times, ratios):
            table.add_column(contender.name, justify="right")
    for row in rows:
        medians = row["medians_ns"]
        times.add_row(row["workload"], *(_number(medians[key]) for key in ("package", *(c.key for c in contenders))))
        ratios.add_row(row["workload"], *(_number(row["ratios"][c.key]) for c in contenders))
    ratios.add_section()
    for name, function in (("geometric mean", bars.geometric_mean), ("smallest", min)):
        ratios.add_row(name, *(_number(function([row["ratios"][c.key] for row in rows])) for c in contenders))
    return [times, ratios]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@click.command(help=(__doc__ or "").split("\n\n")[0])
@click.option("--workload", "wanted", multiple=True, help="Only workloads whose name contains this; repeatable.")
@click.option(
    "--contender",
    "keys",
    multiple=True,
    type=click.Choice([c.key for c in CONTENDERS]),
    help="Only this competitor; repeatable.",
)
@click.option("--repeats", default=5, type=click.IntRange(1), show_default=True, help="Turns, whose median counts.")
@click.option("--quick", is_flag=True, help="Fewer choices of each competitor are tried, and 3 turns.")
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write everything here.")
def main(wanted: tuple[str, ...], keys: tuple[str, ...], repeats: int, quick: bool, target: Path | None) -> None:
    console, where = Console(width=200), machine.pin()
    repeats = min(repeats, 3) if quick else repeats
    chosen = [w for w in WORKLOADS if not wanted or any(text.lower() in w.name.lower() for text in wanted)]
    if not chosen:
        known = "; ".join(workload.name for workload in WORKLOADS)
        raise click.UsageError(f"no workload is named {', '.join(wanted)}; there are: {known}")
    asked = [c for c in CONTENDERS if not keys or c.key in keys]
    absent = {c.key: reason for c in asked if (reason := c.absent())}
    contenders = [c for c in asked if c.key not in absent]
    for contender in asked:
        state = absent.get(contender.key) or contender.version()
        console.print(f"{contender.name}: {state}", markup=False, highlight=False)
    rows: list[dict[str, Any]] = []
    for workload in chosen:
        begin = time.perf_counter()
        rows.append(measured(workload, contenders, repeats, quick))
        console.print(f"{workload.name}: {time.perf_counter() - begin:.0f} s", highlight=False)
        for key, found in rows[-1]["contenders"].items():
            for problem in found["refused"].values():
                console.print(f"{key}: a faster choice does not count. {problem}", markup=False, highlight=False)
    for table in tables(rows, contenders, repeats, where):
        console.print(table)
    judged = bars.judged({c.key: [row["ratios"][c.key] for row in rows] for c in contenders})
    console.print(bars.table(judged))
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        report = {
            "machine": machine.described(), "where": where, "steps": STEPS, "runs": RUNS, "repeats": repeats,
            "quick": quick, "competitors": {c.key: c.version() for c in contenders}, "absent": absent,
            "flags": {"c": through_c.FLAGS, "c_lanes": [*through_c.FLAGS, *through_c.SAFE, "or -ffast-math"]},
            "workloads": rows, "bars": judged,
        }  # fmt: skip
        target.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
