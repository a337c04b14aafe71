"""Claims, sweeps, and everything together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from greedylr_theory.cli._shared import ENGINE, FOLDER, assignments, one_sentence, progress

_STYLES = {"proved": "green", "refuted": "red", "supported": "yellow", "open": "bold magenta"}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON alone on standard output.")
@click.option("--explain", metavar="NAME", help="Print statement, proof, certificate and numbers of one claim.")
@FOLDER
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
    with progress() as progressed:
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


@click.command()
@click.argument("name")
@click.option("--set", "settings", multiple=True, metavar="PATH=V1,V2", help="Values along an axis.")
@click.option("--size", default="quick", show_default=True, help="quick or standard.")
@ENGINE
@click.option("--part", help="i/n: the i-th of n shares of the work, for job arrays.")
@click.option("--dry-run", is_flag=True, help="Say what would be computed, and compute nothing.")
@FOLDER
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

    experiment = report.experiment(name, dict(assignments(settings)))
    if dry_run:
        click.echo(plan(experiment, size, folder, part))
        return
    with progress() as progressed:
        outcome = execute(experiment, size, folder, engine, part, progressed(f"sweep {name}"))
    click.echo(f"{outcome.computed} shards computed, {outcome.reused} reused, in {folder / name}")


@click.command()
@click.option("--standard", is_flag=True, help="Sizes as in the report (default).")
@click.option("--quick", is_flag=True, help="Sizes for a coffee break.")
@ENGINE
@FOLDER
@one_sentence
def reproduce(standard: bool, quick: bool, engine: str, folder: Path) -> None:
    """Verify every claim, run every sweep, draw every figure and table, and write the report with its pages.

    What is already there and still valid is reused. Exits with 1 when a verdict or control is not as reviewed.

    \b
    Examples:
      greedylr reproduce --quick
      greedylr reproduce --standard
    """
    from greedylr_theory import report

    if standard and quick:
        raise ValueError("one of --standard and --quick must be left out, got both")
    with progress() as progressed:
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
