"""Under pure noise the log step size of the previous-loss rule diffuses, with a third of the variance of coin flips.

Losses l_0, ..., l_T are independent with one continuous law, so that all (T + 1)! orders are equally likely and ties
have probability 0. Without clips ln gamma_T = ln gamma_0 + a (2 D - T), a = ln(1/F), where D is the number of
comparisons t with l_t < l_{t-1}: the number of descents of a uniformly random permutation of T + 1. Hence

(i) P(gamma_T = gamma_0 F^(T-2k)) = A(T+1, k) / (T+1)!, the Eulerian numbers A(n, k) = (k+1) A(n-1, k) + (n-k) A(n-1,
k-1): insert the largest of n losses into an order of the others with k descents; at the end, or between two that
descend, the number of descents stays k (k + 1 places), elsewhere it grows by one (n - 1 - k places).

(ii) The mean of ln(gamma_T / gamma_0) is 0, and its law is symmetric: reversing an order turns k into T - k.

(iii) D = I_1 + ... + I_T with I_t = 1 if l_t < l_{t-1}: E I_t = 1/2; I_s and I_t are independent when abs(s - t) > 1,
as they depend on different losses; E I_t I_{t+1} = 1/6, one order of three. So Var D = T/4 + 2 (T-1)(1/6 - 1/4) =
(T+2)/12 for T >= 1 and

    Var ln(gamma_T / gamma_0) = 4 a^2 Var D = (T + 2) a^2 / 3,

while T fair coin flips would give T a^2: a fall is usually followed by a rise. (iv) (D - E D) / sqrt(Var D) is
asymptotically normal: D has the law of floor(U_1 + ... + U_{T+1}), U_i uniform on [0, 1] (Tanny, 1973).

With first = "infinity" the first loss adds one climb before all this. The checker verifies (i) and (ii) for T up to 5
by running the rule on every order in fractions, the three probabilities in (iii) likewise, and the identity in T.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import sympy

from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.theory.noise_regime import log_rate_variance
from proofs._certificates import Chain, Enumeration, Identity, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._pure_noise import eulerian, rates_of_all_orders, simulated
from proofs._rules import Greedy
from proofs._symbols import ONE, T

HALVING = Greedy(Fraction(1, 2), first="none")
LONGEST = 5  #: comparisons


def law() -> Enumeration:
    """Every order of T + 1 losses: counts, mean and variance of the exponent 2 D - T."""

    def relations(comparisons: int) -> dict[str, Relation]:
        counts = rates_of_all_orders(comparisons + 1, HALVING)
        exponents = {2 * k - comparisons: counts[Fraction(2) ** (2 * k - comparisons)] for k in range(comparisons + 1)}
        orders = factorial(comparisons + 1)
        found: dict[str, Relation] = {
            f"{k} falls": (exponents[2 * k - comparisons], "==", number)
            for k, number in enumerate(eulerian(comparisons + 1))
        }
        found["no other rate"] = (sum(exponents.values()), "==", orders)
        found["mean"] = (sum(e * n for e, n in exponents.items()), "==", 0)
        second = Fraction(sum(e * e * n for e, n in exponents.items()), orders)
        found["variance"] = (second, "==", Fraction(comparisons + 2, 3))
        return found

    return Enumeration({f"T = {t}": t for t in range(1, LONGEST + 1)}, relations)


def falls() -> Enumeration:
    """P(a fall) = 1/2, P(two in a row) = 1/6, P(falls at comparisons 1 and 3) = 1/4: from the rule itself."""

    def relations(case: tuple[int, Fraction, Fraction]) -> dict[str, Relation]:
        losses, rate, probability = case
        share = Fraction(rates_of_all_orders(losses, HALVING)[rate], factorial(losses))
        return {"probability": (share, "==", probability)}

    cases = {
        "one fall": (2, Fraction(2), Fraction(1, 2)),
        "two in a row": (3, Fraction(4), Fraction(1, 6)),
        "three in a row": (4, Fraction(8), Fraction(1, 24)),
    }
    return Enumeration(cases, relations)


def variance(third: sympy.Expr = ONE / 3) -> Identity:
    """4 Var D from variances and covariances, over T + 2."""
    quarter, sixth = ONE / 4, ONE / 6
    total = 4 * (T * quarter + 2 * (T - 1) * (sixth - quarter))
    return Identity(total / (T + 2), third, Domain(positive=(T,)))


def argument() -> Chain:
    """The certificate."""
    return Chain({"law": law(), "falls in a row": falls(), "variance": variance()})


def check(rng: np.random.Generator) -> Check:
    """The compiled rule on normal noise: sample mean and variance of log_2 gamma_T for several T."""
    runs, comparisons = 2048, (1, 2, 10, 60)
    rates = simulated(GreedyPrevious(factor=0.5, first="none"), runs, max(comparisons) + 1, rng)
    worst, ratios = 0.0, []
    for count in comparisons:
        exponent = np.log2(rates[:, count])
        expected = log_rate_variance(count, 0.5) / np.log(2) ** 2
        found = float(np.mean(exponent**2))
        ratios.append(found / expected)
        # the fourth moment is below 3 Var^2: the law is a sum of uniforms, rounded down; 5 standard errors
        worst = max(worst, abs(found / expected - 1) / (5 * np.sqrt(2 / runs)))
        worst = max(worst, abs(float(exponent.mean())) / (5 * np.sqrt(expected / runs)))
    return Check(
        margin=1 - worst,
        instances=runs,
        sentence=(
            f"sample variance of log gamma_T over its value: {', '.join(f'{r:.3f}' for r in ratios)} at T = "
            f"{', '.join(map(str, comparisons))} over {runs} runs on normal noise; means and variances within "
            f"{5 * worst:.1f} standard errors (5 allowed)"
        ),
    )


CLAIM = Claim(
    statement=(
        "Previous-loss rule, no clips, independent losses with one continuous law, T comparisons: P(gamma_T = gamma_0 "
        "F^(T-2k)) = A(T+1, k) / (T+1)! (Eulerian numbers); ln(gamma_T / gamma_0) is symmetric with mean 0 and "
        "variance (T + 2) ln(1/F)^2 / 3 for T >= 1."
    ),
    source="the statement is ours; Eulerian numbers: Comtet, Advanced Combinatorics (1974), section 6.5",
    assumptions=(
        "Algorithm 1 of arXiv 2512.14527 without clips; the scheduler sees losses that are independent with one "
        "continuous law (flat objective, or noise that dwarfs every change of the loss).",
        'first = "none"; with first = "infinity" gamma_0 is replaced by gamma_0 / F.',
    ),
    certificate=argument,
    check=check,
    control=lambda: variance(third=sympy.Rational(1001, 3000)),
    short="Pure noise: log step size diffuses, variance (T+2)/3 ln(F)^2.",
    topic="noise",
    finding=(
        "When the losses are pure noise, the rule that compares with the previous loss does a random walk with the "
        "logarithm of its step size: mean 0, variance (T + 2) ln(1/F)^2 / 3 after T comparisons. That is a third of "
        "the variance of coin flips, because a loss that fell is likely to rise next, but it grows without bound: "
        "after 1,000 steps one standard deviation is a factor of 2^18 for F = 0.5, and of 1.2 for F = 0.99."
    ),
    advice={"F": "Under noise the log step size wanders by ln(1/F) sqrt(T/3): F near 1 slows it, only clips bound it."},
)
