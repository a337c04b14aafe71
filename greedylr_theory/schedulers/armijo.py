"""Armijo's rule: shrink the rate until the loss falls by enough (Armijo 1966)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.contracts import Floats, Scheduler, search_kernel
from greedylr_theory.params import Choice, Interval, param

DECREASE, SHRINK, GROWTH, BEGIN, TRIALS = range(5)
#: rows of the state: the initial rate, the rate of the next first trial, |g|^2, and whether a lane goes on
INITIAL, NEXT, SQUARED, SEARCHING = range(4)


@search_kernel
def backtrack(
    objective, step, loss, gradient, objective_params, data, draws, workspace, trial, trial_gradient, trial_loss,
    params, state, x, lr,
):  # fmt: skip
    """lr <- lr r until f(x - lr g) <= f(x) - c lr |g|^2, in each lane on its own; 0 when all trials fail."""
    d, lanes = x.shape
    initial, following, squared, searching = state[INITIAL], state[NEXT], state[SQUARED], state[SEARCHING]
    most, going = 0.0, 0
    for lane in range(lanes):
        lr[lane] = initial[lane] if params[BEGIN, lane] == 1.0 else following[lane]
        squared[lane] = 0.0
        alive = loss[lane] * 0.0 == 0.0  # a run that has ended needs no trials
        searching[lane] = 1.0 if alive else 0.0
        going += alive
        most = params[TRIALS, lane] if params[TRIALS, lane] > most else most
    for i in range(d):
        for lane in range(lanes):
            squared[lane] += gradient[i, lane] * gradient[i, lane]
    for count in range(1, int(most) + 1):
        if going == 0:
            break
        for i in range(d):
            for lane in range(lanes):
                trial[i, lane] = x[i, lane] - lr[lane] * gradient[i, lane]
        objective(trial, objective_params, data, draws, workspace, trial_gradient, trial_loss)
        going = 0
        for lane in range(lanes):
            searched, rate = searching[lane] == 1.0, lr[lane]
            enough = trial_loss[lane] <= loss[lane] - params[DECREASE, lane] * rate * squared[lane]
            shorter = rate * params[SHRINK, lane]
            over = count >= params[TRIALS, lane]
            upcoming = rate * params[GROWTH, lane] if enough else shorter
            following[lane] = upcoming if searched & (enough | over) else following[lane]
            refused = 0.0 if over else shorter
            lr[lane] = refused if searched & (not enough) else rate
            searching[lane] = 1.0 if searched & (not enough) & (not over) else 0.0
            going += searched & (not enough) & (not over)


@dataclass(frozen=True)
class Armijo(Scheduler):
    """gamma_t is the first of gamma, gamma r, gamma r^2, ... with f(x - gamma_t g) <= f(x) - c_1 gamma_t norm(g)^2.

    The first trial of a step is the last accepted rate times `growth`, or gamma_0 every time. When all trials fail, the
    step is not made: its rate is 0, and with start = "last" the next step goes on from where the trials ended. Every
    trial evaluates the objective once; these evaluations are not counted as steps. If every f involved is L-smooth, no
    accepted rate is below min(first trial, 2 r (1 - c_1) / L).

    The trials see f itself, on the sample of their step if the objective is sampled: the loss of that sample falls, not
    necessarily the whole. g is the gradient that the optimizer gets, noise included: where it outweighs the gradient,
    -g need not descend, and rates fall until nothing moves. The trials go along -g, so that the condition is about the
    step that is made only with plain gradient descent. A perturbation of the observed loss
    is not seen, and one that kicks the iterate does so after f(x) was evaluated.

    Args:
        decrease: c_1.
        shrink: r.
        growth: how much longer than the last accepted rate the first trial is.
        start: "last" or "initial", where the trials begin.
        trials: most evaluations per step.

    Source: Armijo, Pacific J. Math. 16, 1966; Nocedal and Wright, Numerical Optimization, Algorithm 3.1.
    """

    decrease: float = param(1e-4, symbol="c_1", domain=Interval.open(0, 1), doc="share of the linear decrease")
    shrink: float = param(0.5, symbol="r", domain=Interval.open(0, 1), doc="what a refused rate is multiplied by")
    growth: float = param(
        2.0, symbol="growth", domain=Interval.left_closed(1, np.inf), doc="first trial over the last accepted rate"
    )
    start: str = param(
        "last", symbol="start", domain=Choice(("last", "initial")), doc="where the trials begin", kind="choice"
    )
    trials: int = param(
        60, symbol="trials", domain=Interval.left_closed(1, 2.0**31), doc="most evaluations per step", kind="int"
    )

    search: ClassVar[Any] = backtrack
    ordering: ClassVar[str | None] = "before_update"
    needs_gradient: ClassVar[bool] = True

    def initial_state(self, params: Floats, lr0: Floats, steps: int, dim: int) -> Floats:
        return np.stack([lr0, lr0, np.zeros(lr0.size), np.zeros(lr0.size)])


PLUGIN = Armijo
