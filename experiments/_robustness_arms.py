"""Problems and perturbations of the fair robustness study, with the unit of the rates on each problem."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from experiments._robustness_contenders import STEPS, contenders
from greedylr_theory.contracts import Objective, Optimizer, Perturbation
from greedylr_theory.objectives.ackley import Ackley
from greedylr_theory.objectives.huber import Huber
from greedylr_theory.objectives.logistic import Logistic
from greedylr_theory.objectives.perceptron import Perceptron
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.objectives.rastrigin import Rastrigin
from greedylr_theory.objectives.rosenbrock import Rosenbrock
from greedylr_theory.optimizers.adam import Adam
from greedylr_theory.optimizers.gradient_descent import GradientDescent
from greedylr_theory.optimizers.momentum import Momentum
from greedylr_theory.perturbations import _study
from greedylr_theory.perturbations.adversarial import Adversarial
from greedylr_theory.perturbations.burst import Burst
from greedylr_theory.perturbations.drift import Drift
from greedylr_theory.perturbations.gaussian import Gaussian
from greedylr_theory.perturbations.gradient_noise import GradientNoise
from greedylr_theory.perturbations.no_perturbation import NoPerturbation
from greedylr_theory.perturbations.oscillatory import Oscillatory
from greedylr_theory.perturbations.periodic_spike import PeriodicSpike
from greedylr_theory.perturbations.plateau import Plateau
from greedylr_theory.perturbations.random_spike import RandomSpike
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.start import ScaledUniform, StandardNormal, StartRule
from greedylr_theory.sweeps import Arm

KINDS: Mapping[str, type[_study.StudyPerturbation]] = {
    "adversarial": Adversarial,
    "burst": Burst,
    "drift": Drift,
    "gaussian": Gaussian,
    "oscillatory": Oscillatory,
    "periodic_spike": PeriodicSpike,
    "plateau": Plateau,
    "random_spike": RandomSpike,
}
#: amounts that do not follow the loss: only these are kicks of the iterate that mean something, since a kick of the
#: size of the loss l leads to a loss of order l^2 and runs away from almost every start
ABSOLUTE = ("burst", "drift", "gaussian", "plateau")
#: amounts that last: only these tilt the objective, since independent noise of mean zero on a fixed direction is
#: gradient noise once more, on one axis
LASTING = ("adversarial", "drift", "oscillatory", "periodic_spike", "random_spike")
CHANNELS: Mapping[str, tuple[str, ...]] = {
    "observed_loss": tuple(KINDS),
    "gradient": tuple(KINDS),
    "iterate": ABSOLUTE,
    "objective": LASTING,
}

OPTIMIZERS: Mapping[str, Optimizer] = {
    "gradient descent": GradientDescent(),
    "momentum": Momentum(momentum=0.9),
    "adam": Adam(),
}
#: unit of Adam's rates, in units of length: a tenth of the size of a start
ADAM_SCALE = 0.1


@dataclass(frozen=True, eq=False)
class Problem:
    """An objective with its starts, and the unit of the rates of gradient descent on it, in length^2 / loss."""

    objective: Objective
    scale: float
    start: StartRule


@functools.cache
def analytic() -> Mapping[str, Problem]:
    """The study's four functions in their distinct variants, and Huber's; each with its usual scale of rates.

    Quadratics are the study's sum of a_i (x_i - t_i)^2 with targets and starts N(0, I): only x_0 - t matters. The unit
    is 1 / L; L of Rosenbrock is that of the box where all |x_i| <= 2, that of Ackley the curvature of its wave.
    """
    quadratics = {
        f"quadratic {condition:g}": Problem(
            Quadratic.log_spaced(15, float(condition), smallest=2.0),
            1.0 / (2.0 * condition),
            StandardNormal(scale=math.sqrt(2.0)),
        )
        for condition in (1, 100, 1000)
    }
    rosenbrocks = {
        f"rosenbrock {d}": Problem(Rosenbrock(d), 1.0 / Rosenbrock(d).smoothness_on_box(2.0), StandardNormal())
        for d in (2, 5)
    }
    return {
        **quadratics,
        **rosenbrocks,
        "rastrigin": Problem(Rastrigin(10), 1.0 / Rastrigin(10).smoothness, StandardNormal()),
        "ackley": Problem(Ackley(8), 8.0 / (4.0 * math.pi**2 * math.e), StandardNormal()),
        "huber": Problem(Huber(15, radius=0.1), 1.0, StandardNormal()),
    }


@functools.cache
def finite_sums() -> Mapping[str, Problem]:
    """Minibatches of 32: two sets of logistic regression and the study's network (64 and 32 units)."""
    cancer, digits = Logistic("breast_cancer", batch=32), Logistic("digits", batch=32)
    return {
        "breast cancer": Problem(cancer, 1.0 / cancer.smoothness, StandardNormal()),
        "digits": Problem(digits, 1.0 / digits.smoothness, StandardNormal()),
        "perceptron": Problem(Perceptron(batch=32), 0.1, ScaledUniform()),
    }


@dataclass(frozen=True)
class Extent:
    """Which arms a size has; strengths and kinds of the finite sums apart."""

    problems: tuple[str, ...]
    optimizers: tuple[str, ...]
    kinds: tuple[str, ...]
    strengths: tuple[float, ...]
    finite_sums: tuple[str, ...] = ()
    finite_kinds: tuple[str, ...] = ()


EXTENTS: Mapping[str, Extent] = {
    "standard": Extent(
        problems=tuple(analytic()),
        optimizers=tuple(OPTIMIZERS),
        kinds=tuple(KINDS),
        strengths=(0.1, 0.5, 1.0),
        finite_sums=("breast cancer", "digits", "perceptron"),
        finite_kinds=("adversarial", "burst", "gaussian", "random_spike"),
    ),
    "quick": Extent(
        problems=("quadratic 100", "rosenbrock 2", "rastrigin"),
        optimizers=("gradient descent", "adam"),
        kinds=("adversarial", "burst", "gaussian"),
        strengths=(0.5,),
    ),
}
#: replicates of the finite sums, of which a block of 64 lanes holds seven rates
FINITE_TUNING, FINITE_EVALUATION, FINITE_UNTUNED = 9, 30, 10
FINITE_STRENGTH, FINITE_OPTIMIZER = 0.5, "adam"


def arms(size: str) -> Mapping[str, Arm]:
    """Arms "problem/optimizer/channel/perturbation/strength" of a size."""
    extent = EXTENTS[size]
    found: dict[str, Arm] = {}
    for name in extent.problems:
        for optimizer in extent.optimizers:
            for channel, perturbation, strength, disturbance in _disturbances(extent.kinds, extent.strengths):
                found |= _arm(name, analytic()[name], optimizer, channel, perturbation, strength, disturbance)
    if "quadratic 100" in extent.problems:
        noisy = analytic()["quadratic 100"]
        for optimizer in extent.optimizers:
            for strength in extent.strengths:
                noise = GradientNoise(scale=strength)
                found |= _arm("noisy quadratic", noisy, optimizer, "gradient", "isotropic noise", strength, noise)
    for name in extent.finite_sums:
        for channel, perturbation, strength, disturbance in _disturbances(extent.finite_kinds, (FINITE_STRENGTH,)):
            found |= _arm(
                name, finite_sums()[name], FINITE_OPTIMIZER, channel, perturbation, strength, disturbance, True
            )
    return found


def _disturbances(kinds: tuple[str, ...], strengths: tuple[float, ...]) -> list[tuple[str, str, float, Perturbation]]:
    found: list[tuple[str, str, float, Perturbation]] = [("none", "none", 0.0, NoPerturbation())]
    for channel, sensible in CHANNELS.items():
        for kind in kinds:
            if kind in sensible:
                found += [(channel, kind, s, KINDS[kind](strength=s, channel=channel)) for s in strengths]
    return found


def _arm(
    name: str,
    problem: Problem,
    optimizer: str,
    channel: str,
    perturbation: str,
    strength: float,
    disturbance: Perturbation,
    finite: bool = False,
) -> dict[str, Arm]:
    base = Run(
        objective=problem.objective,
        optimizer=OPTIMIZERS[optimizer],
        scheduler=Constant(),
        perturbation=disturbance,
        start=problem.start,
        lr0=1.0,
        steps=STEPS,
    )
    labels = {
        "problem": name, "optimizer": optimizer, "channel": channel, "perturbation": perturbation,
        "strength": strength,
    }  # fmt: skip
    arm = Arm(
        base,
        scale=ADAM_SCALE if optimizer == "adam" else problem.scale,
        contenders=contenders(optimizer, channel),
        labels=labels,
        tuning=FINITE_TUNING if finite else None,
        evaluation=FINITE_EVALUATION if finite else None,
        untuned=FINITE_UNTUNED if finite else None,
        together=1 if finite else None,
    )
    return {f"{name}/{optimizer}/{channel}/{perturbation}/{strength:g}": arm}
