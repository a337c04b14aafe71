"""Lane loops with exp, log and waves compile to vector instructions: a call or a branch would undo it."""

from __future__ import annotations

import platform
import re
from typing import Any

import numba
import pytest

from greedylr_theory.contracts import OBJECTIVE
from greedylr_theory.objectives import Ackley, Huber, LogCosh, Rastrigin, Resisting

#: least numbers of packed multiplications: somewhat below what the polynomials of each take
KERNELS = [(Ackley, 60), (Huber, 5), (LogCosh, 25), (Rastrigin, 20), (Resisting, 1)]


def packed_multiplications(kernel: Any) -> int:
    """How many multiplications of several lanes at once stand in the machine code, compiled anew: a cache hides it."""
    compiled: Any = numba.njit(OBJECTIVE, nogil=True, error_model="numpy")(kernel.py_func)
    [text] = compiled.inspect_asm().values()
    return len(re.findall(r"\bv?mulpd\b", text))


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads the instructions of x86-64")
@pytest.mark.parametrize(("plugin", "least"), KERNELS, ids=[plugin.__name__ for plugin, _ in KERNELS])
def test_lane_loops_are_vectorised(plugin: Any, least: int) -> None:
    assert packed_multiplications(plugin.kernel) >= least


def branching(x, params, data, draws, workspace, gradient, loss):
    for lane in range(loss.size):
        if x[0, lane] > 0.0:
            print(x[0, lane])
        loss[lane] = x[0, lane] * x[0, lane]


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads the instructions of x86-64")
def test_a_call_in_the_loop_is_noticed() -> None:
    class Control:
        py_func = staticmethod(branching)

    assert packed_multiplications(Control) == 0
