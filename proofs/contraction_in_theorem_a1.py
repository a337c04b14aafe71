"""The contraction in the proof of Theorem A.1 needs an inequality that smoothness gives the other way round.

The proof derives, from convexity and L-smoothness alone,

    E f(x_{t+1}) - f* <= alpha (E f(x_t) - f*) + beta_t,    1 - alpha = 2 min_lr L (1 - max_lr L / 2),

where beta_t is a multiple of the gradient noise at the solution; with one sample (n = 1) there is none and beta_t = 0.
Where alpha comes from: the descent lemma gives f(x_{t+1}) <= f(x_t) - gamma (1 - gamma L / 2) norm(grad f)^2, and

    norm(grad f(x))^2 >= 2 L (f(x) - f*)        (reversed)

turns this into exactly that contraction: the first step of the certificate shows it. But smoothness gives <= there;
>= is the Polyak-Lojasiewicz inequality with constant L, which together with smoothness forces equality, as for
f = L x^2 / 2. Where the gradient is small although f is far from its minimum, the step fails.

Counterexample: f the Huber function, x^2 / 2 for abs(x) <= 1 and abs(x) - 1/2 beyond (L = 1, convex, minimum 0), start
x_0 = 2, min_lr = 1/4, max_lr = 1/2, F = 1/2, gamma_0 = 1/4. The rule climbs to gamma = 1/2, x_1 = 3/2 and f(x_1) = 1,
while alpha = 5/8 and alpha f(x_0) = 15/16. At x_0 the squared gradient is 1 and 2 L (f - f*) = 3: "1 >= 3" is used. No
other alpha < 1 helps: from x_0 = 1/2 + 1/e the first step multiplies f by 1 - e/2, for every e <= 1/2.

Simplest: one sample, one dimension, one step, and in one dimension f must not be quadratic, since on f = L x^2 / 2 the
factor (1 - gamma L)^2 = 1 - 2 gamma L (1 - gamma L / 2) is at most alpha. Strong convexity does not save the constant
either: on f = (x^2 + y^2 / 4) / 2 from (1/4, 1) the same rule breaks it in its first step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np
import sympy

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import Chain, Counterexample, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._functions import Point, Separable, huber, square
from proofs._rules import Greedy, run
from proofs._symbols import BELOW_INVERSE_SMOOTHNESS, L, gamma, gamma_max, gamma_min

Instance = Mapping[str, Fraction]

CONTRACTION = "f(x_1) - f* <= alpha (f(x_0) - f*)"
REVERSED = "norm(grad f(x_0))^2 >= 2 L (f(x_0) - f*)"
SMOOTH = "norm(grad f(x_0))^2 <= 2 L (f(x_0) - f*)"

gap, gap_next = sympy.symbols("gap gap_next")  #: f(x_t) - f* and f(x_{t+1}) - f*, loss
slope_squared = sympy.Symbol("slope_squared")  #: norm(grad f(x_t))^2, (loss / length)^2


def origin_of_alpha() -> Inequality:
    """The descent lemma and the reversed inequality give the published contraction, and its alpha exactly."""
    two = sympy.Integer(2)
    alpha = 1 - 2 * gamma_min * L * (1 - gamma_max * L / 2)
    # gamma (1 - gamma L / 2) is at least gamma_min (1 - gamma_max L / 2)
    slack = (gamma - gamma_min) * (1 - gamma * L / 2) + gamma_min * (gamma_max - gamma) * L / 2
    return Inequality(
        left=gap_next,
        right=alpha * gap,
        terms=(
            (sympy.Integer(1), "descent lemma"),
            (gamma * (1 - gamma * L / 2), "reversed"),
            (two * L * slack, "minimum"),
        ),
        hypotheses={
            "descent lemma": gap - gamma * (1 - gamma * L / 2) * slope_squared - gap_next,
            "reversed": slope_squared - two * L * gap,
            "minimum": gap,
        },
        domain=BELOW_INVERSE_SMOOTHNESS,
    )


def first_step(at: Instance, f: Separable, start: Point) -> dict[str, Relation]:
    """The published step, the inequality it rests on, and the one that smoothness gives, along the published rule."""
    rule = Greedy(at["F"], at["min_lr"], at["max_lr"])
    x_0, x_1 = run(start, at["gamma_0"], [f], rule, "before_update").points
    alpha = 1 - 2 * at["min_lr"] * at["L"] * (1 - at["max_lr"] * at["L"] / 2)
    value, gradient = f(x_0)
    squared = sum((slope * slope for slope in gradient), Fraction(0))
    return {
        CONTRACTION: (f(x_1)[0], "<=", alpha * value),
        REVERSED: (squared, ">=", 2 * at["L"] * value),
        SMOOTH: (squared, "<=", 2 * at["L"] * value),
    }


def counterexample(
    build: Callable[[Instance], Separable], names: tuple[str, ...], **special: Fraction
) -> Counterexample:
    """One step of the rule from the point whose coordinates have the given names; f* = 0 at the origin."""

    def setting(at: Instance) -> tuple[Separable, Point]:
        return build(at), tuple(at[name] for name in names)

    def hypotheses(at: Instance) -> dict[str, Relation]:
        f, start = setting(at)
        return {
            **f.facts(at["L"], tuple(Fraction(0) for _ in names)),
            "f* = 0": (f(tuple(Fraction(0) for _ in names))[0], "==", Fraction(0)),
            "0 < F": (Fraction(0), "<", at["F"]),
            "F < 1": (at["F"], "<", Fraction(1)),
            "0 < min_lr": (Fraction(0), "<", at["min_lr"]),
            "min_lr <= gamma_0": (at["min_lr"], "<=", at["gamma_0"]),
            "gamma_0 <= max_lr": (at["gamma_0"], "<=", at["max_lr"]),
            "max_lr < 1/L": (at["max_lr"], "<", 1 / at["L"]),
            SMOOTH: first_step(at, f, start)[SMOOTH],
        }

    def consequences(at: Instance) -> dict[str, Relation]:
        facts = first_step(at, *setting(at))
        return {CONTRACTION: facts[CONTRACTION], REVERSED: facts[REVERSED]}

    rates = {"F": Fraction(1, 2), "gamma_0": Fraction(1, 4), "min_lr": Fraction(1, 4), "max_lr": Fraction(1, 2)}
    return Counterexample({"L": Fraction(1), **rates, **special}, hypotheses, consequences)


def huber_from(start: Fraction) -> Counterexample:
    """The counterexample, from any start."""
    return counterexample(lambda at: Separable((huber(at["L"]),)), ("x",), x=start)


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "where alpha comes from": origin_of_alpha(),
            "Huber function": huber_from(Fraction(2)),
            "strongly convex quadratic": counterexample(
                lambda at: Separable((square(at["L"]), square(at["mu"]))),
                ("x", "y"),
                x=Fraction(1, 4),
                y=Fraction(1),
                mu=Fraction(1, 4),
            ),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The simulator reproduces the counterexample exactly, and finds the contraction broken far from the minimum."""
    settings = [(2.0, 0.25, 0.5)]
    for _ in range(200):
        low = float(rng.uniform(0.05, 0.5))
        high = float(rng.uniform(low, 0.99))
        # beyond this start the Huber function falls by less than the published factor allows
        nearest = 0.5 + max(high / (2 * low * (1 - high / 2)), high + 0.5)
        settings.append((nearest * float(rng.uniform(1.001, 20)), low, high))
    trajectory = simulate([_simulated(*setting) for setting in settings], stride=1)
    alpha = np.array([1 - 2 * low * (1 - high / 2) for _, low, high in settings])
    excess = trajectory.loss[:, 1] / (alpha * trajectory.loss[:, 0]) - 1
    exact = trajectory.loss[0, 0] == 1.5 and trajectory.loss[0, 1] == 1.0 and trajectory.lr[0, 0] == 0.5
    return Check(
        margin=float(np.min(excess)) if exact else -1.0,
        instances=len(settings),
        sentence=(
            f"the simulator takes f from {trajectory.loss[0, 0]} to {trajectory.loss[0, 1]} (allowed: 15/16); over all "
            f"instances f(x_1) exceeds alpha f(x_0) by {np.min(excess):.2%} to {np.max(excess):.1%}"
        ),
    )


def _simulated(start: float, low: float, high: float) -> Run:
    return Run(
        objective=Huber(dimension=1, radius=1.0, curvature=1.0),
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=0.5, min_lr=low, max_lr=high),
        perturbation=NoPerturbation(),
        start=(start,),
        lr0=low,
        steps=2,
        ordering="before_update",
        replicate=0,
    )


CLAIM = Claim(
    statement=(
        "False. Huber function, one sample, x_0 = 2, min_lr = 1/4, max_lr = 1/2, F = 1/2: f(x_1) = 1 > 15/16 = alpha "
        "f(x_0). The proof needs norm(grad f)^2 >= 2 L (f - f*), a Polyak-Lojasiewicz inequality with constant L; "
        "smoothness gives <=. No alpha < 1 holds for all starts."
    ),
    published=(
        "E f(x_{t+1}) - f* <= alpha_t (E f(x_t) - f*) + beta_t with 1 - alpha = 2 min_lr L_max (1 - max_lr L_max / 2), "
        "for f convex and every f_i L_max-smooth."
    ),
    source="arXiv 2512.14527, proof of Theorem A.1",
    assumptions=(
        "beta_t is a multiple of the gradient noise at the solution, so it is 0 for one sample (n = 1).",
        "descent lemma: f(x - gamma g) <= f(x) - gamma (1 - gamma L / 2) norm(g)^2, as f is L-smooth.",
        "reversed: norm(grad f)^2 >= 2 L (f - f*), what the published step uses; it is false in general.",
        "minimum: f >= f*.",
    ),
    certificate=argument,
    check=check,
    control=lambda: huber_from(Fraction(11, 6)),  # here f(x_1) = alpha f(x_0): the nearest start that breaks nothing
    corrected="convergence_predictable",
    figure=None,
    short="The contraction in Theorem A.1's proof fails.",
    topic="convergence",
    finding=(
        "The proof of Theorem A.1 uses a contraction of f - f* in every step, from convexity and smoothness alone. "
        "It needs norm(grad f)^2 >= 2 L (f - f*), and smoothness gives <=. On the Huber function from x_0 = 2 with "
        "bounds 1/4 and 1/2 the loss falls from 3/2 to 1, where the proof promises 15/16; no factor below 1 holds "
        "for all starts."
    ),
)
