"""Attacks on what the checker decides by balls, by positivity on an interval, by lists, and by comparing programs."""

from __future__ import annotations

import functools
import operator
from fractions import Fraction
from typing import Any

import pytest
import sympy
from flint import acb, arb, ctx, fmpq

from proofs import _enclosure, _positivity
from proofs._certificates import Chain, Enclosure, Enumeration, Equivalence, Identity, Positivity, Throughout, kinds
from proofs._checker import examine
from proofs._exact import Domain

a, b, c, x, y = sympy.symbols("a b c x y")
HALF = 0.5  # a global that a careless author might use


def rejected(certificate, reason: str, *, ill_formed: bool = False) -> None:
    finding = examine(certificate)
    assert finding.verdict == "open", finding
    assert reason in finding.sentence, finding.sentence
    assert finding.ill_formed == ill_formed


def claim(left, comparison, right, **more) -> Enclosure:
    """One relation whose balls are made at the precision in force."""
    return Enclosure(
        lambda bits: {"it": (left() if callable(left) else left, comparison, right() if callable(right) else right)},
        **more,
    )


# enclosures


def test_relations_between_disjoint_balls_are_proved_or_refute():
    root = claim(lambda: arb(2).sqrt(), "<", Fraction(14143, 10000))
    assert examine(root).verdict == "proved"
    assert examine(claim(lambda: arb(2).sqrt(), "<", "1.4143", refutes=True)).verdict == "refuted"
    assert kinds(Chain({"root": root, "identity": Identity((a + 1) ** 2, a**2 + 2 * a + 1)})) == "enclosure, identity"
    assert examine(Chain({"root": root, "no": claim(lambda: arb.pi(), ">", 3, refutes=True)})).verdict == "refuted"


def test_a_false_relation_is_rejected_for_its_mathematics():
    rejected(claim(lambda: arb(2).sqrt(), "<", "1.4142"), "is false")
    rejected(claim(lambda: arb(2).sqrt(), "<", "1.4142", refutes=True), "is false")
    rejected(claim(lambda: arb.pi(), ">=", lambda: arb(22) / 7), "is false")


def test_the_precision_rises_until_it_suffices_and_is_put_back():
    before = ctx.prec
    # exp(pi sqrt 163) is an integer to 12 decimals
    ramanujan = claim(lambda: (arb.pi() * arb(163).sqrt()).exp(), "<", 640320**3 + 744)
    assert "128 bits" in examine(ramanujan).sentence
    near = Fraction(1, 10**200)
    assert examine(claim(lambda: (arb(2).sqrt()) ** 2, "<", 2 + near)).verdict == "proved"
    assert ctx.prec == before
    rejected(claim(lambda: arb(0).sqrt() / (bits_that_fail()), "<", 1), "failed on purpose", ill_formed=True)
    assert ctx.prec == before


def bits_that_fail():
    raise ValueError("failed on purpose")


def test_overlapping_balls_are_undecided_at_any_precision():
    rejected(claim(lambda: arb(2).sqrt() ** 2, "<=", 2), "not decided")  # true, but by algebra: use an Identity
    rejected(claim(lambda: arb(2).sqrt() ** 2, "<", 2), "not decided")
    rejected(claim(lambda: arb(1, Fraction(1, 4).denominator), "<", 2), "not decided")  # a radius that stays
    rejected(claim(lambda: arb.pi(), "<", lambda: arb(3) + arb("0.14159265358979323846264338327950288")), "is false")


def test_balls_that_are_not_finite_prove_nothing():
    for value in (lambda: arb("nan"), lambda: arb("inf"), lambda: arb.pi() / arb(0), lambda: (-arb(2)).sqrt()):
        for comparison in ("<", "<=", ">", ">="):
            rejected(claim(value, comparison, lambda: arb.pi()), "not finite", ill_formed=True)
            rejected(claim(lambda: arb.pi(), comparison, value), "not finite", ill_formed=True)
    # polylog of a real ball is nan beyond 1; of a complex one it is not
    rejected(claim(lambda: arb(2).polylog(2), ">", 2), "not finite", ill_formed=True)
    assert examine(claim(lambda: acb(2).polylog(2).real, ">", 2)).verdict == "proved"


def test_floats_are_refused_wherever_they_are_seen():
    tenth = 0.1

    def helper(value=0.25):
        return arb.pi() * value

    def times_pi(scale, bits) -> Any:
        return {"it": (arb.pi() * scale, ">", 1)}

    class Careless:
        scale = 1

        def half(self) -> Any:
            return arb.pi() * 0.5

        def relations(self, bits) -> Any:
            return {"it": (self.half(), ">", 1)}

    class Stored:
        def __init__(self, scale) -> None:
            self.scale = scale

        def relations(self, bits) -> Any:
            return {"it": (arb.pi() * self.scale, ">", 1)}

    careless = Careless()
    assert examine(Enclosure(Stored(3).relations)).verdict == "proved"
    refused = (
        Enclosure(careless.relations),
        Enclosure(lambda bits: {"it": (careless.half(), ">", 1)}),
        Enclosure(Stored(0.5).relations),
        Enclosure(lambda bits: {"it": (arb(0.3), "<", arb.pi())}),
        Enclosure(lambda bits: {"it": (arb(tenth), "<", arb.pi())}),
        Enclosure(lambda bits: {"it": (arb.pi() * HALF, "<", 2)}),
        Enclosure(lambda bits: {"it": (helper(), "<", 2)}),
        Enclosure(lambda bits: {f"{k}": (arb.pi() ** k, ">", 1.5) for k in (1, 2)}),
        Enclosure(functools.partial(times_pi, 0.7)),
        Enclosure(lambda bits, table=(1, [0.5]): {"it": (arb.pi() * table[0], ">", 1)}),
    )
    for certificate in refused:
        rejected(certificate, "float", ill_formed=True)
    computed = Enclosure(lambda bits: {"it": (arb.pi(), ">", float("3"))})
    rejected(computed, "neither a ball nor an exact rational", ill_formed=True)
    rejected(Throughout(lambda t: t + 0.5, Fraction(0), Fraction(1)), "float", ill_formed=True)


def test_exact_binary_numbers_on_both_sides_are_no_matter_for_balls():
    rejected(claim(lambda: arb(1) / 4, "<", 1), "exact binary", ill_formed=True)
    rejected(claim(lambda: arb(int("3")), "<=", 3), "exact binary", ill_formed=True)
    rejected(claim(1, "<", 2), "exact binary", ill_formed=True)


def test_a_function_that_changes_its_mind_is_caught():
    def truncated(bits) -> Any:  # e + pi as a partial sum without its remainder: the radius is that of rounding only
        total, term = arb(0), arb(1)
        for k in range(1, bits // 8):
            total, term = total + term, term / k
        return {"e": (total + arb.pi(), ">", 4)}

    rejected(Enclosure(truncated), "do not meet")
    rejected(Enclosure(lambda bits: {f"at {bits}": (arb.pi(), ">", 3)}), "depend on the precision", ill_formed=True)
    rejected(Enclosure(lambda bits: {"it": (arb.pi(), ">", 3 if bits < 100 else Fraction(22, 7))}), "do not meet")


def test_what_twice_the_precision_does_not_confirm_is_not_proved():
    growing = Enclosure(lambda bits: {"it": (arb.pi() + arb(0, bits // 128), ">", 3)})
    rejected(growing, "not at twice as many bits")


def test_empty_and_unknown_relations_are_ill_formed():
    rejected(Enclosure(lambda bits: {}), "no relation", ill_formed=True)
    rejected(claim(lambda: arb.pi(), "==", lambda: arb.pi()), "no relation that balls decide", ill_formed=True)
    rejected(claim(True, "<", lambda: arb.pi()), "neither a ball", ill_formed=True)
    rejected(claim(lambda: acb(2).sqrt(), "<", 2), "neither a ball", ill_formed=True)


def test_digits_are_meant_to_the_last_one_given():
    silver = lambda: 3 - 2 * arb(2).sqrt()  # noqa: E731  # 0.17157287525380990...
    assert examine(claim(silver, "rounds to", "0.171572875254")).verdict == "proved"
    rejected(claim(silver, "rounds to", "0.171572875253"), "is false")  # cut off, not rounded
    assert examine(claim(silver, "rounds to", "0.17157287525380990")).verdict == "proved"
    rejected(claim(silver, "rounds to", "0.17157287525380991"), "is false")
    assert examine(claim(lambda: 1000 * arb.pi(), "rounds to", "3.14e3")).verdict == "proved"
    rejected(claim(lambda: 1000 * arb.pi(), "rounds to", "3.140e3"), "is false")


def test_an_interval_encloses_from_both_sides():
    low, high = Fraction(314, 100), Fraction(315, 100)
    assert examine(claim(lambda: arb.pi(), "in", (low, high))).verdict == "proved"
    rejected(claim(lambda: arb.pi(), "in", (high, low)), "is false")
    rejected(claim(lambda: arb.pi(), "in", (Fraction(31416, 10000), high)), "is false")
    rejected(claim(lambda: arb.pi(), "in", (low, Fraction(31415, 10000))), "is false")


# a function positive throughout an interval


def test_a_function_positive_on_an_interval_is_covered_by_pieces():
    gap = Throughout(lambda t: t.exp() - 1 - t, Fraction(1, 100), Fraction(3))
    assert examine(gap).verdict == "proved"
    assert "pieces that cover [1/100, 3]" in examine(gap).sentence
    rejected(Throughout(lambda t: t.exp() - 1 - t, Fraction(0), Fraction(3)), "may vanish")  # it does, at 0
    rejected(Throughout(lambda t: t.sin(), Fraction(1), Fraction(4)), "not positive")
    rejected(Throughout(lambda t: t.log(), Fraction(1, 2), Fraction(2)), "not positive")
    rejected(Throughout(lambda t: 1 / t, Fraction(-1), Fraction(1)), "")  # a pole, and negative on the left
    rejected(Throughout(lambda t: arb("nan"), Fraction(1), Fraction(2)), "not shown")


def test_an_interval_is_an_interval_and_a_value_is_a_ball():
    rejected(Throughout(lambda t: t, Fraction(2), Fraction(1)), "rational ends", ill_formed=True)
    rejected(Throughout(lambda t: t, 0.5, Fraction(1)), "rational ends", ill_formed=True)  # pyright: ignore[reportArgumentType]
    rejected(Throughout(lambda t: 1, Fraction(1), Fraction(2)), "not a ball", ill_formed=True)  # pyright: ignore[reportArgumentType]


def test_a_dip_between_the_ends_is_found():
    # (t - 1/3)^2 > 10^-9 fails within 3.2e-5 of 1/3 only
    dip = Throughout(lambda t: (t - fmpq(1, 3)) ** 2 - fmpq(1, 10**9), Fraction(0), Fraction(1))
    rejected(dip, "not positive")
    assert (
        examine(Throughout(lambda t: (t - fmpq(1, 3)) ** 2 + fmpq(1, 10**5), Fraction(0), Fraction(1))).verdict
        == "proved"
    )


# positivity of polynomials


@pytest.mark.parametrize(
    ("polynomial", "low", "high"),
    [
        (x**2 - x + 1, Fraction(-5), None),
        (x**2 - 6 * x + 1, Fraction(0), Fraction(17, 100)),  # zero at 3 - 2 sqrt 2 = 0.1715...
        (1 - x**5, Fraction(-3), Fraction(999, 1000)),
        (sympy.Integer(2) + x * 0 + x, Fraction(0), Fraction(1)),
    ],
)
def test_a_positive_polynomial_is_proved(polynomial, low, high):
    assert examine(Positivity(polynomial, low, high)).verdict == "proved"


@pytest.mark.parametrize(
    ("polynomial", "low", "high"),
    [
        (x**2 - 6 * x + 1, Fraction(0), Fraction(172, 1000)),
        ((x - 1) ** 2, Fraction(0), Fraction(2)),  # touches zero
        (x, Fraction(0), Fraction(1)),  # zero at an end
        (1 - x, Fraction(0), Fraction(1)),
        (1 - x, Fraction(0), None),
        (-x - 1, Fraction(0), None),
        (x**2 - x + sympy.Rational(1, 4), Fraction(0), None),
    ],
)
@pytest.mark.parametrize("deciding", ["Sturm", "Bernstein"])
def test_a_polynomial_with_a_zero_is_rejected_by_either_method_alone(polynomial, low, high, deciding, monkeypatch):
    if deciding == "Sturm":
        monkeypatch.setattr(_positivity, "_bernstein_pieces", lambda coefficients: 1)
    else:
        monkeypatch.setattr(sympy.Poly, "count_roots", lambda *arguments: 0)
    rejected(Positivity(polynomial, low, high), "")


def test_what_is_no_polynomial_or_no_interval_is_ill_formed():
    for polynomial in (1 / x, x * y, sympy.Integer(3)):
        rejected(Positivity(polynomial, Fraction(1), Fraction(2)), "not a polynomial in one variable", ill_formed=True)
    for polynomial in (sympy.sqrt(x), x + sympy.Float(1)):
        rejected(Positivity(polynomial, Fraction(1), Fraction(2)), "not exact", ill_formed=True)
    rejected(Positivity(x, Fraction(2), Fraction(1)), "rational ends", ill_formed=True)
    rejected(Positivity(x, 0.5, None), "rational ends", ill_formed=True)  # pyright: ignore[reportArgumentType]


# lists


def test_a_list_is_proved_member_by_member():
    def listed(*numbers, relation=lambda n: {"n^2 >= n": (n * n, ">=", n)}):
        return Enumeration({str(n): n for n in numbers}, relation)

    assert examine(listed(1, 2, 3, Fraction(7, 2))).sentence == "4 relations hold over 4 cases"
    rejected(listed(1, Fraction(1, 2), 2), "1/2: n^2 >= n fails, 1/4 >= 1/2 is false")
    rejected(listed(), "empty list", ill_formed=True)
    rejected(listed(1, 2, relation=lambda n: {}), "no relation", ill_formed=True)
    rejected(listed(1, 1.5), "not an exact rational", ill_formed=True)
    rejected(listed(1, True), "not an exact rational", ill_formed=True)
    assert examine(Chain({"list": listed(2)})).verdict == "proved"


# programs


def keep(inputs, less):
    return {"rate": inputs["rate"] if less(inputs["loss"], inputs["best"]) else inputs["rate"] / 2}


INPUTS = {name: sympy.Symbol(name) for name in ("rate", "loss", "best", "noise")}


def pair(second, **more) -> Equivalence:
    return Equivalence({"step": (keep, second)}, INPUTS, **more)


def test_two_programs_agree_on_every_branch_or_are_rejected():
    def with_noise_twice(inputs, less):
        noise = inputs["noise"]
        return {"rate": inputs["rate"] if less(inputs["loss"] + noise, inputs["best"] + noise) else inputs["rate"] / 2}

    assert "2 branch paths of both programs agree" in examine(pair(with_noise_twice)).sentence

    def noisy(inputs, less):
        return {
            "rate": inputs["rate"] if less(inputs["loss"] + inputs["noise"], inputs["best"]) else inputs["rate"] / 2
        }

    def reversed_ties(inputs, less):
        return {"rate": inputs["rate"] / 2 if less(inputs["best"], inputs["loss"]) else inputs["rate"]}

    def unlike_on_one_branch(inputs, less):
        thousandth = Fraction(1001, 2000)
        return {"rate": inputs["rate"] if less(inputs["loss"], inputs["best"]) else inputs["rate"] * thousandth}

    def silent(inputs, less):
        return {"rate": inputs["rate"]}

    def knows_fractions(inputs, less):
        output = keep(inputs, less)["rate"]
        return {"rate": output + int(isinstance(output, Fraction))}

    for other in (noisy, reversed_ties, unlike_on_one_branch, silent, knows_fractions):
        rejected(pair(other), "")
    rejected(pair(keep), "itself", ill_formed=True)
    rejected(Equivalence({}, INPUTS), "no program", ill_formed=True)
    rejected(pair(lambda inputs, less: {"rate": inputs["rate"] if inputs["loss"] < 0 else 0}), "", ill_formed=True)


def test_a_common_factor_of_a_comparison_needs_a_sign():
    def scaled(inputs, less):
        factor = inputs["noise"]
        return {
            "rate": inputs["rate"] if less(factor * inputs["loss"], factor * inputs["best"]) else inputs["rate"] / 2
        }

    rejected(pair(scaled), "may turn out otherwise")
    assert examine(pair(scaled, domain=Domain(positive=(INPUTS["noise"],)))).verdict == "proved"
    rejected(pair(scaled, domain=Domain(nonnegative=(INPUTS["noise"],))), "may turn out otherwise")  # 0 makes ties


def test_comparisons_of_balls_are_certain():
    sides = {"wide": arb(1, 1), "two": arb(2), "apart": arb(4)}
    assert not _enclosure._compare(sides["wide"], "<", sides["two"])
    assert _enclosure._compare(sides["wide"], "<", sides["apart"])
    for comparison in ("<", "<=", ">", ">="):
        holds = getattr(operator, {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[comparison])(2, 4)
        assert _enclosure._compare(sides["two"], comparison, sides["apart"]) == holds


def test_a_float_in_a_cached_function_is_found():
    @functools.cache
    def tenth() -> arb:
        return arb(0.1)

    rejected(claim(lambda: tenth() - arb(fmpq(1, 10)), ">", 0), "float", ill_formed=True)


def test_a_function_that_looks_at_midpoints_is_no_enclosure():
    vanishes = Throughout(lambda t: (t.mid() - arb(fmpq(1, 3))) ** 2, Fraction(0), Fraction(1))
    rejected(vanishes, "does not contain the values at the ends")


def test_a_program_that_branches_on_equality_is_found_at_ties():
    ties = lambda inputs, less: {"out": inputs["b"] if inputs["a"] == inputs["b"] else inputs["a"]}  # noqa: E731
    zeros = lambda inputs, less: {"out": inputs["a"] + (1 if inputs["b"] == 0 else 0)}  # noqa: E731
    doubled = lambda inputs, less: {"out": inputs["a"] * (2 if inputs["a"] == inputs["b"] else 1)}  # noqa: E731
    plain = lambda inputs, less: {"out": inputs["a"] + 0}  # noqa: E731
    inputs = {"a": a, "b": b}
    assert examine(Equivalence({"step": (ties, plain)}, inputs)).verdict == "proved"  # the same after all
    for wrong in (zeros, doubled):
        rejected(Equivalence({"step": (wrong, plain)}, inputs), "an exact run differs")


def test_numbers_that_compare_as_they_like_are_refused():
    class Obliging(Fraction):
        def __lt__(self, other: Any) -> bool:
            return True

    rejected(Enumeration({"it": 1}, lambda one: {"2 < 1": (Obliging(2), "<", 1)}), "not an exact", ill_formed=True)
