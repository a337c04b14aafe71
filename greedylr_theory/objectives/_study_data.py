"""The classification data of the robustness study, made from counter-based draws."""

from __future__ import annotations

import functools
import math

import numpy as np

from greedylr_theory.contracts import Floats
from greedylr_theory.simulation.draws import Stream, normals

#: what the data is called
STUDY = "study"


@functools.lru_cache(maxsize=16)
def _rows(seed: int, samples: int, inputs: int) -> Floats:
    x = normals(seed, np.arange(samples, dtype=np.uint64), Stream.DATA, 0, inputs).T
    half = inputs // 2
    # correctly rounded sums, so that the labels are the same on every machine
    first, last = ([math.fsum(part) for part in np.square(columns).tolist()] for columns in (x[:, :half], x[:, -half:]))
    above = [float(a > b) for a, b in zip(first, last, strict=True)]
    return np.column_stack([x, np.array(above)])


def study_data(seed: int, samples: int, inputs: int) -> Floats:
    """(n, m + 1): rows N(0, I), and 1 if the first floor(m/2) squares of a row sum above the last floor(m/2), else 0.

    Row i is drawn for replicate i of the stream of data; the middle column of an odd number decides nothing.
    """
    return _rows(seed, samples, inputs).copy()
