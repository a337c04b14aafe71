"""On one eigenvalue a run of the best-so-far rule dies at its first visit above 2, or never, as a product says.

f = lambda x^2 / 2, u = gamma lambda, f(x_{t+1}) = (1 - u_t)^2 f(x_t), and v in [2F, 2) the phase of u_0 < 2/F. The rule
sees f(x_t) after the step from x_t has been made. A run dies when after some record no loss is ever a record again: its
rate then falls for ever, sum gamma_t is finite, and x converges to a point that is not the minimiser (unless x = 0).

Climb. As long as u < 2, every loss is a record (the checker verifies: a step from a record leads to a record if and
only if u < 2), and each level is used p + 1 times, after which the rate rises. So x is multiplied p + 1 times by 1 - v,
and the loss after that is a record seen at the level v/F >= 2. Call it the last record. For p >= 1 its count is 1, and
the steps at v/F give no records, so v/F is used for p + 2 steps: the one made before the record was seen, and p + 1
until the count of failures exceeds p. For p = 0 the record raises the rate once more: v/F is used once, then v/F^2
once, then v/F once again. From there each level v, v F, v F^2, ... is used p + 1 times as long as no record comes. Up
to the levels below 2 the product of the factors abs(1 - u) since the last record is at least 1, and from then on it
falls with every step. No record ever comes if and only if its limit is at least 1:

    p >= 1: |1 - v/F|^(p+2) P^(p+1) >= 1;   p = 0: |1 - v/F|^2 |1 - v/F^2| P >= 1;   P = prod_{j >= 0} |1 - v F^j|.

A start with 2 <= u_0 = v/F uses the same levels as often, from x_0 on. Otherwise a record comes while u < 2, at the
same place of the lattice every time, because everything since the last record is a multiple of x; all losses are
records from there until the rate has climbed to v/F again, and the excursion repeats. Each multiplies x by the same
factor q, abs(q) < 1: the run converges, or hits x = 0 where v F^j = 1. So nothing dies later that does not die first.

D = 1 dies: the losses then tend to the best from above. P = 0 does not: the loss is 0, a record that no loss can beat.
For p -> infinity the product to the power 1/(p+1) falls to |1 - v/F| P: where that is at least 1, every patience dies.

The checker runs the rule in fractions on a list of cases: the levels used are those above, one by one; a dead run is
shown dead for ever by prod_{j >= 0} (1 - u F^j) >= 1 - u / (1 - F); in the others the excursion repeats. The step from
the list to all p is the paragraph above. The control uses v/F for p + 1 steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx, fmpq

from greedylr_theory.theory import death
from proofs._best_rule import ExactRun, Less, run, simulated
from proofs._certificates import Chain, Enumeration, Equivalence, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain

Case = tuple[Fraction, int, Fraction, int]  #: F, p, v, number of levels that the start lies below v

_FRACTIONS = tuple((Fraction(n, m), p) for n, m in ((1, 5), (3, 8), (1, 2), (3, 5)) for p in (0, 1, 2, 4))
#: where v lies between 2F (then the level above is a tie) and 2
_PLACES = (Fraction(0), Fraction(1, 4), Fraction(2, 3), Fraction(15, 16))


def cases() -> dict[str, Case]:
    """F x p x v, those that hit the minimiser left out, started one level below v, at v, and at v/F."""
    found: dict[str, Case] = {}
    for factor, patience in _FRACTIONS:
        for place in _PLACES:
            v = 2 * factor + place * (2 - 2 * factor)
            if not any(v * factor**j == 1 for j in range(8)):
                below = len(found) % 3 - 1
                found[f"F = {factor}, p = {patience}, v = {v}, from level {below}"] = (factor, patience, v, below)
    return found


def levels(patience: int, length: int, above: int) -> list[int]:
    """Exponents k of the levels v F^k after the last record; `above` is how often v/F is used for p >= 1."""
    first = [-1, -2, -1] if patience == 0 else [-1] * above
    return (first + [k for k in range(length) for _ in range(patience + 1)])[:length]


def follows(case: Case, extra: int) -> Mapping[str, Relation]:
    """What the rule does, in fractions, against the levels of the proof."""
    factor, patience, v, below = case
    climb = (patience + 1) * (below + 1) if below >= 0 else 0
    # long enough for a third excursion to begin, or so deep that what is still to come is a factor of at least 0.999
    found = run(
        factor, patience, v * factor**below, 400,
        enough=lambda records, rate: _tops(records) >= 3
        or (999 * (patience + 1) * rate < 1 - factor and _tops(records) == 1),
    )  # fmt: skip
    tops = found.last_records
    at = tops[0]
    end = next((t for t in range(at + 1, len(found.records)) if found.records[t]), len(found.records))
    wanted = [v * Fraction(factor) ** k for k in levels(patience, end - at, patience + 2 + extra)]
    relations: dict[str, Relation] = {
        "the last record comes after p + 1 steps at v": (at, "==", climb),
        "before it every loss is a record": (sum(found.records[:climb]), "==", climb),
        "the levels used since": (sum(a != b for a, b in zip(found.rates[at:end], wanted, strict=True)), "==", 0),
    }
    if end == len(found.records):
        return {**relations, "no record ever again": (_never_below(found, at, factor, patience, v), ">=", 1)}
    if len(tops) < 3:
        return {**relations, "the excursion repeats": (len(tops), ">=", 3)}
    x = [abs(found.points[t][0]) for t in tops]
    one, other = (_excursion(found, *pair) for pair in ((at, tops[1]), (tops[1], tops[2])))
    return {
        **relations,
        "the excursion repeats": (sum(a != b for a, b in zip(one, other, strict=False)) + len(one), "==", len(other)),
        "and contracts": (x[1], "<", x[0]),
        "by the same factor": (x[1] * x[1], "==", x[0] * x[2]),
    }


def _tops(records: list[bool]) -> int:
    return sum(before and not after for before, after in pairwise(records))


def _excursion(found: ExactRun, first: int, last: int) -> list[tuple[Fraction, bool]]:
    # at a start above 2 the first loss is a record by convention: what follows it is compared
    return list(zip(found.rates[first:last], found.records[first + 1 : last + 1], strict=True))


def _never_below(found: ExactRun, at: int, factor: Fraction, patience: int, v: Fraction) -> Fraction:
    """Lower bound on abs(x_t / x_at) for every t > at, the levels beyond the run included."""
    sizes = [abs(x[0]) / abs(found.points[at][0]) for x in found.points[at + 1 :]]
    u = found.next_rate
    return min(*sizes, sizes[-1] * (1 - u / (1 - factor)) ** (patience + 1))


def _leads_to_a_record(inputs: Mapping[str, Any], less: Less) -> dict[str, Any]:
    x, rate, curvature = inputs["x"], inputs["rate"], inputs["curvature"]
    moved = x - rate * curvature * x
    record = less(curvature * moved**2 / 2, curvature * x**2 / 2)
    return {"good": inputs["good"] + 1 if record else 0 * inputs["good"]}


def _is_below_two(inputs: Mapping[str, Any], less: Less) -> dict[str, Any]:
    record = less(inputs["rate"] * inputs["curvature"], sympy.Integer(2))
    return {"good": inputs["good"] + 1 if record else 0 * inputs["good"]}


def argument(extra: int = 0) -> Chain:
    """The certificate; v/F is used p + 2 + extra times."""
    x, rate, curvature, good = sympy.symbols("x rate curvature good")
    return Chain(
        {
            "a step from a record leads to a record if and only if u < 2": Equivalence(
                programs={"a step": (_leads_to_a_record, _is_below_two)},
                inputs={"x": x, "rate": rate, "curvature": curvature, "good": good},
                domain=Domain(positive=(x, rate, curvature, good)),
            ),
            "the rule uses the levels of the proof": Enumeration(cases(), lambda case: follows(case, extra)),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule from random rates below 2/F: who dies, and the height above the best at which it does."""
    worst, nearest, dead_runs, total, wrong = 0.0, np.inf, 0, 0, 0
    for patience in (0, 1, 2, 7):
        F = np.repeat(rng.uniform(0.12, 0.6, 20), 12)
        start = 2.0 * F ** rng.uniform(-1.0, 2.0, F.size)
        steps = 60 * (patience + 1) + 20
        result = simulated(patience, {"scheduler.factor": F, "lr0": start}, steps)
        stuck = (result.lr[:, -1] < 1e-3 * F**8) & (result.end_loss > result.best_loss) & (result.best_loss > 0)
        for k in range(F.size):
            v = start[k]
            while v >= 2.0:
                v *= F[k]
            while v < 2.0 * F[k]:
                v /= F[k]
            with ctx.workprec(128):
                ball = death.excess(_exactly(F[k]), patience, _exactly(v))
            height = float(ball.mid()) * (patience + 1) * 2.0
            total += 1
            if abs(height) < 1e-9:
                continue  # the phase is known to rounding only
            nearest = min(nearest, abs(height))
            wrong += bool(stuck[k]) != (height > 0)
            if stuck[k]:
                dead_runs += 1
                worst = max(worst, abs(np.log(result.end_loss[k] / result.best_loss[k]) - height))
    return Check(
        margin=1e-6 - worst if wrong == 0 else -1.0,
        instances=total,
        sentence=(
            f"{wrong} of {total} compiled runs disagree (p = 0, 1, 2, 7; F from 0.12 to 0.6), {dead_runs} die; "
            f"ln(f / best) at the end is that of the product to {worst:.1e}; nearest to the boundary {nearest:.1e}"
        ),
    )


def _exactly(value: float) -> arb:
    return arb(fmpq(*float(value).as_integer_ratio()))


CLAIM = Claim(
    statement=(
        "Best-so-far rule with patience p on one eigenvalue, u_0 < 2/F of phase v in [2F, 2): the step size dies if "
        "and only if |1 - v/F|^(p+2) prod_{j>=0} |1 - v F^j|^(p+1) >= 1 (p >= 1), or |1 - v/F|^2 |1 - v/F^2| "
        "prod_{j>=0} |1 - v F^j| >= 1 (p = 0). Otherwise f tends to 0."
    ),
    source="arXiv 2512.14527, Algorithms 2 and 3, on one eigenvalue",
    assumptions=(
        "One eigenvalue, exact full-batch gradients, real arithmetic, 0 < F < 1, patience an integer >= 0.",
        "No clips, threshold, smoothing, cooldown, warmup or reset; the first loss is a record; a tie is none.",
        "Ordering after_update: the rule sees f(x_t) after the step from x_t. The first rate has u_0 < 2/F.",
        "The checker verifies when a step leads to a record, and the levels used in a list of cases in fractions; that "
        "every p and v behaves likewise is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(extra=-1),
    figure="death_of_the_step_size",
    short="One eigenvalue: a product over levels decides who dies.",
    topic="death",
    finding=(
        "Without a floor the best-so-far rule can die even without noise: after one visit above 2/lambda the loss is "
        "so far above the best that no later loss beats it, and the step size falls by F every p + 1 steps for ever. "
        "On one eigenvalue this happens at the first visit or never, and a product over the levels of the step size "
        "decides it: at F = 0.25 it kills 98 % of the log-uniform initial rates below 2/(F lambda) with p = 0, 36 % "
        "with p = 1 and 29 % with p = 10."
    ),
    advice={"min_lr": "Set min_lr > 0 for the best-so-far rule: without a floor a dead step size never comes back."},
)
