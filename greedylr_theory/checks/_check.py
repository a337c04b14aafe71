"""What a check is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Violation(AssertionError):
    """A plug-in does not have the property; one sentence with the number and the place."""


class OutOfBounds(Violation):
    """The kernel leaves its arrays: to go on calling it could end the process or spoil any result."""


@dataclass(frozen=True)
class Check:
    """One property.

    Args:
        name: what holds, in a few words.
        measure: tries it on a plug-in; returns what was measured, or raises Violation.
        skipped: why it does not apply to a plug-in; an empty text when it does.
    """

    name: str
    measure: Callable[[Any], str]
    skipped: Callable[[Any], str] = lambda plugin: ""


def only(kind: type) -> Callable[[Any], str]:
    """Apply to one kind of plug-in."""
    return lambda plugin: "" if isinstance(plugin, kind) else f"for {kind.__name__.lower()}s"
