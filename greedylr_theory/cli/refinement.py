"""A schedule from the gradient norms of a log: refine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.table import Table

from greedylr_theory.cli._shared import one_sentence, require_writable, writing

if TYPE_CHECKING:
    from greedylr_theory.recorded_norms import RecordedNorms
    from greedylr_theory.refinement import Refined

FRACTIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)
WIDTH, HEIGHT = 64, 10
#: of a schedule that is written; a row takes about 60 bytes
MOST_STEPS = 100_000_000
_EIGHTHS = " ▁▂▃▄▅▆▇█"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--column", help="Column that holds the norms (or MLflow's key); needed where it is not clear.")
@click.option("--kind", default="l2", show_default=True, help="l2 (for SGD) or l1 (for Adam): which norms they are.")
@click.option("--smoothing", type=float, default=0.1, show_default=True, help="Window of the running median.")
@click.option(
    "--window-basis", default="fraction", show_default=True, help="fraction (of the run) or published (1001 samples)."
)
@click.option("--steps", type=int, help="Length of the schedule (default: as many as there are norms).")
@click.option("--output", type=click.Path(path_type=Path), help="Write the schedule: .csv or .json.")
@click.option("--png", type=click.Path(path_type=Path), help="Draw norms and schedule: .png or .pdf.")
@one_sentence
def refine(
    file: Path, column: str | None, kind: str, smoothing: float, window_basis: str, steps: int | None,
    output: Path | None, png: Path | None,
) -> None:  # fmt: skip
    """Learning-rate schedule that the gradient norms of a logged run recommend (arXiv 2310.07831).

    FILE is a CSV file, gzipped or not, as exported by Weights & Biases, TensorBoard or MLflow, or a plain column.

    \b
    Examples:
      greedylr refine wandb_export.csv --output schedule.csv --png schedule.png
      greedylr refine norms.csv.gz --kind l1 --column "run - grad_norm_l1" --steps 20000
    """
    from greedylr_theory.recorded_norms import read_norms
    from greedylr_theory.refinement import refine as refined_from

    if output is not None and output.suffix not in (".csv", ".json"):
        raise ValueError(f"--output must end in .csv or .json, got {str(output)!r}")
    if png is not None and png.suffix not in (".png", ".pdf"):
        raise ValueError(f"--png must end in .png or .pdf, got {str(png)!r}")
    for option, path in (("--output", output), ("--png", png)):
        if path is not None:
            require_writable(option, path)
    if steps is not None and not 2 <= steps <= MOST_STEPS:
        raise ValueError(f"--steps must be an integer from 2 to {MOST_STEPS}, got {steps}")
    recorded = read_norms(file, column)
    uneven = not recorded.even and window_basis != "published"
    norms = recorded.at_even_steps() if uneven else recorded.values
    found = refined_from(
        norms, kind=cast(Any, kind), smoothing=smoothing, window_basis=cast(Any, window_basis), points=steps
    )
    notes = [f"{recorded.values.size} norms from column {recorded.name!r}; {_smoothing(found.window)}"]
    if recorded.skipped:
        notes.append(f"{recorded.skipped} row{'s' * (recorded.skipped > 1)} without a value skipped")
    if uneven:
        notes.append("steps are not equally spaced: norms were interpolated to equally spaced ones")
    elif not recorded.even:
        notes.append("steps are not equally spaced, which the published code does not look at")
    console = Console(highlight=False)
    for note in notes:
        console.print(note, markup=False)
    console.print(_table(found))
    for line in _lines(found):
        console.print(line, markup=False)
    console.print(picture(found), markup=False)
    written: list[Path] = []
    if output is not None:
        with writing("--output", output):
            written.append(_write(found, output))
    if png is not None:
        with writing("--png", png):
            _draw(recorded, norms, found, png)
        written.append(png)
    console.print("In training, with the peak rate as the optimizer's lr:\n", markup=False)
    console.print(usage(output), markup=False, soft_wrap=True)
    for path in written:
        click.echo(f"wrote {path}", err=True)


def _smoothing(window: int) -> str:
    return "not smoothed" if window == 1 else f"running median over {window} samples"


def _table(found: Refined) -> Table:
    from greedylr_theory.refinement import EXPONENTS

    last = found.schedule.size - 1
    title = f"refined schedule, {found.kind} norms, weights G^{EXPONENTS[found.kind]:g}"
    table = Table("share of the run", "step", "rate / peak", title=title)
    for fraction, factor in zip(FRACTIONS, found.at(FRACTIONS), strict=True):
        table.add_row(f"{fraction:g}", f"{fraction * last:.0f}", f"{factor:.4f}")
    return table


def _lines(found: Refined) -> list[str]:
    last, fit = found.schedule.size - 1, found.fit
    lines = [f"peak at step {found.argmax} of {last} ({found.argmax / last:.2%})"]
    lines.append(
        f"nearest warmup and polynomial decay: warmup {fit.warmup:.1%}, exponent {fit.exponent:.3g}, "
        f"off by {fit.deviation:.3f} (root mean square)"
    )
    if found.bound is not None and found.peak is not None:
        lines.append(f"theory for SGD: peak rate {found.peak:.4g} D, f(x_T) - f* at most {found.bound:.4g} D")
    return lines


def picture(found: Refined) -> str:
    """The schedule as text: `HEIGHT` lines of blocks, eight steps of height to a line."""
    import numpy as np

    heights = found.at(np.linspace(0.0, 1.0, WIDTH)) * HEIGHT * 8
    lines: list[str] = []
    for line in range(HEIGHT - 1, -1, -1):
        filled = np.clip(np.rint(heights - 8 * line), 0, 8).astype(int)
        label = {HEIGHT - 1: "1 ", 0: "0 "}.get(line, "  ")
        lines.append(f"{label}|{''.join(_EIGHTHS[k] for k in filled)}".rstrip())
    lines.append(f"  +{'-' * WIDTH}")
    lines.append(f"   0{'share of the run':^{WIDTH - 2}}1\n")
    return "\n".join(lines)


def usage(output: Path | None) -> str:
    """Python that puts the written table to use, for torch and for transformers."""
    path = output or Path("schedule.csv")
    if path.suffix == ".json":
        load = f"import json, pathlib\nfactors = json.loads(pathlib.Path({str(path)!r}).read_text())['factor']"
    else:
        load = (
            f"import csv, pathlib\nrows = csv.DictReader(pathlib.Path({str(path)!r}).read_text().splitlines())\n"
            "factors = [float(row['factor']) for row in rows]"
        )
    hint = "" if output is not None else f"# greedylr refine ... --output {path}\n"
    return (
        f"{hint}{load}\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: factors[min(t, len(factors) - 1)])\n"
        "# transformers: Trainer(..., optimizers=(optimizer, scheduler)); more steps than rows: --steps"
    )


def _write(found: Refined, path: Path) -> Path:
    import json

    import polars as pl

    from greedylr_theory.files import replace_file

    columns: dict[str, Any] = {
        "step": list(range(found.schedule.size)),
        "factor": found.schedule.tolist(),
        "smoothed_norm": found.smoothed.tolist(),
    }
    text = pl.DataFrame(columns).write_csv() if path.suffix == ".csv" else f"{json.dumps(columns)}\n"
    replace_file(path, text.encode())
    return path


def _draw(recorded: RecordedNorms, norms: Any, found: Refined, path: Path) -> None:
    import io

    import matplotlib.figure
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    from greedylr_theory.files import replace_file
    from greedylr_theory.plotting import LOOKS, THEORY, style

    with style():
        figure = matplotlib.figure.Figure(figsize=(7.0, 2.8))
        left, right = figure.subplots(1, 2)
        shares = np.linspace(0.0, 1.0, norms.size)
        thin = max(1, norms.size // 5000)
        left.plot(shares[::thin], norms[::thin], color="0.7", linewidth=0.6, label="norms", rasterized=True)
        places = np.linspace(0.0, 1.0, found.smoothed.size)
        left.plot(places, found.smoothed, color=LOOKS[1].color, label="running median")
        left.set_yscale("log")
        left.set_ylabel(f"gradient norm ({found.kind}), {recorded.name}")
        right.plot(places, found.schedule, color=LOOKS[0].color, label="refined")
        fit = found.fit
        name = f"warmup {fit.warmup:.1%}, exponent {fit.exponent:.3g}"
        right.plot(np.linspace(0, 1, 1001), fit.schedule(1001), **{**THEORY.line(), "label": name})
        right.set_ylabel("rate / peak")
        right.set_ylim(0.0, 1.05)
        for axis in (left, right):
            axis.set_xlabel("share of the run")
            axis.legend(fontsize=7)
        content = io.BytesIO()
        canvas: Any = FigureCanvasPdf if path.suffix == ".pdf" else FigureCanvasAgg
        canvas(figure).print_figure(content, format=path.suffix[1:], dpi=150)
    replace_file(path, content.getvalue())
