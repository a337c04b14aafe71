"""The sharp cap of one eigenvalue, with the largest one, saves every run in any dimension, ties apart.

f = sum lambda_i x_i^2 / 2, full batch, L the largest eigenvalue, gamma_max L = c, no lower clip. Let c be below the
threshold of the claim cap_in_one_dimension: c < 1 + 1/F for F > 3 - 2 sqrt 2, c < 2/v_+ for F <= 3 - 2 sqrt 2.
Suppose that no step has gamma lambda_i = 2 exactly. Then x_t -> 0, geometrically, from every start and every initial
rate.

Proof. Write u_i = gamma lambda_i <= c. A clipped step size lies on the lattice c F^k from then on, so gamma takes
finitely many values once it has climbed or fallen into [min(2F, c), c] / L: below 2/L all modes shrink and the rule
climbs. Consider the coordinates that stay nonzero, smallest eigenvalue first, and assume abs(x_k) <= C theta^t,
theta < 1, for all smaller eigenvalues than lambda_i. A step with u_i < 2 shrinks x_i. After a step with u_i = y > 2
there are two cases.

The step size falls. Then the next step has u_i = F y < F c < 2, and both multiply x_i by q(v) = (1 - v) (1 - v / F)
with v = F y in (2F, F c): below the threshold abs(q) < 1 there (claim phases_that_converge; no condition on the
phase is needed).

It does not: it climbs, or is held at the cap. Then the loss fell, although mode i and all larger ones grew, so the
smaller ones paid for it (verified by the checker, with rho = y - 1 > 1):

    lambda_i x_i^2 ((y - 1)^2 - 1) <= sum over k > i of lambda_k x_k^2 <= C' theta^(2t), hence abs(x_i) <= C'' theta^t.

So over every one or two steps x_i shrinks by a factor from a finite set below 1, or is at most a multiple of
theta^t: it decays geometrically. For the smallest eigenvalue nobody can pay, and only the first case occurs. A
coordinate that becomes exactly 0 leaves the sum.

Ties. With c = 2 and a second eigenvalue the loss still falls at gamma L = 2, by the second mode alone, the step size
stays at the cap, and x_1 keeps its size for ever: a cap of exactly 2/L is not safe. Sharp: from a start along the
largest eigenvector a larger cap fails (claim cap_in_one_dimension). Without a cap the same proof needs every phase
to converge (claim convergence_in_any_dimension): a cap replaces that condition. The control moves the cap by one
part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory.theory import cycle
from proofs._certificates import Chain, Enumeration, Identity, Relation
from proofs._claim import Check, Claim
from proofs._cycle import exact, factorisation, payment, quadratic, simulated, two_steps, v
from proofs._exact import Domain, substitute
from proofs._symbols import ONE, F


def argument(cap_scale: Expr = ONE) -> Chain:
    """The certificate; the cap at equality is cap_scale (1 + 1/F)."""
    return Chain(
        {
            "who pays while a mode grows": payment(),
            "1 - q^2": factorisation(),
            "the quadratic and its least value": Identity(4 * quadratic, (2 * v - 1 - F) ** 2 + 6 * F - 1 - F**2),
            "q = 1 at the cap 1 + 1/F": Identity(
                substitute(two_steps, {v: F * cap_scale * (1 + 1 / F)}), ONE, Domain(positive=(F,))
            ),
            "a cap of exactly 2/L": Enumeration({"eigenvalues 1 and 1/4, F = 3/4": Fraction(3, 4)}, _held),
        }
    )


def _held(factor: Fraction) -> dict[str, Relation]:
    """An exact run at the tie: x_1 keeps its size and the step size stays at the cap."""
    result = exact(factor, Fraction(1), 30, (Fraction(1), Fraction(1, 4)), high=Fraction(2))
    return {
        "the step size is at the cap": (min(result.rates[4:]), "==", Fraction(2)),
        "x_1 keeps its size": (abs(result.points[-1][0]), "==", abs(result.points[4][0])),
        "x_1 is not 0": (abs(result.points[-1][0]), ">", Fraction(0)),
    }


def check(rng: np.random.Generator) -> Check:
    """Compiled runs under caps close below the threshold, on random spectra and from all initial rates."""
    worst, count, peak = 0.0, 0, 0.0
    for dimension in (2, 3, 5):
        for _ in range(8):
            F_ = float(rng.uniform(0.03, 0.165) if rng.uniform() < 0.3 else rng.uniform(0.18, 0.85))
            sharp = cycle.divergence_windows(F_)[0][0] / F_
            cap = 2.0 + (sharp - 2.0) * float(rng.uniform(0.2, 0.95))
            spectrum = np.array([1.0, *np.exp(rng.uniform(-3.0, 0.0, dimension - 1))])
            rates = 10.0 ** rng.uniform(-2.0, 1.0, 32)
            lattices = np.concatenate(
                [rates[:, None] * F_ ** np.arange(-80, 80), cap * F_ ** np.arange(80) + 0 * rates[:, None]], 1
            )
            # steps within 1 % of a tie are left out: the proof needs a distance, and slow growth takes long to be paid
            near = np.abs(lattices[:, :, None] * spectrum - 2.0).min(axis=(1, 2))
            rates = rates[near > 0.02]
            if rates.size == 0:
                continue
            values = {
                "scheduler.factor": np.full(rates.size, F_),
                "scheduler.max_lr": np.full(rates.size, cap),
                "lr0": np.minimum(rates, cap),
            }
            loss = simulated(
                values, 4000, tuple(map(float, spectrum)), tuple(map(float, rng.normal(size=dimension)))
            ).loss
            count += rates.size
            worst = max(worst, float(np.max(loss[:, -1] / loss[:, 0])))
            peak = max(peak, float(np.max(loss / loss[:, :1])))
    return Check(
        margin=1e-6 - worst if count > 100 else -1.0,
        instances=count,
        sentence=(
            f"{count} compiled runs in dimensions 2 to 5 under caps at 20 to 95 % of the way from 2 to the "
            f"threshold: f ends at {worst:.1e} f_0 or less after 4000 steps, after a peak of up to {peak:.1e} f_0"
        ),
    )


CLAIM = Claim(
    statement=(
        "Full-batch quadratic in any dimension, cap gamma_max L = c: if c < 1 + 1/F and F > 3 - 2 sqrt 2, or c < "
        "2/v_+ and F <= 3 - 2 sqrt 2, Algorithm 1 converges geometrically from every start and every initial rate, "
        "unless some gamma_t lambda_i = 2 exactly. From that threshold on no cap has this property."
    ),
    source="arXiv 2512.14527, Algorithm 1 with the clip of Theorem A.1, on quadratics",
    assumptions=(
        "the loss fell: the step size climbs or is held at the cap.",
        "larger eigenvalues grow: with gamma lambda_i > 2 so does every larger one.",
        "Exact full-batch gradients, clip from above only, ordering before_update; 0 < F < 1; no step with gamma "
        "lambda_i = 2 exactly (a null set of caps and initial rates).",
        "The checker verifies the inequality of one step, where abs(q) < 1, and the tie; the induction over "
        "eigenvalues is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1001, 1000)),
    figure="cycle_phase_diagram",
    short="F > 0.1716: caps below (1+1/F)/L save any dimension.",
    topic="cap",
    finding=(
        "On a full-batch quadratic of any dimension a cap below (1 + 1/F)/L (for F above 0.1716) makes GreedyLR "
        "converge from every start and every initial rate, ties apart; below 2/L nothing has to be left apart. A "
        "cap of exactly 2/L is not safe: the step size can stay there, and the steepest coordinate then never "
        "shrinks."
    ),
    advice={
        "cap": (
            "On a full-batch quadratic any cap below (1 + 1/F)/L is safe for F above 0.1716, except at exact ties; "
            "a cap below 2/L is safe for every F."
        )
    },
)
