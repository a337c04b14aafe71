"""The page of findings, docs/findings.md: what each claim found, by topic, with what follows and what is left open.

``python -m proofs._findings`` writes it. A claim adds its own paragraph, so a new file in `proofs` is a new paragraph.
Everything on the page is a field of a claim or of an experiment; verdicts are the reviewed ones.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from greedylr_theory import catalog
from greedylr_theory.files import replace_file
from proofs import _ledger
from proofs._claim import SETTINGS, TOPICS, Claim

PAGE = Path(__file__).parents[1] / "docs" / "findings.md"

_INTRODUCTION = (
    "Generated from the claims in `proofs/` by `python -m proofs._findings`; edit the claims, not this page. Each "
    "paragraph ends with the claim behind it and its verdict: proved, refuted (the statement as published is false, "
    "and the paragraph says what is true), or supported (numbers, no proof). `greedylr verify --explain NAME` prints a "
    "claim with its assumptions, proof and numbers."
)


def page(claims: Mapping[str, Claim], verdicts: Mapping[str, str]) -> str:
    """The page as text.

    Args:
        claims: by name, as `_ledger.claims` returns them.
        verdicts: by name; a claim without one is marked as not reviewed.
    """
    cite = {name: f"[`{name}`: {verdicts.get(name, 'not reviewed')}]" for name in claims}
    lines = ["# Findings", "", *_wrapped(_INTRODUCTION), "", "## What to do about the settings", ""]
    for setting in SETTINGS:
        advice = [(name, claim.advice[setting]) for name, claim in sorted(claims.items()) if setting in claim.advice]
        if advice:
            lines += [f"**{setting}**", ""]
            for name, sentence in advice:
                lines += _wrapped(f"{sentence} {cite[name]}", bullet=True)
            lines.append("")
    for topic, heading in TOPICS.items():
        members = [(name, claim) for name, claim in sorted(claims.items()) if claim.topic == topic]
        if members:
            lines += [f"## {heading}", ""]
        for name, claim in members:
            figure = f" Figure: `{claim.figure}`." if claim.figure else ""
            lines += [*_wrapped(f"{claim.finding}{figure} {cite[name]}"), ""]
    lines += ["## What is open", ""]
    for name, claim in sorted(claims.items()):
        if claim.unsettled:
            lines += _wrapped(f"{claim.unsettled} {cite[name]}", bullet=True)
        if verdicts.get(name) in ("supported", "open"):
            lines += _wrapped(f"Not proved: {claim.statement} {cite[name]}", bullet=True)
    return "\n".join([*lines, "", *_experiments()])


def _experiments() -> list[str]:
    lines = ["## Experiments", ""]
    for name in catalog.names("experiments"):
        question = catalog.instance("experiments", name, "SWEEP").question
        lines += _wrapped(f"{question} [experiment `{name}`]", bullet=True)
    return [*lines, ""]


def _wrapped(text: str, *, bullet: bool = False) -> list[str]:
    """Lines of at most 120 characters, as a paragraph or an item of a list."""
    first, later = ("- ", "  ") if bullet else ("", "")
    return textwrap.wrap(
        text, 120, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def current() -> str:
    """The page as the claims have it now."""
    return page(_ledger.claims(), _ledger.reviewed())


if __name__ == "__main__":
    replace_file(PAGE, current().encode())
    print(f"wrote {PAGE}")
