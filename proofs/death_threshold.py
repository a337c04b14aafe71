"""With one eigenvalue no phase dies above a sharp F_c(p), between 0.5089 (p = 0) and 0.3447 (p -> infinity).

Let D(F, v) be the product of claim death_criterion to the power 1/(p+1), v in [2F, 2): with P = prod_{j>=0} |1 - v
F^j|, D = |1 - v/F|^((p+2)/(p+1)) P for p >= 1, D = |1 - v/F|^2 |1 - v/F^2| P for p = 0, D = |1 - v/F| P for "p =
infinity". A phase dies if and only if D >= 1. As v/F >= 2, D falls with p, so that thresholds fall with p.

Region A: 1 < v < 1/F. At fixed v every factor with F in it falls as F grows (those with j >= 1 as v F^j < 1), so D
falls strictly. At fixed F, ln D is strictly concave in v: a sum of multiples of ln |1 - c v| with no zero in between.
Hence M(F) = sup of D over region A with v < 2 falls strictly and continuously in F. F_c is where it is 1. Region B: v
>= 1/F, so F > 1/2: D < 1. For F <= 19/25, since v < 2, v F^j >= F^(j-1) and |1 - v F^2| <= 1 - F (as F <= v F^2 <= 2
F^2),
    D <= (2/F - 1)^2 (2/F^2 - 1) (2F - 1) (1 - F) prod_{j=2}^{8} (1 - F^j) < 1.
For F >= 19/25, in A and B: at least ln 3 / ln(1/F) - 1 levels v F^j lie in [1/2, 3/2], with factors of at most 1/2, and
the other factors of P are at most 1: D <= (2/F - 1)^2 (2/F^2 - 1) 2^(1 - ln 3 / ln(1/F)), which falls with F.
Region C: v < 1, so F < 1/2. For p >= 1 and F >= F_c(infinity), D <= (1/F - 1)^(3/2) (1 - 2F) < 1, falling with F. For
p = 0 it lies below the threshold, which is above 1/2. (v = 1, v = 1/F: D = 0.)

So above F_c no phase dies. Below, a v in region A with D(F_c, v) = 1, or v -> 2, has D > 1, and so have its neighbours:
a set of positive measure dies. For p = 0, 1, 2 the largest D is in the interior, and at F = F_c one phase dies (D = 1);
for p = 3, 5, 10 and infinity it is at v -> 2, where ln D still rises, and at F = F_c none dies.

Enclosures: below F_c a phase with D > 1 is exhibited. Above, ln D lies below its tangent at a v_0 near the top: D < 1
if ln D(v_0) + slope(v_0) (v - v_0) < 0 at both ends of region A (from p = 3 on v_0 = 2 and a positive slope there).

p = infinity: for F < F_c(infinity) some phases die whatever the patience; for F above, none if p is large enough.
The published experiment (section 4.3: F = 0.25 diverges, F >= 0.5 is stable) has both sides of F_c(10) = 0.3551.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy
from flint import arb, fmpq

from greedylr_theory.theory import death
from proofs._best_rule import simulated
from proofs._certificates import BallRelation, Chain, Enclosure, Identity, Positivity, Throughout
from proofs._claim import Check, Claim

#: p -> F_c to 13 digits, and for p <= 2 the phase that dies last
THRESHOLDS: dict[int | None, tuple[str, str]] = {
    0: ("0.5088277075636", "1.6547473540778138"),
    1: ("0.3928587927676", "1.9513826556886846"),
    2: ("0.3788565197374", "1.9905030207994079"),
    3: ("0.3712438196771", "2"),
    5: ("0.3630642879284", "2"),
    10: ("0.3550649079250", "2"),
    None: ("0.3446596163700", "2"),
}
_MIDDLE = Fraction(19, 25)


def _ball(value: Fraction | str) -> arb:
    number = Fraction(value)
    return arb(fmpq(number.numerator, number.denominator))


def _region_b(F: arb) -> arb:
    """1 - the bound on D for v >= 1/F and 1/2 <= F <= 19/25."""
    bound = (2 / F - 1) ** 2 * (2 / F**2 - 1) * (2 * F - 1) * (1 - F)
    for j in range(2, 9):
        bound *= 1 - F**j
    return 1 - bound


def enclosures(bits: int, shift: Fraction = Fraction(0)) -> dict[str, BallRelation]:
    """Each threshold between two numbers that differ by one unit of the last digit; `shift` moves all, relatively."""
    F = _ball(_MIDDLE)
    count = -arb(3).log() / F.log()
    found: dict[str, BallRelation] = {
        "F >= 19/25": ((2 / F - 1) ** 2 * (2 / F**2 - 1) * arb(2) ** (1 - count), "<", 1),
        "v < 1": ((1 / _ball("0.3446") - 1) ** 3 * (1 - 2 * _ball("0.3446")) ** 2, "<", 1),
    }
    for p, (digits, place) in THRESHOLDS.items():
        name = "p = infinity" if p is None else f"p = {p}"
        half = Fraction(1, 2 * 10 ** len(digits.partition(".")[2]))
        low, high = (Fraction(digits) * (1 + shift) + side * half for side in (-1, 1))
        v = _ball(place)
        found[f"{name}, below: the phase {place} dies, D > 1"] = (death.excess(_ball(low), p, v), ">", 0)
        if place != "2":
            v = _moved_to_the_top(_ball(high), p, v)
        top, slope = death.excess(_ball(high), p, v), death.slope(_ball(high), p, v)
        if place == "2":
            found[f"{name}: ln D still rises at v = 2"] = (slope, ">", 0)
            found[f"{name}, above: D < 1 at v = 2"] = (top, "<", 0)
        else:
            # a line that is below 0 at both ends of the phases beyond 1 is below 0 between them
            for end in (max(Fraction(1), 2 * high), Fraction(2)):
                tangent = top + slope * (_ball(end) - v)
                found[f"{name}, above: a tangent of ln D near {place[:6]} is below 0 at v = {float(end):.5g}"] = (
                    tangent,
                    "<",
                    0,
                )
    return found


def _moved_to_the_top(F: arb, p: int | None, v: arb) -> arb:
    """A number nearer to where ln D is largest: a step of the secant method, its midpoint taken as v_0."""
    step = _ball(Fraction(1, 2**20))
    slope = death.slope(F, p, v)
    return (v - slope * step / (death.slope(F, p, v + step) - slope)).mid()


def argument(shift: Fraction = Fraction(0)) -> Chain:
    """The certificate; `shift` moves all thresholds by a relative amount."""
    F = sympy.Symbol("F")
    relations: Callable[[int], dict[str, BallRelation]] = lambda bits: enclosures(bits, shift)  # noqa: E731
    return Chain(
        {
            "1 - 2 F^2 <= 1 - F for F >= 1/2": Identity((1 - F) - (1 - 2 * F**2), F * (2 * F - 1)),
            "and 2 F^2 - 1 <= 1 - F for F <= 19/25": Positivity(2 - F - 2 * F**2, Fraction(1, 2), _MIDDLE),
            "D < 1 for v >= 1/F, 1/2 <= F <= 19/25": Throughout(_region_b, Fraction(1, 2), _MIDDLE),
            "the thresholds": Enclosure(relations),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule from 2,000 phases per F and p, 1 % below and above each threshold; the share that dies."""
    margins: list[float] = []
    shares: list[str] = []
    count = 2000
    for p, (digits, _) in THRESHOLDS.items():
        if p is None:
            continue
        for side in (0.99, 1.01):
            F = float(digits) * side
            start = 2.0 * F ** (1.0 - (np.arange(count) + 0.5) / count)
            steps = 45 * (p + 1) + 20
            result = simulated(p, {"lr0": start, "scheduler.factor": np.full(count, F)}, steps)
            dead = (result.lr[:, -1] < 1e-9) & (result.end_loss > result.best_loss) & (result.best_loss > 0)
            expected = death.dead_fraction(F, p)
            # a window has two ends, each known to one phase of the grid
            margins.append(2.0 / count - abs(float(dead.mean()) - expected))
            if side > 1.0:
                margins.append(-float(dead.sum()) if dead.any() else 2.0 / count)
            else:
                shares.append(f"p = {p} {dead.mean():.1%}")
    return Check(
        margin=min(margins),
        instances=2 * count * (len(THRESHOLDS) - 1),
        sentence=(
            f"{count} log-uniform phases each: 1 % above the threshold no run dies; 1 % below it {', '.join(shares)} "
            "die, as many as the windows say to one phase per end"
        ),
    )


CLAIM = Claim(
    statement=(
        "Best-so-far rule on one eigenvalue, u_0 < 2/F: for each patience p there is F_c(p) such that no phase dies "
        "for F > F_c and a set of phases of positive measure dies for F < F_c. F_c falls with p: 0.508827707564 (p = "
        "0), 0.392858792768 (1), 0.378856519737 (2), 0.371243819677 (3), 0.363064287928 (5), 0.355064907925 (10), "
        "0.344659616370 (p -> infinity)."
    ),
    source="arXiv 2512.14527, Algorithms 2 and 3 and section 4.3",
    assumptions=(
        "As in death_criterion: one eigenvalue, no clips, threshold, smoothing or reset, ordering after_update, u_0 < "
        "2/F.",
        "The checker verifies the bounds and the enclosures; monotonicity in F and concavity in v, factor by factor, "
        "are the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(shift=Fraction(1, 1000)),
    figure="death_of_the_step_size",
    short="One eigenvalue: above F_c(p) the step size never dies.",
    topic="death",
    finding=(
        "With one eigenvalue and a first rate below 2/(F lambda) the step size of the best-so-far rule never dies if "
        "F exceeds a sharp threshold: 0.5088 for p = 0, 0.3929 for p = 1, 0.3551 for p = 10, and never less than "
        "0.3446 however large the patience. F = 0.25 lies below all of them, F >= 0.51 above. The published "
        "experiment, where F = 0.25 fails and F >= 0.5 is stable, agrees with it; the threshold holds for one "
        "eigenvalue only."
    ),
    advice={
        "F": "Below 0.508 (p = 0) or 0.355 (p = 10) the best-so-far rule can die even on one eigenvalue without noise."
    },
)
