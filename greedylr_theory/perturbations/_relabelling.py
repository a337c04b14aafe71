"""What the perturbations of labels share: they work inside the objective, and nothing is left to do after it."""

from __future__ import annotations

from typing import Any, ClassVar

from greedylr_theory.contracts import Channel, Perturbation, perturbation_kernel


@perturbation_kernel
def leave(step, loss, params, draws, state, observed, gradient, x):
    """The labels have been replaced before the loss was computed."""


class Relabelling(Perturbation):
    """Replaces labels of the samples of a step; subclasses give `label_rates`.

    The loss of a step (`loss`, `observed`) and its gradient are those of the replaced labels, the full loss
    (`full_loss`, `end_loss`) is that of the data. A run without minibatches becomes one that is sampled. The draws
    follow those of the minibatch in its stream, which leaves the choice of the samples as it is.
    """

    kernel: ClassVar[Any] = leave
    channel: ClassVar[Channel] = "objective"
    relabels: ClassVar[bool] = True
