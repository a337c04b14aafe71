"""Tree -> graph in which equal subexpressions are one node, and the gradient by reverse differentiation.

Every node has a higher number than its operands. Operations of numbers alone are done here, in float64, as the
kernel would; anything that could change a bit (re-association, 0 * a = 0) is left alone. The gradient is exact
differentiation, node by node from the last to the first, and costs a few times what the function does.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from greedylr_theory.expressions.tree import Call, Chain, Coordinate, Index, Negation, Number, Power, Sum, Tree

#: nodes that an expression may visit when its sums are spelled out, and the exponents it may have
MOST_NODES, LARGEST_EXPONENT = 50_000, 100

_FOLDED: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}
_NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "min": "minimum", "max": "maximum"}


class Node(NamedTuple):
    """An operation on earlier nodes; `number` is the value of a constant, or a fixed exponent."""

    operation: str
    left: int = -1
    right: int = -1
    number: float = 0.0


class Graph:
    """Nodes, each different from every other."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[tuple[str, int, int, str], int] = {}

    def add_node(self, operation: str, left: int = -1, right: int = -1, number: float = 0.0) -> int:
        key = (operation, left, right, number.hex())  # which tells 0.0 from -0.0
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(Node(operation, left, right, number))
        return self._known[key]

    def number(self, value: float) -> int:
        return self.add_node("number", number=value)

    def value(self, node: int) -> float | None:
        """The number that a node is, if it is one."""
        return self.nodes[node].number if self.nodes[node].operation == "number" else None

    def apply(self, operation: str, left: int, right: int = -1) -> int:
        """One operation on one or two nodes; products with 1 are the other factor."""
        a, b = self.value(left), self.value(right) if right >= 0 else None
        if operation == "negate":
            return self.apply("multiply", left, self.number(-1.0))
        if operation in _FOLDED and a is not None and b is not None:
            with np.errstate(all="ignore"):
                return self.number(float(_FOLDED[operation](np.float64(a), np.float64(b))))
        if operation == "multiply" and 1.0 in (a, b):
            return right if a == 1.0 else left
        return self.add_node(operation, left, right)

    def power(self, base: int, exponent: float) -> int:
        """base ** fixed number."""
        if exponent in (0.0, 1.0):
            return self.number(1.0) if exponent == 0.0 else base
        if exponent == 0.5:
            return self.apply("sqrt", base)
        value = self.value(base)
        if value is not None and exponent.is_integer():
            with np.errstate(all="ignore"):
                folded = whole_power(np.float64(value), int(abs(exponent)), operator.mul)
                return self.number(float(folded if exponent > 0 else np.float64(1.0) / folded))
        return self.add_node("power", base, number=exponent)


def whole_power(base, exponent, multiply):  # any type that `multiply` takes
    """base ** n for n >= 1 by squaring: n = 2 k is the square of k, n = 2 k + 1 that times the base."""
    if exponent == 1:
        return base
    half = whole_power(base, exponent // 2, multiply)
    square = multiply(half, half)
    return multiply(square, base) if exponent % 2 else square


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.visited = graph, 0

    def node(self, tree: Tree, indices: dict[str, int]) -> int:
        self.visited += 1
        if self.visited > MOST_NODES:
            raise ValueError(f"Expression.text must have at most {MOST_NODES} operations with its sums spelled out")
        graph = self.graph
        match tree:
            case Number(value):
                return graph.number(value)
            case Index(name):
                return graph.number(float(indices[name]))
            case Coordinate(index):
                return graph.add_node("coordinate", index.at(indices))
            case Negation(operand):
                return graph.apply("negate", self.node(operand, indices))
            case Power(base, exponent):
                return self.power(self.node(base, indices), self.node(exponent, indices))
            case Sum(body, index, low, high):
                total = self.node(body, {**indices, index: low})
                for i in range(low + 1, high + 1):
                    total = graph.apply("add", total, self.node(body, {**indices, index: i}))
                return total
            case Chain(operators, parts):
                names, arguments = [_NAMES[sign] for sign in operators], parts
            case Call(name, arguments):
                if len(arguments) == 1:
                    return graph.apply(name, self.node(arguments[0], indices))
                names = [_NAMES[name]] * (len(arguments) - 1)
        found = self.node(arguments[0], indices)
        for name, argument in zip(names, arguments[1:], strict=True):
            found = graph.apply(name, found, self.node(argument, indices))
        return found

    def power(self, base: int, exponent: int) -> int:
        fixed = self.graph.value(exponent)
        if fixed is None:
            return self.graph.apply("raise", base, exponent)
        if not abs(fixed) <= LARGEST_EXPONENT:
            raise ValueError(
                f"Expression.text must have exponents between -{LARGEST_EXPONENT} and {LARGEST_EXPONENT}, got {fixed!r}"
            )
        return self.graph.power(base, fixed)


def built(tree: Tree) -> tuple[Graph, int]:
    """The graph of an expression, and the node that is its value.

    Raises:
        ValueError: too many operations, an exponent that is too large, or a number that is not finite.
    """
    graph = Graph()
    root = _Builder(graph).node(tree, {})
    for node in graph.nodes:
        if node.operation == "number" and not math.isfinite(node.number):
            raise ValueError(
                f"Expression.text must be made of finite numbers, got operations of numbers that give {node.number!r}"
            )
    return graph, root


def gradient(graph: Graph, root: int) -> dict[int, int]:
    """{i: node of df/dx_i} for every coordinate that the root depends on; nodes are added to the graph.

    The slope of the root is 1. From the last node to the first, each passes its slope on to its operands, the left one
    first; what reaches a node is added up in that order.
    """
    varying = _varying(graph, root)
    slopes = {root: graph.number(1.0)}
    for node in range(root, -1, -1):
        if node not in slopes or not varying[node]:
            continue
        for operand, contribution in _passed_on(graph, node, slopes[node], varying):
            known = slopes.get(operand)
            slopes[operand] = contribution if known is None else graph.apply("add", known, contribution)
    return {
        graph.nodes[node].left: slope for node, slope in slopes.items() if graph.nodes[node].operation == "coordinate"
    }


def _varying(graph: Graph, root: int) -> list[bool]:
    """Whether each node depends on a coordinate."""
    found: list[bool] = []
    for operation, left, right, _ in graph.nodes[: root + 1]:
        leaf = operation in ("coordinate", "number")
        found.append(operation == "coordinate" or (not leaf and (found[left] or (right >= 0 and found[right]))))
    return found


def _passed_on(graph: Graph, node: int, slope: int, varying: list[bool]) -> list[tuple[int, int]]:
    """(operand, slope times the derivative with respect to it), the left operand first."""
    apply, number = graph.apply, graph.number
    operation, a, b, exponent = graph.nodes[node]

    def times(derivative: int) -> int:
        return apply("multiply", slope, derivative)

    match operation:
        case "coordinate":
            return []
        case "add":
            rules: list[Callable[[], int]] = [lambda: slope, lambda: slope]
        case "subtract":
            rules = [lambda: slope, lambda: apply("negate", slope)]
        case "multiply":
            rules = [lambda: times(b), lambda: times(a)]
        case "divide":
            rules = [
                lambda: apply("divide", slope, b),
                lambda: apply("negate", apply("multiply", apply("divide", slope, b), node)),
            ]
        case "power":
            rules = [lambda: times(apply("multiply", number(exponent), graph.power(a, exponent - 1.0)))]
        case "raise":
            rules = [
                lambda: times(apply("multiply", b, apply("raise", a, apply("add", b, number(-1.0))))),
                lambda: times(apply("multiply", node, apply("log", a))),
            ]
        case "minimum" | "maximum":
            first, second = (a, b) if operation == "minimum" else (b, a)
            pick = apply("not_above", first, second)  # a tie counts for the left operand
            rules = [lambda: times(pick), lambda: times(apply("subtract", number(1.0), pick))]
        case "exp":
            rules = [lambda: times(node)]
        case "log":
            rules = [lambda: apply("divide", slope, a)]
        case "sqrt":
            rules = [lambda: times(apply("divide", number(0.5), node))]
        case "sin":
            rules = [lambda: times(apply("cos", a))]
        case "cos":
            rules = [lambda: apply("negate", times(apply("sin", a)))]
        case "tan":
            rules = [lambda: times(apply("add", apply("multiply", node, node), number(1.0)))]
        case "sinh":
            rules = [lambda: times(apply("cosh", a))]
        case "cosh":
            rules = [lambda: times(apply("sinh", a))]
        case "tanh":
            rules = [lambda: times(apply("tanh_slope", a))]
        case "abs":
            rules = [lambda: times(apply("sign", a))]
        case _:
            raise AssertionError(operation)
    return [(operand, rule()) for operand, rule in zip((a, b), rules, strict=False) if varying[operand]]
