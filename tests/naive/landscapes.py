"""Plain-Python twins of the analytic objectives: one coordinate after the other, with lists and floats."""

from __future__ import annotations

import math
from typing import Any

from tests.naive.elementary import divided, exp, expm1, fraction, log1p, sine_cosine_turn

Result = tuple[float, list[float]]


def half_waves(z: float) -> tuple[float, float]:
    """sin pi z and cos pi z, up to one sign for both."""
    return sine_cosine_turn(fraction(z) / 2.0)


def rastrigin(objective: Any, x: list[float], rows: None) -> Result:
    a, s, loss, gradient = objective.amplitude, objective.scale, 0.0, []
    for z in x:
        sine, cosine = half_waves(z)
        loss += s * (z * z + 2.0 * (a * sine * sine))
        gradient.append(s * (2.0 * z + 4.0 * math.pi * (a * sine * cosine)))
    return loss, gradient


def ackley(objective: Any, x: list[float], rows: None) -> Result:
    a, b, nu, d = objective.height, objective.decay, objective.frequency, len(x)
    squares, waves, slopes = 0.0, 0.0, []
    for z in x:
        sine, cosine = half_waves(nu * z)
        squares += z * z
        waves += sine * sine
        slopes.append(2.0 * (sine * cosine))
    radius = math.sqrt(squares / d)
    loss = -a * expm1(-b * radius) - math.e * expm1(-2.0 * (waves / d))
    pull = 0.0 if radius == 0.0 else divided(a * b * exp(-b * radius), d * radius)
    wave = 2.0 * math.pi * nu / d * (math.e * exp(-2.0 * (waves / d)))
    return loss, [pull * z + wave * slope for z, slope in zip(x, slopes, strict=True)]


def log_cosh(objective: Any, x: list[float], rows: None) -> Result:
    r, c, loss, gradient = objective.radius, objective.curvature, 0.0, []
    for z in x:
        size = abs(z)
        if divided(size, r) > 20.0:
            loss += c * r * (size - r * math.log(2.0))
            tanh = 1.0
        else:
            grown = expm1(divided(size, r))
            loss += c * r * (r * log1p(divided(grown * grown, 2.0 * (1.0 + grown))))
            tanh = divided(grown * (grown + 2.0), grown * (grown + 2.0) + 2.0)
        gradient.append(c * r * tanh if z > 0.0 else -(c * r * tanh))
    return loss, gradient


def two_sample(objective: Any, x: list[float], draws: list[float] | None) -> Result:
    [z], h, half = x, objective.curvature, objective.separation / 2.0
    if draws is None:
        return 0.5 * (h * z) * z + (h * half * half + objective.offset) / 2.0, [h * z]
    if draws[0] < 0.5:
        return 0.5 * (h * (z - half)) * (z - half) + objective.offset, [h * (z - half)]
    return 0.5 * (h * (z + half)) * (z + half) + 0.0, [h * (z + half)]


def squared_hinges(objective: Any, x: list[float], rows: None) -> Result:
    loss, gradient = 0.0, [0.0] * len(x)
    for a, b, c in zip(objective.features, objective.thresholds, objective.weights, strict=True):
        margin = 0.0
        for entry, z in zip(a, x, strict=True):
            margin += entry * z
        excess = 0.0 if margin - b <= 0.0 else margin - b
        loss += 0.5 * (c * excess) * excess
        for i, entry in enumerate(a):
            gradient[i] += entry * (c * excess)
    return loss, gradient


def resisting(objective: Any, x: list[float], rows: None) -> Result:
    highest, index = 0.0 - objective.depth, None
    for i, (steepness, z) in enumerate(zip(objective.slopes, x, strict=True)):
        if steepness * z > highest:
            highest, index = steepness * z, i
    return highest, [steepness if i == index else 0.0 for i, steepness in enumerate(objective.slopes)]


def rotated_quadratic(objective: Any, x: list[float], rows: None) -> Result:
    """With the stored vectors and their factors 2 / |v|^2."""
    z = [a - c for a, c in zip(x, objective.target, strict=True)]
    table = list(enumerate(objective.data.tolist()))
    for k, (*v, factor) in table:
        z = reflected(z, v, factor, k)
    loss = 0.0
    for i, h in enumerate(objective.eigenvalues):
        loss += 0.5 * (h * z[i]) * z[i]
        z[i] = h * z[i]
    for k, (*v, factor) in reversed(table):
        z = reflected(z, v, factor, k)
    return loss, z


def reflected(z: list[float], v: list[float], factor: float, first: int) -> list[float]:
    """z - factor (v.z) v, where the entries of v before `first` are zero and take no part."""
    inner = 0.0
    for a, b in list(zip(v, z, strict=True))[first:]:
        inner += a * b
    inner *= factor
    return [b - a * inner if j >= first else b for j, (a, b) in enumerate(zip(v, z, strict=True))]


TWINS = {
    "Ackley": ackley,
    "LogCosh": log_cosh,
    "Rastrigin": rastrigin,
    "Resisting": resisting,
    "RotatedQuadratic": rotated_quadratic,
    "SquaredHinges": squared_hinges,
    "TwoSample": two_sample,
}
#: objectives without a table, whose kernels read the draws themselves
DRAWN = ("TwoSample",)
