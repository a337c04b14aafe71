"""Under pure noise the mean step size of the previous-loss rule grows by sinh(a)/a per step; its median does not.

Losses are independent and continuous, without loss of generality uniform on [0, 1]; a = ln(1/F). Let phi_T(u) be the
mean of gamma_T / gamma_0 on the event that the last loss lies at u (a density in u): phi_0 = 1 and

    phi_{T+1}(u) = F int_0^u phi_T + (1/F) int_u^1 phi_T.

For c = a + i pi k, k any integer, e^{-2cu} is an eigenfunction with eigenvalue (1/F - F)/(2c) = sinh(a)/c, because
e^{-2c} = F^2: this is the identity the checker verifies. The functions e^{2au} e^{-2cu} are the Fourier basis of [0,
1], so 1 = e^{-2au} e^{2au} can be expanded in eigenfunctions; with coefficients (e^{2a}-1)/(2c) and integrals (1 -
e^{-2a})/(2c), of product (sinh(a)/c)^2,

    E gamma_T / gamma_0 = sum over k in Z of (sinh(a) / (a + i pi k))^{T+2},   T >= 0

(Parseval's formula). The term k = 0 dominates: E gamma_{T+1} / E gamma_T -> sinh(a)/a, the error falling like (1 +
pi^2/a^2)^{-T/2}. More simply, from F^2 <= e^{-2au} <= 1 and the positivity of the operator, with lambda = sinh(a)/a,

    lambda^T (1 - F^2)/(2a) <= E gamma_T / gamma_0 <= lambda^T (1 - F^2)/(2 a F^2)     for every T.

lambda = (1/F - F)/(2 ln(1/F)) = 1 + a^2/6 + a^4/120 + ... > 1 for every F < 1, and falls as F grows. Directly: h(F) =
1/F - F + 2 ln F has h(1) = 0 and h' = -((1-F)/F)^2 < 0, so h > 0 on (0, 1). As ln gamma_T is symmetric about ln
gamma_0 (noise_log_rate_variance), gamma_0 stays a median of gamma_T: the mean is carried by rare, huge rates.

The checker verifies the eigenfunctions, h', the mean over every order of up to six losses run through the rule, and,
in balls, the sum and both bounds for T = 6 .. 8 and three F.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
import sympy
from flint import acb, arb, fmpq

from greedylr_theory.schedulers import GreedyPrevious
from greedylr_theory.theory.noise_regime import mean_growth
from proofs._certificates import BallRelation, Chain, Enclosure, Enumeration, Identity, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._pure_noise import mean_rate, rates_of_all_orders, simulated
from proofs._rules import Greedy
from proofs._symbols import ONE, F

c, wave = sympy.symbols("c wave")  #: a + i pi k, and exp(-2 c u)
FACTORS = (Fraction(1, 2), Fraction(1, 10), Fraction(19, 20))
TERMS = 400  #: terms of the sum on either side


def eigenfunctions(growth: sympy.Expr = ONE) -> Identity:
    """F int_0^u + (1/F) int_u^1 of e^{-2cv} is sinh(a)/c times e^{-2cu}."""
    before, after = (1 - wave) / (2 * c), (wave - F**2) / (2 * c)
    return Identity(F * before + after / F, growth * (1 / F - F) / (2 * c) * wave, Domain(positive=(F, c)))


def slope() -> Identity:
    """The derivative of 1/F - F + 2 ln F."""
    return Identity(-1 / F**2 - 1 + 2 / F, -(((1 - F) / F) ** 2), Domain(positive=(F,)))


def every_order() -> Enumeration:
    """The mean over all orders, run through the rule, is the Eulerian sum."""

    def relations(case: tuple[int, Fraction]) -> dict[str, Relation]:
        comparisons, factor = case
        counts = rates_of_all_orders(comparisons + 1, Greedy(factor, first="none"))
        total = sum((rate * number for rate, number in counts.items()), Fraction(0))
        return {"mean": (total / factorial(comparisons + 1), "==", mean_rate(comparisons, factor))}

    return Enumeration({f"T = {t}, F = {f}": (t, f) for t in (1, 2, 3, 5) for f in FACTORS}, relations)


def series(bits: int) -> dict[str, BallRelation]:
    """The sum over k with its remainder, and both bounds, against the exact mean."""
    found: dict[str, BallRelation] = {}
    for factor in FACTORS:
        a = -arb(fmpq(factor.numerator, factor.denominator)).log()
        growth = a.sinh() / a
        for comparisons in (6, 7, 8):
            mean, power = mean_rate(comparisons, factor), comparisons + 2
            total = growth**power
            for k in range(1, TERMS + 1):
                total += 2 * ((acb(a.sinh()) / acb(a, arb.pi() * k)) ** power).real
            # beyond: at most the integral of (sinh(a) / (pi k))^power, on either side
            rest = 2 * (a.sinh() / arb.pi()) ** power / ((power - 1) * arb(TERMS) ** (power - 1))
            case = f"T = {comparisons}, F = {factor}"
            found[f"{case}: the sum, up to its remainder"] = (abs(total - _ball(mean)), "<=", rest)
            lower = growth**comparisons * (1 - _ball(factor**2)) / (2 * a)
            found[f"{case}: not below the first bound"] = (lower, "<", mean)
            found[f"{case}: not above the second"] = (lower / _ball(factor**2), ">", mean)
    return found


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "eigenfunctions": eigenfunctions(),
            "growth exceeds 1": slope(),
            "every order": every_order(),
            "sum and bounds": Enclosure(series),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Exact ratios of means at T = 400, and simulated means with their exact standard error."""
    ratios = [
        float(mean_rate(401, factor) / mean_rate(400, factor)) / mean_growth(float(factor)) - 1
        for factor in (Fraction(1, 100), Fraction(1, 2), Fraction(9, 10))
    ]
    worst = max(map(abs, ratios))
    runs, comparisons, factor = 4096, 12, Fraction(4, 5)
    rates = simulated(GreedyPrevious(factor=float(factor), first="none"), runs, comparisons + 1, rng)[:, -1]
    mean = float(mean_rate(comparisons, factor))
    # E gamma^2 is the mean for F^2
    error = np.sqrt((float(mean_rate(comparisons, factor**2)) - mean**2) / runs)
    deviation = abs(float(rates.mean()) - mean) / error
    median = float(np.median(rates))
    # 400 steps at F = 0.01 leave (1 + pi^2 / a^2)^-200 = 5e-34; what is left is rounding of quotients
    margin = min(1e-12 - worst, 5 - deviation, 0.05 - abs(median - 1))
    return Check(
        margin=margin,
        instances=runs + len(ratios),
        sentence=(
            f"E gamma_401 / E gamma_400 in fractions differs from sinh(a)/a by {worst:.1e}; {runs} simulated runs, F = "
            f"{factor}, T = {comparisons}: mean {rates.mean():.4f} (exact {mean:.4f}, {deviation:.1f} of 5 standard "
            f"errors allowed), median {median:.3f}"
        ),
    )


CLAIM = Claim(
    statement=(
        "Previous-loss rule, no clips, pure noise: E gamma_T / gamma_0 = sum_k (sinh a / (a + i pi k))^(T+2) over all "
        "integers k, a = ln(1/F). So E gamma_{T+1} / E gamma_T -> sinh(a)/a = (1/F - F)/(2 ln(1/F)), which exceeds 1 "
        "for every F < 1 and falls as F grows; gamma_0 stays a median of gamma_T."
    ),
    source="the statement is ours; for the poles of the Eulerian generating function: Bender (1973)",
    assumptions=(
        "Algorithm 1 of arXiv 2512.14527 without clips; independent losses with one continuous law.",
        'first = "none"; with first = "infinity" all rates are 1/F times as large.',
    ),
    certificate=argument,
    check=check,
    control=lambda: eigenfunctions(growth=sympy.Rational(1001, 1000)),
    short="Pure noise: the mean step size grows exponentially.",
    topic="noise",
    finding=(
        "Under pure noise and without a cap, the median step size of the previous-loss rule stays put, but its mean "
        "grows by the factor (1/F - F)/(2 ln(1/F)) per step: 1.082 for F = 0.5, 1.0019 for F = 0.9, 1.00044 for F = "
        "0.95. A few runs carry enormous rates, so that averages over runs mislead, and a cap is not optional."
    ),
    advice={"cap": "With noisy losses set one: without it the mean step size grows exponentially, for every F < 1."},
)
