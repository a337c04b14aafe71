"""What all figures share: style, palette, labels from declared parameters, and files with their provenance."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.figure
import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf

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
    """

    name: str
    reads: tuple[str, ...]
    claims: tuple[str, ...]
    draw: Callable[..., matplotlib.figure.Figure]
    caption: str


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
    versions = {"greedylr_theory": greedylr_theory.__version__, "matplotlib": mpl.__version__}
    origin = canonical_json({"provenance": dict(provenance), "versions": versions})
    creator = f"greedylr_theory {greedylr_theory.__version__}"
    pdf = {"Title": name, "Subject": origin, "Creator": creator, "CreationDate": None}
    png = {"Title": name, "Description": origin, "Software": creator}
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
