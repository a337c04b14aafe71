"""With one eigenvalue a cap c / lambda saves every run exactly when c is below a threshold, and for F > 3 - 2 sqrt 2
that is 1 + 1/F.

f = lambda x^2 / 2, gamma_max lambda = c, no lower clip. The rule climbs where u < 2, falls where u >= 2 (claim
two_cycle), and every adjustment is clipped at c. If c < 2 the step size climbs to c and stays: x shrinks by abs(1 -
c) < 1 per step (for c = 1 the minimiser is hit). If c >= 2, the climb ends at u = min(w, c) >= 2, w the lattice
point in [2, 2/F); a clip at c < 2/F moves the lattice so that c is on it. So each run ends in a two-cycle (F y, y)
with top y in [2, c], y < 2/F, and each such y occurs: start at u_0 = F y. With v = F y and q = (1 - v) (1 - v / F),

    1 - q^2 = v (1 + F - v) (v^2 - (1 + F) v + 2F) / F^2,    4 (v^2 - (1 + F) v + 2F) = (2v - 1 - F)^2 + (6F - 1 - F^2).

F > 3 - 2 sqrt 2: the last bracket is positive, so every phase v < 1 + F converges and v = 1 + F has q = 1, v > 1 + F
diverges. Hence all runs converge if and only if c < 1 + 1/F. At c = 1 + 1/F the runs whose climb is clipped, or ends
at c, repeat abs(x) for ever and do not converge; the others do. Above, a start with F (1 + 1/F) < u_0 < min(F c, 2)
diverges, and so does, below 2/F, every climb that is clipped: then the full share ln(2/(1+F)) / ln(1/F) of a period
of log-uniform rates is lost, as without a cap.

F <= 3 - 2 sqrt 2: the phases from v_- to v_+ do not converge (claim phases_that_converge), so all runs converge if
and only if c < v_- / F = 2 / v_+. This lies between 2 and 2 + sqrt 2, and tends to 2 as F -> 0: the threshold drops
from 1 + 1/F = 4 + 2 sqrt 2 = 6.83 to 2 + sqrt 2 = 3.41 at F = 3 - 2 sqrt 2, so that 1 + 1/F is wrong there. With F =
r (1 - r) / (2 - r), v_- = r: q = -1 at v = r, and r / F = (2 - r) / (1 - r). A cap a little above it (F < 3 - 2 sqrt 2)
also clips the climbs that would end in (v_+, 1 + F) / F and converge: the share ln(2 / v_-) / ln(1/F) that is lost
exceeds that without a cap.

For c < 2 the argument holds in any dimension, with L for lambda: every mode shrinks in every step. The checker
verifies that the clipped rule is the rule above, and the identities. The control puts the cap at 1.001 (1 + 1/F).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from flint import arb
from sympy import Expr

from greedylr_theory.theory import cycle
from proofs._certificates import BallRelation, Chain, Enclosure, Equivalence, Identity
from proofs._claim import Check, Claim
from proofs._cycle import (
    UNIT_INTERVAL,
    climbs_below,
    climbs_by_the_rule,
    exact,
    factor_of_window,
    factorisation,
    quadratic,
    r,
    simulated,
    two_steps,
    upper_end,
    v,
)
from proofs._exact import Domain, substitute
from proofs._symbols import ONE, F

x, rate, curvature, cap = sympy.symbols("x rate curvature cap")


def argument(cap_scale: Expr = ONE) -> Chain:
    """The certificate; the cap at equality is cap_scale (1 + 1/F)."""
    clipped = Equivalence(
        programs={"a step": (climbs_by_the_rule(cap=True), climbs_below(sympy.Integer(2), cap=True))},
        inputs={"x": x, "rate": rate, "curvature": curvature, "F": F, "cap": cap},
        domain=Domain(positive=(x, rate, curvature, F, cap)),
    )
    at_the_cap = F * cap_scale * (1 + 1 / F)
    return Chain(
        {
            "the clipped rule climbs where u < 2": clipped,
            "1 - q^2": factorisation(),
            "the quadratic and its least value": Identity(4 * quadratic, (2 * v - 1 - F) ** 2 + 6 * F - 1 - F**2),
            "q = 1 at the cap 1 + 1/F": Identity(substitute(two_steps, {v: at_the_cap}), ONE, Domain(positive=(F,))),
            "q = -1 at the cap v_- / F": Identity(
                substitute(two_steps, {v: r, F: factor_of_window}), -ONE, UNIT_INTERVAL
            ),
            "that cap is 2 / v_+": Identity(r / factor_of_window, 2 / upper_end, UNIT_INTERVAL),
            "both at F = 3 - 2 sqrt 2": Enclosure(_numbers),
        }
    )


def _numbers(bits: int) -> dict[str, BallRelation]:
    root = arb(2).sqrt()
    return {
        "1 + 1/F": (1 + 1 / (3 - 2 * root), "rounds to", "6.8284271247462"),
        "2 / v_+": (2 / (2 - root), "rounds to", "3.4142135623731"),
    }


def threshold(F: float) -> float:
    """The cap, in units of 1/lambda, below which every run converges."""
    windows = cycle.divergence_windows(F)
    return windows[0][0] / F


def check(rng: np.random.Generator) -> Check:
    """Compiled runs with caps just below and just above the threshold, from all phases; exact runs at equality."""
    factors = np.concatenate([rng.uniform(0.02, 0.171, 24), rng.uniform(0.172, 0.97, 40)])
    margins: list[float] = []
    for F_ in map(float, factors):
        sharp = threshold(F_)
        rates = 2.0 * F_ ** rng.uniform(-1.0, 2.0, 64)
        for cap_, wanted in ((sharp * 0.999, -1.0), (sharp * 1.001, 1.0)):
            # the last start climbs to the cap, which is the largest top of a cycle
            starts = np.append(np.minimum(rates, cap_), F_ * cap_)
            steps = 12 + 3 * int(np.ceil(np.log(1.0 / F_) ** -1))
            loss = simulated(
                {"scheduler.factor": np.full(65, F_), "lr0": starts, "scheduler.max_lr": np.full(65, cap_)}, steps
            ).loss
            growth = 0.5 * np.log(loss[:, -1] / loss[:, -3])
            # below the cap no run may grow; above it the one that reaches the cap must
            margins.append(float(-np.max(growth)) if wanted < 0 else float(growth[-1]))
    kept = 0
    for F_ in (Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)):
        cap_ = 1 + 1 / F_
        result = exact(F_, F_ * cap_, 12, high=cap_)
        kept += abs(result.points[-1][0]) == abs(result.points[-3][0]) != 0
    return Check(
        margin=min(margins) if kept == 3 else -1.0,
        instances=len(margins) * 65 + 3,
        sentence=(
            f"{len(factors)} values of F, caps 0.1 % below and above the threshold, 65 starts each: none grows "
            f"below, the start that reaches the cap grows above; smallest abs(ln abs(q)) {min(margins):.1e}; at "
            "equality 3 exact runs repeat abs(x)"
        ),
    )


CLAIM = Claim(
    statement=(
        "One eigenvalue, cap gamma_max lambda = c: all runs of Algorithm 1 converge if and only if c < 1 + 1/F, for "
        "F > 3 - 2 sqrt 2; if and only if c < 2/v_+, v_+ = (1 + F + sqrt(F^2 - 6F + 1))/2, for F <= 3 - 2 sqrt 2. "
        "At equality the runs that reach the cap repeat |x| for ever."
    ),
    source="arXiv 2512.14527, Algorithm 1 with the clip of Theorem A.1, on one eigenvalue",
    assumptions=(
        "One eigenvalue, exact full-batch gradients, clip from above only, ordering before_update; 0 < F < 1.",
        "The checker verifies where the clipped rule climbs and the identities; the walk on the lattice is the "
        "proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1001, 1000)),
    figure="cycle_phase_diagram",
    short="F > 0.1716: just caps below (1+1/F)/lambda save every run.",
    topic="cap",
    finding=(
        "With one eigenvalue a cap below (1 + 1/F)/lambda makes GreedyLR converge from every initial rate, and no "
        "cap from there on does, provided F > 0.1716. For smaller F the sharp cap is lower, between 2/lambda and "
        "3.41/lambda. A cap a little above the threshold saves nobody: the diverging share jumps to what it is "
        "without a cap, and for F < 0.1716 beyond that."
    ),
    advice={"cap": "With F > 0.1716 keep the cap below (1 + 1/F)/L; a little above it protects no better than none."},
)
