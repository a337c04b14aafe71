"""from_torch(live): a live scheduler of torch or transformers as one of ours, with its state."""

from __future__ import annotations

import math
import warnings
from typing import Any

from greedylr_theory.contracts import Scheduler, ScheduleWarning
from greedylr_theory.interop._live import class_of, table_of
from greedylr_theory.interop.torch_schedule import TorchSchedule
from greedylr_theory.schedulers import _metric_rule, reduce_on_plateau
from greedylr_theory.schedulers.greedy_library import GreedyLibrary
from greedylr_theory.schedulers.reduce_on_plateau import ReduceOnPlateau
from greedylr_theory.schedulers.table import Table
from greedylr_theory.simulation.stepper import Stepper


def from_torch(live: Any, *, steps: int | None = None) -> Stepper:
    """Read a live learning-rate scheduler, and go on where it stands.

    `from_torch(live).scheduler` is the rule, for `Run`, `replay` or `to_torch`; the Stepper itself is at the same step
    as `live` and gives the rates that `live` would give, to the bit. `live` and its optimizer are not touched.

    - Schedules of torch and of transformers become a `TorchSchedule`, SequentialLR and ChainedScheduler of such parts
      included (but not one inside the other: torch steps those once too often at the start).
    - LambdaLR and MultiplicativeLR with a function of one's own are tabulated, the former as a `Table`.
    - ReduceLROnPlateau becomes `ReduceOnPlateau`, GreedyLR `GreedyLibrary`: best value, counts, counters, window.

    What is lost: the momentum that OneCycleLR and CyclicLR move, with a warning; `verbose`; and where ReduceLROnPlateau
    began, to which its rule never returns (unless the optimizer remembers it, the rate in force stands for lr0, and 1
    for a rate that has come down to 0).

    Args:
        live: a scheduler object, or what `to_torch` returned.
        steps: how often it is stepped in all, the steps it has made included. Needed by functions that must be
            tabulated and by schedules that end, such as OneCycleLR.

    Raises:
        ValueError: the class or its function is not known, parameter groups differ in more than their rates, or the
            rates in force are not those that the schedule itself gives, since something else has changed them.

    Warns:
        ScheduleWarning: a momentum is left out.
    """
    name = class_of(live)
    if isinstance(getattr(live, "_stepper", None), Stepper):
        copy = Stepper(live._stepper.scheduler, live._stepper.lr0, steps=live._stepper.steps)
        copy.load_state_dict(live.state_dict())
        return copy
    if name == "ReduceLROnPlateau":
        return _plateau(live, steps)
    if name == "GreedyLR":
        return _greedy(live, steps)
    table, options = table_of(live, steps)
    if getattr(live, "cycle_momentum", False):
        sentence = f"{name} moves the momentum as well, of which from_torch reads nothing"
        warnings.warn(sentence, ScheduleWarning, stacklevel=2)
    scheduler: Scheduler = TorchSchedule(table, options)
    if table == "LambdaLR":
        scheduler = Table(tuple(options["factors"]))
    return _open_loop(live, scheduler, steps)


def _open_loop(live: Any, scheduler: Any, steps: int | None) -> Stepper:
    name, parts = class_of(live), getattr(live, "_schedulers", [live])
    counted = parts[0] if name == "ChainedScheduler" else live
    if name == "OneCycleLR":
        bases = [float(group["max_lr"]) for group in live.optimizer.param_groups]
    else:
        bases = [float(rate) for rate in parts[0].base_lrs]
    count, rates = int(counted.last_epoch), _rates(live)
    stepper = Stepper(scheduler, bases, steps=steps, groups=len(rates))
    wanted = [float(scheduler.rates(base, max(count, 1))[count]) for base in bases]
    if wanted != rates:
        raise ValueError(
            f"the rates in force must be those of {name} after {count} steps, {wanted}, got {rates}: something else "
            "has changed them"
        )
    stepper.load_state_dict(stepper.state_dict() | {"count": count, "rates": rates})
    return stepper


def _plateau(live: Any, steps: int | None) -> Stepper:
    low = getattr(live, "default_min_lr", None)  # not kept by every version
    scheduler = ReduceOnPlateau(
        mode=live.mode, factor=live.factor, patience=live.patience, threshold=live.threshold,
        threshold_mode=live.threshold_mode, cooldown=live.cooldown, eps=live.eps,
        min_lr=_bound(live.min_lrs) if low is None else low,
    )  # fmt: skip
    rates = _rates(live)
    first = [float(group.get("initial_lr", group["lr"])) or 1.0 for group in live.optimizer.param_groups]
    rows = {
        reduce_on_plateau.BEST: live.best,
        reduce_on_plateau.BAD: live.num_bad_epochs,
        reduce_on_plateau.COOLING: live.cooldown_counter,
    }
    return _at(Stepper(scheduler, first, steps=steps, groups=len(rates)), live, rows)


def _greedy(live: Any, steps: int | None) -> Stepper:
    scheduler = GreedyLibrary(
        mode=live.mode, factor=live.factor, patience=live.patience, threshold=live.threshold,
        threshold_mode=live.threshold_mode, cooldown=live.cooldown, warmup=live.warmup, min_lr=_bound(live.min_lrs),
        max_lr=_bound(live.max_lrs), eps=live.eps, smooth=live.smooth, window_size=live.window_size,
        reset_start=live.reset_start_original,
    )  # fmt: skip
    rows = {
        _metric_rule.BEST: live.best,
        _metric_rule.GOOD: live.num_good_epochs,
        _metric_rule.BAD: live.num_bad_epochs,
        _metric_rule.COOLING: live.cooldown_counter,
        _metric_rule.WARMING: live.warmup_counter,
        _metric_rule.RESET: live.reset_start,
    }
    if live.smooth:
        # the window is a ring: with as many values as it holds, the next one overwrites the first row
        values = live._streaming_avg.values
        rows |= {_metric_rule.SEEN: len(values), _metric_rule.SUM: live._streaming_avg.sum}
        rows |= {_metric_rule.WINDOW + i: value for i, value in enumerate(values)}
    first = [float(rate) for rate in live._init_lrs]
    return _at(Stepper(scheduler, first, steps=steps, groups=len(first)), live, rows)


def _at(stepper: Stepper, live: Any, rows: dict[int, Any]) -> Stepper:
    """The stepper where `live` stands; `rows` of its state are the same for every group."""
    state = stepper.state_dict()
    for row, value in rows.items():
        state["state"][row] = [float(value)] * len(state["rates"])
    stepper.load_state_dict(state | {"count": int(live.last_epoch), "rates": _rates(live)})
    return stepper


def _rates(live: Any) -> list[float]:
    return [float(group["lr"]) for group in live.optimizer.param_groups]


def _bound(values: Any) -> Any:
    """One number when all groups have the same."""
    numbers = [math.inf if value is None else float(value) for value in values]
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)
