"""Figures and tables: drawing them, and where each of them stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from greedylr_theory.cli._shared import ENGINE, FOLDER, one_sentence, progress

if TYPE_CHECKING:
    from greedylr_theory.drawing import State

_STYLES = {"drawn": "green", "stale": "yellow", "to draw": "cyan"}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--size", default="quick", show_default=True, help="quick or standard: size of the sweeps behind them.")
@click.option("--list", "listed", is_flag=True, help="Draw nothing: say what each reads, takes, and where it stands.")
@click.option("--json", "as_json", is_flag=True, help="With --list: print JSON alone on standard output.")
@ENGINE
@FOLDER
@one_sentence
def figures(names: tuple[str, ...], size: str, listed: bool, as_json: bool, engine: str, folder: Path) -> None:
    """Draw figures and tables (all of them by default) from sweeps, which are run first where needed.

    \b
    Examples:
      greedylr figures
      greedylr figures f_sensitivity --size standard
      greedylr figures --list
    """
    from greedylr_theory import report

    if as_json and not listed:
        raise ValueError("--json belongs to --list, got it without")
    if listed:
        states, unreachable = report.figure_states(names, size, folder), report.out_of_reach()
        if as_json:
            content = {"size": size, "figures": [_entry(state) for state in states], "out_of_reach": unreachable}
            click.echo(json.dumps(content, indent=2, allow_nan=False))
        else:
            _print(states, unreachable, size)
        return
    with progress() as progressed:
        written = report.figures(names, size, folder, engine, progressed)
    for path in written:
        click.echo(path)


def _entry(state: State) -> dict[str, Any]:
    item = state.item
    return {
        "name": item.name,
        "kind": type(item).__name__.lower(),
        "reads": list(item.reads),
        "claims": list(item.claims),
        "source": item.source,
        "reproduced": item.reproduced,
        "state": state.state,
        "shards": state.shards,
        "missing_shards": state.missing,
        "digests": dict(state.digests),
        "seconds": {"sweeps": state.sweep_seconds, "missing": state.missing_seconds, "drawing": state.draw_seconds},
    }


def _print(states: Sequence[State], unreachable: Mapping[str, str], size: str) -> None:
    table = Table(title=f"Figures and tables, size {size}", padding=(0, 0), pad_edge=False)
    table.add_column("name", overflow="fold", ratio=5)
    table.add_column("state", overflow="fold", ratio=3)
    table.add_column("sweeps", justify="right", no_wrap=True)
    table.add_column("drawing", justify="right", no_wrap=True)
    table.add_column("source", overflow="fold", ratio=2)
    for state in states:
        item = state.item
        lines = [f"[bold]{item.name}[/]{'' if type(item).__name__ == 'Figure' else ' (table)'}"]
        lines += [f"[dim]reads {', '.join(item.reads)}[/]"] if item.reads else []
        lines += [f"[dim]claims {', '.join(item.claims)}[/]"] if item.claims else []
        words = [f"[{_STYLES.get(state.state, 'yellow')}]{state.state}[/]"]
        words += [f"{state.missing} of {state.shards} shards missing"] if state.missing else []
        if state.state == "drawn":
            words += [
                f"{name if len(state.digests) > 1 else 'digest'} {found[:12]}" for name, found in state.digests.items()
            ]
        drawing = "?" if state.draw_seconds is None else _duration(state.draw_seconds)
        row = "\n".join(lines), "\n".join(words), _duration(state.sweep_seconds), drawing
        table.add_row(*row, escape(item.source or "-"), end_section=True)
    console = Console()
    console.print(table)
    console.print(
        "sweeps: rough time of one core for all runs behind it, also when they are there; "
        "drawing: as measured when it was last drawn here."
    )
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, reason in unreachable.items():
        paper, _, number = name.rpartition(", Figure ")
        grouped.setdefault((paper, reason), []).append(number)
    for (paper, reason), numbers in grouped.items():
        console.print(f"Out of reach: {paper}, Figures {', '.join(numbers)}. {reason}")


def _duration(seconds: float) -> str:
    if 0.0 < seconds < 0.1:
        return "< 0.1 s"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
