"""Multipliers of exact worst cases in the smooth class, rounded: solved for by Clarabel, read from a file.

`python -m proofs._smooth_multipliers` writes the file again (extra `pep`). No certificate trusts it: the rounded
numbers are repaired exactly and the checker verifies what comes out.
"""

from __future__ import annotations

import functools
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from proofs._certificates import Dual
from proofs._performance import STAR, Descent, Pair, repaired, smooth_dual

FILE = Path(__file__).with_name("smooth_multipliers.json")
DIGITS = 9

Steps = tuple[Fraction, ...]

#: h by number of steps: below, near and above the best constant step 1.5, 1.6058, 1.6703, 1.7145
CONSTANT: dict[int, tuple[str, ...]] = {
    1: ("5/4", "7/5", "8/5", "7/4", "19/10"),
    2: ("5/4", "7/5", "321/200", "7/4", "19/10"),
    3: ("5/4", "7/5", "167/100", "7/4", "19/10"),
    4: ("5/4", "7/5", "1713/1000", "7/4", "19/10"),
}
#: a short first step, then up to a peak beyond 7/4 and down, or up only
WARMUP: tuple[tuple[str, ...], ...] = (
    ("3/5", "6/5", "9/5"),
    ("9/10", "9/5", "6/5", "3/5"),
    ("11/10", "11/5", "33/20", "11/10", "11/20"),
)


def constant_cases() -> list[tuple[int, Fraction]]:
    return [(N, Fraction(h)) for N, sizes in CONSTANT.items() for h in sizes]


def warmup_cases() -> list[Steps]:
    return [tuple(map(Fraction, steps)) for steps in WARMUP]


def worst(steps: Steps) -> tuple[Fraction, list[Fraction]]:
    """Value and (d, g_0, .., g_N) on the worse of Huber's function and x^2/2, from 1."""
    slow, products = 1 / (2 * sum(steps, Fraction(0)) + 1), [Fraction(1)]
    for h in steps:
        products.append(products[-1] * (1 - h))
    if slow >= products[-1] ** 2:
        return slow / 2, [Fraction(1), *[slow] * (len(steps) + 1)]
    return products[-1] ** 2 / 2, [Fraction(1), *products]


@functools.cache
def rounded() -> dict[Steps, dict[Pair, Fraction]]:
    """Steps -> multipliers of f_a >= f_b + <g_b, x_a - x_b> + |g_a - g_b|^2 / 2, the minimiser has index -1."""
    found: dict[Steps, dict[Pair, Fraction]] = {}
    for entry in json.loads(FILE.read_text(encoding="utf-8")):
        weights = {(int(a), int(b)): Fraction(text) for a, b, text in entry["multipliers"]}
        found[tuple(map(Fraction, entry["steps"]))] = weights
    return found


def exact_dual(steps: Steps, smaller: Fraction = Fraction(1)) -> Dual:
    """The certificate that the worse of the two functions is the worst of all; `smaller` times its value is claimed."""
    value, kernel = worst(steps)
    return smooth_dual(steps, value * smaller, repaired(steps, value, kernel, rounded()[steps]))


def solve(steps: Steps) -> dict[Pair, float]:
    """Multipliers in the interior: the smallest eigenvalue outside the kernel and the smallest weight are large."""
    import cvxpy  # pyright: ignore[reportMissingImports]
    import numpy as np

    run, N = Descent(steps), len(steps)
    value, kernel = worst(steps)
    names = ("d", *(f"g_{k}" for k in range(N + 1)))
    # with the minimiser first or the pair among the iterates; (k, STAR) has slack on the worst function
    pairs = [(a, b) for a, b in run.pairs() if b != STAR]
    weights: Any = cvxpy.Variable(len(pairs))
    direction = np.array([float(x) for x in kernel])
    direction /= np.linalg.norm(direction)

    def matrix(form: Any) -> Any:
        found = np.zeros((N + 2, N + 2))
        for key, part in form.parts.items():
            if len(key) == 2:
                i, j = names.index(key[0]), names.index(key[1])
                found[i, j] += float(part) / 2
                found[j, i] += float(part) / 2
        return found

    forms = [run.interpolation(a, b) for a, b in pairs]
    left: Any = -matrix(run.start() * value) - sum(weights[k] * matrix(form) for k, form in enumerate(forms))
    balance = [
        sum(weights[k] * float(form.parts.get((f"f_{j}",), 0)) for k, form in enumerate(forms)) == -float(j == N)
        for j in range(N + 1)
    ]
    slack = cvxpy.Variable()
    rest = np.eye(N + 2) - np.outer(direction, direction)
    conditions = [left - slack * rest >> 0, left @ direction == 0, weights >= slack, *balance]
    cvxpy.Problem(cvxpy.Maximize(slack), conditions).solve(solver="CLARABEL")
    return dict(zip(pairs, weights.value.tolist(), strict=True))


def write() -> None:
    """Solve all cases and write the file."""
    cases = [*((h,) * N for N, h in constant_cases()), *warmup_cases()]
    entries = [
        {
            "steps": [str(h) for h in steps],
            "multipliers": [[a, b, f"{max(weight, 0.0):.{DIGITS}f}"] for (a, b), weight in solve(steps).items()],
        }
        for steps in cases
    ]
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write()
