"""Block kernels from rules for one run at a time: easy to write, somewhat slower.

A rule is a function in code that numba compiles: numbers, arrays, loops, NumPy's mathematics. It is given the columns
of one run: params (p,), state (s,), x and gradient (d,), draws (u,). It may write where it says so, and nowhere else;
like block kernels it neither raises, prints nor draws random numbers.

In a file that `load_plugin` loads, what is compiled is kept for the next process; elsewhere each compiles anew.
"""

from __future__ import annotations

import hashlib
import inspect
import marshal
from collections.abc import Callable
from typing import Any

import numba

from greedylr_theory.compilation import kernel
from greedylr_theory.contracts import OBJECTIVE, OPTIMIZER, PERTURBATION, SCHEDULER

#: modules whose source is part of their name, so that compiled code cannot outlive it
KEPT = "greedylr_theory.plugin_files."


def per_run_objective(rule: Callable[..., float]) -> Any:
    """Kernel of an objective from ``rule(x, params, gradient) -> loss``, which fills gradient (d,).

    >>> from greedylr_theory.contracts import Objective
    >>> def value(x, params, gradient):
    ...     gradient[0] = 2.0 * x[0]
    ...     return x[0] * x[0]
    >>> class Square(Objective):
    ...     kernel = per_run_objective(value)
    ...     dim = 1
    """
    scalar = _scalar(rule, ("x", "params", "gradient"))

    def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
        for lane in range(loss.size):
            loss[lane] = scalar(x[:, lane], params[:, lane], gradient[:, lane])

    return _block(rule, OBJECTIVE, value_and_gradient)


def per_run_optimizer(rule: Callable[..., None]) -> Any:
    """Kernel of an optimizer from ``rule(step, lr, gradient, params, state, x)``, which moves x and may write to state.

    >>> import numpy as np
    >>> from greedylr_theory.contracts import Optimizer
    >>> def move(step, lr, gradient, params, state, x):
    ...     for i in range(x.size):
    ...         x[i] -= lr * np.sign(gradient[i])
    >>> class SignDescent(Optimizer):
    ...     kernel = per_run_optimizer(move)
    """
    scalar = _scalar(rule, ("step", "lr", "gradient", "params", "state", "x"))

    def update(step, lr, gradient, params, state, x):
        for lane in range(lr.size):
            scalar(step, lr[lane], gradient[:, lane], params[:, lane], state[:, lane], x[:, lane])

    return _block(rule, OPTIMIZER, update)


def per_run(rule: Callable[..., float]) -> Any:
    """Kernel of a scheduler from ``rule(step, observed, params, state, lr) -> lr``, which may write to state.

    >>> from greedylr_theory.contracts import Scheduler
    >>> class Halving(Scheduler):
    ...     kernel = per_run(lambda step, observed, params, state, lr: 0.5 * lr)
    """
    scalar = _scalar(rule, ("step", "observed", "params", "state", "lr"))

    def adjust(step, groups, observed, x, gradient, params, state, lr):
        for lane in range(lr.size):
            lr[lane] = scalar(step, observed[lane], params[:, lane], state[:, lane], lr[lane])

    return _block(rule, SCHEDULER, adjust)


def per_run_perturbation(rule: Callable[..., float]) -> Any:
    """Kernel of a perturbation from ``rule(step, loss, params, draws, state, gradient, x) -> observed loss``.

    The rule may write to state, and to gradient or x where that is its channel; elsewhere it returns the loss itself.

    >>> from greedylr_theory.contracts import Perturbation
    >>> class Doubled(Perturbation):
    ...     kernel = per_run_perturbation(lambda step, loss, params, draws, state, gradient, x: 2.0 * loss)
    ...     channel = "observed_loss"
    """
    scalar = _scalar(rule, ("step", "loss", "params", "draws", "state", "gradient", "x"))

    def disturb(step, loss, params, draws, state, observed, gradient, x):
        for lane in range(loss.size):
            observed[lane] = scalar(
                step, loss[lane], params[:, lane], draws[:, lane], state[:, lane], gradient[:, lane], x[:, lane]
            )

    return _block(rule, PERTURBATION, disturb)


def _scalar(rule: Callable[..., Any], wanted: tuple[str, ...]) -> Any:
    names = list(inspect.signature(rule).parameters)
    if len(names) != len(wanted):
        raise ValueError(f"the rule must take ({', '.join(wanted)}), got ({', '.join(names)})")
    scalar = numba.njit(rule, nogil=True, error_model="numpy")
    if rule.__module__.startswith(KEPT):
        # numba's cache tells block kernels apart by what they enclose, and that by a random number unless it is given
        getattr(scalar, "_set_uuid")(hashlib.sha256(marshal.dumps(rule.__code__)).hexdigest())  # noqa: B009
    return scalar


def _block(rule: Callable[..., Any], signature: Any, function: Any) -> Any:
    if rule.__module__.startswith(KEPT):
        return kernel(signature)(function)
    return numba.njit(signature, nogil=True, error_model="numpy")(function)
