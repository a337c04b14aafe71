"""How much step size each schedule of the robustness study can spend: the sum of its rates over the 200 updates.

First rate g = 1/100, floor e = 1e-5, 200 updates with rates gamma_0 .. gamma_199.

- Cosine, gamma_t = e + (g - e)(1 + cos(pi t / 200)) / 2. As cos(pi - x) = -cos x, the cosines at t and 200 - t cancel
  and that at t = 100 is 0; only cos 0 = 1 is left, and the sum is 200 e + (g - e) 201 / 2 = 1.005995.
- Restarts every 50 steps: four times 50 e + (g - e) 51 / 2, in all 200 e + 102 (g - e) = 1.02098.
- Exponential, gamma_t = g q^t with q = 19/20: g (1 - q^200) / (1 - q) = 0.199993.
- A constant rate: 2.
- GreedyLR (the study's rule, F = 9/10). A rise needs more than p good losses, and after a rise max(3, p // 3) losses
  cannot count as good. So there are at most 1 + (n - p - 1) // (p + 1 + max(3, p // 3)) rises within n >= p + 1 losses,
  and as falls and clips never raise a rate above what the rises alone give, gamma_t <= g / F^rises(t). Summed: at most
  31.994 for p = 1 and 4.5238 for p = 10. Losses that fall steadily, by more than a third per step, attain both.
- The same with a ceiling g: the rate never exceeds g, so the sum is at most 2, and 2 exactly when the rate never falls;
  then all rates, and with them all iterates, are those of the constant rate.

So at the study's first rate GreedyLR can spend up to 31.8 times what cosine spends, and a constant rate twice as much
as cosine. That the rule does so in the study's runs, and that under a ceiling it behaves as a constant rate there, is
measured (experiment robustness_as_published); what is proved is the budget.

The checker verifies the sums of the open-loop schedules as identities in the cosines (only cos(pi - x) = -cos x and
cos 0 = 1 are used), the largest number of rises for each n by going through every sequence of good, bad and forgiven
losses, and that the steadily falling losses attain the sums, by the rule itself in fractions.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from greedylr_theory import replay
from greedylr_theory.schedulers import Constant, Cosine, CosineRestarts, Exponential, GreedyStudy
from proofs._certificates import Chain, Enumeration, Identity, Relation
from proofs._claim import Check, Claim
from proofs._study_rule import Study
from proofs._tables import rounded

UPDATES, FIRST, FLOOR, FACTOR, TOP = 200, Fraction(1, 100), Fraction(1, 100_000), Fraction(9, 10), Fraction(1)
PATIENCES = (1, 10)
#: sums of rates, to the digits given
SUMS = {"cosine": "1.005995", "restarts": "1.02098", "exponential": "0.199993", "constant": "2"}
MOST = {1: "31.994", 10: "4.5238"}

g, e, q = sympy.symbols("g e q")


def annealed(period: int, half: Any) -> Identity:
    """One period of a cosine schedule: sum of its rates = period e + (g - e) half, with cosines as symbols."""
    middle = period // 2
    cosines = [sympy.Integer(1), *sympy.symbols(f"c1:{middle}"), sympy.Integer(0)]
    cosines += [-value for value in reversed(cosines[1:middle])]
    total = sum((e + (g - e) * (1 + value) / 2 for value in cosines), sympy.Integer(0))
    return Identity(total, period * e + (g - e) * half)


def decayed() -> Identity:
    """Geometric sum."""
    total = sum((q**t for t in range(UPDATES)), sympy.Integer(0))
    return Identity((1 - q) * sympy.expand(g * total), g * (1 - q**UPDATES))


def numbers(shift: Fraction = Fraction(0)) -> Enumeration:
    """The closed forms at the study's values; all but the geometric sum are exact."""
    found = {
        "cosine": UPDATES * FLOOR + (FIRST - FLOOR) * Fraction(UPDATES + 1, 2),
        "restarts": UPDATES * FLOOR + 4 * (FIRST - FLOOR) * Fraction(51, 2),
        "exponential": FIRST * (1 - Fraction(19, 20) ** UPDATES) / Fraction(1, 20),
        "constant": UPDATES * FIRST,
    }

    def relations(name: str) -> dict[str, Relation]:
        value, text = found[name] + shift, SUMS[name]
        if name == "exponential":
            value = rounded(value, len(text.partition(".")[2]))
        return {"sum": (value, "==", Fraction(text))}

    return Enumeration({name: name for name in SUMS}, relations)


def rises(patience: int, losses: int) -> int:
    """The formula for the largest number of rises within n losses."""
    pause = max(3, patience // 3)
    return 0 if losses <= patience else 1 + (losses - patience - 1) // (patience + 1 + pause)


def most_rises(patience: int) -> Iterator[int]:
    """Largest number of rises within n = 0, 1, .. losses, over all sequences of good, bad and forgiven losses.

    A state is (good, bad, cooling, warming), as the rule counts them; rates do not enter.
    """
    pause = max(3, patience // 3)
    reached = {(0, 0, 0, 0): 0}
    yield 0
    for _ in range(UPDATES):
        after: dict[tuple[int, int, int, int], int] = {}
        for (good, bad, cooling, warming), risen in reached.items():
            for forgiven, better in ((0, True), (0, False), (2, False)):
                found = _counted(good, max(0, bad - forgiven), cooling, warming, better, patience, pause)
                state, count = found[:4], risen + found[4]
                after[state] = max(count, after.get(state, 0))
        reached = after
        yield max(reached.values())


def _counted(
    good: int, bad: int, cooling: int, warming: int, better: bool, patience: int, pause: int
) -> tuple[int, int, int, int, int]:
    good, bad = (good + 1, 0) if better else (0, bad + 1)
    if cooling > 0:
        cooling, bad = cooling - 1, 0
    if warming > 0:
        warming, good = warming - 1, 0
    if bad > patience:
        cooling, bad = pause, 0
    if good > patience:
        return 0, bad, cooling, pause, 1
    return good, bad, cooling, warming, 0


def budget(patience: int) -> Fraction:
    """Sum over the updates of g / F^rises: the rate before update t has seen t losses."""
    return sum((FIRST / FACTOR ** rises(patience, t) for t in range(UPDATES)), Fraction(0))


def rule(patience: int, high: Fraction = TOP) -> Study:
    """The study's rule in fractions, for losses that fall by 1 per step; a tenth of their spread is below 3/10."""
    return Study(
        FACTOR, patience, FLOOR, high, window_size=10, smallest=Fraction(1, 10**6), spread=lambda _: Fraction(3, 10)
    )


def spent(patience: int, high: Fraction = TOP) -> Fraction:
    """Sum of the rates on steadily falling losses."""
    falling = [Fraction(UPDATES - t) for t in range(UPDATES - 1)]
    return FIRST + sum(rule(patience, high).rates(FIRST, falling), Fraction(0))


def greedy() -> Enumeration:
    """Largest number of rises for every n, and the sums."""
    largest = {p: list(most_rises(p)) for p in PATIENCES}

    def relations(p: int) -> dict[str, Relation]:
        found: dict[str, Relation] = {
            f"rises within {n}": (largest[p][n], "==", rises(p, n)) for n in range(UPDATES + 1)
        }
        found["highest rate is below the top"] = (FIRST / FACTOR ** rises(p, UPDATES - 1), "<", TOP)
        found["attained"] = (spent(p), "==", budget(p))
        found["in numbers"] = (rounded(budget(p), len(MOST[p].partition(".")[2])), "==", Fraction(MOST[p]))
        found["under the ceiling"] = (spent(p, high=FIRST), "==", UPDATES * FIRST)
        return found

    return Enumeration({f"p = {p}": p for p in PATIENCES}, relations)


def argument() -> Chain:
    """The certificate."""
    return Chain(
        {
            "cosine": annealed(UPDATES, sympy.Rational(UPDATES + 1, 2)),
            "restarts": annealed(50, sympy.Rational(51, 2)),
            "exponential": decayed(),
            "in numbers": numbers(),
            "GreedyLR": greedy(),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Rates of the compiled schedules, and of the rule on random losses, steadily falling ones and mixtures."""
    length, first = UPDATES, float(FIRST)
    open_loop = {
        "cosine": Cosine(t_max=UPDATES, eta_min=float(FLOOR)),
        "restarts": CosineRestarts(t_0=50, eta_min=float(FLOOR)),
        "exponential": Exponential(factor=0.95),
        "constant": Constant(),
    }
    off = max(
        abs(schedule.rates(first, length)[:length].sum() - float(SUMS[name])) for name, schedule in open_loop.items()
    )
    margin, largest, instances = 1e-6 - off, dict.fromkeys(PATIENCES, 0.0), 60
    for k in range(instances):
        losses = np.exp(np.cumsum(rng.normal(-0.1, 0.1 * (k % 3), length)) + (rng.random(length) < 0.02 * (k % 2)))
        losses = np.arange(length, 0.0, -1.0) if k == 0 else losses
        for p in PATIENCES:
            for high, most in ((1.0, float(budget(p))), (first, length * first)):
                rates = replay(GreedyStudy(factor=0.9, patience=p, max_lr=high), losses, lr0=first)
                total = first + float(rates[: length - 1].sum())
                margin = min(margin, most / total - 1.0 + 1e-12)  # rounding of 200 sums and products
                largest[p] = max(largest[p], total if high == 1.0 else 0.0)
    return Check(
        margin=margin,
        instances=instances,
        sentence=(
            f"sums of the open-loop rates off by {off:.1g}; largest sums of the rule {largest[1]:.2f} (p = 1) and "
            f"{largest[10]:.3f} (p = 10)"
        ),
    )


CLAIM = Claim(
    statement=(
        "In 200 updates from 0.01 the study's schedules spend, as sums of their rates, 1.005995 (cosine), 1.02098 "
        "(restarts), 0.199993 (exponential); a constant rate 2. GreedyLR (F = 0.9, pauses as in the study) spends at "
        "most 31.994 with p = 1 and 4.5238 with p = 10, both attained; with a ceiling of 0.01 at most 2, and then "
        "exactly the constant rate unless it falls."
    ),
    source="settings of the robustness study of arXiv 2512.14527; the sums are ours",
    assumptions=(
        "Cosine with T_max = 200 and restarts with T_0 = 50 down to 1e-5, exponential decay by 0.95, all from 0.01.",
        "Rate t is the one of update t = 0 .. 199; the scheduler is stepped after each update.",
        "cos(pi - x) = -cos x and cos 0 = 1.",
    ),
    certificate=argument,
    check=check,
    control=lambda: annealed(50, sympy.Rational(51 * 1001, 2000)),  # a thousandth more
    figure="study_medians",
    short="The study: GreedyLR may spend 32 times cosine's step size.",
    topic="perturbations",
    finding=(
        "At the first rate 0.01 of the robustness study the schedules can spend very different amounts of step size in "
        "200 updates: exponential decay 0.20, cosine 1.006, restarts 1.021, a constant rate 2, GreedyLR up to 32.0 "
        "with p = 1 and 4.52 with p = 10. Under Adam, whose steps have about the size of the rate, this bounds how far "
        "a run can get. Kept below its first rate GreedyLR can spend no more than the constant rate, and is the "
        "constant rate until it falls for the first time."
    ),
    advice={"cap": "How far the rate may climb above its first value decides a comparison with decaying schedules."},
)
