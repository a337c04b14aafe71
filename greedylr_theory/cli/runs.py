"""Single runs: simulate and replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.table import Table

from greedylr_theory.cli._shared import PLUGIN_FILES, assignments, number, one_sentence
from greedylr_theory.cli._specification import chosen, made, run_of, specified

if TYPE_CHECKING:
    from greedylr_theory.contracts import Scheduler
    from greedylr_theory.simulation.run import Run


@click.command()
@specified()
@click.option("--replicates", type=int, default=1, show_default=True, help="Number of runs with their own noise.")
@click.option("--stride", type=int, default=0, help="Print the trajectory of run 0 at every STRIDE-th step.")
@one_sentence
def simulate(
    objective: str | None, scheduler: str | None, optimizer: str | None, perturbation: str | None,
    files: tuple[str, ...], settings: tuple[str, ...], start: str, lr0: float, steps: int,
    ordering: str | None, replicates: int, stride: int,
) -> None:  # fmt: skip
    """Run a scheduler on a test function and print what came of it.

    \b
    Examples:
      greedylr simulate --lr0 0.05 --set objective.eigenvalues=1,10 --set scheduler.factor=0.5
      greedylr simulate --objective logistic --scheduler cosine --lr0 0.3 --steps 1000 --replicates 20
      greedylr simulate --objective expression --set objective.text="(1-x0)**2+100*(x1-x0**2)**2" --lr0 1e-3
      greedylr simulate --plugin halve_every.py --set scheduler.period=20 --lr0 0.05
    """
    from greedylr_theory import simulate as run_all

    names = {"objective": objective, "scheduler": scheduler, "optimizer": optimizer, "perturbation": perturbation}
    base = run_of(names, files, settings, start, lr0, steps, ordering)
    if replicates < 1:
        raise ValueError(f"--replicates must be at least 1, got {replicates}")
    runs = [base.replaced("replicate", r) for r in range(replicates)]
    trajectory = run_all(runs, stride=stride)
    console = Console()
    console.print(_summary_table(runs, trajectory))
    if stride:
        table = Table("t", "f(x_t)", "observed", "step size", title="run 0")
        for row, (loss, seen, rate) in enumerate(
            zip(trajectory.loss[0], trajectory.observed[0], trajectory.lr[0], strict=True)
        ):
            table.add_row(str(row * stride), f"{loss:.6g}", f"{seen:.6g}", f"{rate:.6g}")
        console.print(table)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scheduler", show_default="greedy_library", help="File name in .../schedulers.")
@click.option("--lr0", required=True, help="Initial rate; several joined by commas for parameter groups.")
@PLUGIN_FILES
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Parameter of the scheduler.")
@click.option("--column", help="Column that holds the metric (default: the last one).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write CSV here instead of printing.")
@one_sentence
def replay(
    file: Path, scheduler: str | None, files: tuple[str, ...], lr0: str, settings: tuple[str, ...],
    column: str | None, output: Path | None,
) -> None:  # fmt: skip
    """Step sizes that a scheduler would have chosen for a logged metric (CSV with a header line).

    \b
    Examples:
      greedylr replay log.csv --scheduler greedy_library --lr0 0.1 --set patience=5
      greedylr replay log.csv --column val_loss --lr0 0.1,0.01 --output rates.csv
    """
    import numpy as np

    from greedylr_theory import logged
    from greedylr_theory.files import replace_file
    from greedylr_theory.simulation.replay import replay as replayed

    plugin = chosen({"scheduler": scheduler}, files, {"scheduler": "greedy_library"})["scheduler"]
    rule = cast("Scheduler", made(plugin, dict(assignments(settings)), ""))
    rates = [number("--lr0", entry) for entry in lr0.split(",")]
    name, metrics = logged.read_metric(file, column)
    steps = np.atleast_2d(replayed(rule, metrics, rates if len(rates) > 1 else rates[0]).T).T
    text = logged.rates_csv(name, metrics, steps)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text.encode())
        click.echo(f"wrote {output}", err=True)


def _summary_table(runs: Sequence[Run], trajectory: Any) -> Table:
    from greedylr_theory.contracts import Status

    title = f"{type(runs[0].scheduler).__name__} on {type(runs[0].objective).__name__}"
    table = Table("run", "status", "steps", "f(x_0..T-1) best", "f(x_T)", "step size changes", title=title)
    for r in range(len(runs)):
        table.add_row(
            str(r), Status(trajectory.status[r]).name.lower(), str(trajectory.steps[r]),
            f"{trajectory.best_loss[r]:.6g}", f"{trajectory.end_loss[r]:.6g}", str(trajectory.lr_changes[r]),
        )  # fmt: skip
    return table
