"""The experiment on refined schedules: what is measured of a run, of one that diverged, and what is judged."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import polars as pl
import pytest

from experiments.refined_schedules import ADAM, ARMS, NOISE, POINTS, SWEEP, arms, curves, measure
from greedylr_theory import Batch, simulate
from greedylr_theory.drawing import provenance
from greedylr_theory.gradient_norms import gradient_norms
from greedylr_theory.refinement import refine
from paper_figures.refined_schedules import FIGURE, SYNTHETIC, synthetic


def measured(arm: str, lr0: float) -> tuple[Batch, dict[str, np.ndarray]]:
    batch = Batch(arms()[arm].replaced("steps", 30), {"replicate": np.arange(3), "lr0": np.array([lr0, 0.01, 0.02])})
    return batch, measure(batch, simulate(batch, stride=1))


@pytest.mark.parametrize(("arm", "kind"), [(NOISE, "l2"), (ADAM, "l1")])
def test_columns_are_what_refine_says_of_the_norms(arm: str, kind: str) -> None:
    batch, found = measured(arm, 0.01)
    norms = gradient_norms(batch)
    for r, values in enumerate(norms.l1 if kind == "l1" else norms.l2):
        refined = refine(values, kind=kind)  # pyright: ignore[reportArgumentType]
        assert found["peak_share"][r] == refined.argmax / 29
        assert found["exponent"][r] == refined.fit.exponent
        assert found["schedule"][r].tolist() == refined.at(np.linspace(0, 1, POINTS)).tolist()
        assert found["norms"][r, 0] == values[0]


def test_a_run_that_diverges_has_no_schedule_and_is_left_out_of_curves() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        _, found = measured(NOISE, 1e200)
    assert np.isnan(found["peak_share"]).tolist() == [True, False, False]
    assert np.all(np.isnan(found["published"][0]))
    table = pl.DataFrame({name: values.tolist() for name, values in found.items()} | {"arm": [NOISE] * 3})
    assert curves(table, NOISE, "schedule").shape == (2, POINTS)


def test_predictions_are_judged_by_shares_of_runs() -> None:
    """A table in which every prediction holds, and one with every schedule turned round."""

    def table(peaks: tuple[float, ...], exponent: float, apart: float) -> pl.DataFrame:
        line = np.linspace(1, 0, POINTS)
        rows = [
            {
                "arm": arm,
                "peak_share": peak,
                "exponent": exponent,
                "warmup": 0.0,
                "steps": 1000,
                "schedule": line.tolist(),
                "published": (line + apart).tolist(),
            }
            for arm, peak in zip(ARMS, peaks, strict=True)
            for _ in range(10)
        ]
        return pl.DataFrame(rows)

    assert [j.held for j in SWEEP.judge(table((0.0, 0.1, 0.6, 0.05, 0.05), 1.0, 0.05))] == [True] * 5
    assert [j.held for j in SWEEP.judge(table((0.0, 0.6, 0.1, 0.01, 0.05), 1.2, 0.15))] == [False] * 5


def test_synthetic_norms_give_warmup_where_they_fall_and_a_shape_by_what_follows() -> None:
    fits = {name.removeprefix("synthetic: "): refine(synthetic(name), smoothing=0).fit for name in SYNTHETIC}
    assert (fits["flat"].warmup, fits["flat"].exponent) == (0.0, 1.0)
    for name in ("fall, then flat", "fall, then rise", "fall, then fall"):
        assert 0.1 < fits[name].warmup < 0.15
    exponents = [fits[f"fall, then {what}"].exponent for what in ("fall", "flat", "rise")]
    assert exponents[0] < 0.6 < 0.9 < exponents[1] < 1.1 < 2.0 < exponents[2]


def test_a_figure_is_made_anew_when_data_from_outside_are_others() -> None:
    """Recorded sequences are no result of a sweep: their digest is part of what a figure is made from."""
    without = dataclasses.replace(FIGURE, outside=None)
    assert "outside" not in provenance(without, {})
    one, other = (provenance(dataclasses.replace(FIGURE, outside=lambda text=text: text), {}) for text in ("a", "b"))
    assert one != other
    assert provenance(dataclasses.replace(FIGURE, outside=lambda: ""), {}) == provenance(without, {})
