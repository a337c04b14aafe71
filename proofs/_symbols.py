"""Symbols shared by the claims, with their meaning and unit. They carry no assumptions: domains do."""

from __future__ import annotations

import dataclasses

import sympy
from sympy import Expr

from proofs._exact import Domain, Vector

gamma, gamma_min, gamma_max = sympy.symbols("gamma gamma_min gamma_max")  #: step size and its clips, length^2 / loss
F = sympy.Symbol("F")  #: factor of GreedyLR, 1
L = sympy.Symbol("L")  #: smoothness, loss / length^2
mu = sympy.Symbol("mu")  #: strong convexity, loss / length^2
T = sympy.Symbol("T")  #: number of steps, 1

noise = sympy.Symbol("noise")  #: sigma*^2 = E norm(grad f_i(x*))^2, (loss / length)^2
ONE = sympy.Integer(1)

d = Vector.named("d")  #: x_t - x*, length
d_next = Vector.named("d+")  #: x_{t+1} - x*, length
h = Vector.named("h")  #: grad f_i(x*), loss / length

# gaps between neighbours in 0 < gamma_min <= gamma <= gamma_max < 1/L
_above_zero, _to_gamma, _to_max, _to_limit = sympy.symbols("gap_1:5")

#: 0 < gamma_min <= gamma <= gamma_max < 1/L
BELOW_INVERSE_SMOOTHNESS = Domain(
    positive=(L, gamma_min, 1 - gamma_max * L),
    nonnegative=(gamma - gamma_min, gamma_max - gamma),
    where={
        gamma_min: _above_zero,
        gamma: _above_zero + _to_gamma,
        gamma_max: _above_zero + _to_gamma + _to_max,
        L: 1 / (_above_zero + _to_gamma + _to_max + _to_limit),
    },
    inverse={
        _above_zero: gamma_min,
        _to_gamma: gamma - gamma_min,
        _to_max: gamma_max - gamma,
        _to_limit: (1 - gamma_max * L) / L,
    },
)


def with_conditions(domain: Domain, positive: tuple[Expr, ...] = (), nonnegative: tuple[Expr, ...] = ()) -> Domain:
    """The domain with more conditions on symbols that are new to it."""
    return dataclasses.replace(
        domain, positive=domain.positive + positive, nonnegative=domain.nonnegative + nonnegative
    )
