"""The list of plug-ins, from their declarations: `greedylr plugins`, and the page docs/plugins.md.

python -m greedylr_theory.plugin_page docs/plugins.md     write the page
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from greedylr_theory import catalog
from greedylr_theory.contracts import Plugin
from greedylr_theory.files import replace_file
from greedylr_theory.params import Choice, Parameter

FOLDERS = ("objectives", "optimizers", "schedulers", "perturbations")

_HEAD = """# Plug-ins

Generated from the declarations by `python -m greedylr_theory.plugin_page docs/plugins.md`; `greedylr plugins NAME`
prints the parameters of one with symbol, domain, unit and meaning. A parameter without a value has no default.
"(Python)" marks what cannot be given on the command line. The name of a class, such as `AdamW`, will do for that of its
file, `adam_w`.
"""


def catalogue() -> dict[str, dict[str, type[Plugin]]]:
    """{folder: {file name: class}}."""
    return {folder: catalog.load(f"greedylr_theory.{folder}") for folder in FOLDERS}


def named(name: str) -> list[tuple[str, type[Plugin]]]:
    """(kind, class) of every plug-in with a file name or a class name.

    Raises:
        ValueError: there is none; the message lists those that exist.
    """
    files = {folder: catalog.spelled(f"greedylr_theory.{folder}", name) for folder in FOLDERS}
    homes = [folder for folder, file in files.items() if file in catalog.names(f"greedylr_theory.{folder}")]
    if not homes:
        known = ", ".join(entry for folder in FOLDERS for entry in catalog.names(f"greedylr_theory.{folder}"))
        raise ValueError(f"NAME must be that of a plug-in, one of {known}, got {name!r}")
    return [
        (folder.removesuffix("s"), catalog.instance(f"greedylr_theory.{folder}", files[folder])) for folder in homes
    ]


def line(plugin: type[Plugin]) -> str:
    """What a plug-in is: the first paragraph of its docstring."""
    return " ".join((inspect.getdoc(plugin) or "").partition("\n\n")[0].split())


def description(plugin: type[Plugin]) -> str:
    """Its whole docstring, with the name of the class."""
    return f"{plugin.__name__} (version {plugin.version})\n\n{inspect.getdoc(plugin) or ''}\n"


def parameter_rows(plugin: type[Plugin]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """(name, symbol, domain, unit, default, meaning) of every parameter."""
    for name, declared in plugin.parameters():
        yield name, declared.symbol, domain(declared), declared.unit, default(plugin, name), declared.doc
    for name in undeclared(plugin):
        yield name, "", "in Python only", "", default(plugin, name), "see the text above"


def undeclared(plugin: type[Plugin]) -> list[str]:
    """Fields that no text can stand for, such as tables of numbers."""
    declared = dict(plugin.parameters())
    return [entry.name for entry in dataclasses.fields(plugin) if entry.init and entry.name not in declared]


def domain(declared: Parameter) -> str:
    """What a parameter accepts, in words or as an interval."""
    words = {
        "bool": "True or False", "text": "text", "plugin": "a plug-in", "plugins": "plug-ins",
    }  # fmt: skip
    if declared.kind in words:
        found = words[declared.kind]
    elif isinstance(declared.domain, Choice):
        found = ", ".join(declared.domain.options)
    else:
        what = {"int": "integer in ", "vector": "numbers in ", "per_group": "one, or one per group, in "}
        found = what.get(declared.kind, "") + str(declared.domain)
    return f"{found}, or none" if declared.optional else found


def default(plugin: type[Plugin], name: str) -> str:
    """The default as it would be typed; empty where there is none."""
    entry = next(entry for entry in dataclasses.fields(plugin) if entry.name == name)
    if entry.default is dataclasses.MISSING:
        return ""
    if isinstance(entry.default, tuple):
        return ",".join(str(value) for value in entry.default) or "omitted"
    return {None: "none"}.get(entry.default, str(entry.default))


def page() -> str:
    """The page in Markdown, one line per plug-in."""
    parts = [_HEAD]
    for folder, found in catalogue().items():
        parts.append(
            f"\n## {folder.capitalize()} ({len(found)})\n\n| name | what it is | parameters |\n|---|---|---|\n"
        )
        for file, plugin in found.items():
            values = [(name, default(plugin, name)) for name, _ in plugin.parameters()]
            told = [f"`{name}={value}`" if value else f"`{name}`" for name, value in values]
            own = [(name, default(plugin, name)) for name in undeclared(plugin)]
            told += [f"`{name}={value}` (Python)" if value else f"`{name}` (Python)" for name, value in own]
            parts.append(f"| `{file}` | {_cell(line(plugin))} | {', '.join(told)} |\n")
    return "".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*").replace("_", r"\_").replace("<", "&lt;")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m greedylr_theory.plugin_page FILE.md")
    replace_file(Path(sys.argv[1]), page().encode())
