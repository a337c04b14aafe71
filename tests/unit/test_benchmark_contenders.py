"""Every competitor of the benchmark computes what the package computes, and its noise has the right law."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from benchmarks import agreement, through_c, through_jax, through_numpy, through_torch, through_torch_batched, workloads
from benchmarks.contender import Choice
from benchmarks.workloads import WORKLOADS, Outcome, Workload
from greedylr_theory import Batch, simulate

RUNS = 40  # not a multiple of the lanes, so that the last block is filled up
BY_NAME = {workload.name: workload for workload in WORKLOADS}
#: gcc takes a second or two for each
COMPILED = [WORKLOADS[1], WORKLOADS[7]]
OTHERS = [pytest.param(w, marks=pytest.mark.slow) for w in WORKLOADS if w not in COMPILED]

needs_gcc = pytest.mark.skipif(through_c.absent() is not None, reason="gcc is not installed")


def ids(value: object) -> str | None:
    return value.name.replace(" ", "_") if isinstance(value, Workload) else None


def require_agreement(workload: Workload, found: Outcome, name: str) -> None:
    agreement.require_close(workload, name, found, workloads.through_package(workload, found.end.size))


def test_the_workloads_cover_what_they_should() -> None:
    problems = {(w.objective, w.dim) for w in WORKLOADS}
    assert problems == {("quadratic", 15), ("rosenbrock", 5), ("rosenbrock", 2), ("rastrigin", 10), ("ackley", 8)}
    assert sum(not w.adam for w in WORKLOADS) == 2
    assert {w.schedule for w in WORKLOADS} == {"greedy", "cosine"}
    assert {w.disturbance for w in WORKLOADS} == {"none", "gradient_noise", "periodic_spike", "random_spike"}
    assert len(BY_NAME) == 9


@pytest.mark.parametrize("workload", WORKLOADS, ids=ids)
def test_numpy_agrees(workload: Workload) -> None:
    silenced = workload.silenced
    solve = through_numpy.solver(silenced, Choice(32, (("generator", "SFC64"),)))
    require_agreement(silenced, solve(workloads.starts(workload, RUNS)), "NumPy")


@needs_gcc
@pytest.mark.parametrize("workload", [*COMPILED, *OTHERS], ids=ids)
def test_scalar_c_agrees(workload: Workload) -> None:
    silenced = workload.silenced
    solve = through_c.SCALAR.solver(silenced, Choice(1))
    require_agreement(silenced, solve(workloads.starts(workload, RUNS)), "C")


@needs_gcc
@pytest.mark.parametrize("workload", [*COMPILED, *OTHERS], ids=ids)
def test_c_over_lanes_agrees_in_every_summary(workload: Workload) -> None:
    silenced = workload.silenced
    choice = Choice(16, (("fast_math", False), ("functions", "polynomials")))
    loaded = through_c.lane_library(silenced, choice, summaries=True)
    outcome, summaries = through_c.solved(silenced, loaded, workloads.starts(workload, RUNS))
    require_agreement(silenced, outcome, "C over lanes")
    rows = dict(zip(through_c.SUMMARIES, summaries, strict=True))
    ours = simulate(Batch(silenced.run, {"replicate": np.arange(RUNS)}))
    # counts of comparisons are equal; sums and losses as close as the outcome, for the same reason
    np.testing.assert_array_equal(rows["changes"], ours.lr_changes)
    np.testing.assert_array_equal(rows["reached"], ours.steps_to_tolerance)
    assert np.all(rows["ended"] == -1.0)
    scale = workload.magnitude
    for found, wanted in ((rows["final"], ours.final_loss), (rows["peak"], ours.peak_loss)):
        np.testing.assert_allclose(found, wanted, rtol=agreement.TOLERANCE, atol=agreement.TOLERANCE * scale)
    np.testing.assert_allclose(rows["rate_sum"], ours.lr_sum, rtol=1e-12)  # 200 terms, each right to a few 1e-16
    recovery = rows["peak"] / (rows["tail_sum"] / 10)
    np.testing.assert_allclose(recovery, ours.recovery_ratio, rtol=1e-3 if scale else agreement.TOLERANCE)


@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("workload", WORKLOADS, ids=ids)
@pytest.mark.parametrize("functions", ["polynomials", "libmvec"])
def test_c_over_lanes_agrees_under_fast_math(workload: Workload, functions: str) -> None:
    silenced = workload.silenced
    solve = through_c.LANED.solver(silenced, Choice(32, (("fast_math", True), ("functions", functions))))
    require_agreement(silenced, solve(workloads.starts(workload, RUNS)), "C over lanes")


@needs_gcc
def test_fast_math_leaves_the_subnormal_numbers_of_this_process_alone() -> None:
    choice = Choice(16, (("fast_math", True), ("functions", "polynomials")))
    solve = through_c.LANED.solver(WORKLOADS[2], choice)
    solve(workloads.starts(WORKLOADS[2], 16))
    smallest = np.full(8, 2.0**-1060)
    assert np.all(smallest * 0.5 == 2.0**-1061)


@needs_gcc
@pytest.mark.parametrize("source", ["scalar", "lanes"])
def test_the_draws_of_c_have_their_law(source: str) -> None:
    workload = WORKLOADS[1]
    if source == "scalar":
        loaded = through_c.scalar_library(workload)
    else:
        choice = Choice(16, (("fast_math", False), ("functions", "polynomials")))
        loaded = through_c.lane_library(workload, choice, summaries=True)
    count = 1_048_576
    normals, uniforms = through_c.draws(loaded, count)
    # moments 1 .. 4 within five of their standard errors
    for power, moment, variance in ((1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)):
        assert abs(np.mean(normals**power) - moment) < 5.0 * np.sqrt(variance / count)
    # a fixed seed: a p-value below 1e-4 would be a fault and not bad luck
    assert stats.kstest(normals, "norm").pvalue > 1e-4
    assert stats.kstest(uniforms, "uniform").pvalue > 1e-4
    # beyond 3.65 begins the tail of the ziggurat
    expected = stats.norm.sf(3.7) * count
    for side in (normals, -normals):
        assert abs(np.sum(side > 3.7) - expected) < 5.0 * np.sqrt(expected)
    lagged = [np.mean(normals[lag:] * normals[:-lag]) for lag in (1, 2, 16, 17, 32)]
    assert np.max(np.abs(lagged)) < 5.0 / np.sqrt(count)


@pytest.mark.parametrize("workload", [w for w in WORKLOADS if w.random], ids=ids)
def test_the_noise_of_numpy_acts_like_that_of_the_package(workload: Workload) -> None:
    solve = through_numpy.solver(workload, Choice(512, (("generator", "SFC64"),)))
    found = solve(workloads.starts(workload, 512))
    agreement.require_same_law(workload, "NumPy", found, workloads.through_package(workload, 512))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(
    "workload", [WORKLOADS[5], *(pytest.param(WORKLOADS[k], marks=pytest.mark.slow) for k in (0, 8))]
)
def test_a_torch_loop_agrees(workload: Workload, fused: bool) -> None:
    pytest.importorskip("torch")
    silenced = workload.silenced
    solve = through_torch.solver(silenced, Choice(1, (("fused", fused),)))
    require_agreement(silenced, solve(workloads.starts(workload, 2)), "PyTorch")


@pytest.mark.parametrize("gradients", ["formula", "autograd"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=ids)
def test_torch_over_runs_agrees(workload: Workload, gradients: str) -> None:
    pytest.importorskip("torch")
    silenced = workload.silenced
    solve = through_torch_batched.solver(silenced, Choice(32, (("gradients", gradients),)))
    require_agreement(silenced, solve(workloads.starts(workload, RUNS)), "PyTorch over runs")


@pytest.mark.slow
@pytest.mark.parametrize("gradients", ["formula", "value_and_grad"])
@pytest.mark.parametrize("runs", ["first", "last"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=ids)
def test_jax_agrees(workload: Workload, runs: str, gradients: str) -> None:
    pytest.importorskip("jax")
    through_jax.absent()
    silenced = workload.silenced
    options = (("gradients", gradients), ("runs", runs), ("generator", "threefry2x32"))
    solve = through_jax.solver(silenced, Choice(RUNS, options))
    require_agreement(silenced, solve(workloads.starts(workload, RUNS)), "JAX")


def test_a_competitor_that_does_something_else_is_refused() -> None:
    workload = WORKLOADS[0]
    other = dataclasses.replace(workload, max_lr=0.09)
    found = through_numpy.solver(other, Choice(32, (("generator", "SFC64"),)))(workloads.starts(workload, RUNS))
    with pytest.raises(RuntimeError, match="away from this package"):
        require_agreement(workload, found, "NumPy")


def test_noise_of_another_size_is_refused() -> None:
    workload = WORKLOADS[1]
    louder = dataclasses.replace(workload, sigma=1.2 * workload.sigma)
    found = through_numpy.solver(louder, Choice(512, (("generator", "SFC64"),)))(workloads.starts(workload, 512))
    with pytest.raises(RuntimeError, match="standard errors"):
        agreement.require_same_law(workload, "NumPy", found, workloads.through_package(workload, 512))
