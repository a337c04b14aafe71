"""Text -> tree: a tokenizer and a parser of our own, so that no text ever reaches Python's.

    sum of terms      term (("+" | "-") term)*
    term              factor (("*" | "/") factor)*
    factor            "-" factor | "+" factor | power
    power             atom ("**" factor)?                      so that -x**2 = -(x**2) and 2**-1 is allowed
    atom              number | "x3" | "x[i+1]" | index | "pi" | "d" | function(...) | sum(...) | "(" sum of terms ")"
    sum(...)          sum(body, i), over all coordinates, or sum(body, i, low, high), both ends included

Everything else is refused in one sentence that names the offending part.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

from greedylr_theory.expressions.affine import LARGEST_INDEX, affine
from greedylr_theory.expressions.tree import (
    FUNCTIONS,
    INDICES,
    Affine,
    Call,
    Chain,
    Coordinate,
    Index,
    Negation,
    Number,
    Power,
    Sum,
    Tree,
)

#: characters of a text, levels of brackets, signs and exponents, and coordinates
LONGEST, DEEPEST, MOST_COORDINATES = 10_000, 100, 10_000

_BLANK = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/(),\[\]])", re.ASCII
)
_COORDINATE = re.compile(r"x(0|[1-9]\d{0,5})", re.ASCII)
_VOCABULARY = f"numbers, x0, x1, ..., pi, + - * / **, brackets, sum and {', '.join(FUNCTIONS)}"


def parsed(text: str, dimension: int | None = None) -> Tree:
    """The tree of a text.

    Args:
        text: as in the module's grammar.
        dimension: d, what "d" and the ends of sum(body, i) mean; None: they are refused.

    Raises:
        ValueError: anything but the grammar; the sentence names the offending part.
    """
    if len(text) > LONGEST:
        raise ValueError(f"Expression.text must have at most {LONGEST} characters, got {len(text)}")
    return _Parser(text, dimension).whole()


class _Parser:
    def __init__(self, text: str, dimension: int | None) -> None:
        self.text, self.dimension, self.place, self.depth = text, dimension, 0, 0
        self.kind, self.token = "", ""
        self.indices: list[str] = []
        self.advance()

    def refuse(self, must: str, part: str) -> NoReturn:
        shown = self.text if len(self.text) <= 60 else f"{self.text[:57]}..."
        raise ValueError(f"Expression.text must {must}, got {part[:40]!a} in {shown!a}")

    def advance(self) -> str:
        """Step to the next token; returns the one left behind."""
        left = self.token
        self.place = _BLANK.match(self.text, self.place).end()  # type: ignore[union-attr]
        found = _TOKEN.match(self.text, self.place)
        if self.place == len(self.text):
            self.kind, self.token = "end", "the end"
        elif found is None:
            part = re.compile(r".\w*", re.ASCII | re.DOTALL).match(self.text, self.place)
            # what comes before may be the better part to name, so this waits until the parser gets here
            self.kind, self.token = "unknown", part.group()[:30]  # type: ignore[union-attr]
        else:
            self.kind, self.token, self.place = str(found.lastgroup), found.group(), found.end()
        return left

    def expect(self, sign: str, what: str) -> None:
        if self.kind != "sign" or self.token != sign:
            self.refuse(f"have {sign!r} {what}", self.token)
        self.advance()

    def whole(self) -> Tree:
        if self.kind == "end":
            raise ValueError(f"Expression.text must be an expression, got {self.text!r}")
        tree = self.terms()
        if self.kind != "end":
            self.refuse(f"be made of {_VOCABULARY} and end where an expression ends", self.token)
        return tree

    def chain(self, operators: str, part: str) -> Tree:
        parts, signs = [getattr(self, part)()], []
        while self.kind == "sign" and self.token in operators and self.token != "**":
            signs.append(self.advance())
            parts.append(getattr(self, part)())
        if not signs:
            return parts[0]
        first = parts[0]
        if isinstance(first, Chain) and first.operators[0] in operators:  # (a + b) + c is a + b + c
            return Chain((*first.operators, *signs), (*first.parts, *parts[1:]))
        return Chain(tuple(signs), tuple(parts))

    def terms(self) -> Tree:
        self.deeper()
        tree = self.chain("+-", "term")
        self.depth -= 1
        return tree

    def term(self) -> Tree:
        return self.chain("*/", "factor")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(f"be nested at most {DEEPEST} levels deep", self.token)

    def factor(self) -> Tree:
        self.deeper()
        if self.kind == "sign" and self.token in ("-", "+"):
            sign = self.advance()
            operand = self.factor()
            self.depth -= 1
            return Negation(operand) if sign == "-" else operand
        base = self.atom()
        if self.kind == "sign" and self.token == "**":
            self.advance()
            base = Power(base, self.factor())
        self.depth -= 1
        return base

    def atom(self) -> Tree:
        kind, token = self.kind, self.token
        if kind == "number":
            if not math.isfinite(float(token)):
                self.refuse("hold finite numbers", token)
            self.advance()
            return Number(float(token))
        if kind == "sign" and token == "(":
            self.advance()
            tree = self.terms()
            self.expect(")", "after a bracket was opened")
            return tree
        if kind != "name":
            hint = ", with ** for powers" if token.startswith("^") else ""
            self.refuse(f"be made of {_VOCABULARY}{hint}", token)
        return self.named(token)

    def named(self, name: str) -> Tree:
        coordinate = _COORDINATE.fullmatch(name)
        if coordinate:
            self.advance()
            return Coordinate(Affine(self.possible(int(coordinate.group(1)), name)))
        if name == "x":
            return self.subscript()
        if name in self.indices:
            self.advance()
            return Index(name)
        if name == "pi":
            self.advance()
            return Number(math.pi)
        if name == "d":
            if self.dimension is None:
                self.refuse("not use d unless the dimension is given beside it", name)
            self.advance()
            return Number(float(self.dimension))
        if name == "sum":
            return self.sum()
        if name not in FUNCTIONS:
            self.refuse(f"be made of {_VOCABULARY}", name)
        self.advance()
        self.expect("(", f"after {name}")
        arguments = [self.terms()]
        while self.kind == "sign" and self.token == ",":
            self.advance()
            arguments.append(self.terms())
        self.expect(")", f"after the arguments of {name}")
        wanted = FUNCTIONS[name]
        if len(arguments) != wanted if wanted == 1 else len(arguments) < wanted:
            count = "one argument" if wanted == 1 else "two arguments or more"
            self.refuse(f"give {name} {count}", f"{len(arguments)}")
        return Call(name, tuple(arguments))

    def possible(self, index: int, part: str) -> int:
        limit = self.dimension or MOST_COORDINATES
        if not 0 <= index < limit:
            self.refuse(f"name coordinates from x0 to x{limit - 1}", part)
        return index

    def subscript(self) -> Tree:
        start = self.place - 1
        self.advance()
        self.expect("[", "after x")
        index = self.affine(self.terms(), start)
        if not index.factors:
            self.possible(index.offset, f"x[{index.offset}]")
        self.expect("]", "after an index")
        return Coordinate(index)

    def sum(self) -> Tree:
        self.advance()
        self.expect("(", "after sum")
        # the body comes before the name of its index, so that the name is looked up first
        name = self.index_name()
        if name in self.indices or name in FUNCTIONS or name in ("d", "pi", "sum", "x") or _COORDINATE.fullmatch(name):
            self.refuse("have a new name for the index of every sum", name)
        if len(self.indices) == len(INDICES):
            self.refuse(f"have at most {len(INDICES)} sums in each other", name)
        self.indices.append(name)
        body = self.terms()
        self.indices.pop()
        self.expect(",", "between the body of a sum and its index")
        self.advance()
        if self.token == ",":
            ends = [self.end(), self.end()]
        elif self.dimension is None:
            self.refuse("give the first and the last index of a sum unless the dimension is given beside it", name)
        else:
            ends = [0, self.dimension - 1]
        self.expect(")", "at the end of a sum")
        if not 0 <= ends[1] - ends[0] < MOST_COORDINATES:
            self.refuse(f"have between 1 and {MOST_COORDINATES} terms in a sum", f"{ends[0]} to {ends[1]}")
        return Sum(body, name, ends[0], ends[1])

    def end(self) -> int:
        start = self.place
        self.expect(",", "between the ends of a sum")
        index = self.affine(self.terms(), start)
        if index.factors:
            self.refuse("have whole numbers as the ends of a sum", index.factors[0][0])
        return index.offset

    def index_name(self) -> str:
        """The second argument of the sum whose body begins here."""
        depth = 0
        place = self.place - len(self.token)
        while True:
            found = _TOKEN.match(self.text, place)
            if found is None:
                if place == len(self.text) or not self.text[place].isspace():
                    self.refuse("have sums as sum(body, i) or sum(body, i, low, high)", self.text[place : place + 10])
                place += 1
                continue
            place = found.end()
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(found.group(), 0)
            if depth < 0:
                self.refuse("have sums as sum(body, i) or sum(body, i, low, high)", found.group())
            if depth == 0 and found.group() == ",":
                name = _TOKEN.match(self.text, _BLANK.match(self.text, place).end())  # type: ignore[union-attr]
                if name is None or name.lastgroup != "name":
                    self.refuse("have sums as sum(body, i) or sum(body, i, low, high)", self.text[place : place + 10])
                return name.group()

    def affine(self, tree: Tree, start: int) -> Affine:
        """Whole numbers, indices, + - and * only."""
        found = affine(tree)
        if found is None or any(abs(n) > LARGEST_INDEX for n in (found.offset, *(f for _, f in found.factors))):
            part = self.text[start : self.place - len(self.token)].strip()
            self.refuse("have indices made of whole numbers, names of indices, + - and *", part)
        return found
