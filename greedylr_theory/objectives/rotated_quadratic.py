"""Quadratic whose axes are turned by a seeded rotation, which is orthogonal exactly."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sized
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from statistics import NormalDist
from typing import Any, ClassVar

import numpy as np

from greedylr_theory.compilation import subroutine
from greedylr_theory.contracts import Floats, Objective, objective_kernel
from greedylr_theory.objectives import _eigenvalues
from greedylr_theory.objectives._rationals import nearest
from greedylr_theory.params import NONNEGATIVE, Interval, param

#: the vectors are multiples of this: short rationals, on which the last bit of a logarithm has no influence
GRID = 2.0**-20


@subroutine
def reflect(rows, data, k, inner):
    """rows <- rows - tau v (v.rows) per lane, v and tau = 2 / |v|^2 from row k of data; v is zero before entry k.

    Four entries at a time, in their natural order: `inner` is read a quarter as often, and no bit changes.
    """
    d, lanes = rows.shape
    end = k + (d - k) // 4 * 4
    for lane in range(lanes):
        inner[lane] = 0.0
    for j in range(k, end, 4):
        v0, v1, v2, v3 = data[k, j], data[k, j + 1], data[k, j + 2], data[k, j + 3]
        r0, r1, r2, r3 = rows[j], rows[j + 1], rows[j + 2], rows[j + 3]
        for lane in range(lanes):
            inner[lane] = (((inner[lane] + v0 * r0[lane]) + v1 * r1[lane]) + v2 * r2[lane]) + v3 * r3[lane]
    for j in range(end, d):
        v0, r0 = data[k, j], rows[j]
        for lane in range(lanes):
            inner[lane] += v0 * r0[lane]
    tau = data[k, d]
    for lane in range(lanes):
        inner[lane] *= tau
    for j in range(k, end, 4):
        v0, v1, v2, v3 = data[k, j], data[k, j + 1], data[k, j + 2], data[k, j + 3]
        r0, r1, r2, r3 = rows[j], rows[j + 1], rows[j + 2], rows[j + 3]
        for lane in range(lanes):
            r0[lane] -= v0 * inner[lane]
            r1[lane] -= v1 * inner[lane]
            r2[lane] -= v2 * inner[lane]
            r3[lane] -= v3 * inner[lane]
    for j in range(end, d):
        v0, r0 = data[k, j], rows[j]
        for lane in range(lanes):
            r0[lane] -= v0 * inner[lane]


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = 1/2 sum_i h_i z_i^2, z = Q^T (x - c), gradient Q (h z) per lane; params hold h (d rows), then c (d)."""
    d, lanes = x.shape
    inner = workspace[0]
    for i in range(d):
        point, target, row = x[i], params[d + i], gradient[i]
        for lane in range(lanes):
            row[lane] = point[lane] - target[lane]
    for k in range(data.shape[0]):
        reflect(gradient, data, k, inner)
    for lane in range(lanes):
        loss[lane] = 0.0
    for i in range(d):
        eigenvalue, row = params[i], gradient[i]
        for lane in range(lanes):
            slope = eigenvalue[lane] * row[lane]
            loss[lane] += 0.5 * slope * row[lane]
            row[lane] = slope
    for k in range(data.shape[0] - 1, -1, -1):
        reflect(gradient, data, k, inner)
    for lane in range(lanes):
        inner[lane] = 0.0


@dataclass(frozen=True)
class RotatedQuadratic(Objective):
    """f(x) = 1/2 (x - c)^T Q diag(h) Q^T (x - c), Q = H_0 H_1 ... a product of Householder reflections.

    H_k = I - 2 v_k v_k^T / |v_k|^2 is orthogonal exactly, whatever the float64 numbers in v_k. The kernel applies the
    reflections one after the other rather than a matrix, whose entries would have to be rounded: so the function has
    exactly the eigenvalues h and the minimum 0, and only its evaluation is rounded. v_k turns the first axis of the
    last d - k coordinates into a uniformly distributed direction; with all d - 1 of them Q has the uniform (Haar)
    distribution (Stewart 1980), up to the rounding of v_k to multiples of 2^-20.

    Args:
        eigenvalues: h (d,), curvatures in loss / length^2, each at least 0; those of `Quadratic.log_spaced` and
            `Quadratic.power_law` serve here as well.
        target: c (d,), the minimiser; zeros when omitted.
        seed: key of the directions.
        reflections: how many reflections, at most d - 1 are used; None for d - 1, and 0 leaves the axes as they are.

    Raises:
        ValueError: an eigenvalue is negative or not finite, or the lengths differ.
    """

    eigenvalues: tuple[float, ...] = param(
        symbol="h", domain=NONNEGATIVE, unit="loss/length^2", doc="curvature of each axis", kind="vector"
    )
    target: tuple[float, ...] = param(
        (), symbol="c", unit="length", doc="minimiser (zeros when omitted)", kind="vector"
    )
    seed: int = param(
        0, symbol="seed", domain=Interval.left_closed(0, 2.0**53), doc="key of the directions", kind="int"
    )
    reflections: int | None = param(
        None, symbol="k", domain=NONNEGATIVE, doc="number of reflections (default: d - 1)", kind="int", optional=True
    )

    kernel: ClassVar[Any] = value_and_gradient
    convex = True
    minimum = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.target, tuple) and not self.target and isinstance(self.eigenvalues, Sized):
            object.__setattr__(self, "target", (0.0,) * len(self.eigenvalues))
        super().__post_init__()

    @classmethod
    def parse(cls, name: str, text: str) -> Any:
        """As for every plug-in; eigenvalues also as "log_spaced:d:kappa[:h_min]" or "power_law:d:alpha[:h_max]"."""
        found = _eigenvalues.parsed(text) if name == "eigenvalues" else None
        return super().parse(name, text) if found is None else found

    def check(self) -> None:
        if len(self.target) != len(self.eigenvalues):
            raise ValueError(
                f"RotatedQuadratic.target (c) must have as many entries as eigenvalues (h), {len(self.eigenvalues)}, "
                f"got {len(self.target)}"
            )

    @property
    def dim(self) -> int:
        return len(self.eigenvalues)

    @property
    def workspace_rows(self) -> int:
        return 1

    @cached_property
    def vectors(self) -> tuple[tuple[float, ...], ...]:
        """v_0, v_1, ..., d numbers each."""
        source, normal = random.Random(self.seed), NormalDist()
        count = self.dim - 1 if self.reflections is None else min(self.reflections, self.dim - 1)
        found: list[tuple[float, ...]] = []
        for k in range(count):
            v = [round(normal.inv_cdf(source.random() or 0.5) / GRID) * GRID for _ in range(k, self.dim)]
            v[0] += math.copysign(max(round(math.hypot(*v) / GRID), 1.0) * GRID, v[0])
            found.append((0.0,) * k + tuple(v))
        return tuple(found)

    @cached_property
    def data(self) -> Floats:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(d - 1, d + 1): the vectors v_k and, last, 2 / |v_k|^2."""
        table = [(*v, nearest(2 / sum((Fraction(entry) ** 2 for entry in v), Fraction(0)))) for v in self.vectors]
        return np.array(table).reshape(len(table), self.dim + 1)

    @cached_property
    def data_digest(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return hashlib.sha256(repr(self.vectors).encode()).hexdigest()

    @property
    def smoothness(self) -> float:
        return max(self.eigenvalues)

    @property
    def strong_convexity(self) -> float:
        return min(self.eigenvalues)

    @property
    def minimiser(self) -> tuple[float, ...]:
        return self.target

    def expression(self, x: Any) -> Any:
        import sympy

        z = [entry - sympy.Rational(c) for entry, c in zip(x, self.target, strict=True)]
        for vector in self.vectors:
            v = [sympy.Rational(entry) for entry in vector]
            inner = 2 * sum(a * b for a, b in zip(v, z, strict=True)) / sum(a**2 for a in v)
            z = [a - inner * b for a, b in zip(z, v, strict=True)]
        return sum(sympy.Rational(h) / 2 * entry**2 for h, entry in zip(self.eigenvalues, z, strict=True))


PLUGIN = RotatedQuadratic
