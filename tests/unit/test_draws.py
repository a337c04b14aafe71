"""Philox against its published vectors and NumPy's; the distribution of what is made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from scipy import stats

from greedylr_theory.simulation.draws import Stream, normals, philox, uniforms
from tests.naive import draws as naive

# Random123 1.14, tests/kat_vectors, philox4x32 with 10 rounds: counter, key, result
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
REPLICATES = np.arange(5000, dtype=np.uint64)


@pytest.fixture(scope="module")
def compiled_philox() -> Callable[..., tuple[int, ...]]:
    @numba.njit
    def words(c0, c1, c2, c3, k0, k1):
        return philox(c0, c1, c2, c3, k0, k1)

    return lambda counter, key: tuple(int(word) for word in words(*[np.uint64(value) for value in (*counter, *key)]))


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_published_vectors(counter: Any, key: Any, expected: Any, compiled_philox: Any) -> None:
    assert compiled_philox(counter, key) == expected
    assert naive.philox(counter, key) == expected


def test_compiled_words_equal_plain_ones(compiled_philox: Any) -> None:
    rng = np.random.default_rng(0)
    for words in rng.integers(0, 2**32, size=(200, 6)).tolist():
        assert compiled_philox(words[:4], words[4:]) == naive.philox(tuple(words[:4]), tuple(words[4:]))


@pytest.mark.parametrize("stream", Stream)
@pytest.mark.parametrize(("key", "step"), [(0, 0), (2**64 - 1, 2**31), (0x0123456789ABCDEF, 7)])
def test_draws_equal_their_plain_twins(stream: Stream, key: int, step: int) -> None:
    replicates = np.array([0, 1, 2**32 - 1], dtype=np.uint64)
    for compiled, plain in ((uniforms, naive.uniforms), (normals, naive.normals)):
        expected = [plain(key, int(replicate), int(stream), step, 5) for replicate in replicates]
        np.testing.assert_array_equal(compiled(key, replicates, stream, step, 5), np.array(expected).T)


def test_uniforms_fill_the_unit_interval_and_never_reach_one() -> None:
    # the largest pair of words must round down to the largest double below 1
    assert naive.unit_interval(0xFFFFFFFF, 0xFFFFFFFF) == 1 - 2.0**-53
    assert naive.unit_interval(0, 0x7FF) == 0.0
    assert naive.unit_interval(0, 0x800) == 2.0**-53
    values = uniforms(1, REPLICATES, Stream.UNIFORM, 0, 8)
    assert values.min() >= 0.0
    assert values.max() < 1.0


@pytest.mark.parametrize("stream", [Stream.NORMAL, Stream.START])
def test_normals_are_standard_normal(stream: Stream) -> None:
    z = normals(12, REPLICATES, stream, 3, 20)
    # a hundred thousand values with a fixed key: a sound generator passes 1e-3, once and for all
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    assert all(stats.kstest(row, "norm").pvalue > 1e-4 for row in z)
    n = z.size
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - mean) < 4 * np.sqrt(variance / n)


def test_uniforms_are_uniform() -> None:
    u = uniforms(12, REPLICATES, Stream.UNIFORM, 3, 20)
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3
    assert abs(u.mean() - 0.5) < 4 * np.sqrt(1 / 12 / u.size)
    assert abs(u.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / u.size)


def test_coordinates_steps_streams_replicates_and_keys_are_uncorrelated() -> None:
    z = normals(5, REPLICATES, Stream.NORMAL, 0, 4)
    others = [
        normals(5, REPLICATES, Stream.NORMAL, 1, 4),
        normals(5, REPLICATES, Stream.START, 0, 4),
        normals(6, REPLICATES, Stream.NORMAL, 0, 4),
        normals(5, REPLICATES + np.uint64(1), Stream.NORMAL, 0, 4),
        normals(5 + 2**32, REPLICATES, Stream.NORMAL, 0, 4),
    ]
    rows = np.concatenate([z, *others])
    correlation = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlation).max() < 5 / np.sqrt(REPLICATES.size)  # five standard deviations, 276 pairs
    squares = np.corrcoef(rows**2) - np.eye(len(rows))
    assert np.abs(squares).max() < 5 / np.sqrt(REPLICATES.size)


def test_a_draw_depends_neither_on_its_neighbours_nor_on_how_many_are_made() -> None:
    whole = normals(9, REPLICATES[:64], Stream.NORMAL, 2, 7)
    np.testing.assert_array_equal(normals(9, REPLICATES[:64], Stream.NORMAL, 2, 3), whole[:3])
    np.testing.assert_array_equal(normals(9, REPLICATES[10:13], Stream.NORMAL, 2, 7), whole[:, 10:13])
    np.testing.assert_array_equal(normals(9, REPLICATES[:64][::-1], Stream.NORMAL, 2, 7), whole[:, ::-1])
