"""The worst case of gradient descent with given steps over a whole class of functions: closed forms, else PEPit.

Performance estimation (Drori and Teboulle 2014; Taylor, Hendrickx and Glineur 2017) turns the worst function into a
semidefinite program, whose dual is a proof: multipliers of inequalities that every function of the class satisfies.
What is reported from a solver is the dual value, made safe against the solver's errors, and never the primal one.

Needs the extra `pep` (PEPit, cvxpy, Clarabel) where no closed form is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.theory import _performance, smooth

Floats = NDArray[np.float64]
Problem = Literal["smooth-convex", "lipschitz-convex", "smooth-strongly-convex"]
Measure = Literal["last", "average", "gradient"]

MOST_STEPS = 60  #: that the solver is given: about a minute


@dataclass(frozen=True, eq=False)
class WorstFunction:
    """Points of a run on a worst function, or nearly so: x_0 .. x_N, and the average where it is what is measured.

    The minimiser is 0 and the minimum 0. In the class of smooth functions the points with their slopes and values
    determine functions that interpolate them; among convex G-Lipschitz functions the maximum of the tangents is one.

    Args:
        name: formula of the function where it is known, "" otherwise.
        points: (n, d), in length.
        gradients: (n, d), in loss / length.
        values: (n,), f(x) - f*, in loss.
        attained: what is measured, on this function.
    """

    name: str
    points: Floats
    gradients: Floats
    values: Floats
    attained: float

    @property
    def dimension(self) -> int:
        return self.points.shape[1]


@dataclass(frozen=True, eq=False)
class WorstCase:
    """A worst case and what it rests on.

    Args:
        value: no function of the class is worse. A closed form, or the dual value of the solver raised by what the
            errors of its multipliers can amount to.
        attained: what some function of the class reaches. The same as `value` for a closed form, else the primal value
            of the solver, which is right up to its own tolerance.
        tolerance: (value - attained) / value; 0.0 for a closed form.
        method: "closed form" or "semidefinite program".
        source: the claim or paper behind a closed form, or the versions of the solver.
        multipliers: name of an inequality -> its weight in the proof; empty for a closed form. The weights are those of
            the problem with L = R = 1 or G = R = 1, of the squared norm where a gradient is measured.
        worst_function: one of few dimensions on which the value is reached, None where none was found.
    """

    value: float
    attained: float
    tolerance: float
    method: Literal["closed form", "semidefinite program"]
    source: str
    multipliers: dict[str, float]
    worst_function: WorstFunction | None


def worst_case(
    steps: Sequence[float] | Floats,
    *,
    problem: Problem = "smooth-convex",
    measure: Measure = "last",
    L: float = 1,
    R: float = 1,
    G: float = 1,
    mu: float = 0,
) -> WorstCase:
    """Largest outcome of x_{t+1} = x_t - gamma_t grad f(x_t), t < N, over all f of a class and |x_0 - x*| <= R.

    Args:
        steps: gamma_0 .. gamma_{N-1}, nonnegative, in length^2 / loss; they give x_N, the last of T = N + 1 iterates.
        problem: convex and L-smooth; convex and G-Lipschitz (any subgradients); mu-strongly convex and L-smooth.
        measure: "last": f(x_N) - f*; "average": f at the mean of x_0 .. x_N, minus f*; "gradient": |grad f(x_N)|.
        L: smoothness, in loss / length^2; of the smooth classes only.
        R: distance of the start from a minimiser, in length.
        G: Lipschitz constant, in loss / length; of its class only.
        mu: strong convexity, in loss / length^2; 0 < mu < L in its class, else 0.

    Returns:
        WorstCase, in loss (loss / length for "gradient").

    Raises:
        ValueError: an argument lies outside its domain, is not one of the class, or there are more than `MOST_STEPS`
            steps without a closed form.
        ModuleNotFoundError: no closed form is known and the extra `pep` is not installed.
        ArithmeticError: the solver did not get to a relative tolerance of 1e-3.

    >>> worst_case([1.5, 1.5, 1.5]).value
    0.05
    >>> found = worst_case([0.25], problem="lipschitz-convex", G=2.0)  # one step, T = 2
    >>> found.value, found.method
    (1.5, 'closed form')
    """
    setting = _setting(steps, problem, measure, L, R, G, mu)
    return _closed_form(setting) or _solved(setting)


def semidefinite(
    steps: Sequence[float] | Floats,
    *,
    problem: Problem = "smooth-convex",
    measure: Measure = "last",
    L: float = 1,
    R: float = 1,
    G: float = 1,
    mu: float = 0,
) -> WorstCase:
    """The same by the solver, whether or not a closed form is known; arguments and errors as for `worst_case`."""
    return _solved(_setting(steps, problem, measure, L, R, G, mu))


@dataclass(frozen=True, eq=False)
class _Setting:
    """A problem in its own units, where L = R = 1 or G = R = 1; `mu` becomes mu / L."""

    steps: Floats
    problem: Problem
    measure: Measure
    mu: float
    length: float  #: R
    slope: float  #: L R or G

    @property
    def loss(self) -> float:
        return self.slope * self.length

    @property
    def unit(self) -> float:
        """Of what is measured."""
        return self.slope if self.measure == "gradient" else self.loss


def _setting(
    steps: Sequence[float] | Floats, problem: Problem, measure: Measure, L: float, R: float, G: float, mu: float
) -> _Setting:
    if problem not in get_args(Problem):
        raise ValueError(f"problem must be one of {', '.join(get_args(Problem))}, got {problem!r}")
    if measure not in get_args(Measure):
        raise ValueError(f"measure must be one of {', '.join(get_args(Measure))}, got {measure!r}")
    for name, value in (("L", L), ("R", R), ("G", G)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {value!r}")
    lipschitz = problem == "lipschitz-convex"
    if lipschitz and L != 1:
        raise ValueError(f"L has no meaning for {problem}, got {L!r}")
    if not lipschitz and G != 1:
        raise ValueError(f"G has no meaning for {problem}, got {G!r}")
    if lipschitz and measure == "gradient":
        raise ValueError("measure must be last or average for lipschitz-convex, whose worst subgradient is always G")
    strongly = problem == "smooth-strongly-convex"
    if isinstance(mu, bool) or not isinstance(mu, int | float) or not (0 < mu < L if strongly else mu == 0):
        raise ValueError(f"mu must {'lie in (0, L)' if strongly else 'be 0'} for {problem}, got {mu!r}")
    smooth.lower_bound(steps)  # the same domain
    unit = G / R if lipschitz else L
    with np.errstate(over="ignore"):
        given = np.asarray(steps, dtype=np.float64) * unit
    if not np.all(np.isfinite(given)):
        raise ValueError(f"steps must be finite in units of {'R/G' if lipschitz else '1/L'}, got {steps!r}")
    return _Setting(given, problem, measure, mu / L, R, G if lipschitz else L * R)


def _closed_form(setting: _Setting) -> WorstCase | None:
    found = _performance.closed_form(setting.steps, setting.problem, setting.measure, setting.mu)
    if found is None:
        return None
    value = found.value * setting.unit
    worst = None if found.function is None else _scaled(*found.function, setting)
    return WorstCase(value, value, 0.0, "closed form", found.source, {}, worst)


def _solved(setting: _Setting) -> WorstCase:
    from greedylr_theory.theory import _semidefinite

    if setting.steps.size > MOST_STEPS:
        raise ValueError(
            f"steps must be at most {MOST_STEPS} where no closed form is known, as inequalities between all pairs of "
            f"iterates are solved for, got {setting.steps.size}"
        )
    found = _semidefinite.solve(setting.steps, setting.problem, setting.measure, setting.mu)
    value, attained = found.upper, found.primal
    if setting.measure == "gradient":  # the program is about the square
        value, attained = math.sqrt(max(value, 0.0)), math.sqrt(max(attained, 0.0))
    tolerance = (value - attained) / value
    if not abs(tolerance) <= 1e-3:
        raise ArithmeticError(
            f"the solver left a gap of {tolerance:.1e} between {attained!r} and {value!r}, in units where R = 1 and "
            f"L or G is 1, for steps {_semidefinite.words(setting.steps)}"
        )
    worst = None if found.function is None else _scaled(*found.function, setting)
    return WorstCase(
        value=value * setting.unit,
        attained=attained * setting.unit,
        tolerance=tolerance,
        method="semidefinite program",
        source=found.source,
        multipliers=found.multipliers,
        worst_function=worst,
    )


def _scaled(name: str, points: Floats, gradients: Floats, values: Floats, setting: _Setting) -> WorstFunction:
    """A function of the problem in its own units, in those of the user."""
    measured = float(np.linalg.norm(gradients[-1])) if setting.measure == "gradient" else float(values[-1])
    return WorstFunction(
        name=name,
        points=points * setting.length,
        gradients=gradients * setting.slope,
        values=values * setting.loss,
        attained=measured * setting.unit,
    )
