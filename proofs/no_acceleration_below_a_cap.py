"""Steps of at most c / L cannot accelerate on quadratics, whatever rule sets them: the order is kappa / c.

Let f be a quadratic with eigenvalues in [mu, L], kappa = L / mu > c, and 0 < gamma_t <= c / L for all t, set by any
rule: GreedyLR capped at c / L with any F, patience, ordering or first rate, or one that knows the whole run in
advance. Let z_t be the component of x_t - x* along an eigenvector of mu, z_0 > 0. One step multiplies it by 1 -
gamma_t mu >= 1 - c / kappa > 0:

    z_T >= (1 - c/kappa)^T z_0,

by induction: the statement at t + 1 is 1 - gamma mu times the statement at t, plus (1 - c/kappa)^t z_0 mu (c / L -
gamma). Let q be the share of f(x_0) - f* in that direction, mu z_0^2 / (2 (f(x_0) - f*)). If f(x_T) - f* <= eps
(f(x_0) - f*), then mu z_T^2 / 2 is at most as much, hence (1 - c/kappa)^(2T) <= eps / q. With ln(1/(1 - s)) <= s / (1
- s) at s = c/kappa

    T >= (1/2) (kappa / c - 1) ln(q / eps).

It is sharp in kappa / c: a constant step c / L <= 2 / (L + mu) has z_T = (1 - c/kappa)^T z_0, and the other
components shrink at least as fast, so that (1/2) (kappa / c) ln(1 / eps) iterations suffice. The same argument with
any rates: 1 - z_T / z_0 <= mu sum gamma_t where all gamma_t mu <= 1, so that what counts is the mean rate: only one
that grows with kappa, in units of 1 / L, can beat the order kappa. Chebyshev steps have it. GreedyLR without a cap
can have it (claim acceleration_on_a_matched_lattice); whether it does on other spectra is open, see the experiment
behind the figure.

The control claims (1 - 0.999 c/kappa)^T, which is false for the constant step c / L.
"""

from __future__ import annotations

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import GreedyBest, GreedyPrevious
from greedylr_theory.simulation.batch import Batch
from proofs._certificates import INDUCTION, Induction
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._symbols import ONE, gamma, mu

cap = sympy.Symbol("cap")  #: c / L, length^2 / loss
component, initial = sympy.symbols("component initial")  #: z_t and z_0, length
power = sympy.Symbol("power")  #: (1 - c/kappa)^t, 1

_below_cap, _below_one = sympy.symbols("below_cap below_one")
#: 0 < gamma <= c / L, c / kappa < 1
DOMAIN = Domain(
    positive=(gamma, mu, cap, 1 - cap * mu, power, initial),
    nonnegative=(cap - gamma,),
    where={cap: gamma + _below_cap, mu: 1 / (gamma + _below_cap + _below_one)},
    inverse={_below_cap: cap - gamma, _below_one: (1 - cap * mu) / mu},
)


def argument(speed: Expr = ONE) -> Induction:
    """The certificate for z_T >= (1 - speed c/kappa)^T z_0."""
    return Induction(
        statement=component - power * initial,
        start={component: initial, power: ONE},
        advance={component: component * (1 - gamma * mu), power: power * (1 - speed * cap * mu)},
        terms=((1 - gamma * mu, INDUCTION), (power * initial * mu * (speed * cap - gamma), 1)),
        domain=DOMAIN,
    )


def check(rng: np.random.Generator) -> Check:
    """The compiled rules on twelve eigenvalues: iterations to 1e-4 of the first loss, against the bound."""
    tolerance, tightest, count, reached = 1e-4, np.inf, 0, 0
    for condition in (10.0, 100.0, 400.0):
        curvatures = condition ** -np.linspace(0.0, 1.0, 12)
        start = rng.normal(size=curvatures.size) / np.sqrt(curvatures)
        energy = curvatures * start**2
        share = energy[np.argmin(curvatures)] / energy.sum()
        for c in (1.0, 1.9):
            allowed = 0.5 * (condition / c - 1.0) * np.log(share / tolerance)
            for scheduler in (
                GreedyPrevious(max_lr=c),
                GreedyBest(max_lr=c, patience=0),
                GreedyBest(max_lr=c, patience=5),
            ):
                base = Run(
                    objective=Quadratic(eigenvalues=tuple(map(float, curvatures))),
                    scheduler=scheduler,
                    start=tuple(map(float, start)),
                    lr0=0.5,
                    steps=3000,
                    ordering="after_update",
                )
                factors = np.repeat([0.1, 0.5, 0.9], 4)
                values = {"scheduler.factor": factors, "lr0": c * 10.0 ** rng.uniform(-2.0, 0.0, factors.size)}
                needed = simulate(Batch(base, values), tolerance=tolerance).steps_to_tolerance
                count += needed.size
                needed = needed[needed >= 0]
                reached += needed.size
                tightest = min(tightest, float(np.min(needed)) / allowed)
    return Check(
        margin=tightest - 1.0,
        instances=count,
        sentence=(
            f"{count} runs (kappa 10 to 400, c = 1 and 1.9, F 0.1 to 0.9, three rules), {reached} reach 1e-4 of the "
            f"first loss; smallest ratio of the iterations to the bound {tightest:.4f}"
        ),
    )


CLAIM = Claim(
    statement=(
        "Quadratic with eigenvalues in [mu, L], 0 < gamma_t <= c/L by any rule, c < kappa: the component of x_T - x* "
        "along mu is at least (1 - c/kappa)^T times the first, and f(x_T) - f* <= eps (f(x_0) - f*) needs T >= "
        "(1/2)(kappa/c - 1) ln(q/eps), q the share of f(x_0) - f* in that direction."
    ),
    source="arXiv 2512.14527, Algorithms 1 to 3 with the cap max_lr, on quadratics",
    assumptions=(
        "Quadratic f, exact gradients, plain gradient descent (no momentum), 0 < gamma_t <= c/L for all t, first rate "
        "included.",
        "q > eps: the start is not already within the tolerance in the flattest direction.",
        "The checker verifies the first statement; the second follows by logarithms, in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(999, 1000)),
    figure="iterations_against_condition",
    short="Capped at c/L, no rule beats kappa/c iterations.",
    topic="speed",
    finding=(
        "With a cap c/L on its rate no step size rule accelerates gradient descent on quadratics, GreedyLR included, "
        "for any F and patience: the flattest direction alone needs at least (1/2)(kappa/c - 1) ln(q/eps) iterations "
        "to bring the loss down by eps, q being its share of the first loss. A constant step 2/(L + mu) is as good in "
        "order as anything below such a cap; Chebyshev steps, which exceed 2/L, need a number of order sqrt(kappa)."
    ),
    advice={"cap": "A cap of order 1/L makes GreedyLR safe and leaves it as slow, in order, as a constant step."},
)
