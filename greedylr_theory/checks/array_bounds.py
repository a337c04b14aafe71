"""The kernel reads and writes within its arrays, and writes only to those that are its own.

Every array is cut out of a larger one. What lies before and behind it is one number in a first call and another in a
second: neither may change, and neither may show in the results. What a kernel is to fill is filled with other numbers
beforehand as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from greedylr_theory.checks._check import Check, OutOfBounds, Violation
from greedylr_theory.checks._subject import field_of, require_same, sample
from greedylr_theory.contracts import Scheduler
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.simulation.draws import even

LANES, STEPS, GUARD = 8, 6, 1024
DIM = 3


class Arrays:
    """Named arrays of one kernel, each between guards."""

    def __init__(self, guard: float) -> None:
        self.guard = guard
        self.whole: dict[str, Any] = {}
        self.part: dict[str, Any] = {}

    def put(self, name: str, content: Any) -> None:
        whole = np.full((content.shape[0] + 2 * GUARD, *content.shape[1:]), self.guard)
        whole[GUARD : GUARD + content.shape[0]] = content
        self.whole[name], self.part[name] = whole, whole[GUARD : GUARD + content.shape[0]]

    def require_guards(self) -> None:
        for name, whole in self.whole.items():
            for side, rows in (("before", whole[:GUARD]), ("behind", whole[-GUARD:])):
                if not np.all((rows == self.guard) | ((rows != rows) & (self.guard != self.guard))):
                    raise OutOfBounds(f"the kernel writes {side} the rows of {name}; are there enough of them?")


#: {kind: order of the arguments, and which of them the kernel may change}
CALLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "objective": (
        ("x", "params", "data", "draws", "workspace", "gradient", "loss"),
        ("workspace", "gradient", "loss"),
    ),
    "optimizer": (("step", "lr", "gradient", "params", "state", "x"), ("state", "x")),
    "scheduler": (("step", "groups", "observed", "x", "gradient", "params", "state", "lr"), ("state", "lr")),
    "perturbation": (("step", "loss", "params", "draws", "state", "observed", "gradient", "x"), ("state",)),
}
CHANNELS = {
    "observed_loss": ("observed",),
    "gradient": ("gradient",),
    "iterate": ("x",),
    "objective": ("observed", "gradient"),
}


def _contents(plugin: Any, kind: str) -> dict[str, Any]:
    """Shapes that the plug-in asks for, with ordinary numbers in them."""
    rng = np.random.default_rng(8)
    dim = plugin.dim if kind == "objective" else DIM
    params = np.repeat(plugin.pack()[:, None], LANES, axis=1)
    found: dict[str, Any] = {
        "x": rng.normal(size=(dim, LANES)),
        "gradient": rng.normal(size=(dim, LANES)),
        "loss": rng.random(LANES) + 1.0,
        "lr": rng.random(LANES) * 0.1 + 0.05,
        "params": params,
    }
    if kind == "objective":
        found["data"] = np.ascontiguousarray(plugin.data)
        found["draws"] = np.repeat(sample(plugin)[:, None], LANES, axis=1)
        found["workspace"] = np.zeros((plugin.workspace_rows, LANES))
    elif kind == "scheduler":
        found["state"] = np.ascontiguousarray(plugin.initial_state(params, found["lr"], STEPS, dim))
        found["observed"] = found["loss"].copy()
    else:
        found["state"] = np.zeros((plugin.state_rows(dim), LANES))
    if kind == "perturbation":
        normal, uniform = plugin.draws(dim)
        found["draws"] = np.concatenate([rng.normal(size=(even(normal), LANES)), rng.random((even(uniform), LANES))])
        found["observed"] = found["loss"].copy()
    return found


def _called(plugin: Any, kernel: Any, guard: float) -> Arrays:
    kind = field_of(plugin)
    order, own = CALLS[kind]
    if kind == "perturbation":
        own = (*own, *CHANNELS.get(plugin.channel, ()))
    arrays = Arrays(guard)
    for name, content in _contents(plugin, kind).items():
        arrays.put(name, content)
    if kind == "objective":
        arrays.part["gradient"][...] = arrays.part["loss"][...] = guard
    steps = 1 if kind == "objective" else STEPS
    for step in range(steps):
        before = {name: part.copy() for name, part in arrays.part.items()}
        kernel(*[{"step": step, "groups": 1}.get(name, arrays.part.get(name)) for name in order])
        arrays.require_guards()
        for name in order:
            if name in before and name not in own:
                require_same(arrays.part[name], before[name], f"the kernel changes {name}, which is not its own")
        if kind == "objective" and arrays.part["workspace"].any():
            raise Violation("the kernel must leave its workspace at zero")
        if kind == "perturbation":  # the driver refills these
            for name in ("observed", "gradient"):
                arrays.part[name][...] = before[name]
    return arrays


def measure(plugin: Any) -> str:
    count = 0
    # a scheduler made of others lends its name to several kernels
    subjects: list[Any] = [plugin]
    if isinstance(plugin, Scheduler):
        subjects = [phase.scheduler for phase in plugin.bound(Quadratic(eigenvalues=(1.0, 2.0, 10.0))).phases()]
    for subject in subjects:
        for kernel in {subject.kernel, getattr(subject, "full_kernel", None)} - {None}:
            first, second = (_called(subject, kernel, guard) for guard in (-7.25, np.nan))
            for name, part in first.part.items():
                try:
                    require_same(part, second.part[name], f"{name} with other numbers around the arrays")
                except Violation as violation:
                    raise OutOfBounds(str(violation)) from None
                count += part.size
    return f"{count} numbers the same whatever lies {GUARD} rows around them"


def _skipped(plugin: Any) -> str:
    searches = isinstance(plugin, Scheduler) and any(phase.scheduler.search is not None for phase in plugin.phases())
    return "it searches" if searches else ""


CHECK = Check("the kernel keeps to its arrays", measure, _skipped)
