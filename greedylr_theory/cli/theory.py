"""What theory says about a schedule."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.table import Table

from greedylr_theory.cli._shared import PLUGIN_FILES, assignments, one_sentence
from greedylr_theory.cli._specification import chosen, made

if TYPE_CHECKING:
    from greedylr_theory.contracts import Scheduler
    from greedylr_theory.theory.comparison import Comparison, Row
    from greedylr_theory.theory.worst_case import Measure, Problem

PROBLEMS = ("smooth-convex", "lipschitz-convex", "smooth-strongly-convex")
MEASURES = ("last", "average", "gradient")


@click.command("worst-case")
@click.option("--schedule", show_default="cosine", help="File name in greedylr_theory/schedulers.")
@PLUGIN_FILES
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Parameter of the schedule.")
@click.option("--steps", type=click.IntRange(1), default=10, show_default=True, help="Number of steps N; T = N + 1.")
@click.option("--lr0", type=float, help="Base rate in units of 1/L (default 1) or R/G (default 1 / sqrt T).")
@click.option("--problem", type=click.Choice(PROBLEMS), default=PROBLEMS[0], show_default=True, help="The class.")
@click.option(
    "--measure", type=click.Choice(MEASURES), default=MEASURES[0], show_default=True, help="What is measured."
)
@click.option("--mu", type=float, default=0.0, help="Strong convexity over L, in (0, 1), of smooth-strongly-convex.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
@one_sentence
def worst_case(
    schedule: str | None, files: tuple[str, ...], settings: tuple[str, ...], steps: int, lr0: float | None,
    problem: str, measure: str, mu: float, as_json: bool,
) -> None:  # fmt: skip
    """How bad a schedule can be over a whole class of functions, beside what theory suggests.

    Steps are in units of 1/L and values in units of L R^2 (of L R for a gradient); R/G and G R for Lipschitz functions.
    A rule that looks at the run takes its steps on a stated function; their worst case is that of the same steps as a
    schedule fixed in advance.

    \b
    Examples:
      greedylr worst-case --schedule cosine --steps 20
      greedylr worst-case --schedule step --set period=5 --steps 15 --problem lipschitz-convex
      greedylr worst-case --schedule greedy_previous --set factor=0.5 --set max_lr=1 --lr0 0.1 --json
    """
    from greedylr_theory.theory.comparison import compare, default_peak

    plugin = chosen({"scheduler": schedule}, files, {"scheduler": "cosine"})["scheduler"]
    rule = cast("Scheduler", made(plugin, dict(assignments(settings)), ""))
    kind, outcome = cast("Problem", problem), cast("Measure", measure)
    peak = default_peak(kind, steps) if lr0 is None else lr0
    if not 0 < peak < math.inf:
        raise ValueError(f"--lr0 must be positive and finite, got {peak!r}")
    try:
        found = compare(rule, plugin.plugin_name(), steps, peak, kind, outcome, mu)
    except (ModuleNotFoundError, ArithmeticError) as error:
        raise ValueError(str(error)) from error
    if as_json:
        click.echo(json.dumps(_as_json(found, steps, peak, problem, measure, mu), indent=2, allow_nan=False))
        return
    unit = {"lipschitz-convex": "G R"}.get(problem, "L R" if measure == "gradient" else "L R^2")
    table = Table(title=f"{problem}, {measure}, N = {steps}", padding=(0, 0), pad_edge=False)
    table.add_column("steps", overflow="fold", ratio=4)
    table.add_column(f"worst case\n[{unit}]", justify="right", no_wrap=True)
    table.add_column("rests on", overflow="fold", ratio=5)
    table.add_column("first steps", overflow="fold", ratio=4)
    for row in found.rows:
        table.add_row(row.name, f"{row.found.value:.8g}", _rests_on(row), _shortened(row.steps), end_section=True)
    if found.bound is not None:
        table.add_row(f"no less is possible with {found.bound_of}", f"{found.bound:.8g}", "closed form", "")
    Console().print(table)
    for line, reason in found.left_out.items():
        click.echo(f"Left out: {line}: {reason}.")
    click.echo(f"Rules that look at the run took their steps on {found.simulated_on}.")
    if found.rows[0].found.worst_function is not None:
        function = found.rows[0].found.worst_function
        text = function.name or f"a function of {function.dimension} dimension{'s' * (function.dimension > 1)}"
        click.echo(f"Worst for {found.rows[0].name}: {text}.")


def _rests_on(row: Row) -> str:
    if row.found.method == "closed form":
        return row.found.source
    return f"solver, within {max(row.found.tolerance, 0.0):.0e}"


def _shortened(steps: Sequence[float] | Any) -> str:
    return " ".join(f"{h:.4g}" for h in steps[:6]) + (" ..." if len(steps) > 6 else "")


def _as_json(found: Comparison, steps: int, peak: float, problem: str, measure: str, mu: float) -> dict[str, Any]:
    rows = [
        {
            "name": row.name,
            "steps": row.steps.tolist(),
            **{
                field.name: getattr(row.found, field.name)
                for field in dataclasses.fields(row.found)
                if field.name not in ("multipliers", "worst_function")
            },
        }
        for row in found.rows
    ]
    return {
        "problem": problem,
        "measure": measure,
        "mu": mu,
        "steps": steps,
        "lr0": peak,
        "rows": rows,
        "lower_bound": found.bound,
        "lower_bound_of": found.bound_of,
        "simulated_on": found.simulated_on,
        "left_out": found.left_out,
    }
