"""What identifies a plug-in or a run, what it says about itself, and how it refuses a bad value."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import greedylr_theory
from greedylr_theory import Batch, LogUniform, Run, StandardNormal, simulate
from greedylr_theory.contracts import Plugin
from greedylr_theory.params import Choice, Parametrised, canonical_json
from tests.contract._examples import CATALOGUES, FOLDERS, another_value, every_example, field_of, made, working_run

PLUGINS = [
    pytest.param(plugin, id=f"{folder}/{name}") for folder in FOLDERS for name, plugin in CATALOGUES[folder].items()
]
#: everything with declared parameters: plug-ins and what else a run is made of
OWNERS = [plugin for _, plugin in [(f, p) for f in FOLDERS for _, p in made(f)]]
OWNERS += [StandardNormal(), LogUniform(0.1, 0.5), working_run()]


def declared_parameters() -> list[Any]:
    """One case per class and parameter, with an object that has it."""
    cases: dict[str, Any] = {}
    for owner in OWNERS:
        for name, declared in type(owner).parameters():
            label = f"{type(owner).__name__}.{name}"
            cases.setdefault(label, pytest.param(owner, name, declared, id=label))
    return list(cases.values())


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_plugin_has_an_example(folder: str) -> None:
    labels = {label.rpartition("-")[0] for label, _ in made(folder)}
    missing = set(CATALOGUES[folder]) - labels
    assert not missing, f"give {missing} default values, or a line in OPTIONS of tests/contract/_examples.py"


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugin_describes_itself(plugin: type[Plugin]) -> None:
    text = inspect.getdoc(plugin) or ""
    assert text
    assert not text.startswith(f"{plugin.__name__}("), "a dataclass without docstring shows its signature"
    assert inspect.getmodule(plugin).__doc__  # type: ignore[union-attr]
    for name, declared in plugin.parameters():
        assert re.search(rf"\b{name}\b", text), f"the docstring does not say what {name} is"
        assert declared.symbol
        assert declared.doc
        assert declared.unit
        assert "\n" not in declared.doc
        assert not declared.doc.endswith(".")
    assert plugin.version >= 1


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugin_is_found_under_its_own_name(plugin: type[Plugin]) -> None:
    folder, _, file = plugin.__module__.rpartition(".")
    assert plugin.__name__ == "".join(word.capitalize() for word in file.split("_"))
    assert getattr(sys.modules[folder], plugin.__name__) is plugin
    assert plugin.plugin_name() == file


@every_example()
def test_plugin_and_run_survive_pickling(plugin: Plugin) -> None:
    copy = pickle.loads(pickle.dumps(plugin))
    assert copy == plugin
    assert copy.specification() == plugin.specification()
    np.testing.assert_array_equal(copy.pack(), plugin.pack())
    run = working_run(plugin)
    key = run.key  # cached on the run, and not sent along
    assert pickle.loads(pickle.dumps(run)) == run
    assert pickle.loads(pickle.dumps(run)).key == key


@every_example()
def test_plugin_is_frozen_and_hashable(plugin: Plugin) -> None:
    for name, _ in plugin.parameters():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(plugin, name, getattr(plugin, name))
    assert hash(plugin) == hash(pickle.loads(pickle.dumps(plugin)))


@every_example()
def test_specification_is_canonical_json(plugin: Plugin) -> None:
    text = canonical_json(working_run(plugin).specification())
    assert canonical_json(json.loads(text)) == text
    assert "NaN" not in text
    assert "Infinity" not in text
    assert " " not in text
    assert json.loads(text)[field_of(plugin)]["version"] == plugin.version


@pytest.mark.parametrize(("owner", "name", "declared"), declared_parameters())
def test_key_changes_with_every_parameter(owner: Any, name: str, declared: Any) -> None:
    changed = another_value(owner, name, declared)
    if changed is None:
        assert declared.kind == "text", "no other legal value was found"
        return
    assert keyed(changed) != keyed(owner)
    assert keyed(dataclasses.replace(changed, **{name: getattr(owner, name)})) == keyed(owner)


def keyed(owner: Any) -> str:
    """Key of a run that has this part."""
    if isinstance(owner, Run):
        return owner.key
    if isinstance(owner, StandardNormal):
        return working_run(start=owner).key
    return working_run(lr0=owner).key if isinstance(owner, LogUniform) else working_run(owner).key


@every_example()
def test_key_changes_with_the_version(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    before = working_run(plugin).key
    monkeypatch.setattr(type(plugin), "version", plugin.version + 1)
    assert working_run(plugin).key != before


def test_key_does_not_depend_on_how_a_number_is_written() -> None:
    from greedylr_theory.objectives import Quadratic
    from greedylr_theory.schedulers import GreedyBest

    plain = Run(Quadratic((1.0, 2.0)), scheduler=GreedyBest(max_lr=1.0), start=(0.0, 1.0), lr0=1.0, steps=10)
    other = Run(
        Quadratic(np.array([1, 2])),  # type: ignore[arg-type]
        scheduler=GreedyBest(max_lr=1, min_lr=np.float64(0)),
        start=[0, 1],  # type: ignore[arg-type]
        lr0=np.float64(1),
        steps=np.int64(10),  # type: ignore[arg-type]
    )
    assert other == plain
    assert other.key == plain.key


def test_key_is_the_same_in_another_process() -> None:
    runs = [working_run(plugin) for folder in FOLDERS for _, plugin in made(folder)]
    code = (
        "import sys, pickle; from greedylr_theory import Run; "
        "print(*[run.key for run in pickle.load(sys.stdin.buffer)])"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(runs), capture_output=True, env=environment)
    assert done.stdout.decode().split() == [run.key for run in runs], done.stderr.decode()


def bad_values(declared: Any) -> list[Any]:
    """Values that no parameter of this kind accepts, and the ends of an open domain."""
    wrong: list[Any] = [math.nan, "many", [None], object]
    wrong += [] if declared.optional else [None]
    if declared.kind == "bool":
        return [*wrong, 1, 0.0]
    if declared.kind == "text":
        return [math.nan, 3] if declared.optional else [math.nan, 3, None]
    wrong += [True, np.True_]
    if isinstance(declared.domain, Choice):
        return [*wrong, declared.domain.options[0].upper()]
    domain = declared.domain
    wrong += [end for end in (domain.low, domain.high) if end not in domain]
    wrong += [end for end in (np.nextafter(domain.low, -np.inf), domain.high + 1.0) if end not in domain]
    if declared.kind == "int":
        wrong += [2.5, 3.0]
    if declared.kind in ("vector", "per_group"):
        wrong = [*wrong, (), *[(value,) for value in wrong if not isinstance(value, list)]]
    return wrong


def attempts(owner: Any, name: str, value: Any) -> list[Callable[[], Any]]:
    """Ways to hand over a value: beside the other parameters, or with these at their defaults."""
    ways: list[Callable[[], Any]] = [lambda: dataclasses.replace(owner, **{name: value})]
    required = [entry.name for entry in dataclasses.fields(owner) if entry.default is dataclasses.MISSING]
    if required in ([], [name]):
        ways.append(lambda: type(owner)(**{name: value}))
    return ways


@pytest.mark.parametrize(("owner", "name", "declared"), declared_parameters())
def test_bad_value_gives_one_sentence(owner: Any, name: str, declared: Any) -> None:
    """Class, field, symbol, domain and value stand in it."""
    words = {"bool": "True or False", "text": "text", "plugin": "plug-in", "plugins": "plug-in"}
    domain = words.get(declared.kind, str(declared.domain))
    default = next(entry.default for entry in dataclasses.fields(owner) if entry.name == name)
    for value in bad_values(declared):
        if isinstance(value, tuple) and value == default:
            continue  # an empty sequence that stands for "omitted"
        for attempt in attempts(owner, name, value):
            with pytest.raises(ValueError, match=rf"^{type(owner).__name__}\.{name}(\[0\])? \(") as caught:
                attempt()
            message = str(caught.value)
            part = value[0] if isinstance(value, tuple | list) and value and "[0]" in message else value
            assert f"({declared.symbol})" in message
            assert domain in message
            assert message.endswith(f"got {part!r}")
            assert "\n" not in message


def test_unknown_parameter_gives_one_sentence() -> None:
    for owner in OWNERS:
        if not isinstance(owner, Parametrised):
            continue
        with pytest.raises(ValueError, match=f"{type(owner).__name__} has no parameter 'speed'; its parameters are: "):
            type(owner).parameter("speed")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"start": (1.0,)},
            r"^Run\.start \(x_0\) must be a rule or 2 finite numbers, one per coordinate, got \(1\.0,\)$",
        ),
        ({"start": (1.0, math.inf)}, r"^Run\.start .* got \(1\.0, inf\)$"),
        ({"start": "origin"}, r"^Run\.start .* got 'origin'$"),
        ({"scheduler": 0.1}, r"^Run\.scheduler must be a scheduler, got 0\.1$"),
        ({"objective": None}, r"^Run\.objective must be an objective, got None$"),
        ({"steps": 0}, r"^Run\.steps \(T\) must be an integer in \[1, .*, got 0$"),
        ({"replicate": 2**32}, r"^Run\.replicate \(r\) must be an integer in \[0, .*, got 4294967296$"),
        ({"lr0": 0.0}, r"^Run\.lr0 \(\\gamma_0\) must lie in \(0, inf\), got 0\.0$"),
    ],
)
def test_bad_run_gives_one_sentence(small_run: Callable[..., Run], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small_run(**fields)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": -1}, r"^stride must be an integer of at least 0, got -1$"),
        ({"threads": 0}, r"^threads must be an integer of at least 1, got 0$"),
        ({"lanes": 2.0}, r"^lanes must be an integer of at least 1, got 2\.0$"),
        ({"chunk": 0}, r"^chunk must be an integer of at least 1, got 0$"),
        ({"tolerance": math.nan}, r"^tolerance must be at least 0, got nan$"),
    ],
)
def test_bad_option_gives_one_sentence(small_run: Callable[..., Run], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate([small_run()], **options)


def test_runs_that_do_not_belong_together_are_refused(small_run: Callable[..., Run]) -> None:
    from greedylr_theory.schedulers import Constant

    with pytest.raises(ValueError, match=r"^simulate needs at least one run, got none$"):
        simulate([])
    for fields, what in (({"steps": 9}, "steps"), ({"scheduler": Constant()}, "scheduler type")):
        with pytest.raises(ValueError, match=rf"runs must share .* run 1 .*{what}"):
            simulate([small_run(), small_run(**fields)])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "must be arrays of one common length"),
        ({"lr0": [0.1, 0.2], "replicate": [1]}, "must be arrays of one common length"),
        ({"lr0": [0.1, 0.0]}, r"lr0 \(\\gamma_0\) must lie in \(0, inf\), got .*0\.0"),
        ({"scheduler.factor": [0.5, 1.0]}, r"scheduler\.factor \(F\) must lie in \(0, 1\), got .*1\.0"),
        ({"scheduler.speed": [1.0]}, "GreedyPrevious has no parameter 'speed'"),
        ({"scheduler.first": [0.0]}, "can vary lr0, replicate and single numbers of plug-ins, got 'scheduler.first'"),
        ({"scheduler.min_lr": [0.0, 2.0], "scheduler.max_lr": [1.0, 1.0]}, "must not exceed max_lr"),
        ({"steps": [10.0]}, "can vary lr0, replicate and single numbers of plug-ins, got 'steps'"),
    ],
)
def test_bad_batch_gives_one_sentence(small_run: Callable[..., Run], values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Batch(small_run(), values)


def test_public_names_exist() -> None:
    for name in greedylr_theory.__all__:
        assert getattr(greedylr_theory, name) is not None
    assert set(greedylr_theory.__all__) <= set(dir(greedylr_theory))
    with pytest.raises(AttributeError, match="has no attribute 'simulation_of_everything'"):
        _ = greedylr_theory.simulation_of_everything
