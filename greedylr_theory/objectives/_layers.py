"""Products of the weights, activations and slopes of a network in which every lane has weights of its own.

Plain loops with the lane innermost. Every sum runs in its natural order, one addition at a time; two rows by four
columns by four terms at once keep what they share in registers and change no bit.
"""

from __future__ import annotations

import numba
import numpy as np

from greedylr_theory.compilation import DistinctArrays, inlined, subroutine
from greedylr_theory.elementary import LN2_HIGH, LN2_LOW, LOG2_E, ROUNDER, ROUNDER_BITS, bits_float, float_bits

#: For products whose result shares no row with the factors, although they can be rows of one array; otherwise the
#: loops over lanes begin with checks of that.
_distinct = numba.njit(error_model="numpy", nogil=True, pipeline_class=DistinctArrays)


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
    paired, blocked, fours = rows - rows % 2, terms - terms % 4, columns - columns % 4
    for p in range(0, paired, 2):
        for k in range(0, blocked, 4):
            left_row, right_row = left_first + p * left_p + k * left_k, right_first + k * right_k
            for q in range(0, fours, 4):
                _two_by_four(
                    out, (first + p * out_p + q * out_q, out_p, out_q),
                    left, (left_row, left_p, left_k), right, (right_row + q * right_q, right_q, right_k),
                )  # fmt: skip
            for q in range(fours, columns):
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


@inlined
def _chain(total, w0, w1, w2, w3, a0, a1, a2, a3):
    return (((total + w0 * a0) + w1 * a1) + w2 * a2) + w3 * a3


@_distinct
def _two_by_four(out, out_rows, left, left_rows, right, right_rows):
    """Four terms of two rows (y and z of the result, v and w on the left) and four columns (a to d on the right)."""
    first, out_p, q = out_rows
    row, left_p, k = left_rows
    column, right_q, j = right_rows
    y0, y1, y2, y3 = out[first], out[first + q], out[first + 2 * q], out[first + 3 * q]
    first += out_p
    z0, z1, z2, z3 = out[first], out[first + q], out[first + 2 * q], out[first + 3 * q]
    v0, v1, v2, v3 = left[row], left[row + k], left[row + 2 * k], left[row + 3 * k]
    row += left_p
    w0, w1, w2, w3 = left[row], left[row + k], left[row + 2 * k], left[row + 3 * k]
    a0, a1, a2, a3 = right[column], right[column + j], right[column + 2 * j], right[column + 3 * j]
    column += right_q
    b0, b1, b2, b3 = right[column], right[column + j], right[column + 2 * j], right[column + 3 * j]
    column += right_q
    c0, c1, c2, c3 = right[column], right[column + j], right[column + 2 * j], right[column + 3 * j]
    column += right_q
    d0, d1, d2, d3 = right[column], right[column + j], right[column + 2 * j], right[column + 3 * j]
    for lane in range(out.shape[1]):
        r0, r1, r2, r3 = v0[lane], v1[lane], v2[lane], v3[lane]
        s0, s1, s2, s3 = w0[lane], w1[lane], w2[lane], w3[lane]
        t0, t1, t2, t3 = a0[lane], a1[lane], a2[lane], a3[lane]
        upper0 = _chain(y0[lane], r0, r1, r2, r3, t0, t1, t2, t3)
        lower0 = _chain(z0[lane], s0, s1, s2, s3, t0, t1, t2, t3)
        t0, t1, t2, t3 = b0[lane], b1[lane], b2[lane], b3[lane]
        upper1 = _chain(y1[lane], r0, r1, r2, r3, t0, t1, t2, t3)
        lower1 = _chain(z1[lane], s0, s1, s2, s3, t0, t1, t2, t3)
        t0, t1, t2, t3 = c0[lane], c1[lane], c2[lane], c3[lane]
        upper2 = _chain(y2[lane], r0, r1, r2, r3, t0, t1, t2, t3)
        lower2 = _chain(z2[lane], s0, s1, s2, s3, t0, t1, t2, t3)
        t0, t1, t2, t3 = d0[lane], d1[lane], d2[lane], d3[lane]
        upper3 = _chain(y3[lane], r0, r1, r2, r3, t0, t1, t2, t3)
        lower3 = _chain(z3[lane], s0, s1, s2, s3, t0, t1, t2, t3)
        y0[lane], y1[lane], y2[lane], y3[lane] = upper0, upper1, upper2, upper3
        z0[lane], z1[lane], z2[lane], z3[lane] = lower0, lower1, lower2, lower3


@_distinct
def _four_terms(out, z, left, w, w_k, right, a, a_k):
    for lane in range(out.shape[1]):
        total = out[z, lane] + left[w, lane] * right[a, lane]
        total += left[w + w_k, lane] * right[a + a_k, lane]
        total += left[w + 2 * w_k, lane] * right[a + 2 * a_k, lane]
        out[z, lane] = total + left[w + 3 * w_k, lane] * right[a + 3 * a_k, lane]


@_distinct
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
