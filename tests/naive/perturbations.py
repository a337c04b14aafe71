"""Every perturbation as it is stated in its source, for one run and one step."""

from __future__ import annotations

from typing import Any

from tests.naive import study_perturbations


class NoPerturbation:
    """Nothing is disturbed."""

    def __init__(self, rule: Any, dim: int) -> None:
        self.rule, self.dim = rule, dim

    def counts(self) -> tuple[int, int]:
        """Numbers of normals and of uniforms needed per step."""
        return 0, 0

    def disturb(
        self, step: int, loss: float, normals: list[float], uniforms: list[float], gradient: list[float], x: list[float]
    ) -> float:
        """May change gradient and x in place; returns the loss that the scheduler sees."""
        return loss


class GradientNoise(NoPerturbation):
    """g_i <- g_i + sigma z_i."""

    def counts(self) -> tuple[int, int]:
        return self.dim, 0

    def disturb(
        self, step: int, loss: float, normals: list[float], uniforms: list[float], gradient: list[float], x: list[float]
    ) -> float:
        for i, z in enumerate(normals):
            gradient[i] += self.rule.scale * z
        return loss


class LabelNoise(NoPerturbation):
    """Works on the sample: see labels.py."""


class CorruptedBatches(LabelNoise):
    """The same."""


class LossNoise(NoPerturbation):
    """The scheduler sees l + sigma z."""

    def counts(self) -> tuple[int, int]:
        return 1, 0

    def disturb(
        self, step: int, loss: float, normals: list[float], uniforms: list[float], gradient: list[float], x: list[float]
    ) -> float:
        return loss + self.rule.scale * normals[0]


TWINS: dict[str, Any] = {
    twin.__name__: twin for twin in (NoPerturbation, GradientNoise, LossNoise, LabelNoise, CorruptedBatches)
}
TWINS.update(study_perturbations.TWINS)


def twin(rule: Any, dim: int) -> Any:
    """The plain disturbance that belongs to a declared perturbation."""
    return TWINS[type(rule).__name__](rule, dim)
