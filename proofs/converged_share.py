"""The share P(F) of log-uniform initial rates that converge without a cap: at most 69.7 %, and one half as F -> 1.

If ln gamma_0 is uniform over a whole number of periods ln(1/F), the phase v has density 1 / (v ln(1/F)) on [2F, 2).
With a = ln(1/F) and the windows of the claim phases_that_converge (neutral and finite phases have measure 0)

    P(F) = 1 - W(F),                        W(F) = ln(2 / (1 + F)) / a,          F >= 3 - 2 sqrt 2,
    P(F) = 1 - W(F) - ln(v_+ / v_-) / a = (ln(1 + F) - 2 ln v_+) / a,            F <  3 - 2 sqrt 2,

the last step by v_- v_+ = 2F. W, the share lost to the first window, grows with F: the sign of its derivative is
that of

    psi(F) = (1 + F) ln(2 / (1 + F)) - F ln(1/F),    psi(1) = 0,    psi'(F) = ln(2F / (1 + F)) < 0    as 2F < 1 + F.

Since 2 / (1 + F) = F^(-1/2) / cosh(a/2), W = 1/2 - ln cosh(a/2) / a, and 0 <= ln cosh y <= y^2 / 2 gives

    1/2 - a/8 <= W(F) <= 1/2:    P tends to 1/2 from above as F -> 1.    Also W <= ln 2 / a -> 0 as F -> 0.

Below 3 - 2 sqrt 2, P increases: its numerator does, because v_+ = (1 + F + sqrt D) / 2, D = F^2 - 6F + 1, has the
derivative (1 - (3 - F) / sqrt D) / 2 < 0, as (3 - F)^2 - D = 8; and its denominator falls. With v_+ -> 1 the
numerator tends to 0: P -> 0 as F -> 0 (P ~ 3F / a). So P is largest at 3 - 2 sqrt 2, where cosh(a/2) = sqrt 2:

    max P = 1/2 + ln 2 / (4 ln(1 + sqrt 2)) = 0.69660992533...

The checker verifies the identities, psi > 0 on [1/1000, 99/100] and the constant; limits and monotonicity are the
argument above. The control claims a constant larger by one part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb
from sympy import Integer

from greedylr_theory.theory import cycle
from proofs._certificates import BallRelation, Chain, Enclosure, Identity, Throughout
from proofs._claim import Check, Claim
from proofs._cycle import UNIT_INTERVAL, factor_of_window, log_factor, phase, r, simulated, upper_end
from proofs._exact import Domain
from proofs._symbols import F

ERRORS = 4  #: standard errors of a binomial share
FACTORS = (0.02, 0.1, 0.17, 0.18, 0.3, 0.5, 0.7, 0.9)
RUNS = 1024


def _psi(F: arb) -> arb:
    return (1 + F) * (2 / (1 + F)).log() + F * F.log()


def _largest(bits: int, scale: Fraction = Fraction(1)) -> dict[str, BallRelation]:
    root = arb(2).sqrt()
    largest = arb(1) / 2 + arb(2).log() / (4 * (1 + root).log())
    silver = 3 - 2 * root
    return {
        "max P": (largest * scale.numerator / scale.denominator, "rounds to", "0.69660992533935"),
        "it is P(3 - 2 sqrt 2)": (1 - (2 / (1 + silver)).log() / -silver.log(), "in", _around("0.69660992533935")),
    }


def _around(digits: str) -> tuple[Fraction, Fraction]:
    return Fraction(digits) - Fraction(1, 10**14), Fraction(digits) + Fraction(1, 10**14)


def argument(scale: Fraction = Fraction(1)) -> Chain:
    """The certificate; the largest share is multiplied by `scale`."""
    return Chain(
        {
            "v_- v_+ = 2F": Identity(r * upper_end, 2 * factor_of_window, UNIT_INTERVAL),
            "v_- + v_+ = 1 + F": Identity(r + upper_end, 1 + factor_of_window, UNIT_INTERVAL),
            "cosh^2(a/2)": Identity((F + 1 / F + 2) / 4 * (2 / (1 + F)) ** 2, 1 / F, Domain(positive=(F,))),
            "the derivative of v_+": Identity((3 - F) ** 2 - (F**2 - 6 * F + 1), Integer(8)),
            "the first window grows with F": Throughout(_psi, Fraction(1, 1000), Fraction(99, 100)),
            "the largest share": Enclosure(lambda bits: _largest(bits, scale)),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Shares of compiled runs from log-uniform initial rates that shrink once they are in their cycle."""
    margins, worst = [], 0.0
    for factor in FACTORS:
        period = np.log(1.0 / factor)
        rates = 2.0 * np.exp(-period * rng.uniform(0.0, 1.0, RUNS))
        loss = simulated({"scheduler.factor": np.full(RUNS, factor), "lr0": rates}, 5).loss
        share, wanted = float(np.mean(loss[:, 4] < loss[:, 2])), cycle.converged_fraction(factor)
        errors = abs(share - wanted) / np.sqrt(wanted * (1.0 - wanted) / RUNS)
        worst = max(worst, float(errors))
        margins.append((ERRORS - errors) / ERRORS)
    grid = np.linspace(0.001, 0.999, 999)
    fine = np.array(
        [np.mean(log_factor(F_, phase(F_, 2.0 * F_ ** ((np.arange(4000) + 0.5) / 4000))) < 0) for F_ in grid[::37]]
    )
    exact = np.array([cycle.converged_fraction(float(F_)) for F_ in grid[::37]])
    counted = float(np.max(np.abs(fine - exact)))
    largest = max(cycle.converged_fraction(float(F_)) for F_ in grid)
    # a share counted on 4000 points is off by one point per end of a window, of which there are three
    return Check(
        margin=min(*margins, 1.0 - counted / (3 / 4000), 0.69660992534 - largest),
        instances=RUNS * len(FACTORS) + fine.size,
        sentence=(
            f"{RUNS} log-uniform rates at each of {len(FACTORS)} F: at most {worst:.2f} binomial standard errors "
            f"from P ({ERRORS} allowed); counted on 4000 phases at {fine.size} F: within {counted:.1e}; largest P on "
            f"a grid of 999 F {largest:.4f}"
        ),
    )


CLAIM = Claim(
    statement=(
        "One eigenvalue, no cap, log-uniform gamma_0: the converging share is P(F) = 1 - [ln(2/(1+F)) + "
        "ln(v_+/v_-)] / ln(1/F), second term for F < 3 - 2 sqrt 2 only. P -> 1/2 as F -> 1, P -> 0 as F -> 0, and P "
        "<= 1/2 + ln 2 / (4 ln(1 + sqrt 2)) = 0.6966, at F = 3 - 2 sqrt 2. The share ln(2/(1+F))/ln(1/F) of the "
        "first window increases with F, from 0 to 1/2."
    ),
    source="arXiv 2512.14527, Algorithm 1, on one eigenvalue",
    assumptions=(
        "As in the claim two_cycle, with ln gamma_0 uniform over whole periods of ln(1/F); 0 < F < 1.",
        "The checker verifies identities, a sign on [1/1000, 99/100] and the constant; limits and monotonicity are "
        "the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(1001, 1000)),
    figure="cycle_share_and_rate",
    short="At most 69.7 % of initial rates converge uncapped.",
    topic="cycle",
    finding=(
        "Without a cap and with one eigenvalue, the share of log-uniform initial rates that converge is never above "
        "69.7 % (at F = 0.1716): 58.5 % at F = 0.5, 51.3 % at F = 0.9, and it tends to one half as F tends to 1. Above "
        "0.1716 a larger F makes it smaller."
    ),
    advice={"cap": "Set one: without it at least three in ten initial rates diverge on a quadratic, at every F."},
)
