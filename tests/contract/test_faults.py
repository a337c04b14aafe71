"""Faults put in on purpose: values that are not finite, overflow, subnormal numbers, and the edges of the domains."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from greedylr_theory import Batch, Run, Status, Trajectory, simulate
from greedylr_theory.contracts import Channel, Perturbation, perturbation_kernel
from greedylr_theory.objectives import (
    Ackley,
    Expression,
    Huber,
    LeastSquares,
    LogCosh,
    Perceptron,
    Quadratic,
    Rastrigin,
    Resisting,
    Rosenbrock,
    RotatedQuadratic,
    SquaredHinges,
)
from greedylr_theory.params import Choice, Interval, param
from greedylr_theory.perturbations import CorruptedBatches, LabelNoise, NoPerturbation
from greedylr_theory.schedulers import Constant, Exponential, GreedyPrevious
from tests.contract._examples import (
    assert_same_bits,
    assert_same_trajectory,
    examples,
    made,
    several,
    simulated,
    working_run,
)
from tests.contract.test_twins import assert_equals_twin
from tests.unit.test_batch_sizes import SUMS, sampling

OPTIMIZERS = [(name, found) for name, found in made("optimizers") if name.endswith("-0")]
WHEN = 5


@perturbation_kernel
def poison(step, loss, params, draws, state, observed, gradient, x):
    """At one step, one coordinate of the gradient, or what the scheduler sees, becomes NaN or infinite."""
    for lane in range(loss.size):
        kind = params[0, lane]
        value = np.nan if kind == 1.0 else (np.inf if kind == 2.0 else -np.inf)
        hit = (kind > 0.0) & (params[1, lane] == float(step))
        last = gradient.shape[0] - 1
        gradient[last, lane] = value if hit & (params[2, lane] == 0.0) else gradient[last, lane]
        observed[lane] = value if hit & (params[2, lane] == 1.0) else observed[lane]


@dataclass(frozen=True)
class Poison(Perturbation):
    """One value of one step is not finite.

    Args:
        value: which.
        at: step.
        what: which channel.
    """

    value: str = param("no", symbol="v", domain=Choice(("no", "nan", "inf", "-inf")), doc="which", kind="choice")
    at: int = param(WHEN, symbol="t", domain=Interval.left_closed(0, 2.0**31), doc="step", kind="int")
    what: str = param(
        "gradient", symbol="what", domain=Choice(("gradient", "observed_loss")), doc="channel", kind="choice"
    )

    kernel: ClassVar[Any] = poison
    channel: ClassVar[Channel] = "gradient"


def poisoned(run: Run, what: str = "gradient") -> tuple[list[Run], list[Run]]:
    """Nine lanes, and the same with a NaN in the second, infinities in the fifth and in the last."""
    clean = [run.replaced("replicate", r).replaced("perturbation", Poison(what=what)) for r in range(9)]
    bad = list(clean)
    for lane, value in ((1, "nan"), (4, "inf"), (8, "-inf")):
        bad[lane] = clean[lane].replaced("perturbation.value", value)
    return clean, bad


HIT = [1, 4, 8]
SPARED = [0, 2, 3, 5, 6, 7]


@pytest.mark.parametrize("optimizer", [pytest.param(found, id=name) for name, found in OPTIMIZERS])
@examples("objectives")
def test_a_gradient_that_is_not_finite_ends_its_lane_and_spares_the_others(plugin: Any, optimizer: Any) -> None:
    run = working_run(plugin, scheduler=Constant(), perturbation=NoPerturbation(), optimizer=optimizer, steps=9)
    clean, bad = poisoned(run.replaced("lr0", 1e-3 / (plugin.smoothness or 100.0)))
    expected, found = simulated(clean), simulated(bad)
    assert np.all(expected.status == Status.COMPLETED)
    assert np.all(found.status[HIT] == Status.DIVERGED)
    assert np.all(found.steps[HIT] == WHEN + 1)
    spared = Trajectory(**{name: array[SPARED] for name, array in vars(expected).items()})
    assert_same_trajectory(spared, found, SPARED)
    assert_same_bits(found.loss[HIT, : WHEN + 1], expected.loss[HIT, : WHEN + 1])
    assert_same_bits(found.lr[HIT, : WHEN + 1], expected.lr[HIT, : WHEN + 1])
    assert np.all(np.isnan(found.lr[HIT, WHEN + 1 :]))
    assert np.all(np.isnan(found.x_end[HIT]))


@pytest.mark.parametrize("what", ["gradient", "observed_loss"])
@examples("schedulers")
def test_a_scheduler_that_meets_a_fault_spares_the_other_lanes(plugin: Any, what: str) -> None:
    clean, bad = poisoned(working_run(plugin, perturbation=NoPerturbation(), steps=12), what)
    expected, found = simulated(clean), simulated(bad)
    for name in ("loss", "lr", "observed", "x_end", "lr_sum", "status"):
        assert_same_bits(getattr(found, name)[SPARED], getattr(expected, name)[SPARED], name)
    assert_same_bits(found.lr[HIT, :WHEN], expected.lr[HIT, :WHEN])


@pytest.mark.parametrize("perturbation", [LabelNoise(0.4), CorruptedBatches(0.4)], ids=["label noise", "corrupted"])
@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("name", SUMS)
def test_a_lane_that_overflows_under_replaced_labels_spares_the_others(
    name: str, batch: int | None, perturbation: Any
) -> None:
    for _, optimizer in OPTIMIZERS:
        run = working_run(sampling(name, batch), perturbation=perturbation, optimizer=optimizer, steps=6)
        runs = several(run.replaced("lr0", 1e-3), 5)
        runs[3] = dataclasses.replace(runs[0], start=(1.7e308,) * run.objective.dim)
        found = simulated(runs)
        assert found.status.tolist() == [0, 0, 0, 1, 0]
        healthy = [0, 1, 2, 4]
        assert_same_trajectory(simulated([runs[r] for r in healthy]), found, healthy)


@pytest.mark.parametrize("optimizer", [pytest.param(found, id=name) for name, found in OPTIMIZERS])
def test_subnormal_numbers_are_numbers(optimizer: Any) -> None:
    """They are neither flushed to zero nor treated as zero: the bits are those of plain Python."""
    start = (5e-324, -1e-310, 2.2250738585072014e-308)
    bowl = Quadratic(eigenvalues=(1.0, 0.25, 0.5))
    run = Run(bowl, optimizer=optimizer, scheduler=Constant(), start=start, lr0=0.25, steps=4)
    assert_equals_twin([run, run.replaced("lr0", 5e-324), run.replaced("lr0", 1e-310)])
    still = simulated([run.replaced("lr0", 5e-324).replaced("steps", 1)])
    if type(optimizer).__name__ == "GradientDescent":
        assert still.x_end[0].tolist() == list(start)


EDGES = (5e-324, 1e-310, 1e308, 1.7976931348623157e308)


@pytest.mark.parametrize("optimizer", [pytest.param(found, id=name) for name, found in OPTIMIZERS])
def test_rates_at_the_edge_of_their_domain_are_used_as_they_are(optimizer: Any) -> None:
    run = Run(Quadratic(eigenvalues=(1.0, 0.3)), optimizer=optimizer, scheduler=Constant(), lr0=0.1, steps=4)
    runs = [run.replaced("lr0", rate) for rate in EDGES]
    assert_equals_twin(runs)
    assert simulated(runs).lr[:, 0].tolist() == list(EDGES)


@pytest.mark.parametrize("rate", [0.0, -0.0, -1e-3, math.nan, math.inf, -math.inf])
def test_rates_outside_their_domain_are_one_sentence(rate: float) -> None:
    with pytest.raises(ValueError, match=r"^Run\.lr0 \(\\gamma_0\) must .*got [^\n]*$"):
        working_run(lr0=rate)


@pytest.mark.parametrize("steps", [0, -1, 2**31 + 1, 1.5])
def test_a_run_of_no_steps_is_one_sentence(steps: Any) -> None:
    with pytest.raises(ValueError, match=r"^Run\.steps \(T\) must [^\n]*, got [^\n]*$"):
        working_run(steps=steps)
    with pytest.raises(ValueError, match=r"^[^\n]*steps[^\n]*$"):
        simulate(Batch(working_run(), {"steps": [steps]}))


def test_a_run_of_one_step_is_a_run() -> None:
    for ordering in ("before_update", "after_update"):
        assert_equals_twin(several(working_run(steps=1, ordering=ordering), 5))


NOTHING: dict[str, Any] = {
    "ackley": lambda: Ackley(dimension=0),
    "expression": lambda: Expression("1 + 1"),
    "huber": lambda: Huber(dimension=0),
    "least squares without columns": lambda: LeastSquares(features=((),), targets=(1.0,)),
    "least squares without rows": lambda: LeastSquares(features=(), targets=()),
    "log cosh": lambda: LogCosh(dimension=0),
    "perceptron without inputs": lambda: Perceptron(inputs=0, samples=5),
    "perceptron without samples": lambda: Perceptron(inputs=2, samples=0),
    "perceptron without units": lambda: Perceptron(inputs=2, samples=5, hidden=(0.0,)),
    "quadratic": lambda: Quadratic(eigenvalues=()),
    "rastrigin": lambda: Rastrigin(dimension=0),
    "resisting": lambda: Resisting(slopes=()),
    "rosenbrock": lambda: Rosenbrock(dimension=0),
    "rotated quadratic": lambda: RotatedQuadratic(eigenvalues=()),
    "squared hinges": lambda: SquaredHinges(features=()),
    "start": lambda: working_run(start=()),
    "no sample in a batch": lambda: sampling("least squares", 0),
}


@pytest.mark.parametrize("what", NOTHING)
def test_nothing_at_all_is_one_sentence(what: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        NOTHING[what]()


def test_no_runs_are_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        simulate([])


@pytest.mark.parametrize("name", SUMS)
def test_a_batch_of_one_sample_equals_its_twin(name: str) -> None:
    for perturbation in (NoPerturbation(), LabelNoise(0.5), CorruptedBatches(0.5)):
        run = working_run(sampling(name, 1), perturbation=perturbation, steps=8)
        assert_equals_twin(several(run, 3))


def test_a_sum_of_one_sample_equals_its_twin() -> None:
    for batch in (None, 1):
        objective = LeastSquares(features=((2.0, -1.0),), targets=(0.5,), batch=batch)
        for perturbation in (NoPerturbation(), LabelNoise(1.0), CorruptedBatches(1.0)):
            assert_equals_twin(several(working_run(objective, perturbation=perturbation, steps=8), 3))


def test_nothing_is_clipped_on_the_way_to_infinity() -> None:
    """A rate that doubles without bound is used up to the largest power of two, and its overflow ends the run."""
    flat = Quadratic(eigenvalues=(0.0,))
    found = simulated([Run(flat, scheduler=Exponential(2.0), start=(1.0,), lr0=0.5, steps=1100)])
    assert found.lr[0, :1025].tolist() == [2.0**t for t in range(-1, 1024)]
    assert (found.status[0], found.steps[0]) == (Status.DIVERGED, 1026)
    assert found.lr[0, 1025] == math.inf
    steep = Run(Quadratic(eigenvalues=(1.0,)), scheduler=GreedyPrevious(factor=0.5), start=(1e150,), lr0=1e-9, steps=3)
    assert simulated([steep]).loss[0, 0] == 0.5 * 1e150 * 1e150
