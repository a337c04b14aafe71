"""Nothing is disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Perturbation, perturbation_kernel


@perturbation_kernel
def disturb(step, loss, params, draws, state, observed, gradient, x):
    """Leaves everything as it is."""


@dataclass(frozen=True)
class NoPerturbation(Perturbation):
    """No disturbance: the scheduler sees the loss, the optimizer the gradient."""

    kernel: ClassVar[Any] = disturb


PLUGIN = NoPerturbation
