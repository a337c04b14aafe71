"""The moments of Adam and the step along them, for its relatives that shrink the iterate as well."""

from __future__ import annotations

import numpy as np

from greedylr_theory.compilation import inlined

#: rows of the parameters, and rows of the state after the two moments of d rows each
BETA1, BETA2, EPS, WEIGHT_DECAY = range(4)
CORRECTION1, CORRECTION2, RATE, INVERSE_ROOT, KEPT = range(5)
ROWS = 5


@inlined
def correct(lr, params, state, d):
    """1 - beta1^t and 1 - beta2^t as moving averages of ones, then lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t)."""
    scalars = state[2 * d :]
    for lane in range(lr.size):
        correction1 = params[BETA1, lane] * scalars[CORRECTION1, lane] + (1.0 - params[BETA1, lane])
        correction2 = params[BETA2, lane] * scalars[CORRECTION2, lane] + (1.0 - params[BETA2, lane])
        scalars[CORRECTION1, lane] = correction1
        scalars[CORRECTION2, lane] = correction2
        scalars[RATE, lane] = lr[lane] / correction1
        scalars[INVERSE_ROOT, lane] = 1.0 / np.sqrt(correction2)


@inlined
def accumulate(gradient, params, state):
    """Both moments take in the gradient."""
    d, lanes = gradient.shape
    beta1, beta2 = params[BETA1], params[BETA2]
    for i in range(d):
        slope, first, second = gradient[i], state[i], state[d + i]
        for lane in range(lanes):
            first[lane] = beta1[lane] * first[lane] + (1.0 - beta1[lane]) * slope[lane]
            second[lane] = beta2[lane] * second[lane] + (1.0 - beta2[lane]) * (slope[lane] * slope[lane])


@inlined
def move(params, state, x):
    """x <- x KEPT, then Adam's step: minus RATE times the first moment over the root of the second plus eps."""
    d, lanes = x.shape
    eps = params[EPS]
    rate, inverse_root, kept = state[2 * d + RATE], state[2 * d + INVERSE_ROOT], state[2 * d + KEPT]
    for i in range(d):
        first, second, point = state[i], state[d + i], x[i]
        for lane in range(lanes):
            root = np.sqrt(second[lane]) * inverse_root[lane] + eps[lane]
            point[lane] = point[lane] * kept[lane] - rate[lane] * (first[lane] / root)
