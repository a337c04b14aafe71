"""The ledger: settle claims, and compare what came out with the list that people have reviewed."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import sys
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from greedylr_theory import catalog
from proofs._certificates import Certificate, Chain, Counterexample, kinds
from proofs._checker import Verdict, examine
from proofs._claim import Claim

REVIEWED = Path(__file__).with_name("reviewed.json")


@dataclass(frozen=True)
class Entry:
    """One settled claim.

    Args:
        name, statement, published, source, assumptions, corrected: as in the claim.
        verdict: what the checker decided: proved, refuted, supported or open.
        certificate: kinds of certificate used, e.g. "inequality, induction".
        control: "rejected" when the checker finds the near miss wrong for its mathematics, else "passed".
        margin: worst margin of the numerical check; negative contradicts the claim.
        sentence: what the checker found, and what the numerical check measured.
        short: the statement in at most ten words.
        steps: the certificate, a line per step.
        refusal: why the checker rejected the control.
        proof: the docstring of the claim's file.
        figure, topic, finding, advice, unsettled: as in the claim.
    """

    name: str
    source: str
    verdict: Verdict
    certificate: str
    control: Literal["rejected", "passed"]
    margin: float
    statement: str
    published: str
    corrected: str | None
    sentence: str
    assumptions: tuple[str, ...]
    short: str
    steps: tuple[str, ...]
    refusal: str
    proof: str
    figure: str | None
    topic: str | None
    finding: str
    advice: dict[str, str]
    unsettled: str

    @property
    def contradiction(self) -> bool:
        """Whether the numbers speak against what the checker decided."""
        return not self.margin >= 0

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; a margin that is not finite becomes None."""
        values = dataclasses.asdict(self)
        return {
            **values,
            "assumptions": list(self.assumptions),
            "steps": list(self.steps),
            "margin": self.margin if math.isfinite(self.margin) else None,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Entry:
        """The entry that `as_dict` wrote; a margin of None is NaN again, which contradicts."""
        margin = math.nan if values["margin"] is None else values["margin"]
        lists = {name: tuple(values[name]) for name in ("assumptions", "steps")}
        return cls(**{**values, **lists, "margin": margin})


def claims(names: Iterable[str] | None = None) -> dict[str, Claim]:
    """Claims by file name, each with its name filled in; all of them when no names are given.

    Raises:
        ValueError: there is no such claim; the message lists those that exist.
    """
    chosen = catalog.names("proofs") if names is None else list(names)
    return {name: dataclasses.replace(catalog.instance("proofs", name, "CLAIM"), name=name) for name in chosen}


def settle(claim: Claim, seed: int = 0) -> Entry:
    """Decide a claim: its certificate, its control, its numerical check.

    Args:
        claim: with its name filled in, as `claims` returns it.
        seed: of the numerical check; the same seed gives the same entry.
    """
    certificate = claim.certificate()
    finding, near_miss = examine(certificate), examine(claim.control())
    check = claim.check(generator(claim, seed))
    return Entry(
        name=claim.name,
        source=claim.source,
        verdict=finding.verdict,
        certificate=kinds(certificate),
        # a control that is malformed was never put to the test
        control="rejected" if near_miss.verdict == "open" and not near_miss.ill_formed else "passed",
        margin=float(check.margin),
        statement=claim.statement,
        published=claim.published,
        corrected=claim.corrected,
        sentence=f"{finding.sentence}. Check on {check.instances} instances: {check.sentence}",
        assumptions=claim.assumptions,
        short=claim.short,
        steps=outline(certificate),
        refusal=near_miss.sentence,
        proof=inspect.cleandoc(sys.modules[f"{__package__}.{claim.name}"].__doc__ or ""),
        figure=claim.figure,
        topic=claim.topic,
        finding=claim.finding,
        advice=dict(claim.advice),
        unsettled=claim.unsettled,
    )


def outline(certificate: Certificate) -> tuple[str, ...]:
    """A line per step: its name in a chain, its kind, and the numbers of a counterexample.

    >>> from fractions import Fraction
    >>> outline(Counterexample({"x": Fraction(3, 2)}, lambda at: {}, lambda at: {}))
    ('counterexample, x = 3/2',)
    """
    steps = certificate.steps.items() if isinstance(certificate, Chain) else (("", certificate),)
    lines: list[str] = []
    for name, step in steps:
        line = f"{name}: {kinds(step)}" if name else kinds(step)
        if isinstance(step, Counterexample):
            line += ", " + ", ".join(f"{symbol} = {value}" for symbol, value in step.instance.items())
        lines.append(line)
    return tuple(lines)


def explanation(entry: Entry) -> str:
    """Everything that is known about a claim, as text to read."""
    parts = [
        (f"{entry.name}: {entry.verdict}", entry.short),
        ("As published", entry.published),
        ("As settled", entry.statement),
        ("Source", entry.source),
        ("Assumptions", "\n".join(f"- {assumption}" for assumption in entry.assumptions)),
        ("Proof", entry.proof),
        ("Certificate", "\n".join(f"- {step}" for step in entry.steps)),
        ("Found", entry.sentence),
        ("Worst margin of the check", f"{entry.margin:.3g}"),
        ("Control", f"{entry.control}: {entry.refusal}"),
        ("Repaired by", entry.corrected or ""),
        ("Figure", entry.figure or ""),
        ("In plain words", entry.finding),
        ("Left open", entry.unsettled),
    ]
    return "\n\n".join(f"{title}\n{'-' * len(title)}\n{text}" for title, text in parts if text)


def generator(claim: Claim, seed: int = 0) -> np.random.Generator:
    """The random numbers of a claim's check: a stream per claim, whatever else is settled in the same call."""
    return np.random.default_rng([seed, zlib.crc32(claim.name.encode())])


def settle_all(names: Iterable[str] | None = None, seed: int = 0) -> list[Entry]:
    """Settle the named claims, or all of them, in alphabetical order of their files."""
    return [settle(claim, seed) for _, claim in sorted(claims(names).items())]


def reviewed() -> dict[str, Verdict]:
    """The verdicts that people have read and agreed with, by claim name."""
    return json.loads(REVIEWED.read_text(encoding="utf-8"))


def disagreements(entries: Iterable[Entry], expected: dict[str, Verdict] | None = None) -> list[str]:
    """One sentence for everything that is not as reviewed; empty when all is well.

    Args:
        entries: what was settled; claims that were not settled are not missed.
        expected: reviewed verdicts; those of reviewed.json when omitted.
    """
    expected = reviewed() if expected is None else expected
    problems: list[str] = []
    for entry in entries:
        wanted = expected.get(entry.name)
        if wanted is None:
            problems.append(f"{entry.name} is {entry.verdict} and has not been reviewed")
        elif entry.verdict != wanted:
            problems.append(f"{entry.name} is {entry.verdict}, reviewed as {wanted}: {entry.sentence}")
        if entry.control != "rejected":
            problems.append(f"{entry.name}: the checker did not reject the control")
        if entry.contradiction:
            problems.append(f"{entry.name}: CONTRADICTION, {entry.verdict} beside a margin of {entry.margin:g}")
    return problems
