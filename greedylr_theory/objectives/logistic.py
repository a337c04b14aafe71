"""l2-regularised logistic regression on real data, binary or multinomial, full batch or minibatch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from greedylr_theory.contracts import Floats
from greedylr_theory.objectives import _logistic_kernels as kernels
from greedylr_theory.objectives import _sampling, _spectrum, _tables
from greedylr_theory.objectives._finite_sum import FiniteSum
from greedylr_theory.objectives._logistic_minimum import Minimum, minimum
from greedylr_theory.params import POSITIVE, param


@dataclass(frozen=True)
class Logistic(FiniteSum):
    """Mean logistic loss plus (l2 / 2) |x|^2.

    Two classes: f(x) = (1/n) sum_i log(1 + exp(-y_i a_i.x)) + (l2/2) |x|^2, d = m + 1, y_i = -1 for the class that
    comes first. K >= 3 classes: f(x) = (1/n) sum_i [log sum_k exp(a_i.x_k) - a_i.x_{y_i}] + (l2/2) |x|^2 with x =
    (x_0, ..., x_{K-1}), d = K (m + 1). The rows a_i hold m features, standardised to mean 0 and population standard
    deviation 1 (constant columns are dropped), and a final 1: the intercept comes last. All coordinates are
    regularised, the intercept too. That makes strong_convexity = l2 the exact infimum of the Hessian's eigenvalues:
    for two classes the data part vanishes as the intercept grows, for more it is zero along a shift common to all
    classes.

    Args:
        dataset: breast_cancer, iris, wine or digits (scikit-learn's bundled files), or the path of a CSV file with a
            header line, numeric features and a label column of text or numbers.
        l2: weight of the regulariser, in units of loss / length^2.
        batch: samples per step, drawn anew each step without repetition; None for all of them. The loss and the
            gradient of a step are then means over the sample plus the regulariser, unbiased for those of f.
        target: name of the CSV's label column; its last column when None.
        largest_batch: samples per step that the arrays are sized for, so that a schedule can move `batch` within
            [1, largest_batch] during a run; `batch` when None, which then stays as it is.

    Raises:
        ValueError: l2 is not positive, not batch <= largest_batch <= n, or the data cannot be used; the message says
            why.

    The data is read when the objective is made, once per process and content. `specification` identifies a CSV file by
    its name and the digest of its standardised content, not by its folder.
    """

    dataset: str = param(
        "breast_cancer", symbol="data", doc="breast_cancer, iris, wine, digits, or a CSV file", kind="text"
    )
    l2: float = param(1e-3, symbol=r"\lambda", domain=POSITIVE, unit="loss/length^2", doc="weight of the regulariser")
    batch: int | None = _sampling.batch_param()
    target: str | None = param(
        None, symbol="target", doc="label column of the CSV file (default: its last)", kind="text", optional=True
    )
    largest_batch: int | None = _sampling.largest_batch_param()

    convex = True

    def check(self) -> None:
        self.check_batch()

    def specification(self) -> dict[str, Any]:
        name = self.dataset if self.dataset in _tables.BUNDLED else Path(self.dataset).name
        return {**super().specification(), "dataset": name, "data_digest": self.data_digest}

    @cached_property
    def _table(self) -> _tables.Table:
        return _tables.table(self.dataset, self.target)

    @property
    def data(self) -> Floats:
        """(n, m + 2): standardised features, ones, and the label: -1 and 1, or 0 .. K-1."""
        return self._table.values

    @property
    def data_digest(self) -> str:
        return self._table.digest

    @property
    def classes(self) -> tuple[Any, ...]:
        """What the data calls the classes, in the order of the labels."""
        return self._table.classes

    @property
    def _parts(self) -> int:
        """How many weight vectors x holds."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    @property
    def dim(self) -> int:
        return self._parts * (self.data.shape[1] - 1)

    @property
    def full_kernel(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return kernels.binary_full if self._parts == 1 else kernels.multinomial_full

    @property
    def minibatch_kernel(self) -> Any:
        return kernels.binary_minibatch if self._parts == 1 else kernels.multinomial_minibatch

    @property
    def full_rows(self) -> int:
        return kernels.BINARY_ROWS if self._parts == 1 else kernels.multinomial_rows(self._parts)

    def sample_rows(self, capacity: int) -> int:
        return self.full_rows + capacity + kernels.EXTRA + sum(self.data.shape)

    @cached_property
    def smoothness(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """L = M/4 + l2 for two classes, M/2 + l2 for more, M the largest eigenvalue of A^T A / n, ones included.

        Two classes: the Hessian is A^T D A / n + l2 I with D diagonal, 0 < D <= 1/4, and D = 1/4 at x = 0: attained.
        More: it is (1/n) sum_i (diag(p_i) - p_i p_i^T) x a_i a_i^T + l2 I (Kronecker product), and for every
        probability vector diag(p) - p p^T <= 1/2 by Gershgorin, since 2 p_k (1 - p_k) <= 1/2. With features weighted
        zero and the intercepts of all but two classes sent to minus infinity, p tends to (1/2, 1/2, 0, ...) for every
        sample, where (1, -1, 0, ...) has eigenvalue 1/2: a supremum, approached.

        The value returned is never below the exact one, and above it by some 1e-12 of it at most.
        """
        largest = _spectrum.largest_eigenvalue_bound(self.data[:, :-1])
        return _raised(self._curvature * largest + self.l2)

    @cached_property
    def sample_smoothness(self) -> float:
        """L_max, for every single sample and so for every minibatch: |a_i|^2 in place of M, rounded up."""
        largest = _spectrum.largest_squared_row_norm(self.data[:, :-1])
        return _raised(self._curvature * largest + self.l2)

    @property
    def _curvature(self) -> float:
        return 0.25 if self._parts == 1 else 0.5

    @property
    def strong_convexity(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.l2

    @cached_property
    def _minimum(self) -> Minimum:
        return minimum(self._table, self.l2)

    @property
    def minimum(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """f*, certified to 1e-12 relative; RuntimeError where double precision cannot give that."""
        return self._minimum.value

    @property
    def minimiser(self) -> tuple[float, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._minimum.point

    def expression(self, x: Any) -> Any:
        import sympy

        width = self.data.shape[1] - 1
        total = sympy.Integer(0)
        for row in self.data.tolist():
            features = [sympy.Rational(value) for value in row[:-1]]
            scores = [
                sum(a * z for a, z in zip(features, x[k * width : (k + 1) * width], strict=True))
                for k in range(self._parts)
            ]
            if self._parts == 1:
                total += sympy.log(1 + sympy.exp(-int(row[-1]) * scores[0]))
            else:
                total += sympy.log(sum(sympy.exp(score) for score in scores)) - scores[int(row[-1])]
        regulariser = sympy.Rational(self.l2) / 2 * sum(z**2 for z in x)
        return total / self.data.shape[0] + regulariser


def _raised(value: float) -> float:
    # two roundings to nearest, so two steps up are enough
    return math.nextafter(math.nextafter(value, math.inf), math.inf)


PLUGIN = Logistic
