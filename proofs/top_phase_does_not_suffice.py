"""A converging phase on the largest eigenvalue does not make the run converge: a smaller eigenvalue can undo it.

With one eigenvalue the phase decides alone, and a diverging phase on the largest eigenvalue L decides in any
dimension (claim divergence_in_any_dimension). The converse is false. Two counterexamples, both exact for ever and
not only for the steps that are run, since their step sizes repeat:

Small F. F = 1/8, eigenvalues 1 and 1/2, x_0 = (1, 4), u_0 = 9/10. On L the phase 9/10 has q = (1/10) (-31/5) =
-31/50: it converges alone. At u = 9/10 both modes shrink (gamma lambda = 9/10, 9/20), at u = 36/5 both grow (36/5,
18/5): the loss falls, rises, falls, rises, whatever x is. Hence the step sizes alternate for ever, and two steps
multiply x_2 by (11/20) (-13/5) = -143/100: it diverges. Nothing here is an accident: any F < 3 - 2 sqrt 2 has a
second window (v_-, v_+), and any v in (v_+, 1 + F) with lambda_2 / L in (v_- / v, v_+ / v) does the same, for an
open set of rates and spectra.

The tie. F = 3/4, eigenvalues 1 and 1/4, x_0 = (1, 1), u_0 = 3/2 = 2F. Alone, L has q = (-1/2) (-1) = 1/2 and
converges. But at u = 2 exactly its loss does not move, and the other mode's falls: the rule climbs to 8/3, where the
first mode grows by 5/3 and the second shrinks. When x_1^2 (25/9 - 1) > (1/4) x_2^2 (1 - 1/9), that is x_1^2 > x_2^2
/ 8, the loss rises, the step size returns to 2, and the loss falls again. Two steps multiply x_1 by 5/3 in size and
x_2 by 1/6, which keeps the condition: so it goes on for ever, and diverges. The exact condition gamma L = 2 makes
this a null set of rates.

Between 3 - 2 sqrt 2 and 1/2 the converse fails too, for phases near 1: the large step down at v, which nearly kills
the first mode, hands the loss to a second mode in a diverging phase; evidence, and none above 0.52, is in the claim
top_phase_above_one_half. What does hold is the claim convergence_in_any_dimension. The control takes 1/4 as the
second eigenvalue of the first example: lambda_2 u is below 2F there, and both coordinates shrink.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from proofs._certificates import Chain, Counterexample, Relation
from proofs._claim import Check, Claim
from proofs._cycle import exact, simulated

STEPS = 40
Instance = Mapping[str, Fraction]


def counterexample(eigenvalue: Fraction, lower: Fraction, grows: int, **at: Fraction) -> Counterexample:
    """Two eigenvalues 1 and `eigenvalue`; from some step on the step sizes are lower, lower / F for ever.

    `grows` is the number of the coordinate that grows over these two steps.
    """
    instance = {"L": Fraction(1), "lambda_2": eigenvalue, "lower": lower, **at}

    def size(at: Instance, curvature: str) -> Fraction:
        return abs((1 - at["lower"] * at[curvature]) * (1 - at["lower"] / at["F"] * at[curvature]))

    def hypotheses(at: Instance) -> dict[str, Relation]:
        v = at["u_0"]
        return {
            "0 < F": (Fraction(0), "<", at["F"]),
            "F < 1": (at["F"], "<", Fraction(1)),
            "lambda_2 > 0": (at["lambda_2"], ">", Fraction(0)),
            "lambda_2 < L": (at["lambda_2"], "<", at["L"]),
            "x_1 is not 0": (abs(at["x_1"]), ">", Fraction(0)),
            "u_0 is the phase of L: 2F <= u_0": (2 * at["F"], "<=", v),
            "u_0 < 2": (v, "<", Fraction(2)),
            "it converges alone: abs(q) < 1": (abs((1 - v) * (1 - v / at["F"])), "<", Fraction(1)),
        }

    def consequences(at: Instance) -> dict[str, Relation]:
        curvatures = (at["L"], at["lambda_2"])
        result = exact(at["F"], at["u_0"], STEPS, curvatures, start=(at["x_1"], at["x_2"]))
        first, last = (
            sum((h * x * x / 2 for h, x in zip(curvatures, point, strict=True)), Fraction(0))
            for point in (result.points[0], result.points[-1])
        )
        repeats = sum(rate in (at["lower"], at["lower"] / at["F"]) for rate in result.rates[4:])
        return {
            "the cycle shrinks each coordinate": (size(at, "L" if grows == 1 else "lambda_2"), "<", Fraction(1)),
            f"f(x_{STEPS}) <= 100 f(x_0), in whole multiples": (last // first, "<=", 100),
            "the step sizes leave that cycle": (repeats, "<", STEPS - 4),
        }

    return Counterexample(instance, hypotheses, consequences)


def small_factor(eigenvalue: Fraction = Fraction(1, 2)) -> Counterexample:
    """The counterexample for F = 1/8, with any second eigenvalue."""
    u_0 = Fraction(9, 10)
    return counterexample(eigenvalue, u_0, grows=2, F=Fraction(1, 8), u_0=u_0, x_1=Fraction(1), x_2=Fraction(4))


def argument() -> Chain:
    """The certificate."""
    tie = counterexample(
        Fraction(1, 4), Fraction(2), grows=1, F=Fraction(3, 4), u_0=Fraction(3, 2), x_1=Fraction(1), x_2=Fraction(1)
    )
    return Chain({"a second window": small_factor(), "a tie": tie})


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on the first counterexample and its neighbours, and the tie for as long as doubles see it."""
    count = 64
    values = {
        "scheduler.factor": 0.125 * (1.0 + 0.01 * rng.uniform(-1.0, 1.0, count)),
        "lr0": 0.9 * (1.0 + 0.01 * rng.uniform(-1.0, 1.0, count)),
    }
    second = float(0.5 * (1.0 + 0.02 * rng.uniform(-1.0, 1.0)))
    together = simulated(values, 400, (1.0, second), (1.0, 4.0)).loss
    alone = simulated(values, 400, (1.0,), (1.0,)).loss
    growth = np.log(together[:, -1] / together[:, 0]) / 400
    decay = np.log(alone[:, 100] / alone[:, 0]) / 100
    tie = simulated({"scheduler.factor": np.array([0.75]), "lr0": np.array([1.5])}, 15, (1.0, 0.25)).loss[0]
    tied = float(np.log(tie[-1] / tie[0])) / 14
    return Check(
        margin=min(float(np.min(growth)), float(np.min(-decay)), tied),
        instances=2 * count + 1,
        sentence=(
            f"{count} neighbours (1 %) of F = 1/8, u_0 = 9/10, lambda_2 = 1/2: ln f grows by {np.min(growth):.3f} "
            f"per step or more with both eigenvalues, falls by {np.min(-decay):.3f} or more with the largest alone; "
            f"at the tie it grows by {tied:.3f} over 14 steps, until the second mode is lost in the rounding of the "
            "loss"
        ),
    )


CLAIM = Claim(
    statement=(
        "A converging phase on the largest eigenvalue is not enough in two dimensions: for F = 1/8 and eigenvalues "
        "1, 1/2 the phase 9/10 converges alone and diverges together (an open set of rates); for F = 3/4 and "
        "eigenvalues 1, 1/4 so does the tie 2F."
    ),
    published=(
        "Conjecture: the phase on the largest eigenvalue decides in any dimension; if its abs(q) < 1 the run converges."
    ),
    source="conjectured converse of the claim divergence_in_any_dimension",
    assumptions=(
        "Exact full-batch gradients, no clip, ordering before_update, both coordinates nonzero.",
        "The checker runs the published rule in fractions for 40 steps and compares the factor of its cycle with 1; "
        "that the cycle repeats for ever is the proof in words.",
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
        "several eigenvalues: with F = 1/8 and eigenvalues 1 and 1/2 the run diverges although the largest "
        "eigenvalue alone would converge."
    ),
)
