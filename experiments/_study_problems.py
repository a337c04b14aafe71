"""The problems of the published robustness study by the names it gave them, and what these names stand for.

The study (arXiv 2512.14527, App. A.6) runs 12 families with five named variants each, every one of these 60 names under
9 disturbances, 3 strengths and 5 schedulers (GreedyLR with two values of patience): 60 * 27 * 5 = 8,100 runs, one for
each combination. Its code (amazon-science/aws-research-science on GitHub, folder GreedyLR, commit 707f1bc) knows few of
the names; all others take the last branch of a choice, and what is then run is another name's problem. Here each name
stands for the objective that the study runs under it.

By that code the 60 names are 15 problems: the seven analytic ones below; the network called neural_simple, which
neural_conv is too; and seven others, since neural_attention has two sets of data and five families one network each.

Simulated are the four analytic families and the network called neural_simple. The quadratic of the study is
sum a_i (x_i - c_i)^2 without a half, so its curvatures are 2 a_i. It draws c and x_0 from N(0, I) for every run. As
everything here depends on x - c only (Adam too moves by gradients alone), c is kept at 0 and x_0 is drawn from
N(0, 2 I): the same law for every loss and every rate. Networks draw new data for every run in the study; here all runs
share one set. The study computes in single precision, this package in double.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from greedylr_theory.contracts import Objective
from greedylr_theory.objectives.ackley import Ackley
from greedylr_theory.objectives.perceptron import Perceptron
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.objectives.rastrigin import Rastrigin
from greedylr_theory.objectives.rosenbrock import Rosenbrock
from greedylr_theory.params import canonical_json
from greedylr_theory.simulation.start import ScaledUniform, StandardNormal, StartRule


@dataclass(frozen=True)
class Problem:
    """What is run under a name: an objective and how its starts are drawn."""

    label: str
    objective: Callable[[], Objective]
    #: standard deviation of each coordinate of x_0; None for a network's uniform weights
    spread: float | None = 1.0

    def start(self, seed: int) -> StartRule:
        """Starts with a key of their own."""
        return ScaledUniform(seed=seed) if self.spread is None else StandardNormal(seed=seed, scale=self.spread)


def _quadratic(condition: float) -> Problem:
    return Problem(
        f"quadratic, condition {condition:g}",
        lambda: Quadratic.log_spaced(15, condition=condition, smallest=2.0),
        spread=2.0**0.5,
    )


def _rosenbrock(dimension: int) -> Problem:
    return Problem(f"Rosenbrock, d = {dimension}", lambda: Rosenbrock(dimension=dimension))


_WORST, _ROSENBROCK = _quadratic(1000.0), _rosenbrock(2)
_RASTRIGIN = Problem("Rastrigin", lambda: Rastrigin(dimension=10, amplitude=10.0))
_ACKLEY = Problem("Ackley", lambda: Ackley(dimension=8))
_PERCEPTRON = Problem("perceptron", lambda: Perceptron(), spread=None)

#: family -> name -> what is run under that name
ANALYTIC: Mapping[str, Mapping[str, Problem]] = {
    "quadratic": {
        "well_conditioned": _quadratic(1.0),
        "ill_conditioned": _quadratic(100.0),
        "very_ill_conditioned": _WORST,
        "adversarial": _WORST,
        "sparse": _WORST,
    },
    "rosenbrock": {
        "standard": _ROSENBROCK,
        "extended": _rosenbrock(5),
        "noisy": _ROSENBROCK,
        "constrained": _ROSENBROCK,
        "multi_objective": _ROSENBROCK,
    },
    "rastrigin": dict.fromkeys(("standard", "shifted", "rotated", "scaled", "hybrid"), _RASTRIGIN),
    "ackley": dict.fromkeys(("standard", "extended", "shifted", "rotated", "modified"), _ACKLEY),
}
NETWORKS: Mapping[str, Mapping[str, Problem]] = {
    "neural_simple": dict.fromkeys(("easy", "normal", "hard", "dropout", "batch_norm"), _PERCEPTRON),
}
VARIANTS: Mapping[str, Mapping[str, Problem]] = {**ANALYTIC, **NETWORKS}


def distinct(variants: Mapping[str, Mapping[str, Problem]] = VARIANTS) -> dict[str, list[str]]:
    """Label of a problem -> the names "family/variant" under which it is run.

    Two names are one problem when the canonical specifications of objective and starts are the same.

    >>> {label: len(names) for label, names in distinct(ANALYTIC).items()}["quadratic, condition 1000"]
    3
    """
    found: dict[str, tuple[str, list[str]]] = {}
    for family, names in variants.items():
        for name, problem in names.items():
            key = canonical_json([problem.objective().specification(), problem.start(0).specification()])
            found.setdefault(key, (problem.label, []))[1].append(f"{family}/{name}")
    counted = Counter(label for label, _ in found.values())
    if max(counted.values()) > 1:
        raise ValueError(f"two problems have the same label: {counted.most_common(1)[0][0]!r}")
    return dict(found.values())
