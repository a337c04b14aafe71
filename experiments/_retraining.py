"""Is it worth refining a schedule from the gradient norms of an earlier run? Retraining, with every rate tuned.

arXiv 2310.07831 refines a schedule: it takes the gradient norms of a run under linear decay and returns steps that are
optimal, up to one number, for worst-case convex functions with those norms. The weights are 1/G_t^2 with l2 norms for
gradient descent; for Adam 1/G_t with l1 norms, a heuristic. Here the refined schedule is trained anew on convex
problems (softmax regression) and on small networks, beside what one would use without it.

What counts as a contender is the shape: factors with largest value 1, times a peak rate. The peak of each is tuned on
one grid for all, extended at its edges as long as the best rate is there, with two further rates half way to the
neighbours of the best; the best has the smallest median of f(x_T) - f* over five tuning seeds, a diverged run counting
as +inf. "refined" comes from one earlier run, under linear decay at its tuned peak with the first tuning seed; "refined
twice" from one run under "refined" at its own tuned peak; "warmup + polynomial" is the best fit of that form to
"refined". A refined schedule has therefore cost its user one run (two) more than the others. All are compared on
further seeds, the same for all: same starts, same samples. Where f* is not known (perceptrons) 0 stands for it, a lower
bound.

The *ratio* of two contenders in a cell (problem and optimizer) is the median over the evaluation seeds of the quotient
of their f(x_T) - f*. Over the problems of one optimizer ratios are joined by their geometric mean, with Student's 95 %
interval of the logarithms: it speaks of further problems of this kind, the tests of further seeds. *Significant* means
p < 0.05 in Wilcoxon's signed-rank test of the logarithms of the quotients, two-sided, after Holm's correction for all
36 tests (refined with linear, refined with cosine, refined twice with refined, in twelve cells).

The predictions below were written before the first run.
"""

from __future__ import annotations

from collections.abc import Mapping

from greedylr_theory.contracts import Objective, Optimizer
from greedylr_theory.objectives.logistic import Logistic
from greedylr_theory.objectives.perceptron import Perceptron
from greedylr_theory.optimizers.adam import Adam
from greedylr_theory.optimizers.gradient_descent import GradientDescent
from greedylr_theory.schedulers.linear import Linear
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.start import ScaledUniform, StartRule

CONVEX = ("iris", "wine", "breast_cancer", "digits")
NETWORKS = ("perceptron", "breast_cancer perceptron")
PROBLEMS = (*CONVEX, *NETWORKS)
OPTIMIZERS = ("gradient descent", "Adam")
CONTENDERS = (
    "flat", "1/t", "1/sqrt t", "cosine", "linear", "step-wise", "refined", "refined twice", "warmup + polynomial",
)  # fmt: skip

#: samples per step, and weight of the regulariser: little, so that f* is known and hardly anything else changes
BATCH, REGULARISER = 16, 1e-4
#: the grid of peak rates, in multiples of the problem's unit
RATES = tuple(2.0**k for k in range(-4, 5))
#: unit of Adam's rates, and of gradient descent's on networks; on convex problems it is 1/L
ADAM_UNIT, NETWORK_UNIT = 2.0**-6, 0.1

PREDICTIONS = (
    "The protocol holds: in no cell is a contender's best rate the smallest or largest that was tried.",
    "Under gradient descent refinement helps where the classes separate and gradients vanish: refined against linear "
    "the ratio is below 0.9 and significant on wine, breast_cancer and digits; on iris it lies between 0.8 and 1.25.",
    "Under gradient descent it does not help on networks: on neither perceptron is refined significantly below linear.",
    "Over all problems, under gradient descent, the geometric mean of refined against linear is below 1, but its "
    "interval includes 1.",
    "The l1 rule under Adam is no help: the interval of refined against linear includes 1, and all six ratios lie "
    "between 0.5 and 2.",
    "Refining twice is not worth a run: under both optimizers the interval of refined twice against refined includes "
    "1.",
    "Warmup arises: under gradient descent, on all four convex problems, the refined schedule is largest after the "
    "first tenth of the run.",
    "The shape does not matter finely: the ratio of warmup + polynomial against refined lies between 0.8 and 1.25 in "
    "at least 8 of the 12 cells.",
    "Under both optimizers 1/t has the worst average rank, and linear a better one than flat, 1/sqrt t and step-wise.",
    "What is gained in loss is not seen in accuracy: mean training accuracies of refined and linear differ by less "
    "than one percentage point in every cell.",
)


def arms() -> Mapping[str, Run]:
    """Base runs "problem/optimizer": a rate of one unit, linear decay; the cell puts the contenders in its place."""
    found: dict[str, Run] = {}
    for problem in PROBLEMS:
        objective, start = _problem(problem)
        for optimizer in OPTIMIZERS:
            method: Optimizer = Adam() if optimizer == "Adam" else GradientDescent()
            smoothness = objective.smoothness
            unit = ADAM_UNIT if optimizer == "Adam" else NETWORK_UNIT if smoothness is None else 1.0 / smoothness
            found[f"{problem}/{optimizer}"] = Run(
                objective, optimizer=method, scheduler=Linear(), start=start, lr0=unit, steps=1
            )
    return found


def _problem(name: str) -> tuple[Objective, tuple[float, ...] | StartRule]:
    if name in CONVEX:
        objective = Logistic(name, l2=REGULARISER, batch=BATCH)
        return objective, (0.0,) * objective.dim
    if name == "perceptron":
        return Perceptron(batch=BATCH), ScaledUniform()
    return Perceptron("breast_cancer", batch=BATCH, hidden=(16.0,), loss="logistic"), ScaledUniform()
