"""docs/parity.md: what was compared with torch and transformers, how often, and how far apart the numbers were.

    python -m tests.parity.report    write the page; needs the extra "torch"

The same comparisons are asserted by the tests beside this file. Everything is deterministic, so that the page changes
only with a version, a plug-in or a case.
"""

from __future__ import annotations

import importlib.metadata
import platform
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from greedylr_theory import load, replay, schedulers
from greedylr_theory.interop.schedules import NO_TABLE, schedule
from greedylr_theory.schedulers import GreedyLibrary, ReduceOnPlateau
from tests.parity import test_schedules
from tests.properties._strategies import series
from tests.unit.test_interop import COUSINS

PAGE = Path(__file__).parents[2] / "docs" / "parity.md"
Pair = tuple[str, Any, Any]

_KINDS = ("descent", "walk", "levels", "spikes", "cancelling")


def rules(number: int) -> Iterator[tuple[dict[str, Any], list[float], tuple[float, ...]]]:
    """Configurations of options that both rules have, metrics, and initial rates of one or two groups."""
    for k in range(number):
        source = random.Random(k)
        options = {
            "mode": source.choice(["min", "max"]),
            "factor": source.choice([0.1, 0.5, 0.9, 0.95, source.random()]),
            "patience": source.choice([0, 1, 2, 5, 10]),
            "threshold": source.choice([0.0, 1e-4, 0.01, 0.5]),
            "threshold_mode": source.choice(["rel", "abs"]),
            "cooldown": source.choice([0, 0, 1, 4]),
            "min_lr": source.choice([0.0, 1e-3, 0.05]),
            "eps": source.choice([0.0, 1e-8, 1e-3]),
        }
        rates = tuple(source.choice([0.1, 0.5, 1e-3, source.random()]) for _ in range(source.choice([1, 2])))
        yield options, series(_KINDS[k % len(_KINDS)], k, 200), rates


def of_rule(plugin: Any, real_rates: Callable[..., Any], extra: Callable[[int], dict[str, Any]]) -> Iterator[Pair]:
    """Rates of `replay` and of the class itself."""
    for k, (options, logged, lr0) in enumerate(rules(300)):
        scheduler = plugin(**options | extra(k))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd configurations on purpose
            yield "", replay(scheduler, logged, lr0), real_rates(scheduler, logged, lr0)


def of_optimizer(optimizer: Any, name: str, options: dict[str, Any]) -> Iterator[Pair]:
    """Iterates that follow from the same gradients and rates, in units of the largest one."""
    import torch  # pyright: ignore[reportMissingImports]

    for seed in range(3):
        rng = np.random.default_rng(seed)
        gradients, rates = rng.normal(size=(400, 5)), 0.1 * np.exp(np.cumsum(0.1 * rng.normal(size=400)))
        x = np.ascontiguousarray(rng.normal(size=(5, 1)))
        theirs = torch.nn.Parameter(torch.tensor(x[:, 0].copy()))
        real: Any = getattr(torch.optim, name)([theirs], lr=1.0, **options)
        state, params = np.zeros((optimizer.state_rows(5), 1)), np.ascontiguousarray(optimizer.pack()[:, None])
        found: list[Any] = []
        wanted: list[Any] = []
        for t, gradient in enumerate(gradients):
            optimizer.kernel(t, rates[t : t + 1], np.ascontiguousarray(gradient[:, None]), params, state, x)
            real.param_groups[0]["lr"], theirs.grad = float(rates[t]), torch.tensor(gradient)
            real.step()
            found.append(x[:, 0].copy())
            wanted.append(theirs.detach().numpy().copy())
        largest = np.abs(wanted).max()
        yield "", np.array(found) / largest, np.array(wanted) / largest


def row(name: str, pairs: Iterable[Pair]) -> str:
    """Configurations, values and the largest difference; NaN beside NaN is none."""
    configurations = values = 0
    largest = 0.0
    for _, found, wanted in pairs:
        assert np.shape(found) == np.shape(wanted)
        assert np.array_equal(np.isnan(found), np.isnan(wanted))
        apart = np.abs(np.asarray(found) - np.asarray(wanted))[np.asarray(found) != np.asarray(wanted)]
        largest = max(largest, float(np.nanmax(apart, initial=0.0)))
        configurations, values = configurations + 1, values + np.size(wanted)
    return f"| {name} | {configurations} | {values} | {f'{largest:.1e}' if largest else 0} |"


def table(title: str, text: str, rows: Iterable[tuple[str, Iterable[Pair]]]) -> str:
    """One section of the page."""
    lines = [row(name, pairs) for name, pairs in rows]
    counts = [[int(cell) for cell in line.split("|")[2:4]] for line in lines]
    total = f"| together | {sum(c for c, _ in counts)} | {sum(v for _, v in counts)} | |"
    head = "| name | configurations | values | largest difference |\n|---|---|---|---|"
    return "\n".join([f"## {title}\n\n{text}\n", head, *lines, total, ""])


def closed_forms() -> dict[str, list[Pair]]:
    """Plug-ins of the catalogue and the recursions of torch, to the bit the latter's, in units of the largest rate."""
    from tests.parity.test_reduce_on_plateau import PRODUCTS

    twice = [(getattr(schedulers, plugin)(**options), name, given) for plugin, options, name, given in COUSINS]
    twice += [(chained, "ChainedScheduler", {"schedulers": parts}) for chained, parts in PRODUCTS]
    found: dict[str, list[Pair]] = {}
    for plugin, name, given in twice:
        wanted = schedule(name, base_lr=0.5, steps=50, **given)
        pair = ("", plugin.rates(0.5, 50) / wanted.max(), wanted / wanted.max())
        found.setdefault(f"{type(plugin).__name__}, {name}", []).append(pair)
    return found


def page() -> str:
    """The whole text."""
    from tests.parity import test_from_torch, test_optimizers, test_transformers
    from tests.parity import test_reduce_on_plateau as plateau

    names = [*test_schedules.CASES, *test_schedules.TABLES]

    def live(name: str) -> Iterator[Pair]:
        for cut in test_from_torch.CUTS:
            for options in test_from_torch.thinned(name):
                _, found, wanted = test_from_torch.gone_on(test_from_torch.alive(name, options), cut, steps=59)
                yield "", found, wanted

    def busy(k: int) -> dict[str, Any]:
        return {"warmup": k % 3, "smooth": k % 2 == 1, "window_size": 1 + k % 7, "reset_start": 1 + k % 5}

    modules = {"torch": "torch", "transformers": "transformers", "NumPy": "numpy"}
    versions = [f"{label} {importlib.metadata.version(name).split('+')[0]}" for label, name in modules.items()]
    optimizers: dict[str, list[Pair]] = {}
    for optimizer, name, options in test_optimizers.PAIRS.values():
        optimizers.setdefault(f"{optimizer.plugin_name()}, {name}", []).extend(of_optimizer(optimizer, name, options))
    compared = {label.partition(",")[0] for label in optimizers}
    alone = [name for name in load("greedylr_theory.optimizers") if name not in compared]
    sections = [
        "# Beside the real libraries\n",
        f"Written by `python -m tests.parity.report` with {', '.join(versions)} and Python "
        f"{platform.python_version()} on {platform.machine()}. 0 means equal to the bit everywhere.\n",
        table(
            "interop.schedule",
            "Rates after 0 to 60 steps against the real scheduler on a real optimizer.",
            [(n, [test_schedules.tables(n)] if n in test_schedules.TABLES else test_schedules.pairs(n)) for n in names],
        ),
        table(
            "from_torch",
            "A live scheduler of two parameter groups is read after 0, 1 and 23 steps, and both go on.",
            [(name, live(name)) for name in test_schedules.CASES],
        ),
        table(
            "Rules that follow from metrics",
            "`replay` against the class: 300 configurations, 200 metrics each, NaN and infinities among them.",
            [
                (
                    "ReduceOnPlateau, ReduceLROnPlateau",
                    of_rule(ReduceOnPlateau, plateau.real_rates, lambda k: {}),
                ),
                ("GreedyLibrary, GreedyLR", of_rule(GreedyLibrary, test_transformers.real_rates, busy)),
            ],
        ),
        table(
            "Closed forms",
            "Schedules of the catalogue against the recursions of torch, in units of the largest rate.",
            closed_forms().items(),
        ),
        table(
            "Optimizers",
            "400 steps on the same gradients and rates, three times, in units of the largest coordinate.",
            optimizers.items(),
        ),
        f"Not on this page: {', '.join(alone)}.\n" if alone else "",
        "## No table\n\n" + "\n".join(f"- `{name}` {reason}." for name, reason in NO_TABLE.items()) + "\n",
    ]
    return "\n".join(section for section in sections if section)


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
