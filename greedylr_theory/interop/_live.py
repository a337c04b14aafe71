"""What a live torch or transformers scheduler was made with, read from its attributes.

No class is imported: a scheduler is recognised by the module and the name of its class, so that a class derived from
one of them, which may do anything, is not.
"""

from __future__ import annotations

import functools
import math
from typing import Any

TORCH, TRANSFORMERS = "torch.optim.lr_scheduler", "transformers.optimization"

#: attributes that are the keywords
_KEYWORDS: dict[str, tuple[str, ...]] = {
    "StepLR": ("step_size", "gamma"),
    "ConstantLR": ("factor", "total_iters"),
    "LinearLR": ("start_factor", "end_factor", "total_iters"),
    "ExponentialLR": ("gamma",),
    "PolynomialLR": ("total_iters", "power"),
    "CosineAnnealingLR": ("T_max", "eta_min"),
    "CosineAnnealingWarmRestarts": ("T_0", "T_mult", "eta_min"),
}
#: private functions of transformers and the public ones that make them
_FACTORS = {
    "_get_constant_lambda": "get_constant_schedule",
    "_get_constant_schedule_with_warmup_lr_lambda": "get_constant_schedule_with_warmup",
    "_get_linear_schedule_with_warmup_lr_lambda": "get_linear_schedule_with_warmup",
    "_get_cosine_schedule_with_warmup_lr_lambda": "get_cosine_schedule_with_warmup",
    "_get_cosine_with_hard_restarts_schedule_with_warmup_lr_lambda": (
        "get_cosine_with_hard_restarts_schedule_with_warmup"
    ),
    "_get_polynomial_decay_schedule_with_warmup_lr_lambda": "get_polynomial_decay_schedule_with_warmup",
    "_get_inverse_sqrt_schedule_lr_lambda": "get_inverse_sqrt_schedule",
    "_get_cosine_with_min_lr_schedule_with_warmup_lr_rate_lambda": (
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate"
    ),
    "_get_wsd_scheduler_lambda": "get_wsd_schedule",
}


def class_of(live: Any) -> str:
    """Name of the scheduler's class, or "" when it is none of those that are known."""
    cls = type(live)
    known = (*_KEYWORDS, "MultiStepLR", "CyclicLR", "OneCycleLR", "LambdaLR", "MultiplicativeLR", "SequentialLR")
    if cls.__module__ == TORCH and cls.__name__ in (*known, "ChainedScheduler", "ReduceLROnPlateau"):
        return cls.__name__
    return cls.__name__ if (cls.__module__, cls.__name__) == (TRANSFORMERS, "GreedyLR") else ""


def table_of(live: Any, steps: int | None) -> tuple[str, dict[str, Any]]:
    """(name, options) for `interop.schedule`.

    Raises:
        ValueError: there is no such table, or functions would have to be evaluated and `steps` is not given.
    """
    name = class_of(live)
    if name in _KEYWORDS:
        return name, {keyword: getattr(live, keyword) for keyword in _KEYWORDS[name]}
    if name == "MultiStepLR":
        return name, {"milestones": sorted(live.milestones.elements()), "gamma": live.gamma}
    if name in ("LambdaLR", "MultiplicativeLR"):
        return _functions(name, live, steps)
    if name == "CyclicLR":
        return name, _cyclic(live)
    if name == "OneCycleLR":
        return name, _one_cycle(live)
    if name in ("SequentialLR", "ChainedScheduler"):
        options: dict[str, Any] = {"schedulers": [list(table_of(part, steps)) for part in live._schedulers]}
        return name, options | ({"milestones": list(live._milestones)} if name == "SequentialLR" else {})
    raise ValueError(
        "from_torch reads the classes of torch.optim.lr_scheduler and GreedyLR and the functions of transformers, "
        f"got {type(live).__module__}.{type(live).__qualname__}"
    )


def _functions(name: str, live: Any, steps: int | None) -> tuple[str, dict[str, Any]]:
    first, *others = live.lr_lambdas
    if any(_made_of(other) != _made_of(first) for other in others):
        raise ValueError(f"{name} must have one function for all parameter groups, got {len(others) + 1} of them")
    function, keywords = _made_of(first)
    if name == "LambdaLR" and function.__module__ == TRANSFORMERS and function.__name__ in _FACTORS:
        found = _FACTORS[function.__name__]
        if found == "get_cosine_schedule_with_warmup" and "min_lr_rate" in keywords:
            found = "get_cosine_with_min_lr_schedule_with_warmup"
        return found, {key: value for key, value in keywords.items() if value is not None}
    if steps is None:
        raise ValueError(f"{name} has a function of its own, which is tabulated only up to a number of steps: give it")
    start = 0 if name == "LambdaLR" else 1
    return name, {"factors": [float(first(t)) for t in range(start, steps + 1)]}


def _made_of(function: Any) -> tuple[Any, dict[str, Any]]:
    if isinstance(function, functools.partial) and not function.args:
        return function.func, function.keywords
    return function, {}


def _cyclic(live: Any) -> dict[str, Any]:
    if live._scale_fn_custom is not None:
        raise ValueError("CyclicLR has a scale_fn of its own, which is not read")
    total, ratio = float(live.total_size), float(live.step_ratio)
    up = _solution("step_size_up", round(total * ratio), lambda up: up / total == ratio)
    options = {"max_lr": _common("CyclicLR", "max_lr", live.max_lrs), "mode": live.mode, "gamma": live.gamma}
    return options | {"step_size_up": up, "step_size_down": total - up}


def _one_cycle(live: Any) -> dict[str, Any]:
    """Keywords that lead to the very numbers that the object holds; they are not kept, only what follows from them."""
    groups, total = live.optimizer.param_groups, live.total_steps
    levels = [[float(group[key]) for key in ("max_lr", "initial_lr", "min_lr")] for group in groups]
    ends = [float(phase["end_step"]) for phase in live._schedule_phases]

    def divides(upper: int) -> Any:
        """Whether a factor leads from one level to the next in every group."""
        return lambda factor: all(level[upper] / factor == level[upper + 1] for level in levels)

    return {
        "total_steps": total,
        "pct_start": _solution("pct_start", (ends[0] + 1.0) / total, lambda share: share * total - 1 == ends[0]),
        "anneal_strategy": live._anneal_func_type,
        "div_factor": _solution("div_factor", levels[0][0] / levels[0][1], divides(0)),
        "final_div_factor": _solution("final_div_factor", levels[0][1] / levels[0][2], divides(1)),
        "three_phase": len(ends) == 3,
    }


def _solution(name: str, guess: float, solves: Any) -> Any:
    """A number near the guess, the shortest first, that gives back what was computed from the lost one."""
    rounded = [float(f"{guess:.{digits}g}") for digits in (2, 4, 8, 12, 15)]
    below, above = math.nextafter(guess, -math.inf), math.nextafter(guess, math.inf)
    for candidate in (*rounded, guess, below, above):
        if solves(candidate):
            return candidate
    raise ValueError(f"{name} must be one number for all parameter groups, found none that the scheduler can have had")


def _common(owner: str, name: str, values: Any) -> float:
    numbers = [float(value) for value in values]
    if len(set(numbers)) > 1:
        raise ValueError(f"{owner} must have one {name} for all parameter groups, got {numbers}")
    return numbers[0]
