"""Best-so-far rule on f = lambda x^2 / 2: for which F, patience and phase the step size dies.

A run dies when no loss after some record is ever a record again: the step size then falls geometrically for ever and
x stops at a point that is not the minimiser. In the dimensionless step u = gamma lambda a run that starts below 2 / F
climbs to its phase v, the point of the lattice u_0 F^k in [2F, 2), and one level beyond. It dies there or never: it
dies if and only if the product of the factors |1 - u| that follow its last record is at least 1,

    p >= 1:  |1 - v/F|^(p+2)                 prod_{j >= 0} |1 - v F^j|^(p+1) >= 1,
    p  = 0:  |1 - v/F|^2     |1 - v/F^2|     prod_{j >= 0} |1 - v F^j|       >= 1.

Conventions: GreedyBest with patience p (a count has to exceed it), no clips, no threshold, no smoothing, no cooldown
or warmup; the first loss is a record; ordering "after_update": the rule sees f(x_t) after the step from x_t. Every
function takes p = math.inf for "whatever the patience": a phase is dead for p = math.inf if it is for every finite p.

Numbers are computed in ball arithmetic and rounded once. A float stands for the binary number it is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction

from flint import arb, ctx

from greedylr_theory.theory._balls import ball, nearest, rational, sign

Number = float | Fraction

#: above it no phase is dead, whatever the patience: a little more than `threshold(0)`
_NEVER = Fraction(509, 1000)
#: roots are bisected to this width, so that a window as narrow as 1e-16 is known to 1e-10 of its width
_WIDTH = Fraction(1, 2**112)


def threshold(p: float) -> float:
    """F_c(p): for F > F_c no phase is dead, for F < F_c a set of phases of positive measure is.

    It falls with p: at every F a larger patience leaves fewer phases to die.

    Args:
        p: patience, an integer >= 0 or math.inf.

    Raises:
        ValueError: p is neither.

    Source: claim death_threshold.

    >>> [round(threshold(p), 12) for p in (0, 1, 2)]
    [0.508827707564, 0.392858792768, 0.378856519737]
    >>> [round(threshold(p), 12) for p in (3, 10, math.inf)]
    [0.371243819677, 0.355064907925, 0.34465961637]
    """
    return _threshold(_patience(p))


@functools.lru_cache(maxsize=256)
def _threshold(p: int | None) -> float:
    # the largest excess falls strictly with F; its windows close at the threshold
    low, high = Fraction(17, 50), _NEVER
    while high - low > Fraction(1, 2**55):
        middle = (low + high) / 2
        if _largest_is_positive(middle, p):
            low = middle
        else:
            high = middle
    return float((low + high) / 2)


def is_dead(F: Number, p: float, v: Number) -> bool:
    """Whether the runs of phase v die; a run that hits the minimiser exactly (v F^j = 1) does not.

    Args:
        F: scaling factor, in (0, 1).
        p: patience, an integer >= 0 or math.inf.
        v: phase, in [2F, 2).

    Raises:
        ValueError: an argument lies outside its domain.
        ArithmeticError: the product is too near to 1 to be told from it.

    Source: claim death_criterion.

    >>> is_dead(0.25, 10, 1.9), is_dead(0.25, 10, 1.0), is_dead(0.5, 10, 1.9)
    (True, False, False)
    """
    factor, patience = _factor(F), _patience(p)
    phase = rational(v, "the phase v", "[2F, 2)", 0, 2)
    if phase < 2 * factor:
        raise ValueError(f"the phase v must lie in [2F, 2) = [{float(2 * factor)!r}, 2), got {v!r}")
    if factor > _NEVER or _hits_the_minimiser(factor, phase):
        return False
    return sign(lambda: excess(ball(factor), patience, ball(phase)), vanishes=False) > 0


def dead_windows(F: Number, p: float) -> tuple[tuple[float, float], ...]:
    """Intervals of the phase v, inside [2F, 2), where runs die: (low, high) pairs, increasing.

    At most two, one on either side of v = 1. Ends belong to them, except v = 2, which is the phase 2F.

    Args:
        F: scaling factor, in (0, 1).
        p: patience, an integer >= 0 or math.inf.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claim death_criterion.

    >>> [(round(low, 6), round(high, 6)) for low, high in dead_windows(0.25, 10)]
    [(1.33887, 2.0)]
    """
    return tuple((float(low), float(high)) for low, high in _windows(_factor(F), _patience(p)))


def dead_fraction(F: Number, p: float) -> float:
    """Share of the log-uniform phases v in [2F, 2) that die: of log-uniform initial rates below 2 / (F lambda).

    Args:
        F: scaling factor, in (0, 1).
        p: patience, an integer >= 0 or math.inf.

    Raises:
        ValueError: an argument lies outside its domain.

    Source: claims death_criterion, death_threshold.

    >>> [round(dead_fraction(0.25, p), 10) for p in (0, 1, 10)]
    [0.9844385463, 0.3618124446, 0.2894921729]
    """
    factor = _factor(F)
    found = _windows(factor, _patience(p))
    if not found:
        return 0.0
    width = lambda: sum((ball(high / low).log() for low, high in found), arb(0))  # noqa: E731
    return nearest(lambda: width() / -ball(factor).log())


def excess(F: arb, p: int | None, v: arb) -> arb:
    """ln of the product of the factors that follow the last record, divided by p + 1; dead where it is >= 0.

    Args:
        F: in (0, 1); p: patience, None for its limit; v: in [2F, 2). Balls give balls.
    """
    product = abs(v / F**2 - 1) if p == 0 else arb(1)
    level = v
    for _ in range(_terms(F)):
        product *= abs(1 - level)
        level *= F
    # 0 >= sum of ln(1 - u F^j) >= -u / ((1 - F) (1 - u)), u < 1 the first level left out
    return product.log() + abs(v / F - 1).log() * _repeats(p) - _between(level / ((1 - F) * (1 - level)))


def slope(F: arb, p: int | None, v: arb) -> arb:
    """d excess / dv. It falls with v between two zeros of the product: every term of it does."""
    total = _repeats(p) / (v - F)
    if p == 0:
        total += 1 / (v - F**2)
    power = arb(1)
    for _ in range(_terms(F)):
        total -= power / (1 - v * power)
        power *= F
    return total - _between(power / ((1 - F) * (1 - v * power)))


def _repeats(p: int | None) -> arb:
    """How often the level above 2 is applied, over p + 1."""
    return arb(1) if p is None else arb(2) if p == 0 else arb(p + 2) / (p + 1)


def _terms(F: arb) -> int:
    """Levels after which what is left is below the precision in force, and the next level below 1."""
    return 2 + math.ceil(float((ctx.prec * arb(2).log() / -F.log()).upper()))


def _between(width: arb) -> arb:
    """A ball that contains [0, width]."""
    return arb(0).union(width)


def _windows(F: Fraction, p: int | None) -> list[tuple[Fraction, Fraction]]:
    """Ends of the dead windows, each to 2^-112 of v; the excess is concave on each piece between its poles."""
    if _NEVER < F:
        return []
    right = (Fraction(1), min(Fraction(2), 1 / F))
    pieces = [(2 * F, Fraction(1)), right] if 2 * F < 1 else [right if 2 * F == 1 else (2 * F, right[1])]
    return [window for piece in pieces if (window := _window(F, p, *piece)) is not None]


def _window(F: Fraction, p: int | None, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction] | None:
    """Where the excess is positive on a piece between poles: an interval, as it is concave there."""
    dead = functools.partial(_is_positive, F, p)
    peak = _peak(F, p, low, high)
    if not dead(peak):
        return None
    start = low if _regular(F, low) and dead(low) else _last(lambda v: not dead(v), low, peak)
    end = high if _regular(F, high) and dead(high) else _last(dead, peak, high)
    return start, end


def _largest_is_positive(F: Fraction, p: int | None) -> bool:
    """Whether some phase beyond 1 is dead. Near the threshold those below 1 are not."""
    low, high = max(Fraction(1), 2 * F), min(Fraction(2), 1 / F)
    return _is_positive(F, p, _peak(F, p, low, high, Fraction(1, 2**34)))


def _peak(F: Fraction, p: int | None, low: Fraction, high: Fraction, width: Fraction = Fraction(1, 2**64)) -> Fraction:
    """Where the excess is largest on a piece: the zero of its slope, or an end."""
    rises = lambda v: sign(lambda: slope(ball(F), p, ball(v)), vanishes=False) > 0  # noqa: E731
    if _regular(F, low) and not rises(low):
        return low
    if _regular(F, high) and rises(high):
        return high
    # an error d of the place is one of order d^2 in the value
    return _last(rises, low, high, width)


def _last(holds: Callable[[Fraction], bool], low: Fraction, high: Fraction, width: Fraction = _WIDTH) -> Fraction:
    """Where a condition that holds next to low and not next to high changes, by bisection."""
    scale = high
    while high - low > width * scale:
        middle = (low + high) / 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _is_positive(F: Fraction, p: int | None, v: Fraction) -> bool:
    return sign(lambda: excess(ball(F), p, ball(v)), vanishes=False) > 0


def _regular(F: Fraction, v: Fraction) -> bool:
    """Whether the product is not 0 at v, one of the ends 2F, 1, 2, 1/F."""
    return v not in (1, 1 / F)


def _hits_the_minimiser(F: Fraction, v: Fraction) -> bool:
    """Whether v F^j = 1 for some j >= 0."""
    while v > 1:
        v *= F
    return v == 1


def _factor(F: Number) -> Fraction:
    return rational(F, "the factor F", "(0, 1)", 0, 1)


def _patience(p: float) -> int | None:
    """The patience as an integer, None for infinity."""
    if isinstance(p, float) and math.isinf(p) and p > 0:
        return None
    whole = not isinstance(p, bool) and math.isfinite(p) and p == int(p)
    patience = int(p) if whole else -1
    if patience < 0:
        raise ValueError(f"the patience p must be an integer >= 0 or math.inf, got {p!r}")
    return patience
