"""Products of the weights, activations and slopes of a network in which every lane has weights of its own.

Plain loops with the lane innermost. Every sum runs in its natural order, one addition at a time; two rows by two
columns by four terms at once keep what they share in registers and change no bit.
"""

from __future__ import annotations

import numpy as np

from greedylr_theory.compilation import inlined, subroutine
from greedylr_theory.elementary import LN2_HIGH, LN2_LOW, LOG2_E, ROUNDER, ROUNDER_BITS, bits_float, float_bits


@subroutine
def add_products(out, out_rows, left, left_rows, right, right_rows, extents):
    """out[p, q] += sum_k left[p, k] right[q, k] per lane, for p, q, k below the extents.

    The matrices lie in rows of arrays (rows, B): entry (i, j) in row first + i a + j b, given as (first, a, b). The
    rows of `out` must be others than those of left and right.
    """
    first, out_p, out_q = out_rows
    left_first, left_p, left_k = left_rows
    right_first, right_q, right_k = right_rows
    rows, columns, terms = extents
    paired, blocked = rows - rows % 2, terms - terms % 4
    for p in range(0, paired, 2):
        for k in range(0, blocked, 4):
            left_row, right_row = left_first + p * left_p + k * left_k, right_first + k * right_k
            for q in range(0, columns - columns % 2, 2):
                _two_by_two(
                    out, (first + p * out_p + q * out_q, out_p, out_q),
                    left, (left_row, left_p, left_k), right, (right_row + q * right_q, right_q, right_k),
                )  # fmt: skip
            for q in range(columns - columns % 2, columns):
                for i in range(2):
                    _four_terms(
                        out, first + (p + i) * out_p + q * out_q,
                        left, left_row + i * left_p, left_k, right, right_row + q * right_q, right_k,
                    )  # fmt: skip
    for p in range(paired, rows):
        for k in range(0, blocked, 4):
            for q in range(columns):
                _four_terms(
                    out, first + p * out_p + q * out_q,
                    left, left_first + p * left_p + k * left_k, left_k,
                    right, right_first + q * right_q + k * right_k, right_k,
                )  # fmt: skip
    for k in range(blocked, terms):
        for p in range(rows):
            for q in range(columns):
                _one_term(
                    out, first + p * out_p + q * out_q,
                    left, left_first + p * left_p + k * left_k, right, right_first + q * right_q + k * right_k,
                )  # fmt: skip


@subroutine
def _two_by_two(out, out_rows, left, left_rows, right, right_rows):
    """Four terms of two rows and two columns: eight loads, sixteen products."""
    z, z_p, z_q = out_rows
    w, w_p, w_k = left_rows
    a, a_q, a_k = right_rows
    for lane in range(out.shape[1]):
        w0, w1, w2, w3 = left[w, lane], left[w + w_k, lane], left[w + 2 * w_k, lane], left[w + 3 * w_k, lane]
        v0, v1 = left[w + w_p, lane], left[w + w_p + w_k, lane]
        v2, v3 = left[w + w_p + 2 * w_k, lane], left[w + w_p + 3 * w_k, lane]
        a0, a1, a2, a3 = right[a, lane], right[a + a_k, lane], right[a + 2 * a_k, lane], right[a + 3 * a_k, lane]
        b0, b1 = right[a + a_q, lane], right[a + a_q + a_k, lane]
        b2, b3 = right[a + a_q + 2 * a_k, lane], right[a + a_q + 3 * a_k, lane]
        out[z, lane] = (((out[z, lane] + w0 * a0) + w1 * a1) + w2 * a2) + w3 * a3
        out[z + z_q, lane] = (((out[z + z_q, lane] + w0 * b0) + w1 * b1) + w2 * b2) + w3 * b3
        out[z + z_p, lane] = (((out[z + z_p, lane] + v0 * a0) + v1 * a1) + v2 * a2) + v3 * a3
        out[z + z_p + z_q, lane] = (((out[z + z_p + z_q, lane] + v0 * b0) + v1 * b1) + v2 * b2) + v3 * b3


@subroutine
def _four_terms(out, z, left, w, w_k, right, a, a_k):
    for lane in range(out.shape[1]):
        total = out[z, lane] + left[w, lane] * right[a, lane]
        total += left[w + w_k, lane] * right[a + a_k, lane]
        total += left[w + 2 * w_k, lane] * right[a + 2 * a_k, lane]
        out[z, lane] = total + left[w + 3 * w_k, lane] * right[a + 3 * a_k, lane]


@subroutine
def _one_term(out, z, left, w, right, a):
    for lane in range(out.shape[1]):
        out[z, lane] += left[w, lane] * right[a, lane]


@inlined
def tanh(x):
    """Hyperbolic tangent, -u / (2 + u) with u = exp(-2 |x|) - 1 by the reduction and polynomial of fdlibm's e_exp.c.

    The error stays below 2.5 units in the last place, small x included, as u is never computed from exp.
    """
    y = -2.0 * abs(x)
    y = -60.0 if y < -60.0 else y
    shifted = y * LOG2_E + ROUNDER
    whole = shifted - ROUNDER
    exponent = float_bits(shifted) - ROUNDER_BITS
    high = y - whole * LN2_HIGH
    low = whole * LN2_LOW
    r = high - low
    square = r * r
    tail = 6.61375632143793436117e-05 + square * (-1.65339022054652515390e-06 + square * 4.13813679705723846039e-08)
    c = r - square * (1.66666666666666019037e-01 + square * (-2.77777777770155933842e-03 + square * tail))
    rest = high - (low - (r * c) / (2.0 - c))
    scale = bits_float((exponent + 1023) << 52)
    u = scale * rest + (scale - 1.0)
    return np.copysign(-u / (2.0 + u), x)
