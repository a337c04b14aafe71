"""An objective of the user's own, written as text or in sympy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.compilation import inlined
from greedylr_theory.contracts import Floats, Objective, objective_kernel
from greedylr_theory.elementary import ROUNDER, exp, log, sine_cosine_turn
from greedylr_theory.expressions.graph import built
from greedylr_theory.expressions.symbolic import from_sympy, to_sympy
from greedylr_theory.expressions.tape import OPERATIONS, assembled
from greedylr_theory.expressions.text import MOST_COORDINATES, parsed
from greedylr_theory.expressions.tree import Tree, coordinate_range, written
from greedylr_theory.params import NONNEGATIVE, Interval, param

(
    ADD, MULTIPLY, MULTIPLY_NUMBER, ADD_NUMBER, SUBTRACT, NUMBER_MINUS, DIVIDE, DIVIDE_NUMBER, NUMBER_OVER, FILL,
    EXP, LOG, SQRT, SIN, COS, TANH, ABS, SIGN, MINIMUM, MAXIMUM, NOT_ABOVE,
) = range(len(OPERATIONS))  # fmt: skip

# 2 pi in three parts, the first two of 33 bits: four times those of fdlibm's e_rem_pio2.c
TURN_HIGH, TURN_MIDDLE, TURN_LOW = (
    4.0 * 1.57079632673412561417e00,
    4.0 * 6.07710050630396597660e-11,
    4.0 * 2.02226624879595063154e-21,
)
INVERSE_TURN = 0.15915494309189535
LARGEST_ANGLE = 1073741824.0


@inlined
def sine_cosine(angle):
    """(sin, cos) of an angle in radians; absolute error below 1e-15 up to 6e6, then 1e-16 |angle|; NaN beyond 2^30."""
    # whole turns are taken off without rounding, as a division by 2 pi alone would lose 1e-16 |angle|
    whole = (angle * INVERSE_TURN + ROUNDER) - ROUNDER
    rest = ((angle - whole * TURN_HIGH) - whole * TURN_MIDDLE) - whole * TURN_LOW
    sine, cosine = sine_cosine_turn(rest * INVERSE_TURN)
    within = abs(angle) <= LARGEST_ANGLE
    return (sine if within else np.nan), (cosine if within else np.nan)


@inlined
def tanh(x):
    """tanh: a quotient of polynomials (Lambert's continued fraction) for |x| <= 0.35, exp beyond; within 4 ulp."""
    size = abs(x)
    z = x * x
    above = 135135.0 + z * (17325.0 + z * (378.0 + z))
    below = 135135.0 + z * (62370.0 + z * (3150.0 + z * 28.0))
    e = exp(-2.0 * size)
    far = (1.0 - e) / (1.0 + e)
    signed = far if x > 0.0 else -far
    return x * above / below if size <= 0.35 else signed


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """Carry out the lines of data (n, 5), each for all lanes: operation, target, two operands, a number.

    Target and operands are rows of the workspace, the coordinates first. The last d + 1 lines say in which rows the
    gradient and the loss have come to stand.
    """
    d, lanes = x.shape
    for row in range(d):
        for lane in range(lanes):
            workspace[row, lane] = x[row, lane]
    outputs = data.shape[0] - d - 1
    for line in range(outputs):
        operation, target = np.int64(data[line, 0]), np.int64(data[line, 1])
        left, right, number = np.int64(data[line, 2]), np.int64(data[line, 3]), data[line, 4]
        if operation == ADD:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] + workspace[right, lane]
        elif operation == MULTIPLY:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] * workspace[right, lane]
        elif operation == MULTIPLY_NUMBER:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] * number
        elif operation == ADD_NUMBER:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] + number
        elif operation == SUBTRACT:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] - workspace[right, lane]
        elif operation == NUMBER_MINUS:
            for lane in range(lanes):
                workspace[target, lane] = number - workspace[left, lane]
        elif operation == DIVIDE:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] / workspace[right, lane]
        elif operation == DIVIDE_NUMBER:
            for lane in range(lanes):
                workspace[target, lane] = workspace[left, lane] / number
        elif operation == NUMBER_OVER:
            for lane in range(lanes):
                workspace[target, lane] = number / workspace[left, lane]
        elif operation == FILL:
            for lane in range(lanes):
                workspace[target, lane] = number
        elif operation == EXP:
            for lane in range(lanes):
                workspace[target, lane] = exp(workspace[left, lane])
        elif operation == LOG:
            for lane in range(lanes):
                workspace[target, lane] = log(workspace[left, lane])
        elif operation == SQRT:
            for lane in range(lanes):
                workspace[target, lane] = np.sqrt(workspace[left, lane])
        elif operation == SIN:
            for lane in range(lanes):
                workspace[target, lane] = sine_cosine(workspace[left, lane])[0]
        elif operation == COS:
            for lane in range(lanes):
                workspace[target, lane] = sine_cosine(workspace[left, lane])[1]
        elif operation == TANH:
            for lane in range(lanes):
                workspace[target, lane] = tanh(workspace[left, lane])
        elif operation == ABS:
            for lane in range(lanes):
                workspace[target, lane] = abs(workspace[left, lane])
        elif operation == SIGN:
            for lane in range(lanes):
                side = -1.0 if workspace[left, lane] < 0.0 else workspace[left, lane]  # a zero, or NaN, is its own
                workspace[target, lane] = 1.0 if workspace[left, lane] > 0.0 else side
        elif operation == MINIMUM:
            for lane in range(lanes):
                first = (workspace[left, lane] <= workspace[right, lane]) | (
                    workspace[left, lane] != workspace[left, lane]
                )  # NaN on either side is the result
                workspace[target, lane] = workspace[left, lane] if first else workspace[right, lane]
        elif operation == MAXIMUM:
            for lane in range(lanes):
                first = (workspace[left, lane] >= workspace[right, lane]) | (
                    workspace[left, lane] != workspace[left, lane]
                )
                workspace[target, lane] = workspace[left, lane] if first else workspace[right, lane]
        elif operation == NOT_ABOVE:
            for lane in range(lanes):
                workspace[target, lane] = 1.0 if workspace[left, lane] <= workspace[right, lane] else 0.0
    for row in range(d):
        found = np.int64(data[outputs + row, 2])
        for lane in range(lanes):
            gradient[row, lane] = workspace[found, lane]
    found = np.int64(data[outputs + d, 2])
    for lane in range(lanes):
        loss[lane] = workspace[found, lane]
    for row in range(workspace.shape[0]):
        for lane in range(lanes):
            workspace[row, lane] = 0.0


@dataclass(frozen=True)
class Expression(Objective):
    """f(x) as written in `text`; its gradient is found by exact differentiation, and nothing is compiled for it.

    The text is made of numbers, coordinates x0, x1, ... (or x[0], x[1], ...), pi, + - * / **, brackets, the functions
    abs, cos, cosh, exp, log, max, min, sin, sinh, sqrt, tan, tanh, and sums: sum(body, i, low, high), both ends
    included, or sum(body, i) over all coordinates when `dimension` is given. It is parsed, never evaluated as code.

    Where f is not defined (the logarithm or the root of a negative number) it is NaN, and the run ends there as
    diverged. Where it has a kink, the slope is one of the one-sided ones for min and max (that of the first argument),
    and 0 for abs; sqrt has an infinite slope at 0. sin and cos are NaN beyond angles of 2^30. A power with an exponent
    that is neither whole nor 1/2 is exp(exponent log base), with a relative error of about 2e-16 |exponent log base|.

    Args:
        text: f, as text or as a sympy expression in symbols x0, x1, ...; kept in canonical form, so that spellings of
            one expression (blanks, brackets, x[0] for x0, 1.0 for 1) are one objective.
        dimension: d; one more than the largest index when omitted.
        declared_smoothness: L as declared by the user, in loss / length^2; None when not known. Like the next four, it
            is taken at its word; `greedylr check` tries to break it.
        declared_strong_convexity: mu as declared by the user, in loss / length^2.
        declared_minimum: f* as declared by the user, in loss.
        declared_minimiser: one x* as declared by the user, d numbers in units of length.
        declared_convex: whether f is convex, as declared by the user.

    Raises:
        ValueError: the text is anything but the above (the sentence names the offending part), or the declared
            constants contradict each other.

    >>> Expression("(1 - x0)**2 + 100 * (x[1] - x0**2)**2").text
    '(1-x0)**2+100*(x1-x0**2)**2'
    """

    text: str = param(symbol="f", unit="loss", doc="the function, in numbers, x0, x1, ... and functions", kind="text")
    dimension: int | None = param(
        None,
        symbol="d",
        domain=Interval.closed(1, MOST_COORDINATES),
        doc="number of coordinates",
        kind="int",
        optional=True,
    )
    declared_smoothness: float | None = param(
        None, symbol="L", domain=NONNEGATIVE, unit="loss/length^2", doc="declared smoothness", optional=True
    )
    declared_strong_convexity: float | None = param(
        None, symbol=r"\mu", domain=NONNEGATIVE, unit="loss/length^2", doc="declared strong convexity", optional=True
    )
    declared_minimum: float | None = param(None, symbol="f^*", unit="loss", doc="declared minimum", optional=True)
    declared_minimiser: tuple[float, ...] | None = param(
        None, symbol="x^*", unit="length", doc="declared minimiser", kind="vector", optional=True
    )
    declared_convex: bool | None = param(None, symbol="convex", doc="declared convexity", kind="bool", optional=True)

    kernel: ClassVar[Any] = value_and_gradient

    def __post_init__(self) -> None:
        if type(self.text).__module__.partition(".")[0] == "sympy":
            object.__setattr__(self, "text", written(from_sympy(self.text)))
        super().__post_init__()

    def check(self) -> None:
        canonical = written(self._tree)
        del self.__dict__["_tree"]  # that of the text as it was given
        object.__setattr__(self, "text", canonical)
        found = coordinate_range(self._tree)
        if found is None:
            raise ValueError(f"Expression.text must name a coordinate such as x0, got {canonical!r}")
        if found[0] < 0 or found[1] >= self.dim:
            wrong = found[0] if found[0] < 0 else found[1]
            raise ValueError(f"Expression.text must name coordinates from x0 to x{self.dim - 1}, got x[{wrong}]")
        _ = self._table
        if self.declared_minimiser is not None and len(self.declared_minimiser) != self.dim:
            raise ValueError(
                f"Expression.declared_minimiser (x^*) must have {self.dim} entries, one per coordinate, "
                f"got {self.declared_minimiser!r}"
            )
        mu, smoothness = self.declared_strong_convexity, self.declared_smoothness
        if mu is not None and smoothness is not None and mu > smoothness:
            raise ValueError(
                f"Expression.declared_strong_convexity (\\mu) must not exceed declared_smoothness (L) {smoothness!r}, "
                f"got {mu!r}"
            )
        if self.declared_convex is False and self.declared_strong_convexity is not None:
            raise ValueError(
                "Expression.declared_convex must not be False when declared_strong_convexity is given, got False"
            )

    @cached_property
    def _tree(self) -> Tree:
        return parsed(self.text, self.dimension)

    @cached_property
    def _table(self) -> tuple[Floats, int, str]:
        graph, root = built(self._tree)
        table, rows = assembled(graph, root, self.dim)
        return table, rows, hashlib.sha256(table.tobytes()).hexdigest()

    @cached_property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self.dimension is not None:
            return self.dimension
        found = coordinate_range(self._tree)
        return 1 if found is None else max(found[1] + 1, 1)

    @property
    def data(self) -> Floats:
        return self._table[0]

    @property
    def data_digest(self) -> str:
        return self._table[2]

    @property
    def workspace_rows(self) -> int:
        return self._table[1]

    @property
    def smoothness(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.declared_smoothness

    @property
    def strong_convexity(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.declared_strong_convexity

    @property
    def minimum(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.declared_minimum

    @property
    def minimiser(self) -> tuple[float, ...] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.declared_minimiser

    @property
    def convex(self) -> bool | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.declared_convex

    def expression(self, x: Any) -> Any:
        return to_sympy(self._tree, list(x))


PLUGIN = Expression
