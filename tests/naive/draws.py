"""Philox4x32-10 (Salmon et al., SC'11) with Python integers, and the draws made from it, one at a time."""

from __future__ import annotations

import math

from tests.naive import elementary

# what a draw is for stands in the third word of the counter
START, RATE, SAMPLE, NORMAL, UNIFORM, DATA = range(6)

WORD = 0xFFFFFFFF


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four 32-bit words from four words of counter and two of key."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        product0 = 0xD2511F53 * a
        product1 = 0xCD9E8D57 * c
        a, b, c, d = (product1 >> 32) ^ b ^ k0, product1 & WORD, (product0 >> 32) ^ d ^ k1, product0 & WORD
        k0 = (k0 + 0x9E3779B9) & WORD
        k1 = (k1 + 0xBB67AE85) & WORD
    return a, b, c, d


def unit_interval(high: int, low: int) -> float:
    """The 53 upper bits of two words as a number in [0, 1)."""
    return ((high << 32 | low) >> 11) / 2**53


def pairs(key: int, replicate: int, stream: int, step: int, count: int) -> list[tuple[float, float]]:
    """Enough pairs of uniforms for `count` draws."""
    found: list[tuple[float, float]] = []
    for pair in range((count + 1) // 2):
        words = philox((pair, step, stream, replicate), (key & WORD, key >> 32))
        found.append((unit_interval(words[0], words[1]), unit_interval(words[2], words[3])))
    return found


def uniforms(key: int, replicate: int, stream: int, step: int, count: int) -> list[float]:
    """The first `count` uniforms in [0, 1) of a step."""
    return [value for pair in pairs(key, replicate, stream, step, count) for value in pair][:count]


def normals(key: int, replicate: int, stream: int, step: int, count: int) -> list[float]:
    """The first `count` standard normals of a step: Box and Muller, the cosine first."""
    values: list[float] = []
    for first, second in pairs(key, replicate, stream, step, count):
        radius = math.sqrt(-2.0 * elementary.log(1.0 - first))
        sine, cosine = elementary.sine_cosine_turn(second)
        values += [radius * cosine, radius * sine]
    return values[:count]
