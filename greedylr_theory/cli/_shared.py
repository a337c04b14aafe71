"""What the commands share: options, errors in one sentence, progress."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from greedylr_theory.report import Progressed

P = ParamSpec("P")
R = TypeVar("R")

FOLDER = click.option(
    "--results",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where results are kept.",
)
ENGINE = click.option(
    "--engine", default="local:2", show_default=True, help="Where the work is done: local:N for N processes."
)
PLUGIN_FILES = click.option(
    "--plugin",
    "files",
    multiple=True,
    metavar="FILE.py",
    help="A file of your own that exports PLUGIN; used unless another of its kind is named.",
)


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


def assignments(settings: Sequence[str]) -> Iterator[tuple[str, str]]:
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path or not text:
            raise ValueError(f"--set must look like path=value, got {setting!r}")
        yield path.strip(), text


def require_writable(option: str, path: Path, *, folder: bool = False) -> None:
    """Refuse a place where nothing can be written before work is done for it; nothing is made."""
    must = f"{option} must be a {'folder' if folder else 'file'} that can be written, got {str(path)!r}"
    if path.exists() and path.is_dir() != folder:
        raise ValueError(f"{must}, which is a {'file' if folder else 'folder'}")
    inner = path if folder else path.absolute().parent
    there = next(each for each in (inner.absolute(), *inner.absolute().parents) if each.exists())
    if not there.is_dir():
        raise ValueError(f"{must}: {str(there)!r} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"{must}: nothing may be written in {str(there)!r}")


@contextmanager
def writing(option: str, path: Path) -> Generator[None]:
    """What goes wrong while a file is written is the option's fault, said in one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise ValueError(f"{option} must be a place that can be written, got {str(path)!r}: {reason}") from error


def number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, or numbers joined by commas, got {text!r}") from None


@contextmanager
def progress() -> Generator[Callable[[str], Progressed]]:
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
