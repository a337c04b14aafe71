"""`--plugin`, `greedylr check` and `greedylr plugins` as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from greedylr_theory import plugin_page
from greedylr_theory.cli import main

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "how-to/examples"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"COLUMNS": "200"})


def plugin(name: str) -> list[str]:
    return ["--plugin", str(EXAMPLES / f"{name}.py")]


def test_simulate_uses_the_users_plugins_and_finds_them_by_name():
    own = [*plugin("halve_every"), *plugin("two_wells"), *plugin("sign_descent"), *plugin("stale_loss")]
    result = run("simulate", "--lr0", "0.05", "--steps", "20", *own, "--set", "scheduler.period=7", "--stride", "10")
    assert result.exit_code == 0, result.output
    assert "HalveEvery on TwoWells" in result.stdout
    named = run("simulate", "--lr0", "0.05", "--scheduler", "constant", "--objective", "two_wells", *own)
    assert "Constant on TwoWells" in named.stdout


def test_replay_uses_the_users_scheduler(tmp_path: Path):
    log = tmp_path / "log.csv"
    log.write_text("loss\n3\n2\n1\n")
    result = run("replay", str(log), "--lr0", "1", *plugin("halve_every"), "--set", "period=2")
    assert [line.split(",")[-1] for line in result.stdout.split()] == ["lr", "1.0", "0.5", "0.5"], result.output


def test_simulate_takes_an_expression():
    text = "objective.text=(1-x0)**2+100*(x1-x0**2)**2"
    result = run(
        "simulate", "--objective", "expression", "--set", text, "--lr0", "1e-3", "--start", "1,1", "--stride", "50"
    )
    assert result.exit_code == 0, result.output
    assert "completed" in result.stdout


BAD = {
    "text that is no expression": (
        ["simulate", "--objective", "expression", "--lr0", "1", "--set", "objective.text=open('a')"],
        ["Expression.text must", "'open'"],
    ),
    "no text": (["simulate", "--objective", "expression", "--lr0", "1"], ["Expression needs", "text", "--set"]),
    "no such file": (["simulate", "--lr0", "1", "--plugin", "missing.py"], ["existing Python file", "'missing.py'"]),
    "objective in replay": (
        ["replay", "log.csv", "--lr0", "1", *plugin("two_wells")],
        ["--plugin must be a scheduler here", "two_wells.py"],
    ),
    "two of a kind": (
        ["simulate", "--lr0", "1", *plugin("halve_every"), "--plugin", "halving.py"],
        ["--scheduler must name one of halve_every, halving"],
    ),
    "no such plug-in": (["plugins", "greedy"], ["'greedy'", "greedy_best", "adam"]),
    "nothing to check": (["check", "greedy"], ["FILE.py or the name of a plug-in", "'greedy'"]),
    "check of a bad value": (["check", "huber", "--set", "radius=0"], ["radius (r)", "(0, inf)"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "halving.py").write_text((EXAMPLES / "halve_every.py").read_text())
    arguments, expected = BAD[name]
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    sentences = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(sentences) == 1, result.stderr
    for text in expected:
        assert text in sentences[0]


def test_check_prints_what_was_measured_and_passes():
    result = run("check", str(EXAMPLES / "two_wells.py"), "--set", "dimension=3")
    assert result.exit_code == 0, result.output
    assert "10 passed, 0 failed" in result.stdout
    assert "f* 0, smallest seen" in result.stdout
    assert "for schedulers" not in result.stdout


def test_check_fails_with_exit_code_1_and_says_where():
    result = run("check", "expression", "--set", "text=x0**2+x1**4", "--set", "declared_smoothness=2")
    assert result.exit_code == 1, result.output
    assert "1 failed" in result.stdout
    assert "smoothness (L) is violated" in result.stdout


def test_plugins_lists_all_and_shows_one():
    listed = run("plugins").stdout
    assert all(name in listed for found in plugin_page.catalogue().values() for name in found)
    one = run("plugins", "greedy_previous").stdout
    for text in ("Source: arXiv 2512.14527", "scaling factor", "(0, 1)", "0.95", "infinity, none", "length^2/loss"):
        assert text in one


def test_a_class_name_is_as_good_as_a_file_name():
    chosen = ("--objective", "TwoSample", "--optimizer", "adamw", "--scheduler", "AdGD")
    result = run("simulate", "--lr0", "0.05", "--steps", "5", *chosen)
    assert result.exit_code == 0, result.output
    assert "AdGD on TwoSample" in result.stdout
    assert run("plugins", "AdamW").stdout.split("\n")[0] == "AdamW (version 1)"
    assert run("check", "Constant").exit_code == 0
    wrong = run("simulate", "--lr0", "0.05", "--optimizer", "sgd")
    assert (wrong.exit_code, "has no 'sgd'; it has: adam," in wrong.output) == (2, True)


def test_what_is_given_in_python_only_is_listed_as_well():
    page = (DOCS / "plugins.md").read_text(encoding="utf-8")
    assert "| `features` (Python), `thresholds=omitted` (Python), `weights=omitted` (Python) |" in page
    one = run("plugins", "least_squares").stdout
    assert one.count("in Python only") == 2


def test_the_page_of_plugins_is_up_to_date():
    page = (DOCS / "plugins.md").read_text(encoding="utf-8")
    assert page == plugin_page.page(), "run: python -m greedylr_theory.plugin_page docs/plugins.md"
    assert run("plugins", "--markdown").stdout == page
