"""A sweep that is killed half way goes on where it stopped and ends at the same digests."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing, os, signal, sys
from pathlib import Path
from greedylr_theory import LogUniform, Run
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.sweeps import Size, Sweep, execute

base = Run(objective=Quadratic(eigenvalues=(1.0, 0.1)), scheduler=GreedyPrevious(),
           lr0=LogUniform(low=0.01, high=1.0), steps=1)
axes = {"scheduler.factor": (0.25, 0.5, 0.75, 0.9)}
sweep = Sweep("small", "?", (), {"only": base}, {"standard": Size(axes, steps=5000, replicates=80)},
              lambda table: [], shard_size=8)


def interrupt(done, total):
    if done == 3 and sys.argv[2] != "none":
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        if sys.argv[2] == "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        os.killpg(0, signal.SIGINT)


if __name__ == "__main__":
    outcome = execute(sweep, folder=Path(sys.argv[1]), engine=sys.argv[3], progress=interrupt)
    print(outcome.computed, outcome.reused, outcome.digest)
"""
SHARDS = 40


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    script = tmp_path_factory.mktemp("script") / "small.py"
    script.write_text(SCRIPT)

    def run(folder: Path, interruption: str = "none", engine: str = "local:2") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), str(folder), interruption, engine]
        # a session of its own: the interrupt reaches the script's process group and nobody else
        return subprocess.run(command, capture_output=True, text=True, timeout=100, start_new_session=True, check=False)

    return run


@pytest.fixture(scope="module")
def uninterrupted(run, tmp_path_factory):
    computed, reused, digest = run(tmp_path_factory.mktemp("whole"), engine="local:1").stdout.split()
    assert (int(computed), int(reused)) == (SHARDS, 0)
    return digest


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for left-over processes in /proc")
@pytest.mark.parametrize("interruption", ["SIGKILL", "SIGINT"])
def test_an_interrupted_sweep_goes_on_where_it_stopped(interruption, run, uninterrupted, tmp_path):
    stopped = run(tmp_path, interruption)
    assert stopped.returncode == (-signal.SIGKILL if interruption == "SIGKILL" else -signal.SIGINT)
    workers = [int(entry) for entry in stopped.stdout.split()]
    assert len(workers) == 2
    deadline = time.monotonic() + 10
    while not all(gone(worker) for worker in workers):
        assert time.monotonic() < deadline, "workers outlive their parent"
        time.sleep(0.05)
    if interruption == "SIGINT":
        assert stopped.stderr.count("Traceback") == 1, stopped.stderr  # the parent's own; workers stay silent
    shards = tmp_path / "small" / "shards"
    finished = len(list(shards.glob("*.parquet")))
    assert 3 <= finished < SHARDS
    foreign = shards / f".{'0' * 64}.parquet.{workers[0]}.tmp"
    foreign.write_bytes(b"half a shard that is another part's business")
    computed, reused, digest = run(tmp_path, engine="local:1").stdout.split()
    assert (int(computed), int(reused)) == (SHARDS - finished, finished)
    assert digest == uninterrupted
    assert {path.name for path in shards.iterdir() if path.suffix == ".tmp"} == {foreign.name}
