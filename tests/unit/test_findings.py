"""The page of findings says what the claims say, cites each of them, and nothing that does not exist."""

from __future__ import annotations

import dataclasses
import re

import pytest

from greedylr_theory import catalog
from proofs import _findings, _ledger
from proofs._claim import SETTINGS, TOPICS

TEXT = _findings.PAGE.read_text(encoding="utf-8") if _findings.PAGE.exists() else ""
CLAIMS = _ledger.claims()


def test_the_page_is_up_to_date():
    assert _findings.current() == TEXT, "run python -m proofs._findings"


def test_every_claim_is_cited_with_its_verdict_and_every_citation_exists():
    cited = dict(re.findall(r"\[`(\w+)`:\s+([\w ]+)\]", TEXT))
    assert cited == _ledger.reviewed()
    assert set(cited) == set(CLAIMS)


def test_every_paragraph_cites_a_claim_or_an_experiment():
    body = TEXT.partition("## What to do")[2]
    blocks = re.split(r"\n\n|\n(?=- )", body)
    for block in blocks:
        text = block.strip()
        if text and not text.startswith(("#", "**", "about the settings")):
            assert re.search(r"\[(`\w+`:\s+[\w ]+|experiment\s+`\w+`)\]$", text), text


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_claim_has_what_the_page_needs(name):
    claim = CLAIMS[name]
    assert 2 < len(claim.short.split()) <= 10, claim.short
    assert claim.topic in TOPICS
    assert len(claim.finding.split()) > 20
    assert claim.finding.endswith(".")
    assert set(claim.advice) <= set(SETTINGS)
    assert all(sentence.endswith(".") for sentence in claim.advice.values())


def test_figures_that_claims_name_exist():
    pictures = set(catalog.names("paper_figures"))
    assert {claim.figure for claim in CLAIMS.values() if claim.figure} <= pictures


def test_a_change_of_a_claim_or_verdict_changes_the_page():
    name = "scale_invariance"
    moved = {**CLAIMS, name: dataclasses.replace(CLAIMS[name], finding="Something else is true.")}
    assert "Something else is true." in _findings.page(moved, _ledger.reviewed())
    assert f"[`{name}`: supported]" in re.sub(
        r"\s+", " ", _findings.page(CLAIMS, {**_ledger.reviewed(), name: "supported"})
    )
    fewer = {key: value for key, value in CLAIMS.items() if key != name}
    assert name not in _findings.page(fewer, _ledger.reviewed())
