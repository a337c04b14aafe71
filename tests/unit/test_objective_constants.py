"""What each objective declares, against exact arithmetic, independent solvers and extremal points.

The contract tests ask the same questions of every objective at random points; here are the points that tell a constant
from a slightly wrong one, and the data that the finite sums read.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
import sympy

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, LeastSquares, Logistic, Quadratic, Rosenbrock, _tables
from greedylr_theory.objectives._blas import single_thread
from greedylr_theory.schedulers import Constant
from greedylr_theory.simulation.draws import even
from tests.naive import objectives as naive

BUNDLED = ("breast_cancer", "iris", "wine", "digits")
FEATURES = ((1.0, 0.5, -1.0), (0.0, 2.0, 1.0), (1.5, -1.0, 0.25), (-0.5, 1.0, 1.0), (2.0, 0.0, -0.75), (0.1, 0.2, 0.3))
TARGETS = (1.0, -2.0, 0.5, 3.0, 0.0, 1.0)


def evaluated(objective: Any, points: Any, *, full: bool = True, draws: Any = None) -> tuple[Any, Any]:
    """Losses (B,) and gradients (d, B) of the compiled kernel at points (d, B); draws (b, B)."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    lanes = points.shape[1]
    gradient, loss = np.full(points.shape, np.nan), np.full(lanes, np.nan)
    workspace = np.zeros((objective.workspace_rows, lanes))
    uniforms = np.zeros((even(objective.uniforms), lanes))
    if draws is not None:
        uniforms[: objective.uniforms] = draws
    kernel = (objective.full_kernel or objective.kernel) if full else objective.kernel
    params = np.ascontiguousarray(np.repeat(objective.pack()[:, None], lanes, axis=1))
    kernel(points, params, objective.data, uniforms, workspace, gradient, loss)
    assert not workspace.any()
    return loss, gradient


def write_csv(path: Path, rows: Sequence[Sequence[Any]], header: str = "a,b,label") -> str:
    path.write_text("\n".join([header, *(",".join(str(entry) for entry in row) for row in rows)]) + "\n")
    return str(path)


def small_table(path: Path, classes: int) -> str:
    rng = np.random.default_rng(classes)
    rows = [[*rng.normal(size=2).round(3), f"class {i % classes}"] for i in range(2 * classes + 3)]
    return write_csv(path, rows)


@pytest.fixture(params=["quadratic", "rosenbrock", "huber", "least_squares", "binary", "multinomial"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """One small example of each objective, the whole sum."""
    return {
        "quadratic": lambda: Quadratic(eigenvalues=(0.5, 3.0, 8.0), target=(1.0, -2.0, 0.0)),
        "rosenbrock": lambda: Rosenbrock(dimension=4, scale=0.3),
        "huber": lambda: Huber(dimension=3, radius=0.7, curvature=1.3),
        "least_squares": lambda: LeastSquares(features=FEATURES, targets=TARGETS),
        "binary": lambda: Logistic(small_table(tmp_path / "two.csv", 2), l2=0.02),
        "multinomial": lambda: Logistic(small_table(tmp_path / "three.csv", 3), l2=0.02),
    }[request.param]()


def test_value_and_gradient_equal_the_symbolic_expression(small: Any) -> None:
    symbols = sympy.symbols(f"x:{small.dim}", real=True)
    expression = small.expression(list(symbols))
    exact = sympy.lambdify(symbols, [expression, *(sympy.diff(expression, symbol) for symbol in symbols)], "mpmath")
    points = np.random.default_rng(0).normal(size=(small.dim, 6)) * 2.0
    loss, gradient = evaluated(small, points)
    for lane in range(6):
        with mpmath.workdps(30):
            value, *slopes = (float(part) for part in exact(*map(mpmath.mpf, points[:, lane].tolist())))
        # some tens of roundings per sum; where terms cancel, the largest slope sets the scale
        np.testing.assert_allclose(loss[lane], value, rtol=1e-14)
        np.testing.assert_allclose(gradient[:, lane], slopes, rtol=1e-13, atol=1e-14 * np.max(np.abs(slopes)))


@pytest.mark.parametrize("dataset", BUNDLED)
def test_gradient_is_the_taylor_slope_on_real_data(dataset: str) -> None:
    objective = Logistic(dataset)
    rng = np.random.default_rng(1)
    x, v = 0.3 * rng.normal(size=(2, objective.dim, 8))
    slope = (evaluated(objective, x)[1] * v).sum(axis=0)
    ahead, behind = (evaluated(objective, x + h * v)[0] for h in (1e-4, -1e-4))
    # central difference: h^2 |f'''| |v|^3 / 6 stays below 1e-5 relative, rounding below 1e-11
    np.testing.assert_allclose((ahead - behind) / 2e-4, slope, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("dataset", [*BUNDLED, None])
def test_minimum_is_never_undercut(dataset: str | None) -> None:
    objective = LeastSquares(features=FEATURES, targets=TARGETS) if dataset is None else Logistic(dataset)
    rng = np.random.default_rng(2)
    offsets = rng.normal(size=(objective.dim, 64)) * 10.0 ** rng.uniform(-9, 1, 64)
    offsets[:, 0] = 0.0
    loss, _ = evaluated(objective, np.array(objective.minimiser)[:, None] + offsets)
    # n terms of the loss, each within a few ulp
    assert np.all(loss >= objective.minimum * (1.0 - 1e-13))
    np.testing.assert_allclose(loss[0], objective.minimum, rtol=1e-13)


def eigenvectors(rows: Any) -> Any:
    """Eigenvectors of A^T A in ascending order, as columns."""
    return np.linalg.eigh(rows.T @ rows)[1]


def quotient(objective: Any, x: Any, v: Any, h: float) -> float:
    """|grad f(x + h v) - grad f(x - h v)| / |2 h v|."""
    _, gradient = evaluated(objective, np.stack([x + h * v, x - h * v], axis=1))
    return float(np.linalg.norm(gradient[:, 0] - gradient[:, 1]) / (2 * h * np.linalg.norm(v)))


def test_smoothness_is_attained_and_not_exceeded() -> None:
    """Rounding of the gradients and, for logistic losses, the curvature of second order are below 1e-6."""
    quadratic = Quadratic(eigenvalues=(1.0, 7.0))
    assert quotient(quadratic, np.zeros(2), np.array([0.0, 1.0]), 1.0) == 7.0 == quadratic.smoothness
    huber = Huber(dimension=2, radius=2.0, curvature=3.0)
    assert quotient(huber, np.zeros(2), np.array([1.0, 0.0]), 1.0) == 3.0 == huber.smoothness
    squares = LeastSquares(features=FEATURES, targets=TARGETS)
    direction = eigenvectors(np.array(FEATURES))[:, -1]
    assert quotient(squares, np.zeros(3), direction, 1.0) == pytest.approx(squares.smoothness, rel=1e-12)
    binary = Logistic("breast_cancer")
    direction = eigenvectors(binary.data[:, :-1])[:, -1]
    attained = quotient(binary, np.zeros(31), direction, 1e-4)
    assert binary.smoothness * (1 - 1e-6) <= attained <= binary.smoothness


@pytest.mark.parametrize("dataset", ["iris", "wine", "digits"])
def test_multinomial_smoothness_is_approached_with_two_classes_left(dataset: str) -> None:
    objective = Logistic(dataset)
    width = objective.data.shape[1] - 1
    x = np.zeros((len(objective.classes), width))
    x[2:, -1] = -50.0  # intercepts: e^-50 of all probability is left to the other classes
    v = np.zeros_like(x)
    v[0] = eigenvectors(objective.data[:, :-1])[:, -1]
    v[1] = -v[0]
    attained = quotient(objective, x.ravel(), v.ravel(), 1e-4)
    assert objective.smoothness * (1 - 1e-6) <= attained <= objective.smoothness * (1 + 1e-9)


@pytest.mark.parametrize("dataset", BUNDLED)
def test_smoothness_bound_holds_in_exact_arithmetic(dataset: str) -> None:
    """A Rayleigh quotient in rationals is a lower bound of the eigenvalue; the declared bound is above it, barely."""
    objective = Logistic(dataset)
    rows = objective.data[:, :-1]
    # any vector serves; one with few bits keeps the rationals short
    v = [Fraction(round(entry * 2**30), 2**30) for entry in eigenvectors(rows)[:, -1].tolist()]
    products = [sum(Fraction(a) * z for a, z in zip(row, v, strict=True)) for row in rows.tolist()]
    rayleigh = sum(p * p for p in products) / sum(z * z for z in v) / len(products)
    share = Fraction(1, 4) if len(objective.classes) == 2 else Fraction(1, 2)
    exact = share * rayleigh + Fraction(objective.l2)
    assert exact <= Fraction(objective.smoothness) <= exact * (1 + Fraction(1, 10**11))


def test_strong_convexity_is_attained_and_not_undercut() -> None:
    squares = LeastSquares(features=FEATURES, targets=TARGETS)
    smallest = quotient(squares, np.zeros(3), eigenvectors(np.array(FEATURES))[:, 0], 1.0)
    assert squares.strong_convexity == pytest.approx(smallest, rel=1e-12)
    assert Fraction(squares.strong_convexity) < smallest * (1 + 1e-14)
    assert LeastSquares(features=((1.0, 2.0), (2.0, 4.0)), targets=(1.0, 1.0)).strong_convexity == 0.0
    assert quotient(Huber(radius=1.0), np.array([5.0]), np.array([1.0]), 1.0) == 0.0 == Huber().strong_convexity
    # two classes: the data part vanishes as the intercept grows; more: along a shift common to all classes
    binary, multinomial = Logistic("breast_cancer", l2=0.5), Logistic("wine", l2=0.5)
    far = np.zeros(31)
    far[-1] = 60.0
    assert quotient(binary, far, np.eye(31)[3], 1e-3) == pytest.approx(0.5, rel=1e-10)
    shift = np.tile(np.random.default_rng(0).normal(size=14), 3)
    assert quotient(multinomial, np.zeros(42), shift, 1.0) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    "sampled",
    [LeastSquares(features=FEATURES, targets=TARGETS, batch=1), Logistic(batch=1), Logistic("wine", batch=1)],
    ids=["least_squares", "breast_cancer", "wine"],
)
def test_every_sample_obeys_the_sample_smoothness(sampled: Any) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, sampled.dim, 2000)) * 10.0 ** rng.uniform(-3, 0, 2000)
    draws = rng.random((1, 2000))
    gradients = [evaluated(sampled, points, full=False, draws=draws)[1] for points in (x, y)]
    change = np.linalg.norm(gradients[0] - gradients[1], axis=0) / np.linalg.norm(x - y, axis=0)
    assert np.all(change <= sampled.sample_smoothness * (1 + 1e-9))
    norms = np.sum(sampled.data[:, :-1] ** 2, axis=1)
    share = {31: 0.25, 42: 0.5}.get(sampled.dim, 1.0)
    assert sampled.sample_smoothness == pytest.approx(share * norms.max() + getattr(sampled, "l2", 0.0), rel=1e-13)


@pytest.mark.parametrize(
    ("dimension", "scale", "radius"), [(2, 1.0, 1.5), (2, 0.1, 0.05), (3, 2.0, 1.0), (6, 1.0, 2.0)]
)
def test_rosenbrock_smoothness_on_a_box(dimension: int, scale: float, radius: float) -> None:
    objective = Rosenbrock(dimension=dimension, scale=scale)
    symbols = sympy.symbols(f"x:{dimension}")
    hessian = sympy.lambdify(symbols, sympy.hessian(objective.expression(list(symbols)), symbols))
    corners = [radius * np.array(signs) for signs in itertools.product([-1.0, 1.0], repeat=dimension)]
    inside = np.random.default_rng(4).uniform(-radius, radius, size=(300, dimension))
    norms = [np.abs(np.linalg.eigvalsh(np.array(hessian(*x), dtype=float))).max() for x in [*corners, *inside]]
    bound = objective.smoothness_on_box(radius)
    # Gershgorin's rows are not all extreme at one eigenvector, so the bound is not attained, but it is not far
    assert 0.6 * bound <= max(norms) <= bound


def test_rosenbrock_smoothness_is_rounded_up() -> None:
    objective = Rosenbrock(dimension=3, scale=0.1)
    for radius in np.random.default_rng(5).random(200):
        exact = Fraction(0.1) * (1200 * Fraction(radius) ** 2 + 1200 * Fraction(radius) + 202)
        bound = objective.smoothness_on_box(float(radius))
        assert exact <= Fraction(bound) <= exact * (1 + Fraction(2, 2**52))
    assert objective.smoothness_on_box(1e200) == math.inf
    with pytest.raises(ValueError, match=r"radius \(R\) must lie in \[0, inf\), got -1"):
        objective.smoothness_on_box(-1.0)


def loss_by_scipy(x: Any, table: Any, classes: int, l2: float) -> tuple[float, Any]:
    """The regularised loss and its gradient, written from the definition with scipy."""
    rows, label = table[:, :-1], table[:, -1]
    if classes == 2:
        margins = label * (rows @ x)
        slopes = -label * scipy.special.expit(-margins)
        return np.mean(np.logaddexp(0, -margins)) + l2 / 2 * x @ x, rows.T @ slopes / len(rows) + l2 * x
    logits = rows @ x.reshape(classes, -1).T
    onehot = label[:, None] == np.arange(classes)
    loss = np.mean(scipy.special.logsumexp(logits, axis=1) - logits[onehot])
    gradient = (scipy.special.softmax(logits, axis=1) - onehot).T @ rows / len(rows)
    return loss + l2 / 2 * x @ x, gradient.ravel() + l2 * x


@pytest.mark.parametrize("dataset", BUNDLED)
def test_logistic_minimum_against_an_independent_solver(dataset: str) -> None:
    objective = Logistic(dataset)
    classes = len(objective.classes)
    with single_thread():
        found = scipy.optimize.minimize(
            loss_by_scipy,
            np.zeros(objective.dim),
            args=(objective.data, classes, objective.l2),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 5000, "maxfun": 10000, "ftol": 1e-15, "gtol": 1e-7},
        )
    slope = np.linalg.norm(found.jac)
    # strong convexity: the other solver is above the minimum by at most |g|^2 / (2 l2), and never below
    assert -1e-13 * found.fun <= found.fun - objective.minimum <= slope**2 / (2 * objective.l2) + 1e-13
    assert slope**2 / (2 * objective.l2) < 1e-8 * found.fun
    np.testing.assert_allclose(found.x, objective.minimiser, atol=2 * slope / objective.l2)
    value, gradient = loss_by_scipy(np.array(objective.minimiser), objective.data, classes, objective.l2)
    assert value == pytest.approx(objective.minimum, rel=1e-13)
    assert gradient @ gradient / (2 * objective.l2) <= 1e-12 * objective.minimum


def test_logistic_minimum_against_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    objective = Logistic("breast_cancer", l2=1e-2)
    rows, label = objective.data[:, :-1], objective.data[:, -1]
    model = LogisticRegression(C=1 / (len(rows) * objective.l2), fit_intercept=False, tol=1e-9, max_iter=10_000)
    x = model.fit(rows, label).coef_[0]
    value, _ = loss_by_scipy(x, objective.data, 2, objective.l2)
    assert value == pytest.approx(objective.minimum, rel=1e-10)
    np.testing.assert_allclose(x, objective.minimiser, rtol=1e-4, atol=1e-5)


def test_a_minimum_that_cannot_be_certified_is_an_error() -> None:
    objective = Logistic("wine", l2=1e-12)
    with pytest.raises(RuntimeError, match=r"certified only to .* for l2 = 1e-12; a larger l2 helps"):
        _ = objective.minimum


def test_least_squares_solution_is_exact() -> None:
    squares = LeastSquares(features=FEATURES, targets=TARGETS)
    a, b = np.array(FEATURES), np.array(TARGETS)
    x = np.linalg.lstsq(a, b, rcond=None)[0]
    residual = a @ x - b
    np.testing.assert_allclose(squares.minimiser, x, rtol=1e-13)
    np.testing.assert_allclose(squares.minimum, np.mean(residual**2) / 2, rtol=1e-13)
    np.testing.assert_allclose(squares.gradient_noise, np.mean(residual**2 * (a**2).sum(axis=1)), rtol=1e-13)
    interpolating = LeastSquares(features=((3.0,), (6.0,)), targets=(1.0, 2.0))
    assert interpolating.minimum == interpolating.gradient_noise == 0.0
    dependent = LeastSquares(features=((1.0, 2.0), (2.0, 4.0), (1.0, 2.0)), targets=(1.0, 2.0, 4.0))
    # the rows are multiples of (1, 2): z (1, 2, 1) against (1, 2, 4) is best at z = 3/2, residuals (1/2, 1, -5/2)
    assert dependent.minimum == 1.25 == evaluated(dependent, np.array(dependent.minimiser)[:, None])[0][0]


def test_least_squares_beyond_double_precision_have_an_infinite_minimum() -> None:
    huge = LeastSquares(features=((1.0,), (-1.0,)), targets=(1e300, 1e300))
    assert (huge.minimum, huge.gradient_noise, huge.minimiser) == (math.inf, math.inf, (0.0,))
    far = LeastSquares(features=((1e-300,),), targets=(-1e300,))
    assert far.minimiser == (-math.inf,)


def selecting(population: int, batch: int) -> LeastSquares:
    """At x = 0 the gradient is -1/b at the samples that were chosen and 0 elsewhere."""
    rows = tuple(tuple(float(i == j) for j in range(population)) for i in range(population))
    return LeastSquares(features=rows, targets=(1.0,) * population, batch=batch)


def test_minibatches_have_no_repetition_and_every_subset_is_equally_likely() -> None:
    population, batch, count = 7, 3, 35_000
    draws = np.random.default_rng(6).random((batch, count))
    _, gradient = evaluated(selecting(population, batch), np.zeros((population, count)), full=False, draws=draws)
    chosen = gradient != 0.0
    assert np.all(chosen.sum(axis=0) == batch)
    np.testing.assert_allclose(gradient[chosen], -1 / batch, rtol=1e-15)
    codes = (chosen * 2 ** np.arange(population)[:, None]).sum(axis=0)
    frequencies = np.unique(codes, return_counts=True)[1]
    assert frequencies.size == math.comb(population, batch)
    assert scipy.stats.chisquare(frequencies).pvalue > 0.01


def test_extreme_draws_stay_within_the_data() -> None:
    for population in (1, 2, 3, 5, 7, 11):
        for batch in range(1, population + 1):
            for u in (0.0, 1.0 - 2.0**-53):
                draws = np.full((batch, 2), u)
                objective = selecting(population, batch)
                _, gradient = evaluated(objective, np.zeros((population, 2)), full=False, draws=draws)
                assert np.all((gradient != 0.0).sum(axis=0) == batch)


@pytest.mark.parametrize("kind", ["least_squares", "binary", "multinomial"])
def test_minibatch_losses_average_to_the_full_loss(kind: str, tmp_path: Path) -> None:
    """Over all outcomes of Floyd's draws, which are equally likely: unbiased, up to rounding."""
    classes = 2 if kind == "binary" else 3
    objective: Any = (
        LeastSquares(features=FEATURES, targets=TARGETS, batch=2)
        if kind == "least_squares"
        else Logistic(small_table(tmp_path / "data.csv", classes), batch=2, l2=0.1)
    )
    n = objective.data.shape[0]
    outcomes = [((i + 0.5) / (n - 1), (j + 0.5) / n) for i in range(n - 1) for j in range(n)]
    x = np.repeat(np.random.default_rng(7).normal(size=(objective.dim, 1)), len(outcomes), axis=1)
    loss, gradient = evaluated(objective, x, full=False, draws=np.array(outcomes).T)
    full_loss, full_gradient = evaluated(objective, x[:, :1])
    np.testing.assert_allclose(loss.mean(), full_loss[0], rtol=1e-13)
    np.testing.assert_allclose(gradient.mean(axis=1), full_gradient[:, 0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("dataset", "batch"), [("breast_cancer", 37), ("iris", 7), ("wine", 178)])
def test_kernels_equal_their_plain_python_twins_on_real_data(dataset: str, batch: int) -> None:
    objective = Logistic(dataset, batch=batch)
    rng = np.random.default_rng(8)
    points = rng.normal(size=(objective.dim, 12)) * 10.0 ** np.linspace(-3, 3, 12)
    points[:, 7:] = [0.0, 1e154, -1e308, math.inf, math.nan]
    points[0, 6] = -math.inf
    draws = rng.random((batch, 12))
    for full in (False, True):
        loss, gradient = evaluated(objective, points, full=full, draws=draws)
        for lane in range(12):
            x = points[:, lane].tolist()
            wanted = (
                naive.full_value_and_gradient(objective, x)
                if full
                else naive.value_and_gradient(objective, x, draws[:, lane].tolist())
            )
            np.testing.assert_array_equal(loss[lane], wanted[0])
            np.testing.assert_array_equal(gradient[:, lane], wanted[1])


def test_lanes_and_chunks_change_no_bit_of_a_minibatch_run() -> None:
    run = Run(objective=Logistic("iris", batch=5), scheduler=Constant(), lr0=0.1, steps=30)
    runs = [dataclasses.replace(run, replicate=r) for r in range(9)]
    whole = simulate(runs, stride=10)
    for other in (simulate(runs, stride=10, lanes=2, chunk=7), simulate(runs, stride=10, threads=2)):
        for name in ("loss", "full_loss", "x_end", "end_loss"):
            np.testing.assert_array_equal(getattr(other, name), getattr(whole, name))
    assert np.all(whole.loss[:, 1:] != whole.full_loss[:, 1:])
    assert len(set(whole.end_loss)) == 9


def test_features_are_standardised_and_constant_columns_dropped(tmp_path: Path) -> None:
    rows = [(1, 5, 0.5, "no"), (2, 5, 1.5, "yes"), (4, 5, 0.0, "yes"), (9, 5, 7.0, "no")]
    objective = Logistic(write_csv(tmp_path / "data.csv", rows, "a,constant,b,label"))
    assert objective.data.shape == (4, 4)
    assert objective.dim == 3
    assert objective.classes == ("no", "yes")
    np.testing.assert_allclose(objective.data[:, :2].mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(objective.data[:, :2].std(axis=0), 1.0, rtol=1e-15)
    np.testing.assert_array_equal(objective.data[:, 2:], [[1, -1], [1, 1], [1, 1], [1, -1]])


def test_a_csv_file_equals_the_bundled_data_it_was_written_from(tmp_path: Path) -> None:
    from sklearn.datasets import load_iris

    features, labels = load_iris(return_X_y=True)
    names = ["setosa", "versicolor", "virginica"]
    rows = [[names[label], *row] for row, label in zip(features.tolist(), labels.tolist(), strict=True)]
    path = write_csv(tmp_path / "flowers.csv", rows, "species,a,b,c,d")
    ours, bundled = Logistic(path, target="species"), Logistic("iris")
    assert ours.data_digest == bundled.data_digest
    assert ours.minimum == bundled.minimum
    assert ours.classes == tuple(names)


def test_the_specification_follows_the_content_of_a_csv_file(tmp_path: Path) -> None:
    path = Path(small_table(tmp_path / "data.csv", 2))
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "data.csv"
    copy.write_text(path.read_text())
    first = Logistic(str(path))
    assert Logistic(str(copy)).specification() == first.specification()
    assert str(tmp_path) not in str(first.specification())
    path.write_text(path.read_text() + "0.125,0.5,class 1\n")
    changed = Logistic(str(path))
    assert changed.data.shape[0] == first.data.shape[0] + 1
    assert changed.specification() != first.specification()
    assert Logistic("iris").specification()["data_digest"] == Logistic("iris", l2=0.1).data_digest


GOOD = [(1, 2, "x"), (3, 5, "y"), (2, 2, "x")]


@pytest.mark.parametrize(
    ("header", "rows", "options", "message"),
    [
        ("a,b,label", GOOD, {"target": "c"}, r"has no column 'c' \(target\); its columns are: a, b, label$"),
        ("a,b,label", [*GOOD, ("", 1, "y")], {}, "has 1 missing values in column 'a', the first in row 4$"),
        ("a,b,label", [*GOOD, (1, 1, "")], {}, "has 1 missing values in column 'label', the first in row 4$"),
        ("a,b,label", [*GOOD, (1, "inf", "y")], {}, "has values that are not finite in column 'b'$"),
        ("a,b,label", [(1, 2, "x"), (3, "red", "y")], {}, "a feature that is not numeric: column 'b' holds String$"),
        ("a,b,label", [(1, 2, "x"), (3, 5, "x")], {}, "must have at least two classes, got the single label 'x'$"),
        ("a,b,label", [(1, 2, "x"), (1, 2, "y")], {}, "must have at least one feature that varies, got only constant"),
        ("a,b,label", [], {}, "at least one row, and at least one column beside the label, got 0 rows and 3 columns$"),
        ("label", [("x",), ("y",)], {}, "at least one column beside the label, got 2 rows and 1 columns$"),
        ("a,b,label", [(1, 2, "x"), (3, 5, "y", 7)], {}, "could not be read as a CSV file: "),
        ("a,b,label", [(1e200, 2, "x"), (-1e200, 5, "y")], {}, "has a feature whose spread is too large or too small"),
        ("a,b,label", [(1e-200, 2, "x"), (2e-200, 5, "y")], {}, "has a feature whose spread is too large or too small"),
        ("a,b,label", GOOD, {"batch": 4}, r"Logistic.batch \(b\) must not exceed the number of samples, 3, got 4$"),
    ],
)
def test_unusable_data_is_refused_in_one_sentence(
    header: str, rows: list[Any], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "data.csv", rows, header)
    with pytest.raises(ValueError, match=message) as caught:
        Logistic(path, **options)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_misplaced_target_are_refused() -> None:
    with pytest.raises(ValueError, match="must be one of breast_cancer, iris, wine, digits or the path of an existing"):
        Logistic("no such file.csv")
    with pytest.raises(
        ValueError, match=r"Logistic.target must be None for the bundled data set 'iris', got 'species'$"
    ):
        Logistic("iris", target="species")


def test_missing_scikit_learn_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    _tables._bundled.cache_clear()
    with pytest.raises(ValueError, match=r"not installed: pip install 'greedylr-theory\[data\]'$"):
        Logistic("wine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": ((1.0, 2.0), (3.0,))}, r"features \(A\) must have rows of one length, got lengths \[1, 2\]$"),
        ({"features": ((1.0, 2.0), (3.0, math.nan))}, r"features \(A\) must consist of .* finite numbers"),
        ({"features": ((1.0, 2.0), ("x", 1.0))}, r"features \(A\) must consist of .* finite numbers"),
        ({"features": ()}, r"features \(A\) must be a non-empty sequence of rows of numbers, got \(\)$"),
        ({"features": (1.0, 2.0)}, r"features \(A\) must consist of"),
        ({"features": 3.0}, r"features \(A\) must be a non-empty sequence"),
        ({"targets": (1.0,)}, r"targets \(b\) must have one number per row of features \(A\), 2, got 1$"),
        ({"targets": (1.0, math.inf)}, r"targets \(b\) must consist of .* finite numbers"),
        ({"batch": 3}, r"batch \(b\) must not exceed the number of samples, 2, got 3$"),
        ({"batch": 0}, r"batch \(b\) must be an integer in \[1, inf\), got 0$"),
    ],
)
def test_unusable_least_squares_are_refused(options: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"features": ((1.0, 2.0), (3.0, 4.0)), "targets": (1.0, 2.0)}
    with pytest.raises(ValueError, match=message):
        LeastSquares(**usual | options)


@pytest.mark.parametrize("objective", [Logistic("iris", batch=4), LeastSquares(features=FEATURES, targets=TARGETS)])
def test_pickling_drops_what_can_be_computed_again(objective: Any) -> None:
    wanted = (objective.minimum, objective.smoothness, objective.data_digest)
    fields = {entry.name for entry in dataclasses.fields(objective)}
    assert set(objective.__dict__) > fields
    copy = pickle.loads(pickle.dumps(objective))
    assert set(copy.__dict__) == fields
    assert copy == objective
    assert hash(copy) == hash(objective)
    assert (copy.minimum, copy.smoothness, copy.data_digest) == wanted
