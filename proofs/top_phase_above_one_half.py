"""For F of 0.52 and more, a converging phase on the largest eigenvalue was enough in every run; for F <= 1/2 it is not.

Without a cap, full batch, v the phase on the largest eigenvalue. A diverging v is decided (claim
divergence_in_any_dimension), and so is the case where every eigenvalue has a converging phase (claim
convergence_in_any_dimension). In between, v converges and some smaller eigenvalue's phase does not. There is no
proof here.

Why it can fail. Let mode 2 have a diverging phase one or more levels up. While mode 2 owns the loss, its own
two-cycle multiplies it by abs(q_2)^(1/2) > 1 per step and mode 1 by more, A > abs(q_2)^(1/2); mode 1 takes over, the
step size comes down to v, and the cycle there shrinks both, mode 1 by abs(q)^(1/2) and mode 2 by B per step. If mode
1 shrinks faster, mode 2 takes over again. Were the turns long, the shares of time would balance so that ln f grows
exactly if

    ln(1/abs(q)) ln abs(q_2) > ln(1/B^2) ln(A^2).

The left side is unbounded as v -> 1, which is a phase (v >= 2F) exactly when F <= 1/2: there the converse fails for
phases near 1 with any such mode 2 (claim top_phase_does_not_suffice proves it). For F > 1/2, abs(q) >= 2F - 1:
solved numerically at the phase 2F, one level apart, the inequality has solutions up to F = 0.5091 and none above.
Short turns are not covered by it.

What is measured: for each F, spectra of 2, 3 and 5 eigenvalues, the smaller ones placed in diverging phases of their
own (the only undecided case), v from 1.005 * 2F to 1 + F, most of them near the lower end, and ln|q| < -0.002. A run
counts as diverging when it leaves the range of floating point, or ends above its start. Nearly equal eigenvalues
(ratio above 0.98) are left out: their loss can climb for thousands of steps before it falls. The control claims the
same for F = 0.4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from proofs._certificates import Evidence
from proofs._claim import Check, Claim
from proofs._cycle import log_factor, simulated

FACTORS = (0.52, 0.55, 0.6, 0.7, 0.8, 0.9)
RUNS, STEPS = 32, 8000


def _diverging(rng: np.random.Generator, F: float, dimension: int) -> tuple[int, int]:
    """How many runs on one spectrum do not end below their start, and how many there are, RUNS at most."""
    # where the largest mode shrinks fastest: at v = 1, or as near to it as there are phases
    nearest = max(2.0 * F, 1.0)
    v_top = nearest + (1.0 + F - nearest) * rng.uniform(0.0, 1.0) ** 3
    while True:
        levels = rng.integers(1, 4, dimension - 1)
        spectrum = rng.uniform(1.0 + F, 2.0, dimension - 1) * F**levels / v_top
        if np.all(spectrum < 0.98):
            break
    rates = v_top * (1.0 + 0.004 * rng.uniform(-1.0, 1.0, RUNS))
    rates = np.clip(rates, 2.01 * F, None)
    rates = rates[log_factor(np.full(rates.size, F), rates) < -0.002]
    if rates.size == 0:
        return 0, 0
    eigenvalues = (1.0, *map(float, spectrum))
    start = tuple(map(float, rng.normal(size=dimension)))
    values = {"scheduler.factor": np.full(rates.size, F), "lr0": rates}
    trajectory = simulated(values, STEPS, eigenvalues, start, stride=STEPS - 1)
    first = np.asarray(trajectory.loss)[:, 0]
    return int(np.sum(trajectory.diverged | ~(trajectory.end_loss < first))), rates.size


def count(rng: np.random.Generator, factors: tuple[float, ...], spectra: int) -> tuple[int, int]:
    """Diverging runs and all runs."""
    found = [_diverging(rng, F, d) for F in factors for d in (2, 3, 5) for _ in range(spectra)]
    return sum(diverging for diverging, _ in found), sum(runs for _, runs in found)


def evidence(factors: tuple[float, ...]) -> Callable[[], tuple[float, str]]:
    """No run may diverge."""

    def measure() -> tuple[float, str]:
        found, total = count(np.random.default_rng(20251214), factors, spectra=4)
        named = ", ".join(f"{factor:g}" for factor in factors)
        return (
            -found / total,
            f"{found} of {total} compiled runs of {STEPS} steps diverge, F = {named}, 2 to 5 eigenvalues",
        )

    return measure


def check(rng: np.random.Generator) -> Check:
    """Other spectra, and the same search at F = 0.4, where it must find divergence."""
    found, total = count(rng, FACTORS[:4], spectra=2)
    below, total_below = count(rng, (0.3, 0.4), spectra=8)
    return Check(
        margin=-float(found) if found else float(below > 0) - 0.5,
        instances=total + total_below,
        sentence=(
            f"{found} of {total} more runs at F >= 0.52 diverge; the same search at F = 0.3 and 0.4 finds {below} of "
            f"{total_below}"
        ),
    )


CLAIM = Claim(
    statement=(
        "No cap, full-batch quadratics, F >= 0.52: a converging phase on the largest eigenvalue made every run "
        "converge, although smaller eigenvalues had diverging phases. For F <= 1/2 there are spectra where it does "
        "not."
    ),
    source="what is left of the converse of divergence_in_any_dimension",
    assumptions=(
        "Numbers only: 2, 3 and 5 eigenvalues, ratios to the largest below 0.98, phases at least 0.5 % above 2F.",
        f"F = {', '.join(f'{F:g}' for F in FACTORS)}, and up to {RUNS} runs of {STEPS} steps on each spectrum.",
        "A run converges when it stays finite and ends below its start; neutral phases are left out by ln|q| < -0.002.",
    ),
    certificate=lambda: Evidence(evidence(FACTORS)),
    check=check,
    control=lambda: Evidence(evidence((0.4,))),
    figure="divergent_share",
    short="For F >= 0.52 the largest eigenvalue's phase seems decisive.",
    topic="cycle",
    finding=(
        "In simulations with F of 0.52 or more, uncapped GreedyLR converged on every quadratic whose largest "
        "eigenvalue had a converging phase, also when smaller ones had diverging phases. For F up to one half there "
        "are spectra where it diverges all the same."
    ),
    unsettled=(
        "A proof that for F above some threshold (0.509, if a heuristic balance of long turns is right) a converging "
        "phase on the largest eigenvalue makes almost every run converge."
    ),
)
