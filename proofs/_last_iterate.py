"""The last of T iterates: steps of the argument that several claims share, and exact runs on the resisting function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import sympy
from sympy import Expr, Symbol

from proofs._certificates import INDUCTION, Earlier, Exact, Identity, Induction, Inequality, Relation
from proofs._exact import Domain, Vector, symbols_of
from proofs._symbols import ONE

g, x, z, minimiser, earlier, mixed = (Vector.named(name) for name in ("g", "x", "z", "x*", "x_k", "X"))
W, S, share, c = sympy.symbols("W S share c")  #: w_{1:T}; w_{t:T}; w_t / w_{t:T}; weight of an earlier iterate
C, Phi = sympy.symbols("C Phi")  #: sums of c_k and of c_k f(x_k) over k < t
value, least, value_k = sympy.symbols("f f* f_k")  #: f(x_t), f*, f(x_k)
regret = sympy.Symbol("regret")  #: sum of w_s <g_s, z_s - x*> over s < t
w, G, squares = sympy.symbols("w G squares")  #: w_t, G_t, sum of w_s^2 G_s^2 over s < t
#: D^2, norm(z_{t+1} - x*)^2, norm(g_t)^2, <g_t, z_t - x*>
distance_squared, moved, slope, along = sympy.symbols("D^2 moved slope along")

_ratio = sympy.Symbol("ratio")  #: w_t / w_{t+1:T}

#: 0 <= w_t < w_{t:T}, so that w_{t+1:T} > 0
BEFORE_THE_LAST = Domain(
    positive=(W, S, 1 - share),
    nonnegative=(share,),
    where={share: _ratio / (1 + _ratio)},
    inverse={_ratio: share / (1 - share)},
)


def combination() -> Induction:
    """sum_k c_k (f(x_k) - f(x_t) - <g_t, x_k - x_t>) >= 0 for any c_k >= 0, in terms of the sums C, Phi and X."""
    to_mixed = cast(Symbol, g @ mixed)
    return Induction(
        statement=Phi - C * value - (g @ mixed - C * (g @ x)),
        start={Phi: 0 * ONE, C: 0 * ONE, to_mixed: 0 * ONE},
        advance={Phi: Phi + c * value_k, C: C + c, to_mixed: to_mixed + c * (g @ earlier)},
        terms=((ONE, INDUCTION), (c, "convexity")),
        hypotheses={"convexity": value_k - value - g @ (earlier - x)},
        domain=Domain(nonnegative=(c,)),
    )


def _against_earlier() -> dict[str, Expr | Earlier]:
    return {
        "earlier iterates": Earlier("earlier iterates", {C: W / S - 1, c: ONE}),
        "minimiser": least - value - g @ (minimiser - x),
    }


def _linear_regret(total: Expr = W) -> Expr:
    """<g_t, z_t - x*>, where z_t = (w_{1:T} / w_{t:T}) x_t - X_t."""
    return g @ (x * (total / S) - mixed - minimiser)


def summed(weight: Expr = ONE) -> Induction:
    """regret + (w_1 + .. + w_t) f* >= w_{t+1:T} Phi for t < T; `weight` multiplies all c_k, to say something else."""
    following = (1 - share) * S
    return Induction(
        statement=regret + (W - S) * least - S * Phi,
        start={regret: 0 * ONE, S: W, Phi: 0 * ONE},
        advance={
            regret: regret + share * S * _linear_regret(),
            S: following,
            Phi: Phi + weight * W * (1 / following - 1 / S) * value,
        },
        terms=((ONE, INDUCTION), (share * S, "earlier iterates"), (share * S, "minimiser")),
        hypotheses=_against_earlier(),
        domain=BEFORE_THE_LAST,
    )


def converted() -> Inequality:
    """t = T, where w_{T:T} = S is the last weight: w_{1:T} (f(x_T) - f*) <= regret of all T terms."""
    return Inequality(
        left=W * (value - least),
        right=regret + S * _linear_regret(),
        terms=((ONE, "first T - 1 terms"), (S, "earlier iterates"), (S, "minimiser")),
        hypotheses={"first T - 1 terms": Earlier("first T - 1 terms", {share: 0 * ONE}), **_against_earlier()},
        domain=Domain(positive=(W, S)),
    )


def followed() -> Identity:
    """z_t = (w_{1:T} / w_{t:T}) x_t - X_t stays true when x_{t+1} = x_t + (w_{t+1:T} / w_{1:T}) (z_{t+1} - z_t)."""
    here, there, sum_here = sympy.symbols("x_t change_of_z X_t")  # one coordinate
    following = (1 - share) * S
    after = here + following / W * there
    return Identity(
        left=W / following * after - (sum_here + W * (1 / following - 1 / S) * here),
        right=(W / S * here - sum_here) + there,
        domain=BEFORE_THE_LAST,
    )


def conversion(weight: Expr = ONE) -> dict[str, Exact]:
    """The four steps that turn regret into a bound on the last iterate, for all T."""
    return {
        "z follows from x": followed(),
        "earlier iterates": combination(),
        "first T - 1 terms": summed(weight),
        "last iterate": converted(),
    }


def descent() -> Induction:
    """2 regret <= D^2 + sum_s w_s^2 G_s^2 - norm(z_{t+1} - x*)^2 for z_{t+1} = z_t - w_t g_t, norm(g_t) <= G_t."""
    return Induction(
        statement=distance_squared + squares - 2 * regret - moved,
        start={regret: 0 * ONE, squares: 0 * ONE, moved: distance_squared},
        advance={
            regret: regret + w * along,
            squares: squares + w**2 * G**2,
            moved: moved - 2 * w * along + w**2 * slope,
        },
        terms=((ONE, INDUCTION), (w**2, "norms")),
        hypotheses={"norms": G**2 - slope},
        domain=Domain(nonnegative=(w, G)),
    )


def guaranteed(total: Expr, spent: Expr, squared: Expr, bound: Expr) -> Inequality:
    """f(x_T) - f* <= bound, from D^2 = squared, sum w_t^2 G_t^2 = spent and w_{1:T} = total."""
    whole = regret + S * _linear_regret(total)
    symbols = symbols_of(total, spent, squared, bound)
    return Inequality(
        left=value - least,
        right=bound,
        terms=((1 / total, "last iterate"), (1 / (2 * total), "descent"), (1 / (2 * total), "distance")),
        hypotheses={
            "last iterate": Earlier("last iterate", {W: total}),
            "descent": Earlier("descent", {distance_squared: squared, squares: spent, regret: whole, w: ONE, G: ONE}),
            "distance": moved,
        },
        domain=Domain(positive=(S, *sorted(symbols, key=str))),
    )


@dataclass(frozen=True)
class Resistance:
    """A run of the subgradient method on max(-v, max_i G_i x_i) from 0, in fractions.

    At x_t the subgradient is G_t e_t, which is one where G_t times coordinate t attains the maximum.

    >>> run = Resistance.run([Fraction(1), Fraction(2)], Fraction(1), [Fraction(3)])
    >>> run.gap, run.points[-1]
    (Fraction(1, 1), (Fraction(-3, 1), Fraction(0, 1)))
    """

    norms: tuple[Fraction, ...]
    depth: Fraction
    points: tuple[tuple[Fraction, ...], ...]

    @classmethod
    def run(cls, norms: Sequence[Fraction], depth: Fraction, steps: Sequence[Fraction]) -> Resistance:
        point = [Fraction(0)] * len(norms)
        points = [tuple(point)]
        for t, step in enumerate(steps):
            point[t] -= step * norms[t]
            points.append(tuple(point))
        return cls(tuple(norms), depth, tuple(points))

    def value(self, point: Sequence[Fraction]) -> Fraction:
        return max(-self.depth, *(norm * entry for norm, entry in zip(self.norms, point, strict=True)))

    @property
    def gap(self) -> Fraction:
        """f(x_T) - f*."""
        return self.value(self.points[-1]) + self.depth

    def facts(self) -> dict[str, Relation]:
        """All that makes it a run in the class: minimum, distance, a subgradient of the right norm at every point."""
        nearest = tuple(-self.depth / norm for norm in self.norms)
        facts: dict[str, Relation] = {
            "T iterates for T norms": (len(self.points), "==", len(self.norms)),
            "the minimum -v is attained": (self.value(nearest), "==", -self.depth),
            "at the distance D = v (sum G_t^-2)^(1/2)": (
                sum((entry**2 for entry in nearest), Fraction(0)),
                "==",
                self.depth**2 * sum((norm**-2 for norm in self.norms), Fraction(0)),
            ),
        }
        for t, (norm, point) in enumerate(zip(self.norms, self.points, strict=True)):
            facts[f"G_{t + 1} e_{t + 1} is a subgradient at x_{t + 1}"] = (norm * point[t], "==", self.value(point))
        return facts


@dataclass(frozen=True)
class MaxOfPlanes:
    """f(x) = max_i (a_i + <b_i, x>), convex; called with a point it returns the value and a subgradient.

    >>> MaxOfPlanes(((Fraction(0), (Fraction(1),)), (Fraction(0), (Fraction(-1),))))((Fraction(-2),))
    (Fraction(2, 1), (Fraction(-1, 1),))
    """

    planes: tuple[tuple[Fraction, tuple[Fraction, ...]], ...]

    @classmethod
    def random(cls, rng: np.random.Generator, count: int, dimension: int) -> MaxOfPlanes:
        return cls(tuple((fractions(rng, 1)[0], tuple(fractions(rng, dimension))) for _ in range(count)))

    def __call__(self, point: Sequence[Fraction]) -> tuple[Fraction, tuple[Fraction, ...]]:
        values = [a + sum((u * v for u, v in zip(b, point, strict=True)), Fraction(0)) for a, b in self.planes]
        highest = max(values)
        return highest, self.planes[values.index(highest)][1]


def fractions(rng: np.random.Generator, count: int) -> list[Fraction]:
    """Small random rationals of either sign."""
    return [
        Fraction(int(n), int(m)) for n, m in zip(rng.integers(-9, 10, count), rng.integers(1, 7, count), strict=True)
    ]


def tail_sums(weights: Sequence[Fraction]) -> list[Fraction]:
    """w_{t:T} for t = 1 .. T.

    >>> tail_sums([Fraction(1), Fraction(2), Fraction(3)])
    [Fraction(6, 1), Fraction(5, 1), Fraction(3, 1)]
    """
    tails = [weights[-1]]
    for weight in reversed(weights[:-1]):
        tails.append(tails[-1] + weight)
    return tails[::-1]
