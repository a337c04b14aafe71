"""The experiment on acceleration: spectra, the layout of its counts, and judgements that can fail."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from experiments.acceleration import CONDITIONS, METHODS, STARTS, arms, eigenvalues, iterations, judge, orders
from greedylr_theory.schedulers.chebyshev import Chebyshev

REPLICATES = 2


def table(order: float, lost: bool = False) -> pl.DataFrame:
    """Counts 5 kappa^order in every arm, in no order; the second replicate of uncapped rules is lost where wanted."""
    rows = [
        {
            "arm": arm,
            "replicate": replicate,
            "steps_to_tolerance": -1
            if lost and replicate and "uncapped" in arm
            else round(5 * int(arm.split("/")[-2]) ** order),
        }
        for arm in arms()
        for replicate in range(REPLICATES)
    ]
    return pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=4)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_spectrum_has_its_condition_number_and_no_regular_ratio(condition):
    spectrum = np.array(eigenvalues(condition))
    assert spectrum[0] == 1.0
    np.testing.assert_allclose(spectrum[0] / spectrum[-1], condition, rtol=1e-14)
    ratios = np.log(spectrum[:-1] / spectrum[1:]) / np.log(condition)
    ordered = sorted(ratios.tolist())
    assert min(b - a for a, b in pairwise(ordered)) > 1e-4


def test_counts_are_ordered_by_condition_and_slopes_are_recovered():
    found = iterations(table(0.75, lost=True))
    assert set(found) == set(METHODS)
    for name, counts in found.items():
        assert counts.shape == (len(CONDITIONS), STARTS * REPLICATES)
        slope, share = orders(counts)
        assert slope is not None
        assert share == (0.5 if "uncapped" in name else 1.0)
        assert abs(float(slope.value) - 0.75) < 2e-3  # counts are rounded to whole steps


def test_judgements_follow_the_slopes():
    held = [judgement.held for judgement in judge(table(1.0))]
    assert held == [True, True, False, False, True]
    assert not any(judgement.held for judgement in judge(table(0.5)))


def test_a_rule_that_never_converges_is_told_so():
    lost = table(1.0).with_columns(
        steps_to_tolerance=pl.when(pl.col("arm").str.contains("uncapped")).then(-1).otherwise("steps_to_tolerance")
    )
    _, free, *_, late = judge(lost)
    assert not free.held
    assert not late.held
    assert "never converges" in free.evidence


def test_the_cycle_of_chebyshev_steps_reaches_the_tolerance():
    for arm, run in arms().items():
        if arm.startswith("Chebyshev"):
            rule, root = run.scheduler, np.sqrt(float(arm.split("/")[1]))
            assert isinstance(rule, Chebyshev)
            beta = (root - 1.0) / (root + 1.0)
            assert rule.total is not None
            assert 2.0 * beta**rule.total / (1.0 + beta ** (2 * rule.total)) <= 1e-3
