"""The loader: file names, exports, and what it says when there is nothing to load."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greedylr_theory import catalog


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A small catalogue on disk, importable while the test runs."""
    folder = tmp_path / "shelf_of_things"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from greedylr_theory.catalog import lazy_classes\n__getattr__ = lazy_classes(__name__)\n"
    )
    (folder / "two_words.py").write_text("class TwoWords: pass\nPLUGIN = TwoWords\n")
    (folder / "alpha.py").write_text("PLUGIN = 1\nSWEEP = 2\n")
    (folder / "_private.py").write_text("raise RuntimeError('private files are not imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder.name
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_load_returns_what_each_public_file_exports(package: str) -> None:
    loaded = catalog.load(package)
    assert list(loaded) == ["alpha", "two_words"]
    assert loaded["alpha"] == 1
    assert loaded["two_words"].__name__ == "TwoWords"


def test_names_do_not_import_the_files(package: str) -> None:
    assert catalog.names(package) == ["alpha", "two_words"]
    assert f"{package}.alpha" not in sys.modules


def test_one_instance_and_another_export(package: str) -> None:
    assert catalog.instance(package, "alpha", "SWEEP") == 2
    with pytest.raises(ValueError, match=rf"^{package} has no 'beta'; it has: alpha, two_words$"):
        catalog.instance(package, "beta")
    with pytest.raises(AttributeError):
        catalog.load(package, "SWEEP")


def test_classes_are_found_by_their_file_names(package: str) -> None:
    module = __import__(package)
    assert module.TwoWords.__name__ == "TwoWords"
    for name in ("Three", "two_words_", "_private", "Alpha2"):
        with pytest.raises(AttributeError, match=f"module {package!r} has no attribute {name!r}"):
            getattr(module, name)


def test_missing_package_says_where_it_would_be() -> None:
    with pytest.raises(ValueError, match="got 'no_such_catalogue'; proofs, experiments and paper_figures"):
        catalog.load("no_such_catalogue")


def test_import_error_inside_a_package_is_not_hidden(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "__init__.py").write_text("import a_module_that_is_missing\n")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_missing"):
        catalog.load(package)


def test_a_package_lists_its_classes(package: str) -> None:
    module = __import__(package)
    assert {"Alpha", "TwoWords", "__name__"} <= set(dir(module))
    assert module.__all__ == ["Alpha", "TwoWords"]
    assert f"{package}.alpha" not in sys.modules


def test_every_listed_class_of_the_package_is_there() -> None:
    for folder in ("objectives", "optimizers", "schedulers", "perturbations"):
        module = __import__(f"greedylr_theory.{folder}", fromlist=["x"])
        loaded = catalog.load(f"greedylr_theory.{folder}")
        assert [getattr(module, name) for name in module.__all__] == list(loaded.values())
        assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("name", ["two_words", "TwoWords", "twowords", "TWO_WORDS"])
def test_a_class_name_means_its_file(package: str, name: str) -> None:
    assert catalog.spelled(package, name) == "two_words"
    assert catalog.spelled(package, "beta") == "beta"


def test_a_file_exports_one_of_several_names(package: str) -> None:
    assert catalog.instance(package, "alpha", ("SWEEP", "CLAIM")) == 2
    assert list(catalog.load(package, ("PLUGIN", "CLAIM"))) == ["alpha", "two_words"]


@pytest.mark.parametrize(("exports", "found"), [(("PLUGIN", "SWEEP"), "PLUGIN, SWEEP"), (("CLAIM", "FIGURE"), "none")])
def test_a_file_that_exports_two_of_them_or_none_is_refused(package: str, exports: tuple[str, ...], found: str) -> None:
    with pytest.raises(AttributeError, match=f"must export one of {', '.join(exports)}, got {found}"):
        catalog.instance(package, "alpha", exports)
