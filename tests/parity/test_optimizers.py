"""Optimizers fed the same gradients as those of torch: the same iterates, up to rounding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from greedylr_theory.optimizers import Adam, AdamW, GradientDescent, Momentum

torch = pytest.importorskip("torch")

STEPS, DIM = 400, 5

#: (ours, class of torch, its options)
PAIRS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "gradient descent": (GradientDescent(), "SGD", {}),
    "heavy ball": (Momentum(0.9), "SGD", {"momentum": 0.9}),
    "dampened": (Momentum(0.8, dampening=0.3), "SGD", {"momentum": 0.8, "dampening": 0.3}),
    "Nesterov": (Momentum(0.95, nesterov=True), "SGD", {"momentum": 0.95, "nesterov": True}),
    "heavy ball, decayed": (Momentum(0.9, weight_decay=0.1), "SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    "Nesterov, decayed": (
        Momentum(0.5, nesterov=True, weight_decay=0.4), "SGD",
        {"momentum": 0.5, "nesterov": True, "weight_decay": 0.4},
    ),
    "decayed": (Momentum(0.0, weight_decay=0.2), "SGD", {"weight_decay": 0.2}),
    "Adam": (Adam(), "Adam", {}),
    "Adam, short memory": (Adam(0.5, 0.9, 1e-3), "Adam", {"betas": (0.5, 0.9), "eps": 1e-3}),
    "AdamW": (AdamW(), "AdamW", {}),
    "AdamW, strong": (AdamW(0.5, 0.9, 1e-3, 0.7), "AdamW", {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.7}),
}  # fmt: skip


def signals(seed: int) -> tuple[Any, Any]:
    """Gradients (T, d) of changing size, some of them zero, and rates (T,) that move, zero included."""
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=(STEPS, DIM)) * np.exp(rng.normal(size=(STEPS, 1)))
    gradients[::17, 1] = 0.0
    gradients[:3, 2] = 0.0
    rates = 0.1 * np.exp(np.cumsum(0.1 * rng.normal(size=STEPS)))
    rates[50:60] = 0.0
    return gradients, rates


def ours(optimizer: Any, start: Any, gradients: Any, rates: Any, controls: dict[str, Any]) -> Iterator[Any]:
    """Iterates of the compiled kernel; `controls` are numbers per step."""
    x = start[:, None].copy()
    state, params = np.zeros((optimizer.state_rows(DIM), 1)), np.ascontiguousarray(optimizer.pack()[:, None])
    for t, (gradient, lr) in enumerate(zip(gradients, rates, strict=True)):
        for name, values in controls.items():
            params[optimizer.slots()[name]] = values[t]
        optimizer.kernel(t, np.array([lr]), np.ascontiguousarray(gradient[:, None]), params, state, x)
        yield x[:, 0].copy()


def theirs(name: str, options: Any, start: Any, gradients: Any, rates: Any, controls: dict[str, Any]) -> Iterator[Any]:
    x = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = getattr(torch.optim, name)([x], lr=1.0, **options)
    for t, (gradient, lr) in enumerate(zip(gradients, rates, strict=True)):
        optimizer.param_groups[0]["lr"] = float(lr)
        for key, values in controls.items():
            optimizer.param_groups[0][key] = float(values[t])
        x.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        yield x.detach().numpy().copy()


def assert_alike(optimizer: Any, name: str, options: Any, seed: int, controls: dict[str, Any] | None = None) -> None:
    gradients, rates = signals(seed)
    start = np.random.default_rng(seed + 1).normal(size=DIM)
    extra = controls or {}
    found = np.array(list(ours(optimizer, start, gradients, rates, extra)))
    wanted = np.array(list(theirs(name, options, start, gradients, rates, extra)))
    assert np.ptp(wanted) > 0.5, "iterates that hardly move compare nothing"
    # torch fuses multiplications and additions and orders factors otherwise; nothing here amplifies the roundings,
    # which come to at most 6 units in the last place of the largest iterate
    np.testing.assert_allclose(found, wanted, rtol=0, atol=32 * 2.0**-52 * np.abs(wanted).max())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("optimizer", "name", "options"), [pytest.param(*pair, id=k) for k, pair in PAIRS.items()])
def test_the_same_gradients_give_the_iterates_of_torch(optimizer: Any, name: str, options: Any, seed: int) -> None:
    assert_alike(optimizer, name, options, seed)


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_momentum_on_a_schedule_is_that_of_torch(nesterov: bool) -> None:
    """Zero now and then, and at the start: the buffer of torch begins and rests with it."""
    moving = np.abs(np.sin(np.arange(STEPS) / 7.0)) * 0.95
    moving[:4] = moving[100:120] = 0.0
    optimizer = Momentum(0.9, nesterov=nesterov, weight_decay=0.05)
    options = {"momentum": 0.9, "nesterov": nesterov, "weight_decay": 0.05}
    assert_alike(optimizer, "SGD", options, 2, {"momentum": moving})


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_a_weight_decay_on_a_schedule_is_that_of_torch(name: str) -> None:
    decay = 0.5 * (1.0 + np.cos(np.arange(STEPS) / 60.0))
    decay[30:40] = 0.0
    optimizer = Momentum(0.9) if name == "SGD" else AdamW()
    assert_alike(optimizer, name, {"momentum": 0.9} if name == "SGD" else {}, 3, {"weight_decay": decay})


@pytest.mark.parametrize("pair", ["heavy ball", "AdamW"])
def test_a_constant_one_per_cent_off_is_seen(pair: str) -> None:
    optimizer, name, options = PAIRS[pair]
    key = "momentum" if name == "SGD" else "beta2"
    wrong = optimizer.with_value(key, 0.99 * getattr(optimizer, key))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_alike(wrong, name, options, 0)
