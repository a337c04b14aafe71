"""Without a cap, a phase that diverges on the largest eigenvalue diverges in any dimension, whatever the other ones
are.

f = sum lambda_i x_i^2 / 2 with largest eigenvalue L, full batch, no clip; x_1 any coordinate of L with x_1 not 0 at
the start; u_t = gamma_t L, and v the phase of u_0 in [2F, 2), q = (1 - v) (1 - v / F). Suppose abs(q) > 1: v in (1 +
F, 2), or F < 3 - 2 sqrt 2 and v in (v_-, v_+) (claim phases_that_converge), and that no step of the first climb has
u_t = 1 (it has one only if u_0 = F^m, m >= 1). Then f(x_t) -> infinity.

Proof. Number the lattice: level k is u = v F^(-k); every u_t is on it, and a step multiplies x_1 by rho_k = |1 - v
F^(-k)|. (a) At levels k <= 0, where u < 2, every mode with x_i not 0 shrinks (0 < gamma lambda_i <= u < 2): the loss
falls, whatever the spectrum, and the rule climbs. (b) At levels k >= 1, where u >= 2, the loss may rise or fall, and
the rule may go up or down, but by one level. So once level 0 is reached (from below by climbing; from above or
never) no level below 0 is visited again, and each visit to level 0 is followed by one to level 1. In (a) x_1 stays
nonzero, by assumption. (c) rho_k >= rho_1 = v / F - 1 for k >= 1, since u >= w >= 2 gives (u - 1)^2 >= (w - 1)^2. As
0 < v < 2, rho_0 < 1, so rho_1 > rho_0 rho_1 = abs(q) > 1. From the first visit to a level >= 0 on, pair each visit
to level 0 with the next step: the pair multiplies x_1 by abs(q) in size, any other step by at least rho_1 >
abs(q)^(1/2). Hence after n steps

    abs(x_1) >= c abs(q)^(n/2),    f >= L x_1^2 / 2 -> infinity.

However far the other modes pull the step size up, they only speed this up. Therefore, in any dimension, the share of
log-uniform initial rates that diverge is at least 1 - P(F) >= ln(2/(1+F)) / ln(1/F) (claim converged_share), for
almost every start; the latter increases with F, from 0 to 1/2. The share lost does not go away as F -> 1.

The checker verifies (a) for one mode, the comparison in (c), and where abs(q) > 1; pairing steps is the proof in
words. The control lets u reach 2.002 in (a). The statement needs x_1 not 0: without it the next eigenvalue plays the
part of L.
"""

from __future__ import annotations

import numpy as np
import sympy
from sympy import Expr

from greedylr_theory.theory import cycle
from proofs._certificates import Chain, Inequality
from proofs._claim import Check, Claim
from proofs._cycle import factorisation, log_factor, simulated
from proofs._exact import Domain
from proofs._symbols import ONE, L, gamma

curvature = sympy.Symbol("curvature")  #: lambda_i, at most L
u, w = sympy.symbols("u w")  #: two dimensionless step sizes, u >= w >= 2

_base, _up_to_L, _slack, _above_two, _above_w = sympy.symbols("base up_to_L slack above_two above_w")


def argument(limit: Expr = 2 * ONE) -> Chain:
    """The certificate; below `limit` / L every mode is said to shrink."""
    below = Domain(
        positive=(gamma, curvature),
        nonnegative=(L - curvature, limit - gamma * L),
        where={curvature: _base, L: _base + _up_to_L, gamma: limit / (_base + _up_to_L + _slack)},
        inverse={_base: curvature, _up_to_L: L - curvature, _slack: (limit - gamma * L) / gamma},
    )
    shrinks = Inequality(
        left=(1 - gamma * curvature) ** 2,
        right=ONE,
        terms=((gamma * curvature * (2 - gamma * curvature), 1),),
        domain=below,
    )
    upper = Domain(
        nonnegative=(w - 2, u - w),
        where={w: 2 + _above_two, u: 2 + _above_two + _above_w},
        inverse={_above_two: w - 2, _above_w: u - w},
    )
    higher = Inequality(left=(1 - w) ** 2, right=(1 - u) ** 2, terms=(((u - w) * (u + w - 2), 1),), domain=upper)
    return Chain({"below 2/L a mode shrinks": shrinks, "higher levels grow more": higher, "1 - q^2": factorisation()})


def check(rng: np.random.Generator) -> Check:
    """Compiled runs on random spectra whose largest eigenvalue has a diverging phase, against the bound of the
    proof."""
    margins, diverged, count, steps = [], 0, 0, 600
    for dimension in (1, 2, 3, 6, 12):
        small = np.exp(rng.uniform(-8.0, 0.0, dimension - 1))
        eigenvalues = tuple(map(float, [1.0, *small]))
        start = (float(10.0 ** rng.uniform(-6, 0)), *(float(z) for z in rng.normal(size=dimension - 1)))
        factors = rng.uniform(0.03, 0.97, 96)
        windows = [cycle.divergence_windows(float(F_)) for F_ in factors]
        chosen = [pairs[int(rng.integers(len(pairs)))] for pairs in windows]
        phases = np.array([low + (high - low) * rng.uniform(0.02, 0.98) for low, high in chosen])
        rates = phases * factors ** rng.integers(-2, 4, 96)
        trajectory = simulated({"scheduler.factor": factors, "lr0": rates}, steps, eigenvalues, start)
        diverged, count = diverged + int(np.sum(trajectory.diverged)), count + 96
        for F_, v_, losses, used in zip(factors, phases, trajectory.loss, trajectory.lr, strict=True):
            below = used[used < 0.99 * v_]  # the first climb
            finite = np.flatnonzero(np.isfinite(losses))[-1]
            lasting = finite - below.size
            bound = 2.0 * np.log(start[0]) - np.log(2.0) + 2.0 * float(np.sum(np.log(np.abs(1.0 - below))))
            # an odd step may be the shrinking one of a pair
            bound += 2.0 * (lasting // 2) * float(log_factor(F_, v_)) + (lasting % 2) * 2.0 * np.log(abs(1.0 - v_))
            margins.append(float(np.log(losses[finite]) - bound))
    # ln f is some hundreds; the products of 600 factors are rounded to 1e-13 of it
    return Check(
        margin=min(margins) + 1e-9,
        instances=count,
        sentence=(
            f"{count} compiled runs in dimensions 1 to 12, F from 0.03 to 0.97, top coordinate down to 1e-6: ln f "
            f"minus the bound, which dimension 1 attains, is {min(margins):.1e} at least (rounding of up to 1e-9 "
            f"allowed); {diverged} leave the range of floating point within {steps} steps"
        ),
    )


CLAIM = Claim(
    statement=(
        "Full-batch quadratic in any dimension, no cap: if the phase on the largest eigenvalue L has abs(q) > 1, "
        "then f -> infinity, at least like abs(q)^t, whatever the other eigenvalues. So the diverging share of "
        "log-uniform gamma_0 is at least 1 - P(F) >= ln(2/(1+F))/ln(1/F), which increases with F, to 1/2."
    ),
    source="arXiv 2512.14527, Algorithm 1, on quadratics",
    assumptions=(
        "Exact full-batch gradients, no clip, ordering before_update; 0 < F < 1.",
        "x_0 has a nonzero component along the largest eigenvalue, and gamma_0 L is not F^m with m >= 1 (which "
        "would make it exactly 0 on the way up): both fail on null sets only.",
        "The checker verifies the inequalities of single steps; pairing steps is the proof in words.",
    ),
    certificate=argument,
    check=check,
    control=lambda: argument(sympy.Rational(2002, 1000)),
    figure="divergent_share",
    short="Uncapped, a share of initial rates diverges in any dimension.",
    topic="cycle",
    finding=(
        "On any full-batch quadratic, whatever its dimension and spectrum, uncapped GreedyLR diverges for at least "
        "a share ln(2/(1+F))/ln(1/F) of log-uniform initial rates, from "
        "almost every start: 32 % at F = 0.2, 42 % at F = 0.5, 49 % at F = "
        "0.9. A larger F makes this bound larger, not smaller. Below F = 0.1716 more must diverge, 84 % at F = 0.1."
    ),
    advice={
        "cap": "Set one below 2/L: no F protects an uncapped run.",
        "F": "Do not raise F to avoid divergence: above F = 0.1716 the share of initial rates that must diverge "
        "without a cap grows with F.",
    },
)
