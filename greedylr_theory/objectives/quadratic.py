"""Separable quadratic with given eigenvalues."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from greedylr_theory.contracts import Objective, objective_kernel
from greedylr_theory.objectives import _eigenvalues
from greedylr_theory.params import NONNEGATIVE, param


@objective_kernel
def value_and_gradient(x, params, data, draws, workspace, gradient, loss):
    """f(x) = 1/2 sum_i h_i (x_i - c_i)^2 per lane; params hold h (d rows), then c (d rows)."""
    d, lanes = x.shape
    loss[:] = 0.0
    for i in range(d):
        for lane in range(lanes):
            offset = x[i, lane] - params[d + i, lane]
            slope = params[i, lane] * offset
            gradient[i, lane] = slope
            loss[lane] += 0.5 * slope * offset


@dataclass(frozen=True)
class Quadratic(Objective):
    """f(x) = 1/2 sum_i h_i (x_i - c_i)^2.

    Args:
        eigenvalues: h (d,), curvatures in loss / length^2, each at least 0.
        target: c (d,), the minimiser; zeros when omitted.

    Raises:
        ValueError: an eigenvalue is negative or not finite, or the lengths differ.
    """

    eigenvalues: tuple[float, ...] = param(
        symbol="h", domain=NONNEGATIVE, unit="loss/length^2", doc="curvature of each coordinate", kind="vector"
    )
    target: tuple[float, ...] = param(
        (), symbol="c", unit="length", doc="minimiser (zeros when omitted)", kind="vector"
    )

    kernel: ClassVar[Any] = value_and_gradient
    convex = True
    minimum = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.target, tuple) and not self.target and isinstance(self.eigenvalues, Sized):
            object.__setattr__(self, "target", (0.0,) * len(self.eigenvalues))
        super().__post_init__()

    @classmethod
    def log_spaced(
        cls, dimension: int, condition: float, smallest: float = 1.0, target: tuple[float, ...] = ()
    ) -> Self:
        """Eigenvalues h_i = h_min kappa^(i / (d - 1)), i = 0 .. d - 1, each rounded to the nearest float64.

        Args:
            dimension: d; a single eigenvalue has condition 1.
            condition: kappa, at least 1; the ends are h_min and kappa h_min.
            smallest: h_min, in loss / length^2.
            target: c, as for the class.

        Raises:
            ValueError: a number lies outside its domain.

        >>> Quadratic.log_spaced(3, condition=100.0).eigenvalues
        (1.0, 10.0, 100.0)
        """
        return cls(eigenvalues=_eigenvalues.log_spaced(dimension, condition, smallest), target=target)

    @classmethod
    def power_law(cls, dimension: int, exponent: float, largest: float = 1.0, target: tuple[float, ...] = ()) -> Self:
        """Eigenvalues h_i = h_max i^(-alpha), i = 1 .. d, each rounded to the nearest float64.

        Args:
            dimension: d.
            exponent: alpha, at least 0; the ends are h_max and h_max d^(-alpha).
            largest: h_max, in loss / length^2.
            target: c, as for the class.

        Raises:
            ValueError: a number lies outside its domain.

        >>> Quadratic.power_law(4, exponent=1.0).eigenvalues
        (1.0, 0.5, 0.3333333333333333, 0.25)
        """
        return cls(eigenvalues=_eigenvalues.power_law(dimension, exponent, largest), target=target)

    @classmethod
    def parse(cls, name: str, text: str) -> Any:
        """As for every plug-in; eigenvalues also as "log_spaced:d:kappa[:h_min]" or "power_law:d:alpha[:h_max]"."""
        found = _eigenvalues.parsed(text) if name == "eigenvalues" else None
        return super().parse(name, text) if found is None else found

    def check(self) -> None:
        if len(self.target) != len(self.eigenvalues):
            raise ValueError(
                f"Quadratic.target (c) must have as many entries as eigenvalues (h), {len(self.eigenvalues)}, "
                f"got {len(self.target)}"
            )

    @property
    def dim(self) -> int:
        return len(self.eigenvalues)

    @property
    def smoothness(self) -> float:
        return max(self.eigenvalues)

    @property
    def strong_convexity(self) -> float:
        return min(self.eigenvalues)

    @property
    def minimiser(self) -> tuple[float, ...]:
        return self.target

    def expression(self, x: Any) -> Any:
        import sympy

        half = sympy.Rational(1, 2)
        return sum(
            half * sympy.Rational(h) * (xi - sympy.Rational(c)) ** 2
            for xi, h, c in zip(x, self.eigenvalues, self.target, strict=True)
        )


PLUGIN = Quadratic
