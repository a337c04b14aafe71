"""What open-loop schedules compute their tables with: cosines and powers with the same bits on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from greedylr_theory.compilation import kernel
from greedylr_theory.contracts import VECTOR, Floats
from greedylr_theory.elementary import exp, log, sine_cosine_turn
from greedylr_theory.params import Interval, param

COUNT = Interval.left_closed(0, np.inf)
STEPS = Interval.left_closed(1, np.inf)
RATIO = Interval.closed(0, 1)


@kernel(types.void(VECTOR, VECTOR))
def _cosines_into(turns, cosine):
    for t in range(turns.size):
        cosine[t] = sine_cosine_turn(turns[t])[1]


@kernel(types.void(VECTOR, types.float64, VECTOR))
def _powers_into(base, exponent, result):
    for t in range(base.size):
        # zero to a positive power is zero: exp(-inf) would be, but log(0) times a small power is safer by name
        result[t] = 0.0 if base[t] == 0.0 and exponent > 0.0 else exp(exponent * log(base[t]))


def cosines(turns: Any) -> Floats:
    """cos(2 pi u) for an array of turns u."""
    given = np.ascontiguousarray(turns, dtype=np.float64)
    result = np.empty_like(given)
    _cosines_into(given, result)
    return result


def powers(base: Any, exponent: float) -> Floats:
    """base ** exponent for nonnegative bases; the base itself for exponent 1."""
    given = np.ascontiguousarray(base, dtype=np.float64)
    if exponent == 1.0:
        return given
    result = np.empty_like(given)
    _powers_into(given, exponent, result)
    return result


def products(lr0: float, factors: Any) -> Floats:
    """lr0, lr0 f_1, (lr0 f_1) f_2, ...: multiplied one by one, as schedulers that step do."""
    return np.multiply.accumulate(np.concatenate([[lr0], np.asarray(factors, dtype=np.float64)]))


def ramp(t: Floats, steps: int) -> Floats:
    """min(t / steps, 1), and 1 where there are no steps to climb."""
    return np.minimum(t / steps, 1.0) if steps else np.ones_like(t)


def steps_param(default: Any, symbol: str, doc: str, *, optional: bool = False, domain: Interval = COUNT) -> Any:
    """A number of steps."""
    return param(default, symbol=symbol, domain=domain, unit="steps", doc=doc, kind="int", optional=optional)
