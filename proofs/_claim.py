"""What a claim is: a statement, where it comes from, what it assumes, and the three ways it is tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from proofs._certificates import Certificate

#: topics of the page of findings, in its order, with their headings
TOPICS = {
    "units": "What F can depend on",
    "convergence": "When GreedyLR converges, and how fast",
    "cycle": "Full batches: the cycle of the step size",
    "cap": "Below a cap",
    "ordering": "Step sizes that see their own sample",
    "noise": "Noisy losses",
    "death": "When the step size dies",
    "speed": "Compared with other methods",
    "schedules": "Schedules from theory",
    "signal": "What a change of loss says",
    "library": "The rule as it is run in practice",
    "perturbations": "Perturbed training in the robustness study",
    "tables": "The tables of the paper",
}
Topic = Literal[
    "units",
    "convergence",
    "cycle",
    "cap",
    "ordering",
    "noise",
    "death",
    "speed",
    "schedules",
    "signal",
    "library",
    "perturbations",
    "tables",
]

#: what a practitioner sets, in the order of the page of findings
SETTINGS = ("schedule", "F", "initial rate", "cap", "patience", "min_lr", "smoothing", "threshold", "reset", "metric")


@dataclass(frozen=True)
class Check:
    """Outcome of a numerical check: the simulator, or an independent route, on random instances.

    Args:
        margin: worst margin over the instances, dimensionless unless the sentence says otherwise; negative
            means that the numbers contradict the claim.
        instances: how many instances were run.
        sentence: reports the numbers, e.g. the tightest ratio to a bound; for random runs also how the
            sampling error was accounted for.
    """

    margin: float
    instances: int
    sentence: str


@dataclass(frozen=True)
class Claim:
    """One statement and all that settles it. Each file of `proofs` exports one as `CLAIM`.

    Args:
        statement: as settled, in words and symbols.
        published: as published, or "" when the statement is ours.
        source: paper with theorem, section or equation; author and theorem for textbook facts.
        assumptions: sentences; one that a certificate uses as a hypothesis starts with its name and a colon.
        certificate: builds the argument; `_checker.examine` decides it. A `Counterexample`, or an `Enclosure`
            that says so, refutes `published`; anything else proves `statement`.
        check: runs the numerical check with the given generator.
        control: builds a near miss, the same argument for a statement slightly wrong; the checker must reject it.
        corrected: name of the claim that repairs a refuted one.
        figure: name of the file in paper_figures that shows it.
        short: the statement in at most ten words, for the table of the ledger.
        topic: heading of `docs/findings.md` under which `finding` appears, a key of `TOPICS`.
        finding: what is true, in plain words and with the numbers: a paragraph that needs no other.
        advice: setting, one of `SETTINGS` -> what follows from this claim for somebody who has to choose it.
        unsettled: what this claim leaves open, in a sentence or two; "" for nothing.
        name: the file's name; filled in by the ledger.
    """

    statement: str
    source: str
    assumptions: tuple[str, ...]
    certificate: Callable[[], Certificate]
    check: Callable[[np.random.Generator], Check]
    control: Callable[[], Certificate]
    published: str = ""
    corrected: str | None = None
    figure: str | None = None
    short: str = ""
    topic: Topic | None = None
    finding: str = ""
    advice: Mapping[str, str] = field(default_factory=dict)
    unsettled: str = ""
    name: str = ""
