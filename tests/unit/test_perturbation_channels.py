"""The study's disturbances act on the channel that is named, to the bit, and on nothing else."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import mpmath
import numba
import numpy as np
import pytest

from greedylr_theory import Run, Trajectory, load, simulate
from greedylr_theory.objectives import Logistic, Quadratic, Rosenbrock
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import (
    Adversarial,
    Burst,
    Drift,
    Gaussian,
    GradientNoise,
    Kick,
    LossNoise,
    NoPerturbation,
    Oscillatory,
    PeriodicSpike,
    Plateau,
    RandomSpike,
)
from greedylr_theory.perturbations._study import AMOUNT, CHANNELS, StudyPerturbation, phase
from greedylr_theory.perturbations.oscillatory import sine
from greedylr_theory.schedulers import Constant, GreedyBest, GreedyPrevious
from greedylr_theory.simulation.session import Session
from tests.contract._examples import TWO_CLASSES, assert_same_bits, assert_same_trajectory, simulated
from tests.contract.test_twins import assert_equals_twin

#: every kind of the study and the kick, with options that make it act within a few dozen steps
LIVELY: dict[type[StudyPerturbation], dict[str, Any]] = {
    Gaussian: {},
    PeriodicSpike: {"period": 5, "stretch": 3.0, "duration": 2},
    RandomSpike: {"probability": 0.3},
    Plateau: {"period": 10, "duration": 2, "scale": 1.0},
    Oscillatory: {},
    Drift: {"rate": 0.1},
    Burst: {"period": 10, "duration": 3},
    Adversarial: {},
    Kick: {"first": 1, "duration": 3},
}
KINDS = list(LIVELY)
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
channels = pytest.mark.parametrize("channel", CHANNELS)
acting = pytest.mark.parametrize("channel", CHANNELS[1:])


def lively(kind: type[StudyPerturbation], channel: str, strength: float = 0.3) -> Any:
    return kind(strength=strength, channel=channel, **LIVELY[kind])


def small(perturbation: Any, **fields: Any) -> Run:
    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(1.0, 10.0)),
        "scheduler": GreedyPrevious(factor=0.8, max_lr=0.15),
        "perturbation": perturbation,
        "lr0": 0.05,
        "steps": 40,
    }
    return Run(**usual | fields)


def replicates(run: Run, count: int = 8) -> list[Run]:
    return [dataclasses.replace(run, replicate=3 * r) for r in range(count)]


def differs(first: Trajectory, second: Trajectory, name: str) -> bool:
    return not np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)


def test_these_are_all_the_kinds_with_channels() -> None:
    found = {
        plugin for plugin in load("greedylr_theory.perturbations").values() if issubclass(plugin, StudyPerturbation)
    }
    assert found == set(KINDS)


@kinds
def test_strength_and_channel_come_first(kind: type[StudyPerturbation]) -> None:
    made = kind(0.25, "iterate")
    assert (made.strength, made.channel) == (0.25, "iterate")
    assert made.pack()[:2].tolist() == [0.25, CHANNELS.index("iterate")]
    assert kind().channel == "as_published"


def test_kinds_with_one_channel_say_so_on_the_class() -> None:
    assert (NoPerturbation.channel, GradientNoise.channel, LossNoise.channel) == ("none", "gradient", "observed_loss")
    assert GradientNoise().channel == "gradient"


@pytest.mark.parametrize("strength", [0.1, 0.5, 1.0])
@kinds
def test_as_published_nothing_changes(kind: type[StudyPerturbation], strength: float) -> None:
    """The number has no gradient and the scheduler sees the clean loss: every array of a run, bit for bit."""
    settings: list[dict[str, Any]] = [
        {"ordering": "before_update"},
        {"ordering": "after_update", "optimizer": Adam(), "scheduler": GreedyBest(patience=0, factor=0.9)},
        {"objective": Rosenbrock(), "lr0": 1e-4, "steps": 130},
        {"objective": Logistic(dataset=TWO_CLASSES, l2=0.1, batch=3), "optimizer": Adam(), "steps": 25},
        {"lr0": 1e70},  # diverges
    ]
    for fields in settings:
        for options in ({}, LIVELY[kind]):
            run = small(kind(strength=strength, channel="as_published", **options), **fields)
            clean = simulated(replicates(run.replaced("perturbation", NoPerturbation())))
            assert_same_trajectory(simulated(replicates(run)), clean)


@acting
@kinds
def test_every_other_channel_changes_what_it_acts_on(kind: type[StudyPerturbation], channel: str) -> None:
    slow: dict[str, Any] = {"scheduler": GreedyPrevious(factor=0.8, max_lr=0.01), "lr0": 0.005}
    clean, disturbed = (simulated(replicates(small(p, **slow))) for p in (NoPerturbation(), lively(kind, channel, 1.0)))
    assert differs(disturbed, clean, "observed")
    assert differs(disturbed, clean, "x_end")
    if channel == "observed_loss":
        assert differs(disturbed, clean, "lr"), "the scheduler takes other decisions"


@kinds
def test_the_observed_loss_feeds_nothing_but_the_scheduler(kind: type[StudyPerturbation]) -> None:
    flat = {"scheduler": Constant(), "optimizer": Adam()}
    clean, seen = (
        simulated(replicates(small(p, **flat))) for p in (NoPerturbation(), lively(kind, "observed_loss", 1.0))
    )
    assert differs(seen, clean, "observed")
    assert_same_trajectory(dataclasses.replace(seen, observed=clean.observed), clean)


@pytest.mark.parametrize("channel", ["gradient", "iterate"])
@kinds
def test_the_scheduler_sees_the_loss_that_is_recorded(kind: type[StudyPerturbation], channel: str) -> None:
    disturbed = simulated(replicates(small(lively(kind, channel))))
    assert_same_bits(disturbed.observed, disturbed.loss)


@channels
@kinds
def test_the_recorded_loss_is_the_clean_one(kind: type[StudyPerturbation], channel: str) -> None:
    run = small(lively(kind, channel), scheduler=Constant())
    whole = simulated([run])
    for steps in (1, 2, 7, 20):
        x = simulated([run.replaced("steps", steps)]).x_end[0]
        # the loss of x alone, of a run that starts there
        fresh = simulated([small(NoPerturbation(), start=tuple(x), steps=1)])
        assert_same_bits(whole.loss[0, steps], fresh.loss[0, 0])


@channels
@kinds
def test_a_kernel_writes_to_its_channel_and_its_state_only(kind: type[StudyPerturbation], channel: str) -> None:
    plugin, dim, lanes = lively(kind, channel), 3, 5
    rng = np.random.default_rng(3)
    params = np.repeat(plugin.pack()[:, None], lanes, axis=1)
    normal, uniform = plugin.draws(dim)
    state = np.zeros((plugin.state_rows(dim), lanes))
    changed: set[str] = set()
    for step in range(30):
        rows = [rng.normal(size=(normal + normal % 2, lanes)), rng.random(size=(uniform + uniform % 2, lanes))]
        arrays = {
            "loss": rng.random(lanes) + 0.5,
            "params": params.copy(),
            "draws": np.concatenate(rows),
            "observed": rng.random(lanes),
            "gradient": rng.normal(size=(dim, lanes)),
            "x": rng.normal(size=(dim, lanes)),
        }
        before = {name: array.copy() for name, array in arrays.items()}
        plugin.kernel(
            step, arrays["loss"], arrays["params"], arrays["draws"], state, arrays["observed"], arrays["gradient"],
            arrays["x"],
        )  # fmt: skip
        changed |= {name for name, array in arrays.items() if array.tobytes() != before[name].tobytes()}
    wanted = {
        "as_published": set(), "observed_loss": {"observed"}, "gradient": {"gradient"}, "iterate": {"x"},
        "objective": {"observed", "gradient"},
    }  # fmt: skip
    assert changed == wanted[channel]


@channels
@kinds
def test_strength_zero_changes_nothing(kind: type[StudyPerturbation], channel: str) -> None:
    clean = simulated(replicates(small(NoPerturbation())))
    assert_same_trajectory(simulated(replicates(small(lively(kind, channel, 0.0)))), clean)


@acting
def test_a_lane_without_amount_keeps_the_sign_of_its_zeros(channel: str) -> None:
    """Beside a lane that is disturbed and alone: adding 0 would turn -0 into +0."""
    plugin = Gaussian(1.0, channel)
    for others in (0.0, 1.0):
        params = np.repeat(plugin.pack()[:, None], 2, axis=1)
        params[0] = 0.0, others
        observed, gradient, x = np.full(2, -0.0), np.full((3, 2), -0.0), np.full((3, 2), -0.0)
        plugin.kernel(
            0, np.ones(2), params, np.ones((4, 2)), np.zeros((plugin.state_rows(3), 2)), observed, gradient, x
        )
        for array in (observed, gradient[:, 0], x[:, 0]):
            assert np.all(np.signbit(array[:1] if array is observed else array))


@channels
@kinds
def test_run_equals_its_twin_through_every_channel(kind: type[StudyPerturbation], channel: str) -> None:
    """Among the runs one whose start has an infinite loss, and two that diverge after a few steps."""
    run = small(lively(kind, channel), steps=35)
    runs = [*replicates(run, 2), run.replaced("start", (1e200, 0.0)), run.replaced("start", (-0.0, 5e-324))]
    runs += [dataclasses.replace(run, lr0=1e60), dataclasses.replace(run, perturbation=lively(kind, channel, 900.0))]
    for ordering in ("before_update", "after_update"):
        assert_equals_twin([one.replaced("ordering", ordering) for one in runs])


@channels
def test_published_numbers_equal_their_twins_over_several_periods(channel: str) -> None:
    for kind in KINDS:
        assert_equals_twin([small(kind(strength=s, channel=channel), steps=230, lr0=0.01) for s in (0.1, 1.0)])


@pytest.mark.parametrize("kind", [PeriodicSpike, Plateau, Gaussian, Drift, Burst, RandomSpike, Adversarial])
def test_the_largest_strengths_equal_their_twins(kind: type[StudyPerturbation]) -> None:
    """50 s overflows: the period is infinite, or the plateau endless."""
    for channel in ("observed_loss", "objective"):
        assert_equals_twin([small(kind(strength=1.7e308, channel=channel), steps=5)])


@kinds
def test_every_channel_meets_the_same_amounts(kind: type[StudyPerturbation]) -> None:
    """On a loss so small that no channel moves the iterate: own draws come before those of the channel."""
    amounts: dict[str, list[Any]] = {channel: [] for channel in CHANNELS}
    for channel, found in amounts.items():
        faint = Quadratic(eigenvalues=(1e-200, 1e-200, 1e-200))
        # the absolute amounts of some kinds move x, but these depend on the step alone
        run = small(lively(kind, channel), objective=faint, scheduler=Constant(), start=(1.0, 2.0, 3.0), lr0=1e-9)
        session = Session(replicates(run))
        for _ in range(30):
            session.advance(1)
            found.append(session.checkpoint()["state0"][:, AMOUNT].copy())
    relative = kind in (PeriodicSpike, RandomSpike, Oscillatory, Adversarial)
    # l_{-1} = 1 is not small: the first amount moves the iterate, and with it the losses that later amounts follow
    for channel, found in amounts.items():
        for t, (one, other) in enumerate(zip(found, amounts["as_published"], strict=True)):
            if relative and t > 0:
                assert_same_bits(one != 0.0, other != 0.0, f"{channel} at {t}")
            else:
                assert_same_bits(one, other, f"{channel} at {t}")
    if kind is not Adversarial:
        assert any(np.any(found != 0.0) for found in amounts["as_published"])


def test_channels_do_not_mix_in_one_call() -> None:
    runs = [small(Gaussian(0.1, channel)) for channel in ("gradient", "iterate")]
    with pytest.raises(ValueError, match="run 1 has another channel of the perturbation"):
        simulate(runs)


def test_adversarial_waits_for_two_losses_that_may_be_negative() -> None:
    plugin = Adversarial(1.0, "observed_loss")
    state, params, seen = np.zeros((plugin.state_rows(1), 1)), plugin.pack()[:, None], []
    for step, loss in enumerate([-1.0, -2.0, -3.0, -2.5, -4.0]):
        observed, gradient, x = np.array([loss]), np.zeros((1, 1)), np.zeros((1, 1))
        plugin.kernel(step, np.array([loss]), params, np.zeros((0, 1)), state, observed, gradient, x)
        seen.append(observed[0] - loss)
    assert seen == [0.0, 0.0, -1.0, -1.5, 0.0]


def test_a_direction_from_draws_that_are_all_zero_is_an_axis() -> None:
    plugin = Drift(1.0, "objective")
    state, params = np.zeros((plugin.state_rows(3), 2)), np.repeat(plugin.pack()[:, None], 2, axis=1)
    draws = np.array([[0.0, 3.0], [0.0, 0.0], [0.0, -4.0], [1.0, 1.0]])
    plugin.kernel(0, np.ones(2), params, draws, state, np.zeros(2), np.zeros((3, 2)), np.full((3, 2), 7.0))
    assert state[2:5].T.tolist() == [[1.0, 0.0, 0.0], [0.6, 0.0, -0.8]]
    assert np.all(state[5:8] == 7.0)


@numba.njit(error_model="numpy")
def phases(steps: Any, periods: Any) -> Any:
    out = np.empty(steps.size)
    for i in range(steps.size):
        out[i] = phase(steps[i], periods[i])
    return out


def test_remainders_are_exact() -> None:
    rng = np.random.default_rng(0)
    steps = np.concatenate([rng.integers(0, 2**31, 50000), rng.integers(0, 500, 50000), [0, 2**31 - 1, 2**31 - 1]])
    periods = np.concatenate([rng.integers(1, 2**31, 50000), rng.integers(1, 300, 50000), [1, 1, 2**31]])
    # multiples of the period and their neighbours are where a rounded quotient would show
    multiples = (steps // periods) * periods
    for shifted in (steps, multiples, np.maximum(multiples - 1, 0)):
        assert np.array_equal(phases(shifted, periods.astype(np.float64)), (shifted % periods).astype(np.float64))
    for period in (2.0**53, 1e300, math.inf):
        assert np.array_equal(phases(steps, np.full(steps.size, period)), steps.astype(np.float64))


@numba.njit(error_model="numpy")
def sines(angles: Any) -> Any:
    out = np.empty(angles.size)
    for i in range(angles.size):
        out[i] = sine(angles[i])
    return out


@pytest.mark.parametrize("strength", [0.0, 0.1, 0.5, 1.0, 5.9])
def test_the_sine_is_that_of_libm_up_to_a_million_steps(strength: float) -> None:
    angles = np.arange(1_000_001) * (0.1 + strength)
    computed = sines(angles)
    assert np.max(np.abs(computed - np.array([math.sin(angle) for angle in angles]))) < 1e-15  # of both together
    with mpmath.workdps(40):
        chosen = [*range(0, 1_000_001, 997), 1_000_000]
        worst = max(abs(mpmath.mpf(float(computed[t])) - mpmath.sin(mpmath.mpf(float(angles[t])))) for t in chosen)
    assert worst < 1e-15


def test_the_sine_loses_what_the_angle_has_lost_beyond_that() -> None:
    angles = np.geomspace(6e6, 1000.1 * 2.0**31, 300)
    computed = sines(angles)
    with mpmath.workdps(60):
        for angle, value in zip(angles, computed, strict=True):
            error = abs(mpmath.mpf(float(value)) - mpmath.sin(mpmath.mpf(float(angle))))
            assert error < 1e-15 + 1.2e-16 * angle
