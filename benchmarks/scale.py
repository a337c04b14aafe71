"""All cores against one, a million runs, and the first result of a new process.

    python benchmarks/scale.py --json results/scale.json

Wall-clock times, so leave the machine to it. The threads of one `simulate` are compared with what as many independent
processes reach that share the same runs, in the same turns: that is all the machine can give. The peak memory is that
of a fresh process (resident, with interpreter, libraries and results); what the process held after a single block of
runs is shown beside it. The time to the first result counts from the start of the interpreter to the exit.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import click
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.scale_work import BULK

WORK = Path(__file__).parent / "scale_work.py"
SHARED, MILLION = 100_000, 1_000_000
MAIN, *_ = BULK
#: threads against processes; bytes and seconds of a million runs on two cores; seconds to the first result
THREADS_BAR, BYTES_BAR, SECONDS_BAR, FIRST_BAR = 0.9, 500e6, 5.0, 1.5


def command(task: str, name: str, runs: int, threads: int) -> list[str]:
    return [sys.executable, str(WORK), task, name, str(runs), str(threads)]


def answer(line: str) -> dict[str, Any]:
    if not line:
        raise click.ClickException("a measuring process ended without an answer; its message is above")
    return json.loads(line)


def once(task: str, name: str, runs: int, threads: int) -> tuple[dict[str, Any], float]:
    """What a fresh process answers, and its life in seconds."""
    begin = time.perf_counter()
    done = subprocess.run(command(task, name, runs, threads), stdout=subprocess.PIPE, text=True)
    return answer(done.stdout), time.perf_counter() - begin


class Workers:
    """Processes that do their runs whenever asked, all at once."""

    def __init__(self, processes: int, name: str, runs: int, threads: int) -> None:
        self.members = [
            subprocess.Popen(
                command("on_demand", name, runs, threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(processes)
        ]
        self._read()

    def _read(self) -> None:
        for member in self.members:
            assert member.stdout
            answer(member.stdout.readline())

    def seconds(self) -> float:
        """Until the last has finished."""
        begin = time.perf_counter()
        for member in self.members:
            assert member.stdin
            member.stdin.write("go\n")
            member.stdin.flush()
        self._read()
        return time.perf_counter() - begin

    def close(self) -> None:
        for member in self.members:
            member.communicate()  # closes its input, which ends it


def cores_against_one(name: str, cores: int, runs: int, repeats: int) -> dict[str, Any]:
    """Times of one thread, of all threads, and of as many processes with a share of the runs each."""
    teams = {
        "one thread": Workers(1, name, runs, 1),
        "threads": Workers(1, name, runs, cores),
        "processes": Workers(cores, name, runs // cores, 1),
    }
    times: dict[str, list[float]] = {key: [] for key in teams}
    for _ in range(repeats):
        for key, team in teams.items():
            times[key].append(team.seconds())
    for team in teams.values():
        team.close()
    medians = {key: statistics.median(values) for key, values in times.items()}
    return {
        "workload": name, "cores": cores, "runs": runs, "seconds": times, "medians": medians,
        "speedup_threads": medians["one thread"] / medians["threads"],
        "speedup_processes": medians["one thread"] / medians["processes"],
        "threads_over_processes": medians["processes"] / medians["threads"],
    }  # fmt: skip


def million(name: str, cores: int, runs: int, repeats: int) -> dict[str, Any]:
    answers = [once("bulk", name, runs, cores)[0] for _ in range(repeats)]
    return {
        "workload": name, "runs": runs, "threads": cores, "answers": answers,
        "seconds": statistics.median(found["seconds"] for found in answers),
        "peak_bytes": max(found["peak_bytes"] for found in answers),
        "before_bytes": max(found["before_bytes"] for found in answers),
    }  # fmt: skip


def first_result(name: str, repeats: int) -> dict[str, Any]:
    once("first", name, 8, 1)  # fills the cache
    found = [once("first", name, 8, 1) for _ in range(repeats)]
    return {
        "workload": name, "seconds": [life for _, life in found],
        "median": statistics.median(life for _, life in found),
        "hits": found[-1][0]["hits"], "misses": max(counts["misses"] for counts, _ in found),
    }  # fmt: skip


@click.command(help=(__doc__ or "").split("\n\n")[0])
@click.option("--repeats", default=5, type=click.IntRange(1), show_default=True, help="Turns, whose median counts.")
@click.option("--quick", is_flag=True, help="A tenth of the runs, and 2 turns.")
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write everything here.")
def main(repeats: int, quick: bool, target: Path | None) -> None:
    console = Console(width=140)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share, repeats = (10, min(repeats, 2)) if quick else (1, repeats)
    scaling = [cores_against_one(name, cores, SHARED // share, repeats) for name in BULK]
    bulk = [million(name, cores, MILLION // share, min(repeats, 3)) for name in BULK]
    first = first_result(MAIN, repeats)
    table = Table(title=f"{cores} cores, {SHARED // share:,} and {MILLION // share:,} runs of 200 steps")
    for column in ("what", "measured", "bar"):
        table.add_column(column)
    for row in scaling:
        speedups = f"{row['speedup_threads']:.2f} against {row['speedup_processes']:.2f}"
        table.add_row(
            f"threads / processes, {row['workload']}",
            f"{row['threads_over_processes']:.2f} ({speedups})",
            f"at least {THREADS_BAR}",
        )
    for row in bulk:
        counted = row["workload"] == MAIN
        table.add_row(
            f"{row['runs']:,} runs, {row['workload']}: peak memory",
            f"{row['peak_bytes'] / 1e6:.0f} MB ({row['before_bytes'] / 1e6:.0f} MB before)",
            f"below {BYTES_BAR / 1e6:.0f} MB" if counted else "",
        )
        table.add_row("the same: seconds", f"{row['seconds']:.1f}", f"below {SECONDS_BAR}" if counted else "")
    table.add_row("first result of a new process, seconds", f"{first['median']:.2f}", f"below {FIRST_BAR}")
    table.add_row("the same: functions compiled", f"{first['misses']} ({first['hits']} from the cache)", "0")
    console.print(table)
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        found = {
            "machine": machine.described(), "quick": quick, "scaling": scaling, "bulk": bulk, "first": first,
            "bars": {
                "threads_over_processes": THREADS_BAR, "bytes": BYTES_BAR, "seconds": SECONDS_BAR, "first": FIRST_BAR,
            },
        }  # fmt: skip
        target.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
