"""The constants of the overshoot: sums of ln abs(1 - u) over the lattice are dilogarithms, with one zero beyond 2.

While the step size climbs, u_k = u_0 F^(-k), a mode is multiplied by 1 - u_k in each step. With a = ln(1/F), s = ln
u and h(s) = ln abs(1 - e^s), a sum_k h(s_k) is a Riemann sum of the integral of h ds = -d Re Li_2(e^s). Precisely,
for a <= 1, lattice points s_m < ... < s_n with s_p < 0 < s_(p+1), and no s_k = 0,

    abs(a sum_{m <= k < n} h(s_k) + Re Li_2(u_n) - Re Li_2(u_m))
        <= a (2 abs h(s_p) + abs h(s_(p+1)) + abs h(s_m) + abs h(s_n) + 3 + ln(1/a)).

Proof. h decreases on s < 0 and increases on s > 0; on an interval where it is monotone the sum and the integral
differ by at most a times the difference of the end values. There remain the term a h(s_p) and the integral over
[s_p, s_(p+1)], of length a: there abs h <= abs ln abs(s) + abs(s), as abs(ln((e^s - 1) / s)) <= abs(s), and the
integral of abs ln abs(s) is at most a (1 + ln(2/a)); 2 + ln 2 < 3.

So the sum is -Re Li_2 / a up to O(ln(1/a)), unless a step comes closer than a power of a to u = 1. As a function of
u, Re Li_2 has the derivative -ln abs(1 - u) / u: it increases on (0, 2) from 0 to Re Li_2(2) = pi^2 / 4 and
decreases afterwards, to -infinity, so it has exactly one zero u* beyond 0. A mode that climbs from u near 0 shrinks
by exp(-(pi^2/4) / a) up to u = 2 and is back at its first size at u*. Falling from u* to 2 it grows by exp((pi^2/4)
/ a). That is, exp((pi^2/2) / a) in f.

Re Li_2(2) = pi^2 / 4: the inversion formula gives pi^2/3 - (ln 2)^2 / 2 - Li_2(1/2), and Li_2(1/2) = pi^2/12 - (ln
2)^2 / 2. The checker encloses u* by signs to 20 digits, both values at 2 to 30 digits, and the sign of -Re Li_2 on
[12.6, 1000]. The control moves u* by one part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import acb, arb, fmpq
from scipy import special

from greedylr_theory.theory import cycle
from proofs._certificates import BallRelation, Chain, Enclosure, Throughout
from proofs._claim import Check, Claim
from proofs._cycle import dilogarithm

PEAK = "12.595170369845016129"
LAST = Fraction(1, 2 * 10**18)  #: half a unit of its last digit
TINY = Fraction(1, 10**30)


def _numbers(scale: Fraction) -> dict[str, BallRelation]:
    low, high = (
        arb(fmpq(at.numerator, at.denominator)) for at in (Fraction(PEAK) * scale - LAST, Fraction(PEAK) * scale + LAST)
    )
    two, half = dilogarithm(arb(2)), acb(fmpq(1, 2)).polylog(2).real
    return {
        "Re Li_2 > 0 just below u*": (dilogarithm(low), ">", 0),
        "Re Li_2 < 0 just above u*": (dilogarithm(high), "<", 0),
        "Re Li_2(2) = pi^2 / 4, to 30 digits": (two - arb.pi() ** 2 / 4, "in", (-TINY, TINY)),
        "Li_2(1/2), to 30 digits": (half - arb.pi() ** 2 / 12 + arb(2).log() ** 2 / 2, "in", (-TINY, TINY)),
    }


def argument(scale: Fraction = Fraction(1)) -> Chain:
    """The certificate; u* is multiplied by `scale`."""
    return Chain(
        {
            "u* and the value at 2": Enclosure(lambda bits: _numbers(scale)),
            "no other zero up to 1000": Throughout(lambda u: -dilogarithm(u), Fraction(126, 10), Fraction(1000)),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The bound on the Riemann sum on random lattices, with the dilogarithm of scipy; u* against it."""
    tightest = 0.0
    for _ in range(400):
        a = float(10.0 ** rng.uniform(-4, -0.01))
        below, above = int(rng.uniform(1.0, 8.0) / a) + 1, int(rng.uniform(0.1, 3.0) / a) + 2
        s = a * (np.arange(-below, above) + rng.uniform(0.001, 0.999))
        h = np.log(np.abs(np.expm1(s)))
        p = below - 1
        left = abs(a * float(np.sum(h[:-1])) + _li(float(np.exp(s[-1]))) - _li(float(np.exp(s[0]))))
        right = a * (2 * abs(h[p]) + abs(h[p + 1]) + abs(h[0]) + abs(h[-1]) + 3.0 + np.log(1.0 / a))
        tightest = max(tightest, left / right)
    at_zero = abs(_li(cycle.peak_step_size()))
    return Check(
        margin=min(1.0 - tightest, 1e-13 - at_zero),
        instances=401,
        sentence=f"largest ratio to the bound {tightest:.3f} on 400 lattices; Re Li_2(u*) = {at_zero:.1e} by scipy",
    )


def _li(u: float) -> float:
    """Re Li_2 by scipy: spence(1 - u) up to 1, inversion beyond."""
    if u <= 1.0:
        return float(special.spence(1.0 - u))
    return float(np.pi**2 / 3 - 0.5 * np.log(u) ** 2 - special.spence(1.0 - 1.0 / u))


CLAIM = Claim(
    statement=(
        "Sums of ln|1 - u_0 F^(-k)| are -(Re Li_2(u_n) - Re Li_2(u_0)) / ln(1/F) with an explicit error; Re Li_2 is "
        "pi^2/4 at its maximum 2 and has one zero beyond, u* = 12.595170369845016129..."
    ),
    source="arXiv 2512.14527, Algorithm 1: a climb through u = 2 as F -> 1",
    assumptions=(
        "0 < ln(1/F) <= 1 and no step with u = 1 exactly; the error contains ln|1 - u| of the two steps next to 1.",
        "The checker encloses the constants; the error of the Riemann sum is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(1001, 1000)),
    figure="overshoot",
    short="A slow climb is a dilogarithm with zero 12.595.",
    topic="cycle",
    finding=(
        "While an uncapped GreedyLR climbs slowly (F near 1), as it does beyond 2/L for as long as smaller eigenvalues "
        "hold the loss, the coordinate of the largest eigenvalue first shrinks and is back at its first size only "
        "when the step size has reached 12.595 / L, more than six times the stable limit 2/L."
    ),
)
