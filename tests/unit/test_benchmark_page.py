"""The page of the benchmark is what was measured, and nothing typed by hand."""

from __future__ import annotations

from benchmarks import page


def test_the_page_is_written_from_the_stored_measurements():
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run: python benchmarks/page.py"
