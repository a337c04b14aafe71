"""exp, log, sine/cosine of a turn and kin as polynomials: the same bits on every machine, and vectorised in lanes.

Calls into libm are not vectorised and differ between processors in the last bit. The polynomials are the
classic minimax ones of fdlibm; range reduction by rounding, scaling by bit operations, selects only.
Errors stay below 1 unit in the last place (exp, log) and 1.5 (sine, cosine), below 3 for expm1 and log1p, as tested
against mpmath.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from greedylr_theory.compilation import inlined

# adding and subtracting 1.5 * 2^52 rounds to the nearest integer, which then stands in the low bits
ROUNDER = 6755399441055744.0
ROUNDER_BITS = np.int64(0x4338000000000000)
LOG2_E = 1.44269504088896338700e00
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
HALF_PI = 1.57079632679489661923


def _float_bits(typingctx, value):
    """The 64 bits of a float64 as int64."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


def _bits_float(typingctx, value):
    """The float64 that has these 64 bits."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


# typed by hand: a type checker would ask for the typing context that numba fills in
float_bits: Any = intrinsic(_float_bits)
bits_float: Any = intrinsic(_bits_float)


@inlined
def exp_parts(x):
    """(e^r - 1, and two factors whose product is 2^k) with x = k ln 2 + r, |r| <= ln 2 / 2. Source: fdlibm e_exp.c."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    shifted = x * LOG2_E + ROUNDER
    whole = shifted - ROUNDER
    exponent = float_bits(shifted) - ROUNDER_BITS
    high = x - whole * LN2_HIGH
    low = whole * LN2_LOW
    r = high - low
    square = r * r
    tail = 6.61375632143793436117e-05 + square * (-1.65339022054652515390e-06 + square * 4.13813679705723846039e-08)
    c = r - square * (1.66666666666666019037e-01 + square * (-2.77777777770155933842e-03 + square * tail))
    # two factors, since 2^exponent alone leaves the range of normal numbers before the result does
    half = exponent >> 1
    first = bits_float((half + 1023) << 52)
    second = bits_float((exponent - half + 1023) << 52)
    return high - (low - (r * c) / (2.0 - c)), first, second


@inlined
def exp(x):
    """e^x; 0 below -745.2, inf above 709.8, NaN for NaN."""
    excess, first, second = exp_parts(x)
    return (1.0 + excess) * first * second


@inlined
def expm1(x):
    """e^x - 1 with a small relative error near 0 as well; -1 far below 0, inf above 709.8, NaN for NaN."""
    excess, first, second = exp_parts(x)
    whole = (1.0 + excess) * first * second
    # beyond ln 2 / 2 the difference cancels at most two bits
    return excess if first * second == 1.0 else whole - 1.0


@inlined
def log(x):
    """Natural logarithm; -inf at 0, NaN below, inf at inf. Source: fdlibm e_log.c."""
    subnormal = x < 2.2250738585072014e-308
    scaled = x * 18014398509481984.0 if subnormal else x
    bits = float_bits(scaled)
    # mantissa in [sqrt(1/2), sqrt(2)): adding the gap up to 2 carries into the exponent above sqrt(2)
    carried = bits + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
    exponent = (carried >> 52) - 1023
    mantissa = bits_float((carried & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD)
    # an integer becomes a float by the same rounder, which vectorises where a conversion does not
    k = bits_float(exponent + ROUNDER_BITS) - ROUNDER - (54.0 if subnormal else 0.0)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half_square = 0.5 * f * f
    y = k * LN2_HIGH - ((half_square - (s * (half_square + (even + odd)) + k * LN2_LOW)) - f)
    y = x if x == np.inf else y
    y = -np.inf if x == 0.0 else y
    return np.nan if not (x >= 0.0) else y


@inlined
def log1p(x):
    """log(1 + x) for finite x >= 0, with a small relative error near 0 as well (Kahan's correction of 1 + x)."""
    whole = 1.0 + x
    return log(whole) + (x - (whole - 1.0)) / whole


@inlined
def fraction(x):
    """x less the nearest integer (of two, the even one), exact; 0 where |x| >= 2^51 and for infinities and NaN."""
    rest = x - ((x + ROUNDER) - ROUNDER)
    return rest if abs(x) < 2251799813685248.0 else 0.0


@inlined
def sine_cosine_turn(turns):
    """(sin 2 pi u, cos 2 pi u) for |u| < 2^48; exact at multiples of a quarter. Source: fdlibm k_sin.c, k_cos.c."""
    quarters = 4.0 * turns
    shifted = quarters + ROUNDER
    quadrant = float_bits(shifted) & 3
    angle = (quarters - (shifted - ROUNDER)) * HALF_PI
    z = angle * angle
    sine_tail = -2.50507602534068634195e-08 + z * 1.58969099521155010221e-10
    sine_tail = -1.98412698298579493134e-04 + z * (2.75573137070700676789e-06 + z * sine_tail)
    sine = angle + angle * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 + z * sine_tail))
    cosine_tail = 2.08757232129817482790e-09 + z * -1.13596475577881948265e-11
    cosine_tail = 2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07 + z * cosine_tail)
    rest = z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * cosine_tail))
    half = 0.5 * z
    whole = 1.0 - half
    cosine = whole + (((1.0 - whole) - half) + rest)
    swapped = (quadrant & 1) == 1
    first = cosine if swapped else sine
    second = sine if swapped else cosine
    first = -first if (quadrant & 2) == 2 else first
    second = -second if ((quadrant + 1) & 2) == 2 else second
    return first, second
