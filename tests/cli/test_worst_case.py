"""`greedylr worst-case` as a user meets it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from greedylr_theory.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["worst-case", *arguments])


def test_a_schedule_stands_beside_what_theory_suggests():
    # with a cap at 1/L every line has a closed form, but for GreedyLR without a cap
    pytest.importorskip("PEPit")
    result = run("--schedule", "cosine", "--steps", "3", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    values = {row["name"]: row["value"] for row in found["rows"]}
    assert values["cosine"] == pytest.approx(1 / (4 * sum((1.0, 0.75, 0.25)) + 2))
    assert values["linear decay, same lr0"] == pytest.approx(1 / (4 * 2 + 2))
    assert values["constant, same lr0"] == pytest.approx(1 / 14)
    assert values["best constant"] < values["constant, same lr0"] < values["cosine"]
    assert values["silver, N = 3"] == pytest.approx(0.046918160678)
    assert found["lower_bound"] == pytest.approx(values["cosine"])
    (greedy,) = (row for row in found["rows"] if row["name"].startswith("GreedyLR"))
    assert greedy["steps"] == pytest.approx([1.0, 1 / 0.95, 1 / 0.95**2])


def test_the_steps_of_a_rule_are_those_that_it_took():
    pytest.importorskip("PEPit")
    options = ("--schedule", "greedy_previous", "--set", "factor=0.5", "--set", "max_lr=1", "--lr0", "0.3")
    result = run(*options, "--steps", "3", "--json")
    assert result.exit_code == 0, result.stderr
    row = json.loads(result.stdout)["rows"][0]
    assert row["steps"] == pytest.approx([0.3, 0.6, 1.0])
    assert row["value"] == pytest.approx(1 / (4 * 1.9 + 2))


def test_the_table_names_class_bound_and_problem():
    pytest.importorskip("PEPit")
    result = run("--schedule", "constant", "--steps", "2", "--problem", "lipschitz-convex")
    assert result.exit_code == 0, result.stderr
    assert "lipschitz-convex, last, N = 2" in result.stdout
    assert "0.57735027" in result.stdout  # G R / sqrt 3: the bound, and linear decay
    assert "Huber's function of slope G" in result.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--schedule", "nothing"], "greedylr_theory.schedulers has no 'nothing'"),
        (["--set", "nothing"], "--set must look like path=value"),
        (["--lr0", "-1"], "--lr0 must be positive and finite, got -1.0"),
        (["--problem", "lipschitz-convex", "--measure", "gradient"], "measure must be last or average"),
        (["--mu", "0.5"], "mu must be 0 for smooth-convex, got 0.5"),
        (["--schedule", "greedy_previous", "--set", "factor=0.01", "--steps", "400"], "is too large"),
    ],
)
def test_bad_input_gets_one_sentence(options: list[str], sentence: str):
    result = run(*options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
