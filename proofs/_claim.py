"""What a claim is: a statement, where it comes from, what it assumes, and the three ways it is tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from proofs._certificates import Certificate


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
        certificate: builds the argument; `_checker.examine` decides it. A `Counterexample` refutes
            `published`, anything else proves `statement`.
        check: runs the numerical check with the given generator.
        control: builds a near miss, the same argument for a statement slightly wrong; the checker must reject it.
        corrected: name of the claim that repairs a refuted one.
        figure: name of the file in paper_figures that shows it.
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
    name: str = ""
