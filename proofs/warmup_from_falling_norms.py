"""A refined schedule rises exactly where gradient norms fall fast enough, and for no other reason.

Weights w_t > 0, S_t = w_t + .. + w_T, rates eta_t = w_t S_{t+1} up to a common factor, t < T. With S = S_{t+2}, the
weights after t + 1, and S_{t+1} = w_{t+1} + S,

    eta_{t+1} - eta_t = w_{t+1} S - w_t (w_{t+1} + S) = w_t w_{t+1} S (1/w_t - 1/w_{t+1} - 1/S),    t + 1 < T.

For w_t = G_t^-2 this is: the rate rises from step t to t + 1 if and only if

    G_t^2 - G_{t+1}^2 > 1 / sum_{s > t+1} G_s^-2,

where the right side is the square of what the remaining norms alone would guarantee, per D^2. For w_t = 1/G_t (l1
norms, Adam) the squares and the exponent 2 are dropped. So a warmup is a stretch of falling norms at the beginning:
norms that are flat or rise never raise the rate. For T norms of the size G the right side is about G^2/T: norms that
fall by more than the share 1/(2T) per step at the start beat the linear decay there.

In terms of the share x of the run, G(x) smooth: the rate rises where -2 (ln G)' > w(x) / (integral of w from x to 1).
Two shapes with closed forms: G = (1 - x)^a, a < 1/2, gives the rate (1 - x)^(1 - 4a), which does not fall any more for
a >= 1/4. G = exp(-c x) gives exp(2 c x) (exp(2c) - exp(2 c x)), with its peak at x = 1 - ln 2 / (2c) if that is
positive, else at the start: where gradients vanish fast, as they can without noise, the recommendation is to climb
until just before the end.

The checker verifies the factorisation for either kind of norm. Control: 1/S moved by one part in a thousand.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory.refinement import refine
from proofs._certificates import Chain, Identity
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._symbols import ONE

G, following, S = sympy.symbols("G_t G_{t+1} S")  #: norms at t and t + 1, sum of the weights after t + 1


def factorised(exponent: int, weight: Expr = ONE) -> Identity:
    """eta_{t+1} - eta_t = w_t w_{t+1} S (1/w_t - 1/w_{t+1} - 1/S); `weight` multiplies 1/S, to state something else."""
    w, after = G**-exponent, following**-exponent
    return Identity(
        left=after * S - w * (after + S),
        right=w * after * S * (G**exponent - following**exponent - weight / S),
        domain=Domain(positive=(G, following, S)),
    )


def argument(weight: Expr = ONE) -> Chain:
    """The certificate."""
    return Chain({"l2 norms": factorised(2, weight), "l1 norms": factorised(1, weight)})


def check(rng: np.random.Generator) -> Check:
    """`refine` rises where the criterion says, decided in fractions; and the two shapes with closed forms."""
    wrong = steps = 0
    for _ in range(60):
        norms = [Fraction(int(n), 8) for n in rng.integers(1, 33, int(rng.integers(3, 30)))]
        exponent = int(rng.integers(1, 3))
        found = refine([float(g) for g in norms], kind="l2" if exponent == 2 else "l1", smoothing=0.0).schedule
        for t in range(len(norms) - 2):
            rest = sum((g**-exponent for g in norms[t + 2 :]), Fraction(0))
            excess = norms[t] ** exponent - norms[t + 1] ** exponent - 1 / rest
            steps += 1
            # ties are equal rates up to rounding
            wrong += bool(excess != 0 and (found[t + 1] > found[t]) != (excess > 0))
    x = (np.arange(20_000) + 0.5) / 20_000
    power = refine((1.0 - x) ** 0.125, smoothing=0.0).schedule
    deviation = float(np.max(np.abs(power - (1.0 - x) ** 0.5)))
    peak = refine(np.exp(-4.0 * x), smoothing=0.0).argmax / x.size
    shift = abs(peak - (1.0 - np.log(2.0) / 8.0))
    shapes = deviation < 0.01 and shift < 1e-3
    return Check(
        margin=float(1e-3 - shift) if wrong == 0 and shapes else -1.0,
        instances=steps + 2,
        sentence=(
            f"{steps} steps of random norms rise or fall as the criterion says, {wrong} do not; 20,000 norms (1 - "
            f"x)^(1/8) give (1 - x)^(1/2) up to {deviation:.1e}, norms exp(-4 x) a peak at {peak:.4f}; the margin is "
            "that of the peak"
        ),
    )


CLAIM = Claim(
    statement=(
        "eta_t = w_t (w_{t+1} + .. + w_T), w_t = G_t^-2: eta_{t+1} > eta_t if and only if G_t^2 - G_{t+1}^2 > 1 / "
        "sum_{s > t+1} G_s^-2 (t + 1 < T); for w_t = 1/G_t if and only if G_t - G_{t+1} > 1 / sum_{s > t+1} 1/G_s."
    ),
    source="ours, on the refined schedule of arXiv 2310.07831",
    assumptions=("All norms are positive; the norms are those after smoothing.",),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(1001, 1000)),
    figure="refined_schedules",
    short="A refined schedule rises exactly where norms fall fast.",
    topic="schedules",
    finding=(
        "Warmup in a refined schedule is nothing but gradient norms that fall at the beginning: the rate rises from "
        "one step to the next if and only if the squared norm falls by more than 1 over the sum of all later inverse "
        "squares. Flat or rising norms give no warmup, nor do norms that fall slowly: (1 - x)^a with a < 1/4, x the "
        "share of the run, falls to 0 and its rate falls throughout. Norms that fall fast until the end can give a "
        "rate that climbs until just before it: for many norms exp(-c x) until 1 - ln 2/(2c) of the run, if c is "
        "larger than (ln 2)/2."
    ),
)
