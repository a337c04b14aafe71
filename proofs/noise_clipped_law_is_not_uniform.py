"""Between two clips the previous-loss rule visits the ends less than the levels beside them, for every K >= 3.

K levels gamma_min F^-i with gamma_max at the top; losses independent, uniform on [0, 1] without loss of generality.
Level and last loss form a Markov chain that forgets its start (K + 1 losses, each below the one before it, have
probability 1/(K+1)! and end at the top, with a last loss of always the same law), so the stationary law is unique.
Let q_j(u), u in [0, 1], be the stationary density of "the level is one of the j + 1 highest and the last loss is 1 -
u". One step of the rule, where U f(u) = int_0^u f and D f(u) = int_u^1 f, says

    q_j = U q_{j+1} + D q_{j-1},   j = 0 .. K-2,      q_{-1} = 0,  q_{K-1} = 1:                                 (1)

the j + 1 highest are reached by a climb from the j + 2 highest, or by a fall from the j highest; at the top a climb
stays. So q_j' = q_{j+1} - q_{j-1}, q_j(0) = A_{j-1} and q_j(1) = A_{j+1}, where A_j = int q_j, A_{-1} = 0, A_{K-1} =
1. The masses are A_0 (the top), A_1 - A_0, ...; by symmetry they are the same from below.

Ends. For K >= 3: q_0(0) = 0, q_0(1) = A_1, and q_0'' = q_1' = q_2 - q_0 >= 0, not identically 0: q_0 is strictly
convex somewhere, and lies below its chord, so A_0 < A_1 / 2. The top has less mass than the level below it: the law
is not uniform. With the weight in full, A_1 / 2 - A_0 = (1/2) int u (1-u) (q_2 - q_0) du.

K = 2: q_0 = u, both masses 1/2. K = 3: q_0' = q_1, q_1' = 1 - q_0, so q_0 = 1 - cos u + B sin u, and B = q_1(0) = A_0
= 1 - sin 1 + B (1 - cos 1) gives B = (1 - sin 1)/cos 1 = 0.2934: masses B, 1 - 2B, B. K = 4: q_1 = 1/2 + C sin(sqrt 2
(u - 1/2)), q_0 = int_0^u q_1; q_1(0) = A_0 gives C = sqrt 2 / (4 cos(1/sqrt 2)): masses 1/2 - tan(1/sqrt 2)/(2 sqrt
2) = 0.1979 at the ends and 0.3021 inside. In general (1) has the frequencies 2 cos(pi j / K), so that the masses are
not rational.

The checker verifies the weight for every power of u, the algebra of K = 3 in tan(1/2), and in balls, from the matrix
exponential of (1), the closed forms, the digits, and that the end is lighter than its neighbour for K = 3 .. 12.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from flint import arb

from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.theory.noise_regime import stationary_law
from proofs._certificates import BallRelation, Chain, Enclosure, Identity
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._pure_noise import clipped_levels, clipped_masses, simulated
from proofs._symbols import ONE

n, w, slack = sympy.symbols("n w slack")  #: a power of u; tan(1/2), and tan(1/2) / (1 - tan(1/2))

#: levels -> masses from the end inwards
DIGITS = {
    2: ("0.5000000000000",),
    3: ("0.2934079930260", "0.4131840139480"),
    4: ("0.1978849394657", "0.3021150605343"),
    5: ("0.1476654238816", "0.2286836450327", "0.2473018621715"),
}


def weight() -> Identity:
    """int u (1-u) q'' = q(0) + q(1) - 2 int q for q = u^n, n >= 1."""
    return Identity(n * (n - 1) * (1 / n - 1 / (n + 1)), 1 - 2 / (n + 1), Domain(positive=(n,)))


def three_levels(moved: sympy.Expr = ONE) -> Identity:
    """B = q_1(0) is the integral of q_0 = 1 - cos u + B sin u, with w = tan(1/2) in (0, 1)."""
    cosine, sine = (1 - w**2) / (1 + w**2), 2 * w / (1 + w**2)
    end = moved * (1 - sine) / cosine
    below_one = Domain(positive=(w, 1 - w), where={w: slack / (1 + slack)}, inverse={slack: w / (1 - w)})
    return Identity(1 - sine + end * (1 - cosine), end, below_one)


def values(bits: int) -> dict[str, BallRelation]:
    """Stationary masses in balls: digits, closed forms, and the end against its neighbour."""
    found: dict[str, BallRelation] = {}
    for levels, expected in DIGITS.items():
        for index, (mass, number) in enumerate(zip(clipped_masses(levels), expected, strict=False)):
            found[f"K = {levels}, mass {index} from the end"] = (mass, "rounds to", number)
    root = 1 / arb(2).sqrt()
    three, four = (1 - arb(1).sin()) / arb(1).cos(), (1 - root * root.tan()) / 2
    tiny = Fraction(1, 10**15)
    found["K = 3 in closed form"] = (abs(clipped_masses(3)[0] - three), "<", tiny)
    found["K = 4 in closed form"] = (abs(clipped_masses(4)[0] - four), "<", tiny)
    for levels in range(3, 13):
        top, below, *_ = clipped_masses(levels)
        found[f"K = {levels}: the end is lighter"] = (top, "<", below)
    return found


def argument(moved: sympy.Expr = ONE) -> Chain:
    """The certificate."""
    return Chain({"weight": weight(), "three levels": three_levels(moved), "masses": Enclosure(values)})


def check(rng: np.random.Generator) -> Check:
    """The exact law after 160 losses, by ranks; and how often simulated runs stand at each level."""
    losses, exact = 160, 0.0
    for levels in (2, 3, 4, 5):
        law = np.array([float(mass) for mass in clipped_levels(levels, losses)])
        exact = max(exact, float(np.max(np.abs(law - stationary_law(levels)))))
    levels, runs, kept, skipped = 5, 512, 200, 60
    rule = GreedyPrevious(factor=0.5, min_lr=2.0 ** (1 - levels), max_lr=1.0)
    visits = np.log2(simulated(rule, runs, skipped + kept, rng))[:, skipped:] + levels - 1
    shares = np.stack([np.mean(visits == level, axis=1) for level in range(levels)])
    error = shares.std(axis=1, ddof=1) / np.sqrt(runs)
    deviation = float(np.max(np.abs(shares.mean(axis=1) - stationary_law(levels)) / error))
    return Check(
        # what the start still does after 160 losses is about 1e-8 for K = 5
        margin=min(1e-6 - exact, 1 - deviation / 5),
        instances=runs + 4,
        sentence=(
            f"laws after {losses} losses, in fractions, differ from the stationary ones by {exact:.1e} at most for K "
            f"= 2 .. 5; {runs} simulated runs of {kept} steps, K = {levels}: shares "
            f"{', '.join(f'{share:.4f}' for share in shares.mean(axis=1))}, within {deviation:.1f} of 5 standard "
            f"errors between runs"
        ),
    )


CLAIM = Claim(
    statement=(
        "Previous-loss rule with gamma_max = gamma_min F^-(K-1), pure noise: the stationary law over the K levels is "
        "uniform for K = 2 only. K = 3: (1 - sin 1)/cos 1 = 0.29341 at either end; K = 4: 1/2 - tan(1/sqrt 2)/(2 sqrt "
        "2) = 0.19788; for every K >= 3 an end has less mass than the level beside it."
    ),
    source="the statement is ours",
    assumptions=(
        "Algorithm 1 of arXiv 2512.14527; gamma_max / gamma_min is a power of 1/F, and the initial rate a level.",
        "Independent losses with one continuous law.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(moved=sympy.Rational(1001, 1000)),
    figure="noise_clipped_law",
    short="Noise between clips: the ends are visited least.",
    topic="noise",
    finding=(
        "Between a lower and an upper clip, K levels apart by factors of F, pure noise sends the previous-loss rule to "
        "all levels, but not equally: with three levels 29.3 % of the time at either end and 41.3 % in the middle, "
        "with four 19.8 % and 30.2 %. Only with two levels is the law uniform."
    ),
    unsettled=(
        "When gamma_max / gamma_min is not a power of 1/F the rule has two lattices of levels, one hung from either "
        "clip, and the law on them is not settled."
    ),
)
