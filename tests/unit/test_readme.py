"""The README says what the code does: its verdicts are the reviewed ones, its examples print what it shows."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path

import pytest

from proofs._ledger import reviewed

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


def test_the_table_of_verdicts_is_the_reviewed_one():
    table = TEXT.partition("<!-- verdicts")[2].partition("<!-- end of verdicts -->")[0]
    rows = re.findall(r"^\| (\w+) \| (proved|refuted|supported|open) \|", table, flags=re.MULTILINE)
    assert dict(rows) == reviewed()


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example {n}" for n in range(len(EXAMPLES))])
def test_an_example_prints_what_its_comments_say(example: str, tmp_path: Path):
    script = tmp_path / "example.py"
    script.write_text(example)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(script))
    promised = re.findall(r"^print\(.*\)\s+# (.*)$", example, flags=re.MULTILINE)
    assert printed.getvalue().splitlines() == promised


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (README.parent / target).exists(), target
