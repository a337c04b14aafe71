"""The schedules of `torch.optim.lr_scheduler` and of transformers by their own names, value for value.

torch steps most of its schedules by recursion (rate of step t from that of step t - 1), so that roundings pile up and
cosines near their zero lose digits. The recursions are carried out here in the same order of operations in plain
Python, with the C library's cosine, so that the rates are torch's own and not merely near them. The plug-ins in
`greedylr_theory.schedulers` use closed forms instead, which are the same schedules to rounding.
"""

from __future__ import annotations

import inspect
import math
import numbers
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.interop import _torch, _transformers


def schedule(name: str, /, *, base_lr: float, steps: int, **options: Any) -> NDArray[np.float64]:
    """Rates after 0, 1, ..., `steps` scheduler steps, as the real scheduler gives them.

    Args:
        name: a class of `torch.optim.lr_scheduler`, such as "StepLR", or a function of transformers, such as
            "get_linear_schedule_with_warmup"; `names()` lists them.
        base_lr: rate of the optimizer; for CyclicLR the lower bound; OneCycleLR does not use it (give `max_lr`).
        steps: number of scheduler steps, at least 0.
        options: keywords of the class or function. SequentialLR and ChainedScheduler take `schedulers` as a list of
            [name, {options}]: for ChainedScheduler those that move the rate in force (StepLR, MultiStepLR, ConstantLR,
            LinearLR, ExponentialLR, PolynomialLR, CosineAnnealingLR), for SequentialLR these,
            CosineAnnealingWarmRestarts, LambdaLR and transformers'; not one of the two inside the other. LambdaLR and
            MultiplicativeLR take `factors`, a list, in place of a function.

    Returns:
        Rates (steps + 1,).

    Raises:
        ValueError: there is no such schedule or option, one is missing, a value is impossible, OneCycleLR would be
            stepped beyond its end, or the name belongs to what cannot be a table: the message says what to use.

    >>> schedule("StepLR", base_lr=1.0, steps=4, step_size=2, gamma=0.5)
    array([1.  , 1.  , 0.5 , 0.5 , 0.25])
    """
    if name in NO_TABLE:
        raise ValueError(f"{name} {NO_TABLE[name]}")
    if name not in names():
        raise ValueError(f"there is no schedule {name!r}; there are: {', '.join(names())}")
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 0:
        raise ValueError(f"steps must be an integer of at least 0, got {steps!r}")
    if isinstance(base_lr, bool) or not isinstance(base_lr, numbers.Real) or not 0.0 <= base_lr < math.inf:
        raise ValueError(f"base_lr must be a finite number of at least 0, got {base_lr!r}")
    return np.array(_rates(name, float(base_lr), int(steps), options), dtype=np.float64)


def names() -> list[str]:
    """Every name that `schedule` takes."""
    return sorted([*_TORCH, *_TRANSFORMERS])


def _rates(name: str, base: float, steps: int, options: dict[str, Any]) -> list[float]:
    rule = _TORCH.get(name) or _TRANSFORMERS[name]
    given = (base, steps) if name in _TORCH else (base,)
    try:
        inspect.signature(rule).bind(*given, **options)
    except TypeError as error:
        known = ", ".join(list(inspect.signature(rule).parameters)[len(given) :]) or "none"
        raise ValueError(f"{name}: {error}; its options are: {known}") from None
    try:
        if name in _TORCH:
            return list(_TORCH[name](base, steps, **options))
        factor = _TRANSFORMERS[name](base, **options)
        return [base * factor(t) for t in range(steps + 1)]
    except (TypeError, ZeroDivisionError, IndexError, OverflowError) as error:
        raise ValueError(f"{name} cannot be computed from {options!r}: {error}") from None


def _parts(schedulers: Any, known: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for part in schedulers if isinstance(schedulers, list | tuple) else ():
        if not isinstance(part, list | tuple) or not part or part[0] not in known:
            raise ValueError(
                f"schedulers must be a list of [name, {{options}}] with names among {', '.join(known)}, got {part!r}"
            )
        found.append((part[0], dict(part[1]) if len(part) > 1 else {}))
    if not found:
        raise ValueError(f"schedulers must be a non-empty list of [name, {{options}}], got {schedulers!r}")
    return found


def _sequential(base: float, steps: int, schedulers: Any, milestones: Sequence[int]) -> _torch.Rates:
    """Each part in turn, counted from its milestone, where it begins from the base rate."""
    parts = _parts(schedulers, [*_RECURSIVE, "CosineAnnealingWarmRestarts", "LambdaLR", *_TRANSFORMERS])
    if len(milestones) != len(parts) - 1:
        raise ValueError(f"milestones must be one fewer than the {len(parts)} schedulers, got {milestones!r}")
    starts = [0, *milestones]
    tables = [_rates(name, base, max(0, steps - starts[k]), options) for k, (name, options) in enumerate(parts)]
    for t in range(steps + 1):
        k = bisect_right(milestones, t)
        yield tables[k][t - starts[k]]


def _chained(base: float, steps: int, schedulers: Any) -> _torch.Rates:
    """At each step every part moves the rate that the part before it left, by its own recursion."""
    parts = _parts(schedulers, _RECURSIVE)
    for name, options in parts:
        _rates(name, base, 0, options)  # one sentence about a bad option
    rate = base
    for name, options in parts:
        first: Any = _TORCH[name](1.0, 0, **options)
        rate *= first.first
    moves = [_TORCH[name](base, steps, **options) for name, options in parts]
    yield rate
    for t in range(1, steps + 1):
        for part in moves:
            recursion: Any = part
            rate = recursion.move(t, rate)
        yield rate


_TORCH: dict[str, Callable[..., _torch.Rates]] = {
    "StepLR": _torch.step,
    "MultiStepLR": _torch.multi_step,
    "ConstantLR": _torch.reduced_start,
    "LinearLR": _torch.linear,
    "ExponentialLR": _torch.exponential,
    "PolynomialLR": _torch.polynomial,
    "CosineAnnealingLR": _torch.cosine,
    "CosineAnnealingWarmRestarts": _torch.cosine_restarts,
    "OneCycleLR": _torch.one_cycle,
    "CyclicLR": _torch.cyclic,
    "LambdaLR": _torch.table,
    "MultiplicativeLR": _torch.multiplicative,
    "SequentialLR": _sequential,
    "ChainedScheduler": _chained,
}
#: base rate and keywords -> factor at each step
_TRANSFORMERS: dict[str, Callable[..., _transformers.Factor]] = {
    "get_constant_schedule": _transformers.constant,
    "get_constant_schedule_with_warmup": _transformers.constant_warmup,
    "get_linear_schedule_with_warmup": _transformers.linear,
    "get_cosine_schedule_with_warmup": _transformers.cosine,
    "get_cosine_with_hard_restarts_schedule_with_warmup": _transformers.hard_restarts,
    "get_polynomial_decay_schedule_with_warmup": _transformers.polynomial,
    "get_inverse_sqrt_schedule": _transformers.inverse_sqrt,
    "get_cosine_with_min_lr_schedule_with_warmup": _transformers.cosine_floor,
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": _transformers.cosine_floor_warmup_rate,
    "get_wsd_schedule": _transformers.warmup_stable_decay,
    "get_scheduler": _transformers.by_type,
}
#: public names of the two libraries that no table can stand for, and why
NO_TABLE: dict[str, str] = {
    "LRScheduler": "is the base class of torch's schedulers and has no rates of its own",
    "ReduceLROnPlateau": "sets the rate from a metric: use replay(ReduceOnPlateau(...), metrics, lr0)",
    "get_reduce_on_plateau_schedule": "sets the rate from a metric: use replay(ReduceOnPlateau(...), metrics, lr0)",
    "GreedyLR": "sets the rate from a metric: use replay(GreedyLibrary(...), metrics, lr0)",
    "get_greedy_schedule": "sets the rate from a metric: use replay(GreedyLibrary(...), metrics, lr0)",
    "AdafactorSchedule": "reports rates that Adafactor computes from the parameters, which no table knows in advance",
    "get_adafactor_schedule": (
        "reports rates that Adafactor computes from the parameters, which no table knows in advance"
    ),
}
#: recursions from the rate in force, which ChainedScheduler is made of here; SequentialLR takes a few more
_RECURSIVE = (
    "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR",
)  # fmt: skip
