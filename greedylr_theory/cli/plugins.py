"""What plug-ins there are, and whether one of the user's keeps the contract."""

from __future__ import annotations

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from greedylr_theory.cli._shared import assignments, one_sentence


@click.command()
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the page of the documentation.")
@one_sentence
def plugins(name: str | None, markdown: bool) -> None:
    """List all plug-ins, or the parameters of one of them.

    \b
    Examples:
      greedylr plugins
      greedylr plugins greedy_best
    """
    from greedylr_theory import plugin_page

    if markdown:
        click.echo(plugin_page.page(), nl=False)
        return
    if name is not None:
        for kind, plugin in plugin_page.named(name):
            table = Table("parameter", "symbol", "domain", "unit", "default", "meaning", title=f"{kind} {name}")
            for row in plugin_page.parameter_rows(plugin):
                table.add_row(*(escape(entry) for entry in row))
            click.echo(plugin_page.description(plugin))
            Console().print(table)
        return
    for kind, found in plugin_page.catalogue().items():
        table = Table(kind, "", title=None, show_header=True)
        for file, plugin in found.items():
            table.add_row(file, escape(plugin_page.line(plugin)))
        Console().print(table)


@click.command()
@click.argument("file")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Parameter of the plug-in.")
@one_sentence
def check(file: str, settings: tuple[str, ...]) -> None:
    """Try to break a plug-in: the user's FILE.py, or one of the package by name; exits with 1 when a check fails.

    \b
    Examples:
      greedylr check two_wells.py
      greedylr check two_wells.py --set dimension=5
      greedylr check expression --set text="x0**2+x1**4" --set declared_convex=true
    """
    from greedylr_theory import checks

    plugin = checks.plugin_of(file, dict(assignments(settings)))
    results = checks.run(plugin)
    table = Table("check", "", "measured", title=f"{type(plugin).__name__}, {checks.kind_of(type(plugin))}")
    for result in results:
        if not result.applies and result.measured.startswith("for "):  # another kind of plug-in
            continue
        verdict = "[green]passed[/]" if result.passed else "[bold red]failed[/]"
        table.add_row(result.name, verdict if result.applies else "-", escape(result.measured))
    Console().print(table)
    failed = sum(not result.passed for result in results)
    click.echo(f"{sum(result.applies for result in results) - failed} passed, {failed} failed")
    if failed:
        raise SystemExit(1)
