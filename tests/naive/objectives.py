"""Plain-Python twins of the objectives: the same sums in the same order, with lists and floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.naive import expressions, landscapes, perceptron
from tests.naive.elementary import divided, exp, log

#: the binary logistic loss takes one logarithm of a product of this many factors
FACTORS = 16

Result = tuple[float, list[float]]


def value_and_gradient(objective: Any, x: Sequence[float], draws: Sequence[float] = ()) -> Result:
    """Loss and gradient that a run sees at x; draws are the uniforms of the step, for objectives that sample."""
    rows: Any = None
    if type(objective).__name__ in landscapes.DRAWN:
        rows = draws
    elif objective.sampled:
        rows = chosen_rows(objective.data.tolist(), objective.batch, draws)
    return TWINS[type(objective).__name__](objective, list(x), rows)


def value_and_gradient_of(objective: Any, x: Sequence[float], rows: list[list[float]]) -> Result:
    """Loss and gradient of a sample that is given, labels included."""
    return TWINS[type(objective).__name__](objective, list(x), rows)


def full_value_and_gradient(objective: Any, x: Sequence[float]) -> Result:
    """Loss and gradient of the whole objective."""
    return TWINS[type(objective).__name__](objective, list(x), None)


def chosen_indices(population: int, count: int, draws: Sequence[float]) -> list[int]:
    """Floyd's choice of `count` different indices below `population`."""
    chosen: list[int] = []
    for u, last in zip(draws, range(population - count, population), strict=False):
        k = int(u * float(last + 1))
        chosen.append(last if k in chosen else k)
    return chosen


def chosen_rows(table: list[list[float]], count: int, draws: Sequence[float]) -> list[list[float]]:
    return [table[i] for i in chosen_indices(len(table), count, draws)]


def quadratic(objective: Any, x: list[float], rows: None) -> Result:
    loss, gradient = 0.0, []
    for h, c, z in zip(objective.eigenvalues, objective.target, x, strict=True):
        offset = z - c
        slope = h * offset
        gradient.append(slope)
        loss += 0.5 * slope * offset
    return loss, gradient


def rosenbrock(objective: Any, x: list[float], rows: None) -> Result:
    s, loss, gradient = objective.scale, 0.0, [0.0] * len(x)
    for i in range(len(x) - 1):
        bend = x[i + 1] - x[i] * x[i]
        rest = 1.0 - x[i]
        loss += s * (100.0 * bend * bend + rest * rest)
        gradient[i] -= s * (400.0 * bend * x[i] + 2.0 * rest)
        gradient[i + 1] = s * (200.0 * bend)
    return loss, gradient


def huber(objective: Any, x: list[float], rows: None) -> Result:
    radius, curvature, loss, gradient = objective.radius, objective.curvature, 0.0, []
    for z in x:
        if abs(z) <= radius:
            loss += 0.5 * (curvature * z) * z
            gradient.append(curvature * z)
        else:
            outer = curvature * radius
            loss += outer * (abs(z) - 0.5 * radius)
            gradient.append(outer if z > 0.0 else -outer)
    return loss, gradient


def expression(objective: Any, x: list[float], rows: None) -> Result:
    return expressions.value_and_gradient(objective.text, x)


def least_squares(objective: Any, x: list[float], sample: list[list[float]] | None) -> Result:
    rows: list[list[float]] = objective.data.tolist() if sample is None else sample
    loss, gradient = 0.0, [0.0] * len(x)
    for row in rows:
        residual = inner(row[:-1], x) - row[-1]
        loss += 0.5 * residual * residual
        add_multiple(gradient, row[:-1], residual)
    return loss / len(rows), [slope / len(rows) for slope in gradient]


def logistic(objective: Any, x: list[float], sample: list[list[float]] | None) -> Result:
    rows: list[list[float]] = objective.data.tolist() if sample is None else sample
    sums = binary_sums if len(objective.classes) == 2 else multinomial_sums
    loss, gradient = sums(rows, x)
    loss /= len(rows)
    for i, z in enumerate(x):
        slope = objective.l2 * z
        gradient[i] = gradient[i] / len(rows) + slope
        loss += 0.5 * slope * z
    return loss, gradient


def binary_sums(rows: list[list[float]], x: list[float]) -> Result:
    """sum_i log(1 + exp(-m_i)), m_i = y_i a_i.x: the linear parts one by one, the rest from products of 16 factors."""
    loss, gradient, product = 0.0, [0.0] * len(x), 0.0
    for count, row in enumerate(rows, start=1):
        label = row[-1]
        m = label * inner(row[:-1], x)
        e = exp(-abs(m))
        loss += -m if m < 0.0 else 0.0
        product = product + (e + product * e)
        add_multiple(gradient, row[:-1], -label * ((1.0 if m < 0.0 else e) / (1.0 + e)))
        if count % FACTORS == 0 or count == len(rows):
            whole = 1.0 + product
            loss += log(whole) + (product - (whole - 1.0)) / whole
            product = 0.0
    return loss, gradient


def multinomial_sums(rows: list[list[float]], x: list[float]) -> Result:
    """sum_i [log sum_k exp z_ik - z_iy], z_ik = a_i.x_k."""
    width = len(rows[0]) - 1
    loss, gradient = 0.0, [[0.0] * width for _ in range(len(x) // width)]
    for row in rows:
        features, label = row[:-1], row[-1]
        logits = [inner(features, x[k * width : (k + 1) * width]) for k in range(len(gradient))]
        top = logits[0]
        for z in logits[1:]:
            top = z if z > top else top
        total, odds = 0.0, []
        for k, z in enumerate(logits):
            gap = z - top
            loss -= gap if label == k else 0.0
            odds.append(exp(gap))
            total += odds[k]
        loss += log(total)
        inverse = divided(1.0, total)
        for k, e in enumerate(odds):
            add_multiple(gradient[k], features, e * inverse - (1.0 if label == k else 0.0))
    return loss, [slope for part in gradient for slope in part]


def inner(a: list[float], x: list[float]) -> float:
    total = 0.0
    for factor, z in zip(a, x, strict=True):
        total += factor * z
    return total


def add_multiple(gradient: list[float], a: list[float], slope: float) -> None:
    for i, factor in enumerate(a):
        gradient[i] += factor * slope


TWINS = {
    **landscapes.TWINS,
    "Expression": expression,
    "Quadratic": quadratic,
    "Rosenbrock": rosenbrock,
    "Huber": huber,
    "LeastSquares": least_squares,
    "Logistic": logistic,
    **perceptron.TWINS,
}
