"""Gradient descent with momentum, heavy ball or Nesterov's, in the convention of torch.optim.SGD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from greedylr_theory.contracts import Optimizer, optimizer_kernel
from greedylr_theory.params import NONNEGATIVE, Interval, param


@optimizer_kernel
def update(step, lr, gradient, params, state, x):
    """Params: m, tau, nesterov, lambda; state: the buffer (d rows), and whether there is one."""
    d, lanes = x.shape
    momentum, dampening, nesterov, decay, started = params[0], params[1], params[2], params[3], state[d]
    for i in range(d):
        slope, buffer, point = gradient[i], state[i], x[i]
        for lane in range(lanes):
            m = momentum[lane]
            g = slope[lane] + decay[lane] * point[lane] if decay[lane] != 0.0 else slope[lane]
            heavy = m * buffer[lane] + (1.0 - dampening[lane]) * g if started[lane] == 1.0 else g
            ahead = g + m * heavy if nesterov[lane] == 1.0 else heavy
            buffer[lane] = heavy if m != 0.0 else buffer[lane]
            point[lane] -= lr[lane] * (ahead if m != 0.0 else g)
    for lane in range(lanes):
        started[lane] = 1.0 if momentum[lane] != 0.0 else started[lane]


@dataclass(frozen=True)
class Momentum(Optimizer):
    """b <- m b + (1 - tau) g, x <- x - lr b, or x <- x - lr (g + m b) with Nesterov's; g includes lambda x.

    The first b is g itself, whatever tau. The rate multiplies the whole buffer, so that a change of it acts on past
    gradients too: with a constant rate, and tau = lambda = 0, this is x_{t+1} = x_t - lr g_t + m (x_t - x_{t-1}). A
    step at which m is zero, on a schedule, uses g alone and leaves b as it was.

    Args:
        momentum: m.
        dampening: tau.
        nesterov: whether to step along g + m b in the place of b.
        weight_decay: lambda, added to the gradient as lambda x, in loss / length^2.

    Raises:
        ValueError: nesterov with dampening.

    Source: Polyak 1964 and Nesterov 1983, in the form of Sutskever et al. 2013 that torch.optim.SGD documents.
    """

    momentum: float = param(0.9, symbol="m", domain=Interval.left_closed(0, 1), doc="share of the buffer that is kept")
    dampening: float = param(
        0.0, symbol=r"\tau", domain=Interval.closed(0, 1), doc="share of the gradient that is held back"
    )
    nesterov: bool = param(False, symbol="nesterov", doc="step along the gradient plus m times the buffer", kind="bool")
    weight_decay: float = param(
        0.0, symbol=r"\lambda", domain=NONNEGATIVE, unit="loss/length^2", doc="multiple of x that joins the gradient"
    )

    kernel: ClassVar[Any] = update

    def check(self) -> None:
        if self.nesterov and self.dampening != 0.0:
            raise ValueError(f"Momentum.dampening (\\tau) must be 0 with nesterov, got {self.dampening!r}")

    def state_rows(self, dim: int) -> int:
        return dim + 1


PLUGIN = Momentum
