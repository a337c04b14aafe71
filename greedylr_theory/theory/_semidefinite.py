"""Performance estimation by PEPit and Clarabel, in units where R = 1 and L = 1 or G = 1, with a dual value made safe.

Every constraint reads expression <= 0. With weights >= 0 the worst value of what is measured is at most that of
(measured - sum weight * expression), which is const + <linear, values> + <quadratic, Gram>. For exact multipliers the
linear part vanishes and the quadratic is negative semidefinite; what a solver leaves of both is bounded by the size
that values and slopes of the class can have at all, and added to the constant.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.theory import _performance

Floats = NDArray[np.float64]

#: of the directions of a Gram matrix that count, relative to the largest
_RANK = 1e-5
_MOST_DIMENSIONS = 3
#: steps beyond which a user wants to be told; 55 take half a minute
_MANY = 60
_TOLERANCES = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


@dataclass(frozen=True, eq=False)
class Solution:
    """Safe dual value, primal value, multipliers, and a function of few dimensions if there is one."""

    upper: float
    primal: float
    multipliers: dict[str, float]
    source: str
    function: tuple[str, Floats, Floats, Floats] | None


def words(steps: Floats) -> str:
    """A sequence of steps in an error message."""
    return " ".join(f"{h:g}" for h in steps[:6]) + (f" ... ({steps.size} in all)" if steps.size > 6 else "")


def solve(steps: Floats, problem: str, measure: str, mu: float) -> Solution:
    """Solve one problem; a gradient is measured by its squared norm."""
    try:
        import clarabel  # noqa: F401  # pyright: ignore[reportMissingImports]
        import cvxpy  # noqa: F401  # pyright: ignore[reportMissingImports]
        import PEPit  # pyright: ignore[reportMissingImports]
        from PEPit import functions  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"no closed form is known for these steps, and {error.name} is needed to compute their worst case: "
            "pip install 'greedylr-theory[pep]'",
            name=error.name,
        ) from None
    if steps.size > _MANY:
        text = f"no closed form is known for these {steps.size} steps, and the solver takes minutes, or much longer"
        warnings.warn(text, stacklevel=4)
    program: Any = PEPit.PEP()
    if problem == "lipschitz-convex":
        f: Any = program.declare_function(functions.ConvexLipschitzFunction, M=1.0, name="f")
    elif problem == "smooth-convex":
        f = program.declare_function(functions.SmoothConvexFunction, L=1.0, name="f")
    else:
        f = program.declare_function(functions.SmoothStronglyConvexFunction, mu=mu, L=1.0, name="f")
    minimiser, _, minimum = f.stationary_point(return_gradient_and_function_value=True, name="x*")
    x: Any = program.set_initial_point(name="x_0")
    program.set_initial_condition((x - minimiser) ** 2 <= 1, name="|x_0 - x*| <= R")
    visited = _Visited(f, minimiser, minimum)
    visited.add(x)
    for k, h in enumerate(steps):
        x = x - float(h) * visited.slopes[-1]
        x.set_name(f"x_{k + 1}")
        visited.add(x)
    if measure == "average":
        x = sum(visited.points[1:], visited.points[0]) / len(visited.points)
        x.set_name("average")
        visited.add(x)
    measured = visited.slopes[-1] ** 2 if measure == "gradient" else visited.values[-1] - minimum
    program.set_performance_metric(measured)
    with warnings.catch_warnings():
        # "may be inaccurate": how inaccurate it is, is computed below
        warnings.simplefilter("ignore", UserWarning)
        if not _succeeds(program, **_TOLERANCES) and not _succeeds(program):
            raise ArithmeticError(f"the solver found no bound for the steps {words(steps)}")
        primal = float(program.objective.eval())
        upper, multipliers = _safe_dual(program, measured, visited, *_sizes(steps, problem, measure))
        function = _performance.attaining(steps, problem, measure, primal)
        function = function or _few_dimensions(program, visited, primal)
    source = f"PEPit {version('PEPit')}, cvxpy {version('cvxpy')}, Clarabel {version('clarabel')}"
    return Solution(upper, primal, multipliers, source, function)


def _succeeds(program: Any, **settings: Any) -> bool:
    from cvxpy.error import SolverError  # pyright: ignore[reportMissingImports]

    try:
        program.solve(verbose=0, wrapper="cvxpy", solver="CLARABEL", **settings)
    except SolverError:
        return False
    return getattr(program, "residual", None) is not None


class _Visited:
    """PEPit's objects at each point of the run: one subgradient and value each."""

    def __init__(self, f: Any, minimiser: Any, minimum: Any) -> None:
        self.f, self.minimiser, self.minimum = f, minimiser, minimum
        self.points: list[Any] = []
        self.slopes: list[Any] = []
        self.values: list[Any] = []

    def add(self, point: Any) -> None:
        slope, value = self.f.oracle(point)  # asked once: another call may give another subgradient
        self.points.append(point)
        self.slopes.append(slope)
        self.values.append(value)


def _sizes(steps: Floats, problem: str, measure: str) -> tuple[Floats, Floats]:
    """Largest possible f(x_k) - f* and |g_k| at each point."""
    if problem == "lipschitz-convex":
        distance = 1 + np.concatenate([[0.0], np.cumsum(steps)])
        values, slopes = distance, np.ones(distance.size)
    else:
        distance = np.concatenate([[1.0], np.cumprod(np.maximum(1.0, np.abs(1 - steps)))])
        values, slopes = distance**2 / 2, distance
    if measure == "average":
        values, slopes = (np.append(sizes, np.max(sizes)) for sizes in (values, slopes))
    return values, slopes


def _safe_dual(
    program: Any, measured: Any, visited: _Visited, largest_values: Floats, largest_slopes: Floats
) -> tuple[float, dict[str, float]]:
    from PEPit.tools.expressions_to_matrices import (  # pyright: ignore[reportMissingImports]
        expression_to_matrices,
    )

    first, *rest = program._list_of_prepared_constraints
    scale = float(first.eval_dual())  # of "objective <= measured", 1 up to the solver's error
    gram, linear, constant = expression_to_matrices(measured)
    multipliers: dict[str, float] = {}
    for constraint in rest:
        weight = max(0.0, float(constraint.eval_dual()) / scale)
        of_gram, of_values, alone = expression_to_matrices(constraint.expression)
        gram, linear, constant = gram - weight * of_gram, linear - weight * of_values, constant - weight * alone
        multipliers[str(constraint.get_name()).removeprefix("IC_f_")] = weight
    # x* = 0 and f(x*) = 0 without loss of generality: its row, column and entry drop out
    most = np.zeros(linear.size)
    for value, largest in zip(visited.values, largest_values, strict=True):
        most[value.counter] = largest
    keep = [k for k in range(gram.shape[0]) if k != visited.minimiser.counter]
    above = float(np.max(np.linalg.eigvalsh((gram + gram.T)[np.ix_(keep, keep)] / 2)))
    # 1e-14: what the sums above can lose to rounding, generously
    trace = 1 + float(np.sum(largest_slopes**2))
    error = float(np.maximum(linear, 0.0) @ most) + (max(above, 0.0) + 1e-14) * trace
    return float(constant) + error, multipliers


def _few_dimensions(program: Any, visited: _Visited, primal: float) -> tuple[str, Floats, Floats, Floats] | None:
    """Points, slopes and values of a solution whose Gram matrix has a small trace, if its rank is small."""
    loss = 1e-6 * abs(primal)
    if not _succeeds(program, dimension_reduction_heuristic="trace", tol_dimension_reduction=loss, **_TOLERANCES):
        return None
    origin = visited.minimiser.eval()
    vectors = [
        v.eval() - o for p, g in zip(visited.points, visited.slopes, strict=True) for v, o in ((p, origin), (g, 0))
    ]
    left, sizes, _ = np.linalg.svd(np.array(vectors), full_matrices=False)
    dimension = int(np.sum(sizes**2 > _RANK * sizes[0] ** 2))
    values = np.array([float(value.eval()) for value in visited.values]) - float(visited.minimum.eval())
    if dimension > _MOST_DIMENSIONS or not np.all(np.isfinite(sizes)) or not np.all(np.isfinite(values)):
        return None
    reduced = (left[:, :dimension] * sizes[:dimension]).reshape(len(values), 2, dimension)
    return "", reduced[:, 0], reduced[:, 1], values
