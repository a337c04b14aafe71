"""What the driver asks of a plug-in: four base classes, the kernel signatures, and how a run can end.

Shapes: B lanes (runs advanced together), d dimension, p parameters, s rows of state. Arrays are
C-contiguous float64 with the lane last. Kernels take arrays and integers only; they neither raise, print,
allocate nor draw random numbers, and they sum in a fixed order.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast

import numpy as np
from numba import types
from numpy.typing import NDArray

from greedylr_theory.compilation import kernel
from greedylr_theory.params import Choice, Interval, Parametrised

Floats = NDArray[np.float64]
Channel = Literal["none", "as_published", "observed_loss", "gradient", "iterate", "objective"]

VECTOR, MATRIX, CUBE = types.float64[::1], types.float64[:, ::1], types.float64[:, :, ::1]
#: what no kernel may write to; a writable array is accepted as well
DATA = types.Array(types.float64, 2, "C", readonly=True)

#: (x (d, B), params (p, B), data (n, k), draws (u, B), workspace (w, B), gradient (d, B), loss (B,)); fills two
OBJECTIVE = types.void(MATRIX, MATRIX, DATA, MATRIX, MATRIX, MATRIX, VECTOR)
#: (step, lr (B,), gradient (d, B), params (p, B), state (s, B), x (d, B)); moves x
OPTIMIZER = types.void(types.int64, VECTOR, MATRIX, MATRIX, MATRIX, MATRIX)
#: (step whose rate is set, groups, observed (B,), x, gradient (d, B), params (p, B), state (s, B), lr (B,)); sets lr
SCHEDULER = types.void(types.int64, types.int64, VECTOR, MATRIX, MATRIX, MATRIX, MATRIX, VECTOR)
#: (step, loss (B,), params (p, B), draws (u, B), state (s, B), observed (B,), gradient, x (d, B)); changes its channel
PERTURBATION = types.void(types.int64, VECTOR, MATRIX, MATRIX, MATRIX, VECTOR, MATRIX, MATRIX)

#: (objective, step, loss (B,), gradient (d, B), objective's params (p, B), data, draws, workspace, trial (d, B),
#: trial gradient (d, B), trial loss (B,), params (p, B), state (s, B), x (d, B), lr (B,)); sets lr
SEARCH = types.void(
    types.FunctionType(OBJECTIVE), types.int64, VECTOR, MATRIX, MATRIX, DATA, MATRIX, MATRIX, MATRIX, MATRIX, VECTOR,
    MATRIX, MATRIX, MATRIX, VECTOR,
)  # fmt: skip

objective_kernel = kernel(OBJECTIVE)
optimizer_kernel = kernel(OPTIMIZER)
scheduler_kernel = kernel(SCHEDULER)
perturbation_kernel = kernel(PERTURBATION)
search_kernel = kernel(SEARCH)

#: schedulers that one run can have: phases of the step size and controls together
SLOTS = 4


class Status(enum.IntEnum):
    """How a run ended."""

    COMPLETED = 0
    DIVERGED = 1  #: the loss or the iterate became NaN or infinite


class ScheduleWarning(UserWarning):
    """A configuration that cannot do what its user thinks; the text says what will happen."""


@dataclass(frozen=True)
class Plugin(Parametrised):
    """Declared parameters plus a compiled kernel."""

    kernel: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("kernel", "full_kernel", "relabelled_kernel", "search"):
            # a compiled function is a descriptor: as a plain attribute it would come back bound to the instance
            if callable(cls.__dict__.get(name)):
                setattr(cls, name, staticmethod(cls.__dict__[name]))

    def control_range(self, name: str) -> Interval:
        """Values that a schedule may give to one of the numbers of this plug-in during a run."""
        return cast(Interval, self.parameter(name).domain)


@dataclass(frozen=True)
class Objective(Plugin):
    """A function to minimise.

    Subclasses give `dim`, `kernel` and the exact constants they know. A finite sum that is sampled also gives
    `full_kernel` (the whole sum) and `uniforms`, the number of draws it needs per step.
    """

    full_kernel: ClassVar[Any] = None
    uniforms: ClassVar[int] = 0
    #: of a finite sum whose labels a perturbation may replace: takes more draws, and the perturbation's rates as
    #: further parameters
    relabelled_kernel: ClassVar[Any] = None

    @property
    def dim(self) -> int:
        """Number of coordinates d."""
        raise NotImplementedError

    @property
    def sampled(self) -> bool:
        """Whether l_t is the loss of a random sample; the full loss is then recorded beside it."""
        return self.uniforms > 0

    @property
    def data(self) -> Floats:
        """Shared read-only table (n, k) for the kernel; empty unless the objective is a finite sum."""
        return np.zeros((0, 0))

    @property
    def data_digest(self) -> str:
        """Identifies `data`; runs simulated together share it."""
        return ""

    @property
    def workspace_rows(self) -> int:
        """Rows of scratch space per lane; they hold zeros at every call and must hold zeros afterwards."""
        return 0

    @property
    def relabelled_rows(self) -> tuple[int, int]:
        """Draws per step and rows of workspace of `relabelled_kernel`."""
        raise NotImplementedError

    @property
    def initial_scale(self) -> Floats:
        """Usual size (d,) of each coordinate of a starting point, in units of length; 1 where nothing is known."""
        return np.ones(self.dim)

    smoothness: ClassVar[float | None] = None  #: L of the whole objective; None when unknown or infinite
    strong_convexity: ClassVar[float | None] = None  #: mu; None when unknown
    minimum: ClassVar[float | None] = None  #: f*
    minimiser: ClassVar[tuple[float, ...] | None] = None  #: one x*
    convex: ClassVar[bool | None] = None

    def expression(self, x: Any) -> Any:
        """The objective in sympy, from d symbols: a reference that shares no code with the kernel."""
        raise NotImplementedError


@dataclass(frozen=True)
class Optimizer(Plugin):
    """An update x_{t+1} = x_t - lr * (direction from the gradients so far)."""

    def state_rows(self, dim: int) -> int:
        """Rows of state per lane; all start at zero."""
        return 0


@dataclass(frozen=True)
class Phase:
    """A stretch of a run in which one scheduler is in charge: steps first <= t < last (to the end when None).

    `path` leads from the run's scheduler to this one ("" for itself, "after", "parts.1", ...). The scheduler counts
    its steps from 0 at `first` and begins there with its own first rate.
    """

    scheduler: Scheduler
    path: str = ""
    first: int = 0
    last: int | None = None

    def within(self, path: str, first: int, last: int | None) -> Phase:
        """This phase of a part at `path`, when the part itself is in charge from `first` to `last`."""
        ends = [end for end in (last, None if self.last is None else self.last + first) if end is not None]
        inner = f"{path}.{self.path}".strip(".")
        return Phase(self.scheduler, inner, self.first + first, min(ends, default=None))


@dataclass(frozen=True)
class Scheduler(Plugin):
    """A rule that sets the step size, or another control, from what it has observed."""

    #: the only ordering in which the rule is what it says it is; None: either
    ordering: ClassVar[str | None] = None
    #: whether the rule reads the gradient or the iterate, so that logged metrics are not enough for it
    needs_gradient: ClassVar[bool] = False
    #: a kernel that sets the rate by evaluating the objective at trial points, called in place of `kernel`
    search: ClassVar[Any] = None

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        """State (s, B) before the first observation, from params (p, B) and the initial rates (B,); d = `dim`."""
        return np.zeros((0, lr0.size))

    def first_rates(self, state: Floats, lr0: Floats) -> Floats:
        """Step sizes (B,) before the scheduler's first step, from its initial state (s, B) and lr0 (B,)."""
        return lr0

    def phases(self) -> tuple[Phase, ...]:
        """Who is in charge when; a scheduler made of others names them, each with the path to it."""
        return (Phase(self),)

    def bound(self, objective: Objective) -> Self:
        """Copy whose parameters that were left open are taken from the objective (f*, L, mu).

        Raises:
            ValueError: the objective does not declare a constant that is needed.
        """
        found = self
        for prefix, part in self.parts():
            if isinstance(part, Scheduler):
                found = found.with_part(prefix, part.bound(objective))
        return found

    def warnings(self, lr0: tuple[float, ...]) -> list[str]:
        """Sentences about a configuration that cannot do what its user thinks; empty when all is well."""
        return []

    def metric_warnings(self, metrics: Floats) -> list[str]:
        """The same about the metrics that `replay` is given."""
        return []


def common(column: Floats, count: int) -> Floats:
    """The same column (p,) for `count` runs: a read-only (p, R) that takes no memory for them."""
    return np.broadcast_to(column[:, None], (column.size, count))


def is_common(matrix: Floats) -> bool:
    """Whether (p, R) is one column for all runs by construction, as `common` makes it."""
    return matrix.shape[1] == 1 or matrix.strides[1] == 0


def distinct_columns(matrix: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index of each different column of (p, R), and for every column which of those it equals.

    Compared as bytes, since a parameter that is not given is packed as NaN, which equals nothing.
    """
    if matrix.shape[0] == 0 or is_common(matrix):
        return np.zeros(1, dtype=np.int64), np.zeros(matrix.shape[1], dtype=np.int64)
    rows = np.ascontiguousarray(matrix.T)
    words = rows.view(f"V{rows.itemsize * rows.shape[1]}")
    _, first, inverse = np.unique(words, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


@scheduler_kernel
def follow_table(step, groups, observed, x, gradient, params, state, lr):
    """lr = row `step` of the table in the state (T + 1, B); after its end the last row holds."""
    row = min(step, state.shape[0] - 1)
    for lane in range(lr.size):
        lr[lane] = state[row, lane]


@dataclass(frozen=True)
class OpenLoop(Scheduler):
    """A schedule fixed in advance: a table of rates and no kernel of its own."""

    kernel: ClassVar[Any] = follow_table

    def rates(self, lr0: float, steps: int) -> Floats:
        """Rates (steps + 1,) after 0, 1, ... scheduler steps; lr0 is the base rate."""
        raise NotImplementedError

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        if is_common(params) and np.all(lr0 == lr0[0]):
            rows = common(np.append(params[:, 0], lr0[0]), lr0.size)
        else:
            rows = np.vstack([params, lr0[None, :]])
        first, inverse = distinct_columns(rows)
        with np.errstate(over="ignore", invalid="ignore"):  # a rate that overflows ends its run, as a result
            tables = [self._with_packed(rows[:-1, r]).rates(float(rows[-1, r]), steps) for r in first]
        if len(tables) == 1:
            return common(tables[0], lr0.size)
        return np.ascontiguousarray(np.array(tables).T[:, inverse])

    def first_rates(self, state: Floats, lr0: Floats) -> Floats:
        return state[0]

    def _with_packed(self, packed: Floats) -> OpenLoop:
        values: dict[str, Any] = {}
        for name, rows in self.slots().items():
            if "." in name:  # of a nested part, which has a table of its own
                continue
            declared, numbers = self.parameter(name), packed[rows].tolist()
            if declared.kind == "vector":
                values[name] = tuple(numbers)
            elif declared.optional and np.isnan(numbers[0]):
                values[name] = None
            elif declared.kind == "choice":
                values[name] = cast(Choice, declared.domain).options[int(numbers[0])]
            else:
                values[name] = {"int": int, "bool": bool}.get(declared.kind, float)(numbers[0])
        found = dataclasses.replace(self, **values)
        for prefix, part in self.parts():
            if isinstance(part, OpenLoop):
                inner = part._with_packed(packed[self.rows_of(prefix)])  # pyright: ignore[reportPrivateUsage]
                found = found.with_part(prefix, inner)
        return found


@dataclass(frozen=True)
class Perturbation(Plugin):
    """A disturbance that acts on one named channel and nothing else."""

    #: one of the words of Channel. Not annotated: dataclasses keep the place of an annotated name, so that it would
    #: come first among the parameters of a class that declares its channel as one
    channel = "none"
    #: whether it replaces labels of a finite sum, in the objective's `relabelled_kernel`
    relabels: ClassVar[bool] = False

    def draws(self, dim: int) -> tuple[int, int]:
        """Numbers of normal and of uniform draws per step; the kernel gets them in this order."""
        return 0, 0

    def state_rows(self, dim: int) -> int:
        """Rows of state per lane; all start at zero."""
        return 0

    def label_rates(self, params: Floats) -> Floats:
        """From params (p, R), how likely (2, R) each label alone and all labels of a step together are replaced."""
        raise NotImplementedError
