"""docs/benchmark.md from the JSON that compare.py and scale.py wrote: no number on the page is typed by hand.

python benchmarks/page.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import json
from typing import Any

from benchmarks import bars

MEASURED = Path(__file__).parent / "measured"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmark.md"
NAMES = {
    "package": "this package", "torch": "PyTorch, a loop per run", "torch_batched": "PyTorch, batched",
    "numpy": "NumPy, batched", "jax": "JAX jit(vmap(scan))", "c": "C, scalar", "c_lanes": "C, vectorised over runs",
    "c_summaries": "the same with all summaries",
}  # fmt: skip


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _word(met: bool) -> str:
    return "met" if met else "missed"


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def grid(head: list[str], rows: list[list[str]]) -> list[str]:
    return [row(head), row(["---"] + ["---:"] * (len(head) - 1)), *(row(cells) for cells in rows)]


def comparison(found: dict[str, Any]) -> list[str]:
    """Times, ratios and bars of compare.py."""
    keys = list(found["competitors"])
    workloads = found["workloads"]
    times = [[w["workload"], *(number(w["medians_ns"][key]) for key in ("package", *keys))] for w in workloads]
    ratios = [[w["workload"], *(number(w["ratios"][key]) for key in keys)] for w in workloads]
    for name, function in (("geometric mean", bars.geometric_mean), ("smallest", min)):
        ratios.append([f"*{name}*", *(number(function([w["ratios"][key] for w in workloads])) for key in keys)])
    judged = [
        [
            f"{NAMES[b['against']]}, {b['what']}",
            number(b["bar"]),
            number(b["measured"]),
            "met" if b["met"] else "missed",
        ]
        for b in found["bars"]
    ]
    absent = [f"Not measured: {NAMES[key]} ({reason})." for key, reason in found["absent"].items()]
    head = ["workload", *(NAMES[key] for key in keys)]
    return [
        f"## ns per run and step of {found['steps']}",
        "",
        f"CPU time, medians of {found['repeats']} interleaved turns, {found['where']}, competitors at their best.",
        *absent,
        "",
        *grid(["workload", NAMES["package"], *head[1:]], times),
        "",
        "## Times of the others over the time of this package",
        "",
        *grid(head, ratios),
        "",
        *grid(["bar: at least", "asked", "measured", ""], judged),
    ]


def scale(found: dict[str, Any]) -> list[str]:
    """Cores, memory and start-up, of scale.py."""
    asked = found["bars"]
    rows = [
        [
            f"speed-up of {s['cores']} threads over processes, {s['workload']}",
            f"{s['threads_over_processes']:.2f} ({s['speedup_threads']:.2f} and {s['speedup_processes']:.2f})",
            f"at least {asked['threads_over_processes']}",
        ]
        for s in found["scaling"]
    ]
    for position, b in enumerate(found["bulk"]):
        counted = position == 0  # the first workload carries the bars
        peak, before = b["peak_bytes"] / 1e6, b["before_bytes"] / 1e6
        what = f"{b['runs']:,} runs, {b['workload']}"
        rows.append([
            f"{what}: peak memory", f"{peak:.0f} MB ({before:.0f} before)",
            f"below {asked['bytes'] / 1e6:.0f} MB" if counted else "",
        ])  # fmt: skip
        rows.append([f"{what}: seconds", f"{b['seconds']:.1f}", f"below {asked['seconds']}" if counted else ""])
    first = found["first"]
    rows.append(["first result of a new process, seconds", f"{first['median']:.2f}", f"below {asked['first']}"])
    rows.append(["functions compiled for it", f"{first['misses']} ({first['hits']} from the cache)", "0"])
    return ["## Cores, memory, start-up", "", *grid(["what", "measured", "bar"], rows)]


def machine(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    load = ", ".join(f"{value:.2f}" for value in found["load"])
    return (
        f"{found['processor']}; {found['cores']} cores; Python {found['python']}, {versions}; load at the end {load}."
    )


def page() -> str:
    """The whole page."""
    compared, scaled = (json.loads((MEASURED / f"{name}.json").read_text()) for name in ("compare", "scale"))
    return "\n".join([
        "# Benchmark",
        "",
        "Written by `python benchmarks/page.py` from the files in `benchmarks/measured/`, which `compare.py --json`",
        "and `scale.py --json` wrote; they also hold every single turn and every choice that was tried.",
        "What competitors compute: [decision 13](decisions/0013-competitors-compute-less.md).",
        "",
        machine(compared["machine"]),
        "",
        *comparison(compared),
        "",
        *scale(scaled),
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
