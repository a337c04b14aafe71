"""The experiment on the death of the step size: the phases it speaks of, and judgements that can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from flint import arb

from experiments.death import PATIENCE, QUICK, STANDARD, SWEEP, judge, log_product, outcomes
from greedylr_theory.sweeps import Size, execute
from greedylr_theory.theory import death


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    size = Size({"scheduler.factor": (0.3, 0.36, 0.5, 0.52)}, steps=700, replicates=12)
    small = dataclasses.replace(SWEEP, sizes={"standard": size})
    return execute(small, folder=tmp_path_factory.mktemp("results"), engine="local:1").table


def test_every_phase_is_the_point_of_the_lattice_in_its_interval(table):
    rows = outcomes(table)
    factor, phase = rows["scheduler.factor"].to_numpy(), rows["phase"].to_numpy()
    assert np.all((phase >= 2.0 * factor) & (phase < 2.0))
    levels = np.log(phase / rows["lr0"].to_numpy()) / np.log(factor)
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-12)


def test_the_first_prediction_holds_and_fails_when_one_run_is_called_otherwise(table):
    first, *_ = judge(table)
    assert first.held
    turned = table.with_columns(end_lr=pl.when(pl.int_range(pl.len()) == 5).then(1.0).otherwise("end_lr"))
    turned = turned.with_columns(best_loss=pl.when(pl.int_range(pl.len()) == 40).then(0.0).otherwise("best_loss"))
    assert not judge(turned)[0].held


@pytest.mark.parametrize("p", PATIENCE)
def test_the_product_in_floating_point_is_that_of_the_library(p):
    for F, v in ((0.1, 0.7), (0.3, 1.2), (0.52, 1.9)):
        exact = death.excess(arb(F), p, arb(v))
        # eighty rounded logarithms
        assert abs(float(log_product(np.array(F), p, np.array(v))) - float(exact.mid())) < 1e-12


def test_sizes_contain_the_factor_that_a_prediction_names():
    assert 0.3 in QUICK
    assert set(QUICK) <= set(STANDARD)
