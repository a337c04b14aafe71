"""Expression's twin: the canonical text read by Python's own parser, then value and slopes with Python floats.

Rules that both sides follow, so that the bits agree: equal subexpressions are one node, numbered when first met, from
left to right; + - * / and whole powers of numbers alone are numbers; a factor 1 is dropped; slopes go from the last
node to the first, to the left operand first, only where a coordinate is behind it.
"""

from __future__ import annotations

import ast
import math
from typing import Any

from tests.naive.elementary import ROUNDER, divided, exp, log, sine_cosine_turn

TURN = tuple(4.0 * part for part in (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21))


def value_and_gradient(text: str, x: list[float]) -> tuple[float, list[float]]:
    """f and its gradient at x."""
    nodes = Nodes(x)
    root = nodes.read(ast.parse(text, mode="eval").body, {})
    slopes: dict[int, float] = {root: 1.0}
    for node in range(root, -1, -1):
        if node in slopes and nodes.varying[node]:
            for operand, slope in nodes.passed_on(node, slopes[node]):
                if nodes.varying[operand]:
                    slopes[operand] = slopes[operand] + slope if operand in slopes else slope
    gradient = [0.0] * len(x)
    for node, slope in slopes.items():
        if nodes.keys[node][0] == "x":
            gradient[nodes.keys[node][1]] = slope
    return nodes.values[root], gradient


class Nodes:
    def __init__(self, x: list[float]) -> None:
        self.x = x
        self.keys: list[tuple[Any, ...]] = []
        self.values: list[float] = []
        self.varying: list[bool] = []
        self.known: dict[tuple[Any, ...], int] = {}

    def add(self, key: tuple[Any, ...], value: float, varying: bool) -> int:
        if key not in self.known:
            self.known[key] = len(self.keys)
            self.keys.append(key)
            self.values.append(value)
            self.varying.append(varying)
        return self.known[key]

    def number(self, value: float) -> int:
        return self.add(("number", value, math.copysign(1.0, value)), value, False)

    def is_number(self, node: int) -> bool:
        return self.keys[node][0] == "number"

    def apply(self, name: str, *operands: int) -> int:
        value = OPERATIONS[name](*[self.values[node] for node in operands])
        if name in "+-*/" and all(self.is_number(node) for node in operands):
            return self.number(value)
        if name == "*":
            for node, other in (operands, operands[::-1]):
                if self.is_number(node) and self.values[node] == 1.0:
                    return other
        return self.add((name, *operands), value, any(self.varying[node] for node in operands))

    def read(self, node: Any, indices: dict[str, int]) -> int:
        match node:
            case ast.Constant(int() | float() as value):
                return self.number(float(value))
            case ast.Name(name):
                return self.number(float(indices[name])) if name in indices else self.coordinate(int(name[1:]))
            case ast.Subscript(_, index):
                return self.coordinate(whole(index, indices))
            case ast.UnaryOp(_, operand):
                return self.apply("*", self.read(operand, indices), self.number(-1.0))
            case ast.BinOp(left, ast.Pow(), right):
                return self.power(self.read(left, indices), self.read(right, indices))
            case ast.BinOp(left, sign, right):
                a = self.read(left, indices)
                name = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(sign)]
                return self.apply(name, a, self.read(right, indices))
            case ast.Call(ast.Name("sum"), [body, ast.Name(index), low, high]):
                total = -1
                for i in range(whole(low, indices), whole(high, indices) + 1):
                    term = self.read(body, {**indices, index: i})
                    total = term if total < 0 else self.apply("+", total, term)
                return total
            case ast.Call(ast.Name(name), arguments):
                found = self.read(arguments[0], indices)
                if len(arguments) == 1:
                    return self.apply(name, found)
                for argument in arguments[1:]:
                    found = self.apply(name, found, self.read(argument, indices))
                return found
            case _:
                raise AssertionError(ast.dump(node))

    def coordinate(self, i: int) -> int:
        return self.add(("x", i), self.x[i], True)

    def power(self, base: int, exponent: int) -> int:
        a, c = self.values[base], self.values[exponent]
        if not self.is_number(exponent):
            return self.apply("raise", base, exponent)
        if c == 0.0:
            return self.number(1.0)
        if c == 1.0:
            return base
        if c == 0.5:
            return self.apply("sqrt", base)
        if self.is_number(base) and c.is_integer():
            return self.number(fixed_power(a, c))
        return self.add(("power", base, c), fixed_power(a, c), self.varying[base])

    def passed_on(self, node: int, slope: float) -> list[tuple[int, float]]:
        name, *operands = self.keys[node]
        v = self.values[node]
        a = self.values[operands[0]] if name not in ("x", "number") else 0.0
        b = self.values[operands[1]] if len(operands) == 2 and name != "power" else 0.0
        slopes: list[float] = {
            "x": list,
            "+": lambda: [slope, slope],
            "-": lambda: [slope, -slope],
            "*": lambda: [slope * b, slope * a],
            "/": lambda: [divided(slope, b), -(divided(slope, b) * v)],
            "power": lambda: [slope * (operands[1] * fixed_power(a, operands[1] - 1.0))],
            "raise": lambda: [slope * (b * exp((b - 1.0) * log(a))), slope * (v * log(a))],
            "min": lambda: [slope * (1.0 if a <= b else 0.0), slope * (0.0 if a <= b else 1.0)],
            "max": lambda: [slope * (1.0 if b <= a else 0.0), slope * (0.0 if b <= a else 1.0)],
            "exp": lambda: [slope * v],
            "log": lambda: [divided(slope, a)],
            "sqrt": lambda: [slope * divided(0.5, v)],
            "sin": lambda: [slope * cos(a)],
            "cos": lambda: [-(slope * sin(a))],
            "tan": lambda: [slope * (v * v + 1.0)],
            "sinh": lambda: [slope * cosh(a)],
            "cosh": lambda: [slope * (tanh(a) * cosh(a))],
            "tanh": lambda: [slope * tanh_slope(a)],
            "abs": lambda: [slope * (1.0 if a > 0.0 else -1.0 if a < 0.0 else a)],
        }[name]()
        return list(zip(operands, slopes, strict=False))


def whole(node: Any, indices: dict[str, int]) -> int:
    match node:
        case ast.Constant(int() as value):
            return value
        case ast.Name(name):
            return indices[name]
        case ast.UnaryOp(_, operand):
            return -whole(operand, indices)
        case ast.BinOp(left, sign, right):
            a, b = whole(left, indices), whole(right, indices)
            return a + b if isinstance(sign, ast.Add) else a - b if isinstance(sign, ast.Sub) else a * b
        case _:
            raise AssertionError(ast.dump(node))


def fixed_power(a: float, c: float) -> float:
    if c in (0.0, 1.0):
        return 1.0 if c == 0.0 else a
    if c == 0.5:
        return root(a)
    if not c.is_integer():
        return exp(c * log(a))
    found = 1.0
    for digit in bin(int(abs(c)))[2:]:  # from the leading binary digit: square, then times a
        found = found * found
        found = found * a if digit == "1" else found
    return found if c > 0 else divided(1.0, found)


def root(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else math.nan


def sine_cosine(angle: float) -> tuple[float, float]:
    if not abs(angle) <= 2.0**30:
        return math.nan, math.nan
    turns = (angle * 0.15915494309189535 + ROUNDER) - ROUNDER
    rest = ((angle - turns * TURN[0]) - turns * TURN[1]) - turns * TURN[2]
    return sine_cosine_turn(rest * 0.15915494309189535)


def sin(a: float) -> float:
    return sine_cosine(a)[0]


def cos(a: float) -> float:
    return sine_cosine(a)[1]


def tanh(a: float) -> float:
    if abs(a) <= 0.35:
        z = a * a
        above = 135135.0 + z * (17325.0 + z * (378.0 + z))
        return a * above / (135135.0 + z * (62370.0 + z * (3150.0 + z * 28.0)))
    e = exp(-2.0 * abs(a))
    far = (1.0 - e) / (1.0 + e)
    return far if a > 0.0 else -far


def tanh_slope(a: float) -> float:
    e = exp(abs(a) * -2.0)
    return divided(e * 4.0, (e + 1.0) * (e + 1.0))


def cosh(a: float) -> float:
    return (exp(a) + exp(-a)) * 0.5


def least(a: float, b: float) -> float:
    return a if a <= b or math.isnan(a) else b


def greatest(a: float, b: float) -> float:
    return a if a >= b or math.isnan(a) else b


OPERATIONS: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": divided,
    "raise": lambda a, b: exp(b * log(a)),
    "min": least,
    "max": greatest,
    "exp": exp,
    "log": log,
    "sqrt": root,
    "sin": sin,
    "cos": cos,
    "tan": lambda a: divided(sin(a), cos(a)),
    "sinh": lambda a: tanh(a) * cosh(a),
    "cosh": cosh,
    "tanh": tanh,
    "abs": abs,
}
