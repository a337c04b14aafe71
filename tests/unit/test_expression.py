"""Expressions: what is accepted, what is refused and how fast, and the derivatives against sympy's."""

from __future__ import annotations

import ast
import math
import random
import time
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from greedylr_theory import Run, Status, simulate
from greedylr_theory.expressions.text import DEEPEST, LONGEST, parsed
from greedylr_theory.expressions.tree import written
from greedylr_theory.objectives import Expression, Quadratic, Rosenbrock
from greedylr_theory.schedulers import Constant
from tests.contract._examples import assert_same_trajectory, evaluated, simulated
from tests.naive import expressions as naive

CANONICAL = {
    " ( 1 - x0 ) ** 2 + 1.0e2*(x[ 1 ]-x0**2)**2 ": "(1-x0)**2+100*(x1-x0**2)**2",
    "(x0+x1)+x2": "x0+x1+x2",
    "x0+(x1+x2)": "x0+(x1+x2)",
    "x0-(x1-x2)": "x0-(x1-x2)",
    "(x0/x1)/x2*(x3/x4)": "x0/x1/x2*(x3/x4)",
    "(x0*x1)**2": "(x0*x1)**2",
    "x0**x1**x2": "x0**(x1**x2)",
    "(x0**x1)**x2": "(x0**x1)**x2",
    "-x0**2": "-x0**2",
    "(-x0)**2": "(-x0)**2",
    "x0**-2": "x0**(-2)",
    "--x0": "-(-x0)",
    "+x0*-x1": "x0*(-x1)",
    "max(x0,(x1), 0.1e1)": "max(x0,x1,1)",
    "pi*x0": "3.141592653589793*x0",
    ".5*x0+1e300": "0.5*x0+1e+300",
    "sum(a*x[a+1]*sum(x[q], q, a0, 1), a, 1, 2)": None,  # a0 is no number
    "sum(a*x[1+2*a-1]*sum(x[q]*a, q, 0, 1), a, 1, 2)": "sum(i*x[2*i]*sum(x[j]*i,j,0,1),i,1,2)",
    "sum(x[-i+3], i, -1, 3)": "sum(x[-i+3],i,-1,3)",
}


@pytest.mark.parametrize("text", [text for text, canonical in CANONICAL.items() if canonical])
def test_one_expression_has_one_text(text: str) -> None:
    tree = parsed(text)
    assert written(tree) == CANONICAL[text]
    assert written(parsed(written(tree))) == written(tree)
    ast.parse(written(tree), mode="eval")  # what is canonical, Python reads the same way: the twin relies on it


def test_spellings_share_a_key_and_functions_do_not() -> None:
    keys = {Run(Expression(text), scheduler=Constant(), lr0=0.1, steps=3).key for text in ("x0**2", " (x[0])** 2.0")}
    assert len(keys) == 1
    other = Run(Expression("x0**2+1"), scheduler=Constant(), lr0=0.1, steps=3)
    assert other.key not in keys
    assert other.noise_key == Run(Expression("x0**4"), scheduler=Constant(), lr0=0.1, steps=3).noise_key


def test_d_and_open_sums_take_the_dimension() -> None:
    short = Expression("sum((i + 1) * x[i]**2, i) / d", dimension=4)
    assert short.text == "sum((i+1)*x[i]**2,i,0,3)/4"
    assert short.dim == 4


REFUSED = {
    'open("a")': "'open'",
    "__import__('os').system('true')": "'__import__'",
    "x0.__class__": "'.__class__'",
    "x0.real": "'.real'",
    "(lambda: x0)()": "'lambda'",
    "[x0 for x0 in (1, 2)]": "'['",
    "{x0}": "'{x0'",
    "f'{x0}'": "'f'",
    "'x0'": '"\'x0"',
    "x0 if x0 else x1": "'if'",
    "x0 and x1": "'and'",
    "x0 == x1": "'='",
    "x0 < x1": "'<'",
    "x0; x1": "';'",
    "x0, x1": "','",
    "x0 = 3": "'='",
    "x0 := 3": "':'",
    "x0 @ x1": "'@'",
    "x0 % 2": "'%'",
    "x0 // 2": "'/'",
    "x0^2": "'^2'",
    "~x0": "'~x0'",
    "x0(1)": "'('",
    "2(x0)": "'('",
    "2x0": "'x0'",
    "x0 x1": "'x1'",
    "x0 +": "'the end'",
    "(x0": "'the end'",
    "x0)": "')'",
    "": "''",
    "  ": "'  '",
    "1 + 2": "'1+2'",
    "y + 1": "'y'",
    "x": "'the end'",
    "x[0": "'the end'",
    "x[-1]": "'x[-1]'",
    "x[0.5]": "'x[0.5'",
    "x[x0]": "'x[x0'",
    "x[1e9]": "'x[1e9'",
    "x[2**2]": "'x[2**2'",
    "x01": "'x01'",
    "x99999": "'x99999'",
    "x" + "9" * 500: "'x999",
    "х0 + 1": r"'\u04450'",  # a Cyrillic letter
    "ｘ0": r"'\uff580'",  # a full-width letter, which Python itself would read as x
    "x0²": r"'\xb2'",
    "x٠": r"'x'|'\u0660'",  # an Arabic digit
    "1_000*x0": "'_000'",
    "0x10*x0": "'x10'",
    "1e999*x0": "'1e999'",
    "9**9**9*x0": "387420489",
    "x0**9**9**9": "387420489",
    "x0**101": "101",
    "x0/0": None,  # a division by zero is a value of the kernel, not an error
    "x0*(1/0)": "inf",
    "x0*(0/0)": "nan",
    "1e200*1e200*x0": "inf",
    "exp()": "')'",
    "exp(x0, x1)": "'2'",
    "max(x0)": "'1'",
    "exp x0": "'x0'",
    "exp": "'the end'",
    "gamma(x0)": "'gamma'",
    "sum(x[i], i)": "'i'",
    "sum(x[i], i, 0)": "')'",
    "sum(x[i], i, 0, x0)": "'x0'",
    "sum(x[i], i, 3, 1)": "'3 to 1'",
    "sum(x[i], i, 0, 99999)": "'0 to 99999'",
    "sum(x[i-1], i, 0, 3)": r"x[-1]",
    "sum(x[i*i], i, 0, 3)": "'x[i*i'",
    "sum(x[i] for i in range(3))": "')'",
    "sum(x0)": "')'",
    "sum(x[x0], x0, 0, 3)": "'x0'",
    "sum(sum(1,j,0,9999),i,0,9999)*x0": "50000",
    "d*x0": "'d'",
    "i": "'i'",
    "e": "'e'",
    "x0\0": r"'\x00'",
    "(" * 5000 + "x0" + ")" * 4990: str(DEEPEST),
    "-" * 9000 + "x0": str(DEEPEST),
    "x0" + "**x0" * 2000: str(DEEPEST),
    "exp(" * 1000 + "x0" + ")" * 1000: str(DEEPEST),
    "x0+" * 4000 + "x0": str(LONGEST),
    "x[" * 500 + "0" + "]" * 500: "'x'|x",
}


@pytest.mark.parametrize("text", [text for text, part in REFUSED.items() if part], ids=lambda text: ascii(text)[:40])
def test_anything_else_is_refused_in_one_sentence_that_names_the_part(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ValueError, match=r"^Expression\.text must ") as caught:
        Expression(text)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 320
    assert any(part in message for part in REFUSED[text].split("|")), message
    assert time.process_time() - started < 0.5  # a hang would take forever; the largest sum takes some 0.05 s


def test_nothing_is_executed(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    for text in (
        f"open({str(witness)!r}, 'w')",
        f"__import__('pathlib').Path({str(witness)!r}).touch()",
        f"exec(\"open({str(witness)!r}, 'w')\")",
        "().__class__.__base__.__subclasses__()",
        f"exp(open({str(witness)!r}, 'w'))",
    ):
        with pytest.raises(ValueError, match="must"):
            Expression(text)
    assert not witness.exists()


PIECES = [
    "x0", "x1", "1", "2.5", "1e9", "1e", "(", ")", "[", "]", "+", "-", "*", "**", "/", ",", ".", "x", "x[0]", "exp(",
    "max(", "sum(", "i", "__class__", "lambda", ":", "'", '"', "\\", "\n", "#", "é", "ⅷ",
    "9" * 400, "**9", "{", "=", " ",
]  # fmt: skip


def answer(text: str) -> Expression | str:
    try:
        return Expression(text)
    except ValueError as error:
        return str(error)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=40))
def test_whatever_the_text_the_answer_is_an_objective_or_one_sentence(text: str) -> None:
    found = answer(text)
    if isinstance(found, str):
        assert found.startswith("Expression.text must ")
        assert "\n" not in found
    else:
        assert Expression(found.text, dimension=found.dimension) == found


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "x2", "dimension": 2}, r"name coordinates from x0 to x1, got 'x2' in 'x2'$"),
        ({"text": "x0", "declared_minimiser": (1.0, 2.0)}, r"declared_minimiser \(x\^\*\) must have 1 entries"),
        ({"text": "x0", "declared_smoothness": 1.0, "declared_strong_convexity": 2.0}, r"must not exceed .* got 2\.0$"),
        ({"text": "x0", "declared_convex": False, "declared_strong_convexity": 2.0}, "must not be False"),
        ({"text": "x0", "declared_smoothness": -1.0}, r"declared_smoothness \(L\) must lie in \[0, inf\), got -1\.0$"),
        ({"text": sympy.Symbol("x0") > 1}, "got StrictGreaterThan in 'x0 > 1'"),
        ({"text": sympy.Symbol("y")}, "got 'y'$"),
        ({"text": sympy.gamma(sympy.Symbol("x0"))}, r"got gamma in 'gamma\(x0\)'"),
        ({"text": sympy.I * sympy.Symbol("x0")}, "got ImaginaryUnit"),
        ({"text": sympy.Integer(10) ** 400 * sympy.Symbol("x0")}, "hold finite numbers"),
        ({"text": sympy.Symbol("x0") * sympy.oo}, "finite|Infinity"),
    ],
)
def test_contradictions_and_foreign_sympy_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Expression(**fields)


def test_a_sympy_expression_that_is_nested_too_deeply_is_refused() -> None:
    x = sympy.Symbol("x0")
    for levels in (DEEPEST // 2, DEEPEST + 1, 300):
        expression = x
        for _ in range(levels):
            expression = sympy.sin(expression, evaluate=False)
        with pytest.raises(ValueError, match=f"nested at most {DEEPEST} levels deep"):
            Expression(expression)


def test_a_sympy_expression_is_the_same_objective_as_its_text() -> None:
    x0, x1 = sympy.symbols("x0 x1", real=True)
    made = Expression((1 - x0) ** 2 / 3 + sympy.Max(x1, 2) - sympy.sqrt(x1) * sympy.exp(-x0) + sympy.Abs(x0 - x1))
    assert Expression(made.text) == made
    points = np.abs(np.random.default_rng(0).normal(size=(2, 30)))
    loss, _ = evaluated(made, points)
    wanted = (1 - points[0]) ** 2 / 3 + np.maximum(points[1], 2) - np.sqrt(points[1]) * np.exp(-points[0])
    np.testing.assert_allclose(loss, wanted + np.abs(points[0] - points[1]), rtol=1e-14)


def random_text(source: random.Random, depth: int) -> str:
    """An expression that is defined everywhere near the points where it is tried."""
    if depth == 0:
        return source.choice(["x0", "x1", "x2", "2", "0.7", "3"])
    a, b = random_text(source, depth - 1), random_text(source, depth - source.choice([1, 2]) if depth > 1 else 0)
    return source.choice(
        [
            f"({a} + {b})", f"({a} - {b})", f"{a}*{b}".join("()"), f"({a})/(2 + ({b})**2)", f"sin({a})", f"cos({a})",
            f"tanh({a})", f"exp(-({a})**2)", f"log(1 + ({a})**2)", f"sqrt(1 + ({a})**2)", f"-({a})", f"({a})**2",
            f"({a})**3", f"(1 + ({a})**2)**-1.5", f"(2 + sin({a}))**tanh({b})", f"sinh(sin({a}))", f"cosh(cos({a}))",
            f"tan(tanh({a})/2)", f"max({a}, {b} - 50)", f"min({a}, {b} + 50)", f"abs({a} + 90)",
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_value_and_slopes_of_random_expressions(seed: int) -> None:
    """Bit for bit those of the plain-Python twin, and close to sympy's derivatives at 40 digits."""
    source = random.Random(seed)
    objective = Expression(f"x0 + 0*x1 + x2*0.5 + {random_text(source, 4)}", dimension=3)
    x = np.random.default_rng(seed).normal(size=(3, 4))
    loss, gradient = evaluated(objective, x)
    symbols = sympy.symbols("x:3", real=True)
    expression = objective.expression(list(symbols))
    exact = sympy.lambdify(symbols, [expression, *[sympy.diff(expression, s) for s in symbols]], "mpmath", cse=True)
    for lane in range(x.shape[1]):
        value, slopes = naive.value_and_gradient(objective.text, x[:, lane].tolist())
        np.testing.assert_array_equal(loss[lane], value)
        np.testing.assert_array_equal(gradient[:, lane], slopes)
        with mpmath.workdps(40):
            wanted = [float(number) for number in exact(*[mpmath.mpf(float(entry)) for entry in x[:, lane]])]
        # some 30 operations of a few ulp each, conditioned by what cancels: the largest number sets the scale
        scale = max(1.0, *map(abs, wanted))
        np.testing.assert_allclose([loss[lane], *gradient[:, lane]], wanted, rtol=1e-10, atol=1e-12 * scale)


@pytest.mark.parametrize(("name", "ulps"), [("tanh", 4), ("sinh", 6), ("cosh", 3), ("sqrt", 0.5), ("exp", 1)])
def test_functions_are_as_close_as_stated(name: str, ulps: float) -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-20, 20, 3000), rng.uniform(-0.5, 0.5, 3000), 10.0 ** rng.uniform(-300, -3, 500)])
    x = np.abs(x) if name == "sqrt" else x
    loss, _ = evaluated(Expression(f"{name}(x0)"), x[None])
    with mpmath.workdps(40):
        exact = [getattr(mpmath, name)(mpmath.mpf(float(value))) for value in x]
        errors = [
            abs(mpmath.mpf(float(v)) - e) / mpmath.mpf(math.ulp(float(e))) for v, e in zip(loss, exact, strict=True)
        ]
    assert max(errors) <= ulps


def test_tanh_is_that_of_the_twin_where_its_two_forms_meet() -> None:
    x = np.linspace(-0.5, 0.5, 2001)
    loss, _ = evaluated(Expression("tanh(x0)"), x[None])
    np.testing.assert_array_equal(loss, [naive.tanh(float(value)) for value in x])


def test_sines_are_as_close_as_stated_and_no_number_beyond() -> None:
    x = 10.0 ** np.random.default_rng(2).uniform(-8, math.log10(6e6), 4000)
    loss, gradient = evaluated(Expression("sin(x0)"), x[None])
    with mpmath.workdps(40):
        for value, slope, angle in zip(loss, gradient[0], x, strict=True):
            assert abs(value - mpmath.sin(mpmath.mpf(float(angle)))) < 1e-15
            assert abs(slope - mpmath.cos(mpmath.mpf(float(angle)))) < 1e-15
    loss, _ = evaluated(Expression("sin(x0)"), np.array([[2.0**30, 2.0**30 * 1.01, math.inf]]))
    assert np.isnan(loss).tolist() == [False, True, True]


def test_rosenbrock_written_out_is_rosenbrock() -> None:
    x = np.random.default_rng(4).normal(size=(2, 200))
    loss, gradient = evaluated(Expression("(1-x0)**2+100*(x1-x0**2)**2"), x)
    wanted, slopes = evaluated(Rosenbrock(), x)
    np.testing.assert_allclose(loss, wanted, rtol=1e-14)  # terms are added in another order
    np.testing.assert_allclose(gradient, slopes, rtol=1e-13, atol=1e-13)


def test_a_quadratic_written_out_gives_the_same_run() -> None:
    """With the noise left out, which depends on the kind of the objective."""
    start = (1.0, -2.0)
    runs = [
        Run(f, scheduler=Constant(), lr0=0.05, steps=40, start=start)
        for f in (Quadratic((1.0, 4.0)), Expression("0.5*(1*x0*x0) + 0.5*(4*x1*x1)", declared_minimum=0.0))
    ]
    plain, mine = (simulated([run]) for run in runs)
    np.testing.assert_allclose(mine.loss, plain.loss, rtol=1e-13)
    np.testing.assert_array_equal(mine.steps_to_tolerance, plain.steps_to_tolerance)


def test_leaving_the_domain_ends_the_run_with_its_step() -> None:
    """x - log x from 1 with rate 3 at x = 0.5: the next iterate is negative, where the logarithm is NaN."""
    run = Run(Expression("2*x0 - log(x0)"), scheduler=Constant(), lr0=2.0, steps=9, start=(1.0,))
    trajectory = simulated([run])  # slope 1 at x = 1, so x_1 = -1
    assert (trajectory.status[0], trajectory.steps[0]) == (Status.DIVERGED, 1)
    assert np.isnan(trajectory.loss[0, 1])


def test_kinks_have_the_slopes_that_are_promised() -> None:
    def slopes(text: str) -> list[float]:
        return evaluated(Expression(text, dimension=2), np.zeros((2, 1)))[1][:, 0].tolist()

    assert slopes("abs(x0)") == [0.0, 0.0]
    assert slopes("max(x0, x1)") == [1.0, 0.0]
    assert slopes("min(2*x1, x0)") == [0.0, 2.0]
    assert slopes("sqrt(x0)") == [math.inf, 0.0]
    assert slopes("max(0, x0)") == [0.0, 0.0]


def test_minimum_and_maximum_pass_not_a_number_on() -> None:
    points = np.array([[math.nan, 1.0, math.nan], [1.0, math.nan, math.nan]])
    for name in ("min", "max"):
        assert np.isnan(evaluated(Expression(f"{name}(x0, x1)"), points)[0]).all()


def test_the_gradient_costs_a_few_times_the_function() -> None:
    """Reverse differentiation: the table grows with the expression, not with its square."""
    lines = [len(Expression("sum(sin(x[i]*x[i+1])*exp(-x[i]**2), i, 0, d-2)", dimension=d).data) for d in (51, 101)]
    assert lines[1] / lines[0] == pytest.approx(2.0, rel=0.03)
    assert lines[0] < 51 * 20


def test_rows_of_the_workspace_are_used_again() -> None:
    """Of the four lines or so that every term takes, one row is read again by the gradient, and one is the result."""
    objective = Expression("sum(x[i]**4, i)", dimension=200)
    assert objective.workspace_rows <= 3 * 200 + 2
    assert len(objective.data) >= 800


def test_different_expressions_do_not_share_a_simulation() -> None:
    runs = [Run(Expression(text), scheduler=Constant(), lr0=0.1, steps=3) for text in ("x0**2", "x0**4")]
    with pytest.raises(ValueError, match="data"):
        simulate(runs)
    assert_same_trajectory(simulated([runs[0]] * 3), simulated([runs[0]]), [0, 0, 0])
