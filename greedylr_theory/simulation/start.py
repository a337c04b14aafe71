"""Rules for starting points and initial rates: pure functions of (seed, replicate), so that runs match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from greedylr_theory.compilation import kernel
from greedylr_theory.contracts import VECTOR, Objective
from greedylr_theory.elementary import exp, log
from greedylr_theory.params import POSITIVE, Interval, Parametrised, param
from greedylr_theory.simulation.draws import Stream, normals, uniforms

SEED: Any = Interval.left_closed(0, 2.0**53)


class StartRule(Parametrised):
    """Where runs begin, as a function of the replicate."""

    def points_for(self, objective: Objective, replicates: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Starting points (d, R) on an objective, column r for replicates[r]."""
        raise NotImplementedError


@dataclass(frozen=True)
class StandardNormal(StartRule):
    """x_0 = scale * z with independent standard normals z.

    Args:
        seed: key of the draws; runs with the same seed and replicate start at the same point.
        scale: standard deviation of each coordinate, in units of length.
    """

    seed: int = param(0, symbol="seed", domain=SEED, doc="key of the draws", kind="int")
    scale: float = param(1.0, symbol="s", domain=POSITIVE, unit="length", doc="standard deviation")

    def points(self, replicates: NDArray[np.uint64], dim: int) -> NDArray[np.float64]:
        """Starting points (d, R), column r for replicates[r]."""
        return self.scale * normals(self.seed, replicates, Stream.START, 0, dim)

    def points_for(self, objective: Objective, replicates: NDArray[np.uint64]) -> NDArray[np.float64]:
        return self.points(replicates, objective.dim)


@dataclass(frozen=True)
class ScaledUniform(StartRule):
    """x_0i = scale * s_i * (2 u_i - 1) with independent uniforms u_i and the objective's `initial_scale` s_i.

    On a perceptron, s_i = 1 / sqrt(inputs of the layer), so that scale 1 is torch's default for Linear layers. Where an
    objective names no scale, s_i = 1.

    Args:
        seed: key of the draws; runs with the same seed and replicate start at the same point.
        scale: half the width of the range, in units of the objective's scale.
    """

    seed: int = param(0, symbol="seed", domain=SEED, doc="key of the draws", kind="int")
    scale: float = param(1.0, symbol="s", domain=POSITIVE, doc="half width over the objective's scale")

    @classmethod
    def plugin_name(cls) -> str:
        return "scaled_uniform"  # the file's name stands for StandardNormal in the keys of runs

    def points_for(self, objective: Objective, replicates: NDArray[np.uint64]) -> NDArray[np.float64]:
        share = uniforms(self.seed, replicates, Stream.START, 0, objective.dim)
        return (self.scale * objective.initial_scale)[:, None] * (2.0 * share - 1.0)


@dataclass(frozen=True)
class LogUniform(Parametrised):
    """Initial rate gamma_0 with logarithm uniform between low and high, one draw per replicate.

    Args:
        low, high: ends of the range, in units of length^2 / loss, 0 < low <= high.
        seed: key of the draws; runs with the same seed and replicate have the same rate.

    Raises:
        ValueError: low exceeds high.
    """

    low: float = param(symbol=r"\gamma_{low}", domain=POSITIVE, unit="length^2/loss", doc="smallest initial rate")
    high: float = param(symbol=r"\gamma_{high}", domain=POSITIVE, unit="length^2/loss", doc="largest initial rate")
    seed: int = param(0, symbol="seed", domain=SEED, doc="key of the draws", kind="int")

    def check(self) -> None:
        if self.low > self.high:
            raise ValueError(f"LogUniform.low must not exceed LogUniform.high, got {self.low!r} > {self.high!r}")

    def rates(self, replicates: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Initial rates (R,) for the replicates."""
        share = uniforms(self.seed, replicates, Stream.RATE, 0, 1)[0]
        _spread(share, self.low, self.high)
        return np.clip(share, self.low, self.high)


@kernel(types.void(VECTOR, types.float64, types.float64))
def _spread(share, low, high):
    # the package's own exp and log, for the same bits on every machine
    for r in range(share.size):
        share[r] = exp(log(low) + share[r] * (log(high) - log(low)))
