"""A user's own file: loaded under a lasting name, with its digest in every key, and refused in one sentence."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from greedylr_theory import Run, load_plugin, replay, simulate
from greedylr_theory.checks import run as checked
from greedylr_theory.objectives import Quadratic
from greedylr_theory.plugin_files import KINDS, kind_of
from greedylr_theory.schedulers import Constant
from greedylr_theory.sweeps import Size, Sweep, execute

EXAMPLES = {path.stem: path for path in (Path(__file__).parents[2] / "docs/how-to/examples").glob("*.py")}

HEAD = """
from dataclasses import dataclass
from greedylr_theory.adapters import per_run
from greedylr_theory.contracts import Scheduler, scheduler_kernel
from greedylr_theory.params import param
"""
HALVING = f'''"""Halves."""
{HEAD}
@dataclass(frozen=True)
class Halving(Scheduler):
    """Halves the rate at every step."""
    kernel = per_run(lambda step, observed, params, state, lr: 0.5 * lr)

PLUGIN = Halving
'''


def written(folder: Path, content: str, name: str = "halving.py") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_there_is_an_example_of_every_kind() -> None:
    assert {kind_of(load_plugin(path)) for path in EXAMPLES.values()} == set(KINDS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_passes_every_check(name: str) -> None:
    failed = [result for result in checked(load_plugin(EXAMPLES[name])()) if not result.passed]
    assert not failed


def test_examples_do_what_they_say() -> None:
    halve, wells, sign, stale = (
        load_plugin(EXAMPLES[name]) for name in ("halve_every", "two_wells", "sign_descent", "stale_loss")
    )
    metrics = np.ones(9)
    np.testing.assert_array_equal(replay(halve(period=4), metrics, 1.0), [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25])
    base: dict[str, Any] = {"scheduler": Constant(), "steps": 3, "lr0": 0.25, "start": (2.0, -3.0)}
    moved = simulate([Run(wells(), optimizer=sign(beta=0.0), **base)], stride=1)
    np.testing.assert_array_equal(moved.x_end[0], [2.0 - 0.75, -3.0 + 0.75])
    assert moved.loss[0, 0] == (3.0**2 + 8.0**2) / 4
    plain, shown = (
        simulate([Run(wells(), perturbation=stale(probability=p), **(base | {"steps": 60, "lr0": 0.01}))], stride=1)
        for p in (0.0, 1.0)
    )
    np.testing.assert_array_equal(plain.observed, plain.loss)
    np.testing.assert_array_equal(shown.observed[0, 1:], shown.loss[0, :-1])


def test_a_plugin_has_the_name_of_its_file_and_the_digest_of_its_content(tmp_path: Path) -> None:
    first = load_plugin(written(tmp_path, HALVING))
    again = load_plugin(written(tmp_path / "..", HALVING))
    edited = load_plugin(written(tmp_path, HALVING.replace("0.5 * lr", "0.25 * lr")))
    assert first is again
    assert first.plugin_name() == edited.plugin_name() == "halving"
    runs = [Run(Quadratic((1.0,)), scheduler=plugin(), lr0=1.0, steps=3) for plugin in (first, edited)]
    assert runs[0].key != runs[1].key
    assert runs[0].noise_key == runs[1].noise_key
    assert simulate([runs[0]], stride=1).lr.tolist() == [[1.0, 0.5, 0.25]]
    assert simulate([runs[1]], stride=1).lr.tolist() == [[1.0, 0.25, 0.0625]]
    assert pickle.loads(pickle.dumps(runs[1])) == runs[1]


def test_another_process_compiles_nothing_and_unpickles(tmp_path: Path) -> None:
    plugins = [load_plugin(path)() for path in EXAMPLES.values()]
    script = (
        "import pickle, sys; from greedylr_theory import load_plugin\n"
        "for path, plugin in zip(sys.argv[1:], pickle.load(sys.stdin.buffer), strict=True):\n"
        "    assert load_plugin(path)() == plugin\n"
        "    assert plugin.kernel.stats.cache_hits and not plugin.kernel.stats.cache_misses, plugin.kernel.stats\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, EXAMPLES.values())],
        input=pickle.dumps(plugins),
        capture_output=True,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_sweep_over_a_users_plugin_is_the_same_in_worker_processes(tmp_path: Path) -> None:
    """Spawned workers import the plug-in by its module name; nothing but the name is sent."""
    base = Run(load_plugin(EXAMPLES["two_wells"])(), scheduler=load_plugin(EXAMPLES["halve_every"])(), lr0=0.1, steps=1)
    axes = {"scheduler.period": (3.0, 9.0), "objective.height": (0.5, 1.0)}
    sweep = Sweep("own", "?", (), {"only": base}, {"standard": Size(axes, steps=30, replicates=4)}, lambda t: [], 4)
    one, two = (execute(sweep, folder=tmp_path / engine[-1], engine=engine) for engine in ("local:1", "local:2"))
    assert one.computed == two.computed == 4
    assert one.digest == two.digest
    assert one.table["objective.plugin"].unique().to_list() == ["two_wells"]
    assert isinstance(one.table, pl.DataFrame)


WRONG: dict[str, tuple[str, str]] = {
    "syntax": ("x = 1\ndef f(:\n", r"halving.py must be valid Python, got invalid syntax in line 2$"),
    "null": ("x = 1\0", r"must be valid Python, got "),
    "empty": ("", r"halving.py must export its class as PLUGIN, got no PLUGIN$"),
    "instance": (HALVING.replace("PLUGIN = Halving", "PLUGIN = Halving()"), r"must be a class derived from one of Obj"),
    "other class": ("PLUGIN = dict", r"must be a class derived from one of Objective, .*, got <class 'dict'>$"),
    "imported": (
        "from greedylr_theory.schedulers import Constant as PLUGIN",
        r"must be a class of this file, got Constant of greedylr_theory\.schedulers\.constant$",
    ),
    "no dataclass": (
        HALVING.replace("@dataclass(frozen=True)", ""),
        r"must be decorated with @dataclass\(frozen=True\)",
    ),
    "forgotten decorator": (
        HALVING.replace("@dataclass(frozen=True)", "").replace(
            "    kernel", "    n: int = param(1, symbol='n', doc='n')\n    kernel"
        ),
        r"must be decorated with @dataclass\(frozen=True\)",
    ),
    "no kernel": (
        HALVING.replace("    kernel", "    other"),
        r"Halving.kernel of .* must be compiled by scheduler_kernel .*, got none$",
    ),
    "plain function": (
        HALVING.replace("per_run(", "staticmethod("),
        r"Halving.kernel of .* must be compiled by scheduler_kernel .*, got a function that is not compiled$",
    ),
    "other kind of kernel": (
        HALVING.replace(
            "PLUGIN",
            "from greedylr_theory.optimizers.adam import update\nHalving.kernel = staticmethod(update)\nPLUGIN",
        ),
        r"Halving.kernel of .* must be compiled by scheduler_kernel or an adapter, got \(int64",
    ),
    "rule with other arguments": (
        HALVING.replace("params, state, lr:", "lr:"),
        r"^line 11 of .*halving.py raises ValueError: the rule must take "
        r"\(step, observed, params, state, lr\), got \(step, observed, lr\)$",
    ),
    "kernel with other arguments": (
        HALVING.replace("PLUGIN", "@scheduler_kernel\ndef adjust(step, lr):\n    pass\nPLUGIN"),
        r"^line 1\d of .* raises ValueError: a kernel of this kind must take 8 arguments, got adjust\(step, lr\)$",
    ),
    "rule that does not compile": (
        HALVING.replace("0.5 * lr", "lr.speed"),
        r"^line 11 of .*halving.py raises TypingError: .*'speed'",
    ),
    "error": ("1 / 0", r"^line 1 of .*halving.py raises ZeroDivisionError: division by zero$"),
    "missing module": ("import a_module_that_is_missing", r"raises ModuleNotFoundError: No module named 'a_module"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_no_plugin_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    content, message = WRONG[name]
    with pytest.raises(ValueError, match=message) as caught:
        load_plugin(written(tmp_path, content))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_an_objective_without_dimension_is_refused(tmp_path: Path) -> None:
    content = EXAMPLES["two_wells"].read_text()
    start = content.index("    @property\n    def dim")
    without = content[:start] + content[content.index("    @property\n    def minimiser") :]
    with pytest.raises(ValueError, match=r"TwoWells of .* must have a dim, the number of its coordinates, got none"):
        load_plugin(written(tmp_path, without, "two_wells.py"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.py", "must be an existing Python file, got '.*missing.py'"),
        ("halving.txt", "must be an existing Python file"),
        ("Halving.py", "must be named in lower case, such as halve_every.py, got 'Halving.py'"),
        ("two-words.py", "must be named in lower case"),
        ("greedy_best.py", "must not have the name of one of the package's schedulers, got 'greedy_best'"),
    ],
)
def test_a_bad_name_is_refused_in_one_sentence(name: str, message: str, tmp_path: Path) -> None:
    if name != "missing.py":
        written(tmp_path, HALVING, name)
    with pytest.raises(ValueError, match=message):
        load_plugin(tmp_path / name)


def test_a_copy_that_was_spoilt_is_written_anew(tmp_path: Path) -> None:
    """What a killed process or an editor left in the cache is not taken for the user's file."""
    path = written(tmp_path, HALVING + "# spoilt\n")
    first = load_plugin(path)
    kept = Path(sys.modules[first.__module__].__file__ or "")
    kept.write_text("PLUGIN = None\n")
    load_plugin(path)
    assert kept.read_text() == path.read_text()
