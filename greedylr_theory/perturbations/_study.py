"""What the disturbances of the robustness study share: strength, channel, and how an amount acts on a channel.

Each file computes one number a_t per lane and step, the amount that the study (arXiv 2512.14527, App. A.6) adds to
the loss. What the amount then acts on is the same for all of them:

- as_published: it is added to the loss that is back-propagated. A number has no gradient, and the scheduler is given
  the clean loss, so nothing changes.
- observed_loss: the scheduler sees f(x_t) + a_t.
- gradient: g_t + a_t z / sqrt(d), z standard normal: isotropic, and E norm(noise)^2 = a_t^2 given a_t.
- iterate: x_t + a_t z / sqrt(d), added with the update: loss and gradient are those of x_t before the kick.
- objective: f(x) + a_t <e, x - x_0> is minimised in place of f. The unit vector e is isotropic and kept for the run,
  so the gradient changes by a_t e and the observed loss by a_t <e, x_t - x_0>. A tilt is the one change of an objective
  whose gradient has the size a_t everywhere: that of the gradient channel, but the same direction at every step, and
  with a loss that agrees with its gradient. It adds no curvature, and vanishes at the start that all channels share.

An amount is a number of the unit of loss; the last three channels read the same number in the unit of gradient, of
length, and of gradient. So amounts that follow the loss can run away through iterate: on a quadratic a kick of the size
of the loss l leads to a loss of order l^2. Recorded losses are those of f. An amount of zero changes no bit.

A rule that evaluates trial points (`Scheduler.search`) evaluates f itself there, whatever the channel. One that reads
the iterate in the ordering before_update reads it after the kick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from greedylr_theory.compilation import inlined, subroutine
from greedylr_theory.contracts import Perturbation
from greedylr_theory.params import NONNEGATIVE, Choice, Interval, param

#: rows of the parameter vector; those of the kind follow
STRENGTH, CHANNEL, OWN_PARAMETER = 0, 1, 2
#: rows of the state; those of the kind follow, then (for a tilt) its value, e and x_0
AMOUNT, OWN_STATE = 0, 1

CHANNELS = ("as_published", "observed_loss", "gradient", "iterate", "objective")
_OBSERVED_LOSS, _GRADIENT, _ITERATE, _OBJECTIVE = 1, 2, 3, 4

#: lengths in steps: no run is longer than 2^31
PERIOD, DURATION = Interval.closed(1, 2.0**31), Interval.closed(0, 2.0**31)


@inlined
def phase(step, period):
    """step mod period, for whole numbers in float64: exact for step < 2^31 and any whole period >= 1."""
    # beyond 2^53 a step is its own remainder, and an infinite period would give NaN
    length = min(period, 9007199254740992.0)
    now = float(step)
    return now - np.floor(now / length) * length


@inlined
def last_loss(step, recorded):
    """The loss of the step before; 1 at the start."""
    return recorded if step > 0 else 1.0


@subroutine
def _scatter(amount, z, target):
    """target + a z / sqrt(d) per lane; amount (B,), z and target (d, B)."""
    share = 1.0 / np.sqrt(float(target.shape[0]))
    for i in range(target.shape[0]):
        row, draw = target[i], z[i]
        for lane in range(amount.size):
            moved = row[lane] + amount[lane] * share * draw[lane]
            row[lane] = moved if amount[lane] != 0.0 else row[lane]


@subroutine
def _begin_tilt(z, x, length, direction, origin):
    """e = z / norm(z) and x_0, both (d, B); length (B,) is scratch. The first axis where every draw is zero."""
    length[:] = 0.0
    for i in range(x.shape[0]):
        for lane in range(length.size):
            length[lane] += z[i, lane] * z[i, lane]
            origin[i, lane] = x[i, lane]
    for i in range(x.shape[0]):
        axis = 1.0 if i == 0 else 0.0
        for lane in range(length.size):
            unit = z[i, lane] / np.sqrt(length[lane])
            direction[i, lane] = unit if length[lane] > 0.0 else axis


@subroutine
def _tilt(amount, height, direction, origin, x, observed, gradient):
    """Gradient + a e and observed + a <e, x - x_0> per lane; height (B,) is scratch."""
    height[:] = 0.0
    for i in range(x.shape[0]):
        e, start, point, slope = direction[i], origin[i], x[i], gradient[i]
        for lane in range(amount.size):
            height[lane] += e[lane] * (point[lane] - start[lane])
            moved = slope[lane] + amount[lane] * e[lane]
            slope[lane] = moved if amount[lane] != 0.0 else slope[lane]
    for lane in range(amount.size):
        seen = observed[lane] + amount[lane] * height[lane]
        observed[lane] = seen if amount[lane] != 0.0 else observed[lane]


@subroutine
def act(step, own_normals, params, draws, state, observed, gradient, x):
    """Let the amounts (B,) in the state act on the channel, which all lanes share; normals follow the kind's own."""
    d = x.shape[0]
    channel = np.int64(params[CHANNEL, 0])
    amount = state[AMOUNT]
    if channel == _OBJECTIVE and step == 0:
        first = state.shape[0] - 2 * d
        z = draws[own_normals : own_normals + d]
        _begin_tilt(z, x, state[first - 1], state[first : first + d], state[first + d :])
    active = 0
    for lane in range(amount.size):
        active += amount[lane] != 0.0
    if active == 0:  # each lane would keep its bits
        return
    if channel == _OBSERVED_LOSS:
        for lane in range(amount.size):
            seen = observed[lane] + amount[lane]
            observed[lane] = seen if amount[lane] != 0.0 else observed[lane]
    elif channel == _GRADIENT:
        _scatter(amount, draws[own_normals : own_normals + d], gradient)
    elif channel == _ITERATE:
        _scatter(amount, draws[own_normals : own_normals + d], x)
    elif channel == _OBJECTIVE:
        first = state.shape[0] - 2 * d
        _tilt(amount, state[first - 1], state[first : first + d], state[first + d :], x, observed, gradient)


@dataclass(frozen=True)
class StudyPerturbation(Perturbation):
    """An amount a_t per step, acting on the channel that is asked for; subclasses say what the amount is.

    `own_normals`, `own_uniforms` and `own_rows` are the draws and the rows of state that the amount takes. It meets
    the same draws through every channel. For a tilt the kernel is given d normals at every step and uses those of
    step 0, since the number of draws is that of all steps.
    """

    strength: float = param(0.5, symbol="s", domain=NONNEGATIVE, doc="strength of the disturbance")
    channel: str = param(
        "as_published",
        symbol="channel",
        domain=Choice(CHANNELS),
        doc="what the amount acts on; as published it changes nothing",
        kind="choice",
    )

    own_normals: ClassVar[int] = 0
    own_uniforms: ClassVar[int] = 0
    own_rows: ClassVar[int] = 0

    def draws(self, dim: int) -> tuple[int, int]:
        scattered = dim if self.channel in ("gradient", "iterate", "objective") else 0
        return self.own_normals + scattered, self.own_uniforms

    def state_rows(self, dim: int) -> int:
        tilt = 1 + 2 * dim if self.channel == "objective" else 0
        return OWN_STATE + self.own_rows + tilt
