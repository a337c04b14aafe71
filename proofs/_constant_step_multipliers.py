"""Multipliers of the exact worst case of constant steps, rounded: solved for by Clarabel, read from a file.

`python -m proofs._constant_step_multipliers` writes the file again (extra `pep`). The certificate does not trust it:
the claim repairs the rounded numbers exactly and the checker verifies what comes out.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from proofs._performance import STAR, Descent, Pair

FILE = Path(__file__).with_name("constant_step_multipliers.json")
DIGITS = 9

#: h by number of steps: below, near and above the best constant step 1.5, 1.6058, 1.6703, 1.7135
CASES: dict[int, tuple[Fraction, ...]] = {
    1: (Fraction(5, 4), Fraction(7, 5), Fraction(8, 5), Fraction(7, 4), Fraction(19, 10)),
    2: (Fraction(5, 4), Fraction(7, 5), Fraction(1605, 1000), Fraction(7, 4), Fraction(19, 10)),
    3: (Fraction(5, 4), Fraction(7, 5), Fraction(1670, 1000), Fraction(7, 4), Fraction(19, 10)),
    4: (Fraction(5, 4), Fraction(7, 5), Fraction(1713, 1000), Fraction(7, 4), Fraction(19, 10)),
}


def worst(h: Fraction, N: int) -> tuple[Fraction, list[Fraction]]:
    """Value and (d, g_0, .., g_N) on the worse of Huber's function and x^2/2, from 1."""
    slow, fast = 1 / (2 * N * h + 1), (1 - h) ** (2 * N)
    if slow >= fast:
        return slow / 2, [Fraction(1), *[slow] * (N + 1)]
    return fast / 2, [Fraction(1), *((1 - h) ** k for k in range(N + 1))]


def rounded() -> dict[tuple[int, Fraction], dict[Pair, Fraction]]:
    """(N, h) -> multipliers of f_a >= f_b + <g_b, x_a - x_b> + |g_a - g_b|^2 / 2, the minimiser has index -1."""
    found: dict[tuple[int, Fraction], dict[Pair, Fraction]] = {}
    for entry in json.loads(FILE.read_text(encoding="utf-8")):
        weights = {(int(a), int(b)): Fraction(text) for a, b, text in entry["multipliers"]}
        found[int(entry["N"]), Fraction(entry["h"])] = weights
    return found


def solve(N: int, h: Fraction) -> dict[Pair, float]:
    """Multipliers in the interior: the smallest eigenvalue outside the kernel and the smallest weight are large."""
    import cvxpy  # pyright: ignore[reportMissingImports]
    import numpy as np

    run = Descent((h,) * N)
    value, kernel = worst(h, N)
    names = ("d", *(f"g_{k}" for k in range(N + 1)))
    # with the minimiser first or the pair among the iterates; (k, STAR) has slack on the worst function
    pairs = [(a, b) for a, b in run.pairs() if b != STAR]
    # on the quadratic, all of these hold with equality
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
    print(N, h, float(slack.value))
    return dict(zip(pairs, weights.value.tolist(), strict=True))


def write() -> None:
    """Solve all cases and write the file."""
    entries = [
        {
            "N": N,
            "h": str(h),
            "multipliers": [[a, b, f"{max(weight, 0.0):.{DIGITS}f}"] for (a, b), weight in solve(N, h).items()],
        }
        for N, sizes in CASES.items()
        for h in sizes
    ]
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write()
