"""Session: a simulation that is stopped anywhere, saved, restored elsewhere, and goes on to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from greedylr_theory import LogUniform, Trajectory
from greedylr_theory.contracts import Plugin
from greedylr_theory.objectives import Quadratic
from greedylr_theory.optimizers import Adam
from greedylr_theory.perturbations import GradientNoise
from greedylr_theory.schedulers import Constant, GreedyBest, GreedyPrevious, Linear
from greedylr_theory.simulation.session import Session
from tests.contract._examples import (
    assert_same_bits,
    assert_same_trajectory,
    every_example,
    several,
    simulated,
    working_run,
)


@every_example()
def test_a_run_that_is_saved_and_loaded_again_and_again_is_the_run(plugin: Plugin, tmp_path: Path) -> None:
    """Cut at the first step, after it, around a record at the stride, and at the last step; each time a new object."""
    runs = several(working_run(plugin), 5)
    expected = simulated(runs, stride=3)
    session = Session(runs, stride=3)
    for steps in (1, 5, 1, 32, 1):
        session.save(tmp_path / "state.npz")
        session = Session(runs, stride=3)
        session.load(tmp_path / "state.npz")
        session.advance(steps)
    assert session.step == session.steps == 40
    assert_same_trajectory(session.trajectory(), expected)


@every_example()
def test_looking_ahead_and_rolling_back_leaves_no_trace(plugin: Plugin) -> None:
    runs = several(working_run(plugin), 5)
    session = Session(runs, stride=1)
    session.advance(9)
    taken = session.checkpoint()
    session.rates = 0.5 * session.rates
    session.advance(23)
    session.restore(taken)
    assert session.step == 9
    session.advance()
    assert_same_trajectory(session.trajectory(), simulated(runs))


def test_a_checkpoint_is_a_copy_and_can_be_restored_more_than_once() -> None:
    session = Session(several(working_run()), stride=1)
    session.advance(3)
    taken = session.checkpoint()
    kept = {name: array.copy() for name, array in taken.items()}
    ends: list[Trajectory] = []
    for _ in range(2):
        session.restore(taken)
        session.advance()
        ends.append(session.trajectory())
    for name, array in kept.items():
        assert_same_bits(taken[name], array)
    assert_same_trajectory(ends[0], ends[1])


@pytest.mark.parametrize("count", [1, 70])
def test_what_was_looked_at_does_not_move_when_the_runs_go_on(count: int) -> None:
    session = Session([working_run(replicate=r) for r in range(count)], stride=1)
    session.advance(7)
    seen = {"x": session.x, "loss": session.loss, "rates": session.rates, **vars(session.trajectory())}
    before = {name: array.copy() for name, array in seen.items()}
    session.advance(9)
    for name, array in seen.items():
        assert_same_bits(array, before[name], name)


def test_more_runs_than_lanes_and_a_random_start() -> None:
    runs = several(working_run(lr0=LogUniform(1e-3, 0.1)).replaced("lr0", 0.05), 150)
    session = Session(runs, stride=1)
    for steps in (13, 27):
        session.advance(steps)
    assert session.x.shape == (150, 2)
    assert_same_trajectory(session.trajectory(), simulated(runs))
    assert_same_bits(session.x, simulated(runs).x_end)
    assert_same_bits(session.loss, simulated(runs).final_loss)


SCRIPT = """
import sys
import numpy as np
from greedylr_theory.simulation.session import Session
from tests.unit.test_session import a_bit_of_everything

session = Session(a_bit_of_everything(), stride=1)
session.load(sys.argv[1])
session.advance()
np.savez(sys.argv[2], **vars(session.trajectory()))
"""


def a_bit_of_everything() -> list[Any]:
    run = working_run(
        optimizer=Adam(),
        perturbation=GradientNoise(scale=0.1),
        scheduler=GreedyBest(patience=1, smooth=True, window_size=5),
        controls={"optimizer.beta1": Linear(total=40)},
    )
    return several(run)


def test_another_process_goes_on_to_the_bit(tmp_path: Path) -> None:
    session = Session(a_bit_of_everything(), stride=1)
    session.advance(17)
    session.save(tmp_path / "state.npz")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "state.npz"), str(tmp_path / "end.npz")]
    subprocess.run(command, check=True)
    with np.load(tmp_path / "end.npz") as stored:
        elsewhere = Trajectory(**stored)
    assert_same_trajectory(elsewhere, simulated(a_bit_of_everything()))


def test_before_the_first_step_nothing_is_known_and_afterwards_nothing_is_left() -> None:
    session = Session(several(working_run()), stride=1)
    assert np.isnan(session.loss).all()
    assert np.isnan(session.trajectory().loss).all()
    session.advance()
    for wrong in (1, -1, 2.5, None):
        if wrong is None:
            session.advance(wrong)  # what is left: nothing
            continue
        with pytest.raises(
            ValueError, match=r"^steps must be an integer in \[0, 0\], what is left of the 40 steps, got"
        ):
            session.advance(wrong)  # pyright: ignore[reportArgumentType]


class TestRates:
    """`rates` is what the next update uses."""

    def test_set_for_all_runs_or_one_by_one(self) -> None:
        runs = [working_run(replicate=r) for r in range(11)]
        session = Session(runs, stride=1)
        session.rates = 0.01
        assert_same_bits(session.rates, np.full(11, 0.01))
        wanted = np.linspace(0.0, 0.1, 11)
        session.rates = wanted
        session.advance(1)
        assert_same_bits(session.trajectory().lr[:, 0], wanted)

    def test_a_rule_goes_on_from_them_and_a_schedule_returns_to_its_table(self) -> None:
        quadratic = Quadratic(eigenvalues=(1.0,))
        rule = working_run(
            objective=quadratic, scheduler=GreedyPrevious(factor=0.5), perturbation=GradientNoise(scale=0.0)
        )
        for scheduler, expected in ((rule.scheduler, [0.125, 0.25, 0.5]), (Constant(), [0.125, 0.5, 0.5])):
            session = Session([rule.replaced("scheduler", scheduler).replaced("lr0", 0.5)], stride=1)
            session.rates = 0.125
            session.advance(3)
            assert_same_bits(session.trajectory().lr[0, :3], expected)

    def test_reading_gives_a_copy(self) -> None:
        session = Session([working_run()])
        session.rates[:] = 7.0
        assert session.rates[0] == working_run().lr0

    @pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf, [0.1, 0.2], "fast", None])
    def test_impossible_ones_are_one_sentence(self, wrong: Any) -> None:
        session = Session(several(working_run()))
        before = session.rates
        with pytest.raises(ValueError, match=r"^rates must be one finite number of at least 0, or 11 of them, got"):
            session.rates = wrong
        assert_same_bits(session.rates, before)


def saved(path: Path, run: Any = None, **options: Any) -> Path:
    session = Session([run or working_run()], **options)
    session.advance(7)
    session.save(path)
    return path


def assert_refused(session: Session, path: Path, message: str) -> None:
    """One sentence that names the file, and the session is as it was."""
    before = session.checkpoint()
    with pytest.raises(ValueError, match=message) as caught:
        session.load(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    for name, array in session.checkpoint().items():
        assert_same_bits(array, before[name], name)


@pytest.mark.parametrize(
    ("run", "options"),
    [
        (working_run(lr0=0.04), {}),
        (working_run(replicate=1), {}),
        (working_run(steps=41), {}),
        (working_run(scheduler=GreedyPrevious(factor=0.81, max_lr=0.15)), {}),
        (working_run(ordering="before_update"), {}),
        (working_run(optimizer=Adam()), {}),
        (working_run(optimizer=Adam(), controls={"optimizer.beta1": Constant()}), {}),
        (None, {"stride": 2}),
        (None, {"tolerance": 1e-3}),
    ],
)
def test_a_file_of_other_runs_or_options_is_refused(run: Any, options: dict[str, Any], tmp_path: Path) -> None:
    path = saved(tmp_path / "other.npz", run, **options)
    assert_refused(Session([working_run()]), path, "must be a checkpoint of the same runs and options")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    session, path = Session([working_run()]), tmp_path / "state"
    for content in (b"", b"hello", bytes(range(256)) * 20, b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        assert_refused(session, path, r"must be a file that Session\.save wrote")
    for write in (
        lambda file: np.save(file, np.ones(3)),
        lambda file: np.savez(file, x=np.ones(3)),
        lambda file: np.savez(file, header=np.array("not json"), x=np.ones(3)),
        lambda file: np.savez(file, header=np.array([{"format": 1}], dtype=object), allow_pickle=True),
    ):
        with path.open("wb") as file:
            write(file)
        assert_refused(session, path, r"must be a file that Session\.save wrote")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "state.npz")
    content = path.read_bytes()
    for length in (1, 3, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert_refused(Session([working_run()]), path, r"must be a file that Session\.save wrote")


def test_a_flipped_bit_is_refused_or_does_not_matter(tmp_path: Path) -> None:
    """Time stamps of the archive's members are all that may differ."""
    path = saved(tmp_path / "state.npz")
    content, whole = path.read_bytes(), Session([working_run()])
    whole.load(path)
    expected, refused = whole.checkpoint(), 0
    source = np.random.default_rng(0)
    for position in source.integers(0, len(content), 150):
        damaged = bytearray(content)
        damaged[position] ^= 1 << source.integers(8)
        path.write_bytes(damaged)
        session = Session([working_run()])
        try:
            session.load(path)
        except ValueError:
            refused += 1
            continue
        for name, array in session.checkpoint().items():
            assert_same_bits(array, expected[name], name)
    assert refused > 75


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Session([working_run()]).load(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        Session([working_run()]).load(tmp_path)


def test_a_checkpoint_of_other_arrays_is_refused() -> None:
    session = Session([working_run()])
    taken = session.checkpoint()
    for wrong in ({}, taken | {"x": np.zeros((1, 3, 8))}, {k: v for k, v in taken.items() if k != "step"}):
        with pytest.raises(ValueError, match=r"^the checkpoint must belong to the same runs, got arrays of shapes"):
            session.restore(wrong)


def test_a_save_that_fails_half_way_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "state.npz")
    content = path.read_bytes()
    session = Session([working_run()])
    session.advance(20)

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("greedylr_theory.files.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            session.save(path)
    assert path.read_bytes() == content
    session.save(path)
    restored = Session([working_run()])
    restored.load(path)
    assert restored.step == 20
