"""exp, log, sine/cosine of a turn and kin with Python floats and integers: bit for bit those of the compiled code.

The coefficients are those of fdlibm's e_exp.c, e_log.c, k_sin.c and k_cos.c.
"""

from __future__ import annotations

import math
import struct

ROUNDER = 1.5 * 2.0**52
LOG2_E = 1.44269504088896338700e00
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
HALF_PI = 1.57079632679489661923
MASK = 0xFFFFFFFFFFFFFFFF
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def bits(x: float) -> int:
    """The 64 bits of a float as an integer without sign."""
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def from_bits(pattern: int) -> float:
    """The float with these 64 bits; higher ones are dropped."""
    return struct.unpack("<d", struct.pack("<Q", pattern & MASK))[0]


def divided(a: float, b: float) -> float:
    """a / b as IEEE 754 has it: Python raises an exception for a zero divisor."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def low_integer(shifted: float) -> int:
    """The integer that stands in the low bits of x + ROUNDER, with its sign."""
    difference = (bits(shifted) - bits(ROUNDER)) & MASK
    return difference - 2**64 if difference >= 2**63 else difference


def exp(x: float) -> float:
    """e^x."""
    if math.isnan(x):
        return math.nan
    excess, power = exp_parts(x)
    # 2^1024 is no float: two factors
    return (1.0 + excess) * 2.0 ** (power // 2) * 2.0 ** (power - power // 2)


def expm1(x: float) -> float:
    """e^x - 1."""
    if math.isnan(x):
        return math.nan
    excess, power = exp_parts(x)
    return excess if power == 0 else exp(x) - 1.0


def exp_parts(x: float) -> tuple[float, int]:
    """(e^r - 1, k) with x = k ln 2 + r."""
    x = min(x, 710.0)
    x = max(x, -746.0)
    shifted = x * LOG2_E + ROUNDER
    whole = shifted - ROUNDER
    exponent = low_integer(shifted)
    high = x - whole * LN2_HIGH
    low = whole * LN2_LOW
    r = high - low
    square = r * r
    tail = 4.13813679705723846039e-08
    tail = -1.65339022054652515390e-06 + square * tail
    tail = 6.61375632143793436117e-05 + square * tail
    tail = -2.77777777770155933842e-03 + square * tail
    tail = 1.66666666666666019037e-01 + square * tail
    c = r - square * tail
    return high - (low - (r * c) / (2.0 - c)), exponent


def log(x: float) -> float:
    """Natural logarithm."""
    if x == 0.0:
        return -math.inf
    if not x > 0.0:
        return math.nan
    if x == math.inf:
        return math.inf
    subnormal = x < 2.0**-1022
    scaled = x * 2.0**54 if subnormal else x
    carried = bits(scaled) + (bits(1.0) - SQRT_HALF_BITS)
    exponent = (carried >> 52) - 1023
    mantissa = from_bits((carried & 0x000FFFFFFFFFFFFF) + SQRT_HALF_BITS)
    k = float(exponent) - (54.0 if subnormal else 0.0)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = 1.479819860511658591e-01
    odd = 1.818357216161805012e-01 + w * odd
    odd = 2.857142874366239149e-01 + w * odd
    odd = 6.666666666666735130e-01 + w * odd
    odd = z * odd
    half_square = 0.5 * f * f
    return k * LN2_HIGH - ((half_square - (s * (half_square + (even + odd)) + k * LN2_LOW)) - f)


def log1p(x: float) -> float:
    """log(1 + x) for finite x >= 0."""
    whole = 1.0 + x
    return log(whole) + divided(x - (whole - 1.0), whole)


def fraction(x: float) -> float:
    """x less the nearest integer; 0 from 2^51 on, where only halves are left, and for what is not a number."""
    return x - round(x) if abs(x) < 2.0**51 else 0.0


def sine_cosine_turn(turns: float) -> tuple[float, float]:
    """(sin 2 pi u, cos 2 pi u) for |u| < 2^48."""
    quarters = 4.0 * turns
    shifted = quarters + ROUNDER
    quadrant = bits(shifted) % 4
    angle = (quarters - (shifted - ROUNDER)) * HALF_PI
    z = angle * angle
    p = 1.58969099521155010221e-10
    p = -2.50507602534068634195e-08 + z * p
    p = 2.75573137070700676789e-06 + z * p
    p = -1.98412698298579493134e-04 + z * p
    p = 8.33333333332248946124e-03 + z * p
    p = -1.66666666666666324348e-01 + z * p
    sine = angle + angle * z * p
    q = -1.13596475577881948265e-11
    q = 2.08757232129817482790e-09 + z * q
    q = -2.75573143513906633035e-07 + z * q
    q = 2.48015872894767294178e-05 + z * q
    q = -1.38888888888741095749e-03 + z * q
    q = 4.16666666666666019037e-02 + z * q
    rest = z * z * q
    half = 0.5 * z
    whole = 1.0 - half
    cosine = whole + (((1.0 - whole) - half) + rest)
    # a quarter turn takes (sin, cos) to (cos, -sin)
    for _ in range(quadrant):
        sine, cosine = cosine, -sine
    return sine, cosine
