"""Run.controls and phases: other numbers than the step size move, and schedulers take turns, as plain Python says."""

from __future__ import annotations

import dataclasses
import math
import pickle
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.contracts import Objective, Optimizer, objective_kernel, optimizer_kernel
from greedylr_theory.objectives import Huber, LeastSquares, Logistic, Quadratic, Rosenbrock
from greedylr_theory.optimizers import Adam, GradientDescent
from greedylr_theory.params import Interval, param
from greedylr_theory.perturbations import GradientNoise, LossNoise
from greedylr_theory.schedulers import (
    Constant,
    Cosine,
    Exponential,
    GreedyBest,
    GreedyPrevious,
    Linear,
    Sequential,
    Table,
    Warmup,
)
from greedylr_theory.simulation import driver
from greedylr_theory.simulation.session import Session
from tests.contract._examples import (
    TWO_CLASSES,
    assert_same_bits,
    assert_same_trajectory,
    several,
    simulated,
    working_run,
)
from tests.contract.test_twins import assert_equals_twin
from tests.naive import objectives

ORDERINGS = ("before_update", "after_update")
BOUNDED = {"min_lr": 0.1, "max_lr": 0.95}


@objective_kernel
def copies_of_a_parabola(x, params, data, draws, workspace, gradient, loss):
    """f(x) = copies / 2 x^2 per lane."""
    for lane in range(loss.size):
        gradient[0, lane] = params[0, lane] * x[0, lane]
        loss[lane] = 0.5 * gradient[0, lane] * x[0, lane]


@dataclass(frozen=True)
class Copies(Objective):
    """An objective with a whole number that its kernel reads."""

    copies: int = param(3, symbol="n", domain=Interval.closed(1, 8), doc="how many parabolas", kind="int")

    kernel: ClassVar[Any] = copies_of_a_parabola
    smoothness: ClassVar[float | None] = 8.0
    minimum: ClassVar[float | None] = 0.0

    @property
    def dim(self) -> int:
        return 1


def copies_twin(objective: Any, x: list[float], rows: None) -> Any:
    return 0.5 * (objective.copies * x[0]) * x[0], [objective.copies * x[0]]


CONTROLLED: dict[str, Run] = {
    "momentum on a table": working_run(optimizer=Adam(), controls={"optimizer.beta1": Linear(end_factor=0.5)}),
    "momentum on a rule": working_run(
        optimizer=Adam(), controls={"optimizer.beta1": GreedyBest(patience=0, factor=0.9, **BOUNDED)}
    ),
    "two of the optimizer and one of the objective": working_run(
        objective=Huber(dimension=3, radius=0.5, curvature=2.0),
        optimizer=Adam(),
        controls={
            "optimizer.eps": Exponential(0.7),
            "optimizer.beta2": GreedyPrevious(factor=0.8, **BOUNDED),
            "objective.radius": Cosine(eta_min=0.1),
        },
    ),
    "the objective itself": working_run(
        objective=Rosenbrock(), lr0=1e-4, controls={"objective.scale": Table((1.0, 0.25, 2.0, 0.5))}
    ),
    "a sum that is sampled": working_run(
        objective=Logistic(dataset=TWO_CLASSES, l2=0.1, batch=5), controls={"objective.l2": Exponential(0.9)}
    ),
    "three phases and a control": working_run(
        optimizer=Adam(),
        scheduler=Sequential((Exponential(0.9), GreedyBest(patience=0, factor=0.7), Cosine()), (5.0, 21.0)),
        controls={"optimizer.beta1": Cosine(eta_min=0.2)},
    ),
    "a rule after its warmup and two controls": working_run(
        optimizer=Adam(),
        scheduler=Warmup(GreedyPrevious(factor=0.8), length=6),
        perturbation=GradientNoise(scale=0.1),
        controls={"optimizer.beta1": GreedyPrevious(factor=0.9, **BOUNDED), "optimizer.eps": Exponential(1.0)},
    ),
}
each = pytest.mark.parametrize("run", [pytest.param(run, id=name) for name, run in CONTROLLED.items()])


@pytest.mark.parametrize("ordering", ORDERINGS)
@each
def test_controls_and_phases_equal_their_plain_python_twins(run: Run, ordering: str) -> None:
    assert_equals_twin(several(run.replaced("ordering", ordering), 5))


@each
def test_controls_and_phases_do_not_depend_on_lanes_chunks_or_threads(run: Run) -> None:
    runs = several(run)
    expected = simulated(runs)
    for options in ({"lanes": 1}, {"lanes": 8, "chunk": 7}, {"lanes": 3, "threads": 2, "chunk": 1}):
        assert_same_trajectory(simulated(runs, **options), expected)
    order = np.random.default_rng(0).permutation(len(runs))
    assert_same_trajectory(simulated([runs[r] for r in order]), expected, order)
    for r in (0, 3, 10):
        assert_same_trajectory(simulated([runs[r]]), expected, slice(r, r + 1))


@each
def test_a_session_with_controls_goes_on_from_where_it_was(run: Run) -> None:
    runs = several(run)
    session, other = Session(runs, stride=1), Session(runs, stride=1)
    session.advance(11)
    other.restore(session.checkpoint())
    other.advance()
    assert_same_trajectory(other.trajectory(), simulated(runs))


@each
def test_a_control_changes_what_happens(run: Run) -> None:
    bare = simulated([dataclasses.replace(run, controls=())])
    assert not np.array_equal(simulated([run]).x_end, bare.x_end)
    constant = {path: Constant() for path, _ in run.controls}
    assert_same_trajectory(simulated([dataclasses.replace(run, controls=constant)]), bare)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_the_momentum_of_each_step_is_the_one_in_the_table(ordering: str) -> None:
    """Adam written out with a list of betas: beta_t for the update from x_t, whatever the ordering."""
    factors = (1.0, 0.5, 0.9, 0.25, 0.0)
    run = Run(
        Quadratic(eigenvalues=(2.0,)), optimizer=Adam(beta1=0.8, beta2=0.5, eps=0.0), scheduler=Constant(),
        start=(1.0,), lr0=0.125, steps=9, ordering=ordering, controls={"optimizer.beta1": Table(factors)},
    )  # fmt: skip
    betas = [0.8 * factors[min(t, len(factors) - 1)] for t in range(9)]
    x, first, second, weight1, weight2 = 1.0, 0.0, 0.0, 0.0, 0.0
    losses: list[float] = []
    for beta in betas:
        losses.append(x * x)
        slope = 2.0 * x
        weight1, weight2 = beta * weight1 + (1.0 - beta), 0.5 * weight2 + 0.5
        first, second = beta * first + (1.0 - beta) * slope, 0.5 * second + 0.5 * slope * slope
        x -= 0.125 / weight1 * (first / (math.sqrt(second) * (1.0 / math.sqrt(weight2))))
    trajectory = simulate([run], stride=1)
    assert_same_bits(trajectory.loss[0], losses)
    assert trajectory.x_end[0, 0] == x


def test_a_rule_that_is_a_control_sees_what_the_step_size_sees() -> None:
    """The same rule on both gives momenta in proportion to the rates one step later."""
    rule = GreedyPrevious(factor=0.5, min_lr=0.05, max_lr=0.8)
    run = Run(
        Quadratic(eigenvalues=(1.0, 10.0)), optimizer=Adam(beta1=0.1), scheduler=rule, lr0=0.1, steps=40,
        perturbation=LossNoise(scale=0.5), controls={"optimizer.beta1": rule},
    )  # fmt: skip
    rates = simulated([run]).lr[0]
    as_table = dataclasses.replace(run, controls={"optimizer.beta1": Table(tuple((rates / 0.1).tolist()))})
    # rates are 0.05, 0.1, 0.2, ...: 0.1 times their factors is exact
    assert set(rates) <= {0.05, 0.1, 0.2, 0.4, 0.8}
    assert_same_trajectory(simulated([as_table]), simulated([run]))


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(objectives.TWINS, "Copies", copies_twin)
    return Copies()


def test_whole_numbers_are_rounded(copies: Any) -> None:
    """To the nearest, halves to even: 3, 2.7, 2.43, ... and, exactly, 2.5, 3.5."""
    for rule in (
        Exponential(0.9),
        Table((1.0, 2.5 / 3.0, 3.5 / 3.0, 2.0)),
        GreedyBest(patience=0, min_lr=1.0, max_lr=8.0),
    ):
        run = Run(copies, scheduler=Constant(), lr0=0.07, steps=9, controls={"objective.copies": rule})
        assert_equals_twin([run.replaced("replicate", r) for r in range(3)])
    run = Run(
        copies,
        scheduler=Constant(),
        start=(1.0,),
        lr0=0.125,
        steps=4,
        controls={"objective.copies": Table((1.0, 0.5, 0.25))},
    )
    x = 1.0
    for count in (3, 2, 1, 1):  # 3, 1.5, 0.75
        x -= 0.125 * (count * x)
    assert simulate([run]).x_end[0, 0] == x


def test_what_a_schedule_rounds_to_must_be_in_range(copies: Any) -> None:
    run = Run(copies, scheduler=Constant(), lr0=0.1, steps=9, controls={"objective.copies": Exponential(0.5)})
    with pytest.raises(
        ValueError, match=r"^Run\.controls\['objective\.copies'\] must keep within \[1, 8\], but the schedule"
    ):
        simulate([run])


@each
def test_batch_with_controls_equals_the_list_of_its_runs(run: Run) -> None:
    values: dict[str, Any] = {"lr0": [1.0, 0.5, 2.0] * np.array(run.lr0), "replicate": [5, 0, 5]}
    for path, _ in run.controls:
        plugin, name = path.split(".")
        value = getattr(getattr(run, plugin), name)
        values[path] = [value, 0.9 * value, value]  # the base value of the control
    batch = Batch(run, values)
    assert [one.controls for one in batch] == [run.controls] * 3
    assert_same_trajectory(simulated(batch), simulated(list(batch)))
    for r, one in enumerate(batch):
        assert_same_trajectory(simulated([one]), simulated(batch), slice(r, r + 1))


class TestKeys:
    """A key identifies the run, its controls included."""

    def test_without_controls_it_is_what_it_was_before_there_were_any(self) -> None:
        quadratic = Quadratic(eigenvalues=(1.0, 10.0))
        run = Run(quadratic, scheduler=GreedyPrevious(factor=0.5), lr0=0.05, steps=30)
        assert run.key == "1c01e93cdf25f5cf74decfc84c048434"
        run = Run(quadratic, optimizer=Adam(), scheduler=Constant(), lr0=0.05, steps=30, ordering="before_update")
        assert run.key == "4e186d33170986391fec994264c58a47"

    def test_it_changes_with_every_control_and_not_with_their_order(self) -> None:
        run = working_run(optimizer=Adam())
        controls: list[dict[str, Any]] = [
            {},
            {"optimizer.beta1": Constant()},
            {"optimizer.beta1": Exponential(0.9)},
            {"optimizer.beta1": Exponential(0.8)},
            {"optimizer.beta2": Exponential(0.8)},
            {"optimizer.beta2": Exponential(0.8), "optimizer.beta1": Constant()},
        ]
        runs = [dataclasses.replace(run, controls=one) for one in controls]
        assert len({one.key for one in runs}) == len(controls)
        assert len({one.noise_key for one in runs}) == 1
        swapped = dataclasses.replace(run, controls=dict(reversed(controls[-1].items())))
        assert (swapped, swapped.key) == (runs[-1], runs[-1].key)

    def test_a_run_with_controls_can_be_hashed_replaced_and_sent_to_another_process(self) -> None:
        run = CONTROLLED["three phases and a control"]
        sent = pickle.loads(pickle.dumps(run))
        assert (sent, sent.key, hash(sent)) == (run, run.key, hash(run))
        assert run.replaced("lr0", 0.5).controls == run.controls
        assert run.replaced("controls", {}).key == dataclasses.replace(run, controls=()).key


@dataclass(frozen=True)
class Searching(GreedyPrevious):
    search: ClassVar[Any] = driver.no_search


@dataclass(frozen=True)
class Before(GreedyPrevious):
    ordering: ClassVar[str | None] = "before_update"


@optimizer_kernel
def nothing(step, lr, gradient, params, state, x):
    """Stays."""


@dataclass(frozen=True)
class Remembering(Optimizer):
    """Its state grows with a parameter."""

    memory: int = param(3, symbol="m", domain=Interval.closed(1, 9), doc="gradients kept", kind="int")

    kernel: ClassVar[Any] = nothing

    def state_rows(self, dim: int) -> int:
        return dim * self.memory


FEATURES: dict[str, Any] = {"features": ((1.0, 2.0), (0.0, 1.0)), "targets": (1.0, 0.0)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"controls": {"optimizer.speed": Constant()}},
            r"^Adam has no parameter 'speed'; its parameters are: beta1, beta2",
        ),
        (
            {"optimizer": GradientDescent(), "controls": {"optimizer.beta1": Constant()}},
            r"^GradientDescent has no parameter 'beta1'; its parameters are: none$",
        ),
        ({"controls": {"beta1": Constant()}}, r"must name optimizer\.<number> or objective\.<number>, got 'beta1'"),
        ({"controls": {"scheduler.factor": Constant()}}, r"must name optimizer\.<number> .*, got 'scheduler\.factor'"),
        ({"controls": {3: Constant()}}, r"must name optimizer\.<number> or objective\.<number>, got '3'"),
        (
            {"controls": {"objective.eigenvalues": Constant()}},
            "can move numbers that have a value, got 'objective.eigen",
        ),
        (
            {"objective": Logistic(dataset=TWO_CLASSES), "controls": {"objective.dataset": Constant()}},
            "can move numbers that have a value, got 'objective.dataset'",
        ),
        (
            {"objective": LeastSquares(**FEATURES, batch=2), "controls": {"objective.batch": Constant()}},
            r"cannot move 'objective\.batch', which decides more than one number of the kernel",
        ),
        (
            {"objective": LeastSquares(**FEATURES), "controls": {"objective.batch": Constant()}},
            r"can move numbers that have a value, got 'objective\.batch' = None",
        ),
        (
            {"objective": Rosenbrock(), "lr0": 1e-3, "controls": {"objective.dimension": Constant()}},
            r"cannot move 'objective\.dimension', which decides more than one number of the kernel",
        ),
        (
            {"optimizer": Remembering(), "controls": {"optimizer.memory": Constant()}},
            r"cannot move 'optimizer\.memory', which decides more than one number of the kernel",
        ),
        ({"controls": {"optimizer.beta1": 0.5}}, r"Run\.controls\['optimizer\.beta1'\] must be one rule .* got 0\.5"),
        (
            {"controls": {"optimizer.beta1": Searching(**BOUNDED)}},
            "must be one rule or schedule without parts, got Searching",
        ),
        (
            {"controls": {"optimizer.beta1": Warmup(Constant())}},
            "must be one rule or schedule without parts, got Warmup",
        ),
        (
            {"controls": {"optimizer.beta1": Sequential((Constant(), Constant()), (3.0,))}},
            "must be one rule or schedule without parts, got Sequential",
        ),
        ({"controls": {"optimizer.beta1": Before(**BOUNDED)}}, "is stepped after every update, which Before cannot be"),
        (
            {"controls": {"optimizer.beta1": GreedyBest()}},
            r"must keep within \[0, 1\) by its min_lr and max_lr, got Greedy",
        ),
        (
            {"controls": {"optimizer.beta1": GreedyBest(max_lr=1.0)}},
            r"must keep within \[0, 1\) by its min_lr and max_lr",
        ),
        (
            {
                "scheduler": Warmup(Constant()),
                "controls": {f"optimizer.{name}": Constant() for name in ("beta1", "beta2", "eps")},
            },
            "at most 4 phases of the scheduler and controls together, got 5",
        ),
        ({"controls": 5}, r"^Run\.controls must map paths such as 'optimizer\.momentum' to schedulers, got 5$"),
        ({"controls": None}, r"^Run\.controls must map paths such as 'optimizer\.momentum' to schedulers, got None$"),
        ({"controls": ["optimizer.beta1"]}, "must map paths such as 'optimizer.momentum' to schedulers"),
        (
            {"controls": (("optimizer.beta1", Constant()), ("optimizer.beta1", Cosine()))},
            r"must map paths such as 'optimizer\.momentum' to schedulers, each once",
        ),
    ],
)
def test_a_control_that_cannot_be_is_one_sentence(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        working_run(**{"optimizer": Adam()} | fields)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        (Linear(start_factor=1.0, end_factor=1.5), r"1\.\d+"),
        (Table((1.0, 1.0, 2.0)), r"1\.8"),
        (Exponential(1.0), None),
    ],
)
def test_a_schedule_may_not_leave_the_range_of_its_number(rule: Any, reached: str | None) -> None:
    run = working_run(optimizer=Adam(beta1=0.9), controls={"optimizer.beta1": rule})
    if reached is None:
        simulated([run])
        return
    with pytest.raises(ValueError, match=rf"must keep within \[0, 1\), but the schedule reaches {reached}$"):
        simulated([run])


def test_runs_of_one_simulation_share_the_shape_of_their_controls() -> None:
    def run(**controls: Any) -> Run:
        return working_run(optimizer=Adam(), controls={f"optimizer.{name}": rule for name, rule in controls.items()})

    mixed: list[list[Run]] = [
        [run(), run(beta1=Constant())],
        [run(beta1=Constant()), run(beta2=Constant())],
        [run(beta1=Constant()), run(beta1=Cosine())],
        [run(beta1=Table((1.0, 0.5))), run(beta1=Table((1.0, 0.5, 0.25)))],
    ]
    for runs in mixed:
        with pytest.raises(ValueError, match=r"^runs must share .* run 1 has another .*controls?") as caught:
            simulated(runs)
        assert "\n" not in str(caught.value)
    runs = [run(beta1=Exponential(factor)) for factor in (0.9, 0.5)]
    for r, one in enumerate(runs):
        assert_same_trajectory(simulated([one]), simulated(runs), slice(r, r + 1))


def test_the_phases_of_the_runs_start_together() -> None:
    runs = [working_run(scheduler=Warmup(Constant(), length=length)) for length in (3, 4)]
    with pytest.raises(ValueError, match="run 1 has another phases"):
        simulated(runs)
