"""The command line: parsing and printing only.

Exit codes: 0 all is well, 1 a claim or check is not as reviewed, 2 the input was wrong and nothing was written.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

if TYPE_CHECKING:
    from greedylr_theory.report import Progressed
    from greedylr_theory.simulation.run import Run

P = ParamSpec("P")
R = TypeVar("R")

_FOLDER = click.option(
    "--results",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where results are kept.",
)
_ENGINE = click.option(
    "--engine", default="local:2", show_default=True, help="Where the work is done: local:N for N processes."
)
_STYLES = {"proved": "green", "refuted": "red", "supported": "yellow", "open": "bold magenta"}


class InputError(click.ClickException):
    """Bad input: one sentence, exit code 2."""

    exit_code = 2


def one_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the library's ValueError into one sentence, and its warnings into lines on standard error."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_rest, **_more: click.echo(f"Warning: {message}", err=True)  # pyright: ignore[reportUnknownLambdaType]
            try:
                return command(*args, **kwargs)
            except (ValueError, OSError) as error:
                raise InputError(str(error)) from error
            except RuntimeError as error:  # work was lost, say because a worker was killed; what was finished is kept
                raise click.ClickException(str(error)) from error

    return guarded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="greedylr-theory")
def main() -> None:
    """Simulate learning-rate schedules and check what is claimed of them."""


@main.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
@click.option("--explain", metavar="NAME", help="Print statement, proof, certificate and numbers of one claim.")
@_FOLDER
@one_sentence
def verify(names: tuple[str, ...], as_json: bool, explain: str | None, folder: Path) -> None:
    """Settle claims: check certificates exactly, run numerical checks, try the negative controls.

    Exits with 1 when a verdict or a control is not as reviewed.

    \b
    Examples:
      greedylr verify
      greedylr verify scale_invariance --json
      greedylr verify --explain optimal_factor_formula
    """
    from greedylr_theory import report

    names = (*names, explain) if explain and explain not in names else names
    with _progress() as progressed:
        entries = report.settle(names, progressed("claims"))
    problems = report.disagreements(entries)
    if as_json:
        click.echo(json.dumps({"claims": entries}, indent=2, allow_nan=False))
    elif explain:
        click.echo("\n\n\n".join(report.explanation(entry) for entry in entries))
    else:
        Console().print(_ledger_table(entries))
    if not names:
        report.write_ledger(folder, entries)
    for problem in problems:
        click.echo(f"Not as reviewed: {problem}", err=True)
    if problems:
        raise SystemExit(1)


@main.command()
@click.option("--objective", default="quadratic", show_default=True, help="File name in greedylr_theory/objectives.")
@click.option("--scheduler", default="greedy_previous", show_default=True, help="File name in .../schedulers.")
@click.option("--optimizer", default="gradient_descent", show_default=True, help="File name in .../optimizers.")
@click.option("--perturbation", default="no_perturbation", show_default=True, help="File name in .../perturbations.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Parameter, e.g. scheduler.factor=0.5.")
@click.option("--start", default="normal", show_default=True, help="x_0: numbers joined by commas, or 'normal'.")
@click.option("--lr0", type=float, required=True, help="Initial step size.")
@click.option("--steps", type=int, default=100, show_default=True, help="Number of updates T.")
@click.option("--ordering", default="after_update", show_default=True, help="before_update or after_update.")
@click.option("--replicates", type=int, default=1, show_default=True, help="Number of runs with their own noise.")
@click.option("--stride", type=int, default=0, help="Print the trajectory of run 0 at every STRIDE-th step.")
@one_sentence
def simulate(
    objective: str, scheduler: str, optimizer: str, perturbation: str, settings: tuple[str, ...], start: str,
    lr0: float, steps: int, ordering: str, replicates: int, stride: int,
) -> None:  # fmt: skip
    """Run a scheduler on a test function and print what came of it.

    \b
    Examples:
      greedylr simulate --lr0 0.05 --set objective.eigenvalues=1,10 --set scheduler.factor=0.5
      greedylr simulate --objective logistic --scheduler cosine --lr0 0.3 --steps 1000 --replicates 20
    """
    from greedylr_theory import Run, StandardNormal
    from greedylr_theory import simulate as run_all
    from greedylr_theory.catalog import instance

    kinds = {"objective": objective, "scheduler": scheduler, "optimizer": optimizer, "perturbation": perturbation}
    values: dict[str, dict[str, str]] = {kind: {} for kind in kinds}
    for path, text in _assignments(settings):
        kind, _, name = path.partition(".")
        if kind not in kinds or not name:
            raise ValueError(f"--set must name a parameter such as scheduler.factor, got {path!r}")
        values[kind][name] = text
    plugins: dict[str, Any] = {}
    for kind, name in kinds.items():
        plugin = instance(f"greedylr_theory.{kind}s", name)
        if plugin.__name__ == "Quadratic":
            values[kind].setdefault("eigenvalues", "1,10")
        plugins[kind] = plugin(**{key: plugin.parse(key, text) for key, text in values[kind].items()})
    if replicates < 1:
        raise ValueError(f"--replicates must be at least 1, got {replicates}")
    point = StandardNormal() if start == "normal" else tuple(_number("--start", x) for x in start.split(","))
    runs = [
        Run(**plugins, start=point, lr0=lr0, steps=steps, ordering=ordering, replicate=r) for r in range(replicates)
    ]
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


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scheduler", default="greedy_library", show_default=True, help="File name in .../schedulers.")
@click.option("--lr0", required=True, help="Initial rate; several joined by commas for parameter groups.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Parameter of the scheduler.")
@click.option("--column", help="Column that holds the metric (default: the last one).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write CSV here instead of printing.")
@one_sentence
def replay(
    file: Path, scheduler: str, lr0: str, settings: tuple[str, ...], column: str | None, output: Path | None
) -> None:
    """Step sizes that a scheduler would have chosen for a logged metric (CSV with a header line).

    \b
    Examples:
      greedylr replay log.csv --scheduler greedy_library --lr0 0.1 --set patience=5
      greedylr replay log.csv --column val_loss --lr0 0.1,0.01 --output rates.csv
    """
    import numpy as np

    from greedylr_theory import logged
    from greedylr_theory.catalog import instance
    from greedylr_theory.files import replace_file
    from greedylr_theory.simulation.replay import replay as replayed

    plugin = instance("greedylr_theory.schedulers", scheduler)
    rule = plugin(**{key: plugin.parse(key, text) for key, text in _assignments(settings)})
    rates = [_number("--lr0", entry) for entry in lr0.split(",")]
    name, metrics = logged.read_metric(file, column)
    steps = np.atleast_2d(replayed(rule, metrics, rates if len(rates) > 1 else rates[0]).T).T
    text = logged.rates_csv(name, metrics, steps)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text.encode())
        click.echo(f"wrote {output}", err=True)


@main.command()
@click.argument("name")
@click.option("--set", "settings", multiple=True, metavar="PATH=V1,V2", help="Values along an axis.")
@click.option("--size", default="quick", show_default=True, help="quick or standard.")
@_ENGINE
@click.option("--part", help="i/n: the i-th of n shares of the work, for job arrays.")
@click.option("--dry-run", is_flag=True, help="Say what would be computed, and compute nothing.")
@_FOLDER
@one_sentence
def sweep(
    name: str, settings: tuple[str, ...], size: str, engine: str, part: str | None, dry_run: bool, folder: Path
) -> None:
    """Run an experiment; what is already there is reused.

    \b
    Examples:
      greedylr sweep f_sweep --dry-run
      greedylr sweep f_sweep --size standard --engine local:2
      greedylr sweep f_sweep --set scheduler.factor=0.5,0.7
    """
    from greedylr_theory import report
    from greedylr_theory.sweeps.engine import execute, plan

    experiment = report.experiment(name, dict(_assignments(settings)))
    if dry_run:
        click.echo(plan(experiment, size, folder, part))
        return
    with _progress() as progressed:
        outcome = execute(experiment, size, folder, engine, part, progressed(f"sweep {name}"))
    click.echo(f"{outcome.computed} shards computed, {outcome.reused} reused, in {folder / name}")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--size", default="quick", show_default=True, help="quick or standard: size of the sweeps behind them.")
@_ENGINE
@_FOLDER
@one_sentence
def figures(names: tuple[str, ...], size: str, engine: str, folder: Path) -> None:
    """Draw figures (all of them by default) from sweeps, which are run first where needed.

    \b
    Examples:
      greedylr figures
      greedylr figures f_sensitivity --size standard
    """
    from greedylr_theory import report

    with _progress() as progressed:
        written = report.figures(names, size, folder, engine, progressed)
    for path in written:
        click.echo(path)


@main.command()
@click.option("--quick", is_flag=True, help="Sizes for a coffee break instead of the standard ones.")
@_ENGINE
@_FOLDER
@one_sentence
def reproduce(quick: bool, engine: str, folder: Path) -> None:
    """Verify every claim, run every sweep, draw every figure, and write report.md.

    What is already there and still valid is reused. Exits with 1 when a verdict or control is not as reviewed.

    \b
    Example:
      greedylr reproduce --quick
    """
    from greedylr_theory import report

    with _progress() as progressed:
        made = report.reproduce(folder, "quick" if quick else "standard", engine, progressed)
    Console().print(_ledger_table(made.entries))
    held = sum(judgement.held for judgement in made.judgements)
    click.echo(f"{held} of {len(made.judgements)} predictions held; {made.written[0]} has them with their numbers.")
    click.echo("Written:")
    for path in made.written:
        click.echo(f"  {path}")
    for problem in made.problems:
        click.echo(f"Not as reviewed: {problem}", err=True)
    if made.problems:
        raise SystemExit(1)


def _assignments(settings: Sequence[str]) -> Iterator[tuple[str, str]]:
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path or not text:
            raise ValueError(f"--set must look like path=value, got {setting!r}")
        yield path.strip(), text


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, or numbers joined by commas, got {text!r}") from None


@contextmanager
def _progress() -> Generator[Callable[[str], Progressed]]:
    """Bars with the time left, on standard error; the yielded function opens one bar."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def opened(description: str) -> Progressed:
            shown: list[TaskID] = []

            def update(done: int, total: int) -> None:
                if not shown:  # a bar appears when work begins, not when input is still being checked
                    shown.append(bars.add_task(description, total=total))
                bars.update(shown[0], completed=done, total=total)

            return update

        yield opened


def _ledger_table(entries: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Ledger", padding=(0, 0), pad_edge=False)
    for heading in ("claim", "source"):
        table.add_column(heading, overflow="fold")
    for heading in ("verdict", "certificate", "control", "margin"):
        table.add_column(heading, no_wrap=True)
    for entry in entries:
        verdict, margin = entry["verdict"], entry["margin"]
        table.add_row(
            f"{escape(entry['short'])}\n[dim]{entry['name']}[/]",
            escape(entry["source"]),
            f"[{_STYLES.get(verdict, '')}]{verdict}[/]",
            entry["certificate"].replace(", ", "\n"),
            entry["control"],
            "-" if margin is None else f"{margin:.3g}",
            end_section=True,
        )
    return table


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


if __name__ == "__main__":
    main()
