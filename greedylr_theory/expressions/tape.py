"""Graph -> table of numbers: one line per operation, which the kernel of `Expression` carries out lane by lane.

The rows are those of the workspace, the coordinates first. The last d + 1 lines name the rows of gradient and loss.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from greedylr_theory.expressions.graph import Graph, Node, gradient, whole_power

#: operations of the kernel, with the numbers that stand for them
OPERATIONS = (
    "add", "multiply", "multiply_number", "add_number", "subtract", "number_minus", "divide", "divide_number",
    "number_over", "fill", "exp", "log", "sqrt", "sin", "cos", "tanh", "abs", "sign", "minimum", "maximum",
    "not_above",
)  # fmt: skip
#: lines of a table at most
LONGEST_TABLE = 50_000

#: what takes the place of an operation when one of its operands is a number: (number on the left, on the right)
_WITH_NUMBER = {
    "add": ("add_number", "add_number"),
    "multiply": ("multiply_number", "multiply_number"),
    "subtract": ("number_minus", "add_number"),
    "divide": ("number_over", "divide_number"),
}


class _Lowered:
    """The same graph in operations of the kernel, with as many of them shared as possible."""

    def __init__(self, graph: Graph) -> None:
        self.source, self.graph = graph, Graph()
        self.found: dict[int, int] = {}

    def node(self, node: int) -> int:
        return self.found[node]

    def carry_over(self, needed: list[int]) -> None:
        for node in needed:
            self.found[node] = self._one(self.source.nodes[node])

    def _one(self, node: Node) -> int:
        operation, left, right, number = node
        apply, constant = self.apply, self.graph.number
        if operation in ("number", "coordinate"):
            return self.graph.add_node(operation, left, -1, number)
        a = self.found[left]
        b = self.found[right] if right >= 0 else -1
        match operation:
            case "power" if number.is_integer():
                raised = whole_power(a, int(abs(number)), lambda x, y: apply("multiply", x, y))
                return raised if number > 0 else apply("divide", constant(1.0), raised)
            case "power":
                return apply("exp", apply("multiply", constant(number), apply("log", a)))
            case "raise":
                return apply("exp", apply("multiply", b, apply("log", a)))
            case "tan":
                return apply("divide", apply("sin", a), apply("cos", a))
            case "cosh":
                return self._cosh(a)
            case "sinh":
                return apply("multiply", apply("tanh", a), self._cosh(a))
            case "tanh_slope":  # 4 e / (1 + e)^2 with e = exp(-2 |a|): 1 - tanh^2 loses its digits far out
                e = apply("exp", apply("multiply", apply("abs", a), constant(-2.0)))
                below = apply("add", e, constant(1.0))
                return apply("divide", apply("multiply", e, constant(4.0)), apply("multiply", below, below))
            case _:
                return apply(operation, a, b)

    def _cosh(self, a: int) -> int:
        apply = self.apply
        both = apply("add", apply("exp", a), apply("exp", apply("negate", a)))
        return apply("multiply", both, self.graph.number(0.5))

    def apply(self, operation: str, a: int, b: int = -1) -> int:
        """One operation; a number among the operands goes into the line itself, or into a row of its own."""
        if operation == "negate":
            return self.apply("multiply", a, self.graph.number(-1.0))
        left, right = self.graph.value(a), self.graph.value(b) if b >= 0 else None
        if operation in _WITH_NUMBER and (left is None) != (right is None):
            first, second = _WITH_NUMBER[operation]
            if left is not None:
                return self.graph.add_node(first, b, -1, left)
            number = float(right or 0.0)
            return self.graph.add_node(second, a, -1, -number if operation == "subtract" else number)
        return self.graph.apply(operation, a, b)


def assembled(graph: Graph, root: int, dim: int) -> tuple[NDArray[np.float64], int]:
    """Table (n, 5) for gradient and loss: operation, target, two operands, a number; and how many rows it works in.

    Raises:
        ValueError: the table would be too long.
    """
    slopes = gradient(graph, root)
    outputs = [*(slopes.get(i, graph.number(0.0)) for i in range(dim)), root]
    lowered = _Lowered(graph)
    lowered.carry_over(_needed(graph, outputs))
    wanted = [lowered.found[node] for node in outputs]
    order = _needed(lowered.graph, wanted)
    lines = _Lines(lowered.graph, wanted, dim)
    for node in order:
        lines.emit(node)
    if len(lines.table) > LONGEST_TABLE:
        raise ValueError(
            f"Expression.text must take at most {LONGEST_TABLE} operations, gradient included, got {len(lines.table)}"
        )
    return lines.finished()


def _needed(graph: Graph, outputs: list[int]) -> list[int]:
    """Nodes that the outputs depend on, operands first."""
    wanted = set(outputs)
    for node in range(len(graph.nodes) - 1, -1, -1):
        if node in wanted:
            operation, left, right, _ = graph.nodes[node]
            if operation not in ("number", "coordinate"):
                wanted |= {left} | ({right} if right >= 0 else set())
    return sorted(wanted)


class _Lines:
    """Lines of the table; rows are used again once nothing reads them."""

    def __init__(self, graph: Graph, outputs: list[int], dim: int) -> None:
        self.graph, self.outputs, self.dim = graph, outputs, dim
        self.table: list[list[float]] = []
        self.rows: dict[int, int] = {}
        self.free: list[int] = []
        self.used = dim
        self.readers = Counter(
            operand for node in _needed(graph, outputs) for operand in self._operands(node) if operand >= 0
        )
        self.kept = set(outputs)

    def _operands(self, node: int) -> tuple[int, ...]:
        operation, left, right, _ = self.graph.nodes[node]
        return () if operation in ("number", "coordinate") else (left, right)

    def emit(self, node: int) -> None:
        operation, left, right, number = self.graph.nodes[node]
        if operation == "coordinate":
            self.rows[node] = left
            return
        if operation == "number":
            operation, left, right = "fill", -1, -1
        operands = [self.rows[operand] if operand >= 0 else 0 for operand in (left, right)]
        # never a row that this line reads: lanes are then free of overlap, and the loop vectorises
        if self.free:
            target = self.free.pop()
        else:
            target = self.used
            self.used += 1
        self.rows[node] = target
        self.table.append([OPERATIONS.index(operation), target, *operands, number])
        for operand in (left, right):
            if operand >= 0:
                self.readers[operand] -= 1
                if not self.readers[operand] and operand not in self.kept and self.rows[operand] >= self.dim:
                    self.free.append(self.rows[operand])

    def finished(self) -> tuple[NDArray[np.float64], int]:
        for place, node in enumerate(self.outputs):
            self.table.append([-1, place, self.rows[node], 0, 0.0])
        return np.array(self.table, dtype=np.float64), self.used
