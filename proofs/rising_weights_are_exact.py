"""Steps whose weights never fall, constant steps and linear decay among them: the exact worst case for every T and D.

Let 0 < w_1 <= .. <= w_{T-1} = w_T, T >= 2, W_t = w_{t:T}, eta_t = w_t W_{t+1} / W_1 for t < T. Over convex f with
norm(g_t) <= G and norm(x_1 - x*) <= D the largest f(x_T) - f* is exactly

    (D^2 + G^2 sum_t w_t^2) / (2 W_1)  if D <= G W_1,   and   G D - G^2 sum_t eta_t  if D >= G W_1.

Equal weights w_t = D/(G sqrt T): linear decay. A constant step eta: w_{T-k} = eta r_N / r_{k-1} for k >= 1, w_T =
eta r_N, r_0 = 1, r_{k+1} = r_k + 1/r_k, N = T - 1, for which W_1 = eta r_N^2. All steps that never fall: w_t =
u_1 eta_t / u_{t+1} of claim `weights_for_any_steps` with y_T = eta_{T-1}, as u_{t+1} falls with t.

Above. The first is the bound of the weights. For the second change y_T in `weights_for_any_steps` until y_1 = D/G; it
starts from y_1 = W_1 and has no upper limit.

Below, D >= G W_1: f = G abs(x) from x_1 = D, since G sum_t eta_t <= G W_1. Below, D <= G W_1, with G = 1: E_1 =
(D/W_1)^2, E_{k+1} = E_k + (1 - E_k) (w_k/W_{k+1})^2, which stay in [0, 1], and

    c_k = (W_{k+1} E_{k+1} - w_k) / (W_{k+1} - w_k) for k < T - 1,   c_{T-1} = 2 E_{T-1} - 1.

(i) There are unit vectors with <g_j, g_k> = c_j for j < k, and X_k = sum_{s>=k} w_s g_s has <g_t, X_k> = W_k E_k for
all t >= k. Backwards: g_{T-1}, g_T with c_{T-1}. Given g_{k+1}, .., g_T put p = X_{k+1}/W_{k+1}, norm(p)^2 = E_{k+1},
and choose g_k = c_k p / E_{k+1} + a vector orthogonal to all of them: <g_t, g_k> = c_k for t > k, possible as c_k^2 <=
E_{k+1} (from E_k >= 0). Then <g_t, X_k> = w_k c_k + W_{k+1} E_{k+1} for t > k and <g_k, X_k> = w_k + W_{k+1} c_k are
the same, W_k E_k. (If E_{k+1} = 0 then k = T - 1 or w_k = 0.) So norm(X_1) = W_1 sqrt(E_1) = D. (ii) c_k falls with k:
1 - c_{k+1} = (1 - c_k) (W_{k+1} - w_k) / W_{k+2}, and W_{k+1} - w_k >= W_{k+1} - w_{k+1} = W_{k+2}. (iii) Let f(x) =
max(0, max_t <g_t, x>), x* = 0, f* = 0, x_1 = X_1. With the subgradients g_1, .., g_T, x_k = X_k + sum_{r<k} (w_r -
eta_r) g_r, so for t > k <g_t - g_k, x_k> = 0; for s < k, <g_s - g_k, x_k> = <g_s - g_k, x_k - x_s> = -eta_s (1 - c_s) -
sum_{s<r<k} eta_r (c_s - c_r) <= 0. So g_k attains max_t <g_t, x_k>. (iv) f_k = <g_k, x_k> >= 0, so that the floor 0
does not matter: f_k - f_{k+1} = eta_k c_k, the smallest f_k has c_s >= 0 for s < k and c_k < 0 (or k = T). f_1 = <g_k,
X_1> = sum_{s<k} w_s c_s + w_k + W_{k+1} c_k, and w_k + W_{k+1} c_k >= 0, so f_k = f_1 - sum_{s<k} eta_s c_s >= f_1 -
(W_2/W_1) sum_{s<k} w_s c_s >= f_1 (1 - W_2/W_1) >= 0. (v) All remainders of `regret_to_last_iterate` vanish and z_{T+1}
= x_1 - X_1 = x*, so f(x_T) - f* is the bound.

The checker verifies the upper bound for all T, the identities of (i), (ii) and (iv) in symbols, and the whole run in
inner products, in fractions, for weights of constant, linear and other steps, T = 2 .. 7. Control: weights that fall,
for which the construction leaves the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from greedylr_theory.theory import last_iterate as theory
from proofs._certificates import Chain, Enumeration, Identity, Inequality, Relation
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._last_iterate import conversion, descent, guaranteed, tail_sums
from proofs._symbols import ONE

w, rest, E, c, total, squared, paid = sympy.symbols("w rest E c total squared paid")  #: rest is W_{k+1} - w_k
w_next, rest_next, gap = sympy.symbols("w_next rest_next gap")  #: gap is 1 - E
after = w + rest  #: W_{k+1}
chosen = (after * E - w) / rest  #: c_k, where E is E_{k+1}
before = (after**2 * E - w**2) / (after**2 - w**2)  #: E_k
SHAPE = Domain(positive=(w, rest))


def foot() -> Identity:
    """<g_k, X_k> = <g_t, X_k>: w + W' c = w c + W' E."""
    return Identity(left=w + after * chosen, right=w * chosen + after * E, domain=SHAPE)


def height() -> Identity:
    """Both are W_k E_k."""
    return Identity(left=w + after * chosen, right=(after + w) * before, domain=SHAPE)


def possible() -> Inequality:
    """c_k^2 <= E_{k+1}, as E_k >= 0 and E_{k+1} <= 1."""
    return Inequality(
        left=chosen.subs(E, 1 - gap) ** 2,
        right=1 - gap,
        terms=((gap * (after + w) / rest, "E_k >= 0"),),
        hypotheses={"E_k >= 0": before.subs(E, 1 - gap)},
        domain=Domain(positive=(w, rest), nonnegative=(gap,)),
    )


def falling() -> Identity:
    """(1 - c_{k+1}) W_{k+2} = (1 - c_k) (W_{k+1} - w_k), with W_{k+2} = w_next + rest_next, E = E_{k+2}."""
    beyond = w_next + rest_next
    here = beyond + w_next - w  # W_{k+1} - w_k
    E_next = (beyond**2 * E - w_next**2) / (beyond**2 - w_next**2)  # E_{k+1}
    spare = sympy.Symbol("spare")
    return Identity(
        left=(1 - (beyond * E - w_next) / rest_next) * beyond,
        right=(1 - ((beyond + w_next) * E_next - w) / here) * here,
        domain=Domain(positive=(w, w_next - w, rest_next), where={w_next: w + spare}, inverse={spare: w_next - w}),
    )


def floor() -> Inequality:
    """w_k + W_{k+1} c_k >= 0: it is W_k E_k."""
    return Inequality(
        left=0 * ONE,
        right=w + after * chosen.subs(E, 1 - gap),
        terms=((after + w, "E_k >= 0"),),
        hypotheses={"E_k >= 0": before.subs(E, 1 - gap)},
        domain=Domain(positive=(w, rest), nonnegative=(gap,)),
    )


@dataclass(frozen=True)
class Run:
    """The run of the proof in inner products, G = 1."""

    weights: Sequence[Fraction]
    distance_squared: Fraction

    @property
    def tails(self) -> list[Fraction]:
        return tail_sums(self.weights)

    @property
    def steps(self) -> list[Fraction]:
        tails = self.tails
        return [weight * tail / tails[0] for weight, tail in zip(self.weights[:-1], tails[1:], strict=True)]

    @property
    def products(self) -> list[Fraction]:
        """c_1 .. c_{T-1}."""
        tails, share = self.tails, self.distance_squared / self.tails[0] ** 2
        found = []
        for weight, tail in zip(self.weights[:-2], tails[1:-1], strict=True):
            share += (1 - share) * (weight / tail) ** 2
            found.append((tail * share - weight) / (tail - weight))
        return [*found, 2 * share - 1]

    @property
    def gram(self) -> list[list[Fraction]]:
        c, count = self.products, len(self.weights)
        return [[c[min(j, k)] if j != k else Fraction(1) for k in range(count)] for j in range(count)]

    def value(self) -> Fraction:
        return (self.distance_squared + sum((x**2 for x in self.weights), Fraction(0))) / (2 * self.tails[0])


def pivots(matrix: list[list[Fraction]]) -> list[Fraction]:
    """Those of Gaussian elimination; all >= 0, with rows of zeros where one is 0: then the matrix is semidefinite."""
    rows, found = [list(row) for row in matrix], []
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot == 0 and any(rows[k][k:]):
            return [*found, Fraction(-1)]
        found.append(pivot)
        for row in rows[k + 1 :] if pivot else []:
            factor = row[k] / pivot
            row[:] = [entry - factor * above for entry, above in zip(row, rows[k], strict=True)]
    return found


def facts(run: Run) -> Mapping[str, Relation]:
    """Everything the worst function has to satisfy, and its value."""
    gram, steps, count = run.gram, run.steps, len(run.weights)
    found: dict[str, Relation] = {
        f"vectors with these products, pivot {k + 1}": (pivot, ">=", 0) for k, pivot in enumerate(pivots(gram))
    }
    # coordinates of x_k in the g_s, x* = 0
    points = [list(run.weights)]
    for t, step in enumerate(steps):
        points.append([entry - step * (s == t) for s, entry in enumerate(points[-1])])
    heights = [[_dot(gram[t], point) for t in range(count)] for point in points]
    found["norm(x_1 - x*) = D"] = (_dot(run.weights, heights[0]), "==", run.distance_squared)
    for k in range(count):
        found[f"g_{k + 1} attains the maximum at x_{k + 1}"] = (max(heights[k]), "==", heights[k][k])
        found[f"f(x_{k + 1}) is not below the floor"] = (heights[k][k], ">=", 0)
    found["f(x_T) - f* is the bound"] = (heights[-1][-1], "==", run.value())
    return found


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))


def lengths(steps: int, one: Any = 1.0) -> list[Any]:
    """r_0 .. r_{N-1}, as fractions if `one` is."""
    r = [one]
    for _ in range(steps - 1):
        r.append(r[-1] + 1 / r[-1])
    return r


def constant(steps: int) -> list[Fraction]:
    """Weights of a constant step, up to scale: 1/r_{N-1}, .., 1/r_0, 1."""
    return [1 / entry for entry in reversed(lengths(steps, Fraction(1)))] + [Fraction(1)]


def cases(*, falls: bool = False) -> dict[str, Run]:
    lists = {f"constant, {steps} steps": constant(steps) for steps in (1, 2, 3, 5)}
    lists |= {f"linear decay, T = {count}": [Fraction(2)] * count for count in (2, 3, 7)}
    lists |= {"rising": [Fraction(n, 3) for n in (1, 1, 2, 5, 9, 9)], "steep": [Fraction(n) for n in (1, 50, 50)]}
    if falls:
        lists = {"falling": [Fraction(n) for n in (9, 3, 1, 1)]}
    shares = (Fraction(1), Fraction(9, 10), Fraction(1, 3), Fraction(1, 100))  # D / (G W_1)
    return {
        f"{name}, D = {share} G W_1": Run(weights, (share * sum(weights)) ** 2)
        for name, weights in lists.items()
        for share in shares
    }


def held(run: Run) -> Mapping[str, Relation]:
    """The relations, and for constant weights that the steps are constant."""
    found = dict(facts(run))
    if run.weights == constant(len(run.weights) - 1):
        found["the steps are constant"] = (max(run.steps), "==", min(run.steps))
    return found


def argument(*, falls: bool = False) -> Chain:
    """The certificate; `falls` takes weights that fall."""
    return Chain(
        {
            **conversion(),
            "descent": descent(),
            "bound": guaranteed(total, paid, squared, (squared + paid) / (2 * total)),
            "foot of the perpendicular": foot(),
            "its height": height(),
            "a vector exists": possible(),
            "products fall": falling(),
            "above the floor": floor(),
            "runs": Enumeration(cases(falls=falls), held),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """The worst functions in coordinates, run in floating point with long random weights; known closed forms."""
    off, runs = 0.0, 0
    for horizon in (2, 3, 10, 40):
        for _ in range(4):
            weights = np.sort(rng.uniform(0.2, 1.0, size=horizon - 1))
            weights = np.append(weights, weights[-1])
            share = float(rng.uniform(0.0, 1.0))
            off = max(off, abs(_ratio(weights, share * float(np.sum(weights))) - 1))
            runs += 1
    for steps in (1, 2, 7, 30):
        weights = np.append(1 / np.array(lengths(steps))[::-1], 1.0)
        size = weights[0] * np.sum(weights[1:]) / np.sum(weights)
        for share in (1.0, 0.4, 0.01):
            distance = share * float(np.sum(weights))
            value = (distance**2 + np.sum(weights**2)) / (2 * np.sum(weights))
            off = max(off, abs(value / theory.constant_step_value(size, steps, 1.0, distance) - 1))
            off, runs = max(off, abs(_ratio(weights, distance) - 1)), runs + 2
    tolerance = 1e-6  # vectors from an eigenvalue decomposition of a matrix that may be singular
    return Check(
        margin=tolerance - off,
        instances=runs,
        sentence=(
            f"{runs} runs and closed forms, random rising weights and constant steps, T up to 40: f(x_T) - f* is the "
            f"value within {off:.1e}, relatively"
        ),
    )


def _ratio(weights: np.ndarray, distance: float) -> float:
    """(f(x_T) - f*) / value on the worst function, whose subgradient at x_t is taken from its own maximum."""
    count = len(weights)
    tails = np.cumsum(weights[::-1])[::-1]
    share, products = (distance / tails[0]) ** 2, []
    for k in range(count - 2):
        share += (1 - share) * (weights[k] / tails[k + 1]) ** 2
        products.append((tails[k + 1] * share - weights[k]) / (tails[k + 1] - weights[k]))
    products.append(2 * share - 1)
    indices = np.arange(count)
    gram = np.array([*products, 1.0])[np.minimum.outer(indices, indices)]
    np.fill_diagonal(gram, 1.0)
    values, vectors = np.linalg.eigh(gram)
    slopes = vectors * np.sqrt(np.maximum(values, 0.0))
    x = weights @ slopes
    for t in range(count - 1):
        heights = slopes @ x
        if heights[t] < max(0.0, float(np.max(heights))) - 1e-7 * tails[0]:
            return float("inf")  # g_t would be no subgradient
        x = x - weights[t] * tails[t + 1] / tails[0] * slopes[t]
    return float(max(0.0, np.max(slopes @ x)) / ((distance**2 + np.sum(weights**2)) / (2 * tails[0])))


CLAIM = Claim(
    statement=(
        "0 < w_1 <= .. <= w_{T-1} = w_T, eta_t = w_t w_{t+1:T} / w_{1:T}, t < T, norm(g_t) <= G, norm(x_1 - x*) <= D: "
        "the largest f(x_T) - f* over convex f is (D^2 + G^2 sum w_t^2) / (2 w_{1:T}) for D <= G w_{1:T} and G D - G^2 "
        "sum eta_t for D >= G w_{1:T}, for every T >= 2. So for constant steps, linear decay, and steps that never "
        "fall."
    ),
    source="ours; for constant steps Zamani and Glineur, arXiv 2307.11134",
    assumptions=(
        "convexity: f is convex and g_t a subgradient at x_t, used at the earlier iterates.",
        "minimiser: the same at x*.",
        "norms: norm(g_t) <= G for t = 1 .. T.",
        "distance: norm(z_{T+1} - x*)^2 >= 0.",
        "E_k >= 0: E_k = (W_{k+1}^2 E_{k+1} - w_k^2) / (W_{k+1}^2 - w_k^2) is at least (D / (G W_1))^2 >= 0.",
        "Dimension at least T, and the subgradient g_t where several exist.",
        "The checker verifies the runs for 36 choices of weights and D; the construction for every T is above.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(falls=True),
    short="Weights that never fall: the exact worst case.",
    topic="schedules",
    finding=(
        "For every schedule whose weights never fall, constant steps, steps that never fall and linear decay among "
        "them, the bound of its weights is the exact worst case of the last iterate, for every number of steps and "
        "every distance, with an explicit worst function. Short steps have the worst function G abs(x), and lose as if "
        "nothing but distance mattered."
    ),
    unsettled="The exact worst case of steps that fall faster than linear decay, such as cosine near its end.",
)
