"""The Python in docs/how-to: what it prints is what it says, and the scheduler is the one that other tests run."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/how-to"


def blocks(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (FOLDER / name).read_text(encoding="utf-8"), flags=re.DOTALL)


EXAMPLES = [
    *(("bring-your-own.md", k) for k in range(len(blocks("bring-your-own.md")))),
    ("bound-a-schedule.md", 0),
    ("refine-a-schedule.md", 0),
    ("compare-schedules.md", 0),
    ("measure-recovery.md", 0),
    pytest.param("search-a-rate.md", 0, marks=pytest.mark.slow),  # seconds of Gaussian processes
]


@pytest.mark.parametrize(("page", "number"), EXAMPLES)
def test_an_example_prints_what_its_comments_say(page: str, number: int, tmp_path: Path) -> None:
    if page == "search-a-rate.md":
        pytest.importorskip("sklearn")
    example = blocks(page)[number]
    script = tmp_path / "example.py"
    script.write_text(example)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(script))
    assert printed.getvalue().splitlines() == re.findall(r"^print\(.*\)\s+# (.*)$", example, flags=re.MULTILINE)


def test_the_scheduler_of_the_text_is_the_one_that_is_run() -> None:
    assert blocks("add-a-scheduler.md")[0] == (FOLDER / "examples/halve_every.py").read_text(encoding="utf-8")


def test_links_lead_somewhere() -> None:
    for page in FOLDER.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (FOLDER / target).exists(), (page.name, target)
