"""The worst case of the steps that a schedule takes, beside those of the steps that theory suggests.

Units throughout: R = 1 and L = 1, or R = 1 and G = 1; steps in units of 1/L or R/G, values of L R^2 or G R.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.contracts import Objective, Scheduler
from greedylr_theory.objectives.huber import Huber
from greedylr_theory.objectives.quadratic import Quadratic
from greedylr_theory.schedulers.constant import Constant
from greedylr_theory.schedulers.greedy_previous import GreedyPrevious
from greedylr_theory.schedulers.linear import Linear
from greedylr_theory.simulation.run import Run
from greedylr_theory.simulation.simulate import simulate
from greedylr_theory.theory import last_iterate, smooth
from greedylr_theory.theory._performance import closed_form
from greedylr_theory.theory.worst_case import Measure, Problem, WorstCase, worst_case

Floats = NDArray[np.float64]
_DIMENSION = 10  #: of the quadratic on which closed-loop rules are run
_SMALLEST = 1e-3  #: its smallest eigenvalue where mu = 0
_RADIUS = 0.01  #: of the Huber function on which they are run in the Lipschitz class
#: steps up to which the lines beside the schedule may take the solver, whose time grows like a high power of them
_MOST_SOLVED = 25


@dataclass(frozen=True, eq=False)
class Row:
    """One line of the comparison.

    Args:
        name: which steps.
        steps: (N,), in units of 1/L or R/G.
        found: their worst case.
    """

    name: str
    steps: Floats
    found: WorstCase


@dataclass(frozen=True, eq=False)
class Comparison:
    """Lines of the comparison, what any nonnegative steps must at least have, and where the rules were run.

    Args:
        rows: the schedule first.
        bound: below which the worst case of the schedule's own steps cannot be, in its class.
        bound_of: what that bound holds for.
        simulated_on: the function on which rules that look at the run took their steps.
        left_out: {line beside the schedule: why its worst case is not there}.
    """

    rows: tuple[Row, ...]
    bound: float | None
    bound_of: str
    simulated_on: str
    left_out: dict[str, str]


def default_peak(problem: Problem, steps: int) -> float:
    """Base rate when none is given: 1/L, or R / (G sqrt T) with T = N + 1 iterates."""
    return 1.0 if problem != "lipschitz-convex" else 1 / math.sqrt(steps + 1)


def steps_taken(scheduler: Scheduler, steps: int, peak: float, problem: Problem, mu: float = 0.0) -> Floats:
    """The step sizes that a rule takes on the function of `stated_problem`: those of its table if it has one.

    Args:
        scheduler: any schedule or rule of the package.
        steps: N, at least 1.
        peak: its base rate lr0.

    Returns:
        (N,) step sizes.

    Raises:
        ValueError: the run diverged, or an argument lies outside its domain.

    >>> steps_taken(Linear(), 4, 1.0, "smooth-convex")
    array([1.  , 0.75, 0.5 , 0.25])
    """
    objective, start, _ = stated_problem(problem, mu)
    run = Run(objective=objective, scheduler=scheduler, start=start, lr0=peak, steps=steps)
    trajectory = simulate([run], stride=1)
    if not np.all(np.isfinite(trajectory.lr[0])):
        raise ValueError(
            f"{type(scheduler).__name__} diverged after {int(trajectory.steps[0])} steps: --lr0 {peak:g} is too large"
        )
    return trajectory.lr[0].copy()


def stated_problem(problem: Problem, mu: float = 0.0) -> tuple[Objective, tuple[float, ...], str]:
    """A function of the class, a start at distance 1 from its minimiser, and both in words."""
    if problem == "lipschitz-convex":
        text = "Huber's function of slope G, quadratic within R/100 of its minimiser, in one dimension"
        return Huber(dimension=1, radius=_RADIUS, curvature=1 / _RADIUS), (1.0,), text
    smallest = mu or _SMALLEST
    eigenvalues = tuple(np.geomspace(smallest, 1.0, _DIMENSION).tolist())
    text = (
        f"a quadratic with {_DIMENSION} eigenvalues from {smallest:g} L to L in geometric progression, from a start "
        "with equal coordinates"
    )
    return Quadratic(eigenvalues=eigenvalues), (1 / math.sqrt(_DIMENSION),) * _DIMENSION, text


def compare(
    scheduler: Scheduler,
    name: str,
    steps: int,
    peak: float,
    problem: Problem,
    measure: Measure = "last",
    mu: float = 0.0,
) -> Comparison:
    """The schedule, linear decay and a constant with the same first step, what theory suggests, and GreedyLR.

    Args:
        name: what the schedule's line is called.
        steps: N >= 1.
        peak: base rate of all but the lines from theory.
        mu: strong convexity over L, in its class.

    Raises:
        ValueError: an argument lies outside its domain, or the schedule's run diverged.
        ModuleNotFoundError, ArithmeticError: as for `worst_case`, for the schedule; other lines are left out.
    """
    own = steps_taken(scheduler, steps, peak, problem, mu)
    rows = [Row(name, own, worst_case(own, problem=problem, measure=measure, mu=mu))]
    left_out: dict[str, str] = {}
    lines = _suggested(problem, measure, steps)
    others = {
        "linear decay, same lr0": Linear(),
        "constant, same lr0": Constant(),
        "GreedyLR (greedy_previous, F 0.95, no cap), same lr0": GreedyPrevious(),
    }
    for line, rule in others.items():
        try:
            lines[line] = steps_taken(rule, steps, peak, problem, mu)
        except ValueError as error:
            left_out[line] = str(error)
    for line in sorted(lines, key=_position):
        h = lines[line]
        if steps > _MOST_SOLVED and closed_form(h, problem, measure, mu) is None:
            left_out[line] = f"no closed form is known, and the solver is not started beyond {_MOST_SOLVED} steps"
            continue
        try:
            rows.append(Row(line, h, worst_case(h, problem=problem, measure=measure, mu=mu)))
        except (ModuleNotFoundError, ArithmeticError) as error:
            left_out[line] = str(error)
    bound, bound_of = _bound(problem, measure, own)
    return Comparison(tuple(rows), bound, bound_of, stated_problem(problem, mu)[2], left_out)


def _position(line: str) -> int:
    """Schedules with the same first rate, then what theory suggests, then GreedyLR."""
    return 2 if line.startswith("GreedyLR") else 0 if line.endswith("same lr0") else 1


def _suggested(problem: Problem, measure: Measure, steps: int) -> dict[str, Floats]:
    T = steps + 1
    if problem == "lipschitz-convex":
        best = last_iterate.best_constant_step(steps, 1.0, 1.0)[0] if measure == "last" else 1 / math.sqrt(T)
        decay = (1 - np.arange(1, T) / T) / math.sqrt(T)
        return {"best constant": np.full(steps, best), "linear decay, R/(G sqrt T) (1 - t/T)": decay}
    if problem == "smooth-strongly-convex" or measure != "last":
        return {}
    k = _nearest_silver(steps)
    silver = smooth.silver_steps(k)
    return {
        "best constant": np.full(steps, smooth.best_constant_step(steps)[0]),
        f"silver, N = {silver.size}": silver,
    }


def _nearest_silver(steps: int) -> int:
    """k >= 1 with 2^k - 1 nearest to the number of steps; the smaller of two."""
    above = steps.bit_length()
    return min((k for k in (above - 1, above, above + 1) if k >= 1), key=lambda k: (abs(2**k - 1 - steps), k))


def _bound(
    problem: Problem, measure: Measure, steps: Floats
) -> tuple[float | None, Literal["any steps", "these steps", ""]]:
    if problem == "lipschitz-convex":
        return 1 / math.sqrt(steps.size + 1), "any steps"
    if problem == "smooth-convex" and measure == "last":
        return smooth.lower_bound(steps), "these steps"
    return None, ""
