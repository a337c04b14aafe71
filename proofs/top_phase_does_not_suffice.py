"""A converging phase on the largest eigenvalue does not make the run converge: a smaller eigenvalue can undo it.

With one eigenvalue the phase decides alone, and a diverging phase on the largest eigenvalue L decides in any
dimension (claim divergence_in_any_dimension). The converse is false, for every F <= 1/2 and a little above.

Taking turns. Eigenvalues L and alpha L, v the phase of L, level k where u = gamma L = v F^(-k); rho_k = |1 - v
F^(-k)| and beta_k = |1 - alpha v F^(-k)| multiply x_1, x_2. Let v_2 = alpha v / F lie in (1 + F, 2), a diverging
phase. Both modes shrink at level 0 and grow at level 2; at level 1 the first grows and the second shrinks. So a turn
goes 0, 1, (2, 1) n times, 0. With t = x_1^2 / x_2^2 at a visit to level 1, the loss falls there, and the rule
climbs, if and only if

    t < K = alpha (1 - beta_1^2) / (rho_1^2 - 1).

Each (2, 1) multiplies t by R = (rho_1 rho_2 / (beta_1 beta_2))^2 > 1, and 1, 0 by c = (rho_0 rho_1 / (beta_0
beta_1))^2. If c < 1 some turn has n >= 1; it ends with t in [K, R K), so the next one starts with t < c R K. If c
R^N < 1, then t R^(N-1) < K and n >= N: again and again. A turn multiplies x_2 by beta_0 beta_1 (beta_1 beta_2)^n,
where beta_1 beta_2 > 1. Hence

    c R^N < 1 and beta_0 beta_1 (beta_1 beta_2)^N > 1    imply divergence, from any x_0 with both coordinates nonzero.

For v -> 1 (a phase if F <= 1/2) rho_0 and c tend to 0, and any N is allowed: every F <= 1/2 fails, for an open set
of rates and spectra. The checker has F = 2/5, v = 101/100, alpha = 3/4, N = 2, and F = 101/200, v = 203/200, alpha =
19/20, N = 4.

Small F, simplest of all. F = 1/8, eigenvalues 1 and 1/2, u_0 = v = 9/10, q = (1/10) (-31/5) = -31/50. At u = 9/10
both modes shrink, at u = 36/5 both grow, whatever x is: the step sizes alternate for ever, and two steps multiply
x_2 by -143/100.

The tie. F = 3/4, eigenvalues 1 and 1/4, u_0 = 3/2 = 2F, x_0 = (1, 1). Alone, L has q = 1/2. At u = 2 exactly its
loss does not move and the other mode's falls: the rule climbs to 8/3, where the loss rises if x_1^2 > x_2^2 / 8. Two
steps multiply x_1 by 5/3 in size and x_2 by 1/6, which keeps the condition: it goes on for ever. This one is a null
set of rates.

What does hold is the claim convergence_in_any_dimension. The control takes alpha = 1/4 in the example of small F.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from proofs._certificates import Chain, Counterexample, Relation
from proofs._claim import Check, Claim
from proofs._cycle import exact, simulated

STEPS = 60
Instance = Mapping[str, Fraction]


def _hypotheses(at: Instance) -> dict[str, Relation]:
    v = at["u_0"]
    return {
        "0 < F": (Fraction(0), "<", at["F"]),
        "F < 1": (at["F"], "<", Fraction(1)),
        "alpha > 0": (at["alpha"], ">", Fraction(0)),
        "alpha < 1": (at["alpha"], "<", Fraction(1)),
        "x_1 is not 0": (abs(at["x_1"]), ">", Fraction(0)),
        "u_0 is the phase of L: 2F <= u_0": (2 * at["F"], "<=", v),
        "u_0 < 2": (v, "<", Fraction(2)),
        "it converges alone: abs(q) < 1": (abs((1 - v) * (1 - v / at["F"])), "<", Fraction(1)),
    }


def _multiple(at: Instance) -> Relation:
    """f after STEPS exact steps of the published rule, in whole multiples of f(x_0)."""
    curvatures = (Fraction(1), at["alpha"])
    points = exact(at["F"], at["u_0"], STEPS, curvatures, start=(at["x_1"], at["x_2"])).points
    first, last = (
        sum((h * x * x for h, x in zip(curvatures, p, strict=True)), Fraction(0)) for p in (points[0], points[-1])
    )
    return last // first, "<=", 100


def in_a_cycle(alpha: Fraction, lower: Fraction, grows: int, **at: Fraction) -> Counterexample:
    """From some step on the step sizes are lower, lower / F for ever, and coordinate number `grows` grows over both."""

    def consequences(at: Instance) -> dict[str, Relation]:
        curvature = (Fraction(1), at["alpha"])[grows - 1]
        rates = exact(at["F"], at["u_0"], STEPS, (Fraction(1), at["alpha"]), start=(at["x_1"], at["x_2"])).rates
        repeats = sum(rate in (at["lower"], at["lower"] / at["F"]) for rate in rates[4:])
        size = abs((1 - at["lower"] * curvature) * (1 - at["lower"] / at["F"] * curvature))
        return {
            "the cycle does not grow": (size, "<=", Fraction(1)),
            f"f(x_{STEPS}) <= 100 f(x_0)": _multiple(at),
            "the step sizes leave that cycle": (repeats, "<", STEPS - 4),
        }

    return Counterexample({"alpha": alpha, "lower": lower, **at}, _hypotheses, consequences)


def taking_turns(alpha: Fraction, turns: int, **at: Fraction) -> Counterexample:
    """The step size goes through levels 0, 1, (2, 1) n times, with n >= turns from some turn on."""

    def factors(at: Instance, curvature: Fraction) -> tuple[Fraction, ...]:
        return tuple(abs(1 - at["u_0"] * curvature / at["F"] ** level) for level in range(3))

    def hypotheses(at: Instance) -> dict[str, Relation]:
        second = at["alpha"] * at["u_0"] / at["F"]
        return {
            **_hypotheses(at),
            "L is not at the tie": (2 * at["F"], "<", at["u_0"]),
            "the second mode shrinks at level 1": (second, "<", Fraction(2)),
            "it grows at level 2": (second / at["F"], ">", Fraction(2)),
            "x_2 is not 0": (abs(at["x_2"]), ">", Fraction(0)),
        }

    def consequences(at: Instance) -> dict[str, Relation]:
        rho, beta = factors(at, Fraction(1)), factors(at, at["alpha"])
        c = (rho[0] * rho[1] / (beta[0] * beta[1])) ** 2
        ratio = (rho[1] * rho[2] / (beta[1] * beta[2])) ** 2
        return {
            "the second mode shrinks over a turn": (
                beta[0] * beta[1] * (beta[1] * beta[2]) ** turns,
                "<=",
                Fraction(1),
            ),
            f"c R^{turns} >= 1": (c * ratio**turns, ">=", Fraction(1)),
            "c >= 1": (c, ">=", Fraction(1)),
            "R <= 1": (ratio, "<=", Fraction(1)),
            f"f(x_{STEPS}) <= 100 f(x_0)": _multiple(at),
        }

    return Counterexample({"alpha": alpha, **at}, hypotheses, consequences)


def small_factor(alpha: Fraction = Fraction(1, 2)) -> Counterexample:
    """The counterexample for F = 1/8, with any second eigenvalue."""
    phase = Fraction(9, 10)
    return in_a_cycle(alpha, phase, grows=2, F=Fraction(1, 8), u_0=phase, x_1=Fraction(1), x_2=Fraction(4))


def argument() -> Chain:
    """The certificate."""
    start = {"x_1": Fraction(1), "x_2": Fraction(1)}
    return Chain(
        {
            "taking turns, F = 2/5": taking_turns(Fraction(3, 4), 2, F=Fraction(2, 5), u_0=Fraction(101, 100), **start),
            "taking turns, F = 101/200": taking_turns(
                Fraction(19, 20), 4, F=Fraction(101, 200), u_0=Fraction(203, 200), **start
            ),
            "a second window": small_factor(),
            "a tie": in_a_cycle(Fraction(1, 4), Fraction(2), grows=1, F=Fraction(3, 4), u_0=Fraction(3, 2), **start),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on neighbours of the examples, with both eigenvalues and with the largest alone."""
    count, steps = 64, 600
    growths, decays = [], []
    for F, phase, alpha, near in ((0.4, 1.01, 0.75, 0.002), (0.505, 1.015, 0.95, 0.0001), (0.125, 0.9, 0.5, 0.01)):
        values = {
            "scheduler.factor": F * (1.0 + near * rng.uniform(-1.0, 1.0, count)),
            "lr0": phase * (1.0 + near * rng.uniform(-1.0, 1.0, count)),
        }
        second = float(alpha * (1.0 + near * rng.uniform(-1.0, 1.0)))
        together = simulated(values, steps, (1.0, second), (1.0, float(np.exp(rng.uniform(-2.0, 2.0))))).loss
        alone = simulated(values, 41, (1.0,), (1.0,)).loss
        growths.append(float(np.min(np.log(together[:, -1] / together[:, 0]))) / steps)
        decays.append(float(np.min(np.log(alone[:, 0] / alone[:, -1]))) / 40)
    tie = simulated({"scheduler.factor": np.array([0.75]), "lr0": np.array([1.5])}, 15, (1.0, 0.25)).loss[0]
    tied = float(np.log(tie[-1] / tie[0])) / 14
    told = ", ".join(f"{growth:.3f}" for growth in growths)
    return Check(
        margin=min(*growths, *decays, tied),
        instances=6 * count + 1,
        sentence=(
            f"{count} neighbours each (0.2 %, 0.01 %, 1 %) of F = 0.4, 0.505 and 0.125: ln f grows by at least "
            f"{told} per step with both eigenvalues and falls with the largest alone; at the tie it grows by "
            f"{tied:.3f} over 14 steps, until the second mode is lost in the rounding of the loss"
        ),
    )


CLAIM = Claim(
    statement=(
        "A converging phase on the largest eigenvalue is not enough: for every F <= 1/2 (and for F = 0.505) there "
        "are open sets of rates and of pairs of eigenvalues with a converging phase on the largest for which f -> "
        "infinity. So do some ties v = 2F for larger F, exactly."
    ),
    published=(
        "Conjecture: the phase on the largest eigenvalue decides in any dimension; if its abs(q) < 1 the run converges."
    ),
    source="conjectured converse of the claim divergence_in_any_dimension",
    assumptions=(
        "Exact full-batch gradients, no clip, ordering before_update, both coordinates nonzero.",
        f"The checker runs the published rule in fractions for {STEPS} steps on each example and evaluates the "
        "conditions that make it go on for ever; that they do is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: small_factor(Fraction(1, 4)),
    corrected="convergence_in_any_dimension",
    figure="divergent_share",
    short="A converging phase of L alone does not suffice.",
    topic="cycle",
    finding=(
        "A converging phase on the largest eigenvalue does not guarantee convergence of uncapped GreedyLR with "
        "several eigenvalues when F is one half or less: with F = 0.4, eigenvalues 1 and 3/4 and a phase near 1.01 "
        "the two coordinates take turns and the loss grows without bound, although the largest eigenvalue alone "
        "would converge."
    ),
)
