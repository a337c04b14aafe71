"""Numbers move only together with the version of the plug-in that made them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden import regenerate


@pytest.fixture(scope="module")
def current() -> dict[str, dict[str, Any]]:
    return regenerate.digests()


def test_no_number_moved_without_a_new_version(current: dict[str, dict[str, Any]]) -> None:
    names = regenerate.moved(regenerate.stored(), current)
    assert not names, f"numbers moved under the same version: {names}; read tests/golden/regenerate.py"


def test_every_plugin_and_version_has_its_digest_on_file(current: dict[str, dict[str, Any]]) -> None:
    on_file = {name: entry["version"] for name, entry in regenerate.stored().items()}
    wanted = {name: entry["version"] for name, entry in current.items()}
    assert on_file == wanted, "run: python -m tests.golden.regenerate"


def test_digests_tell_plugins_and_versions_apart(current: dict[str, dict[str, Any]]) -> None:
    runs = [(entry["loss"], entry["lr"], entry["x_end"]) for entry in current.values()]
    assert len(set(runs)) >= len(runs) - 1  # the default perturbation test run is one of the default scheduler's
    name = next(iter(current))
    old = {name: {**current[name], "loss": "something else"}}
    assert regenerate.moved(old, current) == [name]
    assert regenerate.moved({name: {**old[name], "version": 0}}, current) == []


def test_regenerating_refuses_numbers_that_moved(
    current: dict[str, dict[str, Any]],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(regenerate, "DIGESTS", tmp_path / "digests.json")
    monkeypatch.setattr(regenerate, "digests", lambda: current)
    assert regenerate.main([]) == 0
    assert regenerate.stored() == current
    name = next(iter(current))
    monkeypatch.setattr(regenerate, "digests", lambda: current | {name: {**current[name], "lr": "moved"}})
    assert regenerate.main([]) == 1
    assert regenerate.stored() == current
    assert name in capsys.readouterr().out
    assert regenerate.main(["--moved"]) == 0
    assert regenerate.stored()[name]["lr"] == "moved"
