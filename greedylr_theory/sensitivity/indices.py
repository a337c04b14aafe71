"""Sobol indices: which share of the variance of an outcome each parameter makes, alone and with the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc, sobol_indices

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Indices:
    """First-order and total indices (s, k) of s outputs in k parameters, with bootstrap intervals.

    variance: (s,), of each output over the sampled settings; where it is 0 the indices are 0 and say nothing.
    mean: (s,).
    """

    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    mean: Floats
    variance: Floats
    settings: int


def estimate(
    outputs: Callable[[Floats], Floats],
    parameters: int,
    samples: int = 512,
    *,
    level: float = 0.95,
    resamples: int = 400,
    seed: int = 0,
) -> Indices:
    """Indices of outputs(u) for u uniform on the unit cube, from n (k + 2) settings of a scrambled Sobol sequence.

    The estimators are those of Saltelli et al. (Computer Physics Communications 181, 2010) as in scipy. Intervals are
    percentiles over resampled rows of the design. A parameter that changes no output bit has both indices exactly 0.
    Equal arguments give equal bits.

    Args:
        outputs: (k, m) -> (s, m), m settings at once.
        samples: n, a power of two.

    Raises:
        ValueError: samples is no power of two of at least 8.
    """
    if samples < 8 or samples & (samples - 1):
        raise ValueError(f"samples must be a power of two of at least 8, got {samples!r}")
    generator = np.random.default_rng(seed)
    design = qmc.Sobol(2 * parameters, scramble=True, rng=generator).random(samples).T
    left, right = design[:parameters], design[parameters:]
    mixed = np.repeat(left[None], parameters, axis=0)  # page i: all from the left but parameter i
    for i in range(parameters):
        mixed[i, i] = right[i]
    found = outputs(np.concatenate([left, right, *mixed], axis=1))
    pages = found.reshape(found.shape[0], parameters + 2, samples)
    a, b, ab = pages[:, 0], pages[:, 1], np.moveaxis(pages[:, 2:], 1, 0)
    twice = [0, 0] if found.shape[0] == 1 else slice(None)  # scipy fails on one output of one parameter

    def pair(chosen: NDArray[np.int64] | slice) -> tuple[Floats, Floats]:
        values = {"f_A": a[twice][:, chosen], "f_B": b[twice][:, chosen], "f_AB": ab[:, twice][:, :, chosen]}
        result = sobol_indices(func=values, n=samples)
        first, total = (np.reshape(each, (-1, parameters)) for each in (result.first_order, result.total_order))
        return first[: found.shape[0]], total[: found.shape[0]]

    first, total = pair(slice(None))
    drawn = [pair(generator.integers(0, samples, samples)) for _ in range(resamples)]
    tail = 0.5 * (1.0 - level)
    first_low, first_high = np.quantile([each[0] for each in drawn], (tail, 1.0 - tail), axis=0)
    total_low, total_high = np.quantile([each[1] for each in drawn], (tail, 1.0 - tail), axis=0)
    independent = np.concatenate([a, b], axis=1)
    return Indices(
        first=first,
        first_low=first_low,
        first_high=first_high,
        total=total,
        total_low=total_low,
        total_high=total_high,
        mean=independent.mean(axis=1),
        variance=independent.var(axis=1),
        settings=samples * (parameters + 2),
    )
