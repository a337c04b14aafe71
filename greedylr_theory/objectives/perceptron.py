"""A small multilayer perceptron on the data of the robustness study, or on a data set with two classes."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from greedylr_theory.contracts import Floats
from greedylr_theory.objectives import _perceptron_kernels as kernels
from greedylr_theory.objectives import _sampling, _tables
from greedylr_theory.objectives._finite_sum import FiniteSum
from greedylr_theory.objectives._study_data import STUDY, study_data
from greedylr_theory.params import Choice, Interval, param

_WIDTHS = Interval.closed(1, 2.0**20)


@dataclass(frozen=True)
class Perceptron(FiniteSum):
    """f(x) = (1/n) sum_i of the loss of a network's output o(a_i; x) and the target y_i; hidden units ReLU or tanh.

    A layer maps u to W u + b; hidden units bend the result, the single output is linear. The coordinates are those of
    torch's `parameters()`: for each layer W row by row, then b. Losses: "squared", (o - y)^2 with y in {0, 1} (torch's
    MSELoss), or "logistic", log(1 + exp(-y o)) with y in {-1, 1}. Everything is float64.

    f is not convex, whatever the data: with all weights of hidden units zero, the last hidden units' biases and the
    weight w of one of them enter as a product w h, and at the best constant output (w, h) = (1, 0) and (0, 1) have the
    least loss of a constant, their midpoint a larger one. f is not smooth either: slopes grow with products of
    weights. The minimum is not known, but f >= 0.

    Args:
        dataset: "study" for the study's data, else a data set with two classes: breast_cancer (scikit-learn's
            bundled file), or the path of a CSV file with a header line, numeric features and a label column.
            Features are standardised; the class that comes second has y = 1.
        batch: samples per step, drawn anew each step without repetition; None for all of them. The loss and the
            gradient of a step are then means over the sample, unbiased for those of f.
        largest_batch: samples per step that the arrays are sized for, so that a schedule can move `batch` within
            [1, largest_batch] during a run; `batch` when None, which then stays as it is.
        activation: "relu" (slope 0 at 0, as torch has it) or "tanh".
        loss: "squared" or "logistic".
        inputs: m, columns of the study's data.
        samples: n, rows of the study's data.
        seed: key of the study's data: rows N(0, I), y = 1 if the squares of the first floor(m/2) entries sum above
            those of the last floor(m/2), else 0.
        hidden: widths of the hidden layers.
        target: name of the CSV's label column; its last column when None.

    Raises:
        ValueError: a width is no whole number, not batch <= largest_batch <= n, the data cannot be used or has more
            than two classes, or inputs, samples or seed are given beside other data than the study's.

    Starts: `ScaledUniform()` draws weights and biases uniformly from +-1/sqrt(inputs of the layer), torch's default for
    Linear. Runs that are simulated together share data, widths, activation and loss.

    Source of the study's network and data: arXiv 2512.14527, App. A.6, there in single precision.
    """

    dataset: str = param(STUDY, symbol="data", doc="study, breast_cancer, or a CSV file with two classes", kind="text")
    batch: int | None = _sampling.batch_param()
    largest_batch: int | None = _sampling.largest_batch_param()
    activation: str = param(
        "relu", symbol=r"\phi", domain=Choice(kernels.ACTIVATIONS), doc="what bends the hidden units", kind="choice"
    )
    loss: str = param(
        "squared", symbol=r"\ell", domain=Choice(kernels.LOSSES), doc="loss of output and target", kind="choice"
    )
    inputs: int = param(
        20, symbol="m", domain=Interval.closed(2, 2.0**20), doc="columns of the study's data", kind="int"
    )
    samples: int = param(
        500, symbol="n", domain=Interval.closed(1, 2.0**31), unit="samples", doc="rows of the study's data", kind="int"
    )
    seed: int = param(
        0, symbol="seed", domain=Interval.left_closed(0, 2.0**53), doc="key of the study's data", kind="int"
    )
    hidden: tuple[float, ...] = param(
        (64.0, 32.0), symbol="h", domain=_WIDTHS, unit="units", doc="widths of the hidden layers", kind="vector"
    )
    target: str | None = param(
        None, symbol="target", doc="label column of the CSV file (default: its last)", kind="text", optional=True
    )

    convex = False

    def check(self) -> None:
        if any(width != int(width) for width in self.hidden):
            raise ValueError(f"Perceptron.hidden (h) must be whole numbers of units, got {self.hidden!r}")
        given = [name for name in ("inputs", "samples", "seed") if getattr(self, name) != getattr(type(self), name)]
        if self.dataset != STUDY and given:
            raise ValueError(
                f"Perceptron.{given[0]} describes the data set 'study' and must be left out for another, "
                f"got {getattr(self, given[0])!r} with {self.dataset!r}"
            )
        if self.dataset == STUDY and self.target is not None:
            raise ValueError(f"Perceptron.target must be None for the data set 'study', got {self.target!r}")
        if self.dataset != STUDY and len(self._table.classes) > 2:
            raise ValueError(
                f"Perceptron.dataset (data) must have two classes, got {len(self._table.classes)} in {self.dataset!r}"
            )
        self.check_batch()

    def specification(self) -> dict[str, Any]:
        found = super().specification()
        if self.dataset == STUDY:
            return found
        name = self.dataset if self.dataset in _tables.BUNDLED else Path(self.dataset).name
        return {**found, "dataset": name, "data_digest": self._table.digest}

    @cached_property
    def _table(self) -> _tables.Table:
        return _tables.table(self.dataset, self.target, "Perceptron")

    @cached_property
    def data(self) -> Floats:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(n, m + 1): inputs and the target: 0 and 1, or -1 and 1 for the logistic loss."""
        if self.dataset == STUDY:
            rows = study_data(self.seed, self.samples, self.inputs)
        else:  # the network has biases of its own in place of the column of ones
            rows = np.delete(self._table.values, -2, axis=1)
            rows[:, -1] = 0.5 * (rows[:, -1] + 1.0)
        if self.loss == "logistic":
            rows[:, -1] = 2.0 * rows[:, -1] - 1.0
        return np.ascontiguousarray(rows)

    @cached_property
    def data_digest(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Of data and network: the kernel reads both from the first run of a block."""
        network = repr((self.data.shape, self.hidden, self.activation, self.loss))
        return hashlib.sha256(network.encode() + self.data.astype("<f8").tobytes()).hexdigest()

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, inputs and output included."""
        return (self.data.shape[1] - 1, *(int(width) for width in self.hidden), 1)

    @property
    def dim(self) -> int:
        widths = self.widths
        return sum(outer * (inner + 1) for inner, outer in itertools.pairwise(widths))

    @property
    def initial_scale(self) -> Floats:
        """1 / sqrt(inputs of the layer) for its weights and biases."""
        widths = self.widths
        scales = [(1.0 / math.sqrt(inner), outer * (inner + 1)) for inner, outer in itertools.pairwise(widths)]
        return np.repeat([scale for scale, _ in scales], [count for _, count in scales])

    @property
    def full_kernel(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return kernels.full_batch

    @property
    def minibatch_kernel(self) -> Any:
        return kernels.minibatch

    @property
    def full_rows(self) -> int:
        return kernels.network_rows(self.widths)

    def sample_rows(self, capacity: int) -> int:
        return self.full_rows + capacity + kernels.EXTRA + self.data.shape[0]

    def expression(self, x: Any) -> Any:
        import sympy

        bend = sympy.tanh if self.activation == "tanh" else (lambda z: sympy.Max(z, 0))
        total = sympy.Integer(0)
        for row in self.data.tolist():
            units, rest = [sympy.Rational(value) for value in row[:-1]], list(x)
            for outer in self.widths[1:]:
                weights, biases = rest[: outer * len(units)], rest[outer * len(units) :][:outer]
                rest = rest[outer * (len(units) + 1) :]
                sums = [
                    biases[o] + sum(w * u for w, u in zip(weights[o * len(units) :], units, strict=False))
                    for o in range(outer)
                ]
                units = [bend(z) for z in sums] if rest else sums
            [output], target = units, sympy.Rational(row[-1])
            total += sympy.log(1 + sympy.exp(-target * output)) if self.loss == "logistic" else (output - target) ** 2
        return total / len(self.data)


PLUGIN = Perceptron
