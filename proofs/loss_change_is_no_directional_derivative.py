"""The sign of the loss change, on which GreedyLR acts, can be wrong as the sign of a directional derivative.

Appendix A.7 justifies the rule by calling the change of loss l_t - l_{t-1} a first-order approximation of the
directional derivative along the update direction. Three counterexamples, each run with the published rule.

Past the minimum: f = x^2 / 2, x_0 = 1, gamma = 3/2 (L = 1). x_1 = -1/2 and the loss falls from 1/2 to 1/8, so the rule
climbs; the derivative along the update at x_1 is x_1 (x_1 - x_0) = 3/4 > 0: going on in this direction raises the loss.
This needs gamma > 1/L.

Along a descent direction: gamma = 5/2. The derivative along the update at x_0 is -5/2 < 0, the loss rises from 1/2 to
9/8. This needs gamma > 2/L; the first-order term is off by more than its size.

With samples the change is no approximation at all, however small the step: the rule compares the losses of *different*
samples. f_1 = (x - 1)^2 / 2 + 1 and f_2 = (x + 1)^2 / 2 (the constant changes no gradient). From x_0 = 1/4 sample f_2,
then f_1, with gamma = 1/1000: the observed loss rises from 25/32 to about 41/32, while f_2 and the mean f = (f_1 +
f_2) / 2 have both fallen and the derivative of both along the update is negative. As gamma -> 0 the derivative tends to
zero and the change to f_1(x_0) - f_2(x_0) = 1 - 2 x_0 = 1/2, a number that has nothing to do with the update.

What holds is in `loss_change_on_quadratics`: for full batches the sign at the old point is right below 2/L.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import Constant
from proofs._certificates import Chain, Counterexample, Relation
from proofs._claim import Check, Claim
from proofs._functions import Separable, square
from proofs._rules import Greedy, run

Instance = Mapping[str, Fraction]

SAME_SIGN = "the loss change has the sign of the derivative along the update"


def full_batch(step: Fraction, at_new_point: bool) -> Counterexample:
    """f = x^2 / 2 from x_0 = 1: change of loss times derivative along the update is to be >= 0."""

    def quantities(at: Instance) -> tuple[Fraction, Fraction, Fraction]:
        f = Separable((square(at["L"]),))
        # both losses as the rule sees them; the first comparison is left out, so that gamma is that of the instance
        done = run((at["x_0"],), at["gamma"], [f] * 2, Greedy(Fraction(1, 2), first="none"), "before_update")
        (old,), (new,) = done.points[0], done.points[1]
        point = new if at_new_point else old
        return done.losses[1] - done.losses[0], f((point,))[1][0] * (new - old), done.rates[0]

    def hypotheses(at: Instance) -> dict[str, Relation]:
        change, derivative, used = quantities(at)
        return {
            **Separable((square(at["L"]),)).facts(at["L"], (Fraction(0),)),
            "the step used gamma": (used, "==", at["gamma"]),
            "gamma is positive": (at["gamma"], ">", Fraction(0)),
            "neither vanishes": (change * derivative * change * derivative, ">", Fraction(0)),
        }

    def consequences(at: Instance) -> dict[str, Relation]:
        change, derivative, _ = quantities(at)
        return {f"{SAME_SIGN}, gamma L = {at['gamma'] * at['L']}": (change * derivative, ">=", Fraction(0))}

    return Counterexample({"L": Fraction(1), "x_0": Fraction(1), "gamma": step}, hypotheses, consequences)


def two_samples(step: Fraction, constant: Fraction = Fraction(1)) -> Counterexample:
    """f_2, then f_1, with a small step: the observed loss rises, f_2 and f fall."""

    def functions(at: Instance) -> tuple[Separable, Separable]:
        one = square(Fraction(1), Fraction(1))
        raised = type(one)((), tuple((a + at["c"], b, h) for a, b, h in one.pieces))
        return Separable((raised,)), Separable((square(Fraction(1), Fraction(-1)),))

    def hypotheses(at: Instance) -> dict[str, Relation]:
        first, second = functions(at)
        done = run((at["x_0"],), at["gamma"], [second, first], Greedy(Fraction(1, 2), first="none"), "before_update")
        old, new = done.points[0], done.points[1]
        mean = (first(new)[0] + second(new)[0] - first(old)[0] - second(old)[0]) / 2
        slope = (first(old)[1][0] + second(old)[1][0]) / 2
        return {
            "gamma is below 1/L": (at["gamma"], "<", Fraction(1)),
            "the sampled function falls": (second(new)[0], "<", second(old)[0]),
            "the mean falls": (mean, "<", Fraction(0)),
            "its derivative along the update is negative": (slope * (new[0] - old[0]), "<", Fraction(0)),
        }

    def consequences(at: Instance) -> dict[str, Relation]:
        first, second = functions(at)
        done = run((at["x_0"],), at["gamma"], [second, first], Greedy(Fraction(1, 2), first="none"), "before_update")
        return {
            f"two samples, gamma L = {at['gamma']}: the observed loss falls as well": (
                done.losses[1],
                "<",
                done.losses[0],
            )
        }

    return Counterexample({"c": constant, "x_0": Fraction(1, 4), "gamma": step}, hypotheses, consequences)


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "past the minimum": full_batch(Fraction(3, 2), at_new_point=True),
            "along a descent direction": full_batch(Fraction(5, 2), at_new_point=False),
            "two samples": two_samples(Fraction(1, 1000)),
            "two samples, smaller step": two_samples(Fraction(1, 10**9)),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Simulated single steps on x^2 / 2: both signs are wrong exactly where they should be."""
    steps = np.concatenate([[1.5, 2.5], rng.uniform(0.02, 4, 198)])
    runs = [
        Run(objective=Quadratic(eigenvalues=(1.0,)), scheduler=Constant(), start=(1.0,), lr0=float(u), steps=1)
        for u in steps
    ]
    trajectory = simulate(runs, stride=1)
    end = trajectory.x_end[:, 0]
    change = trajectory.end_loss - trajectory.loss[:, 0]
    wrong_old = change * (end - 1.0) < 0
    wrong_new = change * end * (end - 1.0) < 0
    mistakes = int(np.sum(wrong_old != (steps > 2)) + np.sum(wrong_new != ((steps > 1) & (steps < 2))))
    return Check(
        margin=0.0 - mistakes,
        instances=len(steps),
        sentence=(
            f"of {len(steps)} step sizes below 4/L the sign at the old point is wrong for {int(wrong_old.sum())} (all "
            f"above 2/L), at the new point for {int(wrong_new.sum())} (all between 1/L and 2/L); {mistakes} exceptions"
        ),
    )


CLAIM = Claim(
    statement=(
        "False as a statement about signs. f = x^2 / 2: wrong at the new point for gamma = 3/2 and at the old point "
        "for gamma = 5/2. With two samples the observed loss rises for gamma = 10^-3 and 10^-9 while the sampled "
        "function, the mean and their derivatives along the update all fall: losses of different samples are "
        "compared."
    ),
    published=(
        "The change of loss serves as a first-order approximation of the directional derivative along the update "
        "direction."
    ),
    source="arXiv 2512.14527, Appendix A.7",
    assumptions=(
        "Read as: the sign of l_t - l_{t-1} is that of the derivative along x_t - x_{t-1}, at either end.",
        "Algorithm 1, plain gradient descent.",
    ),
    certificate=argument,
    check=check,
    control=lambda: full_batch(Fraction(999, 1000), at_new_point=True),  # below 1/L the sign is right
    corrected="loss_change_on_quadratics",
    short="Loss changes can have the wrong sign as derivatives.",
    topic="signal",
    finding=(
        "The change of the observed loss is not a stand-in for a directional derivative. With full batches its sign "
        "is wrong at the new point for steps between 1/L and 2/L and at the old point beyond 2/L. With mini-batches "
        "it can be wrong at every step size, however small, because losses of different samples are compared: on "
        "two samples whose losses differ by a constant the observed loss rises while everything falls."
    ),
    advice={"metric": "Feed the scheduler a loss on fixed data, not the loss of the current mini-batch."},
)
