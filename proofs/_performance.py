"""Gradient descent on a whole class of functions, as inequalities between values, slopes and the first distance.

Units: R = 1 and L = 1 or G = 1. d = x_0 - x*, g_k the (sub)gradient at x_k, f_k = f(x_k) - f*, x_{k+1} = x_k - h_k
g_k.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from proofs._certificates import Dual
from proofs._forms import Combination, Form

STAR = -1  #: index of the minimiser
Pair = tuple[int, int]

SMOOTH = "interpolation"  #: f_a >= f_b + <g_b, x_a - x_b> + |g_a - g_b|^2 / 2
CONVEX = "subgradient"  #: f_a >= f_b + <g_b, x_a - x_b>
SLOPE = "slope"  #: |g_k| <= 1
START = "start"  #: |d| <= 1
_ZERO = Fraction(0)


@dataclass(frozen=True)
class Descent:
    """A run of N steps.

    >>> run = Descent((Fraction(3, 2),))
    >>> run.interpolation(STAR, 0)
    Form({('f_0',): Fraction(-1, 1), ('d', 'g_0'): Fraction(1, 1), ('g_0', 'g_0'): Fraction(-1, 2)})
    """

    steps: tuple[Fraction, ...]

    @property
    def indices(self) -> tuple[int, ...]:
        return (STAR, *range(len(self.steps) + 1))

    def point(self, k: int) -> Combination:
        """x_k - x*."""
        found = Combination({}) if k == STAR else Combination.named("d")
        for j in range(max(k, 0)):
            found -= self.slope(j) * self.steps[j]
        return found

    def slope(self, k: int) -> Combination:
        return Combination({}) if k == STAR else Combination.named(f"g_{k}")

    def value(self, k: int) -> Form:
        return Form({}) if k == STAR else Form.value(f"f_{k}")

    def subgradient(self, a: int, b: int) -> Form:
        """f_a - f_b - <g_b, x_a - x_b>, which is >= 0 for convex f."""
        return self.value(a) - self.value(b) - self.slope(b) @ (self.point(a) - self.point(b))

    def interpolation(self, a: int, b: int) -> Form:
        """The same less |g_a - g_b|^2 / 2, which is >= 0 for convex f with a 1-Lipschitz gradient."""
        change = self.slope(a) - self.slope(b)
        return self.subgradient(a, b) - (change @ change) * Fraction(1, 2)

    def bounded_slope(self, k: int) -> Form:
        """1 - |g_k|^2, which is >= 0 for 1-Lipschitz f."""
        return Form.constant(1) - self.slope(k) @ self.slope(k)

    def pairs(self) -> Iterator[Pair]:
        yield from ((a, b) for a in self.indices for b in self.indices if a != b)

    def start(self) -> Form:
        d = Combination.named("d")
        return Form.constant(1) - d @ d


def smooth_dual(steps: Sequence[Fraction], bound: Fraction, multipliers: dict[Pair, Fraction]) -> Dual:
    """f(x_N) - f* <= bound for convex functions with a 1-Lipschitz gradient; the start has the multiplier `bound`."""
    run = Descent(tuple(steps))
    terms = [(weight, SMOOTH, run.interpolation(a, b)) for (a, b), weight in multipliers.items()]
    return Dual(run.value(len(steps)), bound, ((bound, START, run.start()), *terms))


def repaired(
    steps: Sequence[Fraction], bound: Fraction, kernel: Sequence[Fraction], rounded: dict[Pair, Fraction]
) -> dict[Pair, Fraction]:
    """The rounded multipliers, a few of them moved so that all values cancel and the kernel is left with nothing.

    Args:
        kernel: (1, g_0, .. g_N) of a worst function in one dimension: there the form that the multipliers leave must be
            0, and its gradient with it.

    Raises:
        ValueError: the rounded multipliers cannot be repaired.
    """
    run = Descent(tuple(steps))
    names = ("d", *(f"g_{k}" for k in range(len(steps) + 1)))
    at = dict(zip(names, kernel, strict=True))

    def equations(form: Form) -> list[Fraction]:
        """Coefficients of the values, and half the gradient of the quadratic part at the kernel."""
        values = [form.parts.get((f"f_{k}",), _ZERO) for k in range(len(steps) + 1)]
        gradient = dict.fromkeys(names, _ZERO)
        for key, part in form.parts.items():
            if len(key) == 2:
                gradient[key[0]] += part * at[key[1]] / 2
                gradient[key[1]] += part * at[key[0]] / 2
        return [*values, *gradient.values()]

    target = equations(run.start() * -bound - run.value(len(steps)))
    columns = {pair: equations(run.interpolation(*pair)) for pair in rounded}
    found = dict(rounded)
    missing = [
        wanted - sum(found[pair] * column[row] for pair, column in columns.items()) for row, wanted in enumerate(target)
    ]
    for pair, amount in _solution(columns, missing, sorted(rounded, key=lambda pair: -rounded[pair])).items():
        found[pair] += amount
    return found


def _solution(columns: dict[Pair, list[Fraction]], missing: list[Fraction], order: list[Pair]) -> dict[Pair, Fraction]:
    """A combination of few columns, early ones preferred, that gives what is missing."""
    rows = [[*(columns[pair][row] for pair in order), wanted] for row, wanted in enumerate(missing)]
    pivots: list[int] = []
    for column in range(len(order)):
        done = len(pivots)
        chosen = next((row for row in range(done, len(rows)) if rows[row][column]), None)
        if chosen is None:
            continue
        rows[done], rows[chosen] = rows[chosen], rows[done]
        head = rows[done][column]
        rows[done] = [entry / head for entry in rows[done]]
        for row in range(len(rows)):
            if row != done and rows[row][column]:
                factor = rows[row][column]
                rows[row] = [x - factor * y for x, y in zip(rows[row], rows[done], strict=True)]
        pivots.append(column)
    if any(row[-1] for row in rows[len(pivots) :]):
        raise ValueError("the multipliers leave what no others can cancel")
    return {order[column]: rows[row][-1] for row, column in enumerate(pivots)}
