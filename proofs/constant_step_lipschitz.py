"""N constant steps eta, last iterate, convex G-Lipschitz f: the exact worst case, for every N and eta.

Let r_0 = 1, r_{k+1} = r_k + 1/r_k and A = 1/2 + (1/2) sum_{k<N} r_k^-2. As r_{k+1}^2 = r_k^2 + 2 + r_k^-2, N + A =
r_N^2/2. From norm(x_0 - x*) <= D, with norm(g_k) <= G, x_{k+1} = x_k - eta g_k, the largest f(x_N) - f* is

    A G^2 eta + D^2 / (4 (N + A) eta)  if eta >= D / (G r_N^2),  and  G D - N G^2 eta  below.

The first alone is wrong for short steps: there it exceeds G D, which nothing does. Units G = D = 1 from here on.

Above. f(x_N) - zeta <= A eta + norm(x_0 - z)^2 / (2 r_N^2 eta) for every z, zeta with f(x_k) - zeta <= <g_k, x_k - z>
for all k (x* and f* are such, so are other points with their value, and combinations of them). N = 0: one square. One
step more, in front: given z at x_0, use the bound of N steps from x_1 with z' = (1 - theta) x_0 + theta z, theta = r_N
/ r_{N+1}: norm(x_1 - z')^2 = theta^2 norm(x_0 - z)^2 - 2 eta theta <g_0, x_0 - z> + eta^2 norm(g_0)^2. For short steps
take z on the way from x_0 to x* at the distance eta r_N^2; f(z) - f* <= 1 - eta r_N^2.

Below. Short steps: f = abs(x). Else let p_0 = 1, p_m = p_{m-1} r_{m-1} r_m / (r_m^2 - 1), v_N = 1, v_k = 1/r_{N-1-k},
and tau = (r_N - 1/(eta^2 r_N^3)) / (p_{N-1} r_{N-1}) in [0, r_N / (p_{N-1} r_{N-1})), c_k = 1 - tau p_{N-1-k}. Take
unit vectors with <g_j, g_k> = c_j for j < k, d = eta r_N sum v_k g_k, f_0 = 1/(eta r_N^2), f_{k+1} = f_k - eta c_k,
and f the maximum of 0 and the tangents. (i) They exist: at the largest tau the matrix M of products has M v = 0, v >
0, and no positive entry off the diagonal (p falls with m, as r_{m-1} r_m = r_{m-1}^2 + 1 < r_m^2 - 1, so c_k <= 1 -
tau p_{N-1} < 0), so it is positive semidefinite; at tau = 0 it is all ones; M is linear in tau. (ii) <g_k, d> = f_0
for all k and norm(d) = 1, by the recursion of p. (iii) c falls with k, so that tangent k lies below f_j: equal for j <
k, and for j > k because sum_{k<s<j} (c_s - c_k) <= 0 <= 1 - c_k. (iv) f_k > 0: with e_k = v_k + c_k sum_{s>k} v_s,
(ii) reads f_0 / (eta r_N) = sum_{s<k} v_s c_s + e_k for all k, and e_k >= 0, as e_{N-m} = r_m - tau p_{m-1} r_{m-1}
and p_{m-1} r_{m-1} / r_m grows. Let c_s >= 0 for s < k and < 0 from k on: f_k is the smallest, and sum_{s<k} c_s <=
r_{N-1} sum_{s<k} v_s c_s <= (r_{N-1} / r_N) f_0 / eta. Then f_N is the first formula.

The best step is D / (2 G sqrt(A (N + A))), its value G D sqrt(A / (N + A)) = G D sqrt(1 - 2N / r_N^2). As r_k^2 / (2k)
tends to 1, A grows like ln(N)/4: the value is asymptotically G D sqrt(ln(N) / (4N)), worse than G D / sqrt(N + 1),
which linear decay has, by a factor that grows without limit; Zamani and Glineur (arXiv 2307.11134), who found the exact
rate by reference points that move, bound the factor by sqrt(1 + ln(N)/4).

The checker verifies the induction "above" for all N, multipliers written out for N = 1 .. 4, and everything about f in
(i) to (iv) in fractions for N = 1 .. 6. Control: A smaller by one part in a thousand, at N = 1 .. 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import sympy

from greedylr_theory.theory import last_iterate
from proofs._certificates import Chain, Dual, Enumeration, Identity, Inequality, Relation, Square
from proofs._claim import Check, Claim
from proofs._exact import Domain, Vector
from proofs._forms import Form
from proofs._performance import CONVEX, SLOPE, STAR, START, Descent
from proofs._symbols import ONE
from proofs._tangents import Tangents

eta, r, A = sympy.symbols("eta r A")
f_0, f_N, f_z, N = sympy.symbols("f_0 f_N f_z N")
x, z, g = (Vector.named(name) for name in ("x", "z", "g"))
HALF = sympy.Rational(1, 2)
DOMAIN = Domain(positive=(eta, r), nonnegative=(A,))

#: steps in units of D/G, as multiples of the shortest for which the first formula holds
MULTIPLES = tuple(Fraction(text) for text in ("1", "6/5", "2", "7", "100"))


def lengths(steps: int) -> list[Fraction]:
    """r_0 .. r_N."""
    found = [Fraction(1)]
    for _ in range(steps):
        found.append(found[-1] + 1 / found[-1])
    return found


def constant(steps: int) -> Fraction:
    """A."""
    return (1 + sum((1 / s**2 for s in lengths(steps)[:-1]), Fraction(0))) / 2


def no_step() -> Inequality:
    """N = 0."""
    return Inequality(
        left=f_0 - f_z,
        right=HALF * eta + (x - z) @ (x - z) / (2 * eta),
        terms=((ONE, "convexity"), (eta / 2, "one slope"), (1 / (2 * eta), Square(x - z - g * eta))),
        hypotheses={"convexity": g @ (x - z) - (f_0 - f_z), "one slope": 1 - g @ g},
        domain=DOMAIN,
    )


def one_step_more() -> Inequality:
    """From N steps to N + 1, with r for r_N and r + 1/r for r_{N+1}."""
    longer = r + 1 / r
    theta = r / longer
    closer, mixed = x * (1 - theta) + z * theta, (1 - theta) * f_0 + theta * f_z
    after = x - g * eta - closer
    return Inequality(
        left=f_N - f_z,
        right=(A + 1 / (2 * r**2)) * eta + (x - z) @ (x - z) / (2 * longer**2 * eta),
        terms=((ONE, "fewer steps"), (theta / r**2, "convexity"), (eta / (2 * r**2), "one slope")),
        hypotheses={
            "fewer steps": A * eta + after @ after / (2 * r**2 * eta) - (f_N - mixed),
            "convexity": g @ (x - z) - (f_0 - f_z),
            "one slope": 1 - g @ g,
        },
        domain=DOMAIN,
    )


def sizes() -> Identity:
    """2 (N + A) - r^2 is the same for N + 1: it is 0 for N = 0."""
    later = 2 * (N + 1 + A + 1 / (2 * r**2)) - (r + 1 / r) ** 2
    return Identity(later, 2 * (N + A) - r**2, DOMAIN)


def short_steps() -> Identity:
    """The bound for the distance eta r^2, plus 1 - eta r^2, with A = r^2/2 - N."""
    reach = eta * r**2
    return Identity((r**2 / 2 - N) * eta + reach**2 / (2 * r**2 * eta) + 1 - reach, 1 - N * eta, DOMAIN)


def decreasing() -> Identity:
    """p_m / p_{m-1} = r_{m-1} r_m / (r_m^2 - 1) is less than 1 by this share, with r for r_{m-1}."""
    longer = r + 1 / r
    ratio = r * longer / (longer**2 - 1)
    return Identity(ratio, 1 - 1 / (r**4 + r**2 + 1), Domain(positive=(r,)))


def written_out(steps: int, step: Fraction, smaller: Fraction = Fraction(1)) -> Dual:
    """The multipliers of the whole proof for one N and eta; `smaller` times A is claimed."""
    run, size = Descent((step,) * steps), lengths(steps)
    weight = [*(1 / size[steps - 1 - k] for k in range(steps)), Fraction(1)]
    before = 1 / size[steps]
    terms: list[tuple[Fraction, str, Form]] = [(1 / (2 * size[steps] ** 2 * step), START, run.start())]
    for k in range(steps + 1):
        terms.append((weight[k] * before, CONVEX, run.subgradient(STAR, k)))
        terms += [
            (weight[k] * (weight[j] - (weight[j - 1] if j else before)), CONVEX, run.subgradient(j, k))
            for j in range(k)
        ]
        terms.append((step * weight[k] ** 2 / 2, SLOPE, run.bounded_slope(k)))
    bound = smaller * constant(steps) * step + 1 / (2 * size[steps] ** 2 * step)
    return Dual(run.value(steps), bound, tuple(terms))


def resisting(steps: int, step: Fraction) -> Tangents:
    """The worst function of (i) to (iv), for eta >= 1/r_N^2."""
    size = lengths(steps)
    share = [Fraction(1)]
    for m in range(1, steps):
        share.append(share[-1] * size[m - 1] * size[m] / (size[m] ** 2 - 1))
    tau = (size[steps] - 1 / (step**2 * size[steps] ** 3)) / (share[-1] * size[steps - 1])
    c = [1 - tau * share[steps - 1 - k] for k in range(steps)]
    gram = [[Fraction(1) if j == k else c[min(j, k)] for j in range(steps + 1)] for k in range(steps + 1)]
    weight = [*(1 / size[steps - 1 - k] for k in range(steps)), Fraction(1)]
    values = [1 / (step * size[steps] ** 2)]
    for k in range(steps):
        values.append(values[-1] - step * c[k])
    return Tangents(gram, [step * size[steps] * w for w in weight], step, values)


def reached(case: tuple[int, Fraction]) -> Mapping[str, Relation]:
    steps, step = case
    run = resisting(steps, step)
    value = constant(steps) * step + 1 / (4 * (steps + constant(steps)) * step)
    return {**run.facts(), "f(x_N) - f* is the formula": (run.values[-1], "==", value)}


def short_run(case: tuple[int, Fraction]) -> Mapping[str, Relation]:
    """abs(x) from 1 with eta <= 1/r_N^2: x_N = 1 - N eta >= 0."""
    steps, step = case
    return {
        "the steps do not reach 0": (1 - steps * step, ">=", Fraction(0)),
        "the formula of longer steps is not below": (
            constant(steps) * step + 1 / (4 * (steps + constant(steps)) * step),
            ">=",
            1 - steps * step,
        ),
    }


def argument(smaller: Fraction = Fraction(1)) -> Chain:
    """The certificate; the bounds written out are for `smaller` times A."""
    cases = [(steps, m / lengths(steps)[-1] ** 2) for steps in range(1, 7) for m in MULTIPLES]
    duals = {f"written out, N = {n}, eta = {e}": written_out(n, e, smaller) for n, e in cases if n <= 4}
    named = {f"N = {n}, eta = {e}": (n, e) for n, e in cases}
    short = {f"N = {n}, eta = {e / 2 / m}": (n, e / 2 / m) for (n, e), m in zip(cases, MULTIPLES * 6, strict=True)}
    return Chain(
        {
            "no step": no_step(),
            "one step more": one_step_more(),
            "N + A": sizes(),
            "short steps": short_steps(),
            "p falls": decreasing(),
            **duals,
            "attained": Enumeration(named, reached),
            "attained by short steps": Enumeration(short, short_run),
        }
    )


def check(rng: np.random.Generator) -> Check:
    """Floating point, N up to 300: the resisting function's inner products and run, and random maxima of planes."""
    worst, off = 0.0, 0.0
    for steps in (10, 40, 120):
        for multiple in (1.1, 3.0, 50.0):
            size = np.array([1.0, *np.zeros(steps)])
            for k in range(steps):
                size[k + 1] = size[k] + 1 / size[k]
            step = multiple / size[-1] ** 2
            off = max(
                off, abs(end_in_floats(size, step, steps) / last_iterate.constant_step_value(step, steps, 1.0, 1.0) - 1)
            )
    for _ in range(300):
        steps, step = int(rng.integers(1, 12)), float(rng.uniform(0.02, 1.5))
        planes = rng.normal(size=(steps + 3, 4))
        planes /= np.linalg.norm(planes, axis=1, keepdims=True)
        point = rng.normal(size=4)
        point /= np.linalg.norm(point)
        for _ in range(steps):  # f(x) = max(0, max_k <a_k, x>) has its minimum 0 at 0
            best = int(np.argmax(planes @ point))
            point = point - step * (planes[best] if planes[best] @ point > 0 else 0.0)
        end = max(0.0, float(np.max(planes @ point)))
        worst = max(worst, end / last_iterate.constant_step_value(step, steps, 1.0, 1.0))
    tolerance = 1e-9  # three hundred steps from a factorisation of a matrix that is nearly singular
    return Check(
        margin=1 - worst if off <= tolerance else -1.0,
        instances=309,
        sentence=(
            f"runs on the resisting function for N up to 120 end within {off:.1e} of the formula, relatively; the "
            f"tightest of 300 random maxima of planes reaches {worst:.4f} of it"
        ),
    )


def end_in_floats(size: np.ndarray, step: float, steps: int) -> float:
    """Subgradient steps on the maximum of planes in coordinates, always along a plane that attains it."""
    share = np.ones(steps)
    for m in range(1, steps):
        share[m] = share[m - 1] * size[m - 1] * size[m] / (size[m] ** 2 - 1)
    tau = (size[-1] - 1 / (step**2 * size[-1] ** 3)) / (share[-1] * size[steps - 1])
    c = 1 - tau * share[::-1]
    index = np.minimum.outer(np.arange(steps + 1), np.arange(steps + 1))
    gram = np.append(c, 1.0)[index]
    np.fill_diagonal(gram, 1.0)
    values, vectors = np.linalg.eigh(gram)
    planes = vectors * np.sqrt(np.maximum(values, 0.0))
    weight = np.append(1 / size[steps - 1 :: -1], 1.0)
    point = step * size[-1] * (weight @ planes)
    # all tangents are <g_k, x - x*> + their own constant, which is 0: f = max_k <g_k, x>
    for k in range(steps):
        if abs(planes[k] @ point - np.max(planes @ point)) > 1e-12:
            return float("nan")  # not a subgradient
        point = point - step * planes[k]
    return float(np.max(planes @ point))


CLAIM = Claim(
    statement=(
        "f convex with subgradients of norm at most G, norm(x_0 - x*) <= D, N steps eta > 0: the largest f(x_N) - f* "
        "is exactly A G^2 eta + D^2 / (4 (N + A) eta) if eta >= D / (G r_N^2) and G D - N G^2 eta else; r_0 = 1, "
        "r_{k+1} = r_k + 1/r_k, A = 1/2 + 1/2 sum_{k<N} r_k^-2 = r_N^2/2 - N."
    ),
    source="Zamani and Glineur, arXiv 2307.11134; proof, worst function and range of steps as here: ours",
    assumptions=(
        "convexity: f(z) >= f(x_0) + <g_0, z - x_0>, or the same for a combination of points with their values.",
        "one slope: norm(g_0) <= G.",
        "slope: norm(g_k) <= G.",
        "fewer steps: the bound for N steps from x_1, the hypothesis of the induction over N.",
        "subgradient: f_a >= f_b + <g_b, x_a - x_b> between iterates, and from x*.",
        "start: norm(x_0 - x*) <= D.",
        "Any subgradient may be returned at a kink; no projection, no noise.",
        "The checker verifies the lower bound for N = 1 to 6 at five steps each; for all N it is the argument (i) to "
        "(iv).",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(Fraction(999, 1000)),
    figure="last_iterate_bounds",
    short="Constant step, last iterate: exact worst case, Lipschitz class.",
    topic="schedules",
    finding=(
        "On convex Lipschitz functions the last iterate of N constant steps has an exactly known worst case. Its "
        "best step gives G D sqrt(1 - 2N / r_N^2), 0.707, 0.600, 0.535 and 0.490 G D for N = 1, 2, 3 and 4, and "
        "for N to infinity like G D sqrt(ln N / (4N)), of which it is still 1.12 times at N = 10^6. It is worse than "
        "linear decay, which gives G D / sqrt(N + 1), by a factor that grows without limit, though slowly: 1.30 at N "
        "= 30, 1.61 at 1000, 2.08 at 10^6."
    ),
    advice={
        "initial rate": (
            "For the last iterate the best constant rate loses to linear decay to zero by 1.3 at N = 30 and 1.6 at N = "
            "1000, a factor that grows like sqrt(ln N) / 2."
        )
    },
)
