"""What the finite sums share: how many samples a step takes, and what a change of their labels needs."""

from __future__ import annotations

from typing import Any

from greedylr_theory.contracts import Objective
from greedylr_theory.objectives import _labels
from greedylr_theory.params import Interval


class FiniteSum(Objective):
    """Mean over the rows of `data`, whose last column holds labels or targets.

    Subclasses declare `batch` and `largest_batch`, give `full_kernel` and `minibatch_kernel`, and the rows of
    workspace that each takes.
    """

    batch: Any
    largest_batch: Any

    @property
    def minibatch_kernel(self) -> Any:
        """Kernel for a sample: up to `capacity` rows, or all of them in their order where batch is NaN."""
        raise NotImplementedError

    def sample_rows(self, capacity: int) -> int:
        """Rows of workspace of `minibatch_kernel`."""
        raise NotImplementedError

    @property
    def full_rows(self) -> int:
        """Rows of workspace of `full_kernel`."""
        raise NotImplementedError

    def check_batch(self) -> None:
        """1 <= batch <= largest_batch <= n."""
        name, n = type(self).__name__, self.data.shape[0]
        if self.batch is not None and self.batch > n:
            raise ValueError(f"{name}.batch (b) must not exceed the number of samples, {n}, got {self.batch}")
        if self.largest_batch is None:
            return
        symbol = self.parameter("largest_batch").symbol
        if self.batch is None or not self.batch <= self.largest_batch <= n:
            raise ValueError(
                f"{name}.largest_batch ({symbol}) must be at least batch, which must be given, and at most the number "
                f"of samples, {n}, got {self.largest_batch} with batch {self.batch}"
            )

    def specification(self) -> dict[str, Any]:
        found = super().specification()
        if self.largest_batch is None:
            del found["largest_batch"]  # so that keys are what they were before there was one
        return found

    def control_range(self, name: str) -> Interval:
        if name == "batch" and self.largest_batch is not None:
            return Interval.closed(1, self.largest_batch)
        return super().control_range(name)

    @property
    def capacity(self) -> int:
        """Samples that a step can take at most."""
        return self.largest_batch or self.batch or self.data.shape[0]

    @property
    def kernel(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.full_kernel if self.batch is None else self.minibatch_kernel

    @property
    def uniforms(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return 0 if self.batch is None else self.capacity

    @property
    def workspace_rows(self) -> int:
        return self.full_rows if self.batch is None else self.sample_rows(self.capacity)

    @property
    def relabelled_kernel(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.minibatch_kernel

    @property
    def relabelled_rows(self) -> tuple[int, int]:
        return self.uniforms + _labels.label_draws(self.capacity), self.sample_rows(self.capacity)
