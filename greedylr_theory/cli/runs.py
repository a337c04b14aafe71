"""Single runs: simulate and replay."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.table import Table

from greedylr_theory.cli._shared import PLUGIN_FILES, assignments, number, one_sentence

if TYPE_CHECKING:
    from greedylr_theory.contracts import Plugin, Scheduler
    from greedylr_theory.simulation.run import Run

_DEFAULTS = {
    "objective": "quadratic", "scheduler": "greedy_previous", "optimizer": "gradient_descent",
    "perturbation": "no_perturbation",
}  # fmt: skip


@click.command()
@click.option("--objective", show_default="quadratic", help="File name in greedylr_theory/objectives.")
@click.option("--scheduler", show_default="greedy_previous", help="File name in .../schedulers.")
@click.option("--optimizer", show_default="gradient_descent", help="File name in .../optimizers.")
@click.option("--perturbation", show_default="no_perturbation", help="File name in .../perturbations.")
@PLUGIN_FILES
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Parameter, e.g. scheduler.factor=0.5.")
@click.option(
    "--start", default="normal", show_default=True, help="x_0: numbers joined by commas, 'normal' or 'uniform'."
)
@click.option("--lr0", type=float, required=True, help="Initial step size.")
@click.option("--steps", type=int, default=100, show_default=True, help="Number of updates T.")
@click.option(
    "--ordering", help="before_update or after_update (default: what the scheduler needs, else after_update)."
)
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
    from greedylr_theory import Run, ScaledUniform, StandardNormal
    from greedylr_theory import simulate as run_all

    names = {"objective": objective, "scheduler": scheduler, "optimizer": optimizer, "perturbation": perturbation}
    values: dict[str, dict[str, str]] = {kind: {} for kind in names}
    for path, text in assignments(settings):
        kind, _, name = path.partition(".")
        if kind not in names or not name:
            raise ValueError(f"--set must name a parameter such as scheduler.factor, got {path!r}")
        values[kind][name] = text
    plugins: dict[str, Any] = {}
    for kind, plugin in chosen(names, files).items():
        if plugin.__name__ == "Quadratic":
            values[kind].setdefault("eigenvalues", "1,10")
        plugins[kind] = made(plugin, values[kind], f"{kind}.")
    if replicates < 1:
        raise ValueError(f"--replicates must be at least 1, got {replicates}")
    rules = {"normal": StandardNormal, "uniform": ScaledUniform}
    point = rules[start]() if start in rules else tuple(number("--start", x) for x in start.split(","))
    given: dict[str, Any] = {} if ordering is None else {"ordering": ordering}
    runs = [Run(**plugins, start=point, lr0=lr0, steps=steps, replicate=r, **given) for r in range(replicates)]
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


def chosen(
    names: dict[str, str | None], files: Sequence[str], defaults: dict[str, str] | None = None
) -> dict[str, type[Plugin]]:
    """The class of every kind: by name from the user's files or the package, else the user's, else the default."""
    from greedylr_theory.catalog import instance, spelled
    from greedylr_theory.plugin_files import kind_of, load_plugin

    own: dict[str, dict[str, type[Plugin]]] = {kind: {} for kind in names}
    for file in files:
        plugin = load_plugin(file)
        kind = kind_of(plugin)
        if kind not in own:
            raise ValueError(f"--plugin must be a {' or '.join(names)} here, got the {kind} {file}")
        own[kind][plugin.plugin_name()] = plugin
    found: dict[str, type[Plugin]] = {}
    for kind, name in names.items():
        if name is None and len(own[kind]) > 1:
            raise ValueError(f"--{kind} must name one of {', '.join(own[kind])}, got none")
        chosen = name or next(iter(own[kind]), (defaults or _DEFAULTS)[kind])
        package = f"greedylr_theory.{kind}s"
        found[kind] = own[kind][chosen] if chosen in own[kind] else instance(package, spelled(package, chosen))
    return found


def made(plugin: type[Plugin], texts: dict[str, str], prefix: str) -> Plugin:
    """A plug-in from the texts of --set; ValueError that names what is missing."""
    values = {name: plugin.parse(name, text) for name, text in texts.items()}
    missing = [
        entry.name
        for entry in dataclasses.fields(plugin)
        if entry.default is dataclasses.MISSING
        and entry.default_factory is dataclasses.MISSING
        and entry.name not in values
    ]
    if missing:
        declared = dict(plugin.parameters())
        typed = all(name in declared and declared[name].kind not in ("plugin", "plugins") for name in missing)
        remedy = f": add --set {prefix}{missing[0]}=..." if typed else ", which can be given in Python only"
        raise ValueError(f"{plugin.__name__} needs {', '.join(missing)}{remedy}")
    return plugin(**values)


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
