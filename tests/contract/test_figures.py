"""Every figure, table and experiment: complete, honest about its origin, readable in grey."""

import dataclasses
import functools
import itertools
import json
import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from greedylr_theory import drawing, plotting
from greedylr_theory.catalog import load
from greedylr_theory.params import Interval, Parameter
from greedylr_theory.sweeps import Size, Tuning, execute

SHOWN = load(drawing.PACKAGE, drawing.EXPORTS)
FIGURES = {name: item for name, item in SHOWN.items() if isinstance(item, plotting.Figure)}
TABLES = {name: item for name, item in SHOWN.items() if isinstance(item, plotting.Table)}
SWEEPS = load("experiments", "SWEEP")
#: values of the labels of tuned sweeps that would take seconds otherwise
FEWER = {"retraining": {"problem": "perceptron"}, "robustness_fair": {"problem": "quadratic 100"}}


def tiny(sweep, folder):
    """The sweep at a size of a second or two."""
    first = next(iter(sweep.sizes.values()))
    if isinstance(first, Tuning):
        sweep = sweep.with_values(FEWER.get(sweep.name, {}))
        size = Tuning(first.rates[:2], steps=12, tuning=2, evaluation=3, extension=0)
        few = dict(itertools.islice(sweep.arms("quick").items(), 20 if sweep.name in FEWER else 12))
        sweep = dataclasses.replace(sweep, arms=lambda size: few)
    else:
        size = Size({path: values[::12] for path, values in first.axes.items()}, steps=12, replicates=3)
    return execute(dataclasses.replace(sweep, sizes={"standard": size}), folder=folder, engine="local:1")


@pytest.fixture(scope="module")
def tiny_outcome(tmp_path_factory):
    """A function from a sweep's name to its outcome at that size, computed once."""
    return functools.cache(lambda name: tiny(SWEEPS[name], tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module", params=sorted(FIGURES))
def drawn(request, tiny_outcome):
    figure = FIGURES[request.param]
    outcomes = [tiny_outcome(name) for name in figure.reads]
    before = dict(mpl.rcParams)
    picture = figure.draw(*(outcome.table for outcome in outcomes))
    assert dict(mpl.rcParams) == before
    return figure, picture, {name: outcome.digest for name, outcome in zip(figure.reads, outcomes, strict=True)}


@pytest.fixture(scope="module", params=sorted(TABLES))
def filled(request, tiny_outcome):
    table = TABLES[request.param]
    outcomes = [tiny_outcome(name) for name in table.reads]
    rows = table.rows(*(outcome.table for outcome in outcomes))
    return table, rows, {name: outcome.digest for name, outcome in zip(table.reads, outcomes, strict=True)}


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_an_experiment_is_named_after_its_file_and_written_down(name):
    found = SWEEPS[name]
    assert found.name == name
    assert found.question.endswith("?")
    assert found.prediction
    assert all(text.endswith(".") for text in found.prediction)
    assert {"standard", "quick"} <= found.sizes.keys()


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_figure_or_table_is_named_after_its_file_and_reads_what_exists(name):
    item = SHOWN[name]
    assert isinstance(item, plotting.Figure | plotting.Table)
    assert item.name == name
    assert set(item.reads) <= SWEEPS.keys()
    assert set(item.claims) <= set(load("proofs", "CLAIM"))
    assert len(item.caption.split()) >= (30 if name in FIGURES else 20)
    assert name in TABLES or re.search(r"\d+ starts|\d+ runs", item.caption)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_what_answers_a_published_figure_says_whether_that_could_be_reproduced(name):
    item = SHOWN[name]
    assert (item.source is None) == (item.reproduced is None)
    if item.source is not None and item.reproduced is not None:
        assert re.match(r"arXiv \d{4}\.\d{5}, (Figure|Table)s? \d", item.source)
        assert item.reproduced.endswith(".")


def test_a_table_has_rows_and_a_value_in_each_column(filled):
    _, rows, _ = filled
    assert rows.height
    assert all(column.strip() for column in rows.columns)
    assert all(rows[column].null_count() < rows.height for column in rows.columns)


def test_a_tables_files_carry_its_rows_and_their_origin(filled, tmp_path):
    table, rows, provenance = filled
    paths = plotting.save_table(rows, table, tmp_path, provenance)
    assert [path.name for path in paths] == [f"{table.name}.csv", f"{table.name}.md"]
    assert sorted(tmp_path.iterdir()) == paths
    found = plotting.origin(paths[0])
    assert found is not None
    assert found["provenance"] == provenance
    assert pl.read_csv(paths[0], comment_prefix="#").shape == rows.shape
    page = paths[1].read_text()
    assert table.caption in page
    assert sum(line.startswith("| ") for line in page.splitlines()) == rows.height + 2
    assert all(digest in page for digest in provenance.values())


def test_axes_are_labelled(drawn):
    _, picture, _ = drawn
    assert any(axes.get_xlabel() for axes in picture.axes)
    assert any(axes.get_ylabel() for axes in picture.axes)
    assert all(axes.has_data() for axes in picture.axes)


# every figure is written by `make reproduce`; here every fourth, all of them among the slow tests
@pytest.mark.parametrize(
    "drawn",
    [name if k % 4 == 0 else pytest.param(name, marks=pytest.mark.slow) for k, name in enumerate(sorted(FIGURES))],
    indirect=True,
)
def test_files_carry_their_origin(drawn, tmp_path, monkeypatch):
    figure, picture, provenance = drawn
    monkeypatch.setattr(plotting, "DPI", 40)  # what is in the files does not depend on it
    paths = plotting.save(picture, figure.name, tmp_path, provenance)
    assert [path.name for path in paths] == [f"{figure.name}.pdf", f"{figure.name}.png"]
    assert sorted(tmp_path.iterdir()) == paths
    with Image.open(paths[1]) as image:
        assert json.loads(image.info["Description"])["provenance"] == provenance
    pdf = paths[0].read_bytes()
    assert all(digest.encode() in pdf for digest in provenance.values())
    assert b"/Subtype /Image" not in pdf  # vectors only


def test_the_same_picture_is_the_same_file(tmp_path):
    with plotting.style():
        picture = Figure(figsize=(2, 1))
        picture.subplots().plot([1, 2], **plotting.LOOKS[1].line())
    first, second = (plotting.save(picture, "name", tmp_path / folder, {"sweep": "digest"}) for folder in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"CreationDate" not in first[0].read_bytes()


def test_plotting_neither_loads_pyplot_nor_picks_a_backend():
    code = "import sys, matplotlib, greedylr_theory.plotting; print('matplotlib.pyplot' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]


def test_looks_differ_in_grey_and_without_colour():
    lightness = sorted(float(np.dot(to_rgb(look.color), (0.2126, 0.7152, 0.0722))) for look in plotting.LOOKS)
    assert np.min(np.diff(lightness)) > 0.08
    assert len({look.marker for look in plotting.LOOKS}) == len(plotting.LOOKS)
    assert len({str(look.linestyle) for look in plotting.LOOKS}) == len(plotting.LOOKS)


def test_a_label_has_meaning_symbol_and_unit():
    declared = Parameter(r"\gamma", "length^2/loss", "step size", Interval.open(0, 1), "float", False)
    assert plotting.label(declared) == r"step size $\gamma$ [length$^2$/loss]"
    assert plotting.label(dataclasses.replace(declared, unit="1"), doc=False) == r"$\gamma$"
