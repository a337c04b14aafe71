"""The study's disturbances have the laws that are stated, as seen in what `simulate` returns.

Random ones are tested at fixed seeds: a right law passes with the probability given beside each bound, had the seed
been drawn. Every such test has a control, the same test on a law that is 3 % off, which it must reject.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from greedylr_theory import Batch, Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.perturbations import (
    Adversarial,
    Burst,
    Drift,
    Gaussian,
    Oscillatory,
    PeriodicSpike,
    Plateau,
    RandomSpike,
)
from greedylr_theory.schedulers import Constant, GreedyPrevious

STRENGTHS = (0.1, 0.5, 1.0)
#: the strength scales the amounts: one of the study's three is enough for every day
strengths = pytest.mark.parametrize(
    "strength", [s if s == 0.5 else pytest.param(s, marks=pytest.mark.slow) for s in STRENGTHS]
)
#: a right law is rejected with this probability by each single test below
LEVEL = 1e-4
#: the same for a normal deviate on both sides
DEVIATES = float(stats.norm.isf(LEVEL / 2))
WRONG = 1.03


def simulated(perturbation: Any, count: int, steps: int, **fields: Any) -> Any:
    """`count` replicates with everything recorded; f = 0 unless another objective is given."""
    usual: dict[str, Any] = {
        "objective": Quadratic(eigenvalues=(0.0, 0.0)),
        "scheduler": Constant(),
        "lr0": 1.0,
        "start": (0.0, 0.0),
    }
    run = Run(perturbation=perturbation, steps=steps, **usual | fields)
    return simulate(Batch(run, {"replicate": np.arange(count)}), stride=1)


def amounts(perturbation: Any, count: int, steps: int) -> Any:
    """a_t (R, T) as the difference of what the scheduler saw and what was recorded, on f = 0."""
    trajectory = simulated(perturbation, count, steps)
    assert not trajectory.loss.any()
    return trajectory.observed - trajectory.loss


def heights(perturbation: Any, count: int, steps: int) -> Any:
    """a_t (R, T) where every recorded loss is 1, and so is the one that stands for the loss before the start."""
    level = {"objective": Quadratic(eigenvalues=(2.0,)), "start": (1.0,), "lr0": 1e-300}
    trajectory = simulated(perturbation, count, steps, **level)
    assert np.all(trajectory.loss == 1.0)
    return trajectory.observed - trajectory.loss


def is_normal(sample: Any, deviation: float) -> bool:
    """Whether a sample passes as independent N(0, deviation^2): distribution, and moments of order 1 to 4."""
    z = np.ravel(sample) / deviation
    n = z.size
    scores = [
        math.sqrt(n) * np.mean(z),
        math.sqrt(n / 2) * (np.mean(z**2) - 1.0),
        math.sqrt(n / 15) * np.mean(z**3),
        math.sqrt(n / 96) * (np.mean(z**4) - 3.0),
    ]
    return bool(np.all(np.abs(scores) < DEVIATES) and stats.kstest(z, "norm").pvalue > LEVEL)


def is_uniform(sample: Any) -> bool:
    """Whether a sample passes as independent and uniform in [0, 1)."""
    scores = (
        math.sqrt(12 * sample.size) * (np.mean(sample) - 0.5),
        math.sqrt(180 * sample.size) * (np.mean((sample - 0.5) ** 2) - 1 / 12),
    )
    inside = bool(np.all((sample >= 0.0) & (sample < 1.0)))
    return inside and bool(np.all(np.abs(scores) < DEVIATES)) and stats.kstest(sample, "uniform").pvalue > LEVEL


def are_independent(sample: Any) -> bool:
    """Whether the rows (R, T) pass as uncorrelated, with each other and from one column to the next."""
    rows, length = sample.shape
    z = (sample - sample.mean(axis=1, keepdims=True)) / sample.std(axis=1, keepdims=True)
    correlations = (z @ z.T / length)[np.triu_indices(rows, 1)]
    between = stats.chi2.sf(length * np.sum(correlations**2), correlations.size)
    later = math.sqrt(rows * (length - 1)) * np.mean(z[:, 1:] * z[:, :-1])
    return bool(between > LEVEL and np.max(np.abs(correlations)) < 6.0 / math.sqrt(length) and abs(later) < DEVIATES)


def are_unrelated(first: Any, second: Any) -> bool:
    """Whether two samples pass as independent of each other, by Spearman's rank correlation."""
    found: Any = stats.spearmanr(first, second)
    return bool(found.pvalue > LEVEL)


# the random amounts


@strengths
def test_gaussian(strength: float) -> None:
    sample = amounts(Gaussian(strength, "observed_loss"), 200, 1000)
    assert is_normal(sample, strength)
    assert is_normal(sample[:, 0], strength)
    assert not is_normal(sample, WRONG * strength)
    assert not is_normal(amounts(Gaussian(WRONG * strength, "observed_loss"), 200, 1000), strength)
    assert not is_normal(sample + 0.03 * strength, strength)


@pytest.mark.parametrize(("strength", "length"), [(0.1, 23), (0.33, 29), (0.5, 35), (1.0, 50)])
def test_plateau(strength: float, length: int) -> None:
    """int(20 + 30 s) steps of every hundred; int truncates, as at s = 0.33."""
    assert length == int(20 + 30 * strength)
    sample = amounts(Plateau(strength, "observed_loss"), 500, 1050)
    inside = np.arange(1050) % 100 < length
    assert not sample[:, ~inside].any()
    assert np.all(sample[:, inside] != 0.0)
    assert is_normal(sample[:, inside], 0.05 * strength)
    assert not is_normal(sample[:, inside], 0.05 * WRONG * strength)
    other = amounts(Plateau(strength, "observed_loss", scale=0.05 * WRONG), 500, 1050)
    assert not is_normal(other[:, inside], 0.05 * strength)


@strengths
def test_burst(strength: float) -> None:
    sample = amounts(Burst(strength, "observed_loss"), 1000, 850)
    inside = np.arange(850) % 200 < 20
    assert inside.sum() == 100
    for part, deviation in ((inside, 3.0 * strength), (~inside, 0.1 * strength)):
        assert is_normal(sample[:, part], deviation)
        assert not is_normal(sample[:, part], WRONG * deviation)
    # one step of a burst counted to the rest, or the other way round
    for shifted in (np.roll(inside, 1), np.roll(inside, -1)):
        assert not is_normal(sample[:, ~shifted], 0.1 * strength)


@strengths
def test_random_spike(strength: float) -> None:
    sample = heights(RandomSpike(strength, "observed_loss"), 1000, 2000)
    spikes = sample != 0.0
    count = int(spikes.sum())
    assert stats.binomtest(count, spikes.size, 0.02).pvalue > LEVEL
    assert stats.binomtest(count, spikes.size, 0.02 * WRONG).pvalue < LEVEL
    other = heights(RandomSpike(strength, "observed_loss", probability=0.02 * WRONG), 1000, 2000) != 0.0
    assert stats.binomtest(int(other.sum()), other.size, 0.02).pvalue < LEVEL
    # spikes come independently: pairs of consecutive ones are as frequent as two spikes are
    pairs = spikes[:, 1:] & spikes[:, :-1]
    deviation = (pairs.sum() - 4e-4 * pairs.size) / math.sqrt(4e-4 * pairs.size)
    assert abs(deviation) < DEVIATES
    uniform = (sample[spikes] / strength - 0.5) / 1.5
    # 1 + a - 1 carries a rounding error that may lead out of [0, 1)
    assert np.all(np.abs(uniform - 0.5) < 0.5 + 1e-14)
    uniform = np.clip(uniform, 0.0, 1.0 - 1e-14)
    assert is_uniform(uniform)
    assert not is_uniform(WRONG * uniform)
    assert not is_uniform(uniform**WRONG)
    times = np.nonzero(spikes)[1]
    assert are_unrelated(uniform, times)
    wider = heights(RandomSpike(strength, "observed_loss", spread=1.5 * WRONG), 1000, 2000)
    assert not is_uniform((wider[wider != 0.0] / strength - 0.5) / 1.5)


def test_replicates_and_steps_are_independent() -> None:
    sample = amounts(Gaussian(1.0, "observed_loss"), 60, 4000)
    assert are_independent(sample)
    assert are_independent((heights(RandomSpike(1.0, "observed_loss", probability=0.5), 60, 4000) != 0.0) * 1.0)
    mixed = sample.copy()
    mixed[1] += 0.2 * sample[0]
    assert not are_independent(mixed)
    echo = sample.copy()
    echo[:, 1:] += 0.03 * sample[:, :-1]
    assert not are_independent(echo)


# the amounts that nothing random enters


def falling_and_rising(perturbation: Any, steps: int = 700) -> Any:
    """Recorded losses (R, T) that fall and rise, and what the scheduler saw."""
    trajectory = simulated(
        perturbation, 6, steps, objective=Quadratic(eigenvalues=(1.0, 2.0)), start=(1.0, 3.0),
        scheduler=GreedyPrevious(factor=0.7), lr0=0.3,
    )  # fmt: skip
    moves = np.sign(np.diff(trajectory.loss, axis=1))
    assert (moves < 0).any()
    assert (moves > 0).any()
    return trajectory


def last_losses(loss: Any) -> Any:
    return np.concatenate([np.ones((len(loss), 1)), loss[:, :-1]], axis=1)


@strengths
def test_periodic_spike(strength: float) -> None:
    found = falling_and_rising(PeriodicSpike(strength, "observed_loss"))
    spike = np.arange(700) % (50 + int(50 * strength)) < 3
    wanted = np.where(spike, found.loss + strength * last_losses(found.loss), found.loss)
    assert np.array_equal(found.observed, wanted)
    assert np.array_equal((found.observed != found.loss).all(axis=0), spike)


def test_the_period_of_spikes_is_truncated() -> None:
    times = np.nonzero(heights(PeriodicSpike(0.279, "observed_loss"), 1, 400)[0])[0]
    assert 50 * 0.279 > 13.9
    assert times.tolist() == [t for t in range(400) if t % 63 < 3]


@strengths
def test_oscillatory(strength: float) -> None:
    found = falling_and_rising(Oscillatory(strength, "observed_loss"))
    previous = last_losses(found.loss)
    wave = np.array([math.sin(t * (0.1 + strength)) for t in range(700)])
    error = np.abs(found.observed - (found.loss + strength * previous * wave))
    assert np.all(error <= 2e-15 * (found.loss + previous))
    other = np.array([math.sin(t * (0.1 + WRONG * strength)) for t in range(700)])
    assert np.any(np.abs(found.observed - (found.loss + strength * previous * other)) > strength * previous)


@strengths
def test_drift(strength: float) -> None:
    found = amounts(Drift(strength, "observed_loss"), 2, 3000)
    assert np.array_equal(found, np.repeat(0.001 * strength * np.arange(3000.0)[None], 2, axis=0))


@strengths
def test_adversarial(strength: float) -> None:
    """The last recorded loss is below the one before: known from the third step on."""
    found = falling_and_rising(Adversarial(strength, "observed_loss"))
    loss = found.loss
    amount = np.zeros_like(loss)
    amount[:, 2:] = np.where(loss[:, 1:-1] < loss[:, :-2], 0.5 * strength * loss[:, 1:-1], 0.0)
    assert np.array_equal(found.observed, loss + amount)
    assert 0.1 < np.mean(amount[:, 2:] > 0.0) < 0.99


def test_adversarial_takes_a_tie_for_no_fall() -> None:
    assert not heights(Adversarial(1.0, "observed_loss"), 2, 50).any()


# what the amounts do through the other channels


def displacements(channel: str, step: int, dim: int, count: int = 40000) -> tuple[Any, Any]:
    """What one step adds to x (R, d) on f = 0 with gradient descent of rate 1, and the amount (R,) of that step."""
    flat = {"objective": Quadratic(eigenvalues=(0.0,) * dim), "start": (0.0,) * dim}

    def ends(steps: int) -> Any:
        run = Run(perturbation=Gaussian(0.5, channel), scheduler=Constant(), lr0=1.0, steps=steps, **flat)
        return simulate(Batch(run, {"replicate": np.arange(count)})).x_end

    moved = ends(step + 1) - (ends(step) if step else 0.0)
    seen = simulated(Gaussian(0.5, "observed_loss"), count, step + 1, **flat).observed[:, step]
    return (-moved if channel == "gradient" else moved), seen


def is_isotropic(z: Any) -> bool:
    """Whether rows (R, d) pass as standard normal vectors: coordinates, covariance, length and direction."""
    count, dim = z.shape
    covariance = z.T @ z / count
    scores = math.sqrt(count) * covariance[np.triu_indices(dim, 1)]
    square = np.sum(z**2, axis=1)
    direction = z / np.sqrt(square)[:, None]
    # the mean of unit vectors: count d |mean|^2 is chi-squared with d degrees of freedom
    resultant = stats.chi2.sf(count * dim * np.sum(np.mean(direction, axis=0) ** 2), dim)
    # the square of a coordinate of a random direction is Beta(1/2, (d - 1)/2)
    shares = [stats.kstest(direction[:, i] ** 2, stats.beta(0.5, 0.5 * (dim - 1)).cdf).pvalue for i in range(dim)]
    return bool(
        all(is_normal(z[:, i], 1.0) for i in range(dim))
        and np.all(np.abs(scores) < DEVIATES)
        and stats.kstest(square, stats.chi2(dim).cdf).pvalue > LEVEL
        and resultant > LEVEL
        and min(shares) > LEVEL
        and are_unrelated(square, direction[:, 0])
    )


@pytest.mark.parametrize(
    ("channel", "dim", "step"), [("gradient", 2, 3), ("gradient", 5, 0), ("iterate", 2, 0), ("iterate", 5, 3)]
)
def test_noise_is_isotropic_and_of_the_size_of_the_amount(channel: str, dim: int, step: int) -> None:
    moved, amount = displacements(channel, step, dim)
    z = moved * math.sqrt(dim) / amount[:, None]
    assert is_isotropic(z)
    # E norm(noise)^2 = a^2, with variance 2 / d in units of a^4
    ratio = np.mean(np.sum(moved**2, axis=1) / amount**2)
    assert abs(ratio - 1.0) < DEVIATES * math.sqrt(2 / dim / len(z))
    assert are_unrelated(np.abs(amount), np.sum(z**2, axis=1))
    assert are_unrelated(amount, z[:, 0])
    assert abs(np.mean(z[1:] * z[:-1])) < DEVIATES / math.sqrt(z.size), "replicates are independent"
    stretched = z * np.array([WRONG, *[1.0] * (dim - 1)])
    assert not is_isotropic(stretched)
    assert not is_isotropic(WRONG * z)
    assert not is_isotropic(z / math.sqrt(dim))
    mixed = z.copy()
    mixed[:, 1] = (z[:, 1] + 0.05 * z[:, 0]) / math.hypot(1.0, 0.05)
    assert not is_isotropic(mixed)


def test_noise_of_consecutive_steps_is_independent() -> None:
    (first, a), (second, b) = (displacements("gradient", step, 3) for step in (1, 2))
    scores = (first / a[:, None]).T @ (second / b[:, None]) * 3.0 / math.sqrt(len(first))
    assert np.all(np.abs(scores) < DEVIATES)


def directions(channel: str, dim: int, steps: int) -> Any:
    """Successive displacements (T, R, d) over amounts, on f = 0."""
    found = []
    for step in range(steps):
        moved, amount = displacements(channel, step, dim, 20000)
        found.append(-moved / amount[:, None])
    return np.array(found)


def test_a_tilt_has_one_isotropic_direction_per_replicate() -> None:
    e = directions("objective", 3, 4)
    assert np.all(np.abs(np.linalg.norm(e[0], axis=1) - 1.0) < 1e-14)
    # later displacements are differences of iterates: the smallest amount over 20,000 runs divides their rounding
    assert np.all(np.abs(e - e[0]) < 1e-9)
    # by Archimedes a coordinate of a random direction in space is uniform in [-1, 1]
    for i in range(3):
        assert is_uniform(0.5 * (1.0 + e[0, :, i]))
    covariance = 3.0 * e[0].T @ e[0] / len(e[0])
    scores = np.sqrt(len(e[0])) * covariance[np.triu_indices(3, 1)] / math.sqrt(9 / 15)
    assert np.all(np.abs(scores) < DEVIATES)
    assert abs(np.mean(e[0, 1:] * e[0, :-1])) < DEVIATES / math.sqrt(3.0 * e[0].size)
    amount = displacements("objective", 0, 3, 20000)[1]
    assert all(are_unrelated(amount, e[0, :, i]) for i in range(3))
    flattened = e[0] * np.array([1.0, 1.0, 0.9])
    assert not is_uniform(0.5 * (1.0 + flattened[:, 2] / np.linalg.norm(flattened, axis=1)))


def test_a_tilt_changes_loss_and_gradient_of_one_and_the_same_function() -> None:
    """In one dimension e = 1 or -1: x_t and the observed loss follow from f(x) + a_t e (x - x_0), and from f alone the
    recorded one."""
    steps, rate = 30, 0.1
    fields = {"objective": Quadratic(eigenvalues=(2.0,)), "start": (1.5,), "lr0": rate}
    found = simulated(Drift(1.0, "objective", rate=0.2), 40, steps, **fields)
    signs = set()
    for r in range(40):
        fits = {}
        for e in (1.0, -1.0):
            x, loss, observed = 1.5, [], []
            for t in range(steps):
                a = 0.2 * t
                loss.append(x * x)
                observed.append(x * x + a * e * (x - 1.5))
                x -= rate * (2.0 * x + a * e)
            fits[e] = np.allclose(found.loss[r], loss, rtol=1e-10, atol=1e-12) and np.allclose(
                found.observed[r], observed, rtol=1e-10, atol=1e-12
            )
        assert sum(fits.values()) == 1
        signs.add(fits[1.0])
    assert signs == {True, False}
