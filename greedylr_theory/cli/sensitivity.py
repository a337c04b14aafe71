"""How an outcome depends on the declared parameters of a scheduler."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from greedylr_theory.cli._shared import FOLDER, one_sentence, require_writable, writing
from greedylr_theory.cli._specification import run_of, specified

if TYPE_CHECKING:
    from greedylr_theory.sensitivity import Study


#: seconds after which a user wants to be told
_PATIENCE = 20.0


@click.command()
@click.argument("name", required=False)
@specified(scheduler=False)
@click.option("--range", "ranges", multiple=True, metavar="PATH=LOW:HIGH", help="Vary it over these values.")
@click.option("--only", is_flag=True, help="Vary what --range names and nothing else.")
@click.option("--heat", metavar="PATH,PATH", help="Two of the varied parameters, for a heat map.")
@click.option(
    "--replicates", type=int, default=16, show_default=True, help="Starts and noises that every setting meets."
)
@click.option("--samples", type=int, default=256, show_default=True, help="Rows of the Sobol design, a power of two.")
@click.option("--points", type=int, default=25, show_default=True, help="Values along each curve.")
@click.option("--floor", type=float, default=1e-12, show_default=True, help="Smallest outcome that is told apart.")
@click.option(
    "--ceiling", type=float, default=10.0, show_default=True, help="Outcome of diverged runs, and the largest."
)
@click.option("--minimum", type=float, help="f*, if the objective does not know it.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the design and of the intervals.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
@FOLDER
@one_sentence
def sensitivity(
    name: str | None, objective: str | None, optimizer: str | None, perturbation: str | None, files: tuple[str, ...],
    settings: tuple[str, ...], start: str, lr0: float, steps: int, ordering: str | None, ranges: tuple[str, ...],
    only: bool, heat: str | None, replicates: int, samples: int, points: int, floor: float, ceiling: float,
    minimum: float | None, seed: int, as_json: bool, folder: Path,
) -> None:  # fmt: skip
    """How much F, patience, threshold, window, cap, lr0, ... of the scheduler NAME matter.

    Draws the response to each parameter alone (median and 10-90 % band over matched replicates) and the Sobol indices
    of the median outcome, log10 of the relative suboptimality at the end. Each parameter has a usual range, spread
    evenly, in the logarithm for rates and thresholds; --range replaces or adds one, of any plug-in. The names of the
    files end in ten digits that identify the run and all options.

    \b
    Examples:
      greedylr sensitivity greedy_best --objective rosenbrock --lr0 1e-3 --steps 300
      greedylr sensitivity greedy_best --lr0 0.05 --perturbation gaussian --set perturbation.channel=gradient
      greedylr sensitivity greedy_best --lr0 0.05 --range scheduler.factor=0.3:0.99 --range scheduler.patience=0:20 \\
        --only --heat scheduler.factor,scheduler.patience
      greedylr sensitivity cosine --lr0 0.05 --optimizer adam --range optimizer.beta1=0:0.99
    """
    from greedylr_theory import sensitivity as study

    require_writable("--results", folder, folder=True)
    names = {"objective": objective, "scheduler": name, "optimizer": optimizer, "perturbation": perturbation}
    base = run_of(names, files, settings, start, lr0, steps, ordering)
    varied = len(ranges) if only else len(study.usual(base)[0]) + len(ranges)
    time = study.seconds(base, varied, replicates=replicates, samples=samples, points=points, pair=heat is not None)
    if time > _PATIENCE:
        click.echo(f"Roughly {time:.0f} s of one core; fewer --samples or --replicates take less.", err=True)
    made = study.study(
        base,
        ranges=ranges,
        only=only,
        pair=heat,
        replicates=replicates,
        samples=samples,
        points=points,
        outcome=study.Outcome(minimum, floor, ceiling),
        seed=seed,
    )
    with writing("--results", folder):
        written = study.write(made, folder / "sensitivity")
    if as_json:
        click.echo(json.dumps(study.as_dict(made), indent=2, allow_nan=False))
        for path in written:
            click.echo(f"wrote {path}", err=True)
        return
    _print(made, written)


def _print(made: Study, written: Sequence[Path]) -> None:
    found, console = made.indices, Console()
    scheduler, objective = type(made.run.scheduler).__name__, type(made.run.objective).__name__
    table = Table(title=f"{scheduler} on {objective}", padding=(0, 0), pad_edge=False)
    table.add_column("parameter, varied over", overflow="fold")
    for heading in ("alone", "with others", "lowest"):
        table.add_column(heading, justify="right", no_wrap=True)
    for k, curve in enumerate(made.curves):
        best = int(curve.median.argmin())
        table.add_row(
            f"{curve.range.path}\n[dim]{escape(str(curve.range))}[/]",
            _interval(found.first[0, k], found.first_low[0, k], found.first_high[0, k]),
            _interval(found.total[0, k], found.total_low[0, k], found.total_high[0, k]),
            f"{curve.median[best]:.2f}\nat {curve.values[best]:.4g}",
            end_section=True,
        )
    console.print(table)
    console.print(
        f"Outcome: {escape(made.outcome.words(made.run))}. As given: {made.base_median:.2f} (median).", highlight=False
    )
    console.print(
        "alone, with others: first-order and total Sobol index of the median outcome over "
        f"{made.replicates} replicates, with 95 % bootstrap intervals, from {found.settings} settings; lowest: of its "
        "curve, the others as given.",
        highlight=False,
    )
    if found.variance[0] == 0.0:
        console.print("The outcome is the same at every setting: the indices say nothing.")
    console.print(
        f"Of the sampled runs {made.diverged:.1%} diverged and {made.clipped:.1%} are at the ceiling.", highlight=False
    )
    for path, reason in made.held.items():
        console.print(f"[dim]held: {path} ({escape(reason)})[/]", highlight=False)
    for path in written:
        click.echo(path)


def _interval(value: Any, low: Any, high: Any) -> str:
    return f"{value:.2f} \\[{low:.2f}, {high:.2f}]"
