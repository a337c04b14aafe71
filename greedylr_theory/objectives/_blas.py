"""BLAS on one thread, for matrices so small that its threads would mostly wait for each other."""

from __future__ import annotations

import contextlib


def single_thread() -> contextlib.AbstractContextManager[object]:
    """Limit BLAS to one thread inside a with block, where threadpoolctl (it comes with scikit-learn) is installed.

    On a machine that is busy otherwise, the threads of a product of a few hundred rows take turns instead of working
    side by side, which was seen to take fifty times as long.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return contextlib.nullcontext()
    return threadpool_limits(limits=1, user_api="blas")
