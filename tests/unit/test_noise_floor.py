"""The experiment on the noise floor: what a constant rate does is known exactly, and judgements can fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from experiments.noise_floor import CAPS, DISTANCE, RATIOS, STEPS, SWEEP, judge, outcomes
from greedylr_theory.sweeps import Size, execute


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    size = Size({"scheduler.factor": (0.5, 0.9)}, steps=STEPS, replicates=100)
    small = dataclasses.replace(SWEEP, sizes={"standard": size})
    return execute(small, folder=tmp_path_factory.mktemp("results"), engine="local:1").table


def test_a_constant_rate_has_the_mean_square_of_its_recursion(table):
    rows = outcomes(table).filter(pl.col("ratio") == 1)
    rate = rows["scheduler.max_lr"].to_numpy()
    # E x^2 <- (1 - gamma)^2 E x^2 + gamma^2
    kept = (1.0 - rate) ** (2 * STEPS)
    exact = kept * DISTANCE**2 + rate**2 * (1.0 - kept) / (1.0 - (1.0 - rate) ** 2)
    # five standard errors: a chance of 6e-7 per setting
    assert np.all(np.abs(rows["mean"].to_numpy() - exact) < 5.0 * rows["error"].to_numpy())


def test_every_setting_is_there_once(table):
    rows = outcomes(table)
    assert rows.height == 2 * len(CAPS) * len(RATIOS)
    assert set(rows["ratio"]) == set(RATIOS)


def test_the_bounds_hold_and_a_larger_loss_breaks_them(table):
    assert [judgement.held for judgement in judge(table)][::3] == [True, True]
    raised = table.with_columns(end_loss=pl.col("end_loss") * 40.0)
    assert [judgement.held for judgement in judge(raised)][::3] == [False, False]
