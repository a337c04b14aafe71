"""The bound for any steps, even optimised over them, is about twice the truth for equal norms, and without limit else.

Write b for the bound of claim `general_step_bound` in its second form, with any eta_1 .. eta_{T-1} >= 0 and eta_T > 0,
and V = D / sqrt(P), P = sum_t G_t^-2, for the value that the refined schedule guarantees and nothing improves
(`refined_schedule_is_minimax`).

From below. With S_t = sum_{s>=t} eta_s let q_t be the penalties of s >= t, q_T = eta_T G_T^2, q_t = q_{t+1} +
eta_t^2 G_t^2 / S_{t+1}, and p_T = 4 / G_T^2, p_t = p_{t+1} + G_t^-2. Then q_t p_t >= 4 S_t, backwards from the equality
at T: with q = q_{t+1} and the like, (q + eta^2 G^2/S)(p + G^-2) - 4 (S + eta) is

    (q p - 4 S) (1 + 1/(G^2 p)) + (2 S - p G^2 eta)^2 / (S p G^2) + eta^2 / S >= 0.

So b = D^2/(2 S_1) + q_1/2 >= D^2/(2 S_1) + 2 S_1/p_1 >= 2 D / sqrt(p_1), where p_1 = P + 3 G_T^-2: no steps make the
bound smaller than 2 / sqrt(1 + 3/(P G_T^2)) times V; for equal norms 2 / sqrt(1 + 3/T).

From above, for linear decay, equal norms and eta_T = eta_{T-1}: summing over m = T - t,

    b = r_T D G / sqrt(T),  r_T = T^2/(T^2 - T + 2) + (1 + sum_{m<T} 2 m^2/(m^2 - m + 2)) / (2 T) <= 2 + H_T / T,

since 2 m^2/(m^2 - m + 2) <= 2 + 2/(m + 1). The truth for linear decay is D G / sqrt(T) exactly (`linear_decay`): the
bound tends to exactly twice that, a constant and not a logarithm, and up to 1/T no steps have a smaller bound.

Unequal norms. T = 2, G_2^2 = (rho^2 - 1) G_1^2: b >= D G_1 sqrt(2 (rho - 1)) for all steps, since eta_1^2/eta_2 +
(rho^2 - 1) eta_2 - 2 (rho - 1)(eta_1 + eta_2) = (eta_1 - (rho - 1) eta_2)^2 / eta_2, with equality for one choice. The
truth is V = D G_1 sqrt(rho^2 - 1) / rho, so the best bound is sqrt(2 rho^2 / (rho + 1)) V >= sqrt(2 (rho - 1)) V: for
norms that rise, no factor is enough.

Squares of numbers are written as those of multiples of a vector e. Control: 2.002 in place of 2, false for T = 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import (
    INDUCTION,
    Chain,
    Earlier,
    Enumeration,
    Identity,
    Induction,
    Inequality,
    Relation,
    Square,
)
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._symbols import ONE, T
from proofs.general_step_bound import forms

q, p, S, G, eta, V, K, H, rho, last, share, steep = sympy.symbols("q p S G eta V K H rho last share steep")
unit = Vector.named("e")
ONE_E = unit @ unit  #: norm(e)^2
_beyond = sympy.Symbol("beyond")

AT_LEAST_ONE = Domain(positive=(), nonnegative=(T - 1,), where={T: 1 + _beyond}, inverse={_beyond: T - 1})


def penalties() -> Induction:
    """q_t p_t >= 4 S_t, from T backwards; a step is written as eta = share * S and its norm by steep = p G^2."""
    return Induction(
        statement=(q * p - 4 * S) * ONE_E,
        start={q: last * G**2, p: 4 / G**2, S: last},
        advance={q: q + share**2 * S * steep / p, p: p + p / steep, S: S + share * S},
        terms=(
            (1 + 1 / steep, INDUCTION),
            (S / steep, Square(unit * (2 - steep * share))),
            (share**2 * S, Square(unit)),
        ),
        domain=Domain(positive=(S, G, p, last, steep), nonnegative=(share,)),
    )


def lower(constant: Expr = 2 * ONE) -> Inequality:
    """b >= constant * V, where D^2 = V^2 p_1."""
    return Inequality(
        left=constant * V * ONE_E,
        right=(V**2 * p / (2 * S) + q / 2) * ONE_E,
        terms=((1 / (2 * S * p), Square(unit * (V * p - 2 * S))), (1 / (2 * p), "penalties")),
        hypotheses={"penalties": Earlier("penalties", {G: ONE, last: ONE, share: ONE, steep: ONE})},
        domain=Domain(positive=(V, S, p)),
    )


def harmonic() -> Induction:
    """K_T = 1 + sum_{m<T} 2 m^2/(m^2 - m + 2) <= 2 T - 3 + 2 H_T, from T = 1."""
    denominator = T**2 - T + 2
    return Induction(
        statement=2 * T - 3 + 2 * H - K,
        start={T: ONE, H: ONE, K: ONE},
        advance={T: T + 1, H: H + 1 / (T + 1), K: K + 2 * T**2 / denominator},
        terms=((ONE, INDUCTION), (8 / ((T + 1) * denominator), 1)),
        domain=AT_LEAST_ONE,
    )


def upper() -> Inequality:
    """r_T <= 2 + H_T / T."""
    denominator = T**2 - T + 2
    return Inequality(
        left=T**2 / denominator + K / (2 * T),
        right=2 + H / T,
        terms=((1 / (2 * T), "harmonic sum"), ((T**2 + T + 6) / (2 * T * denominator), 1)),
        hypotheses={"harmonic sum": Earlier("harmonic sum")},
        domain=AT_LEAST_ONE,
    )


def two_norms() -> Inequality:
    """T = 2: b >= V for all eta_1 = eta >= 0, eta_2 = last > 0, where D^2 = V^2 / (2 (rho - 1) G^2)."""
    rise, total = 2 * (rho - 1) * G**2, eta + last
    spare = sympy.Symbol("spare")
    return Inequality(
        left=V * ONE_E,
        right=(V**2 / rise / (2 * total) + (eta**2 * G**2 / last + last * (rho**2 - 1) * G**2) / 2) * ONE_E,
        terms=(
            (1 / (2 * rise * total), Square(unit * (V - rise * total))),
            (G**2 / (2 * last), Square(unit * (eta - (rho - 1) * last))),
        ),
        domain=Domain(
            positive=(V, G, last, rho - 1), nonnegative=(eta,), where={rho: 1 + spare}, inverse={spare: rho - 1}
        ),
    )


def factor() -> Identity:
    """(best bound / V)^2 = 2 (rho - 1) G^2 P = 2 rho^2/(rho + 1), P = G^-2 + G^-2/(rho^2 - 1)."""
    spare = sympy.Symbol("spare")
    return Identity(
        left=2 * (rho - 1) * G**2 * (G**-2 + G**-2 / (rho**2 - 1)),
        right=2 * (rho - 1) + 2 / (rho + 1),
        domain=Domain(positive=(G, rho - 1), where={rho: 1 + spare}, inverse={spare: rho - 1}),
    )


def ratio(horizon: int) -> Fraction:
    """r_T."""
    K_T = 1 + sum((Fraction(2 * m * m, m * m - m + 2) for m in range(1, horizon)), Fraction(0))
    return Fraction(horizon**2, horizon**2 - horizon + 2) + K_T / (2 * horizon)


def linear(horizon: int) -> Mapping[str, Relation]:
    """Linear decay with D^2 = T, G = 1: D G / sqrt(T) = 1 and eta_t = 1 - t/T; the weight is the last step again."""
    steps = [Fraction(horizon - t, horizon) for t in range(1, horizon)]
    steps.append(steps[-1])
    bound = forms(steps, [Fraction(1)] * horizon, Fraction(horizon))[1]
    return {
        "b = r_T D G / sqrt(T)": (bound, "==", ratio(horizon)),
        "4 / (1 + 3/T) <= r_T^2": (4 / (1 + Fraction(3, horizon)), "<=", bound**2),
    }


def rising(numbers: tuple[Fraction, Fraction]) -> Mapping[str, Relation]:
    """T = 2, G_1 = 1, D^2 = 1/(2 (rho - 1)): the steps that attain the lower bound b = 1."""
    norm, root = numbers
    step, last_step = (root - 1) / (2 * (root - 1) * root), 1 / (2 * (root - 1) * root)
    squared_distance = 1 / (2 * (root - 1))
    bound = forms([step, last_step], [Fraction(1), norm], squared_distance)[1]
    return {
        "rho^2 = 1 + (G_2/G_1)^2": (root**2, "==", 1 + norm**2),
        "b is attained": (bound, "==", 1),
        "(b/V)^2 = 2 rho^2/(rho + 1)": ((1 + norm**-2) / squared_distance, "==", 2 * root**2 / (root + 1)),
    }


def argument(constant: Expr = 2 * ONE) -> Chain:
    """The certificate; `constant` replaces the 2 in the bound from below."""
    pairs = [
        (Fraction(3, 4), Fraction(5, 4)),
        (Fraction(12, 5), Fraction(13, 5)),
        (Fraction(99, 20), Fraction(101, 20)),
    ]
    return Chain(
        {
            "penalties": penalties(),
            "from below": lower(constant),
            "harmonic sum": harmonic(),
            "linear decay, from above": upper(),
            "linear decay, values": Enumeration({f"T = {n}": n for n in range(2, 41)}, linear),
            "two norms": two_norms(),
            "two norms, factor": factor(),
            "two norms, attained": Enumeration({f"G_2 = {norm}": (norm, root) for norm, root in pairs}, rising),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The numerical bound: random and linear steps up to T = 100,000, against both sides and the truth."""
    margins, sides = [], []
    for horizon in (2, 10, 100, 1000, 100_000):
        norms = np.ones(horizon)
        value = theory.general_bound(theory.linear_decay_steps(1.0, 1.0, horizon), norms, 1.0) * horizon**0.5
        harmonic_number = float(np.sum(1 / np.arange(1.0, horizon + 1)))
        margins += [value / (2 / np.sqrt(1 + 3 / horizon)) - 1, (2 + harmonic_number / horizon) / value - 1]
        sides.append(f"{value:.4f}")
    for _ in range(300):
        horizon = int(rng.integers(1, 30))
        norms, steps = np.exp(rng.normal(size=horizon)), np.exp(2 * rng.normal(size=horizon))
        least = 2 / np.sqrt(np.sum(norms**-2) + 3 / norms[-1] ** 2)
        margins.append(theory.general_bound(steps, norms, 1.0) / least - 1)
    root = 101**0.5  # rho for the norms 1 and 10; D = 1
    attaining = (2 * (root - 1)) ** -0.5 * (root - 1) / root
    over = theory.general_bound([attaining], [1.0, 10.0], 1.0) / theory.refined_value([1.0, 10.0], 1.0)
    margins.append(1e-12 - abs(over / (2 * root**2 / (root + 1)) ** 0.5 - 1))  # eta_2 is found by Newton's method
    return Check(
        margin=float(min(margins)),
        instances=len(margins),
        sentence=(
            f"bound of linear decay over D G / sqrt(T), best eta_T: {', '.join(sides)} for T = 2, 10, 100, 1000, "
            f"100000; 300 random schedules with random norms stay above the lower bound by {min(margins[10:310]):.2g}; "
            f"norms 1, 10: {over:.2f} times the truth"
        ),
    )


CLAIM = Claim(
    statement=(
        "For all T, G_t, eta_t >= 0 and eta_T > 0 the bound of general_step_bound is at least 2 D / sqrt(P + 3 "
        "G_T^-2), P = sum_t G_t^-2, against the true D / sqrt(P) of the refined schedule. Equal norms: for linear "
        "decay, eta_T = eta_{T-1}, it is r_T D G / sqrt(T) with 2 / sqrt(1 + 3/T) <= r_T <= 2 + H_T/T. T = 2, rho^2 = "
        "1 + (G_2/G_1)^2: its least value is sqrt(2 rho^2/(rho + 1)) D / sqrt(P), unbounded."
    ),
    source="ours; the bound from arXiv 2310.07831, Theorem 10",
    assumptions=(
        "The bound in its second form, with eta_T free.",
        "The true values are those of claims linear_decay and refined_schedule_is_minimax.",
        "The checker verifies r_T as the value of the bound for T = 2 .. 40; the sum over m is written out above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(2002, 1000)),
    short="Bound for any steps: about twice the truth, or more.",
    topic="schedules",
    finding=(
        "The bound for arbitrary steps gives linear decay 2 D G / sqrt(T) in the limit, twice its exact guarantee: a "
        "constant factor and no logarithm, 2.01 at T = 100. For equal norms no schedule at all has a bound below "
        "2 / sqrt(1 + 3/T) times D G / sqrt(T), which linear decay has in truth, so that schedules whose bounds differ "
        "by less than a factor of two are not ranked by them. For unequal norms "
        "there is no such constant: with two norms 1 and g even the optimised bound is about sqrt(2 g) times what the "
        "refined schedule guarantees."
    ),
    figure="last_iterate_bounds",
    advice={
        "schedule": (
            "Differences of less than a factor of two in the bound for arbitrary steps do not show which schedule has "
            "the better guarantee."
        )
    },
)
