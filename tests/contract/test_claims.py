"""Every claim: the verdict is the reviewed one, the control is rejected, the numbers agree, the text is there."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math

import pytest
import sympy

from greedylr_theory import catalog
from proofs import _ledger
from proofs._certificates import Certificate, Identity
from proofs._checker import Finding, examine
from proofs._claim import SETTINGS, TOPICS, Claim
from proofs._symbols import L, gamma, gamma_min
from proofs.convergence_deterministic_last_iterate import argument as last_iterate
from proofs.convergence_predictable import argument as predictable
from proofs.convergence_strongly_convex import argument as strongly_convex
from proofs.scale_invariance import argument as scaled
from proofs.scale_invariance import c

NAMES = catalog.names("proofs")
KEYS = {
    *("name", "source", "verdict", "certificate", "control", "margin"),
    *("statement", "published", "corrected", "sentence", "assumptions"),
    *("short", "steps", "refusal", "proof", "figure", "topic", "finding", "advice", "unsettled"),
}


@pytest.fixture(scope="module", params=NAMES)
def settled(request) -> tuple[Claim, _ledger.Entry, list[Finding]]:
    """The claim, its entry, and what the checker found of its certificate and its control."""
    claim = _ledger.claims([request.param])[request.param]
    found: list[Finding] = []

    def kept(certificate: Certificate) -> Finding:
        found.append(examine(certificate))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ledger, "examine", kept)
        return claim, _ledger.settle(claim), found


def test_the_verdict_is_as_reviewed_and_nothing_contradicts_it(settled):
    _, entry, _ = settled
    assert _ledger.disagreements([entry]) == []
    assert entry.verdict == _ledger.reviewed()[entry.name]
    assert entry.verdict in ("proved", "refuted", "supported")
    assert entry.margin >= 0


def test_the_control_is_rejected_for_its_mathematics_and_differs_from_the_certificate(settled):
    _, entry, (proof, finding) = settled
    assert entry.control == "rejected"
    assert finding != proof
    assert finding.verdict == "open"
    assert not finding.ill_formed, finding.sentence


def test_hypotheses_that_the_certificate_uses_are_among_the_assumptions(settled):
    claim, _, (proof, _) = settled
    named = {assumption.split(":")[0] for assumption in claim.assumptions}
    assert set(proof.given) <= named


def test_the_claim_says_what_it_is(settled):
    claim, entry, _ = settled
    assert len(importlib.import_module(f"proofs.{claim.name}").__doc__ or "") > 800  # half a page of proof
    assert claim.statement
    assert 2 < len(claim.short.split()) <= 10
    assert claim.topic in TOPICS
    assert len(claim.finding.split()) > 20
    assert set(claim.advice) <= set(SETTINGS)
    assert claim.source
    assert claim.assumptions
    if entry.verdict == "refuted":
        assert claim.published
        assert claim.corrected
    if claim.corrected is not None:
        assert _ledger.reviewed()[claim.corrected] == "proved"


def test_the_entry_is_json_with_the_agreed_keys(settled):
    _, entry, _ = settled
    assert set(entry.as_dict()) == KEYS
    assert json.loads(json.dumps(entry.as_dict(), allow_nan=False)) == entry.as_dict()


# every fourth claim; all of them among the slow tests
@pytest.mark.parametrize(
    "settled",
    [name if k % 4 == 0 else pytest.param(name, marks=pytest.mark.slow) for k, name in enumerate(NAMES)],
    indirect=True,
)
def test_the_check_is_a_function_of_its_seed(settled):
    claim, entry, _ = settled
    again = claim.check(_ledger.generator(claim))
    assert again.margin == entry.margin
    assert again.sentence in entry.sentence
    assert again.instances > 0


def test_the_explanation_has_everything_that_settles_the_claim(settled):
    claim, entry, _ = settled
    text = _ledger.explanation(entry)
    for part in (claim.statement, claim.published, claim.source, *claim.assumptions, claim.finding, entry.sentence):
        assert part in text
    for part in (entry.proof, entry.refusal, *entry.steps, claim.corrected or "", claim.figure or ""):
        assert part in text


def test_every_claim_is_reviewed_and_every_reviewed_claim_exists():
    assert set(_ledger.reviewed()) == set(NAMES)


def test_whatever_is_not_as_reviewed_is_reported():
    entry = _ledger.settle(_ledger.claims(["contraction_in_theorem_a1"])["contraction_in_theorem_a1"])

    def problem(**changed) -> str:
        (sentence,) = _ledger.disagreements([dataclasses.replace(entry, **changed)])
        return sentence

    assert _ledger.disagreements([entry]) == []
    assert "reviewed as refuted" in problem(verdict="open")
    assert "has not been reviewed" in problem(name="unheard_of")
    assert "did not reject the control" in problem(control="passed")
    assert "CONTRADICTION" in problem(margin=-1e-9)
    assert "CONTRADICTION" in problem(margin=math.nan)


def test_a_control_counts_as_rejected_only_for_its_mathematics():
    claim = _ledger.claims(["contraction_in_theorem_a1"])["contraction_in_theorem_a1"]
    for certificate in (claim.certificate, lambda: Identity(c, c), lambda: Identity(c, 0.5 * c)):
        assert _ledger.settle(dataclasses.replace(claim, control=certificate)).control == "passed"


def test_an_unknown_claim_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"no 'unheard_of'.*scale_invariance"):
        _ledger.settle_all(["unheard_of"])


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        # the step size may see its own sample: it is no constant in the mean over the sample
        (lambda: predictable(constants=(L,)), "neither averaged nor constant"),
        (lambda: predictable(rate_in_noise=gamma * sympy.Rational(1001, 1000)), "not shown to be nonzero"),
        (lambda: predictable(rate_in_noise=gamma_min), "differ"),
        (lambda: strongly_convex(speed=sympy.Rational(1001, 1000)), "differ"),
        (lambda: last_iterate(cap=sympy.Rational(1001, 1000)), "not shown to be nonnegative"),
        (lambda: scaled(rate=sympy.Integer(1), used=sympy.Integer(1)), "may turn out otherwise"),
        (lambda: scaled(loss=-c, previous=-c), "may turn out otherwise"),
        (lambda: scaled(gradient=c * sympy.Rational(1001, 1000)), "differ"),
    ],
)
def test_no_hypothesis_or_constant_can_be_dropped(broken, reason):
    finding = examine(broken())
    assert finding.verdict == "open"
    assert not finding.ill_formed
    assert reason in finding.sentence
