"""Which phases of the two-cycle converge: two windows diverge, the second one only for F < 3 - 2 sqrt 2.

By the claim two_cycle, two steps multiply x by q = (1 - v) (1 - v / F), with the phase v in [2F, 2). The run
converges when abs(q) < 1, diverges when abs(q) > 1, and when abs(q) = 1 it ends in a cycle of two values of abs(x).
Now

    1 - q = v (1 + F - v) / F,    1 + q = (v^2 - (1 + F) v + 2F) / F,

    hence    1 - q^2 = v (1 + F - v) (v^2 - (1 + F) v + 2F) / F^2    (verified by the checker).

Window (1 + F, 2), for every F: with v = 1 + F + t, t > 0, the quadratic is t^2 + (1 + F) t + 2F > 0, so q^2 > 1.

Below 1 + F the sign is that of the quadratic. As 4 (v^2 - (1 + F) v + 2F) = (2v - 1 - F)^2 + (6F - 1 - F^2), it is
positive for all v if F^2 - 6F + 1 < 0, that is F > 3 - 2 sqrt 2: no second window. For F < 3 - 2 sqrt 2 it is
negative between its zeros v_- < v_+, ((1 + F) -+ sqrt(F^2 - 6F + 1)) / 2, and these lie in the range of phases:
write F = r (1 - r) / (2 - r) with 0 < r < 2 - sqrt 2, on which F increases from 0 to 3 - 2 sqrt 2; then v_- = r and
v_+ = 2 (1 - r) / (2 - r), and r - 2F = r^2 / (2 - r) > 0 and 1 - v_+ = r / (2 - r) > 0 show 2F < v_- < v_+ < 1. At F
= 3 - 2 sqrt 2 the window is the one neutral phase 2 - sqrt 2. So

    diverges:  v in (1 + F, 2), or F < 3 - 2 sqrt 2 and v in (v_-, v_+);
    neutral:   v = 1 + F (q = 1), and v = v_-, v_+ where they exist (q = -1; rational for F = 1/6: v = 1/2, 2/3);
    converges: every other v in [2F, 2), the tie v = 2F among them; v = 1 reaches the minimiser exactly.

In the second window x changes sign in every second step: the small step is too timid to repair the large one. The
control moves the end 1 + F of the first window by one part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from flint import arb
from sympy import Expr

from greedylr_theory.theory import cycle
from proofs._certificates import BallRelation, Chain, Enclosure, Identity, Inequality
from proofs._claim import Check, Claim
from proofs._cycle import (
    UNIT_INTERVAL,
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

_beyond = sympy.Symbol("beyond")  # v - 1 - F
ABOVE = Domain(positive=(F, v - 1 - F), where={v: 1 + F + _beyond}, inverse={_beyond: v - 1 - F})


def argument(shift: Expr = F) -> Chain:
    """The certificate; 1 + shift is the lower end of the first window."""
    grows = Inequality(
        left=ONE,
        right=two_steps**2,
        terms=((v * (v - 1 - F) * quadratic / F**2, 1),),
        domain=ABOVE,
    )
    in_r = {F: factor_of_window}
    return Chain(
        {
            "1 - q^2": factorisation(shift),
            "the first window grows": grows,
            "the quadratic and its least value": Identity(4 * quadratic, (2 * v - 1 - F) ** 2 + 6 * F - 1 - F**2),
            "its zeros": Identity(substitute(quadratic, in_r), (v - r) * (v - upper_end), UNIT_INTERVAL),
            "they lie above 2F": Identity(r - 2 * factor_of_window, r**2 / (2 - r), UNIT_INTERVAL),
            "and below 1": Identity(1 - upper_end, r / (2 - r), UNIT_INTERVAL),
            "where the windows meet": Enclosure(_numbers),
        }
    )


def _numbers(bits: int) -> dict[str, BallRelation]:
    root = arb(2).sqrt()
    return {
        "3 - 2 sqrt 2": (3 - 2 * root, "rounds to", "0.17157287525380990"),
        "2 - sqrt 2, the phase that is neutral there": (2 - root, "rounds to", "0.58578643762690495"),
    }


def check(rng: np.random.Generator) -> Check:
    """Compiled runs started in the cycle, and exact ones: the measured growth against the verdict of theory.cycle."""
    factors = rng.uniform(0.005, 0.995, 512)
    phases = 2.0 * factors ** rng.uniform(0.0, 1.0, 512)
    loss = simulated({"scheduler.factor": factors, "lr0": phases}, 3).loss
    growth = 0.5 * np.log(loss[:, 2] / loss[:, 0])  # the first two steps are v / F and v
    signs = {"converges": -1.0, "diverges": 1.0}
    wanted = np.array([signs[cycle.verdict(float(F_), float(v_))] for F_, v_ in zip(factors, phases, strict=True)])
    margins = wanted * growth
    neutral = [(Fraction(1, 6), Fraction(1, 2)), (Fraction(1, 6), Fraction(2, 3)), (Fraction(3, 7), Fraction(10, 7))]
    kept = all(abs(exact(F_, v_, 12).points[-1][0]) == 1 and cycle.verdict(F_, v_) == "neutral" for F_, v_ in neutral)
    second = int(np.sum((factors < 0.17) & (phases < 1.0) & (wanted > 0)))
    return Check(
        margin=float(np.min(margins)) if kept else -1.0,
        instances=512 + len(neutral),
        sentence=(
            f"the growth over two steps has the predicted sign in 512 compiled runs, {second} of them in the second "
            f"window, smallest abs(ln abs(q)) {np.min(np.abs(growth)):.1e}; {len(neutral)} neutral phases keep "
            "abs(x) exactly in exact runs"
        ),
    )


CLAIM = Claim(
    statement=(
        "One eigenvalue, no cap: the phase v in [2F, 2) diverges exactly for v in (1+F, 2) and, if F < 3 - 2 sqrt "
        "2, for v strictly between the zeros v_-, v_+ of v^2 - (1+F)v + 2F; 1+F, v_-, v_+ are neutral; all others "
        "converge."
    ),
    source="arXiv 2512.14527, Algorithm 1, on one eigenvalue",
    assumptions=(
        "As in the claim two_cycle: one eigenvalue, full batch, no clip, ordering before_update, 0 < F < 1, x_0 != 0.",
        "No step has u = 1 exactly (else the run is at the minimiser).",
        "The checker verifies the identities and the growth in the first window; signs elsewhere are the proof in "
        "words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(F + (1 + F) / 1000),
    figure="cycle_phase_diagram",
    short="Phases above 1+F diverge; small F adds a second window.",
    topic="cycle",
    finding=(
        "Without a cap some initial rates make GreedyLR diverge on a quadratic with one eigenvalue, for every F: "
        "those whose phase v (the lattice point below 2/lambda, times lambda) exceeds 1 + F, and for F below 3 - 2 "
        "sqrt 2 = 0.1716 also those between the zeros of v^2 - (1+F)v + 2F; only a step that hits the minimiser "
        "exactly, gamma lambda = 1, saves such a run."
    ),
)
