"""A multilayer perceptron with lists and floats, one sample after the other, and the data of the robustness study."""

from __future__ import annotations

import math
from typing import Any

from tests.naive import draws, elementary

#: the logistic loss takes one logarithm of a product of this many factors
FACTORS = 8

Matrix = list[list[float]]


def expm1_of_at_most_zero(x: float) -> float:
    """e^x - 1 for -60 <= x <= 0: the polynomial of fdlibm's e_exp.c, with the 1 left out until the end."""
    shifted = x * elementary.LOG2_E + elementary.ROUNDER
    whole = shifted - elementary.ROUNDER
    exponent = elementary.low_integer(shifted)
    high = x - whole * elementary.LN2_HIGH
    low = whole * elementary.LN2_LOW
    r = high - low
    square = r * r
    tail = 4.13813679705723846039e-08
    tail = -1.65339022054652515390e-06 + square * tail
    tail = 6.61375632143793436117e-05 + square * tail
    tail = -2.77777777770155933842e-03 + square * tail
    tail = 1.66666666666666019037e-01 + square * tail
    c = r - square * tail
    rest = high - (low - (r * c) / (2.0 - c))
    scale = math.ldexp(1.0, exponent)
    return scale * rest + (scale - 1.0)


def tanh(x: float) -> float:
    """-u / (2 + u) with u = exp(-2 |x|) - 1, and the sign of x."""
    if math.isnan(x):
        return math.nan
    u = expm1_of_at_most_zero(max(-2.0 * abs(x), -60.0))
    return math.copysign(-u / (2.0 + u), x)


def relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


def layers_of(objective: Any, x: list[float]) -> list[tuple[Matrix, list[float]]]:
    """Weights (outputs, inputs) and biases of every layer."""
    rest, found = list(x), []
    width = len(objective.data[0]) - 1
    for outputs in [*(int(value) for value in objective.hidden), 1]:
        weights = [[rest.pop(0) for _ in range(width)] for _ in range(outputs)]
        found.append((weights, [rest.pop(0) for _ in range(outputs)]))
        width = outputs
    assert not rest
    return found


def perceptron(objective: Any, x: list[float], sample: Matrix | None) -> tuple[float, list[float]]:
    """Mean loss and its gradient by backpropagation."""
    rows: Matrix = objective.data.tolist() if sample is None else sample
    layers = layers_of(objective, x)
    slopes = [([[0.0] * len(line) for line in weights], [0.0] * len(biases)) for weights, biases in layers]
    loss, product = 0.0, 0.0
    for number, row in enumerate(rows, start=1):
        units = activations(objective, layers, row[:-1])
        [output], target = units[-1], row[-1]
        if objective.loss == "squared":
            residual = output - target
            loss += residual * residual
            above = [2.0 * residual]
        else:
            margin = target * output
            e = elementary.exp(-abs(margin))
            loss += -margin if margin < 0.0 else 0.0
            product = product + (e + product * e)
            above = [-target * ((1.0 if margin < 0.0 else e) / (1.0 + e))]
            if number % FACTORS == 0 or number == len(rows):
                whole = 1.0 + product
                loss += elementary.log(whole) + (product - (whole - 1.0)) / whole
                product = 0.0
        for layer in reversed(range(len(layers))):
            below = units[layer]
            for o, slope in enumerate(above):
                for i, unit in enumerate(below):
                    slopes[layer][0][o][i] += slope * unit
                slopes[layer][1][o] += slope
            if layer:
                above = [bend(objective, unit, i, layers[layer][0], above) for i, unit in enumerate(below)]
    gradient = [slope / len(rows) for weights, biases in slopes for line in [*weights, biases] for slope in line]
    return loss / len(rows), gradient


def activations(objective: Any, layers: list[tuple[Matrix, list[float]]], inputs: list[float]) -> Matrix:
    """What every layer gives, the inputs first; the last one is linear."""
    units = [inputs]
    for number, (weights, biases) in enumerate(layers, start=1):
        found: list[float] = []
        for line, bias in zip(weights, biases, strict=True):
            z = bias
            for weight, unit in zip(line, units[-1], strict=True):
                z += weight * unit
            found.append(z if number == len(layers) else tanh(z) if objective.activation == "tanh" else relu(z))
        units.append(found)
    return units


def bend(objective: Any, unit: float, i: int, weights: Matrix, above: list[float]) -> float:
    """Slope of the loss in the pre-activation of hidden unit i, from the slopes of the layer above."""
    total = 0.0
    for line, slope in zip(weights, above, strict=True):
        total += line[i] * slope
    if objective.activation == "tanh":
        return total * (1.0 - unit * unit)
    return 0.0 if unit <= 0.0 else total


def study_rows(seed: int, samples: int, inputs: int) -> Matrix:
    """N(0, I), and 1 if the squares of the first half of a row sum above those of the last half, else 0."""
    rows: Matrix = []
    for i in range(samples):
        x = draws.normals(seed, i, draws.DATA, 0, inputs)
        half = inputs // 2
        first, last = math.fsum(z * z for z in x[:half]), math.fsum(z * z for z in x[-half:])
        rows.append([*x, 1.0 if first > last else 0.0])
    return rows


TWINS = {"Perceptron": perceptron}
