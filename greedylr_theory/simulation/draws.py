"""Counter-based random numbers: every draw is a pure function of (key, replicate, stream, step, coordinate).

Philox4x32-10 (Salmon et al., SC'11, "Parallel random numbers: as easy as 1, 2, 3"). The 128-bit counter is
(coordinate pair, step, stream, replicate), the 64-bit key names the problem, so any run, step or chunk can
be produced alone, in any order, on any thread.
"""

from __future__ import annotations

import enum

import numpy as np
from numba import types
from numpy.typing import NDArray

from greedylr_theory.compilation import inlined, kernel, subroutine
from greedylr_theory.elementary import bits_float, log, sine_cosine_turn

WORD = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
UNIT = 2.0**-53
TWO_21, TWO_52, TWO_52_BITS = 2.0**21, 2.0**52, np.uint64(0x4330000000000000)
LOW_BITS = np.uint64(11)


class Stream(enum.IntEnum):
    """What a draw is for; streams never share a counter."""

    START = 0
    RATE = 1
    SAMPLE = 2
    NORMAL = 3
    UNIFORM = 4
    DATA = 5


@inlined
def philox_round(c0, c1, c2, c3, k0, k1, number):
    """Round `number` (from 0) of ten; the key moves on by a Weyl sequence."""
    product0, product1 = MULTIPLIER_0 * c0, MULTIPLIER_1 * c2
    key0, key1 = (k0 + number * WEYL_0) & WORD, (k1 + number * WEYL_1) & WORD
    return (product1 >> SHIFT) ^ c1 ^ key0, product1 & WORD, (product0 >> SHIFT) ^ c3 ^ key1, product0 & WORD


@inlined
def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words (each in a uint64) from counter and key: Philox4x32-10."""
    # written out, since a loop in here would keep the loop over lanes from being vectorised
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(0))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(1))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(2))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(3))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(4))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(5))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(6))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(7))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(8))
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1, np.uint64(9))
    return c0, c1, c2, c3


@inlined
def unit_interval(high, low):
    """53 random bits as a float64 in [0, 1): exact, so that no rounding can reach 1."""
    # an integer below 2^52 or-ed into the bits of 2^52 is that integer added: a conversion that vectorises
    upper = bits_float(np.int64(high | TWO_52_BITS)) - TWO_52
    lower = bits_float(np.int64((low >> LOW_BITS) | TWO_52_BITS)) - TWO_52
    return (upper * TWO_21 + lower) * UNIT


@subroutine
def uniforms_into(out, key, replicate, stream, step):
    """Fill out (k, B) with uniforms in [0, 1), k even; key, replicate (B,) uint64."""
    count, lanes = out.shape
    now, purpose = np.uint64(step), np.uint64(stream)
    for pair in range(count // 2):
        for lane in range(lanes):
            w0, w1, w2, w3 = philox(
                np.uint64(pair), now, purpose, replicate[lane], key[lane] & WORD, key[lane] >> SHIFT
            )
            out[2 * pair, lane] = unit_interval(w0, w1)
            out[2 * pair + 1, lane] = unit_interval(w2, w3)


@subroutine
def normals_into(out, key, replicate, stream, step):
    """Fill out (k, B) with standard normals (Box and Muller 1958), k even; key, replicate (B,) uint64."""
    count, lanes = out.shape
    now, purpose = np.uint64(step), np.uint64(stream)
    for pair in range(count // 2):
        for lane in range(lanes):
            w0, w1, w2, w3 = philox(
                np.uint64(pair), now, purpose, replicate[lane], key[lane] & WORD, key[lane] >> SHIFT
            )
            radius = np.sqrt(-2.0 * log(1.0 - unit_interval(w0, w1)))
            sine, cosine = sine_cosine_turn(unit_interval(w2, w3))
            out[2 * pair, lane] = radius * cosine
            out[2 * pair + 1, lane] = radius * sine


_FILL = types.void(types.float64[:, ::1], types.uint64[::1], types.uint64[::1], types.int64, types.int64)


@kernel(_FILL)
def _fill_uniforms(out, key, replicate, stream, step):
    uniforms_into(out, key, replicate, stream, step)


@kernel(_FILL)
def _fill_normals(out, key, replicate, stream, step):
    normals_into(out, key, replicate, stream, step)


def uniforms(key: int, replicates: NDArray[np.uint64], stream: Stream, step: int, count: int) -> NDArray[np.float64]:
    """Uniforms in [0, 1), shape (count, R): column r belongs to replicates[r]."""
    return _filled(_fill_uniforms, key, replicates, stream, step, count)


def normals(key: int, replicates: NDArray[np.uint64], stream: Stream, step: int, count: int) -> NDArray[np.float64]:
    """Standard normals, shape (count, R): column r belongs to replicates[r]."""
    return _filled(_fill_normals, key, replicates, stream, step, count)


def _filled(fill, key: int, replicates: NDArray[np.uint64], stream: Stream, step: int, count: int):
    out = np.empty((even(count), replicates.size))
    fill(out, np.full(replicates.size, key, dtype=np.uint64), np.ascontiguousarray(replicates), int(stream), step)
    return out[:count]


def even(count: int) -> int:
    """Rows to allocate for `count` draws: they come in pairs."""
    return count + count % 2
