"""Algorithm 1 of arXiv 2512.14527 in any exact arithmetic, with every comparison made by an oracle.

The code below *is* the rule: with fractions and ``operator.lt`` it runs exactly; with symbols and a scripted oracle
the checker executes it on every branch path.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Less = Callable[[Any, Any], bool]
Vector = tuple[Any, ...]
Sample = Callable[[Vector], tuple[Any, Vector]]  #: x -> loss and gradient of one sampled function

First = Literal["infinity", "none"]
Ordering = Literal["before_update", "after_update"]


@dataclass(frozen=True)
class Greedy:
    """GreedyPrevious: gamma / F when the loss fell since the last step, gamma F otherwise, then the clips.

    Args:
        factor: F.
        low, high: clips of the step size; None for no clip.
        first: what the first loss is compared with: "infinity" (a climb) or "none" (no change, no clip).
        less: decides ``a < b``; all branching goes through it.

    >>> from fractions import Fraction
    >>> Greedy(Fraction(1, 2)).next_rate(Fraction(3), loss=Fraction(1), previous=Fraction(1))  # a tie is worse
    Fraction(3, 2)
    """

    factor: Any
    low: Any = None
    high: Any = None
    first: First = "infinity"
    less: Less = operator.lt

    def next_rate(self, rate: Any, loss: Any, previous: Any) -> Any:
        """Step size after `loss`; `previous` is the loss before it, None at the first."""
        if previous is None and self.first == "none":
            return rate
        rate = rate / self.factor if previous is None or self.less(loss, previous) else rate * self.factor
        if self.high is not None and self.less(self.high, rate):
            rate = self.high
        if self.low is not None and self.less(rate, self.low):
            rate = self.low
        return rate


@dataclass(frozen=True)
class State:
    """Where a run stands before a step: the point, the step size in force, the loss of the step before."""

    x: Vector
    rate: Any
    previous: Any = None


@dataclass(frozen=True)
class Run:
    """T steps: points x_0 .. x_T, step sizes gamma_0 .. gamma_{T-1}, observed losses l_0 .. l_{T-1}."""

    points: tuple[Vector, ...]
    rates: tuple[Any, ...]
    losses: tuple[Any, ...]


def advance(state: State, sample: Sample, rule: Greedy, ordering: Ordering) -> tuple[State, Any, Any]:
    """One step of gradient descent under the rule; the state after it, its loss and the step size it used.

    "before_update" sets gamma_t from l_t before the step that uses it, as in Algorithm 1; "after_update" sets it
    after the step, so that gamma_t depends on l_{t-1}, l_{t-2}, ... only.
    """
    loss, gradient = sample(state.x)
    adjusted = rule.next_rate(state.rate, loss, state.previous)
    used = adjusted if ordering == "before_update" else state.rate
    x = tuple(entry - used * slope for entry, slope in zip(state.x, gradient, strict=True))
    return State(x, adjusted, loss), loss, used


def run(start: Vector, rate: Any, samples: Sequence[Sample], rule: Greedy, ordering: Ordering) -> Run:
    """As many steps as there are samples.

    Args:
        start: x_0 (d,).
        rate: initial step size, in length^2 / loss.
        samples: one function per step, x -> (loss, gradient (d,)); the same one T times for a full batch.
        rule: the scheduler.
        ordering: see `advance`.

    >>> from fractions import Fraction
    >>> square = lambda x: (x[0] ** 2 / 2, x)
    >>> run((Fraction(1),), Fraction(1, 4), [square] * 2, Greedy(Fraction(1, 2)), "before_update").rates
    (Fraction(1, 2), Fraction(1, 1))
    """
    state, points, rates, losses = State(start, rate), [start], [], []
    for sample in samples:
        state, loss, used = advance(state, sample, rule, ordering)
        points.append(state.x)
        rates.append(used)
        losses.append(loss)
    return Run(tuple(points), tuple(rates), tuple(losses))


def all_runs(
    start: Vector, rate: Any, functions: Sequence[Sample], steps: int, rule: Greedy, ordering: Ordering
) -> Iterator[Run]:
    """The runs for all n^T sequences of samples, equally likely when each is drawn uniformly: exact expectations."""
    for samples in itertools.product(functions, repeat=steps):
        yield run(start, rate, samples, rule, ordering)
