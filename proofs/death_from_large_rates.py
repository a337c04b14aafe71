"""A first rate large enough dies at every F and every patience: the threshold F_c(p) needs u_0 < 2/F.

f = lambda x^2 / 2, u_0 = gamma_0 lambda = v / F^n with v in [2F, 2) and n >= 1. The first loss is a record whatever it
is, and no step at a level u >= 2 leads to a record. As in death_criterion each level is then used p + 1 times on the
way down, the first one once more: the run dies if and only if the product of the factors

    p >= 1: |1 - v/F^n|^(p+2) prod_{j > -n} |1 - v F^j|^(p+1);
    p  = 0: |1 - v/F^n|^2 |1 - v/F^(n+1)| prod_{j > -n} |1 - v F^j|

is at least 1. If v F^j = 1 for some j it is 0. Otherwise call it D_n; with w = v / F^n,

    D_{n+1} / D_n = |1 - w/F|^(p+2) / |1 - w|                       for p >= 1,
    D_{n+1} / D_n = |1 - w/F| |1 - w/F^2| / |1 - w|                 for p = 0,

and as w >= 2 and F < 1 both exceed |1 - w/F|^(p+1) or |1 - w/F^2|, that is, w / F - 1, which tends to infinity with n.
So D_n grows beyond 1, and all larger first rates of the phase die: for every F < 1 and every p. As F -> 1, to leading
order ln D_n = -(p + 1) Re Li_2(u_0) / ln(1/F): the first rates that die are those above 12.595 / lambda, the zero of Re
Li_2 beyond 1 (a Riemann sum; numbers below, no proof of the order).

The checker runs the rule in fractions until what is still to come is bounded by prod (1 - u F^j) >= 1 - u / (1 - F):
all three have F far above F_c(p). The control starts one level lower, where the other two
live (11 at F = 9/10 dies at 9.9 as well).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from proofs._best_rule import run, simulated
from proofs._certificates import Enumeration, Relation
from proofs._claim import Check, Claim

Case = tuple[Fraction, int, Fraction]  #: F, p, u_0
CASES: dict[str, Case] = {
    "F = 9/10, p = 0, u_0 = 11": (Fraction(9, 10), 0, Fraction(11)),
    "F = 9/10, p = 1, u_0 = 12": (Fraction(9, 10), 1, Fraction(12)),
    "F = 1/2, p = 10, u_0 = 11": (Fraction(1, 2), 10, Fraction(11)),
}


def dies(case: Case) -> Mapping[str, Relation]:
    """The losses stay above the first for ever."""
    factor, patience, rate = case
    found = run(
        factor,
        patience,
        rate,
        2000,
        enough=lambda records, now: 8 * (patience + 1) * now < 1 - factor or sum(records) > 1,
    )
    x = [abs(point[0]) for point in found.points]
    rest = (1 - found.next_rate / (1 - factor)) ** (patience + 1)
    return {
        "only the first loss is a record": (sum(found.records), "==", 1),
        "no x_t so far is nearer than x_0": (min(x), ">=", x[0]),
        "nor is any to come": (x[-1] * rest, ">=", x[0]),
    }


def argument(lower: bool = False) -> Enumeration:
    """The certificate; one level lower where wanted."""
    cases = {name: (F, p, rate * F if lower else rate) for name, (F, p, rate) in CASES.items()}
    return Enumeration(cases, dies)


def check(rng: np.random.Generator) -> Check:
    """The compiled rule at p = 0, 1 from 120 first rates up to 20/lambda: who dies, against the sign of ln D."""
    nearest, wrong, count = np.inf, 0, 0
    told: list[str] = []
    for patience in (0, 1):
        for F in (0.6, 0.9, 0.97):
            rates = np.geomspace(2.0, 20.0, 120) * (1.0 + 1e-3 * rng.uniform())
            steps = int(30.0 * (patience + 1) / np.log(1.0 / F)) + 20
            result = simulated(patience, {"lr0": rates}, steps, factor=F)
            dead = result.best_loss == 0.5  # f(x_0), never beaten
            height = _log_product(F, patience, rates)
            nearest = min(nearest, float(np.min(np.abs(height))))
            wrong += int(np.sum(dead != (height >= 0.0))) + int(result.diverged.sum())
            count += rates.size
            told.append(f"F = {F:g}, p = {patience}: {rates[np.flatnonzero(~dead)[-1]]:.3g}")
    return Check(
        margin=nearest if wrong == 0 else -1.0,
        instances=count,
        sentence=(
            f"{wrong} of {count} compiled runs differ from the sign of ln D, nearest to 0 {nearest:.1e}; the largest "
            f"first rate that lives, in 1/lambda: {'; '.join(told)}"
        ),
    )


def _log_product(F: float, patience: int, rates: np.ndarray) -> np.ndarray:
    levels = rates[:, None] * F ** np.arange(int(40.0 / np.log(1.0 / F)))
    total = (patience + 1) * np.sum(np.log(np.abs(1.0 - levels)), axis=1) + np.log(rates - 1.0)
    return total + np.log(rates / F - 1.0) if patience == 0 else total


CLAIM = Claim(
    statement=(
        "Best-so-far rule, one eigenvalue: for every F in (0, 1), patience p and phase v with no v F^j = 1, all first "
        "rates v / (F^n lambda) with n large enough die, also for F > F_c(p). With F = 9/10, p = 0 the run from "
        "gamma_0 lambda = 11 does."
    ),
    source="arXiv 2512.14527, Algorithms 2 and 3, on one eigenvalue",
    assumptions=(
        "As in death_criterion, except that the first rate is 2/(F lambda) or more; the first loss is a record.",
        "The checker verifies the runs named, in fractions; that all larger rates die is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(lower=True),
    figure=None,
    short="A first rate large enough dies at every F.",
    topic="death",
    finding=(
        "The threshold is for runs that start low. A first rate far above 2/lambda raises the loss so much on the way "
        "down that the first loss is never beaten: for every F, every patience and every phase that does not hit the "
        "minimiser exactly there is a rate from which on this happens. For F near 1 that is about 12.6/lambda, to "
        "leading order and away from phases that come close to such a hit; the order is not proved."
    ),
    advice={
        "initial rate": "Start the best-so-far rule below 2/L: a first rate far above it can leave a dead step size."
    },
)
