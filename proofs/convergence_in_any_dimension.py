"""Without a cap, a quadratic whose eigenvalues all have converging phases converges, in any dimension and from any
start.

f = sum lambda_i x_i^2 / 2, full batch, no clip, lambda_1 > ... > lambda_d those eigenvalues whose coordinates stay
nonzero. Let v_i be the phase of gamma_0 lambda_i in [2F, 2) and suppose for every i: v_i is not 2F, and abs(q_i) < 1
with q_i = (1 - v_i) (1 - v_i / F) (claim phases_that_converge). Then x_t -> 0, geometrically.

Proof. On the common lattice let j_i be the level where gamma lambda_i = v_i. Mode i shrinks at levels <= j_i (there
gamma lambda_i < 2) and grows at levels >= j_i + 1, by at least rho_i = v_i / F - 1 > 1 (as v_i > 2F) each. j_1 <=
... <= j_d. At levels <= j_1 all modes shrink and the rule climbs, at levels >= j_d + 1 all grow and it falls: the
levels stay bounded.

Induction from the smallest eigenvalue up: abs(x_k) <= C theta^t for all k > i, some theta < 1. A step up from a
level >= j_i + 1 at time t means that the loss fell, although modes 1..i grow there; so the others paid for it:

    lambda_i x_i^2 (rho_i^2 - 1) <= sum over k > i of lambda_k x_k^2 <= C' theta^(2t)    (verified by the checker).

Call an excursion a stretch at levels >= j_i + 1 that leaves level j_i and returns. One that steps up inside
satisfies abs(x_i) <= C'' theta^t at its last step up; after that it only goes down, at most j_d - j_1 + 1 levels, so
it ends with abs(x_i) <= C''' theta^t; and it ends, since it cannot step up again and again while x_i grows by rho_i
per step and the bound falls. One that does not step up inside is a single step at level j_i + 1: with the step at
level j_i before it, x_i is multiplied by q_i. All other steps are at levels <= j_i and shrink x_i by a factor from a
finite set below 1. So abs(x_i) is reset to at most C''' theta^t or shrinks by fixed factors < 1 over every one or
two steps: it decays geometrically. For i = d there is nothing to pay with and no step up at all: the induction
starts. A coordinate that becomes exactly 0 leaves the sum; that happens d times at most.

Both exclusions are needed (claim top_phase_does_not_suffice). v_i = 2F means gamma lambda_i = 2 exactly in
some steps (a null set of gamma_0); and one diverging phase among the smaller eigenvalues can be enough to diverge.
The control leaves out that the modes 1..i-1 grow.
"""

from __future__ import annotations

import numpy as np

from greedylr_theory.theory import cycle
from proofs._certificates import Chain
from proofs._claim import Check, Claim
from proofs._cycle import factorisation, log_factor, payment, phase, simulated


def argument(with_larger: bool = True) -> Chain:
    """The certificate; whether the larger eigenvalues are known to grow."""
    return Chain({"who pays for a step up": payment(with_larger), "1 - q^2": factorisation()})


def check(rng: np.random.Generator) -> Check:
    """Compiled runs on random spectra, all of whose phases converge: how far f falls."""
    worst, count, peak = 0.0, 0, 0.0
    for dimension in (1, 2, 3, 4, 5):
        accepted = 0
        while accepted < 6:
            F_ = float(rng.uniform(0.05, 0.9))
            spectrum = np.array([1.0, *np.exp(rng.uniform(-4.0, 0.0, dimension - 1))])
            rates = 2.0 * F_ ** rng.uniform(0.0, 1.0, 400)
            low = np.stack([phase(np.full(400, F_), rates * h) for h in spectrum])
            # phases that shrink by 2 % or more over two steps, and are off the tie 2F by 1 %
            good = (log_factor(F_, low) < -0.02).all(axis=0) & (low > 2.02 * F_).all(axis=0)
            rates = rates[good][:16]
            if rates.size == 0:
                continue
            accepted += 1
            for rate, phases in zip(rates, low[:, good].T, strict=False):
                assert all(cycle.verdict(F_, float(h * rate)) == "converges" for h in spectrum), phases
            start = tuple(map(float, rng.normal(size=dimension)))
            values = {"scheduler.factor": np.full(rates.size, F_), "lr0": rates}
            loss = simulated(values, 6000, tuple(map(float, spectrum)), start).loss
            count += rates.size
            worst = max(worst, float(np.max(loss[:, -1] / loss[:, 0])))
            peak = max(peak, float(np.max(loss / loss[:, :1])))
    return Check(
        margin=1e-6 - worst,  # what is left of f_0 after 6000 steps at rates of 1 % per step or faster
        instances=count,
        sentence=(
            f"{count} compiled runs in dimensions 1 to 5, all phases converging: f ends at {worst:.1e} f_0 or less "
            f"after 6000 steps, after a peak of up to {peak:.1e} f_0"
        ),
    )


CLAIM = Claim(
    statement=(
        "Full-batch quadratic, no cap: if every eigenvalue has a phase v_i in (2F, 2) with abs((1 - v_i)(1 - "
        "v_i/F)) < 1, then Algorithm 1 converges geometrically to the minimiser, from every start, in any dimension."
    ),
    source="arXiv 2512.14527, Algorithm 1, on quadratics",
    assumptions=(
        "the loss fell: the step goes up from a level where mode i and all larger eigenvalues grow.",
        "larger eigenvalues grow: at levels with gamma lambda_i >= 2 so does every larger one.",
        "Exact full-batch gradients, no clip, ordering before_update; 0 < F < 1; finitely many eigenvalues.",
        "The checker verifies the inequality of one step up and where abs(q) < 1; the induction over eigenvalues is "
        "the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(with_larger=False),
    figure="divergent_share",
    short="All phases converging: convergence in any dimension.",
    topic="cycle",
    finding=(
        "Without a cap GreedyLR does converge on a full-batch quadratic, geometrically and in any dimension, when "
        "the phase of every single eigenvalue is a converging one; on the way the loss may rise far above its start."
    ),
)
