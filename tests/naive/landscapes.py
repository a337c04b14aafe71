"""Plain-Python twins of the analytic objectives: one coordinate after the other, with lists and floats."""

from __future__ import annotations

import math
from typing import Any

from tests.naive.elementary import divided, exp, expm1, fraction, sine_cosine_turn

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


TWINS = {"Ackley": ackley, "Rastrigin": rastrigin}
