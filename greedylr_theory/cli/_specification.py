"""A run as the command line spells it: options that several commands share, and what they build."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from greedylr_theory.cli._shared import PLUGIN_FILES, assignments, number

if TYPE_CHECKING:
    from greedylr_theory.contracts import Plugin
    from greedylr_theory.simulation.run import Run

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULTS = {
    "objective": "quadratic", "scheduler": "greedy_previous", "optimizer": "gradient_descent",
    "perturbation": "no_perturbation",
}  # fmt: skip
_OPTIONS = (
    click.option("--objective", show_default="quadratic", help="File name in greedylr_theory/objectives."),
    click.option("--scheduler", show_default="greedy_previous", help="File name in .../schedulers."),
    click.option("--optimizer", show_default="gradient_descent", help="File name in .../optimizers."),
    click.option("--perturbation", show_default="no_perturbation", help="File name in .../perturbations."),
    PLUGIN_FILES,
    click.option(
        "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Parameter, e.g. scheduler.factor=0.5."
    ),
    click.option(
        "--start", default="normal", show_default=True, help="x_0: numbers joined by commas, 'normal' or 'uniform'."
    ),
    click.option("--lr0", type=float, required=True, help="Initial step size."),
    click.option("--steps", type=int, default=100, show_default=True, help="Number of updates T."),
    click.option(
        "--ordering", help="before_update or after_update (default: what the scheduler needs, else after_update)."
    ),
)


def specified(*, scheduler: bool = True) -> Callable[[F], F]:
    """Add the options of a run to a command, with or without --scheduler."""

    def decorated(command: F) -> F:
        for position in reversed(range(len(_OPTIONS))):
            if scheduler or position != 1:
                command = _OPTIONS[position](command)
        return command

    return decorated


def run_of(
    names: dict[str, str | None], files: Sequence[str], settings: Sequence[str], start: str, lr0: float, steps: int,
    ordering: str | None,
) -> Run:  # fmt: skip
    """The run that the options name, as replicate 0.

    Args:
        names: {kind of plug-in: name, or None when the option was left out}.

    Raises:
        ValueError: an option is wrong; one sentence.
    """
    from greedylr_theory import Run, ScaledUniform, StandardNormal

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
    rules = {"normal": StandardNormal, "uniform": ScaledUniform}
    point = rules[start]() if start in rules else tuple(number("--start", x) for x in start.split(","))
    given: dict[str, Any] = {} if ordering is None else {"ordering": ordering}
    return Run(**plugins, start=point, lr0=lr0, steps=steps, **given)


def chosen(
    names: dict[str, str | None], files: Sequence[str], defaults: Mapping[str, str] | None = None
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
        wanted = name or next(iter(own[kind]), (defaults or _DEFAULTS)[kind])
        package = f"greedylr_theory.{kind}s"
        found[kind] = own[kind][wanted] if wanted in own[kind] else instance(package, spelled(package, wanted))
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
