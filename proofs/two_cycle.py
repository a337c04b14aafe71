"""With one eigenvalue the step size of Algorithm 1 ends in a cycle of two values, from any start.

f(x) = lambda x^2 / 2, full batch, no clip, x_0 not 0; u_t = gamma_t lambda is the dimensionless step size used at
step t, and gamma_0 the initial one. Let v be the point of the lattice u_0 F^k, k any integer, with 2F <= v < 2 (the
phase). From some step on u_t alternates between v and v / F, and two steps multiply x by q = (1 - v) (1 - v / F).

Proof. A step multiplies x by 1 - u, so the loss falls exactly when abs(1 - u) < 1 and x is not 0, that is, when u <
2: the rule divides by F after a step with u < 2 and multiplies by F after one with u >= 2; u = 2 leaves the loss as
it was, and a tie counts as worse. The checker verifies this by running the published rule on both signs of x and
comparing it, on every branch, with the rule "climb where gamma lambda < 2". The rest is arithmetic of the lattice:
below 2 the step size rises until it is first >= 2, which is v / F, since 2 <= v / F < 2 / F; from 2 on it falls
until it is first < 2, which is v; and v < 2 <= v / F follow each other for ever. The first comparison, with
+infinity, is a climb and changes nothing: the lattice is the same.

The run is "finite" when some used step has u = 1: then x is exactly 0 from there on, the losses tie and the rate
decays. Since the climb from below passes 1 when u_0 = F^m with m >= 1 and the cycle contains 1 only for v = 1 (which
needs F <= 1/2 and u_0 = F^m with any integer m), these are the only cases. The phase v = 2F, where u = 2 exactly in
every second step, has q = 2F - 1: it converges for every F. The control puts the threshold at 2.002.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from proofs._certificates import Chain, Equivalence, Identity
from proofs._claim import Check, Claim
from proofs._cycle import climbs_below, climbs_by_the_rule, exact, phase, simulated, two_steps, v
from proofs._exact import Domain, substitute
from proofs._symbols import ONE, F

x, rate, curvature = sympy.symbols("x rate curvature")


def argument(threshold: Expr = 2 * ONE) -> Chain:
    """The certificate; the threshold of the dimensionless step size below which the rule climbs."""
    positive = Domain(positive=(x, rate, curvature, F))
    mirrored = climbs_by_the_rule()
    where_it_climbs = Equivalence(
        programs={
            "x > 0": (climbs_by_the_rule(), climbs_below(threshold)),
            "x < 0": (
                lambda inputs, less: mirrored({**inputs, "x": -inputs["x"]}, less),
                climbs_below(threshold),
            ),
        },
        inputs={"x": x, "rate": rate, "curvature": curvature, "F": F},
        domain=positive,
    )
    after = x - v * x
    cycle = Identity(after - v / F * after, two_steps * x, Domain(positive=(F,)))
    tie = Identity(1 - substitute(two_steps, {v: 2 * F}) ** 2, 4 * F * (1 - F), Domain(positive=(F,)))
    return Chain({"the rule climbs where u < 2": where_it_climbs, "two steps": cycle, "u = 2": tie})


def check(rng: np.random.Generator) -> Check:
    """Exact runs from rational starts, and compiled runs, against the predicted step sizes."""
    for _ in range(60):
        factor = Fraction(int(rng.integers(1, 10)), 10)
        start = Fraction(int(rng.integers(1, 400)), 100)
        result = exact(factor, start, 60)  # F = 0.9 takes 52 steps from 1/100 into the cycle
        if not any(point[0] == 0 for point in result.points) and not _cycles(factor, start, result.rates):
            return Check(-1.0, 60, f"F = {factor}, u_0 = {start}: the exact run is not in the cycle")
    factors, rates = rng.uniform(0.02, 0.9, 256), 10.0 ** rng.uniform(-2, 2, 256)
    # F = 0.9 takes 66 steps from 1e-2 / 0.9 to 2 and 44 from 100
    used = simulated({"scheduler.factor": factors, "lr0": rates}, 80).lr
    low = phase(factors, rates)
    error = 0.0
    for row, F_, v_ in zip(used, factors, low, strict=True):
        tail = np.sort(row[-2:])
        if np.all(np.isfinite(tail)):
            error = max(error, float(np.max(np.abs(tail / np.array([v_, v_ / F_]) - 1.0))))
    return Check(
        margin=1e-12 - error,  # a hundred roundings of 1e-16 in the products u_0 F^k, either way of computing them
        instances=60 + 256,
        sentence=(
            f"60 exact runs end in the predicted cycle; 256 compiled runs of 80 steps do to a relative {error:.1e}, "
            "the rounding of u_0 F^k"
        ),
    )


def _cycles(factor: Fraction, start: Fraction, rates: tuple[Fraction, ...]) -> bool:
    low = start
    while low >= 2:
        low *= factor
    while low < 2 * factor:
        low /= factor
    return {rates[-1], rates[-2]} == {low, low / factor}


CLAIM = Claim(
    statement=(
        "f = lambda x^2 / 2, full batch, no clip, x_0 != 0: the step size of Algorithm 1 ends in the cycle v, v/F "
        "of its phase v = u_0 F^k in [2F, 2), and two steps multiply x by (1 - v)(1 - v/F), unless some u_t = 1 "
        "ends the run at the minimiser: u_0 = F^m with m >= 1, or any integer m if F <= 1/2."
    ),
    source="arXiv 2512.14527, Algorithm 1, on one eigenvalue",
    assumptions=(
        "One eigenvalue, exact full-batch gradients, no clip, ordering before_update; 0 < F < 1, x_0 != 0.",
        "The first comparison is with +infinity (with none, u_0 = 1 is finite for every F as well).",
        "Real arithmetic: the checker verifies where the rule climbs and the factor of two steps; the walk on the "
        "lattice is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(2002, 1000)),
    figure="cycle_phase_diagram",
    short="One eigenvalue: the step size ends in a two-cycle.",
    topic="cycle",
    finding=(
        "With full batches, one eigenvalue and no cap, GreedyLR does not settle on a step size: it ends in a cycle "
        "of two, one below 2/lambda and one at or above it, whatever F and the initial rate (apart from rates "
        "that hit the minimiser exactly on the way). Which pair it is depends on the initial rate only through its "
        "phase on the lattice of powers of F."
    ),
)
