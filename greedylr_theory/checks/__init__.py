"""Properties that every plug-in must have, one file each, tried on one plug-in: the package's own or a user's.

`greedylr check` prints what `run` finds; the contract tests of this package call the same files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from greedylr_theory import catalog
from greedylr_theory.checks import array_bounds
from greedylr_theory.checks._check import Check, OutOfBounds, Violation
from greedylr_theory.contracts import Plugin
from greedylr_theory.plugin_files import KINDS, kind_of, load_plugin

__all__ = ["Check", "Result", "Violation", "kind_of", "plugin_of", "run"]

_NOT_TRIED = "not tried, since the kernel leaves its arrays"


@dataclass(frozen=True)
class Result:
    """What came of one check: `measured` is a number with its words, or what was violated and where."""

    name: str
    applies: bool
    passed: bool
    measured: str
    unsafe: bool = False


def run(plugin: Plugin) -> list[Result]:
    """Every check that applies to a plug-in, in alphabetical order of the files.

    The bounds of arrays come first: a kernel that leaves them is not called again.
    """
    first = array_bounds.CHECK
    results = [_result(first, plugin)]
    for check in catalog.load("greedylr_theory.checks", "CHECK").values():
        if check is not first:
            stopped = results[0].unsafe and not check.skipped(plugin)
            results.append(Result(check.name, False, True, _NOT_TRIED) if stopped else _result(check, plugin))
    return results


def _result(check: Check, plugin: Plugin) -> Result:
    reason = check.skipped(plugin)
    if reason:
        return Result(check.name, False, True, reason)
    try:
        return Result(check.name, True, True, check.measure(plugin))
    except Violation as violation:
        return Result(check.name, True, False, str(violation), isinstance(violation, OutOfBounds))
    except Exception as error:  # a plug-in's own methods may raise anything
        first = next(iter(str(error).splitlines()), "")
        return Result(check.name, True, False, f"raises {type(error).__name__}: {first}")


def plugin_of(name: str, values: Mapping[str, str]) -> Plugin:
    """A plug-in from a user's FILE.py, or by the name of one of the package's, with values as on a command line.

    Raises:
        ValueError: there is no such file or name, the name is that of several kinds, or a value is wrong or missing.
    """
    if name.endswith(".py") or Path(name).suffix:
        found = load_plugin(name)
    else:
        files = {kind: catalog.spelled(f"greedylr_theory.{kind}s", name) for kind in KINDS}
        homes = [kind for kind, file in files.items() if file in catalog.names(f"greedylr_theory.{kind}s")]
        if len(homes) != 1:
            what = "FILE.py or the name of a plug-in" if not homes else f"unique, not that of {' and '.join(homes)}"
            raise ValueError(f"what is checked must be {what}, got {name!r}")
        found = catalog.instance(f"greedylr_theory.{homes[0]}s", files[homes[0]])
    given = {key: found.parse(key, text) for key, text in values.items()}
    for entry in dataclasses.fields(found):
        if entry.default is dataclasses.MISSING and entry.name not in given:
            raise ValueError(f"{found.__name__}.{entry.name} has no default: give one by --set {entry.name}=...")
    return found(**given)
