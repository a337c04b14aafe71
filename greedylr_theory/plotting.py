"""What all figures and tables share: style, palette, labels from declared parameters, files with their provenance."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.figure
import matplotlib.style
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from PIL import Image

import greedylr_theory
from greedylr_theory.files import replace_file
from greedylr_theory.params import Parameter, canonical_json

#: style sheet beside the figures; matplotlib finds it in the package of that name
STYLE = "paper_figures.paper"
DPI = 200


@dataclass(frozen=True)
class Figure:
    """A figure of the paper: what it reads and how it is drawn.

    Args:
        name: the file's name.
        reads: names of the sweeps whose tables it shows.
        claims: names of the claims it shows lines of.
        draw: tables, in the order of `reads` -> picture. It computes statistics of what it is given and knows no
            paths. It runs nothing, unless `reads` is empty: then it makes the few runs that check a claim's line.
        caption: what is seen, with sizes, intervals, and how diverged runs are counted.
        source: the published figure that it answers, e.g. "arXiv 2512.14527, Figure 5"; None when there is none.
        reproduced: a sentence: could the published figure be reproduced, and why not.
        outside: digest of data that it shows and that comes from neither sweeps nor sources; "" when there is none.
    """

    name: str
    reads: tuple[str, ...]
    claims: tuple[str, ...]
    draw: Callable[..., matplotlib.figure.Figure]
    caption: str
    source: str | None = None
    reproduced: str | None = None
    outside: Callable[[], str] | None = None


@dataclass(frozen=True)
class Table:
    """A table of the paper: what it reads and how its rows are made.

    Args:
        name, reads, claims, caption, source, reproduced: as for a `Figure`.
        rows: tables, in the order of `reads` -> the rows, whose column names are the headings; one number, text,
            truth value or null to a cell. It computes statistics of what it is given and knows no paths.
    """

    name: str
    reads: tuple[str, ...]
    claims: tuple[str, ...]
    rows: Callable[..., pl.DataFrame]
    caption: str
    source: str | None = None
    reproduced: str | None = None


@dataclass(frozen=True)
class Look:
    """How one series looks; every entry of `LOOKS` differs from the others in lightness, marker and dashes."""

    color: str
    marker: str
    linestyle: tuple[float, tuple[float, ...] | None]

    def line(self) -> dict[str, Any]:
        """Keywords for Axes.plot."""
        return {"color": self.color, "marker": self.marker, "linestyle": self.linestyle, "markerfacecolor": "white"}


#: told apart by colour-blind readers (after Okabe and Ito) and, by lightness, in grey
LOOKS = (
    Look("#000000", "o", (0, None)),
    Look("#0060A8", "s", (0, (5, 1.5))),
    Look("#C8552B", "^", (0, (3, 1, 1, 1))),
    Look("#C99700", "D", (0, (1, 1))),
)
#: lines of theory
THEORY = Look("#6A6A6A", "", (0, (6, 2)))


@contextmanager
def style() -> Generator[None]:
    """The paper's style inside a ``with``; matplotlib's own settings are left as they were."""
    with mpl.rc_context():
        mpl.rcdefaults()
        matplotlib.style.use(STYLE)
        yield


def label(declared: Parameter, *, doc: bool = True) -> str:
    """Axis label of a parameter: what it is, symbol, unit.

    >>> from greedylr_theory.simulation.run import Run
    >>> label(Run.parameter("lr0"))
    'initial step size $\\\\gamma_0$ [length$^2$/loss]'
    """
    unit = "" if declared.unit == "1" else f" [{declared.unit.replace('^2', '$^2$')}]"
    return f"{declared.doc} ${declared.symbol}${unit}" if doc else f"${declared.symbol}${unit}"


def save(figure: matplotlib.figure.Figure, name: str, folder: Path, provenance: Mapping[str, Any]) -> list[Path]:
    """Write name.pdf and name.png into a folder, each in one piece, and return their paths.

    The files hold no date: the same picture of the same results is the same file, byte for byte, as long as
    matplotlib does not change.

    Args:
        provenance: what the picture shows, e.g. {sweep: digest}; goes into the files with the versions.
    """
    source = _origin(provenance, matplotlib=mpl.__version__)
    creator = f"greedylr_theory {greedylr_theory.__version__}"
    pdf = {"Title": name, "Subject": source, "Creator": creator, "CreationDate": None}
    png = {"Title": name, "Description": source, "Software": creator}
    paths: list[Path] = []
    with style():
        for suffix, canvas, metadata in (("pdf", FigureCanvasPdf, pdf), ("png", FigureCanvasAgg, png)):
            content = io.BytesIO()
            canvas(figure).print_figure(content, format=suffix, dpi=DPI, metadata=metadata)
            figure.set_layout_engine("none")  # both files have the same layout, computed once
            path = folder / f"{name}.{suffix}"
            replace_file(path, content.getvalue())
            paths.append(path)
    return paths


def save_table(rows: pl.DataFrame, table: Table, folder: Path, provenance: Mapping[str, Any]) -> list[Path]:
    """Write name.csv and name.md into a folder, each in one piece, and return their paths.

    The CSV file has all digits and its origin in a first line that begins with #; the Markdown file has four digits,
    the caption and the origin.

    Args:
        provenance: what the rows were made from, e.g. {sweep: digest}.

    Raises:
        ValueError: a cell would hold more than one number or text.
    """
    for column, kind in rows.schema.items():
        if kind.is_nested() or kind == pl.Object:
            raise ValueError(f"a table has one number or text to a cell, got {column!r}: {kind} in {table.name}")
    source = _origin(provenance, polars=pl.__version__)
    page = [f"# {table.name}", "", *markdown(rows), "", table.caption, ""]
    if table.source:
        page += [f"Source: {table.source}. {table.reproduced or ''}".rstrip(), ""]
    page += [f"<!-- {source} -->", ""]
    paths = [folder / f"{table.name}.csv", folder / f"{table.name}.md"]
    replace_file(paths[0], f"# {source}\n{rows.write_csv()}".encode())
    replace_file(paths[1], "\n".join(page).encode())
    return paths


def origin(path: Path) -> dict[str, Any] | None:
    """Provenance and versions that a PNG or CSV file written here carries; None when it is missing or damaged."""
    try:
        if path.suffix == ".png":
            with Image.open(path) as image:
                image.load()
                text = image.info["Description"]
        else:
            with path.open(encoding="utf-8") as file:
                text = file.readline().removeprefix("# ")
        found = json.loads(text)
    except (OSError, KeyError, SyntaxError, ValueError):  # what a damaged image raises is any of these
        return None
    return found if isinstance(found, dict) else None


def markdown(rows: pl.DataFrame) -> list[str]:
    """Lines of a Markdown table; numbers with four digits.

    >>> markdown(pl.DataFrame({"F": [0.5, None], "runs": [1, 20]}))
    ['| F | runs |', '| --- | --- |', '| 0.5 | 1 |', '| - | 20 |']
    """
    return markdown_table(rows.columns, ([_cell(value) for value in row] for row in rows.iter_rows()))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; a bar inside a cell is escaped."""
    cells = [[cell.replace("|", r"\|").replace("\n", " ") for cell in row] for row in (header, *rows)]
    cells.insert(1, ["---"] * len(header))
    return ["| " + " | ".join(row) + " |" for row in cells]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _origin(provenance: Mapping[str, Any], **libraries: str) -> str:
    versions = {"greedylr_theory": greedylr_theory.__version__, **libraries}
    return canonical_json({"provenance": dict(provenance), "versions": versions})
