"""The change of loss in a gradient step on a quadratic, exactly, beside the directional derivatives at both ends.

f(x) = x' H x / 2, x_+ = x - gamma g, g = H x, and q = g' H g / g' g, the curvature along the step (mu <= q <= L). Then

    f(x_+) - f(x) = -gamma norm(g)^2 + (gamma^2 / 2) g' H g = D (1 - gamma q / 2),

where D = <grad f(x), x_+ - x> = -gamma norm(g)^2 is the directional derivative along the update at the old point. At
the new point it is D_+ = <grad f(x_+), x_+ - x> = D (1 - gamma q), and the change is the mean of both, exactly:

    f(x_+) - f(x) = (D + D_+) / 2.

Consequences. (i) As an approximation of D the change has the relative error gamma q / 2 <= gamma L / 2, exactly: first
order, and half the derivative at gamma = 1/L. (ii) Its sign is that of D if and only if gamma q < 2: no sign error for
gamma < 2/L, whatever x; beyond 2/L there are x (the top eigenvector) where the loss rises along a descent direction.
(iii) As a statement about where one has arrived, the sign of the change is that of D_+ if and only if gamma q < 1 or
gamma q > 2. For 1 < gamma q < 2, possible as soon as gamma > 1/L, the loss has fallen although the derivative along the
update is positive at the new point: the step went past the minimum along its line, and the rule reads progress.

For convex L-smooth f in general D <= change <= D_+ by convexity, and change <= D (1 - gamma L / 2).

The checker proves the identities for one coordinate of the eigenbasis, of which both sides are sums, and the signs.
"""

from __future__ import annotations

import numpy as np
import sympy

from greedylr_theory import Run, simulate
from greedylr_theory.objectives import Quadratic
from greedylr_theory.schedulers import Constant
from proofs._certificates import Chain, Identity, Inequality
from proofs._claim import Check, Claim
from proofs._exact import Domain
from proofs._symbols import ONE, gamma

h, x, q, squared, slack, past = sympy.symbols("h x q squared slack past")
two = sympy.Integer(2)


def f(at: sympy.Expr) -> sympy.Expr:
    return h * at**2 / 2


def identities(half: sympy.Expr = ONE / 2) -> dict[str, Identity]:
    """In one coordinate of the eigenbasis, with curvature h; sums over coordinates give the statement."""
    slope = h * x
    after = x - gamma * slope
    change = f(after) - f(x)
    old, new = slope * (after - x), h * after * (after - x)
    return {
        "change and curvature": Identity(change, -gamma * slope**2 + half * gamma**2 * h * slope**2),
        "mean of both derivatives": Identity(change, half * old + (1 - half) * new),
        "derivative at the new point": Identity(new, -gamma * slope**2 + gamma**2 * h * slope**2),
    }


def signs() -> dict[str, Inequality]:
    """D = -gamma squared; with gamma q < 2, with 1 < gamma q < 2, and with gamma q > 2."""
    below_two = Domain(
        positive=(gamma, q, squared, 2 - gamma * q),
        where={q: two * slack / (gamma * (1 + slack))},
        inverse={slack: gamma * q / (2 - gamma * q)},
    )
    between = Domain(
        positive=(gamma, squared, gamma * q - 1, 2 - gamma * q),
        where={q: (1 + slack / (1 + slack)) / gamma},
        inverse={slack: (gamma * q - 1) / (2 - gamma * q)},
    )
    above_two = Domain(
        positive=(gamma, squared, gamma * q - 2), where={q: (2 + past) / gamma}, inverse={past: gamma * q - 2}
    )
    zero = 0 * ONE
    derivative = -gamma * squared
    change, arrived = derivative * (1 - gamma * q / 2), derivative * (1 - gamma * q)
    return {
        "the loss falls for gamma q < 2": Inequality(
            change, zero, ((gamma * squared / 2 * (2 - gamma * q), 1),), domain=below_two
        ),
        "past the minimum for gamma q > 1": Inequality(
            zero, arrived, ((gamma * squared * (gamma * q - 1), 1),), domain=between
        ),
        "... although the loss falls": Inequality(
            change, zero, ((gamma * squared / 2 * (2 - gamma * q), 1),), domain=between
        ),
        "the loss rises for gamma q > 2": Inequality(
            zero, change, ((gamma * squared / 2 * (gamma * q - 2), 1),), domain=above_two
        ),
    }


def argument() -> Chain:
    """The certificate."""
    return Chain({**identities(), **signs()})


def check(rng: np.random.Generator) -> Check:
    """One simulated step on random quadratics: the change against both derivatives and the signs."""
    runs, products = [], []
    for _ in range(300):
        eigenvalues = np.exp(rng.uniform(-3, 3, 5))
        product = float(rng.uniform(0.05, 4))
        products.append(product)
        runs.append(
            Run(
                objective=Quadratic(eigenvalues=tuple(map(float, eigenvalues))),
                scheduler=Constant(),
                start=tuple(map(float, rng.normal(size=5))),
                lr0=product / float(eigenvalues.max()),
                steps=1,
            )
        )
    trajectory = simulate(runs, stride=1)
    worst, errors, passed = 0.0, 0, 0
    for run, first, last, end in zip(runs, trajectory.loss[:, 0], trajectory.end_loss, trajectory.x_end, strict=True):
        eigenvalues, start = np.array(run.objective.eigenvalues), np.array(run.start)  # pyright: ignore[reportAttributeAccessIssue]
        slope, move = eigenvalues * start, end - start
        old, new = float(slope @ move), float((eigenvalues * end) @ move)
        worst = max(worst, abs(last - first - (old + new) / 2) / (abs(old) + abs(new)))
        bend = float(run.lr0) * float(slope @ (eigenvalues * slope)) / float(slope @ slope)  # pyright: ignore[reportArgumentType]
        errors += (last < first) != (bend < 2)
        passed += last < first and new > 0
        errors += (last < first and new > 0) != (1 < bend < 2)
    return Check(
        # rounding of losses and products of five coordinates
        margin=1e-12 - worst if errors == 0 else -float(errors),
        instances=len(runs),
        sentence=(
            f"the change differs from the mean of both derivatives by {worst:.1e} of their size; {errors} signs "
            f"are not as said; in {passed} steps the loss fell past the minimum along the line"
        ),
    )


CLAIM = Claim(
    statement=(
        "Gradient step on a quadratic, curvature q along it: f(x_+) - f(x) = D (1 - gamma q / 2) = (D + D_+) / 2, "
        "with D and D_+ = D (1 - gamma q) the derivatives along the update at x and x_+. The change has the sign of "
        "D iff gamma q < 2, and that of D_+ iff gamma q is not in [1, 2] (zero at its ends)."
    ),
    published="The change of loss is a first-order approximation of the directional derivative along the update.",
    source="arXiv 2512.14527, Appendix A.7; Taylor's formula",
    assumptions=(
        "f is quadratic, full batch, plain gradient descent, gamma > 0, grad f(x) != 0.",
        "Where q <= 0 (H indefinite) the first two formulas hold as well.",
    ),
    certificate=argument,
    check=check,
    control=lambda: Chain(dict(identities(sympy.Rational(501, 1000)))),
    short="Loss change on quadratics: mean of both directional derivatives.",
    topic="signal",
    finding=(
        "On a quadratic the change of loss in a gradient step is exactly the mean of the directional derivatives "
        "along the update at both ends. As an estimate of the derivative at the old point it is off by the share "
        "gamma q / 2, q the curvature along the step: half of it at gamma = 1/q, all of it at gamma = 2/q, where it "
        "is zero. For gamma between 1/q and 2/q the loss falls although the step has gone past the minimum along "
        "its line."
    ),
    unsettled="It is open how often the signs differ along runs on functions other than quadratics.",
)
