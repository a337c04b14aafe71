"""Without noise and capped at 1/L, the last iterate obeys a bound in which only the sum of the step sizes enters.

Let f be convex and L-smooth with minimiser x*, and x_{t+1} = x_t - gamma_t grad f(x_t) with 0 < gamma_t <= 1/L; any
rule may set gamma_t, in either ordering. Then, with R = norm(x_0 - x*),

    f(x_T) - f* <= R^2 / (2 (gamma_0 + ... + gamma_{T-1})),        T >= 1.

Proof. Write d = x_t - x*, d+ = x_{t+1} - x*, g = grad f(x_t) = (d - d+) / gamma. Smoothness and convexity say

    f(x_{t+1}) <= f(x_t) + <g, d+ - d> + (L/2) norm(d+ - d)^2,    f* >= f(x_t) - <g, d>.

2 gamma times their sum, with 2 <d - d+, d+> = norm(d)^2 - norm(d+)^2 - norm(d - d+)^2, is "one step":

    2 gamma (f(x_{t+1}) - f*) <= norm(d)^2 - norm(d+)^2 - (1 - gamma L) norm(d - d+)^2.

Smoothness alone gives f(x_{t+1}) <= f(x_t) - (1/gamma - L/2) norm(d - d+)^2: the run is "monotone". With S_t the sum of
the step sizes so far, R^2 - norm(x_t - x*)^2 - 2 S_t (f(x_t) - f*) >= 0 for all t: it is 0 at t = 0, and the value at
t + 1 is the value at t, plus the slack of "one step", plus 2 S_t times the slack of "monotone". Divide by 2 S_T.

On such a problem the rule only climbs (the loss never rises), so the bound falls with F: a smaller F reaches the cap
sooner. It bounds the worst case; it does not say that a smaller F is better on every f. The constant is not
sharp. The control allows step sizes up to 7/(4 L), where the statement is false: two such steps on x^2 / 2 from 1 leave
81/512, and the bound would be 1/7.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Huber, Quadratic
from greedylr_theory.optimizers import GradientDescent
from greedylr_theory.perturbations import NoPerturbation
from greedylr_theory.schedulers import GreedyPrevious
from proofs._certificates import INDUCTION, Chain, Earlier, Induction, Inequality, Square
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._functions import Separable, huber, square
from proofs._rules import Greedy, run
from proofs._symbols import ONE, L, d, d_next, gamma, with_conditions

gap, gap_next, gap_start = sympy.symbols("gap gap_next gap_start")  #: f(x_t) - f* at t, t + 1 and 0; loss
distance, distance_next = sympy.symbols("distance distance_next")  #: norm(x_t - x*)^2 at t and t + 1, length^2
R_squared = sympy.Symbol("R_squared")  #: norm(x_0 - x*)^2, length^2
travelled = sympy.Symbol("travelled")  #: gamma_0 + ... + gamma_{t-1}, length^2 / loss

_slack = sympy.Symbol("slack")  # cap / L - gamma


def domain(cap: Expr = ONE) -> Domain:
    """0 < gamma <= cap / L."""
    return Domain(
        positive=(gamma, L),
        nonnegative=(cap - gamma * L,),
        where={L: cap / (gamma + _slack)},
        inverse={_slack: (cap - gamma * L) / L},
    )


def argument(cap: Expr = ONE) -> Chain:
    """The certificate, for step sizes up to cap / L."""
    capped, g = domain(cap), (d - d_next) / gamma
    smooth = gap - gap_next + g @ (d_next - d) + L / 2 * ((d_next - d) @ (d_next - d))
    one_step = Inequality(
        left=2 * gamma * gap_next,
        right=d @ d - d_next @ d_next,
        terms=((2 * gamma, "smoothness"), (2 * gamma, "convexity"), (1 - gamma * L, Square(d - d_next))),
        hypotheses={"smoothness": smooth, "convexity": g @ d - gap},
        domain=capped,
    )
    monotone = Inequality(
        left=gap_next,
        right=gap,
        terms=((ONE, "smoothness"), (1 / gamma - L / 2, Square(d - d_next))),
        hypotheses={"smoothness": smooth},
        domain=capped,
    )
    total = Induction(
        statement=R_squared - distance - 2 * travelled * gap,
        start={travelled: 0 * ONE, distance: R_squared, gap: gap_start},
        advance={travelled: travelled + gamma, distance: distance_next, gap: gap_next},
        terms=((ONE, INDUCTION), (ONE, "one step"), (2 * travelled, "monotone")),
        hypotheses={
            "one step": Earlier("one step", {d @ d: distance, d_next @ d_next: distance_next}),
            "monotone": Earlier("monotone"),
        },
        domain=with_conditions(capped, nonnegative=(travelled,)),
    )
    last = Inequality(
        left=gap,
        right=R_squared / (2 * travelled),
        terms=((1 / (2 * travelled), "sum"), (distance / (2 * travelled), 1)),
        hypotheses={"sum": Earlier("sum over steps")},
        domain=with_conditions(capped, positive=(travelled,), nonnegative=(distance,)),
    )
    return Chain({"one step": one_step, "monotone": monotone, "sum over steps": total, "last iterate": last})


def check(rng: np.random.Generator) -> Check:
    """Exact runs, and simulated runs on quadratics and Huber functions, capped at 1/L; every T up to the end."""
    exact = [_exact_ratio(rng) for _ in range(40)]
    ratios: list[float] = []
    for ordering in ("before_update", "after_update"):
        for kind in (Huber, Quadratic):
            runs = [_random_run(rng, kind, ordering) for _ in range(64)]
            trajectory = simulate(runs, stride=1)
            travelled = np.cumsum(trajectory.lr, axis=1)[:, :-1]
            squared = np.sum(np.array([run.start for run in runs]) ** 2, axis=1)
            ratios.append(float(np.max(trajectory.loss[:, 1:] * 2 * travelled / squared[:, None])))
    worst = max(float(max(exact)), *ratios)
    return Check(
        margin=1 - worst,
        instances=len(exact) + 4 * 64,
        sentence=(
            f"tightest ratio to the bound {worst:.4f}: {float(max(exact)):.4f} over {len(exact)} exact runs, "
            f"{max(ratios):.4f} over {4 * 64} simulated runs on quadratics and Huber functions, at every T up to 100"
        ),
    )


def _exact_ratio(rng: np.random.Generator) -> Fraction:
    curvature, start = (Fraction(int(n), int(m)) for n, m in rng.integers(1, 9, size=(2, 2)))
    f = Separable((huber(curvature, start / int(rng.integers(1, 12))), square(curvature / int(rng.integers(1, 9)))))
    rule = Greedy(Fraction(int(rng.integers(1, 10)), 10), high=1 / curvature)
    steps = [f] * 6
    result = run((start, start), Fraction(int(rng.integers(1, 10)), 20) / curvature, steps, rule, "before_update")
    values = [f(x)[0] for x in result.points[1:]]
    travelled = [sum(result.rates[: t + 1], Fraction(0)) for t in range(len(steps))]
    return max(value * 2 * total / (2 * start * start) for value, total in zip(values, travelled, strict=True))


def _random_run(rng: np.random.Generator, kind: type, ordering: str) -> Run:
    if kind is Huber:
        start = tuple(map(float, rng.normal(size=1)))
        objective = Huber(dimension=1, radius=float(10 ** rng.uniform(-4, 0)), curvature=float(np.exp(rng.normal())))
    else:
        start = tuple(map(float, rng.normal(size=4)))
        objective = Quadratic(eigenvalues=tuple(map(float, np.exp(rng.uniform(-5, 1, 4)))))
    # at 1/L itself the iterates leave the range of floating point within these steps; exact runs go there
    cap = 0.95 / objective.smoothness
    return Run(
        objective=objective,
        optimizer=GradientDescent(),
        scheduler=GreedyPrevious(factor=float(rng.uniform(0.1, 0.99)), max_lr=cap),
        perturbation=NoPerturbation(),
        start=start,
        lr0=cap * float(10 ** rng.uniform(-2, 0)),
        steps=101,
        ordering=ordering,
        replicate=0,
    )


CLAIM = Claim(
    statement=(
        "f convex and L-smooth, one sample, 0 < gamma_t <= 1/L by any rule: the last iterate satisfies f(x_T) - f* "
        "<= R^2 / (2 sum_{t<T} gamma_t), and f(x_t) never rises."
    ),
    published="f convex, every f_i L_max-smooth, min_lr <= gamma_t <= max_lr: E f(xbar_T) - f* = O(1/T).",
    source="repairs arXiv 2512.14527, Theorem A.1, without noise",
    assumptions=(
        "smoothness: f(y) <= f(x) + <g, y - x> + (L/2) norm(y - x)^2, x = x_t, y = x_{t+1} (Nesterov, Lemma 1.2.3).",
        "convexity: f* >= f(x_t) + <g, x* - x_t>.",
        "one step: its distances are the squared norms of x_t - x* and x_{t+1} - x*.",
        "One sample (n = 1): every step uses the gradient g of f itself.",
        "0 < gamma_t <= 1/L, the initial step size included; either ordering.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(cap=sympy.Rational(7, 4)),
    figure="f_sensitivity",
    short="Full batch, steps at most 1/L: the last iterate converges.",
    topic="convergence",
    finding=(
        "With full batches and steps of at most 1/L, chosen by any rule, the loss never rises and f(x_T) - f* <= "
        "R^2 / (2 sum of the step sizes). Raising the rate towards 1/L is what helps; GreedyLR with a cap at 1/L "
        "does so."
    ),
    advice={"cap": "With full batches and a convex L-smooth loss a cap of 1/L is safe for every F."},
)
