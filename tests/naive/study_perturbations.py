"""The disturbances of the robustness study (arXiv 2512.14527, App. A.6), for one run and one step.

The amount first, then what it acts on.
"""

from __future__ import annotations

import math
from typing import Any

from tests.naive import elementary

TWO_PI_HIGH = 4.0 * 1.57079632673412561417e00
TWO_PI_MIDDLE = 4.0 * 6.07710050630396597660e-11
TWO_PI_LOW = 4.0 * 2.02226624879595063154e-21


def whole_part(value: float) -> float:
    """int(), which has no answer for infinity."""
    return float(math.floor(value)) if math.isfinite(value) else value


def remainder(step: int, period: float) -> float:
    """t mod P with Python's integers."""
    return float(step) if math.isinf(period) else float(step % int(period))


class StudyPerturbation:
    """The channels; subclasses state the amount."""

    own_normals = 0
    own_uniforms = 0

    def __init__(self, rule: Any, dim: int) -> None:
        self.rule, self.dim = rule, dim
        self.losses: list[float] = []
        self.direction: list[float] = []
        self.start: list[float] = []

    def counts(self) -> tuple[int, int]:
        """Numbers of normals and of uniforms needed per step."""
        scattered = {"as_published": 0, "observed_loss": 0}.get(self.rule.channel, self.dim)
        return self.own_normals + scattered, self.own_uniforms

    def previous(self) -> float:
        """l_prev: the last recorded loss, 1 at the start."""
        return self.losses[-1] if self.losses else 1.0

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        """a_t."""
        raise NotImplementedError

    def disturb(
        self, step: int, loss: float, normals: list[float], uniforms: list[float], gradient: list[float], x: list[float]
    ) -> float:
        """May change gradient and x in place; returns the loss that the scheduler sees."""
        z = normals[self.own_normals :]
        if step == 0 and self.rule.channel == "objective":
            squares = 0.0
            for value in z:
                squares += value * value
            norm = math.sqrt(squares)
            self.direction = [value / norm for value in z] if norm > 0.0 else [1.0] + [0.0] * (self.dim - 1)
            self.start = list(x)
        amount = self.amount(step, normals, uniforms)
        self.losses.append(loss)
        if amount == 0.0 or self.rule.channel == "as_published":
            return loss
        if self.rule.channel == "observed_loss":
            return loss + amount
        if self.rule.channel == "objective":
            # a run that ends at this step has lost its iterate already
            ended = not (math.isfinite(loss) and all(math.isfinite(value) for value in x))
            height = math.nan if ended else 0.0
            for i, e in enumerate(self.direction):
                height += e * (x[i] - self.start[i])
                gradient[i] += amount * e
            return loss + amount * height
        share = 1.0 / math.sqrt(float(self.dim))
        target = gradient if self.rule.channel == "gradient" else x
        for i, value in enumerate(z):
            target[i] += amount * share * value
        return loss


class Gaussian(StudyPerturbation):
    """N(0, s)."""

    own_normals = 1

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        return self.rule.strength * normals[0]


class PeriodicSpike(StudyPerturbation):
    """s l_prev while t mod (50 + int(50 s)) < 3."""

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        period = self.rule.period + whole_part(self.rule.stretch * self.rule.strength)
        return self.rule.strength * self.previous() if remainder(step, period) < self.rule.duration else 0.0


class RandomSpike(StudyPerturbation):
    """With probability 0.02, s l_prev (0.5 + 1.5 U)."""

    own_uniforms = 2

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        if uniforms[0] >= self.rule.probability:
            return 0.0
        return self.rule.strength * self.previous() * (self.rule.low + self.rule.spread * uniforms[1])


class Plateau(StudyPerturbation):
    """N(0, 0.05 s) while t mod 100 < int(20 + 30 s)."""

    own_normals = 1

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        length = whole_part(self.rule.duration + self.rule.stretch * self.rule.strength)
        if remainder(step, self.rule.period) >= length:
            return 0.0
        return self.rule.scale * self.rule.strength * normals[0]


class Oscillatory(StudyPerturbation):
    """s l_prev sin(t (0.1 + s))."""

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        angle = step * (self.rule.frequency + self.rule.strength)
        turns = angle * 0.15915494309189535
        whole = (turns + elementary.ROUNDER) - elementary.ROUNDER
        rest = ((angle - whole * TWO_PI_HIGH) - whole * TWO_PI_MIDDLE) - whole * TWO_PI_LOW
        sine, _ = elementary.sine_cosine_turn(rest * 0.15915494309189535)
        return self.rule.strength * self.previous() * sine


class Drift(StudyPerturbation):
    """0.001 s t."""

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        return self.rule.rate * self.rule.strength * step


class Burst(StudyPerturbation):
    """N(0, 3 s) while t mod 200 < 20, else N(0, 0.1 s)."""

    own_normals = 1

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        inside = remainder(step, self.rule.period) < self.rule.duration
        return (self.rule.loud if inside else self.rule.quiet) * self.rule.strength * normals[0]


class Adversarial(StudyPerturbation):
    """0.5 s l_prev if the last loss fell, else 0."""

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        if len(self.losses) < 2 or not self.losses[-1] < self.losses[-2]:
            return 0.0
        return self.rule.share * self.rule.strength * self.losses[-1]


class Kick(StudyPerturbation):
    """s from step `first` on, for `duration` steps; none of the study's."""

    def amount(self, step: int, normals: list[float], uniforms: list[float]) -> float:
        return self.rule.strength if step in range(self.rule.first, self.rule.first + self.rule.duration) else 0.0


TWINS = {
    twin.__name__: twin
    for twin in (Gaussian, PeriodicSpike, RandomSpike, Plateau, Oscillatory, Drift, Burst, Adversarial, Kick)
}
